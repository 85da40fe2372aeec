// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {BookAuditCity} from "./BookAuditCity.sol";
import {Moves} from "../support/Moves.sol";

/// @title A move is for a citizen's next key: it neither pools points nor gives a thief the book at once
contract MovedBooksTest is BookAuditCity {
    function setUp() external {
        deployAuditCity();
    }

    function test_people_who_link_empty_books__do_not_pool_what_they_earn() external {
        move(KA, KB);
        move(KB, KC);
        uint256 day = today() + 1;
        vm.warp((day + 1) * 1 days);
        earn(a, 1_000_000, day);
        earn(b, 1_000_000, day);
        earn(c, 1_000_000, day);
        uint256 each = book.balanceOf(a);
        vm.assertEq(each, 227_155, "what a earned");
        vm.assertEq(book.balanceOf(b), each, "b has its own");
        vm.assertEq(book.balanceOf(c), each, "c has its own");
        vm.expectRevert(abi.encodeWithSelector(ICarbonPoint.CarbonPoint_CannotMove.selector, a, b));
        this.announce(KA, KB);
        vm.expectRevert(abi.encodeWithSelector(ICarbonPoint.CarbonPoint_CannotMove.selector, a, vm.addr(THIEF)));
        this.announce(KA, THIEF);
    }

    function test_acts_before_the_move__are_credited_once_to_whoever_has_the_book() external {
        uint256 day = today();
        BatchId ofA = open(a, 1_000_000, day);
        BatchId ofB = open(b, 1_000_000, day);
        move(KA, KB);
        move(KB, KC);
        vm.assertEq(claim(ofA, a, 1_000_000), 26_900_000, "a's act, in full");
        vm.assertEq(claim(ofB, b, 1_000_000), 0, "closed to b");
        vm.assertEq(book.reductionOf(c), 26_900_000, "c has the book");
        vm.assertEq(book.balanceOf(c), 227_155, "and its points");
        vm.assertEq(book.reductionOf(a) + book.reductionOf(b), 0, "nobody else has");
    }

    /// @dev Ten days before the move no page of either had a credit, nor was the day before the old book's latest.
    function test_days_before_the_move__are_closed_to_the_new_key_and_have_one_cap() external {
        uint256 day = today() - 20;
        earn(a, 1000, day);
        move(KA, KB);
        vm.assertEq(earn(b, LEAF_CAP_M, day + 10), 0, "closed to the new key");
        vm.assertEq(earn(a, LEAF_CAP_M, day + 10), LEAF_CAP_MG, "the old key's acts go on");
        vm.assertEq(earn(a, LEAF_CAP_M, day + 10), LEAF_CAP_MG, "up to its cap");
        vm.assertEq(earn(a, LEAF_CAP_M, day + 10), 4, "and no further");
        vm.assertEq(book.reductionOf(b), 26_900 + ACCOUNT_DAY_CAP_MG, "all of it in the one book");
    }

    /// @dev A year without any page when the book moved is closed as well.
    function test_days_of_an_earlier_year_without_pages__are_closed_too() external {
        vault.setPrice(2022, PRICE);
        uint256 day = today() - 200;
        earn(a, 1000, today());
        move(KA, KB);
        vm.assertEq(earn(c, 1000, day), 26_900, "others are credited");
        vm.assertEq(earn(b, LEAF_CAP_M, day), 0, "closed to the new key");
        vm.assertEq(earn(a, LEAF_CAP_M, day), LEAF_CAP_MG, "the old key's acts follow");
        vm.assertEq(earn(a, LEAF_CAP_M, day), LEAF_CAP_MG, "up to its cap");
        vm.assertEq(earn(a, LEAF_CAP_M, day), 4, "and no further");
        vm.assertEq(book.pageOf(b, 2022).reductionMg, ACCOUNT_DAY_CAP_MG, "into the one book");
        vm.assertEq(book.pageOf(a, 2022).reductionMg, 0, "nothing stays behind");
    }

    function test_a_stolen_key__waits_and_either_key_stops_it() external {
        earn(a, 1_000_000, today());
        announce(KA, THIEF);
        (, uint256 readyAt,) = book.moveOf(a);
        vm.warp(readyAt - 1);
        vm.expectRevert(abi.encodeWithSelector(ICarbonPoint.CarbonPoint_MoveWaits.selector, a, readyAt));
        book.completeMove(a);
        vm.expectRevert(abi.encodeWithSelector(ICarbonPoint.CarbonPoint_MovePending.selector, a, vm.addr(THIEF)));
        this.announce(KA, KB);
        book.cancelMove(a, a, Moves.sign(KA, Moves.cancelDigest(book, GENESIS, a)));
        move(KA, KB);
        vm.assertEq(book.balanceOf(vm.addr(THIEF)), 0, "the thief");
        vm.assertEq(book.balanceOf(b), 227_155, "the citizen's next key");
    }

    function test_signatures_of_a_move__are_good_for_one_move() external {
        uint256 deadline = block.timestamp + 3650 days;
        earn(a, 1000, today());
        bytes32 digest = Moves.moveDigest(book, GENESIS, a, b, deadline);
        (bytes memory ofA, bytes memory ofB) = (Moves.sign(KA, digest), Moves.sign(KB, digest));
        book.announceMove(a, b, deadline, ofA, ofB);
        vm.prank(b);
        book.cancelMove(a, b, "");
        vm.expectRevert(abi.encodeWithSelector(ICarbonPoint.CarbonPoint_BadSignature.selector, a));
        book.announceMove(a, b, deadline, ofA, ofB);
    }

    function test_a_claim_of_nothing__leaves_no_page_that_would_block_a_move() external {
        earn(a, 1000, today());
        uint256[] memory entries = new uint256[](2);
        (entries[0], entries[1]) = b < c ? (one(b, 0)[0], one(c, 1)[0]) : (one(c, 1)[0], one(b, 0)[0]);
        BatchId batch = openBatch(entries, new bytes32[](0), today());
        vm.prank(address(0xBAD));
        issuer.credit(batch, 0, entries, new bytes32[](0));
        vm.assertEq(book.reductionOf(c), 26, "others are credited");
        move(KA, KB);
        vm.assertEq(book.reductionOf(b), 26_900, "moved");
    }

    /// @dev As EIP-7702 makes them: code at the address of a key.
    function test_an_account_with_code_and_a_key__moves_as_it_spends() external {
        earn(a, 1000, today());
        Etch(address(vm)).etch(a, hex"600080fd");
        move(KA, KB);
        vm.assertEq(book.reductionOf(b), 26_900, "moved");
    }

    function test_a_reader_finds_the_first_account_from_the_last() external {
        move(KA, KB);
        move(KB, KC);
        vm.assertEq(book.originOf(c), a, "of c");
        vm.assertEq(book.originOf(b), a, "of b");
        vm.assertEq(book.originOf(a), a, "of a");
        vm.assertEq(book.holderOf(a), c, "from a");
        vm.assertEq(book.holderOf(c), c, "from c");
    }
}

interface Etch {
    function etch(address who, bytes calldata code) external;
}
