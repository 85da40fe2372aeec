// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PackedProgress, ProgressLib} from "../../../contracts/libraries/ProgressLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {Vm} from "../Vm.sol";

/// @title Packing of a batch's progress: what goes in comes out, and nothing spills
contract Progress {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function testFuzz_a_progress_gives_back_what_was_packed(
        uint64 quantity,
        uint56 mg,
        uint256 points,
        uint56 consented,
        uint256 accounts
    ) external pure {
        (points, accounts) = (points % (1 << 50), accounts % (1 << 30));
        PackedProgress packed = ProgressLib.pack(quantity, mg, points, consented, accounts);
        vm.assertEq(packed.quantity(), quantity, "quantity");
        vm.assertEq(packed.reductionMg(), mg, "reduction");
        vm.assertEq(packed.pointsMilli(), points, "points");
        vm.assertEq(packed.consentedMg(), consented, "consented");
        vm.assertEq(packed.accounts(), accounts, "accounts");
    }

    function testFuzz_what_does_not_fit_is_refused(uint256 value, uint256 field) external {
        field %= 5;
        uint256 width = [64, 56, 50, 56, 30][field];
        value = value < 1 << width ? value + (1 << width) : value;
        vm.expectRevert(abi.encodeWithSelector(ProgressLib.ProgressLib_Overflow.selector, value));
        this.packOne(value, field);
    }

    /// @dev What the ledger lets through always fits: the most milligrams bring points below 2^50.
    function test_the_most_that_is_attested_fits() external pure {
        uint256 most = ProgressLib.MOST_REDUCTION_MG;
        uint256 points = UnitsLib.pointsMilliDown(most);
        PackedProgress packed = ProgressLib.pack(type(uint64).max, most, points, most, ProgressLib.MOST_ACCOUNTS);
        vm.assertEq(packed.pointsMilli(), points, "points");
        vm.assertEq(packed.accounts(), (1 << 30) - 1, "accounts");
    }

    function packOne(uint256 value, uint256 field) external pure returns (PackedProgress) {
        uint256[5] memory values;
        values[field] = value;
        return ProgressLib.pack(values[0], values[1], values[2], values[3], values[4]);
    }
}
