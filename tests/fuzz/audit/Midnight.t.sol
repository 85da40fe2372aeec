// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ISettlementVault} from "../../../interfaces/ISettlementVault.sol";
import {IOperatorRegistry} from "../../../interfaces/IOperatorRegistry.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {OrderCity} from "./OrderCity.sol";

/// @title Who settles at midnight takes nothing away from a merchant that wants to refund
contract MidnightTest is OrderCity {
    uint256 private _day;
    IRedemptionDesk.Receipt private _first;

    /// @dev Orders on two days; now the second one is the newest final day.
    function setUp() public override {
        super.setUp();
        earn(A);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_A, 1, 1000);
        (_first.citizen, _first.merchant, _first.orderNumber) = (receipt.citizen, receipt.merchant, receipt.orderNumber);
        _first.parts.push(receipt.parts[0]);
        vm.warp(block.timestamp + 1 days);
        redeem(KEY_A, 2, 1000);
        _day = today();
        vm.warp((_day + 8) * 1 days);
    }

    function test_the_newest_final_day__is_not_anybodys_to_settle() public {
        vm.assertEq(desk.lastFinalDay(), _day, "final");
        vm.assertEq(vault.lastDayForAnyone(), _day - 1, "the day before");
        vm.expectRevert(_tooNew(_day));
        vm.prank(address(0xBAD));
        vault.settle(shop, _day - 1, _day);
        vm.prank(address(0xBAD));
        vault.settle(shop, _day - 1, _day - 1);

        vm.prank(shop);
        desk.refundFinal(_first, new bytes32[](0), 1000, _day);
        vm.assertEq(book.balanceOf(A), ALL - 1000, "the paid order came back, out of the newest final day");
    }

    function test_the_newest_final_day__is_the_merchants_to_settle() public {
        vm.prank(shop);
        (uint256 points,) = vault.settle(shop, _day - 1, _day);
        vm.assertEq(points, 2000, "both days");
        vm.expectRevert(abi.encodeWithSelector(IRedemptionDesk.RedemptionDesk_NotFinal.selector, _day + 1, _day));
        vm.prank(shop);
        vault.settle(shop, _day, _day + 1);
    }

    function test_a_day_later__it_is_anybodys() public {
        vm.warp((_day + 9) * 1 days);
        (uint256 points,) = vault.settle(shop, _day - 1, _day);
        vm.assertEq(points, 2000, "both days");
    }

    function test_in_a_batch__the_vault_is_anybody() public {
        address[] memory merchants = new address[](1);
        merchants[0] = shop;
        vm.expectEmit(address(vault));
        emit ISettlementVault.PayoutFailed(shop, _day - 1, _day, _tooNew(_day));
        vm.prank(shop);
        vault.settleBatch(merchants, _day - 1, _day);
        vm.assertEq(book.heldOf(shop), 2000, "nothing was paid");
        vault.settleBatch(merchants, _day - 1, _day - 1);
        vm.assertEq(book.heldOf(shop), 1000, "the day before was");
    }

    function test_the_authority__leaves_it_to_a_suspended_merchant_as_well() public {
        operators.setMerchantStanding(shop, IOperatorRegistry.Standing.Suspended, "");
        vm.expectRevert(_tooNew(_day));
        vault.settleSuspended(shop, _day - 1, _day);
        (uint256 points,) = vault.settleSuspended(shop, _day - 1, _day - 1);
        vm.assertEq(points, 1000, "the day before");
    }

    function _tooNew(uint256 day) private view returns (bytes memory) {
        return abi.encodeWithSelector(ISettlementVault.SettlementVault_TooNew.selector, shop, day, _day - 1);
    }
}
