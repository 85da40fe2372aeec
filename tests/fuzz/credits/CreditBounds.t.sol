// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SeriesLib} from "../../../contracts/libraries/SeriesLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {ICreditMarket} from "../../../interfaces/ICreditMarket.sol";
import {IProceedsPot} from "../../../interfaces/IProceedsPot.sol";
import {IReductionCertifier} from "../../../interfaces/IReductionCertifier.sol";
import {GasCreditTown} from "../gas/GasCreditTown.sol";

/// @title The first and the last second, block and amount of what is limited in the second flow
contract CreditBoundsTest is GasCreditTown {
    uint256 private constant DEAR = 2e14; // a milligram costs 200,000: so little is sold that it has to be dear
    uint256 private constant LEAVES = 32; // two words of rounds
    uint256 private constant SALE = 1000; // milligrams
    uint256 private constant CITIZEN_KEY = 0xC171;

    uint256[] private _entries;

    function setUp() public {
        deployCreditTown();
        token.mint(BUYER, 1e24);
    }

    // Certifier

    function test_a_seed_is_drawn_from_the_block_after_its_block__for_256_blocks() public {
        uint256 claim = submitted(1, "shares", 1);
        vm.roll(1000);
        certifier.appoint(claim, VERIFIER);
        vm.assertEq(certifier.claimOf(claim).seedBlock, 1010, "ten blocks ahead");
        vm.roll(1010);
        vm.expectRevert(abi.encodeWithSelector(IReductionCertifier.ReductionCertifier_SeedNotReady.selector, 1010));
        certifier.draw(claim);
        vm.roll(1010 + 257);
        certifier.draw(claim);
        IReductionCertifier.Claim memory c = certifier.claimOf(claim);
        vm.assertEq(uint256(c.state), uint256(IReductionCertifier.State.Submitted), "its hash is gone");
        vm.assertEq(c.seedRound, 2, "the next round");
        vm.assertEq(c.seedBlock, 1010 + 267, "ten blocks ahead again");
        vm.roll(1010 + 267 + 256);
        certifier.draw(claim);
        vm.assertEq(uint256(certifier.claimOf(claim).state), uint256(IReductionCertifier.State.Drawn), "its last block");
        vm.assertEq(
            certifier.seedOf(claim),
            keccak256(abi.encode(blockhash(1010 + 267), claim, uint256(2))),
            "hash, claim and round"
        );
    }

    function test_a_seed_is_drawn_in_the_first_block_after_its_block() public {
        uint256 claim = submitted(1, "shares", 1);
        certifier.appoint(claim, VERIFIER);
        vm.roll(uint256(certifier.claimOf(claim).seedBlock) + 1);
        certifier.draw(claim);
        vm.assertEq(uint256(certifier.claimOf(claim).state), uint256(IReductionCertifier.State.Drawn), "drawn");
    }

    function test_a_verifier_certifies_all_that_is_claimed_and_no_more() public {
        uint256 claim = submitted(1, "shares", 1);
        certifier.appoint(claim, VERIFIER);
        vm.roll(block.number + 20);
        certifier.draw(claim);
        vm.expectRevert(
            abi.encodeWithSelector(IReductionCertifier.ReductionCertifier_AboveClaimed.selector, MG + 1, MG)
        );
        vm.prank(VERIFIER);
        certifier.certify(claim, MG + 1, "statement");
        vm.prank(VERIFIER);
        certifier.certify(claim, MG, "statement");
        vm.assertEq(certifier.claimOf(claim).certifiedMg, MG, "all of it");
    }

    function test_a_notice__takes_objections_until_its_end_and_issues_from_then_on() public {
        uint256 claim = verified(1, "shares", 1);
        certifier.startNotice(claim);
        uint256 ends = block.timestamp + 11 days;
        vm.assertEq(certifier.claimOf(claim).noticeEnds, ends, "eleven days");
        vm.warp(ends - 1);
        certifier.object(claim, "text");
        vm.expectRevert(abi.encodeWithSelector(IReductionCertifier.ReductionCertifier_NoticeRunning.selector, ends));
        vm.prank(ISSUER_PERSON);
        certifier.issue(claim, "answers");
        vm.warp(ends);
        vm.expectRevert(abi.encodeWithSelector(IReductionCertifier.ReductionCertifier_NoticeOver.selector, ends));
        certifier.object(claim, "text");
        vm.prank(ISSUER_PERSON);
        certifier.issue(claim, "answers");
        (address operator,) = certifier.issuedTo(claim);
        vm.assertEq(operator, OPERATOR, "issued");
    }

    // Market

    function test_an_ask__opens_with_the_hour_a_day_later_and_closes_after_its_last_second() public {
        uint256 series = issued("shares", 1);
        uint256 hour = (block.timestamp / 1 hours + 1) * 1 hours;
        vm.warp(hour);
        uint256 onTheHour = _list(series, UnitsLib.dayOf(hour) + 1);
        vm.assertEq(market.askOf(onTheHour).opensHour, hour / 1 hours + 24, "a day later");
        vm.warp(hour + 1);
        uint256 ask = _list(series, UnitsLib.dayOf(hour) + 2);
        vm.assertEq(market.askOf(ask).opensHour, hour / 1 hours + 25, "the next full hour");

        uint256 opens = hour + 25 hours;
        vm.warp(opens - 1);
        _buy(ask, 1, abi.encodeWithSelector(ICreditMarket.CreditMarket_NotYet.selector, ask, opens));
        vm.warp(opens);
        _buy(ask, 1, "");
        uint256 end = (UnitsLib.dayOf(hour) + 3) * 1 days;
        vm.warp(end - 1);
        _buy(ask, 1, "");
        vm.warp(end);
        _buy(ask, 1, abi.encodeWithSelector(ICreditMarket.CreditMarket_Closed.selector, ask));
        vm.assertEq(market.stockOf(series).gross, 2 * DEAR / 1e9, "twice a milligram");
    }

    function test_an_ask__may_end_on_the_day_it_opens_and_no_day_earlier() public {
        uint256 series = issued("shares", 1);
        uint256 opensDay = (block.timestamp + 1 days + 1 hours - 1) / 1 hours / 24;
        vm.expectRevert(abi.encodeWithSelector(ICreditMarket.CreditMarket_BadExpiry.selector, opensDay - 1));
        vm.prank(OPERATOR);
        market.list(series, 1, DEAR / 1e6, opensDay - 1, address(0));
        _list(series, opensDay);
        uint256 last = type(uint24).max;
        _list(series, last);
        vm.expectRevert(abi.encodeWithSelector(ICreditMarket.CreditMarket_BadExpiry.selector, last + 1));
        vm.prank(OPERATOR);
        market.list(series, 1, DEAR / 1e6, last + 1, address(0));
    }

    function test_an_ask__takes_the_least_and_the_most_of_amount_and_price() public {
        uint256 series = issued("shares", 1);
        uint256 dearest = type(uint48).max;
        _refused(series, 0, FLOOR, abi.encodeWithSelector(ICreditMarket.CreditMarket_BadAmount.selector, 0));
        uint256 most = SeriesLib.MAX_MG;
        _refused(
            series, most + 1, FLOOR, abi.encodeWithSelector(ICreditMarket.CreditMarket_BadAmount.selector, most + 1)
        );
        _refused(
            series, 1, dearest + 1, abi.encodeWithSelector(ICreditMarket.CreditMarket_BadPrice.selector, dearest + 1)
        );
        bytes memory below = abi.encodeWithSelector(ICreditMarket.CreditMarket_BelowFloor.selector, FLOOR - 1, FLOOR);
        _refused(series, 1, FLOOR - 1, below);
        vm.prank(OPERATOR);
        uint256 ask = market.list(series, most, dearest, 30_000, address(0));
        vm.assertEq(market.askOf(ask).leftMg, most, "the most");
        vm.assertEq(market.askOf(ask).price, dearest, "the dearest");
        vm.prank(OPERATOR);
        ask = market.list(series, 1, FLOOR, 30_000, address(0));
        vm.assertEq(market.askOf(ask).price, FLOOR, "the cheapest");
    }

    function test_a_cost_is_rounded_up_and_a_fee_down() public {
        uint256 series = issued("shares", 1);
        vm.prank(OPERATOR);
        uint256 ask = market.list(series, MG, 1_000_000_001, 30_000, address(0));
        vm.assertEq(market.costOf(ask, 1), 2, "one and a billionth");
        vm.assertEq(market.costOf(ask, 99), 100, "99 and 99 billionths");
        vm.warp(block.timestamp + 2 days);
        _buy(ask, 99, "");
        vm.prank(BUYER);
        uint256 resale = market.resell(series, 99, 1e9, 30_000);
        vm.warp(uint256(market.askOf(resale).opensHour) * 1 hours);
        _buyAs(address(0xB2), resale, 99);
        vm.assertEq(market.owedTo(FEES), 0, "a hundredth of 99, rounded down");
        vm.assertEq(market.owedTo(BUYER), 99, "the rest");
        (ICreditMarket.Split memory due,) = market.proceedsOf(series);
        vm.assertEq(due.fee, 1, "a hundredth of 100");
        vm.assertEq(due.citizens, 59, "three fifths of 99, rounded down");
        vm.assertEq(due.operator, 40, "the rest");
    }

    function test_a_buffer__is_released_in_the_last_second_of_two_quiet_years_and_not_before() public {
        uint256 series = issued("shares", 1);
        uint256 until = block.timestamp + 730 days;
        vm.assertEq(market.stockOf(series).bufferMg, MG * BUFFER_BPS / 10_000, "rounded down");
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(ICreditMarket.CreditMarket_TooEarly.selector, until));
        market.releaseBuffer(series);
        vm.warp(until);
        market.releaseBuffer(series);
        vm.assertEq(market.stockOf(series).availableMg, MG, "all is for sale");
    }

    // Pot

    function test_a_round__needs_just_its_growth_and_a_day_to_the_second() public {
        (uint256 series, uint256 ask) = _sold();
        uint256 least = pot.ROUND_GROWTH();
        pot.openRound(series);
        vm.assertEq(pot.potOf(series, 1), _citizens(DEAR / 1e9 * SALE), "the citizens' part of the first sale");
        uint256 until = block.timestamp + 1 days;
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(IProceedsPot.ProceedsPot_TooEarly.selector, until));
        pot.openRound(series);
        vm.warp(until);
        uint256 mg = _mgFor(least);
        _buy(ask, mg - 1, "");
        uint256 grown = _citizens(DEAR / 1e9 * (SALE + mg - 1)) - _citizens(DEAR / 1e9 * SALE);
        vm.expectRevert(abi.encodeWithSelector(IProceedsPot.ProceedsPot_TooSmall.selector, grown, least));
        pot.openRound(series);
        _buy(ask, 1, "");
        pot.openRound(series);
        vm.assertEq(pot.headOf(series).rounds, 2, "a day and its growth");
    }

    function test_shares__of_both_words_are_paid_once_and_rounded_down() public {
        (uint256 series,) = _sold();
        pot.openRound(series);
        uint256 money = pot.potOf(series, 1);
        for (uint256 i = 15; i < 17; i++) {
            IProceedsPot.Share[] memory shares = new IProceedsPot.Share[](1);
            shares[0] = IProceedsPot.Share(i, _entries[i], leafProof(_entries, i, new bytes32[](0)));
            pot.claimMany(series, shares);
            uint256 paid = token.balanceOf(address(uint160(_entries[i] >> LeafLib.ACCOUNT_SHIFT)));
            vm.assertEq(paid, money * (MG / LEAVES) / MG, "a thirty-second");
            vm.assertEq(pot.paidRoundOf(series, i), 1, "its round");
            vm.expectRevert(abi.encodeWithSelector(IProceedsPot.ProceedsPot_NothingDue.selector, series, i));
            pot.claimMany(series, shares);
        }
        vm.assertEq(pot.paidRoundOf(series, 14), 0, "its neighbour before");
        vm.assertEq(pot.paidRoundOf(series, 17), 0, "its neighbour after");
    }

    function test_a_sweep__comes_three_years_and_ninety_days_later_to_the_second() public {
        (uint256 series,) = _sold();
        pot.openRound(series);
        uint256 until = block.timestamp + 3 * 365 days;
        vm.warp(until - 1);
        vm.expectRevert(abi.encodeWithSelector(IProceedsPot.ProceedsPot_TooEarly.selector, until));
        pot.announceSweep(series);
        vm.warp(until);
        pot.announceSweep(series);
        uint256 sweeps = until + 90 days;
        vm.warp(sweeps - 1);
        vm.expectRevert(abi.encodeWithSelector(IProceedsPot.ProceedsPot_TooEarly.selector, sweeps));
        pot.sweep(series);
        vm.warp(sweeps);
        pot.sweep(series);
        vm.assertEq(token.balanceOf(PUBLIC_GOOD), pot.potOf(series, 1), "all that nobody claimed");
    }

    function test_an_order_for_a_share__is_good_through_its_last_second() public {
        (uint256 series,) = _sold();
        pot.openRound(series);
        IProceedsPot.Share memory share = IProceedsPot.Share(0, _entries[0], leafProof(_entries, 0, new bytes32[](0)));
        uint256 deadline = block.timestamp + 600;
        IProceedsPot.Payout memory payout = IProceedsPot.Payout(series, 0, 0, address(0xCA5), deadline);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(CITIZEN_KEY, pot.payoutDigest(payout));
        vm.warp(deadline + 1);
        vm.expectRevert(abi.encodeWithSelector(IProceedsPot.ProceedsPot_Expired.selector, deadline));
        pot.claimTo(payout, share, abi.encodePacked(r, s, v));
        vm.warp(deadline);
        pot.claimTo(payout, share, abi.encodePacked(r, s, v));
        vm.assertEq(token.balanceOf(address(0xCA5)), pot.potOf(series, 1) * (MG / LEAVES) / MG, "paid");
    }

    /// @dev A series of thirty-two equal shares, the first that of a citizen with a key, of which a thousand milligrams are sold.
    function _sold() private returns (uint256 series, uint256 ask) {
        _entries = entriesOf("crowd", LEAVES, MG / LEAVES);
        _entries[0] = uint256(uint160(vm.addr(CITIZEN_KEY))) << LeafLib.ACCOUNT_SHIFT | MG / LEAVES;
        series = issued(this.subtreeRoot(0, _entries), uint32(LEAVES));
        vm.prank(OPERATOR);
        ask = market.list(series, MG, DEAR, 30_000, address(0));
        vm.warp(block.timestamp + 2 days);
        _buy(ask, SALE, "");
    }

    function _list(uint256 series, uint256 lastDay) private returns (uint256) {
        vm.prank(OPERATOR);
        return market.list(series, MG, DEAR, lastDay, address(0));
    }

    function _refused(uint256 series, uint256 mg, uint256 price, bytes memory refusal) private {
        vm.expectRevert(refusal);
        vm.prank(OPERATOR);
        market.list(series, mg, price, 30_000, address(0));
    }

    function _buy(uint256 ask, uint256 mg, bytes memory refusal) private {
        (ICreditMarket.Fill[] memory fills, uint256 cost) = _approved(BUYER, ask, mg);
        if (refusal.length > 0) vm.expectRevert(refusal);
        vm.prank(BUYER);
        market.buy(fills, cost, noPermit());
    }

    function _buyAs(address buyer, uint256 ask, uint256 mg) private {
        token.mint(buyer, market.costOf(ask, mg));
        (ICreditMarket.Fill[] memory fills, uint256 cost) = _approved(buyer, ask, mg);
        vm.prank(buyer);
        market.buy(fills, cost, noPermit());
    }

    function _approved(address buyer, uint256 ask, uint256 mg)
        private
        returns (ICreditMarket.Fill[] memory fills, uint256 cost)
    {
        fills = new ICreditMarket.Fill[](1);
        fills[0] = ICreditMarket.Fill(ask, mg, type(uint48).max);
        cost = market.costOf(ask, mg);
        vm.prank(buyer);
        token.approve(address(market), cost);
    }

    /// @dev Milligrams that make the citizens' part grow by just so much, or a little more.
    function _mgFor(uint256 growth) private pure returns (uint256 mg) {
        uint256 sold = DEAR / 1e9 * SALE;
        while (_citizens(sold + DEAR / 1e9 * mg) - _citizens(sold) < growth) mg++;
    }

    function _citizens(uint256 gross) private pure returns (uint256) {
        return (gross - gross * FEE_BPS / 10_000) * CITIZENS_BPS / 10_000;
    }
}
