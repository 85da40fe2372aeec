// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {OrderCity} from "./OrderCity.sol";

/// @title Nobody uses up an order number for somebody else, and a citizen can use up its own
contract OrderNumbersTest is OrderCity {
    function test_a_number_that_a_stranger_used__is_still_the_citizens() public {
        earn(A);
        earn(B);
        IRedemptionDesk.Order memory good = orderOf(KEY_A, 17, 50_000);
        IRedemptionDesk.Order memory bad = orderOf(KEY_B, 17, 1);
        (bytes memory byA, bytes memory byB) = (signed(KEY_A, good), signed(KEY_B, bad));
        desk.redeem(bad, byB); // sees the number in the voucher, or guesses the next
        vm.assertTrue(!desk.isUsed(shop, A, bytes32(uint256(17))), "not the citizen's");
        desk.redeem(good, byA);
        vm.assertEq(book.heldOf(shop), 50_001, "both were taken");
        vm.expectRevert(used(A, 17));
        desk.redeem(good, byA);
        vm.expectRevert(used(B, 17));
        desk.redeem(bad, byB);
    }

    function test_neighbouring_numbers__do_not_use_up_one_another() public {
        earn(A);
        for (uint256 number = 16; number < 24; number++) {
            vm.assertTrue(!desk.isUsed(shop, A, bytes32(number)), "not yet");
            redeem(KEY_A, number, 1);
            vm.assertTrue(desk.isUsed(shop, A, bytes32(number)), "now");
        }
        vm.assertEq(book.heldOf(shop), 8, "eight orders");
    }

    /// @dev Numbers that share words and marks of several citizens, against a plain set.
    function testFuzz_each_order_is_taken_or_cancelled_once(uint16[24] calldata dice) public {
        earn(A);
        earn(B);
        bool[16] memory known;
        for (uint256 i = 0; i < dice.length; i++) {
            (uint256 number, bool ofB, bool cancelled) = (dice[i] % 8, dice[i] / 8 % 2 == 1, dice[i] / 16 % 3 == 0);
            uint256 at = number * 2 + (ofB ? 1 : 0);
            IRedemptionDesk.Order memory order = orderOf(ofB ? KEY_B : KEY_A, number, 1);
            bytes memory signature = signed(ofB ? KEY_B : KEY_A, order);
            vm.assertEq(desk.isUsed(shop, order.citizen, order.orderNumber), known[at], "used, as the set says");
            bytes memory refusal = used(order.citizen, number);
            if (known[at]) vm.expectRevert(refusal);
            if (cancelled) vm.prank(order.citizen);
            if (cancelled) desk.cancelOrder(order.citizen, shop, order.orderNumber, "");
            else desk.redeem(order, signature);
            known[at] = true;
        }
    }

    function test_a_citizen_that_cancels__has_nothing_taken() public {
        earn(A);
        IRedemptionDesk.Order memory order = orderOf(KEY_A, 1, 1000);
        bytes memory signature = signed(KEY_A, order);
        vm.expectEmit(address(desk));
        emit IRedemptionDesk.OrderCancelled(desk.orderKeyOf(shop, A, bytes32(uint256(1))), A, shop, bytes32(uint256(1)));
        vm.prank(A);
        desk.cancelOrder(A, shop, bytes32(uint256(1)), "");
        vm.expectRevert(used(A, 1));
        desk.redeem(order, signature);
        vm.assertEq(book.balanceOf(A), ALL, "all points are there");
    }

    function test_a_signed_cancellation__is_good_from_anybody_and_for_one_order() public {
        bytes32 number = bytes32(uint256(1));
        bytes memory byA = sign(KEY_A, desk.cancelDigest(A, shop, number));
        vm.expectRevert(badSignature(B, 1, B));
        desk.cancelOrder(B, shop, number, byA);
        vm.expectRevert(badSignature(A, 2, A));
        desk.cancelOrder(A, shop, bytes32(uint256(2)), byA);
        desk.cancelOrder(A, shop, number, byA);
        vm.assertTrue(desk.isUsed(shop, A, number), "cancelled");
        vm.assertTrue(!desk.isUsed(shop, B, number), "for this citizen only");
        vm.expectRevert(used(A, 1));
        desk.cancelOrder(A, shop, number, byA);
    }

    function test_a_stranger__cancels_nothing() public {
        vm.expectRevert(badSignature(A, 1, A));
        vm.prank(shop);
        desk.cancelOrder(A, shop, bytes32(uint256(1)), "");
    }

    function test_an_order_that_was_taken__is_not_cancelled() public {
        earn(A);
        redeem(KEY_A, 1, 1000);
        vm.expectRevert(used(A, 1));
        vm.prank(A);
        desk.cancelOrder(A, shop, bytes32(uint256(1)), "");
    }

    function test_a_paused_desk__lets_a_citizen_cancel() public {
        desk.pause();
        vm.prank(A);
        desk.cancelOrder(A, shop, bytes32(uint256(1)), "");
        vm.assertTrue(desk.isUsed(shop, A, bytes32(uint256(1))), "cancelled");
    }

    function sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
