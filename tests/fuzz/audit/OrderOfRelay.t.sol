// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../../../contracts/types/Ids.sol";
import {BookAuditCity} from "./BookAuditCity.sol";

/// @title Whoever relays chooses the order, and costs nobody anything by it
contract OrderOfRelayTest is BookAuditCity {
    function setUp() external {
        deployAuditCity();
    }

    function test_newest_day_first__the_older_day_is_credited_in_full() external {
        uint256 day = today() - 5;
        BatchId first = open(a, LEAF_CAP_M, day);
        BatchId second = open(a, LEAF_CAP_M, day + 1);
        BatchId again = open(a, LEAF_CAP_M, day + 1);
        BatchId third = open(a, 1000, day + 2);
        claim(second, a, LEAF_CAP_M);
        claim(again, a, LEAF_CAP_M);
        claim(third, a, 1000);
        vm.assertEq(claim(first, a, LEAF_CAP_M), LEAF_CAP_MG, "I66: the day's own, in full");
        vm.assertEq(book.reductionOf(a), 3 * LEAF_CAP_MG + 26_900, "nothing is lost");
    }

    /// @dev The day that was full stays full, and its figure is exact.
    function test_a_full_day_takes_no_more_late_than_it_did_on_time() external {
        uint256 day = today() - 5;
        earn(a, LEAF_CAP_M, day);
        earn(a, LEAF_CAP_M, day);
        earn(a, 1000, day + 1);
        vm.assertEq(earn(a, LEAF_CAP_M, day), ACCOUNT_DAY_CAP_MG - 2 * LEAF_CAP_MG, "I06: what is left of the cap");
        (uint256 mg, bool exact) = book.notedOf(a, day);
        vm.assertEq(mg, ACCOUNT_DAY_CAP_MG, "I06: all of the cap");
        vm.assertTrue(exact, "noted exactly");
    }
}
