// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {Trees} from "../support/Trees.sol";
import {CityModel} from "./CityModel.sol";

/// @title Batches: attested, revoked, reported, released, closed
abstract contract CityEvidence is CityModel {
    function attest(uint256 seed, uint256 quantities, uint256 people) external timed {
        IEvidenceLedger.Header memory header;
        uint256[] memory entries = _entries(seed, quantities, people);
        (uint256 quantity, uint256 accounts) = _sum(entries);
        if (careful && (accounts == 0 || quantity == 0)) return;

        header.operator = _picked(_operators, _mix(seed, 2));
        header.day = uint32(_actDay(_mix(seed, 3)));
        header.sequence = uint32(_batches.length);
        header.methodology = _mix(seed, 4) % 4 == 0 ? WALK : BUS;
        header.version = methodologies.versionOn(header.methodology, header.day);
        header.accountCount = uint32(_lie(accounts, _mix(seed, 5)));
        header.recordCount = header.accountCount + 3;
        header.totalQuantity = uint64(_lie(quantity, _mix(seed, 6)));
        header.consentedQuantity = header.totalQuantity / 2;
        header.accountsRoot = Trees.root(entries);
        header.bundleHash = keccak256(abi.encode("bundle", seed));
        header.recordsRoot = LeafLib.recordLeaf(_recordOf(header.bundleHash));
        if (careful && !_attestable(header)) return;

        BatchId batch = ledger.attest(header, _approvals(ledger.attestationDigest(header), _mix(seed, 7) % 4));
        _batches.push(BatchRecord({id: batch, header: header, entries: entries, highestPhase: 0}));
        done["attest"]++;
    }

    function revoke(uint256 batchSeed, uint256 seldom) external timed {
        if (_batches.length == 0 || seldom % 4 != 0) return;
        BatchId batch = _batches[batchSeed % _batches.length].id;
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        if (careful && phase == IEvidenceLedger.Phase.Revoked) return;
        ledger.revoke(batch, "");
        done["revoke"]++;
    }

    /// @dev Each batch has one record, of few in the city: many batches share one.
    function reportDuplicate(uint256 oneSeed, uint256 otherSeed) external timed {
        if (_batches.length < 2) return;
        (uint256 one, uint256 other) = (oneSeed % _batches.length, otherSeed % _batches.length);
        if (careful && !_isDuplicate(one, other)) return;
        uint256 credited = issuer.progressOf(_batches[other].id).accounts;

        try ledger.reportDuplicate(_proofOf(one), _proofOf(other)) {
            vm.assertEq(issuer.progressOf(_batches[other].id).accounts, credited, "I12: a report takes nothing back");
            done["reportDuplicate"]++;
        } catch (bytes memory reason) {
            // The two were settled before: only the ledger remembers.
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IEvidenceLedger.EvidenceLedger_Settled.selector), "");
        }
    }

    function release(uint256 batchSeed) external timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            BatchId batch = _batches[(batchSeed % _batches.length + i) % _batches.length].id;
            (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
            if (phase != IEvidenceLedger.Phase.Frozen) continue;
            ledger.release(batch, "");
            done["release"]++;
            return;
        }
    }

    function close(uint256 batchSeed) external timed {
        if (_batches.length == 0) return;
        BatchRecord storage record = _batches[batchSeed % _batches.length];
        (IEvidenceLedger.Phase phase, uint256 attestedAt) = ledger.phaseOf(record.id);
        (, uint256 releasedAt) = ledger.disputeOf(record.id);
        uint256 since = releasedAt > attestedAt ? releasedAt : attestedAt;
        bool over = clock >= since + ledger.CREDIT_PERIOD();
        if (careful && (phase != IEvidenceLedger.Phase.Open || !over)) return;
        ledger.close(record.id);
        done["close"]++;
    }

    function _attestable(IEvidenceLedger.Header memory header) private view returns (bool) {
        if (header.version == 0 || ledger.paused() || !_operatorActive(header.operator)) return false;
        (, IMethodologyRegistry.Status status,,) = methodologies.methodologyOf(header.methodology, header.version);
        return status != IMethodologyRegistry.Status.Suspended;
    }

    function _recordOf(bytes32 bundleHash) private pure returns (LeafLib.Record memory record) {
        record.recordId = bytes32(uint256(bundleHash) % 3 + 1);
        (record.quantity, record.startTime, record.endTime) = (1, 1, 2);
    }

    function _proofOf(uint256 number) private view returns (IEvidenceLedger.RecordProof memory proof) {
        proof.batch = _batches[number].id;
        proof.record = _recordOf(_batches[number].header.bundleHash);
    }

    function _isDuplicate(uint256 one, uint256 other) private view returns (bool) {
        (IEvidenceLedger.Phase first, uint256 firstAt) = ledger.phaseOf(_batches[one].id);
        (IEvidenceLedger.Phase second, uint256 secondAt) = ledger.phaseOf(_batches[other].id);
        if (first == IEvidenceLedger.Phase.Revoked || second == IEvidenceLedger.Phase.Revoked) return false;
        if (second == IEvidenceLedger.Phase.Frozen || firstAt >= secondAt) return false;
        return
            _recordOf(_batches[one].header.bundleHash).recordId == _recordOf(_batches[other].header.bundleHash).recordId;
    }

    function _entries(uint256 seed, uint256 quantities, uint256 people) internal view returns (uint256[] memory list) {
        uint256 length = 1 << seed % 4;
        list = new uint256[](length);
        for (uint256 i = 0; i < length; i++) {
            uint256 dice = _mix(people, i);
            if (dice % 8 == 0) continue; // padding anywhere, as a quorum could sign it
            uint256 quantity = _mix(quantities, i) % (dice % 5 == 0 ? 4_000_000 : 60_000);
            list[i] = Trees.pack(_citizens[(dice >> 8) % EARNERS], dice % 2 == 0, quantity);
        }
    }

    function _actDay(uint256 seed) internal view returns (uint256) {
        if (seed % 4 == 0) return _today() - _mix(seed, 1) % 400;
        return _today() - _mix(seed, 1) % 4;
    }

    /// @dev One header in eight lies a little in either direction.
    function _lie(uint256 truth, uint256 seed) internal pure returns (uint256) {
        if (seed % 16 == 0) return truth + 1 + seed % 3;
        if (seed % 16 == 1) return truth / 2 + 1;
        return truth;
    }
}
