// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {BookCity} from "./BookCity.sol";

/// @title A book that is credited the highest cap every day, and moves as often as it can, is never fuller than a year of caps
contract FullBookTest is BookCity {
    uint256 private constant CAP_MG = 1 << 46; // PointIssuer.MAX_DAY_CAP_MG
    uint256 private constant DAY_POINTS = CAP_MG * 76 / 9000;
    uint256 private constant DAYS = 366;

    function setUp() external {
        deployBook();
    }

    /// @dev Each day every account of the chain, past and present, is credited as much as it takes.
    function test_a_book_that_moves_through_its_year__holds_one_cap_of_each_day() external {
        uint256 accounts = 1;
        for (uint256 day = 0; day < DAYS; day++) {
            vm.warp((FIRST_DAY + day) * 1 days);
            for (uint256 i = 0; i < accounts; i++) {
                credit(person(i), FIRST_DAY + day, CAP_MG, CAP_MG);
            }
            if (day % 20 != 19 || accounts > book.MAX_MOVES()) continue;
            move(accounts - 1, accounts);
            accounts++;
        }
        vm.assertEq(accounts, book.MAX_MOVES() + 1, "moves");
        ICarbonPoint.PageView memory page = book.pageOf(person(accounts - 1), YEAR);
        vm.assertEq(page.reductionMg, DAYS * CAP_MG, "I06, I07: reduction");
        vm.assertEq(page.pointsMilli, DAYS * DAY_POINTS, "I07: points");
        vm.assertEq(page.day, FIRST_DAY + DAYS - 1, "I07: day");
        vm.assertEq(page.todayMg, CAP_MG, "I07: today");
        vm.assertEq(page.peakMg, 0, "heavy days are noted");
    }
}
