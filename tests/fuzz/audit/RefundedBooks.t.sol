// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {CarbonPoint} from "../../../contracts/CarbonPoint.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {BookCity} from "../book/BookCity.sol";
import {GasVm} from "../gas/GasVm.sol";

/// @title What comes back from a merchant goes where the book is, and no event tells what no balance shows
contract RefundedBooksTest is BookCity {
    address private constant SHOP = address(0x5409);
    GasVm private constant gasVm = GasVm(address(vm));

    function setUp() external {
        deployBook();
        credit(person(0), FIRST_DAY, 1_000_000, 1_000_000);
    }

    function test_after_a_move__a_refund_goes_to_whoever_has_the_book() external {
        uint256 all = book.balanceOf(person(0));
        ICarbonPoint.Part[] memory parts = book.spend(person(0), SHOP, all);
        move(0, 1);
        move(1, 2);
        vm.expectEmit(address(book));
        emit IERC20.Transfer(SHOP, person(2), all);
        book.refund(SHOP, person(0), parts);
        vm.assertEq(book.balanceOf(person(2)), all, "the book's holder");
        vm.assertEq(book.balanceOf(person(0)), 0, "not the key that was left");
    }

    /// @dev Sums of Transfers and `YearExpired` are the balances, whoever tells the expiry, and when.
    function test_a_refund_into_an_expired_page__leaves_the_supply_as_its_events_say() external {
        uint256 all = book.balanceOf(person(0));
        vm.warp(block.timestamp + 3652 days); // 31 December 2033
        ICarbonPoint.Part[] memory parts = book.spend(person(0), SHOP, all - 1);
        vm.warp(block.timestamp + 1 days);
        vm.assertEq(book.totalSupply(), all - 1, "with the shop");
        gasVm.recordLogs();
        book.refund(SHOP, person(0), parts);
        book.expireYear(YEAR);
        GasVm.Log[] memory logs = gasVm.getRecordedLogs();
        vm.assertEq(logs.length, 3, "events");
        _requireLog(logs[0], ICarbonPoint.YearExpired.selector, bytes32(YEAR), 1);
        _requireLog(logs[1], ICarbonPoint.RefundExpired.selector, bytes32(uint256(uint160(person(0)))), all - 1);
        _requireLog(logs[2], IERC20.Transfer.selector, bytes32(uint256(uint160(SHOP))), all - 1);
        vm.assertEq(logs[2].topics[2], 0, "to nobody");
        vm.assertEq(book.totalSupply(), 0, "nothing is left");
        vm.assertEq(book.balanceOf(person(0)), 0, "with nobody");
        vm.assertEq(book.takeOutYear(YEAR), all, "the reserve of all of it goes back");
    }

    function _requireLog(GasVm.Log memory log, bytes32 selector, bytes32 first, uint256 value) private pure {
        vm.assertEq(log.topics[0], selector, "event");
        vm.assertEq(log.topics[1], first, "first field");
        vm.assertEq(abi.decode(log.data, (uint256)), value, "value");
    }
}
