// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Page, PageLib} from "../../../contracts/libraries/PageLib.sol";
import {Vm} from "../Vm.sol";

/// @title Packing of a page: what goes in comes out, and no field touches another
contract Pages {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    struct Fields {
        uint56 points;
        uint56 reduction;
        uint32 day;
        uint56 today;
        uint56 peak;
    }

    function testFuzz_a_page_gives_back_what_was_packed(Fields calldata f) external pure {
        _assertFields(PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak), f);
    }

    function testFuzz_points_change_alone(Fields memory f, uint56 points) external pure {
        Page page = PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak).withPoints(points);
        f.points = points;
        _assertFields(page, f);
    }

    function testFuzz_reduction_changes_alone(Fields memory f, uint56 reduction) external pure {
        Page page = PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak).withReduction(reduction);
        f.reduction = reduction;
        _assertFields(page, f);
    }

    function testFuzz_what_does_not_fit_is_refused(uint256 value, uint256 field) external {
        value = value < 1 << 56 ? value + (1 << 56) : value;
        vm.expectRevert(abi.encodeWithSelector(PageLib.PageLib_Overflow.selector, value));
        this.packOne(value, field % 4);
    }

    function testFuzz_a_day_that_does_not_fit_is_refused(uint256 day) external {
        day = day < 1 << 32 ? day + (1 << 32) : day;
        vm.expectRevert(abi.encodeWithSelector(PageLib.PageLib_Overflow.selector, day));
        this.packDay(day);
    }

    function testFuzz_points_that_do_not_fit_are_refused(uint256 points) external {
        points = points < 1 << 56 ? points + (1 << 56) : points;
        vm.expectRevert(abi.encodeWithSelector(PageLib.PageLib_Overflow.selector, points));
        this.withPoints(points);
    }

    function testFuzz_a_reduction_that_does_not_fit_is_refused(uint256 mg) external {
        mg = mg < 1 << 56 ? mg + (1 << 56) : mg;
        vm.expectRevert(abi.encodeWithSelector(PageLib.PageLib_Overflow.selector, mg));
        this.withReduction(mg);
    }

    /// @dev Within what `credited` is called with: a field never holds more than 2^56 - 2^46 before.
    function testFuzz_a_credit_on_time_adds_and_keeps_the_peak(Fields memory f, uint32 day, uint256 mgSeed)
        external
        pure
    {
        (f.points, f.reduction, f.today) = (f.points >> 1, f.reduction >> 1, f.today >> 1);
        uint256 mg = mgSeed % (1 << 46);
        uint256 points = mg * 76 / 9000;
        day = day < f.day ? f.day : day;
        Page page = PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak).credited(day, mg, points);
        if (day > f.day) {
            f.peak = f.today > f.peak ? f.today : f.peak;
            f.today = 0;
        }
        f.day = day;
        f.points += uint56(points);
        f.reduction += uint56(mg);
        f.today += uint56(mg);
        _assertFields(page, f);
    }

    function testFuzz_a_late_credit_touches_points_and_reduction_only(Fields memory f, uint256 mgSeed) external pure {
        (f.points, f.reduction) = (f.points >> 1, f.reduction >> 1);
        uint256 mg = mgSeed % (1 << 46);
        Page page = PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak).creditedLate(mg, mg * 76 / 9000);
        f.points += uint56(mg * 76 / 9000);
        f.reduction += uint56(mg);
        _assertFields(page, f);
    }

    /// @dev A move takes points and reduction along and closes its days to both; what is left remembers its peak.
    function testFuzz_a_move_parts_a_page_in_two(Fields calldata f, uint32 through) external pure {
        through = through == type(uint32).max ? through - 1 : through;
        Page page = PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak);
        _assertFields(page.taken(through), Fields(f.points, f.reduction, through + 1, 0, 0));
        _assertFields(page.left(through), Fields(0, 0, through + 1, 0, f.peak));
    }

    function testFuzz_a_noted_day_leaves_the_page_alone(Fields memory f) external pure {
        Page page = PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak).withoutToday();
        f.today = 0;
        _assertFields(page, f);
    }

    /// @dev What a page says of a day: late, its latest, or later than any.
    function testFuzz_used_tells_late_from_on_time(Fields calldata f, uint32 day) external pure {
        uint256 used = PageLib.pack(f.points, f.reduction, f.day, f.today, f.peak).usedOn(day);
        if (day < f.day) vm.assertGe(used, 1 << 56, "late");
        else vm.assertEq(used, day == f.day ? f.today : 0, "on time");
    }

    function packOne(uint256 value, uint256 field) external pure returns (Page) {
        return
            PageLib.pack(
                field == 0 ? value : 0, field == 1 ? value : 0, 1, field == 2 ? value : 0, field == 3 ? value : 0
            );
    }

    function withPoints(uint256 points) external pure returns (Page) {
        return Page.wrap(0).withPoints(points);
    }

    function withReduction(uint256 mg) external pure returns (Page) {
        return Page.wrap(0).withReduction(mg);
    }

    function packDay(uint256 day) external pure returns (Page) {
        return PageLib.pack(1, 1, day, 1, 1);
    }

    function _assertFields(Page page, Fields memory f) private pure {
        vm.assertEq(page.pointsMilli(), f.points, "I07: points");
        vm.assertEq(page.reductionMg(), f.reduction, "I07: reduction");
        vm.assertEq(page.day(), f.day, "I07: day");
        vm.assertEq(page.todayMg(), f.today, "I07: today");
        vm.assertEq(page.peakMg(), f.peak, "I07: peak");
    }
}
