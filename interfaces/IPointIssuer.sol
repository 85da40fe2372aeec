// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId, MethodologyId} from "../contracts/types/Ids.sol";

/// @title Crediting: from an open batch into the citizens' book, each entry once
/// @notice Entries of the accounts tree are credited in chunks: a power of two of consecutive leaves with the proof of their common
/// node. A chunk of one with a full proof is a claim; both share one bitmap and can be mixed, repeated, and sent by anyone in any order.
///
/// Two caps can cut an entry. What is above the methodology's cap per account and batch is never credited. What is above the cap of the
/// account's day stays as a rest of the entry, and can be credited while the batch is open, as soon as it fits: nobody loses anything by the
/// order in which others send. A batch with rests is not closed when everybody is credited: it stays open for its whole credit period.
interface IPointIssuer {
    /// @param quantity Quantity credited so far, in the methodology's unit, before caps.
    /// @param reductionMg Reduction credited so far, after caps.
    /// @param pointsMilli Points credited so far.
    /// @param consentedMg Part of the reduction that went to accounts which consent to its sale, after caps.
    /// @param accounts Entries credited so far.
    /// @param rests Part of the entries of which a rest is kept.
    struct Progress {
        uint64 quantity;
        uint64 reductionMg;
        uint64 pointsMilli;
        uint64 consentedMg;
        uint32 accounts;
        uint32 rests;
    }

    /// @notice What certifying needs to know of a closed batch.
    /// @param operator Who brought it.
    /// @param methodology What was quantified, where.
    /// @param version Version of the methodology.
    /// @param day Act day (day number).
    /// @param consentedMg Reduction that can be certified for sale at most, milligrams CO2e.
    /// @param accountsRoot Root of the accounts tree.
    struct ClaimBasis {
        address operator;
        MethodologyId methodology;
        uint32 version;
        uint32 day;
        uint64 consentedMg;
        bytes32 accountsRoot;
    }

    /// @notice `accounts` entries of a chunk were credited; the Transfer events of the same transaction say how much each.
    event ChunkCredited(
        BatchId indexed batch,
        address indexed operator,
        uint256 firstIndex,
        uint256 accounts,
        uint256 reductionMg,
        uint256 pointsMilli
    );

    /// @notice The methodology's cap per account and batch cut entry `index` from `askedMg` to `cappedMg`, for good.
    event EntryCapped(BatchId indexed batch, uint256 indexed index, uint256 askedMg, uint256 cappedMg);

    /// @notice Of entry `index`, `restMg` wait until the cap of `account`'s day leaves room.
    event RestKept(BatchId indexed batch, uint256 indexed index, address indexed account, uint256 restMg);

    /// @notice The rests of the entries `indices` were credited: in full, but for those of which a `RestKept` of the same transaction tells.
    event RestsCredited(
        BatchId indexed batch, address indexed operator, uint256[] indices, uint256 reductionMg, uint256 pointsMilli
    );

    /// @notice The authority took back the reduction of one entry of a revoked batch.
    event ReductionRevoked(BatchId indexed batch, uint256 indexed index, address indexed account, uint256 reductionMg);

    /// @notice The cap of one account for one act day, over all methodologies and operators, changed.
    event AccountDayCapSet(uint256 formerMg, uint256 capMg);

    /// @notice The number of entries is not a power of two.
    error PointIssuer_BadChunk(uint256 entries);

    /// @notice The entries are not in the batch's accounts tree at these indices.
    error PointIssuer_BadProof(BatchId batch, uint256 firstIndex);

    /// @notice The account of `entry` does not come after that of the entry before it in its chunk: accounts of a batch are in ascending order,
    /// each once.
    error PointIssuer_NotAscending(uint256 entry);

    /// @notice All entries of the chunk are credited already, or it is all padding.
    error PointIssuer_NothingToCredit(BatchId batch, uint256 firstIndex);

    /// @notice No rest of this entry waits.
    error PointIssuer_NoRest(BatchId batch, uint256 index);

    /// @notice There is no room for any of these rests yet.
    error PointIssuer_NothingFits(BatchId batch);

    /// @notice The entries sum to more than the batch's header says.
    error PointIssuer_AboveAttested(BatchId batch, uint256 quantity, uint256 attested);

    /// @notice More entries were credited than the batch's header says.
    error PointIssuer_TooManyAccounts(BatchId batch, uint256 accounts, uint256 attested);

    /// @notice The operator's limit for this calendar day would be passed.
    error PointIssuer_DayLimit(address operator, uint256 reductionMg, uint256 leftMg);

