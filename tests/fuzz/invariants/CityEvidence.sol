// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {Trees} from "../support/Trees.sol";
import {CityModel} from "./CityModel.sol";

/// @title Batches: attested, revoked, reported, released, closed
abstract contract CityEvidence is CityModel {
    uint256 private constant GRACE = 30 days;

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
        uint256 free = vault.freeOf(header.operator);

        BatchId batch = ledger.attest(header, _approvals(ledger.attestationDigest(header), _mix(seed, 7) % 4));
        _batches.push(BatchRecord({id: batch, header: header, entries: entries, highestPhase: 0}));
        uint256 locked = free - vault.freeOf(header.operator);
        vm.assertEq(locked, _mostPoints(header) * _priceOf(header), "I61: all that a batch can bring is locked for");
        freeReserve[header.operator] -= locked;
        done["attest"]++;
    }

    function revoke(uint256 batchSeed, uint256 seldom) external timed {
        if (_batches.length == 0 || seldom % 4 != 0) return;
        uint256 number = batchSeed % _batches.length;
        BatchId batch = _batches[number].id;
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        if (careful && phase == IEvidenceLedger.Phase.Revoked) return;
        uint256 unused = _unusedOf(number);
        ledger.revoke(batch, "");
        _bookUnlocked(number, unused);
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

    /// @dev Some trees hold one account twice.
    function reportAccountTwice(uint256 batchSeed, uint256 seed) external timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            BatchRecord storage record = _batches[(batchSeed % _batches.length + i) % _batches.length];
            (IEvidenceLedger.Phase phase,) = ledger.phaseOf(record.id);
            (uint256 one, uint256 other) = _twice(record.entries);
            if (!careful && seed % 4 == 0) (one, other) = (seed % record.entries.length, 0);
            else if (one == other || phase == IEvidenceLedger.Phase.Revoked) continue;
            ledger.reportAccountTwice(record.id, _entryProof(record.entries, one), _entryProof(record.entries, other));
            vm.assertTrue(
                one != other && Trees.accountOf(record.entries[one]) == Trees.accountOf(record.entries[other]),
                "I64: only an account that is there twice is reported"
            );
            done["reportAccountTwice"]++;
            return;
        }
    }

    function release(uint256 batchSeed) external timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            BatchId batch = _batches[(batchSeed % _batches.length + i) % _batches.length].id;
            (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
            (,, address twice) = ledger.disputeOf(batch);
            if (phase != IEvidenceLedger.Phase.Frozen || (careful && twice != address(0))) continue;
            ledger.release(batch, "");
            vm.assertEq(twice, address(0), "I64: a batch with an account twice is never released");
            done["release"]++;
            return;
        }
    }

    function close(uint256 batchSeed) public timed {
        if (_batches.length == 0) return;
        uint256 number = batchSeed % _batches.length;
        bool closable = _closable(number);
        if (careful && !closable) return;
        uint256 unused = _unusedOf(number);
        ledger.close(_batches[number].id);
        vm.assertTrue(closable, "I63: nobody closes what can still be credited, or could not be credited");
        closed[number] = true;
        _bookUnlocked(number, unused);
        done["close"]++;
    }

    /// @dev By the city's own memory of what stood in the way and when it ended.
    function _closable(uint256 number) private view returns (bool) {
        BatchRecord storage record = _batches[number];
        IEvidenceLedger.Header storage header = record.header;
        (IEvidenceLedger.Phase phase, uint256 attestedAt) = ledger.phaseOf(record.id);
        if (closed[number]) return false;
        if (UnitsLib.yearOf(header.day) + 10 <= book.currentYear()) return phase != IEvidenceLedger.Phase.Revoked;
        if (phase != IEvidenceLedger.Phase.Open) return false;
        (, IMethodologyRegistry.Status status,,) = methodologies.methodologyOf(header.methodology, header.version);
        if (issuer.paused() || status == IMethodologyRegistry.Status.Suspended) return false;
        (, uint256 releasedAt,) = ledger.disputeOf(record.id);
        return clock >= attestedAt + 365 days && clock >= releasedAt + 365 days && clock >= issuerUnpausedAt + GRACE
            && clock >= resumedAt[header.methodology][header.version] + GRACE;
    }

    /// @dev Points that reserve is locked for and that the batch has not brought.
    function _unusedOf(uint256 number) internal view returns (uint256) {
        uint256 locked = vault.lockedFor(_batches[number].id);
        return locked == 0 ? 0 : locked - issuer.progressOf(_batches[number].id).pointsMilli;
    }

    /// @dev What a batch that is closed or revoked did not bring is free again.
    function _bookUnlocked(uint256 number, uint256 unused) internal {
        IEvidenceLedger.Header storage header = _batches[number].header;
        freeReserve[header.operator] += unused * _priceOf(header);
        vm.assertEq(vault.lockedFor(_batches[number].id), 0, "I61: nothing stays locked for what is over");
    }

    function _mostPoints(IEvidenceLedger.Header memory header) internal view returns (uint256) {
        (IMethodologyRegistry.Terms memory terms,,,) = methodologies.methodologyOf(header.methodology, header.version);
        return terms.earnsPoints ? header.totalQuantity * terms.factorUg / 1000 * 76 / 9000 : 0;
    }

    function _priceOf(IEvidenceLedger.Header memory header) internal view returns (uint256) {
        return vault.priceOf(UnitsLib.yearOf(header.day));
    }

    function _attestable(IEvidenceLedger.Header memory header) private view returns (bool) {
        if (header.version == 0 || ledger.paused() || !_operatorActive(header.operator)) return false;
        (, IMethodologyRegistry.Status status,,) = methodologies.methodologyOf(header.methodology, header.version);
        if (status == IMethodologyRegistry.Status.Suspended) return false;
        return _mostPoints(header) * _priceOf(header) <= vault.freeOf(header.operator);
    }

    function _entryProof(uint256[] storage entries, uint256 index)
        private
        view
        returns (IEvidenceLedger.EntryProof memory proof)
    {
        (proof.index, proof.entry, proof.proof) = (index, entries[index], Trees.proof(entries, index, 1));
    }

    /// @dev Two leaves of one account, or twice the first leaf.
    function _twice(uint256[] storage entries) private view returns (uint256 one, uint256 other) {
        for (uint256 i = 0; i < entries.length; i++) {
            for (uint256 j = 0; j < i; j++) {
                if (entries[i] != 0 && Trees.accountOf(entries[i]) == Trees.accountOf(entries[j])) return (j, i);
            }
        }
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

    /// @dev Accounts in ascending order with padding anywhere, as a quorum could sign it; one tree in twelve holds an account twice.
    function _entries(uint256 seed, uint256 quantities, uint256 people) internal view returns (uint256[] memory list) {
        uint256 length = 1 << seed % 4;
        list = new uint256[](length);
        uint256 next = _mix(people, 99) % 3;
        for (uint256 i = 0; i < length && next < EARNERS; i++) {
            uint256 dice = _mix(people, i);
            if (dice % 8 == 0) continue;
            uint256 quantity = _mix(quantities, i) % (dice % 5 == 0 ? 4_000_000 : 60_000);
            list[i] = Trees.pack(_earners[next], dice % 2 == 0, quantity);
            if (_mix(seed, 8) % 12 != 0) next += 1 + dice / 8 % 2;
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
