// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {LeafLib} from "../contracts/libraries/LeafLib.sol";
import {BatchId, MethodologyId} from "../contracts/types/Ids.sol";
import {IOracleCommittee} from "./IOracleCommittee.sol";

/// @title Evidence: one header per batch, two Merkle roots
/// @notice A batch stands for the acts of one operator, methodology and act day; `sequence` tells late batches of the same day apart.
/// The records tree proves single acts, the accounts tree is what citizens are credited from. A header is a proposal until its challenge
/// window is over. Nothing here creates points.
/// EIP-712 domain: "Carbonbook EvidenceLedger", version "1", chain id, this contract, and the genesis hash as salt; see `eip712Domain`.
interface IEvidenceLedger is IERC5267 {
    /// @notice None -> Attested -> Open -> Closed. Attested turns into Open by time alone. Any of the three can be Frozen by a report, and
    /// comes back where it would be without it when released; from any of the four it can be Revoked.
    enum Phase {
        None,
        Attested,
        Open,
        Closed,
        Revoked,
        Frozen
    }

    /// @param operator Who brings the records and locks the reserve.
    /// @param day Act day: days from 1970-01-01 to the civil date in the operator's declared time zone.
    /// @param sequence 0 for the first batch of the day, 1 for the next.
    /// @param version Version of the methodology, chosen by the act day.
    /// @param methodology What was quantified, where.
    /// @param recordCount Leaves of the records tree.
    /// @param accountCount Leaves of the accounts tree, padding not counted: as many accounts, each once.
    /// @param totalQuantity Sum over the accounts, in the methodology's unit.
    /// @param consentedQuantity Part of it whose citizens consented to the sale of the reduction.
    /// @param recordsRoot Root over the records, `LeafLib.recordLeaf`.
    /// @param accountsRoot Root over the entries in the order of their accounts, padded with zero entries to a whole number of chunks.
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

    /// @notice One record of a batch, with its proof.
    /// @param batch The batch.
    /// @param record The act.
    /// @param proof Siblings from the record's leaf to the batch's recordsRoot.
    struct RecordProof {
        BatchId batch;
        LeafLib.Record record;
        bytes32[] proof;
    }

    /// @notice One entry of a batch's accounts tree, with its proof.
    /// @param index Index of the leaf.
    /// @param entry The leaf, packed as in `LeafLib`.
    /// @param proof Siblings from the leaf to the batch's accountsRoot.
    struct EntryProof {
        uint256 index;
        uint256 entry;
        bytes32[] proof;
    }

    /// @notice What crediting needs to know of an open batch, and certifying of a closed one.
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

    /// @notice Nothing more can be credited from the batch: all is, or its time is over. Reserve that it did not need is free again.
    event BatchClosed(BatchId indexed batch);

    /// @notice The authority withdrew the batch: nothing more is credited from it. Reserve that it did not need is free again.
    event BatchRevoked(BatchId indexed batch, string reason);

    /// @notice `reporter` proved that record `recordId` of `later` stands in `earlier` as well: nothing is credited from `later` until the
    /// authority decides.
    event DuplicateReported(BatchId indexed earlier, BatchId indexed later, bytes32 indexed recordId, address reporter);

    /// @notice `reporter` proved that `account` stands in `batch` twice, at the leaves `one` and `other`: nothing is credited from it, and all
    /// that is left is to revoke it.
    event AccountTwiceReported(
        BatchId indexed batch, address indexed account, uint256 one, uint256 other, address reporter
    );

    /// @notice The authority let a frozen batch go on, although it repeats a record of `earlier`.
    event BatchReleased(BatchId indexed batch, BatchId indexed earlier, string reason);

    /// @notice The key (operator, methodology, day, sequence) stands for a batch already.
    error EvidenceLedger_KeyUsed(BatchId batch);

    /// @notice A root, a count or the bundle hash is missing, or more is consented than there is.
    error EvidenceLedger_IncompleteHeader();

    /// @notice The act day has not begun anywhere on Earth.
    error EvidenceLedger_FutureDay(uint256 day, uint256 latest);

    /// @notice The points of the act day's year expired by `currentYear`: nothing could be credited.
    error EvidenceLedger_YearOver(uint256 year, uint256 currentYear);

    /// @notice More accounts, or more milligrams (all quantity at the methodology's factor), than a batch can have.
    error EvidenceLedger_TooLarge(uint256 value, uint256 most);

    /// @notice The batch is not in the phase the call needs.
    error EvidenceLedger_WrongPhase(BatchId batch, Phase phase);

    /// @notice The two records are not the same act.
    error EvidenceLedger_DifferentRecords(bytes32 earlier, bytes32 later);

    /// @notice `earlier` was not attested before `later` (within one block: has not the smaller key), or they are the same batch.
    error EvidenceLedger_WrongOrder(BatchId earlier, BatchId later);

    /// @notice The authority decided on these two batches and released `later`.
    error EvidenceLedger_Settled(BatchId earlier, BatchId later);

    /// @notice The record is not in the batch.
    error EvidenceLedger_BadProof(BatchId batch, bytes32 recordId);

    /// @notice The entry is not in the batch's accounts tree at this index.
    error EvidenceLedger_BadEntryProof(BatchId batch, uint256 index);

    /// @notice The two entries are one leaf, or of two accounts.
    error EvidenceLedger_NotTwice(BatchId batch, uint256 one, uint256 other);

