// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BookCity} from "../book/BookCity.sol";
import {GasVm} from "./GasVm.sol";

/// @title Gas of moving a book, and of a credit that has to find it
contract GasMoveTest is BookCity {
    GasVm private constant gasVm = GasVm(address(vm));
    uint256 private constant ROW = 30_000; // a transaction with its calldata, and what a row costs whatever is in it

    function setUp() external {
        deployBook();
        credit(person(0), FIRST_DAY, 1_000_000, 100_000_000);
    }

    /// forge-config: default.isolate = true
    function test_GasOfAMoveAndOfACreditThatFollowsIt() external {
        announce(0, 1);
        uint256 announced = _last("announce");
        vm.warp(block.timestamp + book.MOVE_DELAY());
        book.completeMove(person(0));
        uint256 completed = _last("complete");
        vm.assertLe(announced + completed, 300_000, "a move of a book of one year");

        credit(person(0), FIRST_DAY, 1_000_000, 100_000_000);
        uint256 followed = _last("creditAfterOneMove");
        vm.assertLe(followed, ROW + 45_000 + 2300, "a credit that follows one move");
        for (uint256 i = 1; i < book.MAX_MOVES(); i++) {
            move(i, i + 1);
        }
        credit(person(0), FIRST_DAY + 1, 1_000_000, 100_000_000);
        followed = _last("creditAfterSixteenMoves");
        vm.assertLe(followed, ROW + 45_000 + 16 * 2300, "a credit that follows sixteen moves");
        vm.assertEq(book.reductionOf(person(16)), 3_000_000, "all in the one book");
    }

    function _last(string memory name) private returns (uint256 gas) {
        gas = gasVm.lastCallGas().gasTotalUsed;
        gasVm.snapshotValue("move", name, gas);
    }
}
