// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../contracts/types/Ids.sol";

/// @title Crediting: from an open batch into the citizens' book, each entry once
/// @notice Entries of the accounts tree are credited in chunks: a power of two of consecutive leaves with the proof of their common
/// node. A chunk of one with a full proof is a claim; both share one bitmap and can be mixed, repeated, and sent by anyone in any order.
interface IPointIssuer {
    /// @param quantity Quantity credited so far, in the methodology's unit, before caps.
    /// @param reductionMg Reduction credited so far, after caps.
    /// @param pointsMilli Points credited so far.
    /// @param accounts Entries credited so far.
    struct Progress {
        uint64 quantity;
        uint64 reductionMg;
        uint64 pointsMilli;
        uint32 accounts;
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

    /// @notice The authority took back the reduction of one entry of a revoked batch.
    event ReductionRevoked(BatchId indexed batch, uint256 indexed index, address indexed account, uint256 reductionMg);

    /// @notice The cap of one account for one act day, over all methodologies and operators, changed.
    event AccountDayCapSet(uint256 formerMg, uint256 capMg);

    /// @notice The number of entries is not a power of two.
    error PointIssuer_BadChunk(uint256 entries);

    /// @notice The entries are not in the batch's accounts tree at these indices.
    error PointIssuer_BadProof(BatchId batch, uint256 firstIndex);

    /// @notice All entries of the chunk are credited already, or it is all padding.
    error PointIssuer_NothingToCredit(BatchId batch, uint256 firstIndex);

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

    /// @notice The entry cannot have brought that much.
    error PointIssuer_AboveEntry(BatchId batch, uint256 index, uint256 reductionMg, uint256 mostMg);

    /// @notice Credits a chunk of an open batch: `entries[i]` is the leaf with index `firstIndex` + i, packed as in `LeafLib`
    /// (account | consented | quantity; zero is padding). Entries credited before are passed over. One round for each entry and each
    /// sibling, which the sender chooses: 256 entries fit a block of 12 million gas whatever they are.
    /// Reverts if: paused; the batch is not open; the methodology is suspended; the chunk is not a power of two; the proof is wrong;
    /// nothing is left to credit; more than attested; the operator's day limit or its reserve is short.
    function credit(BatchId batch, uint256 firstIndex, uint256[] calldata entries, bytes32[] calldata proof)
        external
        returns (uint256 reductionMg, uint256 pointsMilli);

    /// @notice Takes back reductions that a revoked batch brought, chunk by chunk; points stay. `reductionsMg[i]` is what entry i loses,
    /// at most what its quantity and the factor give, 0 to leave it; `ReductionCapped` events tell where less was credited. An account
    /// that moved loses it where its book is now. Restricted to the authority, with a delay.
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
    function setAccountDayCap(uint256 capMg) external;

    /// @notice Stops `credit`. Restricted to the guardian.
    function pause() external;

    /// @notice Ends a pause. Restricted to the authority.
    function unpause() external;

    /// @notice Highest account day cap: 2^46 mg, 70 tonnes. 366 such days on top of a book that moved fit a field of a page.
    function MAX_DAY_CAP_MG() external view returns (uint256);

    /// @notice Most milligrams one account can be credited for one act day, over all methodologies and operators.
    function accountDayCapMg() external view returns (uint256);

    /// @notice Whether the entry with this index was credited.
    function isCredited(BatchId batch, uint256 index) external view returns (bool);

    /// @notice How far a batch is credited.
    function progressOf(BatchId batch) external view returns (Progress memory);

    /// @notice Reduction credited for an operator on a calendar day of the chain (day number).
    function issuedOn(address operator, uint256 day) external view returns (uint256 reductionMg);
}
