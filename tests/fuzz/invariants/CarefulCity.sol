// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CityLaws} from "./CityLaws.sol";
import {CityUnderTest} from "./CityUnderTest.sol";

/// @title A city in which everybody does what should work: whatever reverts is a finding
contract CarefulCity is CityLaws {
    function setUp() external {
        city = new CityUnderTest(true);
    }

    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(city);
    }

    /// @dev One long walk: a campaign in which a verb never happens would prove nothing about it.
    function test_a_long_walk_comes_by_every_verb_and_keeps_every_law() external {
        for (uint256 i = 0; i < 1200; i++) {
            _step(uint256(keccak256(abi.encode("walk", i))));
            if (i % 60 == 59) {
                _lawsOfTheChain();
                _lawsOfTheStory();
            }
        }
        bytes32[27] memory verbs = [
            bytes32("attest"),
            "credit",
            "redeem",
            "refund",
            "refundFinal",
            "dispute",
            "resolveDispute",
            "lapseDispute",
            "settle",
            "settleBatch",
            "deposit",
            "withdraw",
            "move",
            "revoke",
            "takeBack",
            "close",
            "releaseYear",
            "releaseTo",
            "setStanding",
            "suspendMerchant",
            "setOperatorDayLimit",
            "setAccountDayCap",
            "suspendMethodology",
            "succeedMethodology",
            "donate",
            "reportDuplicate",
            "release"
        ];
        for (uint256 i = 0; i < verbs.length; i++) {
            vm.assertGe(city.done(verbs[i]), 1, string(bytes.concat("never happened: ", verbs[i])));
        }
    }

    function _step(uint256 dice) private {
        uint256 verb = dice % 50;
        (uint256 a, uint256 b, uint256 c) = (dice >> 16 & 0xffffffff, dice >> 64 & 0xffffffff, dice >> 128 & 0xffffffff);
        if (verb < 6) city.pushWholeBatch(a, b, c);
        else if (verb < 8) city.attest(a, b, c);
        else if (verb < 10) city.credit(a, b);
        else if (verb < 15) city.redeem(a, b);
        else if (verb < 17) city.refund(a, b);
        else if (verb < 19) city.settle(a, b);
        else if (verb == 19) city.settleBatch(a);
        else if (verb == 20) city.deposit(a, b);
        else if (verb == 21) city.withdraw(a, b);
        else if (verb < 24) city.move(a, b);
        else if (verb == 24) city.revoke(a, b);
        else if (verb == 25) city.takeBack(a, b, c);
        else if (verb == 26) city.close(a);
        else if (verb == 27) city.releaseYear(a);
        else if (verb == 28) city.releaseTo(a, b);
        else if (verb == 29) city.setStanding(a, b % 2 == 0);
        else if (verb == 30) city.suspendMerchant(a);
        else if (verb == 31) city.setOperatorDayLimit(a, uint64(b));
        else if (verb == 32) city.setAccountDayCap(b);
        else if (verb == 33) city.suspendMethodology(a);
        else if (verb == 34) city.succeedMethodology(a);
        else if (verb == 35) city.donate(a);
        else if (verb == 36) city.unpause();
        else if (verb == 37) city.passYears(a);
        else if (verb < 40) city.refundFinal(a, b, c);
        else if (verb < 42) city.dispute(a);
        else if (verb == 42) city.endDispute(a, b);
        else if (verb < 45) city.reportDuplicate(a, b);
        else if (verb == 45) city.release(a);
        else city.passHours(a);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: nightly.invariant.fail-on-revert = true
    function invariant_01_to_36_hold_and_nothing_reverts() external {
        _lawsOfTheChain();
        _lawsOfTheStory();
    }
}
