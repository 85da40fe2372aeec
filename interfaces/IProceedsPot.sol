// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The citizens' pot: proceeds of credits, shared with those whose reductions were sold
/// @notice A round is a reading of what the citizens' share of a series has come to. Each leaf of the claim's shares tree has a number: the
/// round up to which it is paid. It is due the difference of two rounded figures, floor(pot now * mg / total) less floor(pot then * mg / total),
/// so that it gets in all, however often it asks, what one payment would have brought. Leaves are packed as in `LeafLib`: account, true,
/// milligrams.
///
/// Money goes to the leaf's account, or where that account's book has moved to. An account in custody is paid like any other: the money is
/// then under its key. A signed order has the share sent somewhere else instead.
interface IProceedsPot {
    /// @param index Index of the leaf in the shares tree.
    /// @param entry The leaf, packed.
    /// @param proof Siblings from the leaf to the root.
    struct Share {
        uint256 index;
        uint256 entry;
        bytes32[] proof;
    }

    /// @notice What an account signs to have its share of a series sent elsewhere.
    /// @param series The series.
    /// @param index The leaf.
    /// @param paidRound The round up to which the leaf is paid: it makes the order good once.
    /// @param to Where the money goes.
    /// @param deadline Until when the order is good (UTC seconds).
    struct Payout {
        uint256 series;
        uint256 index;
        uint256 paidRound;
        address to;
        uint256 deadline;
    }

    /// @param rounds Rounds opened; round 0 is the empty pot.
    /// @param openedAt When the last was (UTC seconds).
    /// @param baseRound The round up to which what nobody had claimed was swept; 0 if never.
    /// @param sweepsAt From when on the announced sweep can be done (UTC seconds); 0 if none is.
    /// @param paidOut What left the pot, or was swept.
    struct Head {
        uint16 rounds;
        uint40 openedAt;
        uint16 baseRound;
        uint40 sweepsAt;
        uint128 paidOut;
    }

    /// @notice A round was opened; `pot` is what came in so far.
    event RoundOpened(uint256 indexed series, uint256 indexed round, uint256 pot);

    /// @notice `accounts` leaves from `firstIndex` on were paid up to `round`; the token's Transfer events say how much each.
    event SharesPaid(
        uint256 indexed series, uint256 indexed firstIndex, uint256 accounts, uint256 amount, uint256 round
    );

    /// @notice The token refused `account`; the amount waits for it here.
    event ShareOwed(address indexed account, uint256 amount);

    /// @notice What was owed to an account was paid.
    event OwedPaid(address indexed account, uint256 amount);

    /// @notice What is not claimed by `sweepsAt` (UTC seconds) goes to the public good.
    event SweepAnnounced(uint256 indexed series, uint256 sweepsAt);

    /// @notice What nobody claimed went to the public good.
    event Swept(uint256 indexed series, address indexed to, uint256 amount, uint256 round);

    /// @notice Sweeps go to another address.
    event PublicGoodSet(address former, address publicGood);

    /// @notice The number of entries is not a power of two.
    error ProceedsPot_BadChunk(uint256 entries);

    /// @notice The entries are not in the shares tree of the series at these indices.
    error ProceedsPot_BadProof(uint256 series, uint256 firstIndex);

    /// @notice Nothing is due to any of the leaves.
    error ProceedsPot_NothingDue(uint256 series, uint256 firstIndex);

    /// @notice Nothing waits for the account.
    error ProceedsPot_NothingOwed(address account);

    /// @notice More would be paid than came in: the leaves say more than their total.
    error ProceedsPot_Overdrawn(uint256 paid, uint256 pot);

    /// @notice Not before `until` (UTC seconds).
    error ProceedsPot_TooEarly(uint256 until);

    /// @notice The pot grew by less than it takes to open a round.
    error ProceedsPot_TooSmall(uint256 grown, uint256 least);

    /// @notice No sweep is announced.
    error ProceedsPot_NotAnnounced(uint256 series);

    /// @notice A sweep is announced.
    error ProceedsPot_Announced(uint256 series, uint256 sweepsAt);

    /// @notice The order is not for the round up to which the leaf is paid: it was used, or the leaf was paid.
    error ProceedsPot_WrongRound(uint256 paidRound, uint256 given);

    /// @notice The order is not for the leaf it comes with.
    error ProceedsPot_WrongLeaf(uint256 index, uint256 given);

    /// @notice The order is past its deadline.
    error ProceedsPot_Expired(uint256 deadline);

    /// @notice The signature is not `account`'s over the order.
    error ProceedsPot_BadSignature(address account);

    /// @notice The address is zero.
    error ProceedsPot_NoReceiver();

    /// @notice Least growth for a round while there is stock: 100 of the settlement token.
    function ROUND_GROWTH() external view returns (uint256);

    /// @notice Seconds between two rounds of a series.
    function ROUND_PAUSE() external view returns (uint256);

    /// @notice Seconds after the last round until a sweep can be announced.
    function CLAIM_PERIOD() external view returns (uint256);

    /// @notice Seconds between announcing a sweep and doing it.
    function SWEEP_NOTICE() external view returns (uint256);

    /// @notice Draws the citizens' share of a series and opens a round. Anyone may. Ends an announced sweep.
    /// Reverts if: the last round is less than a day ago; the pot did not grow by 100, or, if the stock is sold out, at all.
    function openRound(uint256 series) external;

    /// @notice Pays a chunk of leaves: a power of two, with the proof of their common node. Anyone may; leaves that are paid are passed over.
    /// Reverts if: no chunk; not in the tree; nothing is due to any; more than came in.
    function claim(uint256 series, uint256 firstIndex, uint256[] calldata entries, bytes32[] calldata proof) external;

    /// @notice Pays leaves here and there. Anyone may; leaves that are paid are passed over.
    function claimMany(uint256 series, Share[] calldata shares) external;

    /// @notice Pays one leaf to where its account, or the account that its book has moved to, has signed. Anyone may send it.
    /// Reverts if: as `claim`; the order is of another leaf or round, expired, or not signed by that account.
    function claimTo(Payout calldata payout, Share calldata share, bytes calldata signature) external;

    /// @notice Tries again to pay what a transfer failed to. Anyone may; it goes to where the account's book has moved to.
    function takeOwed(address account) external;

    /// @notice Announces that what is not claimed will be swept, three years after the last round. Anyone may.
    function announceSweep(uint256 series) external;

    /// @notice Sends what nobody claimed to the public good. Anyone may, 90 days after the announcement. Shares of later rounds count from here.
    function sweep(uint256 series) external;

    /// @notice Sets where sweeps go. Restricted to the authority, with a delay.
    function setPublicGood(address publicGood) external;

    /// @notice Where sweeps go.
    function publicGood() external view returns (address);

    /// @notice Rounds and payments of a series.
    function headOf(uint256 series) external view returns (Head memory);

    /// @notice What had come in when a round was opened.
    function potOf(uint256 series, uint256 round) external view returns (uint256);

    /// @notice The round up to which a leaf is paid.
    function paidRoundOf(uint256 series, uint256 index) external view returns (uint256);

    /// @notice What a leaf of `mg` is due now.
    function dueOf(uint256 series, uint256 index, uint256 mg) external view returns (uint256 amount);

    /// @notice What waits for an account after a failed transfer.
    function owedTo(address account) external view returns (uint256 amount);

    /// @notice The digest that an account signs for `payout`.
    function payoutDigest(Payout calldata payout) external view returns (bytes32);
}
