// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MovingBook} from "./MovingBook.sol";
import {Page, PageLib} from "./PageLib.sol";
import {RowLib} from "./RowLib.sol";
import {UnitsLib} from "./UnitsLib.sol";

/// @title Books that are credited, row by row
/// @notice The part of `CarbonPoint` that holds the account day cap, on time and late, and finds the book of an account that moved.
abstract contract CreditingBook is MovingBook {
    /// @dev Runs over what is usual, and looks closer at each entry where that stops; or at all of them, where a move closed no page.
    function _creditRow(
        mapping(address => Page) storage pages,
        uint256[] calldata entries,
        CreditTerms memory terms,
        bool closely
    ) internal returns (uint256 reductionMg, uint256 pointsMilli, Cut[] memory cuts) {
        (uint256 done, uint256 sums, uint256 count) = (0, 0, 0);
        while (true) {
            if (!closely) {
                (uint256 more, uint256 moreSums) = RowLib.credit(pages, entries[done:], terms);
                (done, sums) = (done + more, sums + moreSums);
            }
            if (done == entries.length) break;
            uint256 asked = entries[done] & RowLib.AMOUNT_MASK;
            uint256 one = _creditOne(pages, address(uint160(entries[done] >> RowLib.ACCOUNT_SHIFT)), asked, terms);
            if (one >> RowLib.MG_SHIFT < asked) {
                if (count == 0) cuts = new Cut[](entries.length - done);
                (cuts[count].position, cuts[count].creditedMg) = (done, one >> RowLib.MG_SHIFT);
                count++;
            }
            (done, sums) = (done + 1, sums + one);
        }
        if (count > 0) {
            assembly ("memory-safe") {
                mstore(cuts, count) // shortens the array to what was cut
            }
        }
        return (sums >> RowLib.MG_SHIFT, sums & RowLib.POINTS_MASK, cuts);
    }

    /// @dev One entry, whatever holds for it: late, cut by a cap, for a book that moved, after a heavy day, or none of it. What brings
    /// nothing leaves no page.
    function _creditOne(
        mapping(address => Page) storage pages,
        address account,
        uint256 asked,
        CreditTerms memory terms
    ) private returns (uint256 sums) {
        if (asked == 0) return 0;
        (uint256 mg, bool beside) = _room(pages[account], account, terms);
        if (asked > mg) emit ReductionCapped(account, terms.day, asked, mg);
        else mg = asked;
        if (mg == 0) return 0;

        uint256 points = terms.earnsPoints ? UnitsLib.pointsMilliDown(mg) : 0;
        address holder = account;
        if (beside) {
            if (terms.day <= _links[account].movedThrough) holder = holderOf(account);
            _noteMore(account, terms.day, mg);
            pages[holder] = pages[holder].creditedLate(mg, points);
        } else {
            pages[account] = _afterHeavyDay(pages[account], account, terms).credited(terms.day, mg, points);
        }

        if (holder != account) emit CreditFollowed(account, holder, terms.day, mg, points);
        else if (points == 0) emit ReductionCredited(account, terms.day, mg);
        if (points > 0) emit IERC20.Transfer(address(0), holder, points);

        return mg << RowLib.MG_SHIFT | points;
    }

    /// @dev What the day cap leaves, and whether the credit is counted beside the account's page: late, or for the book that moved.
    function _room(Page page, address account, CreditTerms memory terms)
        private
        view
        returns (uint256 roomMg, bool beside)
    {
        Link memory link = _links[account];
        if (terms.day <= link.takenThrough) return (0, false);
        uint256 used = page.usedOn(terms.day);
        bool late = used > PageLib.FIELD_MASK;
        beside = late || terms.day <= link.movedThrough;
        if (beside) used = _usedBeside(account, terms.day, late ? page.peakMg() : used);
        return (used < terms.accountCapMg ? terms.accountCapMg - used : 0, beside);
    }

    /// @dev The page with its heavy day noted, if a later one takes its place now.
    function _afterHeavyDay(Page page, address account, CreditTerms memory terms) private returns (Page) {
        bool heavy = page.todayMg() > terms.accountCapMg >> RowLib.HEAVY_SHIFT;
        if (page.day() == terms.day || !heavy) return page;

        _noteExactly(account, page);
        return page.withoutToday();
    }
}
