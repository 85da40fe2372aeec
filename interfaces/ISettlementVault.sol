// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {BatchId} from "../contracts/types/Ids.sol";

/// @title The operators' reserve, and what merchants are paid from it
/// @notice Money is an ERC-20 settlement token, in base units. The authority fixes the price of a point once per page year; attesting a
/// batch locks the price of all points it can bring of the operator's free reserve, so that no citizen waits for an operator's money;
/// closing or revoking it unlocks what it did not bring. A merchant is paid exactly the price for each final point, whichever operator's
/// points they were. What a year's citizens never spent goes back, some time after expiry, to the operators that locked it, pro rata.
/// Always: token balance >= free reserves + (points with citizens + points that open batches can still bring) * price + what is due to
/// merchants + what is disputed + released shares.
interface ISettlementVault {
    /// @notice `operator`'s free reserve grew by `amount`, paid by `from`.
    event ReserveDeposited(address indexed operator, address indexed from, uint256 amount);

    /// @notice An operator took free reserve out.
    event ReserveWithdrawn(address indexed operator, address indexed to, uint256 amount);

    /// @notice The price of the points of a page year was fixed, in token base units per milli-point.
    event PriceSet(uint256 indexed year, uint256 unitsPerMilli);

    /// @notice `amount` of an operator's reserve now stands behind the `pointsMilli` points of `year` that a batch can bring.
    event ReserveLocked(
        BatchId indexed batch, address indexed operator, uint256 indexed year, uint256 pointsMilli, uint256 amount
    );

    /// @notice A batch brings nothing more: `amount`, locked for `pointsMilli` points that it did not bring, is free again.
    event ReserveUnlocked(
        BatchId indexed batch, address indexed operator, uint256 indexed year, uint256 pointsMilli, uint256 amount
    );

    /// @notice A merchant was paid for its final points of the days from `fromDay` through `throughDay`.
    event MerchantSettled(
        address indexed merchant,
        address indexed payout,
        uint256 fromDay,
        uint256 throughDay,
        uint256 pointsMilli,
        uint256 amount
    );

    /// @notice A payout in a batch failed for `reason` (encoded error); nothing of that merchant was changed.
    event PayoutFailed(address indexed merchant, uint256 fromDay, uint256 throughDay, bytes reason);

    /// @notice What was left of an expired year is free for its operators.
    event YearReleased(uint256 indexed year, uint256 pointsMilli, uint256 amount);

    /// @notice An operator's share of an expired year went to its free reserve.
    event ReserveReleased(address indexed operator, uint256 indexed year, uint256 amount);

    /// @notice Only the evidence ledger may do this.
    error SettlementVault_NotLedger(address caller);

    /// @notice The year's price is fixed already.
    error SettlementVault_PriceFixed(uint256 year, uint256 unitsPerMilli);

    /// @notice The year's price is not set, or zero was given.
    error SettlementVault_NoPrice(uint256 year);

    /// @notice The operator's free reserve is too small.
    error SettlementVault_ReserveShort(address operator, uint256 free, uint256 needed);

    /// @notice Nothing final is due to the merchant in these days.
    error SettlementVault_NothingDue(address merchant, uint256 fromDay, uint256 throughDay);

    /// @notice Who is not the merchant can settle it through `lastDay`: the newest final day is the merchant's own to settle.
    error SettlementVault_TooNew(address merchant, uint256 throughDay, uint256 lastDay);

    /// @notice The merchant is not suspended: anyone can settle it.
    error SettlementVault_NotSuspended(address merchant);

    /// @notice A year can be released from `day` (day number) on.
    error SettlementVault_NotYet(uint256 year, uint256 day);

    /// @notice Reserve is still locked for batches of the year, for `pointsMilli` points at most: they must be closed first.
    error SettlementVault_BatchesOpen(uint256 year, uint256 pointsMilli);

    /// @notice The operator has no share left in the year.
    error SettlementVault_NoShare(address operator, uint256 year);

    /// @notice `needed` gas must be left before payout `index` of a batch is tried: with less, a good one could fail for want of gas.
    error SettlementVault_GasShort(uint256 index, uint256 needed);

    /// @notice The transfer brought nothing.
    error SettlementVault_NothingReceived();

    /// @notice Days after a year's expiry until it is released: longer than any refund window.
    function RELEASE_DELAY_DAYS() external view returns (uint256);

    /// @notice Gas that one payout of a batch gets, beside `DAY_GAS` for each day: what a token burns is not the others'.
    function PAYOUT_GAS() external view returns (uint256);

