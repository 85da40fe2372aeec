// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

/// @title Carbon points (碳积分): the account book of the citizens
/// @notice Per account and act year one page: points left, reduction, and what the day cap needs. Points are spent, not traded: citizen
/// to merchant, merchant back to citizen (refund), merchant to nobody (settlement). They live for the year of the act and the nine that
/// follow; the oldest page is spent first. Reductions never expire and are not spent.
///
/// The ERC-20 surface is for reading: balances, supply and Transfer events are true; `transfer` of more than nothing, `approve` and
/// `transferFrom` revert. When a year expires, at the first second of the year that makes it ten years old, its points leave every balance
/// and the supply at once and without a transaction: sums of Transfer events are above balances from then on, by what `YearExpired` tells as
/// soon as anyone calls `expireYear`.
///
/// What an account's reduction is can be rebuilt: a credit of points comes with its Transfer, and its milligrams are those of its entry,
/// or of its `ReductionCapped`; a credit without points is told by `ReductionCredited`; `CreditFollowed`, `AccountMoved` and
/// `ReductionLowered` tell the rest.
///
/// Three contracts may write, each for one thing, fixed at construction: the issuer credits, the desk moves points between citizen and
/// merchant, the vault takes an expired year out of the books. No role can.
///
/// Signatures are EIP-712, with the domain that `eip712Domain` returns: name "Carbonbook CarbonPoint", version "1", the chain's id, this
/// contract, and the hash of the chain's genesis block as salt. A key's own signature counts, and that of a contract by ERC-1271.
interface ICarbonPoint is IERC20, IERC20Metadata, IERC165 {
    /// @param pointsMilli Points left, in thousandths.
    /// @param reductionMg Reduction credited for acts of the year, milligrams CO2e.
    /// @param day Latest act day credited (day number), or the day after the last that a move closed; 0 if neither.
    /// @param todayMg Reduction credited for `day`.
    /// @param peakMg No earlier day without a figure of its own (`notedOf`) was credited more on time.
    struct PageView {
        uint256 pointsMilli;
        uint256 reductionMg;
        uint256 day;
        uint256 todayMg;
        uint256 peakMg;
    }

    /// @notice One act day's terms for a row of credits.
    /// @param day Act day (day number); its civil year is the page.
    /// @param accountCapMg Most milligrams one account can be credited for one act day, over all methodologies and operators.
    /// @param earnsPoints Whether reductions bring points.
    struct CreditTerms {
        uint256 day;
        uint256 accountCapMg;
        bool earnsPoints;
    }

    /// @notice An entry that the account day cap cut.
    /// @param position Its place in the row, from 0.
    /// @param creditedMg What it was credited instead, milligrams CO2e.
    struct Cut {
        uint256 position;
        uint256 creditedMg;
    }

    /// @notice What an order took from one year's page.
    struct Part {
        uint256 year;
        uint256 pointsMilli;
    }

    /// @notice The account day cap, or a move that closed the day, cut a credit from `askedMg` to `creditedMg`.
    event ReductionCapped(address indexed account, uint256 indexed day, uint256 askedMg, uint256 creditedMg);

    /// @notice A credit that brought the account no points, of which no Transfer tells.
    event ReductionCredited(address indexed account, uint256 indexed day, uint256 reductionMg);

    /// @notice A credit for `account` went to `holder`, who has its book now. Its points, if any, are a Transfer to `holder`.
    event CreditFollowed(
        address indexed account, address indexed holder, uint256 indexed day, uint256 reductionMg, uint256 pointsMilli
    );

    /// @notice The authority lowered the reduction of a page, with proof that it rested on a revoked batch.
    event ReductionLowered(address indexed account, uint256 indexed year, uint256 reductionMg);

    /// @notice The points of `year` expired at New Year: `pointsMilli` left the balances of citizens and the supply. Once for each year
    /// with points.
    event YearExpired(uint256 indexed year, uint256 pointsMilli);

    /// @notice Points came back to a page of `holder` that had expired: they left the supply with the Transfer to nobody of the same
    /// transaction, and their reserve goes to the operators that locked it.
    event RefundExpired(address indexed holder, uint256 indexed year, uint256 pointsMilli);

    /// @notice The book of `from` moves to `to`, once anyone completes it at `readyAt` (UTC seconds) or later, unless either cancels.
    event MoveAnnounced(address indexed from, address indexed to, uint256 nonce, uint256 readyAt);

    /// @notice One of the two cancelled the move.
    event MoveCancelled(address indexed from, address indexed to, uint256 nonce);

    /// @notice The book of `from` is the book of `to` now. Credits for act days through `day` follow it; those of later days stay with
    /// `from`, and days through `day` are closed to `to`.
    event AccountMoved(address indexed from, address indexed to, uint256 day);

    /// @notice Points cannot be transferred or approved.
    error CarbonPoint_SpendOnly();

