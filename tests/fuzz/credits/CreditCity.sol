// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CreditCityUnderTest} from "./CreditCityUnderTest.sol";
import {CreditLaws} from "./CreditLaws.sol";

/// @title A city that certifies, sells, retires, revokes and shares beside all that it does with points: whatever reverts is a finding
contract CreditCity is CreditLaws {
    function setUp() external {
        city = new CreditCityUnderTest();
    }

    /// @dev The fuzzer keeps to the verbs.
    function targetContracts() external view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(city);
    }

    function test_a_long_walk_comes_by_every_verb_of_credits_and_keeps_every_law() external {
        for (uint256 i = 0; i < 2000; i++) {
            _step(uint256(keccak256(abi.encode("credits", i))));
            if (i % 200 == 199) this.laws();
        }
        bytes32[22] memory verbs = [
            bytes32("openClaim"),
            "issue",
            "endClaim",
            "lapse",
            "void",
            "reportRevoked",
            "list",
            "resell",
            "cancelAsk",
            "buy",
            "buy resale",
            "buyAndRetire",
            "transfer",
            "retire",
            "drawOwed",
            "openRound",
            "claimShares",
            "sweep",
            "reverse",
            "shortfall",
            "surrender",
            "releaseBuffer"
        ];
        for (uint256 i = 0; i < verbs.length; i++) {
            vm.assertGe(city.done(verbs[i]), 1, string(bytes.concat("never happened: ", verbs[i])));
        }
        vm.assertGe(city.done("restore") + city.done("hold"), 1, "never happened: restore, hold");
    }

    /// @dev A call of its own, so that what it remembers is forgotten.
    function laws() external {
        _lawsOfCredits();
    }

    function _step(uint256 dice) private {
        uint256 verb = dice % 48;
        (uint256 a, uint256 b, uint256 c) = (dice >> 16 & 0xffffffff, dice >> 64 & 0xffffffff, dice >> 128 & 0xffffffff);
        if (verb < 6) city.pushWholeBatch(a, b, c);
        else if (verb < 8) city.openClaim(a);
        else if (verb < 17) city.advanceClaim(a);
        else if (verb < 20) city.report(a);
        else if (verb < 23) city.list(a, b, c);
        else if (verb < 30) city.buy(a, b, c % 3 == 0);
        else if (verb == 30) city.resell(a, b, c);
        else if (verb == 31) city.cancelAsk(a);
        else if (verb == 32) city.transferCredits(a, b);
        else if (verb == 33) city.retire(a, b);
        else if (verb == 34) city.draw(a);
        else if (verb < 37) city.openRound(a);
        else if (verb < 40) city.claimShares(a);
        else if (verb == 40) city.sweep(a);
        else if (verb < 43) city.reverse(a, b);
        else if (verb == 43) city.restore(a);
        else if (verb == 44) city.surrender(a, b);
        else if (verb == 45) city.freezeOrNot(a);
        else if (verb == 46) city.revokeClaimed(a);
        else if (c % 4 == 0) city.releaseBuffer(a);
        else city.passHours(a);
    }

    /// forge-config: default.invariant.fail-on-revert = true
    /// forge-config: nightly.invariant.fail-on-revert = true
    /// forge-config: default.invariant.depth = 64
    function invariant_40_41_45_to_47_49_to_53_55_56_59_hold_and_nothing_reverts() external {
        _lawsOfCredits();
    }
}
