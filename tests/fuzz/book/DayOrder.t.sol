// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BookCity} from "./BookCity.sol";

/// @title The order in which an account's days are credited: it never brings more than the cap, and costs an eighth of it at most
contract DayOrderTest is BookCity {
    uint256 private constant CAP_MG = 1_000_003; // odd, so that an eighth is rounded
    uint256 private constant DAYS = 4;

    struct Leaf {
        uint8 day;
        uint32 mg;
    }

    function setUp() external {
        deployBook();
    }

    /// @dev Two people with the same leaves; those of the second come in any other order.
    function testFuzz_any_order_brings_the_same_but_for_an_eighth_of_the_cap(Leaf[12] memory leaves, uint256 seed)
        external
    {
        uint256[DAYS] memory asked;
        for (uint256 i = 0; i < leaves.length; i++) {
            asked[_dayOf(leaves[i])] += _mgOf(leaves[i]);
        }
        uint256[DAYS] memory sorted = _credit(person(0), _byDay(leaves));
        uint256[DAYS] memory shuffled = _credit(person(1), _shuffled(leaves, seed));
        for (uint256 day = 0; day < DAYS; day++) {
            uint256 full = asked[day] < CAP_MG ? asked[day] : CAP_MG;
            vm.assertEq(sorted[day], full, "I66: in order of days, all up to the cap");
            vm.assertLe(shuffled[day], full, "I06: never above the cap");
            vm.assertGe(shuffled[day] + CAP_MG / 8, full, "I66: an eighth of the cap is the most an order costs");
        }
    }

    /// @dev Days that bring nothing or more than an eighth of the cap at once are known exactly: no order costs anything.
    function testFuzz_heavy_days_bring_the_same_in_any_order(Leaf[12] memory leaves, uint256 seed) external {
        uint256[DAYS] memory asked;
        for (uint256 i = 0; i < leaves.length; i++) {
            if (_mgOf(leaves[i]) <= CAP_MG / 8) leaves[i].mg = 0;
            asked[_dayOf(leaves[i])] += _mgOf(leaves[i]);
        }
        uint256[DAYS] memory shuffled = _credit(person(1), _shuffled(leaves, seed));
        for (uint256 day = 0; day < DAYS; day++) {
            vm.assertEq(shuffled[day], asked[day] < CAP_MG ? asked[day] : CAP_MG, "I66: exactly");
        }
    }

    function _credit(address account, Leaf[12] memory leaves) private returns (uint256[DAYS] memory credited) {
        for (uint256 i = 0; i < leaves.length; i++) {
            uint256 day = _dayOf(leaves[i]);
            credited[day] += credit(account, FIRST_DAY + day, _mgOf(leaves[i]), CAP_MG);
        }
    }

    function _byDay(Leaf[12] memory leaves) private pure returns (Leaf[12] memory sorted) {
        uint256 count;
        for (uint256 day = 0; day < DAYS; day++) {
            for (uint256 i = 0; i < leaves.length; i++) {
                if (_dayOf(leaves[i]) == day) sorted[count++] = leaves[i];
            }
        }
    }

    function _shuffled(Leaf[12] memory leaves, uint256 seed) private pure returns (Leaf[12] memory shuffled) {
        for (uint256 i = 0; i < leaves.length; i++) {
            shuffled[i] = leaves[i];
        }
        for (uint256 i = leaves.length - 1; i > 0; i--) {
            uint256 other = uint256(keccak256(abi.encode(seed, i))) % (i + 1);
            (shuffled[i], shuffled[other]) = (shuffled[other], shuffled[i]);
        }
    }

    function _dayOf(Leaf memory leaf) private pure returns (uint256) {
        return leaf.day % DAYS;
    }

    /// @dev Half of the leaves ask little, the others up to somewhat more than the cap.
    function _mgOf(Leaf memory leaf) private pure returns (uint256) {
        return leaf.mg % (leaf.mg % 2 == 0 ? CAP_MG / 10 : CAP_MG + 9);
    }
}