    /// @notice The caller, or the account spoken for, is not the one that may do this.
    error CarbonPoint_NotAllowed(address caller);

    /// @notice The page's year is over ten years ago or still to come.
    error CarbonPoint_YearNotLive(uint256 year, uint256 currentYear);

    /// @notice The year's points can still be spent.
    error CarbonPoint_YearLive(uint256 year, uint256 currentYear);

    /// @notice The account has fewer spendable points than the order asks.
    error CarbonPoint_TooFewPoints(address account, uint256 pointsMilli, uint256 neededMilli);

    /// @notice The merchant holds fewer points than are to be refunded or burned.
    error CarbonPoint_TooFewHeld(address merchant, uint256 pointsMilli, uint256 neededMilli);

    /// @notice More reduction would be taken than the page that has the account's reduction of that year holds.
    error CarbonPoint_TooLittleReduction(address account, uint256 year, uint256 reductionMg, uint256 neededMg);

    /// @notice The year was taken out of the books: a refund into it is no longer possible.
    error CarbonPoint_YearTakenOut(uint256 year);

    /// @notice The signature of a move or of its cancelling is missing or for something else.
    error CarbonPoint_BadSignature(address signer);

    /// @notice The signatures of a move were good until `deadline`.
    error CarbonPoint_MoveExpired(uint256 deadline);

    /// @notice A move of the book of `from` is announced already.
    error CarbonPoint_MovePending(address from, address to);

    /// @notice No move of the book of `from` is announced.
    error CarbonPoint_NoMove(address from);

    /// @notice The move can be completed at `readyAt`, not before.
    error CarbonPoint_MoveWaits(address from, uint256 readyAt);

    /// @notice The account that should take over a book has one already.
    error CarbonPoint_BookNotEmpty(address account, uint256 year);

    /// @notice The two accounts are the same, `from` moved before, `to` has moved on itself or took over another's book.
    error CarbonPoint_CannotMove(address from, address to);

    /// @notice The book of `from` has moved as often as a book can.
    error CarbonPoint_TooManyMoves(address from, uint256 most);

    /// @notice Credits a row of entries (account << 96 | milligrams) for one act day. Only the issuer.
    /// Entries above the account day cap are cut to it; what is cut can be credited later, should the cap rise. An entry that brings
    /// nothing, because it asks nothing or the day is full, leaves no page.
    /// An act day before the account's latest is checked against exactly what it was credited, if that was more than an eighth of the cap,
    /// and otherwise against `peakMg`, which is no more than an eighth, plus what came late for it: no order of batches passes the cap,
    /// and none costs an account more than an eighth of the cap for one day.
    /// Of an account that moved, act days through the move's are credited to the holder of its book, under the account's own day cap.
    /// Of an account that took a book over, act days through the move's are closed: their entries are cut to nothing.
    /// One round for each entry, 40,000 gas at most; if it follows a book, 45,000 and 2,300 for each move that the book made.
    /// Reverts if: the caller is not the issuer; the day's year is not live.
    /// @return reductionMg Sum credited, after caps.
    /// @return pointsMilli Sum of points, each rounded down.
    /// @return cuts The entries that were cut, in order of position.
    function credit(CreditTerms calldata terms, uint256[] calldata entries)
        external
        returns (uint256 reductionMg, uint256 pointsMilli, Cut[] memory cuts);

    /// @notice Lowers the reduction that the account was credited for act day `day`, on the page where it is now: that of the holder of the
    /// book, if the day went along with a move, else the account's own. Only the issuer, for the authority. Points are not touched.
    /// Reverts if: the caller is not the issuer; the page holds less.
    function lowerReduction(address account, uint256 day, uint256 reductionMg) external;

    /// @notice Moves points from a citizen to a merchant, oldest page first. Only the desk. Ten rounds at most, one for each live year.
    /// Reverts if: the caller is not the desk; the citizen has too few live points.
    function spend(address citizen, address merchant, uint256 pointsMilli) external returns (Part[] memory parts);

    /// @notice Moves points of an order back to the pages they came from, of whoever holds the citizen's book now. Points of a page that
    /// has expired meanwhile leave the supply, told by `RefundExpired` and a Transfer to nobody. Only the desk. One round for each part.
    /// Reverts if: the caller is not the desk; a part's year was taken out; the merchant holds less.
    function refund(address merchant, address citizen, Part[] calldata parts) external;

    /// @notice Burns points that a merchant is paid for. Only the desk.
    /// Reverts if: the caller is not the desk; the merchant holds less.
    function burnHeld(address merchant, uint256 pointsMilli) external;

    /// @notice Takes the expired points of `year` out of the books. Only the vault.
    /// Reverts if: the caller is not the vault; the year is live or still to come; it was taken out before.
    function takeOutYear(uint256 year) external returns (uint256 pointsMilli);