    /// @notice `account` stands in the batch twice: it cannot be released, only revoked.
    error EvidenceLedger_AccountTwice(BatchId batch, address account);

    /// @notice Citizens can still be credited until `until`.
    error EvidenceLedger_CreditPeriodRunning(BatchId batch, uint256 until);

    /// @notice Seconds between attesting a batch and crediting from it.
    function challengeWindow() external view returns (uint256);

    /// @notice Seconds after attesting, or after the last release, until anyone may close a batch that is not wholly credited.
    function CREDIT_PERIOD() external view returns (uint256);

    /// @notice Seconds after the end of a suspension of its methodology, or of a pause of the issuer, in which nobody may close a batch that is
    /// not wholly credited: citizens find the time that the obstacle took.
    function GRACE_PERIOD() external view returns (uint256);

    /// @notice Most entries of a batch.
    function MOST_ACCOUNTS() external view returns (uint256);

    /// @notice Most milligrams that a batch's quantity can be at its factor: 72 thousand tonnes.
    function MOST_REDUCTION_MG() external view returns (uint256);

    /// @notice Stores a batch that a quorum of the committee signed, and locks the operator's reserve for all points that it can bring: its
    /// quantity at the methodology's factor, no cap counted, at the price of the act day's year; nothing if the methodology earns no points.
    /// Anyone may send it.
    /// Reverts if: paused; the header is incomplete; the day lies ahead, or in a year whose points expired; the batch is too large; the key
    /// is used; the operator is not active; the methodology version is not usable for the day; the approvals are no quorum; the year has no
    /// price (`SettlementVault_NoPrice`); the operator's free reserve is short (`SettlementVault_ReserveShort`).
    function attest(Header calldata header, IOracleCommittee.Approval[] calldata approvals)
        external
        returns (BatchId batch);

    /// @notice Withdraws a batch. Restricted to the authority. What was credited stays credited; see `IPointIssuer.revokeReductions`.
    /// Reserve that it did not need is free again.
    /// Warning: cannot be undone.
    /// Reverts if: the batch is unknown, or revoked.
    function revoke(BatchId batch, string calldata reason) external;

    /// @notice Proves that one record stands in two batches. What is not yet credited of the later one is frozen until the authority
    /// releases or revokes it; what was credited from it stays. Anyone may send it.
    /// Reverts if: the records have different ids; `earlier` is unknown or revoked; `later` is unknown, revoked or frozen; they are the
    /// same or in the wrong order; the authority settled these two before; a record is not in its batch.
    function reportDuplicate(RecordProof calldata earlier, RecordProof calldata later) external;

    /// @notice Proves that one account stands in a batch twice, by which it would pass the methodology's cap per account. Nothing more is
    /// credited from the batch, which can only be revoked: its acts are attested anew, each account once. Anyone may send it.
    /// Reverts if: the batch is unknown or revoked; the two are one leaf or of two accounts; an entry is not in the batch.
    function reportAccountTwice(BatchId batch, EntryProof calldata one, EntryProof calldata other) external;

    /// @notice Lets a frozen batch go on, and settles it with the batch it repeats: no further record of these two can freeze it again.
    /// Restricted to the authority. The time in which citizens can be credited begins anew.
    /// Warning: compare both batches wholly before; a batch that repeats more than can be borne is to be revoked.
    /// Reverts if: the batch is not frozen; an account stands in it twice.
    function release(BatchId batch, string calldata reason) external;

    /// @notice Closes an open batch: the point issuer when everybody is credited in full, anyone from `closableFrom` on. Rests that caps left
    /// end with it. A batch whose year's points expired can be closed by anyone in whatever phase, because nothing can be credited from it.
    /// Reserve that the batch did not need is free again.
    /// Reverts if: the batch is not open; the credit period or a period of grace is running; the methodology is suspended; the issuer is
    /// paused. In a year that expired: the batch is unknown, closed or revoked.
    function close(BatchId batch) external;

    /// @notice Stops `attest`. Restricted to the guardian.
    function pause() external;

    /// @notice Ends a pause. Restricted to the authority.
    function unpause() external;

    /// @notice When anyone may close an open batch that is not wholly credited (UTC seconds): `CREDIT_PERIOD` after it was attested or last
    /// released, and `GRACE_PERIOD` after the last obstacle to crediting ended, whichever is later.
    /// Reverts if: the methodology is suspended (`MethodologyRegistry_WrongStatus`); the issuer is paused (`EnforcedPause`).
    function closableFrom(BatchId batch) external view returns (uint256 time);

    /// @notice What crediting needs.
    /// Reverts if: the batch is not open.
    function creditBasis(BatchId batch) external view returns (CreditBasis memory);

    /// @notice What certifying needs; nothing more can be credited from such a batch.
    /// Reverts if: the batch is not closed.
    function closedBasis(BatchId batch) external view returns (CreditBasis memory);

    /// @notice The digest that committee members sign for `header` in the present epoch.
    function attestationDigest(Header calldata header) external view returns (bytes32);

    /// @notice Whether `record` is a leaf of the batch's records tree.
    function verifyRecord(BatchId batch, LeafLib.Record calldata record, bytes32[] calldata proof)
        external
        view
        returns (bool);

    /// @notice The batch that `batch` was last reported to repeat, when it was last released (UTC seconds), and the account that was proven to
    /// stand in it twice; each zero if never.
    function disputeOf(BatchId batch) external view returns (BatchId earlier, uint256 releasedAt, address twice);

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