    /// @notice The cap of one account and day is above what a page of the book can hold for a year.
    error PointIssuer_CapTooHigh(uint256 capMg, uint256 mostMg);

    /// @notice The batch is not revoked.
    error PointIssuer_NotRevoked(BatchId batch);

    /// @notice The entry was not credited, or its reduction was taken back before.
    error PointIssuer_NotCredited(BatchId batch, uint256 index);

    /// @notice The entry did not bring as much: `mostMg` is what it brought.
    error PointIssuer_AboveEntry(BatchId batch, uint256 index, uint256 reductionMg, uint256 mostMg);

    /// @notice Credits a chunk of an open batch: `entries[i]` is the leaf with index `firstIndex` + i, packed as in `LeafLib`
    /// (account | consented | quantity; zero is padding). Entries credited before are passed over. What the account's day has no room for is
    /// kept as a rest (`RestKept`) for `creditRests`. The last entry closes the batch if no rest is left. One round for each entry and each
    /// sibling, which the sender chooses: 128 entries fit a block of 12 million gas whatever they are.
    /// Reverts if: paused; the batch is not open; the methodology is suspended; the chunk is not a power of two; the proof is wrong;
    /// accounts are not ascending; nothing is left to credit; more than attested; the operator's day limit is short; the year of the act day
    /// has not begun (`CarbonPoint_YearNotLive`).
    function credit(BatchId batch, uint256 firstIndex, uint256[] calldata entries, bytes32[] calldata proof)
        external
        returns (uint256 reductionMg, uint256 pointsMilli);

    /// @notice Credits what fits now of the rests of an open batch's entries `indices`. Anyone may send it. The last rest closes the batch if all entries are credited. Parts are rounded to points each for itself: a rest can cost a
    /// thousandth of a point. One round for each index, which the sender chooses.
    /// Reverts if: paused; the batch is not open; the methodology is suspended; an entry has no rest; nothing fits; the operator's day limit is short; the year of
    /// the act day expired.
    function creditRests(BatchId batch, uint256[] calldata indices)
        external
        returns (uint256 reductionMg, uint256 pointsMilli);

    /// @notice Takes back reductions that a revoked batch brought, chunk by chunk; points stay. `reductionsMg[i]` is what entry i loses,
    /// at most what it brought (quantity at the factor, cut by the methodology's cap, less its rest), 0 to leave it; once for each entry. An account that moved loses it where its book is now.
    /// Restricted to the authority, with a delay.
    /// Reverts if: the batch is not revoked; the chunk or its proof is wrong; an entry was not credited, was taken back before, or did
    /// not bring as much.
    function revokeReductions(
        BatchId batch,
        uint256 firstIndex,
        uint256[] calldata entries,
        bytes32[] calldata proof,
        uint256[] calldata reductionsMg
    ) external;

    /// @notice Sets the cap of one account for one act day. Restricted to the authority, with a delay.
    /// Reverts if: above `MAX_DAY_CAP_MG`.
    function setAccountDayCap(uint256 capMg) external;

    /// @notice Stops crediting, and closing by anyone. Restricted to the guardian.
    function pause() external;

    /// @notice Ends a pause. Batches cannot be closed by anyone for a grace period from now on. Restricted to the authority.
    function unpause() external;

    /// @notice Highest account day cap: 2^46 mg, 70 tonnes. 366 such days on top of a book that moved fit a field of a page.
    function MAX_DAY_CAP_MG() external view returns (uint256);

    /// @notice Most milligrams one account can be credited for one act day, over all methodologies and operators.
    function accountDayCapMg() external view returns (uint256);

    /// @notice Whether the entry with this index was credited.
    function isCredited(BatchId batch, uint256 index) external view returns (bool);

    /// @notice Milligrams of an entry that wait until the cap of its account's day leaves room; they can be credited while the batch is open.
    function restOf(BatchId batch, uint256 index) external view returns (uint256 restMg);

    /// @notice What certifying needs to know of a batch.
    /// Reverts if: the batch is not closed (`EvidenceLedger_WrongPhase`).
    function claimBasis(BatchId batch) external view returns (ClaimBasis memory);

    /// @notice Since when crediting has been possible: the end of the last pause (UTC seconds), 0 if there was none.
    /// Reverts if: paused.
    function runsSince() external view returns (uint256 time);

    /// @notice How far a batch is credited.
    function progressOf(BatchId batch) external view returns (Progress memory);

    /// @notice Reduction credited for an operator on a calendar day of the chain (day number).
    function issuedOn(address operator, uint256 day) external view returns (uint256 reductionMg);
}