    /// @notice Tells that a year's points expired, if nobody did. Anyone.
    /// Reverts if: the year is live or still to come; it was taken out.
    function expireYear(uint256 year) external;

    /// @notice Announces that the whole book of `from` goes to the empty account `to`, e.g. from custody to the citizen's own key. Both
    /// sign EIP-712 `Move(address from,address to,uint256 nonce,uint256 deadline)`, with the nonce of `moveOf(from)`; anyone sends it.
    /// For `MOVE_DELAY` either can cancel; then anyone completes it.
    /// Reverts if: a move of `from` is announced already; expired; a signature is bad; the two are the same; `from` moved before; `to`
    /// moved on, took over another's book, or has a page of its own; the book moved as often as it can.
    function announceMove(
        address from,
        address to,
        uint256 deadline,
        bytes calldata fromSignature,
        bytes calldata toSignature
    ) external;

    /// @notice Cancels the announced move of the book of `from`, for `by`, which is one of the two. `by` sends it itself, or anyone with its
    /// EIP-712 signature over `CancelMove(address from,address to,uint256 nonce)`, the nonce being that of `MoveAnnounced`.
    /// Reverts if: no move is announced; `by` is neither; it neither sent nor signed.
    function cancelMove(address from, address by, bytes calldata signature) external;

    /// @notice Completes an announced move. Points and reductions of all pages go to `to`. Act days through today, on the easternmost clock
    /// and within the year, are then closed to `to`; what is still credited to `from` for them goes to whoever holds the book, and what is
    /// credited to `from` for later days stays with `from` for good. So a book never has more than one day cap of one act day.
    /// An account takes over one book at most, and a book moves `MAX_MOVES` times at most: a move is for a citizen's next key, not a way to
    /// pool points of several people. Anyone. One round for each year since `firstYear`.
    /// Reverts if: no move is announced; `MOVE_DELAY` is not over; `to` or the book can no longer be moved to, as at `announceMove`.
    function completeMove(address from) external;

    /// @notice How often a book can move on: a bound on the walk along its chain.
    function MAX_MOVES() external view returns (uint256);

    /// @notice How long an announced move waits, in seconds: two days.
    function MOVE_DELAY() external view returns (uint256);

    /// @notice What both sign for the next move of the book of `from`, with its present nonce.
    function moveDigest(address from, address to, uint256 deadline) external view returns (bytes32);

    /// @notice What either signs to cancel the announced move of the book of `from`.
    /// Reverts if: no move is announced.
    function cancelDigest(address from) external view returns (bytes32);

    /// @notice The announced move of the book of `from`.
    /// @return to Where it goes; zero if no move is announced.
    /// @return readyAt From when on it can be completed, UTC seconds; 0 if none is announced.
    /// @return nonce How many moves of `from` were announced before the next one to sign.
    function moveOf(address from) external view returns (address to, uint256 readyAt, uint256 nonce);

    /// @notice Where the book of `from` went, or zero.
    function movedTo(address from) external view returns (address to);

    /// @notice First account of the chain of moves that `account` is in: itself, if it took over no book. Of all accounts of a chain it is
    /// the same: what is once for each person counts by it.
    function originOf(address account) external view returns (address origin);

    /// @notice Last account of the chain of moves that `account` is in, which has the book: itself, if it did not move.
    /// One round for each move.
    function holderOf(address account) external view returns (address holder);

    /// @notice Act days that moves closed.
    /// @return takenThrough Last act day closed to the account, because it took over a book; 0 if it did not.
    /// @return movedThrough Last act day whose credits follow the account's book; 0 if it did not move.
    function closedDaysOf(address account) external view returns (uint256 takenThrough, uint256 movedThrough);

    /// @notice An account's page of one year.
    function pageOf(address account, uint256 year) external view returns (PageView memory);

    /// @notice Reduction of an account over all years, milligrams CO2e: the personal ledger. One round for each year since `firstYear`.
    function reductionOf(address account) external view returns (uint256 reductionMg);

    /// @notice What is noted of one act day of an account beside its page.
    /// @return mg If `exact`, all that was credited for the day; else what came late for it, milligrams CO2e.
    /// @return exact Whether what came on time is in `mg`.
    function notedOf(address account, uint256 day) external view returns (uint256 mg, bool exact);

    /// @notice Points a merchant holds until settlement, in thousandths.
    function heldOf(address merchant) external view returns (uint256 pointsMilli);

    /// @notice Points of a year with citizens, in thousandths, expired or not, until the year is taken out.
    function outstandingOf(uint256 year) external view returns (uint256 pointsMilli);

    /// @notice First year with a page; 0 before the first credit.
    function firstYear() external view returns (uint256);

    /// @notice Civil year of the chain's clock (UTC).
    function currentYear() external view returns (uint256);

    /// @notice Name, symbol and description of the points, for wallets (ERC-7572): a data URI with JSON.
    function contractURI() external view returns (string memory);
}
