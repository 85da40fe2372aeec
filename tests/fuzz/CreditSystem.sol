// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonCredit} from "../../contracts/CarbonCredit.sol";
import {CertificatePicture} from "../../contracts/CertificatePicture.sol";
import {CreditMarket} from "../../contracts/CreditMarket.sol";
import {InventoryRegistry} from "../../contracts/InventoryRegistry.sol";
import {ProceedsPot} from "../../contracts/ProceedsPot.sol";
import {ReductionCertifier} from "../../contracts/ReductionCertifier.sol";
import {RetirementRegistry} from "../../contracts/RetirementRegistry.sol";
import {ReversalDesk} from "../../contracts/ReversalDesk.sol";
import {ICreditMarket} from "../../interfaces/ICreditMarket.sol";
import {System} from "./System.sol";

/// @title The second flow, deployed beside the first
abstract contract CreditSystem is System {
    uint16 internal constant CITIZENS_BPS = 6000;
    uint16 internal constant FEE_BPS = 100;
    uint16 internal constant BUFFER_BPS = 500;
    uint48 internal constant FLOOR = 1_000_000; // one yuan per tonne
    address internal constant FEES = address(0xFEE5);
    address internal constant PUBLIC_GOOD = address(0x600D);

    CarbonCredit public credits;
    ReductionCertifier public certifier;
    ReversalDesk public reversals;
    CreditMarket public market;
    ProceedsPot public pot;
    InventoryRegistry public inventories;
    CertificatePicture public picture;
    RetirementRegistry public retirements;

    function deployCredits() internal {
        address at = address(access);
        uint256 nonce = vm.getNonce(address(this));
        certifier = ReductionCertifier(vm.computeCreateAddress(address(this), nonce + 1));
        reversals = ReversalDesk(vm.computeCreateAddress(address(this), nonce + 2));
        market = CreditMarket(vm.computeCreateAddress(address(this), nonce + 3));
        retirements = RetirementRegistry(vm.computeCreateAddress(address(this), nonce + 7));
        credits = new CarbonCredit(certifier, address(market), address(retirements), address(reversals));
        new ReductionCertifier(
            at, ledger, issuer, methodologies, operators, committee, market, address(credits), GENESIS
        );
        new ReversalDesk(at, ledger, committee, certifier, market, address(credits), GENESIS);
        _deployMarket(at, vm.computeCreateAddress(address(this), nonce + 4));
        pot = new ProceedsPot(at, token, certifier, market, book, PUBLIC_GOOD, GENESIS);
        inventories = new InventoryRegistry(at, certifier, address(retirements), GENESIS);
        picture = new CertificatePicture();
        new RetirementRegistry(
            at, certifier, reversals, inventories, picture, address(market), address(credits), "SZ01"
        );
    }

    function _deployMarket(address at, address potAt) private {
        new CreditMarket(
            at,
            CreditMarket.Partners({
                token: token,
                operators: operators,
                certifier: certifier,
                reversals: reversals,
                retirements: retirements,
                pot: potAt,
                credits: address(credits)
            }),
            FEES,
            ICreditMarket.SeriesTerms({
                citizensBps: CITIZENS_BPS, feeBps: FEE_BPS, bufferBps: BUFFER_BPS, floorPrice: FLOOR
            })
        );
    }
}
