// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IEvidenceLedger} from "../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../interfaces/IMethodologyRegistry.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {IOracleCommittee} from "../interfaces/IOracleCommittee.sol";
import {IPointIssuer} from "../interfaces/IPointIssuer.sol";
import {ISettlementVault} from "../interfaces/ISettlementVault.sol";
import {LeafLib} from "./libraries/LeafLib.sol";
import {ProgressLib} from "./libraries/ProgressLib.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";
import {BatchId, MethodologyId} from "./types/Ids.sol";

/// @title EvidenceLedger
contract EvidenceLedger is IEvidenceLedger, SaltedDomain, AccessManaged, Pausable {
    struct Batch {
        address operator; // slot 0
        uint32 day;
        uint32 version;
        uint32 accountCount;
        uint64 totalQuantity; // slot 1
        uint64 consentedQuantity;
        uint32 recordCount;
        uint32 sequence;
        uint40 attestedAt;
        bool closed;
        bool revoked;
        bool frozen;
        MethodologyId methodology; // slots 2 to 5
        bytes32 accountsRoot;
        bytes32 recordsRoot;
        bytes32 bundleHash;
    }

    struct Dispute {
        BatchId earlier; // the batch that the frozen one repeats a record of
        uint40 releasedAt;
        address twice; // stands in the batch twice
    }

    bytes32 private constant ATTESTATION_TYPEHASH = keccak256(
        "Attestation(uint64 epoch,address operator,uint32 day,uint32 sequence,uint32 version,bytes32 methodology,"
        "uint32 recordCount,uint32 accountCount,uint64 totalQuantity,uint64 consentedQuantity,"
        "bytes32 recordsRoot,bytes32 accountsRoot,bytes32 bundleHash)"
    );

    /// @inheritdoc IEvidenceLedger
    uint256 public constant CREDIT_PERIOD = 365 days;

    /// @inheritdoc IEvidenceLedger
    uint256 public constant GRACE_PERIOD = 30 days;

    /// @inheritdoc IEvidenceLedger
    uint256 public constant MOST_ACCOUNTS = ProgressLib.MOST_ACCOUNTS;

    /// @inheritdoc IEvidenceLedger
    uint256 public constant MOST_REDUCTION_MG = ProgressLib.MOST_REDUCTION_MG;

    /// @inheritdoc IEvidenceLedger
    uint256 public immutable challengeWindow;

    IMethodologyRegistry public immutable methodologies;
    IOperatorRegistry public immutable operators;
    IOracleCommittee public immutable committee;
    IPointIssuer public immutable issuer;
    ISettlementVault public immutable vault;

    mapping(BatchId => Batch) private _batches;
    mapping(BatchId later => Dispute) private _disputes;
    mapping(BatchId later => mapping(BatchId earlier => bool)) private _settled;

    constructor(
        address access,
        IMethodologyRegistry methodologies_,
        IOperatorRegistry operators_,
        IOracleCommittee committee_,
        IPointIssuer issuer_,
        ISettlementVault vault_,
        uint256 challengeWindow_,
        bytes32 genesisHash_
    ) SaltedDomain(genesisHash_) AccessManaged(access) {
        methodologies = methodologies_;
        operators = operators_;
        committee = committee_;
        issuer = issuer_;
        vault = vault_;
        challengeWindow = challengeWindow_;
    }

    /// @inheritdoc IEvidenceLedger
    function attest(Header calldata header, IOracleCommittee.Approval[] calldata approvals)
        external
        whenNotPaused
        returns (BatchId batch)
    {
        _requireComplete(header);
        batch = batchIdOf(header.operator, header.methodology, header.day, header.sequence);
        if (_batches[batch].attestedAt != 0) revert EvidenceLedger_KeyUsed(batch);
        operators.requireActiveOperator(header.operator);
        methodologies.requireUsable(header.methodology, header.version, header.day);
        uint64 epoch = committee.epoch();
        committee.requireQuorum(_attestationDigest(header, epoch), approvals);

        _store(batch, header);
        _lockReserve(batch, header);

        emit BatchAttested(batch, header.operator, header.methodology, header, epoch, block.timestamp + challengeWindow);
    }

    /// @inheritdoc IEvidenceLedger
    function revoke(BatchId batch, string calldata reason) external restricted {
        (Phase phase,) = phaseOf(batch);
        if (phase == Phase.None || phase == Phase.Revoked) revert EvidenceLedger_WrongPhase(batch, phase);

        _batches[batch].revoked = true;
        _unlockReserve(batch);

        emit BatchRevoked(batch, reason);
    }

    /// @inheritdoc IEvidenceLedger
    function reportDuplicate(RecordProof calldata earlier, RecordProof calldata later) external {
        bytes32 recordId = later.record.recordId;
        if (earlier.record.recordId != recordId) {
            revert EvidenceLedger_DifferentRecords(earlier.record.recordId, recordId);
        }
        _requireRepeats(earlier.batch, later.batch);
        if (_settled[later.batch][earlier.batch]) revert EvidenceLedger_Settled(earlier.batch, later.batch);
        _requireRecord(earlier);
        _requireRecord(later);

        _batches[later.batch].frozen = true;
        _disputes[later.batch].earlier = earlier.batch;

        emit DuplicateReported(earlier.batch, later.batch, recordId, msg.sender);
    }

    /// @inheritdoc IEvidenceLedger
    function reportAccountTwice(BatchId batch, EntryProof calldata one, EntryProof calldata other) external {
        (Phase phase,) = phaseOf(batch);
        if (phase == Phase.None || phase == Phase.Revoked) revert EvidenceLedger_WrongPhase(batch, phase);
        uint256 account = one.entry >> LeafLib.ACCOUNT_SHIFT;
        if (one.index == other.index || account != other.entry >> LeafLib.ACCOUNT_SHIFT || account == 0) {
            revert EvidenceLedger_NotTwice(batch, one.index, other.index);
        }
        _requireEntry(batch, one);
        _requireEntry(batch, other);

        _batches[batch].frozen = true;
        _disputes[batch].twice = address(uint160(account));

        emit AccountTwiceReported(batch, address(uint160(account)), one.index, other.index, msg.sender);
    }

    /// @inheritdoc IEvidenceLedger
    function release(BatchId batch, string calldata reason) external restricted {
        (Phase phase,) = phaseOf(batch);
        if (phase != Phase.Frozen) revert EvidenceLedger_WrongPhase(batch, phase);

        Dispute storage dispute = _disputes[batch];
        if (dispute.twice != address(0)) revert EvidenceLedger_AccountTwice(batch, dispute.twice);
        BatchId earlier = dispute.earlier;
        dispute.releasedAt = uint40(block.timestamp);
        _settled[batch][earlier] = true;
        _batches[batch].frozen = false;

        emit BatchReleased(batch, earlier, reason);
    }

    /// @inheritdoc IEvidenceLedger
    function close(BatchId batch) external {
        Batch storage b = _batches[batch];
        (Phase phase,) = phaseOf(batch);
        bool over = UnitsLib.isOver(UnitsLib.yearOf(b.day), _currentYear());
        bool ready = over ? phase != Phase.None && phase != Phase.Revoked && !b.closed : phase == Phase.Open;
        if (!ready) revert EvidenceLedger_WrongPhase(batch, phase);
        if (!over && msg.sender != address(issuer)) {
            uint256 from = closableFrom(batch);
            if (block.timestamp < from) revert EvidenceLedger_CreditPeriodRunning(batch, from);
        }

        b.closed = true;
        _unlockReserve(batch);

        emit BatchClosed(batch);
    }

    /// @inheritdoc IEvidenceLedger
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IEvidenceLedger
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IEvidenceLedger
    function creditBasis(BatchId batch) external view returns (CreditBasis memory) {
        return _basisIn(batch, Phase.Open);
    }

    /// @inheritdoc IEvidenceLedger
    function closedBasis(BatchId batch) external view returns (CreditBasis memory) {
        return _basisIn(batch, Phase.Closed);
    }

    /// @inheritdoc IEvidenceLedger
    function attestationDigest(Header calldata header) external view returns (bytes32) {
        return _attestationDigest(header, committee.epoch());
    }

    /// @inheritdoc IEvidenceLedger
    function verifyRecord(BatchId batch, LeafLib.Record calldata record, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return _isRecord(batch, record, proof);
    }

    /// @inheritdoc IEvidenceLedger
    function disputeOf(BatchId batch) external view returns (BatchId earlier, uint256 releasedAt, address twice) {
        Dispute storage dispute = _disputes[batch];
        return (dispute.earlier, dispute.releasedAt, dispute.twice);
    }

    /// @inheritdoc IEvidenceLedger
    function closableFrom(BatchId batch) public view returns (uint256 time) {
        Batch storage b = _batches[batch];
        uint256 free = Math.max(methodologies.usableSince(b.methodology, b.version), issuer.runsSince());
        return Math.max(Math.max(b.attestedAt, _disputes[batch].releasedAt) + CREDIT_PERIOD, free + GRACE_PERIOD);
    }

    /// @inheritdoc IEvidenceLedger
    function batchIdOf(address operator, MethodologyId methodology, uint32 day, uint32 sequence)
        public
        pure
        returns (BatchId)
    {
        return BatchId.wrap(keccak256(abi.encode(operator, methodology, day, sequence)));
    }

    /// @inheritdoc IEvidenceLedger
    function headerOf(BatchId batch) external view returns (Header memory) {
        Batch storage b = _batches[batch];
        return Header({
            operator: b.operator,
            day: b.day,
            sequence: b.sequence,
            version: b.version,
            methodology: b.methodology,
            recordCount: b.recordCount,
            accountCount: b.accountCount,
            totalQuantity: b.totalQuantity,
            consentedQuantity: b.consentedQuantity,
            recordsRoot: b.recordsRoot,
            accountsRoot: b.accountsRoot,
            bundleHash: b.bundleHash
        });
    }

    /// @inheritdoc IEvidenceLedger
    function phaseOf(BatchId batch) public view returns (Phase phase, uint256 attestedAt) {
        Batch storage b = _batches[batch];
        attestedAt = b.attestedAt;
        if (attestedAt == 0) phase = Phase.None;
        else if (b.revoked) phase = Phase.Revoked;
        else if (b.frozen) phase = Phase.Frozen;
        else if (b.closed) phase = Phase.Closed;
        else if (block.timestamp < attestedAt + challengeWindow) phase = Phase.Attested;
        else phase = Phase.Open;
    }

    function _requireComplete(Header calldata header) private view {
        if (
            header.recordsRoot == bytes32(0) || header.accountsRoot == bytes32(0) || header.bundleHash == bytes32(0)
                || header.accountCount == 0 || header.recordCount < header.accountCount || header.totalQuantity == 0
                || header.consentedQuantity > header.totalQuantity
        ) revert EvidenceLedger_IncompleteHeader();
        uint256 latest = UnitsLib.latestDayOf(block.timestamp);
        if (header.day > latest) revert EvidenceLedger_FutureDay(header.day, latest);
        (uint256 year, uint256 present) = (UnitsLib.yearOf(header.day), _currentYear());
        if (UnitsLib.isOver(year, present)) revert EvidenceLedger_YearOver(year, present);
        if (header.accountCount > MOST_ACCOUNTS) revert EvidenceLedger_TooLarge(header.accountCount, MOST_ACCOUNTS);
    }

    function _basisIn(BatchId batch, Phase wanted) private view returns (CreditBasis memory) {
        (Phase phase,) = phaseOf(batch);
        if (phase != wanted) revert EvidenceLedger_WrongPhase(batch, phase);
        Batch storage b = _batches[batch];
        return CreditBasis({
            operator: b.operator,
            day: b.day,
            version: b.version,
            accountCount: b.accountCount,
            totalQuantity: b.totalQuantity,
            methodology: b.methodology,
            accountsRoot: b.accountsRoot
        });
    }

    /// @dev `earlier` must stand, `later` must be neither frozen nor revoked, and they must be in this order: by the time of attestation,
    /// within one block by key, so that a reporter never chooses which of two is frozen.
    function _requireRepeats(BatchId earlier, BatchId later) private view {
        (Phase earlierPhase, uint256 earlierAt) = phaseOf(earlier);
        if (earlierPhase == Phase.None || earlierPhase == Phase.Revoked) {
            revert EvidenceLedger_WrongPhase(earlier, earlierPhase);
        }
        (Phase laterPhase, uint256 laterAt) = phaseOf(later);
        if (laterPhase == Phase.None || laterPhase == Phase.Revoked || laterPhase == Phase.Frozen) {
            revert EvidenceLedger_WrongPhase(later, laterPhase);
        }
        bool ordered = earlierAt < laterAt
            || (earlierAt == laterAt && uint256(BatchId.unwrap(earlier)) < uint256(BatchId.unwrap(later)));
        if (!ordered) revert EvidenceLedger_WrongOrder(earlier, later);
    }

    function _requireRecord(RecordProof calldata said) private view {
        if (!_isRecord(said.batch, said.record, said.proof)) {
            revert EvidenceLedger_BadProof(said.batch, said.record.recordId);
        }
    }

    function _requireEntry(BatchId batch, EntryProof calldata said) private view {
        bytes32 root = LeafLib.climb(LeafLib.accountLeaf(said.index, said.entry), said.proof);
        if (root != _batches[batch].accountsRoot) revert EvidenceLedger_BadEntryProof(batch, said.index);
    }

    function _isRecord(BatchId batch, LeafLib.Record calldata record, bytes32[] calldata proof)
        private
        view
        returns (bool)
    {
        return MerkleProof.verifyCalldata(proof, _batches[batch].recordsRoot, LeafLib.recordLeaf(record));
    }

    function _store(BatchId batch, Header calldata header) private {
        _batches[batch] = Batch({
            operator: header.operator,
            day: header.day,
            version: header.version,
            accountCount: header.accountCount,
            totalQuantity: header.totalQuantity,
            consentedQuantity: header.consentedQuantity,
            recordCount: header.recordCount,
            sequence: header.sequence,
            attestedAt: uint40(block.timestamp),
            closed: false,
            revoked: false,
            frozen: false,
            methodology: header.methodology,
            accountsRoot: header.accountsRoot,
            recordsRoot: header.recordsRoot,
            bundleHash: header.bundleHash
        });
    }

    /// @dev Parts rounded down never sum to more than the whole rounded down: no chunks, claims and rests bring more than this.
    function _lockReserve(BatchId batch, Header calldata header) private {
        (uint256 factorUg,, bool earnsPoints) = methodologies.creditRule(header.methodology, header.version);
        uint256 mostMg = UnitsLib.reductionMgDown(header.totalQuantity, factorUg);
        if (mostMg > MOST_REDUCTION_MG) revert EvidenceLedger_TooLarge(mostMg, MOST_REDUCTION_MG);
        uint256 most = earnsPoints ? UnitsLib.pointsMilliDown(mostMg) : 0;
        if (most > 0) vault.lock(batch, header.operator, UnitsLib.yearOf(header.day), most);
    }

    function _unlockReserve(BatchId batch) private {
        Batch storage b = _batches[batch];
        vault.unlock(batch, b.operator, UnitsLib.yearOf(b.day), issuer.progressOf(batch).pointsMilli);
    }

    function _currentYear() private view returns (uint256) {
        return UnitsLib.yearOf(UnitsLib.dayOf(block.timestamp));
    }

    /// @dev The fields of `Header` are in the order of the type, so that encoding the struct encodes the message.
    function _attestationDigest(Header calldata header, uint64 epoch) private view returns (bytes32) {
        return _digest(keccak256(abi.encode(ATTESTATION_TYPEHASH, epoch, header)));
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook EvidenceLedger";
    }
}
