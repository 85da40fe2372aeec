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
        for (uint256 i = 0; i < 1800; i++) {
            _step(uint256(keccak256(abi.encode("walk", i))));
            if (i % 100 == 99) {
                _lawsOfTheChain();
                _lawsOfTheStory();
            }
        }
        bytes32[38] memory verbs = [
            bytes32("attest"),
            "credit",
            "redeem",
            "refund",
            "refundFinal",
            "cancel",
            "dispute",
            "resolveDispute",
            "lapseDispute",
            "settle",
            "settleBatch",
            "deposit",
            "withdraw",
            "announceMove",
            "cancelMove",
            "completeMove",
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
            "release",
            "claim",
            "publishOffer",
            "addStock",
            "endOffer",
            "serve",
            "serve and take",
            "creditRests",
            "reportAccountTwice"
        ];
        for (uint256 i = 0; i < verbs.length; i++) {
            vm.assertGe(city.done(verbs[i]), 1, string(bytes.concat("never happened: ", verbs[i])));
        }
    }

    function _step(uint256 dice) private {
        uint256 verb = dice % 62;
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
        else if (verb < 24) _moveSomebody(a, b, c);
        else if (verb == 24) city.revoke(a, b);
        else if (verb == 25) city.takeBack(a, b, c);
        else if (verb == 26) city.close(a);
        else if (verb == 27) city.releaseYear(a);
        else if (verb == 28) city.releaseTo(a, b);
        else if (verb == 29 || verb == 56) city.setStanding(a, b % 2 == 0);
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
        else if (verb == 42 || verb == 55) city.endDispute(a, b);
        else if (verb < 45) city.reportDuplicate(a, b);
        else if (verb == 45) city.release(a);
        else if (verb < 48) city.publishOffer(a, b);
        else if (verb == 48) city.addStock(a);
        else if (verb == 49) city.endOffer(a);
        else if (verb < 53) city.serve(a, b, c, dice >> 192 & 0xffffffff);
        else if (verb == 53) city.claim(a, b);
        else if (verb == 61) city.cancel(a);
        else if (verb == 54) _leaveDisputed(a, b);
        else if (verb < 60 && verb > 57) city.creditRests(a, b);
        else if (verb == 60) city.reportAccountTwice(a, b);
        else city.passHours(a);
    }

    /// @dev An announced move is cancelled or completed before the next.
    function _moveSomebody(uint256 a, uint256 b, uint256 c) private {
        city.announceMove(b, c);
        if (a % 4 < 2) city.cancelMove(b, 0);
        else if (a % 4 == 2) city.completeMove(b, c);
    }

    /// @dev A dispute that nobody decides in time.
    function _leaveDisputed(uint256 a, uint256 b) private {
        city.dispute(a);
        for (uint256 i = 0; i < 7; i++) {
            city.passHours(239);
        }
        city.endDispute(a, b);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: nightly.invariant.fail-on-revert = true
    function invariant_01_to_36_and_39_and_61_to_65_hold_and_nothing_reverts() external {
        _lawsOfTheChain();
        _lawsOfTheStory();
    }
}
