// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../contracts/libraries/LeafLib.sol";
import {BatchId, MethodologyId} from "../contracts/types/Ids.sol";
import {IOracleCommittee} from "./IOracleCommittee.sol";

/// @title Evidence: one header per batch, two Merkle roots
/// @notice A batch stands for the acts of one operator, methodology and act day; `sequence` tells late batches of the same day apart.
/// The records tree proves single acts, the accounts tree is what citizens are credited from. A header is a proposal until its challenge
/// window is over. Nothing here creates points.
interface IEvidenceLedger {
    /// @notice None -> Attested -> Open -> Closed; Revoked from any of the three. Attested turns into Open by time alone.
    enum Phase {
        None,
        Attested,
        Open,
        Closed,
        Revoked
    }

    /// @param operator Who brings the records and locks the reserve.
    /// @param day Act day: days from 1970-01-01 to the civil date in the operator's declared time zone.
    /// @param sequence 0 for the first batch of the day, 1 for the next.
    /// @param version Version of the methodology, chosen by the act day.
    /// @param methodology What was quantified, where.
    /// @param recordCount Leaves of the records tree.
    /// @param accountCount Leaves of the accounts tree, padding not counted.
    /// @param totalQuantity Sum over the accounts, in the methodology's unit.
    /// @param consentedQuantity Part of it whose citizens consented to the sale of the reduction.
    /// @param recordsRoot Root over the records, `LeafLib.recordLeaf`.
    /// @param accountsRoot Root over the accounts in index order, padded with zero entries to a whole number of chunks.
    /// @param bundleHash Hash of the canonical bundle: records, findings, factors, intermediate numbers.
    struct Header {
        address operator;
        uint32 day;
        uint32 sequence;
        uint32 version;
        MethodologyId methodology;
        uint32 recordCount;
        uint32 accountCount;
        uint64 totalQuantity;
        uint64 consentedQuantity;
        bytes32 recordsRoot;
        bytes32 accountsRoot;
        bytes32 bundleHash;
    }

    /// @notice What crediting needs to know of an open batch.
    struct CreditBasis {
        address operator;
        uint32 day;
        uint32 version;
        uint32 accountCount;
        uint64 totalQuantity;
        MethodologyId methodology;
        bytes32 accountsRoot;
    }

    /// @notice A quorum of `epoch` signed a batch; it opens at `opensAt` (UTC seconds).
    event BatchAttested(
        BatchId indexed batch,
        address indexed operator,
        MethodologyId indexed methodology,
        Header header,
        uint64 epoch,
        uint256 opensAt
    );

    /// @notice Nothing more can be credited from the batch: all is, or its time is over.
    event BatchClosed(BatchId indexed batch);

    /// @notice The authority withdrew the batch: nothing more is credited from it.
    event BatchRevoked(BatchId indexed batch, string reason);

    /// @notice The key (operator, methodology, day, sequence) stands for a batch already.
    error EvidenceLedger_KeyUsed(BatchId batch);

    /// @notice A root, a count or the bundle hash is missing, or more is consented than there is.
    error EvidenceLedger_IncompleteHeader();

    /// @notice The act day has not begun anywhere on Earth.
    error EvidenceLedger_FutureDay(uint256 day, uint256 latest);

    /// @notice The batch is not in the phase the call needs.
    error EvidenceLedger_WrongPhase(BatchId batch, Phase phase);

    /// @notice Citizens can still be credited until `until`.
    error EvidenceLedger_CreditPeriodRunning(BatchId batch, uint256 until);

    /// @notice Seconds between attesting a batch and crediting from it.
    function challengeWindow() external view returns (uint256);

    /// @notice Seconds after attesting until anyone may close a batch that is not wholly credited.
    function CREDIT_PERIOD() external view returns (uint256);

    /// @notice Stores a batch that a quorum of the committee signed. Anyone may send it.
    /// Reverts if: paused; the header is incomplete; the day lies ahead; the key is used; the operator is not active; the methodology
    /// version is not usable for the day; the approvals are no quorum.
    function attest(Header calldata header, IOracleCommittee.Approval[] calldata approvals)
        external
        returns (BatchId batch);

    /// @notice Withdraws a batch. Restricted to the authority. What was credited stays credited; see `IPointIssuer.revokeReduction`.
    /// Warning: cannot be undone.
    function revoke(BatchId batch, string calldata reason) external;

    /// @notice Closes an open batch: the point issuer when everybody is credited, anyone after the credit period.
    function close(BatchId batch) external;

    /// @notice Stops `attest`. Restricted to the guardian.
    function pause() external;

    /// @notice Ends a pause. Restricted to the authority.
    function unpause() external;

    /// @notice Reverts unless the batch is open; else says what crediting needs.
    function creditBasis(BatchId batch) external view returns (CreditBasis memory);

    /// @notice The digest that committee members sign for `header` in the present epoch.
    function attestationDigest(Header calldata header) external view returns (bytes32);

    /// @notice Whether `record` is a leaf of the batch's records tree.
    function verifyRecord(BatchId batch, LeafLib.Record calldata record, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice The key of a batch.
    function batchIdOf(address operator, MethodologyId methodology, uint32 day, uint32 sequence)
        external
        pure
        returns (BatchId);

    /// @notice Header of a batch; all zero if there is none.
    function headerOf(BatchId batch) external view returns (Header memory);

    /// @notice Phase of a batch now, and when it was attested (UTC seconds).
    function phaseOf(BatchId batch) external view returns (Phase phase, uint256 attestedAt);
}
