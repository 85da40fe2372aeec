// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {PackedProgress, ProgressLib} from "../../../contracts/libraries/ProgressLib.sol";
import {Vm} from "../Vm.sol";

/// @title Packing of a batch's progress: what goes in comes out, and nothing spills
contract Progress {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function testFuzz_a_progress_gives_back_what_was_packed(uint64 quantity, uint64 mg, uint64 points, uint32 accounts)
        external
        pure
    {
        PackedProgress packed = ProgressLib.pack(quantity, mg, points, accounts);
        vm.assertEq(packed.quantity(), quantity, "quantity");
        vm.assertEq(packed.reductionMg(), mg, "reduction");
        vm.assertEq(packed.pointsMilli(), points, "points");
        vm.assertEq(packed.accounts(), accounts, "accounts");
    }

    function testFuzz_what_does_not_fit_is_refused(uint256 value, uint256 field) external {
        value = value < 1 << 64 ? value + (1 << 64) : value;
        vm.expectRevert(abi.encodeWithSelector(ProgressLib.ProgressLib_Overflow.selector, value));
        this.packOne(value, field % 3);
    }

    function testFuzz_accounts_that_do_not_fit_are_refused(uint256 accounts) external {
        accounts = accounts < 1 << 32 ? accounts + (1 << 32) : accounts;
        vm.expectRevert(abi.encodeWithSelector(ProgressLib.ProgressLib_Overflow.selector, accounts));
        this.packAccounts(accounts);
    }

    function packOne(uint256 value, uint256 field) external pure returns (PackedProgress) {
        return ProgressLib.pack(field == 0 ? value : 0, field == 1 ? value : 0, field == 2 ? value : 0, 1);
    }

    function packAccounts(uint256 accounts) external pure returns (PackedProgress) {
        return ProgressLib.pack(0, 0, 0, accounts);
    }
}
