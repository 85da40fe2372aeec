// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonPoint} from "../../../contracts/CarbonPoint.sol";
import {PageLib} from "../../../contracts/libraries/PageLib.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {Moves} from "../support/Moves.sol";
import {Vm} from "../Vm.sol";

/// @title A book that two accounts fill together: moved up to `PageLib.MOST_MOVED`, and no further
contract FullBookTest {
    bool public constant IS_TEST = true;
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    bytes32 private constant GENESIS = keccak256("genesis");
    uint256 private constant FROM = 100;
    uint256 private constant TO = 101;
    uint256 private constant YEAR = 2024; // of 366 days
    uint256 private constant FIRST_DAY = 19_723; // its first of January
    uint256 private constant CAP_MG = 1 << 46; // PointIssuer.MAX_DAY_CAP_MG
    uint256 private constant DAY_POINTS = CAP_MG * 76 / 9000;

    CarbonPoint private book;

    function setUp() external {
        vm.warp((FIRST_DAY + 365) * 1 days);
        book = new CarbonPoint(address(this), address(0xD5), address(0xFA), GENESIS);
    }

    function test_a_book_at_the_most_that_moves__still_takes_every_day_of_its_year() external {
        _fillToTheMost();
        for (uint256 day = 257; day < 366; day++) {
            _credit(TO, day, CAP_MG);
        }
        ICarbonPoint.PageView memory page = book.pageOf(vm.addr(TO), YEAR);
        vm.assertEq(page.reductionMg, (512 + 109) * CAP_MG, "reduction");
        vm.assertEq(page.pointsMilli, (512 + 109) * DAY_POINTS, "points");
        vm.assertEq(page.day, FIRST_DAY + 365, "day");
        vm.assertEq(page.todayMg, CAP_MG, "today");
        vm.assertEq(page.peakMg, type(uint56).max, "peak");
    }

    function test_a_book_at_the_most_that_moves__when_a_milligram_more_would_move__it_reverts() external {
        _fillToTheMost();
        _credit(FROM, 257, 1);
        vm.expectRevert(abi.encodeWithSelector(PageLib.PageLib_Overflow.selector, PageLib.MOST_MOVED + 1));
        this.move();
        vm.assertEq(book.reductionOf(vm.addr(FROM)), 1, "the milligram stays where it is");
    }

    /// @dev In a frame of its own, so that a revert can be expected.
    function move() external {
        Moves.move(book, GENESIS, FROM, TO);
    }

    /// @dev What is still attested for the account that was left comes along with each further move: 512 days of the highest cap in one year.
    function _fillToTheMost() private {
        _credit(FROM, 0, CAP_MG);
        Moves.move(book, GENESIS, FROM, TO);
        for (uint256 day = 1; day < 256; day++) {
            _credit(FROM, day, CAP_MG);
            _credit(TO, day, CAP_MG);
        }
        _credit(FROM, 256, CAP_MG);
        Moves.move(book, GENESIS, FROM, TO);
        vm.assertEq(book.reductionOf(vm.addr(TO)), PageLib.MOST_MOVED, "the most that moves");
    }

    function _credit(uint256 key, uint256 dayOfYear, uint256 mg) private {
        uint256[] memory entries = new uint256[](1);
        entries[0] = uint256(uint160(vm.addr(key))) << 96 | mg;
        ICarbonPoint.CreditTerms memory terms =
            ICarbonPoint.CreditTerms({day: FIRST_DAY + dayOfYear, accountCapMg: CAP_MG, earnsPoints: true});
        book.credit(terms, entries);
    }
}
