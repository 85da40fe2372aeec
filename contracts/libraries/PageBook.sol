// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICarbonPoint} from "../../interfaces/ICarbonPoint.sol";
import {Page, PageLib} from "./PageLib.sol";
import {UnitsLib} from "./UnitsLib.sol";

/// @title The pages of a book, by year and account
/// @notice The part of `CarbonPoint` that holds them and knows which years there are.
abstract contract PageBook is ICarbonPoint {
    /// @dev Marks a figure of `_noted` that is all of its day, and not only what came late.
    uint256 internal constant EXACT = 1 << 255;

    /// @dev In one slot, which every credit reads.
    /// @param first First year with a page; 0 before the first credit.
    /// @param closedFrom First year whose pages every move has closed; 0 before the first move. An earlier year, live but without a page
    /// when a book moved, is looked at closely.
    struct Years {
        uint128 first;
        uint128 closedFrom;
    }

    Years internal _years;
    mapping(uint256 year => mapping(address account => Page)) internal _pages;
    mapping(address account => mapping(uint256 day => uint256 mg)) private _noted;

    /// @inheritdoc ICarbonPoint
    function pageOf(address account, uint256 year) external view returns (PageView memory) {
        Page page = _pages[year][account];
        return PageView({
            pointsMilli: page.pointsMilli(),
            reductionMg: page.reductionMg(),
            day: page.day(),
            todayMg: page.todayMg(),
            peakMg: page.peakMg()
        });
    }

    /// @inheritdoc ICarbonPoint
    function reductionOf(address account) external view returns (uint256 reductionMg) {
        (uint256 from, uint256 to) = _allYears();
        for (uint256 year = from; year <= to; year++) {
            reductionMg += _pages[year][account].reductionMg();
        }
    }

    /// @inheritdoc ICarbonPoint
    function notedOf(address account, uint256 day) external view returns (uint256 mg, bool exact) {
        uint256 noted = _noted[account][day];
        return (noted & ~EXACT, noted & EXACT != 0);
    }

    /// @inheritdoc ICarbonPoint
    function firstYear() external view returns (uint256) {
        return _years.first;
    }

    /// @inheritdoc ICarbonPoint
    function currentYear() public view returns (uint256) {
        return UnitsLib.yearOf(UnitsLib.dayOf(block.timestamp));
    }

    /// @dev What the account was credited for a day: exactly what is noted, else what is noted beside `onTime`.
    function _usedBeside(address account, uint256 day, uint256 onTime) internal view returns (uint256) {
        uint256 noted = _noted[account][day];
        return noted & EXACT != 0 ? noted ^ EXACT : onTime + noted;
    }

    function _noteMore(address account, uint256 day, uint256 mg) internal {
        _noted[account][day] += mg;
    }

    /// @dev Notes all that the page's latest day brought, before another takes its place.
    function _noteExactly(address account, Page page) internal {
        uint256 noted = _noted[account][page.day()];
        _noted[account][page.day()] = EXACT | noted + page.todayMg();
    }

    function _liveYears() internal view returns (uint256 from, uint256 to) {
        (from, to) = _allYears();
        uint256 oldest = to - (UnitsLib.PAGE_YEARS - 1);
        if (from < oldest) from = oldest;
    }

    /// @dev From the first year with a page through the current one; an empty range before there is any.
    function _allYears() internal view returns (uint256 from, uint256 to) {
        to = currentYear();
        from = _years.first;
        if (from == 0) from = to + 1;
    }
}
