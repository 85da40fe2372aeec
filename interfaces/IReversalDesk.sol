// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../contracts/types/Ids.sol";
import {IOracleCommittee} from "./IOracleCommittee.sol";

/// @title Reversals: what happens to a series when fraud is found after issue
/// @notice Whoever shows that a batch of a series is revoked freezes the series at once. The committee signs how much of the series rested on
/// the batch, and the authority, with a delay, cancels as much: first what is not sold, then the series' own buffer, then the operator's other
/// buffers, the latest issued first, until they are empty. What is left is a shortfall, which every credit and certificate of the series
/// shows in proportion until the operator makes it good. No holder's balance is ever touched.
interface IReversalDesk {
    /// @notice What the committee signs.
    /// @param series The series.
    /// @param batch A revoked batch of it.
    /// @param mg Milligrams of the series that rest on the batch, in all: what was cancelled for it before is part of it.
    struct Reversal {
        uint256 series;
        BatchId batch;
        uint64 mg;
    }

    /// @notice A series was frozen: because of a revoked batch, or by the guardian (batch zero).
    event SeriesFrozen(uint256 indexed series, BatchId indexed batch, string reason);

    /// @notice A series was set free.
    event SeriesUnfrozen(uint256 indexed series);

    /// @notice `mg` that rested on a batch were taken back; `shortfallMg` of it are owed by the operator.
    event Reversed(
        uint256 indexed series,
        BatchId indexed batch,
        uint256 mg,
        uint256 fromStock,
        uint256 fromBuffer,
        uint256 fromOthers,
        uint256 shortfallMg
    );

    /// @notice `mg` of the buffer of `series` were cancelled for another series of its operator.
    event BufferUsed(uint256 indexed series, uint256 indexed forSeries, uint256 mg);

    /// @notice The shortfall of a series fell by `mg`; `by` gave up own credits of it, or had the operator's buffers taken (zero).
    event Restored(uint256 indexed series, address indexed by, uint256 mg);

    /// @notice The series is not issued.
    error ReversalDesk_NotIssued(uint256 series);

    /// @notice The batch is in no issued series.
    error ReversalDesk_NotOfSeries(BatchId batch, uint256 series);

    /// @notice The ledger does not say that the batch is revoked.
    error ReversalDesk_NotRevoked(BatchId batch, uint256 phase);

    /// @notice Whether the batch is reported is not as the call needs it.
    error ReversalDesk_SameReport(BatchId batch, bool reported);

    /// @notice The series is frozen already, or is not.
    error ReversalDesk_SameState(uint256 series, bool frozen);

    /// @notice So many reported batches are not yet reversed.
    error ReversalDesk_Pending(uint256 series, uint256 batches);

    /// @notice More than consenting citizens were credited by the batch.
    error ReversalDesk_AboveBound(uint256 mg, uint256 boundMg);

    /// @notice As much was reversed for the batch before.
    error ReversalDesk_Reversed(BatchId batch, uint256 mg);

    /// @notice More than there is of the series and of the operator's buffers.
    error ReversalDesk_AboveLeft(uint256 mg, uint256 leftMg);

    /// @notice The shortfall is smaller, or nothing is given.
    error ReversalDesk_AboveShortfall(uint256 mg, uint256 shortfallMg);

    /// @notice There is no shortfall, or no buffer to lower it with.
    error ReversalDesk_NothingToRestore(uint256 series, uint256 shortfallMg);

    /// @notice Freezes the series of a revoked batch, once for each batch. Anyone may.
    /// Reverts if: the batch is in no issued series; not revoked; reported before.
    function reportRevoked(BatchId batch) external;

    /// @notice Freezes a series at once. Restricted to the guardian.
    function freeze(uint256 series, string calldata reason) external;

    /// @notice Sets a series free. Restricted to the authority.
    /// Reverts if: not frozen; a reported batch is not yet reversed.
    function unfreeze(uint256 series) external;

    /// @notice Takes back what rested on a revoked batch, as a quorum of the committee signed it. Restricted to the authority, with a delay. A
    /// figure of zero settles a batch that brought nothing. One round for each of the operator's series.
    /// Warning: cannot be undone.
    /// Reverts if: the batch is not reported for this series; the series is not frozen; above the batch's bound; not above what was reversed for
    /// it before; no quorum; more than is left of everything.
    function cancel(Reversal calldata reversal, IOracleCommittee.Approval[] calldata approvals) external;

    /// @notice Lowers a shortfall with what is in the operator's other buffers now. Anyone may: buffers come before shortfalls.
    /// Reverts if: there is no shortfall, or nothing in the buffers.
    function restore(uint256 series) external;

    /// @notice Lowers a shortfall with `mg` of the caller's credits of the same series, which are cancelled.
    /// Warning: cannot be undone, and nobody pays for it: meant for the operator that owes them.
    /// Reverts if: above the shortfall, or zero; the caller has less.
    function surrender(uint256 series, uint256 mg) external;

    /// @notice The digest that committee members sign for `reversal` in the present epoch.
    function reversalDigest(Reversal calldata reversal) external view returns (bytes32);

    /// @notice Milligrams of a series that nothing stands behind, and reported batches that are not yet reversed.
    function shortfallOf(uint256 series) external view returns (uint256 shortfallMg, uint256 pending);

    /// @notice The shortfalls of all series of an operator.
    function owedBy(address operator) external view returns (uint256 shortfallMg);

    /// @notice Whether a batch was reported after issue, whether a figure was signed for it, and what was taken back for it.
    function reversalOf(BatchId batch) external view returns (bool reported, bool settled, uint256 mg);

    /// @notice Milligrams of a series that were ever sold and not surrendered: with holders, or retired.
    function outOf(uint256 series) external view returns (uint256 mg);

    /// @notice What stands behind `mg` of a series that are with a holder or retired: mg * (out - shortfall) / out, rounded down.
    function backedOf(uint256 series, uint256 mg) external view returns (uint256 backedMg);
}
