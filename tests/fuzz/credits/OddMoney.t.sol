// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {TestYuan} from "../../../contracts/mocks/TestYuan.sol";
import {Token__MockForSettlement} from "../../../contracts/mocks/Token__MockForSettlement.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICreditMarket} from "../../../interfaces/ICreditMarket.sol";
import {IProceedsPot} from "../../../interfaces/IProceedsPot.sol";
import {IReductionCertifier} from "../../../interfaces/IReductionCertifier.sol";
import {Vm} from "../Vm.sol";
import {Trees} from "../support/Trees.sol";
import {CreditCityUnderTest} from "./CreditCityUnderTest.sol";

/// @title The city of credits with a settlement token as they are in the wild
contract OddCreditCity is CreditCityUnderTest {
    function newToken() internal override returns (TestYuan) {
        return TestYuan(address(new Token__MockForSettlement()));
    }

    /// @notice One series, sold in part, with its first round open.
    function foundSeries() external returns (uint256 series, uint256 ask) {
        for (uint256 i = 0; _series.length == 0 && i < 600; i++) {
            uint256 dice = uint256(keccak256(abi.encode("series", i)));
            this.pushWholeBatch(dice, dice >> 64, dice >> 128);
            this.openClaim(dice);
            this.advanceClaim(dice);
        }
        series = _series[0];
        (address operator,) = certifier.issuedTo(series);
        uint256 mg = certifier.claimOf(series).certifiedMg;
        vm.prank(operator);
        ask = market.list(series, mg, 1e13, _today() + 400, address(0));
        _passTo(clock + 2 days);
    }
}

/// @title What a token with fees, refusals and calls back does to market and pot: it is told, and nobody else loses
contract OddMoneyTest {
    bool public constant IS_TEST = true;
    address private constant BUYER = address(0xB9);
    uint256 private constant PRICE = 1e13;

    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    OddCreditCity private city;
    Token__MockForSettlement private token;
    uint256 private series;
    uint256 private ask;
    uint256 private mg;
    uint256 private cost;

    function setUp() external {
        city = new OddCreditCity();
        (series, ask) = city.foundSeries();
        vm.warp(city.clock());
        token = Token__MockForSettlement(address(city.token()));
        mg = city.market().stockOf(series).availableMg;
        cost = city.market().costOf(ask, mg);
        address market = address(city.market());
        token.mint(BUYER, cost);
        vm.prank(BUYER);
        token.approve(market, cost);
    }

    function test_a_payment_that_arrives_short_buys_nothing() external {
        token.setFeeBps(1);
        bytes memory refusal =
            abi.encodeWithSelector(ICreditMarket.CreditMarket_Underpaid.selector, cost - cost / 10_000, cost);
        _buy(refusal);
        vm.assertEq(city.market().stockOf(series).gross, 0, "nothing is sold");
    }

    function test_a_token_that_calls_back_buys_nothing_twice() external {
        token.setHook(address(city.market()), abi.encodeCall(ICreditMarket.drawFee, (series)));
        _buy("");
        // The call back found the market as it will be, but not yet the money of this purchase.
        vm.assertTrue(!token.hookEntered(), "the market has nothing to pay before the money is there");
        vm.assertEq(city.market().stockOf(series).gross, cost, "sold once");
    }

    function test_an_account_that_the_token_refuses_is_owed_and_the_others_are_paid() external {
        _buy("");
        city.pot().openRound(series);
        uint256[] memory shares = city.sharesOf(series);
        address refused = Trees.accountOf(shares[_firstFilled(shares)]);
        uint256 due = _dueOfAll(shares, refused);
        uint256 sum = _dueOfAll(shares, address(0));
        token.setBlocked(refused, true);
        city.pot().claim(series, 0, shares, new bytes32[](0));
        vm.assertEq(city.pot().owedTo(refused), due, "owed");
        vm.assertEq(city.pot().headOf(series).paidOut, sum, "counted");
        IProceedsPot pot = city.pot();
        vm.expectRevert(abi.encodeWithSelector(Token__MockForSettlement.Token_Blocked.selector, refused));
        pot.takeOwed(refused);
        token.setBlocked(refused, false);
        city.pot().takeOwed(refused);
        vm.assertEq(token.balanceOf(refused), due, "paid in the end");
        vm.expectRevert(abi.encodeWithSelector(IProceedsPot.ProceedsPot_NothingOwed.selector, refused));
        pot.takeOwed(refused);
    }

    function test_a_token_that_answers_false_pays_nobody_and_owes_all() external {
        _buy("");
        city.pot().openRound(series);
        uint256[] memory shares = city.sharesOf(series);
        uint256 before = token.balanceOf(address(city.pot()));
        token.setAnswersFalse(true);
        city.pot().claim(series, 0, shares, new bytes32[](0));
        vm.assertEq(token.balanceOf(address(city.pot())), before, "no money left");
        vm.assertEq(city.pot().headOf(series).paidOut, _dueOfAll(shares, address(0)), "all is owed");
    }

    function test_more_batches_than_a_claim_holds_are_refused() external {
        (address operator,) = city.certifier().issuedTo(series);
        IReductionCertifier.Claim memory c = city.certifier().claimOf(series);
        IReductionCertifier certifier = city.certifier();
        uint16 sequence = c.sequence;
        while (certifier.claimByKey(operator, c.methodology, c.vintage, sequence) != 0) sequence++;
        vm.prank(operator);
        uint256 claim = certifier.open(c.methodology, c.version, c.vintage, sequence);
        vm.expectRevert(
            abi.encodeWithSelector(IReductionCertifier.ReductionCertifier_TooManyBatches.selector, 65_536, 65_535)
        );
        vm.prank(operator);
        certifier.addBatches(claim, new BatchId[](65_536));
    }

    function _buy(bytes memory refusal) private {
        ICreditMarket.Fill[] memory fills = new ICreditMarket.Fill[](1);
        fills[0] = ICreditMarket.Fill(ask, mg, PRICE);
        ICreditMarket.Permit memory none;
        ICreditMarket market = city.market();
        if (refusal.length > 0) vm.expectRevert(refusal);
        vm.prank(BUYER);
        market.buy(fills, cost, none);
    }

    /// @dev Due to one account, or to all of them; one citizen can have several leaves.
    function _dueOfAll(uint256[] memory shares, address account) private view returns (uint256 sum) {
        uint256 pot = city.pot().potOf(series, 1);
        (, uint256 total) = city.certifier().sharesOf(series);
        for (uint256 i = 0; i < shares.length; i++) {
            bool counted = account == address(0) || Trees.accountOf(shares[i]) == account;
            if (counted) sum += pot * Trees.quantityOf(shares[i]) / total;
        }
    }

    function _firstFilled(uint256[] memory shares) private pure returns (uint256 i) {
        while (shares[i] == 0) i++;
    }
}
