// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonCredit} from "../../../contracts/CarbonCredit.sol";
import {ICreditMarket} from "../../../interfaces/ICreditMarket.sol";
import {IProceedsPot} from "../../../interfaces/IProceedsPot.sol";
import {IReductionCertifier} from "../../../interfaces/IReductionCertifier.sol";
import {Vm} from "../Vm.sol";
import {Trees} from "../support/Trees.sol";
import {CreditCityUnderTest} from "./CreditCityUnderTest.sol";

/// @title The laws of the second flow
/// @notice Each is one of the numbered invariants of contracts/README.md.
abstract contract CreditLaws {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    CreditCityUnderTest internal city;

    function _lawsOfCredits() internal {
        vm.warp(city.clock());
        _claimsKeepTheirBounds();
        uint256 unpaid;
        uint256 inPot;
        for (uint256 i = 0; i < city.seriesCount(); i++) {
            uint256 series = city.seriesAt(i);
            _milligramsAreSomewhere(series);
            _backingIsInProportion(series);
            unpaid += _proceedsAreSplit(series);
            inPot += _sharesAreThoseOfOnePayment(series);
        }
        _moneyIsThere(unpaid, inPot);
        _asksStayAsTheyWere();
        _certificatesStayAsTheyWere();
    }

    function _claimsKeepTheirBounds() private view {
        for (uint256 claim = 1; claim <= city.certifier().claimCount(); claim++) {
            IReductionCertifier.Claim memory c = city.certifier().claimOf(claim);
            vm.assertLe(c.certifiedMg, c.reductionMg, "I41: certified <= claimed");
            vm.assertLe(c.reductionMg, c.boundMg, "I41: claimed <= what consenting people were credited");
            if (c.state == IReductionCertifier.State.None || c.state > IReductionCertifier.State.Issued) continue;
            uint256[] memory numbers = city.batchesOf(claim);
            uint256 bound;
            for (uint256 i = 0; i < numbers.length; i++) {
                (uint256 other, uint256 boundMg,) = city.certifier().batchOf(city.batchAt(numbers[i]).id);
                vm.assertEq(other, claim, "I40: a batch is in one live claim");
                vm.assertLe(
                    boundMg,
                    city.issuer().progressOf(city.batchAt(numbers[i]).id).reductionMg,
                    "I41: a bound is at most what was credited"
                );
                bound += boundMg;
            }
            vm.assertEq(bound, c.boundMg, "I41: a claim's bound is the sum of its batches'");
        }
    }

    function _milligramsAreSomewhere(uint256 series) private view {
        CarbonCredit credit = CarbonCredit(city.certifier().tokenOf(series));
        ICreditMarket.Stock memory stock = city.market().stockOf(series);
        uint256 issued = city.certifier().claimOf(series).certifiedMg;
        vm.assertEq(
            credit.totalSupply() + credit.retiredMg() + credit.cancelledMg(), issued, "I45: issued is what there was"
        );
        uint256 kept = uint256(stock.availableMg) + stock.bufferMg;
        for (uint256 ask = 0; ask < city.market().askCount(); ask++) {
            ICreditMarket.Ask memory entry = city.market().askOf(ask);
            if (entry.resale && entry.series == series) kept += entry.leftMg;
        }
        vm.assertEq(credit.balanceOf(address(city.market())), kept, "I49: the market keeps stock, buffer and resales");
        uint256 held = kept;
        address[] memory buyers = city.buyers();
        for (uint256 i = 0; i < buyers.length; i++) {
            held += credit.balanceOf(buyers[i]);
        }
        vm.assertEq(credit.totalSupply(), held, "I45: balances sum to the supply");
    }

    function _backingIsInProportion(uint256 series) private view {
        (uint256 short,) = city.reversals().shortfallOf(series);
        uint256 out = city.reversals().outOf(series);
        vm.assertEq(short, city.shortfallMg(series), "I56: a shortfall rises by reversals and falls by restoring");
        vm.assertLe(short, out, "I56: no more is short than is out");
        uint256 mg = out / 3;
        uint256 backed = out == 0 ? mg : mg * (out - short) / out;
        vm.assertEq(city.reversals().backedOf(series, mg), backed, "I56: backing is in proportion");
    }

    /// @return unpaid What the market owes of this series.
    function _proceedsAreSplit(uint256 series) private view returns (uint256 unpaid) {
        (ICreditMarket.Split memory due, ICreditMarket.Split memory paid) = city.market().proceedsOf(series);
        uint256 gross = city.market().stockOf(series).gross;
        vm.assertEq(gross, city.grossPaid(series), "I50: gross is what buyers paid");
        vm.assertEq(uint256(due.fee) + due.operator + due.citizens, gross, "I50: parts sum to the whole");
        vm.assertTrue(
            paid.fee <= due.fee && paid.operator <= due.operator && paid.citizens <= due.citizens, "I50: paid <= due"
        );
        return gross - paid.fee - paid.operator - paid.citizens;
    }

    /// @return inPot What the pot holds for this series.
    function _sharesAreThoseOfOnePayment(uint256 series) private view returns (uint256 inPot) {
        IProceedsPot.Head memory head = city.pot().headOf(series);
        (, uint256 total) = city.certifier().sharesOf(series);
        uint256 base = city.pot().potOf(series, head.baseRound);
        uint256[] memory shares = city.sharesOf(series);
        for (uint256 i = 0; i < shares.length; i++) {
            uint256 round = city.pot().paidRoundOf(series, i);
            if (round <= head.baseRound) {
                vm.assertEq(city.sharePaid(series, i), 0, "I53: nothing of later rounds before they are claimed");
                continue;
            }
            uint256 due = (city.pot().potOf(series, round) - base) * Trees.quantityOf(shares[i]) / total;
            vm.assertEq(city.sharePaid(series, i), due, "I53: in all, what one payment would have brought");
        }
        uint256 pot = city.pot().potOf(series, head.rounds);
        vm.assertLe(head.paidOut, pot, "I53: paid out <= pot");
        return pot - head.paidOut;
    }

    function _moneyIsThere(uint256 unpaid, uint256 inPot) private view {
        uint256 owed = city.market().owedTo(address(0xFEE5));
        address[] memory buyers = city.buyers();
        for (uint256 i = 0; i < buyers.length; i++) {
            owed += city.market().owedTo(buyers[i]);
            vm.assertEq(city.token().allowance(buyers[i], address(city.market())), 0, "I59: no allowance is left");
        }
        vm.assertEq(city.token().balanceOf(address(city.market())), unpaid + owed, "I50: the market has what it owes");
        vm.assertEq(city.token().balanceOf(address(city.pot())), inPot, "I53: the pot has what is not paid out");
    }

    function _asksStayAsTheyWere() private view {
        for (uint256 ask = 0; ask < city.market().askCount(); ask++) {
            vm.assertEq(
                city.fixedPartOf(city.market().askOf(ask)), city.askHashAt(ask), "I52: an ask stays as it was made"
            );
        }
    }

    function _certificatesStayAsTheyWere() private view {
        for (uint256 i = 0; i < city.certificateCount(); i++) {
            (uint256 certificate, bytes32 hash) = city.certificateAt(i);
            vm.assertEq(
                keccak256(abi.encode(city.retirements().certificateOf(certificate))),
                hash,
                "I47: a certificate does not change"
            );
        }
    }
}