    /// @notice Gas that one payout of a batch gets for each of its days.
    function DAY_GAS() external view returns (uint256);

    /// @notice The settlement token.
    function token() external view returns (IERC20);

    /// @notice Adds to `operator`'s free reserve what arrives of `amount` from the caller, who approved exactly that to the vault.
    /// Reverts if: the operator is not active; nothing arrives.
    function deposit(address operator, uint256 amount) external;

    /// @notice Pays `amount` of the caller's free reserve to `to`.
    /// Reverts if: the caller is not an active operator; the free reserve is smaller.
    function withdraw(uint256 amount, address to) external;

    /// @notice Fixes the price of a page year's points. Restricted to the authority.
    /// Warning: cannot be changed. A year without a price lets nothing be attested that earns points.
    /// Reverts if: zero; the year has a price.
    function setPrice(uint256 year, uint256 unitsPerMilli) external;

    /// @notice Locks reserve behind the points that a batch can bring at most. Only the ledger, when it stores the batch.
    /// Reverts if: the year has no price; the operator's free reserve is short.
    function lock(BatchId batch, address operator, uint256 year, uint256 pointsMilli) external;

    /// @notice Unlocks what a batch did not bring of what was locked for it: all but `broughtMilli`. Only the ledger, when the batch is
    /// closed or revoked. Does nothing if nothing is locked, or it was unlocked before.
    function unlock(BatchId batch, address operator, uint256 year, uint256 broughtMilli) external;

    /// @notice Pays a merchant for its final points of these days. Anyone may call; the money goes to the merchant's payout address. The
    /// newest final day is settled by the merchant itself only: so nobody can pay it out at midnight, and a merchant that wants to refund a
    /// final order finds unpaid points of that day to net it against.
    /// Reverts if: paused; the merchant is suspended; the caller is not the merchant and a day is after `lastDayForAnyone`; a day is not
    /// final; nothing is due.
    function settle(address merchant, uint256 fromDay, uint256 throughDay)
        external
        returns (uint256 pointsMilli, uint256 amount);

    /// @notice Pays a suspended merchant for its final points of these days, to its payout address, which it cannot change meanwhile.
    /// Restricted to the authority.
    /// Reverts if: another caller; paused; the merchant is not suspended; a day is after `lastDayForAnyone`; nothing is due.
    function settleSuspended(address merchant, uint256 fromDay, uint256 throughDay)
        external
        returns (uint256 pointsMilli, uint256 amount);

    /// @notice Settles several merchants, through `lastDayForAnyone` at most; one that fails is told by `PayoutFailed` and does not stop the others.
    /// Reverts if: paused; too little gas to give a payout `PAYOUT_GAS` and `DAY_GAS` for each day.
    function settleBatch(address[] calldata merchants, uint256 fromDay, uint256 throughDay) external;

    /// @notice Takes an expired year out of the books. Anyone may call, `RELEASE_DELAY_DAYS` after its expiry.
    /// Reverts if: paused; it is too early; a batch of the year is neither closed nor revoked (anyone can close it); the year is taken out.
    function releaseYear(uint256 year) external;

    /// @notice Moves `operator`'s share of a released year to its free reserve. Anyone may call.
    /// Reverts if: paused; the year is not released; nothing of it is left; the operator has no share, or has had it.
    function releaseTo(address operator, uint256 year) external;

    /// @notice Stops deposits, withdrawals and payouts. Restricted to the guardian.
    function pause() external;

    /// @notice Ends a pause. Restricted to the authority.
    function unpause() external;

    /// @notice Last day (number) that anyone can settle now: the one before `IRedemptionDesk.lastFinalDay`.
    function lastDayForAnyone() external view returns (uint256);

    /// @notice Price of a year's points, token base units per milli-point; 0 if not set.
    function priceOf(uint256 year) external view returns (uint256 unitsPerMilli);

    /// @notice An operator's reserve that stands behind no points, in token base units.
    function freeOf(address operator) external view returns (uint256 amount);

    /// @notice Points of `year` that `operator` has reserve locked for and whose release it has not yet got, in thousandths: those that its
    /// batches brought, and those that its open batches can bring at most.
    function lockedOf(address operator, uint256 year) external view returns (uint256 pointsMilli);

    /// @notice Most points that a batch can bring, in thousandths, while reserve is locked for them; 0 once it is closed or revoked.
    function lockedFor(BatchId batch) external view returns (uint256 pointsMilli);
}
