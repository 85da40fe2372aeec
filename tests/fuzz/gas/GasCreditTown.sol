// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICreditMarket} from "../../../interfaces/ICreditMarket.sol";
import {IOracleCommittee} from "../../../interfaces/IOracleCommittee.sol";
import {IReductionCertifier} from "../../../interfaces/IReductionCertifier.sol";
import {IRetirementRegistry} from "../../../interfaces/IRetirementRegistry.sol";
import {CreditSystem} from "../CreditSystem.sol";
import {GasCity} from "./GasCity.sol";

/// @title The city with the second flow: claims of one citizen's day for each batch, up to a series
abstract contract GasCreditTown is GasCity, CreditSystem {
    uint256 internal constant MG = 40_000_000; // one citizen's day below the methodology's cap
    address internal constant VERIFIER = address(0x5E);
    address internal constant ISSUER_PERSON = address(0xA2);
    address internal constant BUYER = address(0xB0);

    uint256 private constant MEMBER_KEY = 0xA11;

    uint16 private _sequenceOfClaim;
    uint256 private _citizenNumber;

    function deployCreditTown() internal {
        deployGasCity();
        deployCredits();
        certifier.licenseVerifier(VERIFIER, "licence");
    }

    function issued(bytes32 sharesRoot, uint32 count) internal returns (uint256 series) {
        series = noticed(1, sharesRoot, count);
        vm.prank(ISSUER_PERSON);
        certifier.issue(series, 0);
    }

    /// @dev A claim whose notice is over.
    function noticed(uint256 batchCount, bytes32 sharesRoot, uint32 count) internal returns (uint256 claim) {
        claim = verified(batchCount, sharesRoot, count);
        certifier.startNotice(claim);
        vm.warp(block.timestamp + 11 days);
    }

    /// @dev A claim that its verifier certified whole.
    function verified(uint256 batchCount, bytes32 sharesRoot, uint32 count) internal returns (uint256 claim) {
        claim = submitted(batchCount, sharesRoot, count);
        certifier.appoint(claim, VERIFIER);
        vm.roll(block.number + 20);
        certifier.draw(claim);
        vm.prank(VERIFIER);
        certifier.certify(claim, MG, "statement");
    }

    /// @dev A claim of so many batches that waits for a verifier.
    function submitted(uint256 batchCount, bytes32 sharesRoot, uint32 count) internal returns (uint256 claim) {
        BatchId[] memory batches = new BatchId[](batchCount);
        for (uint256 i = 0; i < batchCount; i++) {
            batches[i] = closed();
        }
        vm.prank(OPERATOR);
        claim = certifier.open(BUS, 1, 2023, ++_sequenceOfClaim);
        vm.prank(OPERATOR);
        certifier.addBatches(claim, batches);
        submit(claim, sharesRoot, count);
    }

    function submit(uint256 claim, bytes32 sharesRoot, uint32 count) private {
        IReductionCertifier.Claim memory c = certifier.claimOf(claim);
        IReductionCertifier.Frame memory frame = IReductionCertifier.Frame({
            claim: claim,
            batchesHash: c.batchesHash,
            batchCount: c.batchCount,
            accountCount: count,
            recordCount: 1,
            recordQuantity: 1,
            reductionMg: uint64(MG),
            sharesRoot: sharesRoot,
            reportHash: "report",
            declarationsHash: "declarations"
        });
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(MEMBER_KEY, certifier.frameDigest(frame));
        IOracleCommittee.Approval[] memory approvals = new IOracleCommittee.Approval[](1);
        approvals[0] = IOracleCommittee.Approval(vm.addr(MEMBER_KEY), abi.encodePacked(r, s, v));
        certifier.submit(frame, approvals);
    }

    /// @dev A batch of one consenting citizen with `MG`, credited and so closed; every batch has another citizen.
    function closed() internal returns (BatchId batch) {
        uint256[] memory entries = new uint256[](1);
        uint256 metres = MG * UnitsLib.UG_PER_MG / FACTOR_UG + 1;
        uint256 account = uint160(uint256(keccak256(abi.encode("citizen", ++_citizenNumber))));
        entries[0] = account << LeafLib.ACCOUNT_SHIFT | 1 << LeafLib.CONSENT_SHIFT | metres;
        batch = openBatch(entries, new bytes32[](0), today());
        issuer.credit(batch, 0, entries, new bytes32[](0));
    }

    function terms(string memory note) internal pure returns (IRetirementRegistry.Terms memory) {
        return IRetirementRegistry.Terms({
            holder: BUYER,
            name: 1,
            fromDay: 19_000,
            throughDay: 19_364,
            purpose: 1,
            country: 0x434e,
            scheme: 0,
            note: note
        });
    }
    function noPermit() internal pure returns (ICreditMarket.Permit memory permit) {}
}
