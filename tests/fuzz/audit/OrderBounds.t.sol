// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {Admissions} from "../support/Admissions.sol";
import {OrderCity} from "./OrderCity.sol";

/// @title The first and the last second and day of what is limited in time
contract OrderBoundsTest is OrderCity {
    function test_an_offer__is_open_from_its_first_second_through_its_last() public {
        earn(A);
        (uint40 from, uint40 to) = (uint40(block.timestamp + 100), uint40(block.timestamp + 200));
        vm.prank(shop);
        offers.publish("tea", IOfferBook.Terms(1000, 9, 0, from, to, "terms"));
        _expectClosed(from - 1, 1, from, to);
        _take(from, 2);
        _take(to, 3);
        _expectClosed(to + 1, 4, from, to);
        vm.assertEq(offers.offerOf(shop, "tea").taken, 2, "at both ends");
    }

    function test_an_order__is_good_through_its_last_second() public {
        earn(A);
        IRedemptionDesk.Order memory order = orderOf(KEY_A, 1, 1000);
        bytes memory signature = signed(KEY_A, order);
        vm.warp(order.expiry + 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IRedemptionDesk.RedemptionDesk_OrderExpired.selector,
                desk.orderKeyOf(shop, A, order.orderNumber),
                order.expiry
            )
        );
        desk.redeem(order, signature);
        vm.warp(order.expiry);
        desk.redeem(order, signature);
    }

    function test_a_dispute__is_decided_through_its_last_day_and_lapses_after() public {
        earn(A);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_A, 1, 1000);
        uint256 lastDay = _dispute(receipt) + desk.DISPUTE_DAYS();
        bytes32[] memory proof = new bytes32[](0);

        vm.warp((lastDay + 1) * 1 days - 1);
        vm.expectRevert(_error(IRedemptionDesk.RedemptionDesk_DisputeOpen.selector, lastDay));
        desk.lapseDispute(receipt, proof);
        desk.resolveDispute(receipt, proof, 400);
        vm.assertEq(book.heldOf(shop), 600, "decided on the last day");
    }

    function test_a_dispute_of_the_day_before__lapses_and_is_not_decided() public {
        earn(A);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_A, 1, 1000);
        uint256 lastDay = _dispute(receipt) + desk.DISPUTE_DAYS();
        bytes32[] memory proof = new bytes32[](0);

        vm.warp((lastDay + 1) * 1 days);
        vm.expectRevert(_error(IRedemptionDesk.RedemptionDesk_DisputeOver.selector, lastDay));
        desk.resolveDispute(receipt, proof, 400);
        desk.lapseDispute(receipt, proof);
        vm.assertEq(book.heldOf(shop), 1000, "to the merchant");
    }

    function test_an_item_given_back__can_be_had_again_where_citizens_have_a_limit() public {
        earn(A);
        publish("tea", 1000, 1);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_A, _tea(1));
        vm.assertEq(offers.takenOf(shop, "tea", A), 1, "taken");
        IRedemptionDesk.Order memory second = _tea(2);
        bytes memory signature = signed(KEY_A, second);
        vm.expectRevert(abi.encodeWithSelector(IOfferBook.OfferBook_CitizenLimit.selector, shop, bytes32("tea"), A, 1));
        desk.redeem(second, signature);
        refund(receipt, 1000);
        vm.assertEq(offers.takenOf(shop, "tea", A), 0, "given back");
        vm.assertEq(offers.offerOf(shop, "tea").taken, 0, "in stock again");
        redeem(KEY_A, second);
        vm.assertEq(offers.takenOf(shop, "tea", A), 1, "taken again");
    }

    function test_an_item_given_back__counts_for_nobody_where_there_is_no_limit() public {
        earn(A);
        publish("tea", 1000, 0);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_A, _tea(1));
        vm.assertEq(offers.takenOf(shop, "tea", A), 0, "not counted");
        refund(receipt, 1000);
        vm.assertEq(offers.takenOf(shop, "tea", A), 0, "nor taken off");
        vm.assertEq(offers.offerOf(shop, "tea").taken, 0, "in stock again");
    }

    function _dispute(IRedemptionDesk.Receipt memory receipt) private returns (uint256 day) {
        uint256 expiry = block.timestamp;
        bytes32 digest = desk.disputeDigest(A, shop, receipt.orderNumber, "cold", expiry);
        desk.dispute(receipt, new bytes32[](0), "cold", expiry, Admissions.sign(KEY_A, digest));
        return today();
    }

    function _error(bytes4 selector, uint256 lastDay) private view returns (bytes memory) {
        return abi.encodeWithSelector(selector, desk.orderKeyOf(shop, A, bytes32(uint256(1))), lastDay);
    }

    function _tea(uint256 number) private view returns (IRedemptionDesk.Order memory order) {
        order = orderOf(KEY_A, number, 1000);
        order.offer = "tea";
    }

    function _take(uint256 at, uint256 number) private {
        vm.warp(at);
        redeem(KEY_A, _tea(number));
    }

    function _expectClosed(uint256 at, uint256 number, uint256 from, uint256 to) private {
        vm.warp(at);
        IRedemptionDesk.Order memory order = _tea(number);
        bytes memory signature = signed(KEY_A, order);
        vm.expectRevert(abi.encodeWithSelector(IOfferBook.OfferBook_NotOpen.selector, shop, bytes32("tea"), from, to));
        desk.redeem(order, signature);
    }
}
