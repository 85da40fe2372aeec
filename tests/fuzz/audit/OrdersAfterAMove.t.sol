// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {Admissions} from "../support/Admissions.sol";
import {OrderCity} from "./OrderCity.sol";

/// @title What a citizen ordered goes along when its book moves to another key
contract OrdersAfterAMoveTest is OrderCity {
    function test_an_offers_limit__follows_the_book() public {
        earn(A);
        publish("tea", 1000, 1);
        redeem(KEY_A, tea(KEY_A, 1));
        move(KEY_A, KEY_B);
        vm.assertEq(offers.takenOf(shop, "tea", B), 1, "one person, one item");
        IRedemptionDesk.Order memory second = tea(KEY_B, 2);
        bytes memory signature = signed(KEY_B, second);
        vm.expectRevert(abi.encodeWithSelector(IOfferBook.OfferBook_CitizenLimit.selector, shop, bytes32("tea"), B, 1));
        desk.redeem(second, signature);
    }

    function test_an_item_given_back_after_the_move__can_be_taken_again() public {
        earn(A);
        publish("tea", 1000, 1);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_A, tea(KEY_A, 1));
        move(KEY_A, KEY_B);
        refund(receipt, 1000);
        vm.assertEq(offers.takenOf(shop, "tea", A), 0, "given back");
        redeem(KEY_B, tea(KEY_B, 2));
        vm.assertEq(offers.takenOf(shop, "tea", A), 1, "taken again");
        vm.assertEq(offers.offerOf(shop, "tea").taken, 1, "one item is out");
    }

    function test_an_item_taken_after_the_move_and_given_back__is_nobodys() public {
        earn(A);
        publish("tea", 1000, 1);
        move(KEY_A, KEY_B);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_B, tea(KEY_B, 1));
        vm.assertEq(offers.takenOf(shop, "tea", A), 1, "counted for the first account");
        refund(receipt, 1000);
        vm.assertEq(offers.takenOf(shop, "tea", A), 0, "and given back from it");
    }

    function test_a_dispute__is_signed_by_who_has_the_book_now() public {
        earn(A);
        IRedemptionDesk.Receipt memory receipt = redeem(KEY_A, 1, 1000);
        move(KEY_A, KEY_B);
        uint256 expiry = block.timestamp + 600;
        bytes32 digest = desk.disputeDigest(A, shop, bytes32(uint256(1)), "cold", expiry);
        (bytes memory byA, bytes memory byB) = (Admissions.sign(KEY_A, digest), Admissions.sign(KEY_B, digest));
        vm.expectRevert(badSignature(A, 1, B));
        desk.dispute(receipt, new bytes32[](0), "cold", expiry, byA);
        desk.dispute(receipt, new bytes32[](0), "cold", expiry, byB);
        (uint256 waiting,) = desk.disputedOf(shop);
        vm.assertEq(waiting, 1000, "its points wait");
    }

    /// @dev Both citizens' orders have one number, and one key speaks for both.
    function test_a_dispute__is_of_one_order_only() public {
        earn(A);
        IRedemptionDesk.Receipt memory ofA = redeem(KEY_A, 1, 1000);
        move(KEY_A, KEY_B);
        redeem(KEY_B, 1, 500);
        uint256 expiry = block.timestamp + 600;
        bytes32 digest = desk.disputeDigest(B, shop, bytes32(uint256(1)), "cold", expiry);
        bytes memory byB = Admissions.sign(KEY_B, digest);
        vm.expectRevert(badSignature(A, 1, B));
        desk.dispute(ofA, new bytes32[](0), "cold", expiry, byB);
    }

    function tea(uint256 key, uint256 number) private view returns (IRedemptionDesk.Order memory order) {
        order = orderOf(key, number, 1000);
        order.offer = "tea";
    }
}
