// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";

/// @title Carbon points (碳积分): the account book of the citizens
/// @notice Per account and act year one page: points left, reduction, and what the day cap needs. Points are spent, not traded: citizen
/// to merchant, merchant back to citizen (refund), merchant to nobody (settlement). They live for the year of the act and the nine that
/// follow; the oldest page is spent first. Reductions never expire and are not spent.
///
/// The ERC-20 surface is for reading: balances, supply and Transfer events are true; `transfer`, `approve` and `transferFrom` revert. When a
/// year expires, its points leave every balance and the supply at once, told by one `YearExpired` event instead of a Transfer per account.
///
/// Three contracts may write, each for one thing, fixed at construction: the issuer credits, the desk moves points between citizen and
/// merchant, the vault takes an expired year out of the books. No role can.
interface ICarbonPoint is IERC20, IERC20Metadata {
    /// @param pointsMilli Points left, in thousandths.
    /// @param reductionMg Reduction credited for acts of the year, milligrams CO2e.
    /// @param day Latest act day credited (day number); 0 if none.
    /// @param todayMg Reduction credited for `day`.
    /// @param peakMg Most reduction that was credited on time for any one earlier day.
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

    /// @notice The account day cap cut a credit from `askedMg` to `creditedMg`.
    event ReductionCapped(address indexed account, uint256 indexed day, uint256 askedMg, uint256 creditedMg);

    /// @notice The authority lowered the reduction of a page, with proof that it rested on a revoked batch.
    event ReductionLowered(address indexed account, uint256 indexed year, uint256 reductionMg);

    /// @notice The points of `year` expired: `pointsMilli` were left with citizens.
    event YearExpired(uint256 indexed year, uint256 pointsMilli);

    /// @notice A citizen took the book of `from` along to `to`.
    event AccountMoved(address indexed from, address indexed to);

    /// @notice Points cannot be transferred or approved.
    error CarbonPoint_SpendOnly();

    /// @notice The caller is not the contract that may do this.
    error CarbonPoint_NotAllowed(address caller);

    /// @notice The page's year is over ten years ago or still to come.
    error CarbonPoint_YearNotLive(uint256 year, uint256 currentYear);

    /// @notice The year's points can still be spent.
    error CarbonPoint_YearLive(uint256 year, uint256 currentYear);

    /// @notice The account has fewer spendable points than the order asks.
    error CarbonPoint_TooFewPoints(address account, uint256 pointsMilli, uint256 neededMilli);

    /// @notice More reduction would be taken than the account's page and those it moved to hold.
    error CarbonPoint_TooLittleReduction(address account, uint256 year, uint256 reductionMg, uint256 neededMg);

    /// @notice The year was taken out of the books: a refund into it is no longer possible.
    error CarbonPoint_YearTakenOut(uint256 year);

    /// @notice The signature of a move is missing or for something else.
    error CarbonPoint_BadSignature(address signer);

    /// @notice The signatures of a move were good until `deadline`.
    error CarbonPoint_MoveExpired(uint256 deadline);

    /// @notice The account that should take over a book has one already.
    error CarbonPoint_BookNotEmpty(address account, uint256 year);

    /// @notice The two accounts are the same, `from` moved to another before, `to` has moved on itself or took over another's book.
    error CarbonPoint_CannotMove(address from, address to);

    /// @notice The book of `from` has moved as often as a book can.
    error CarbonPoint_TooManyMoves(address from, uint256 most);

    /// @notice Credits a row of entries (account << 96 | milligrams) for one act day. Only the issuer.
    /// Entries above the account day cap are cut to it. A day before the account's latest is checked against `peakMg` plus what came late for it,
    /// which is never less than what that day was credited: no order of batches passes the cap.
    /// One round for each entry, 35,000 gas at most: new, or late with a new slot for its day.
    /// Reverts if: the day's year is not live.
    /// @return reductionMg Sum credited, after caps.
    /// @return pointsMilli Sum of points, each rounded down.
    /// @return cuts The entries that the account day cap cut, in order of position.
    function credit(CreditTerms calldata terms, uint256[] calldata entries)
        external
        returns (uint256 reductionMg, uint256 pointsMilli, Cut[] memory cuts);

    /// @notice Lowers the reduction of a page. If the book moved, what `account` lacks is taken from the account it moved to, and so on:
    /// what was credited after a move is still with `account`, the rest went along. `day` is an act day of the page's year. Only the
    /// issuer, for the authority.
    /// Points are not touched.
    /// Reverts if: all of them together hold less.
    function lowerReduction(address account, uint256 day, uint256 reductionMg) external;

    /// @notice Moves points from a citizen to a merchant, oldest page first. Only the desk. Ten rounds at most, one for each live year.
    /// Reverts if: the citizen has too few live points.
    function spend(address citizen, address merchant, uint256 pointsMilli) external returns (Part[] memory parts);

    /// @notice Moves points of an order back to the pages they came from. Only the desk.
    function refund(address merchant, address citizen, Part[] calldata parts) external;

    /// @notice Burns points that a merchant is paid for. Only the desk.
    function burnHeld(address merchant, uint256 pointsMilli) external;

    /// @notice Takes the expired points of `year` out of the books. Only the vault.
    function takeOutYear(uint256 year) external returns (uint256 pointsMilli);

    /// @notice Takes the whole book of `from` to the empty account `to`, e.g. from custody to the citizen's own key. Both sign
    /// EIP-712 `Move(address from,address to,uint256 deadline)`; anyone sends it. Days before the move are closed for late credits to
    /// `to`; credits already attested for `from` still reach `from`, and the same two can move them along later.
    /// An account takes over one book at most, and a book moves `MAX_MOVES` times at most: a move is for a citizen's next key, not a way to
    /// pool points of several people. One round for each year since `firstYear`.
    /// Reverts if: expired; a signature is bad; the two are the same; `from` moved elsewhere before; `to` moved on, took over another's
    /// book, or has a page of its own; the book moved as often as it can.
    function move(address from, address to, uint256 deadline, bytes calldata fromSignature, bytes calldata toSignature)
        external;

    /// @notice How often a book can move on: a bound on the walk of `lowerReduction`.
    function MAX_MOVES() external view returns (uint256);

    /// @notice An account's page of one year.
    function pageOf(address account, uint256 year) external view returns (PageView memory);

    /// @notice Reduction of an account over all years, milligrams CO2e: the personal ledger. One round for each year since `firstYear`.
    function reductionOf(address account) external view returns (uint256 reductionMg);

    /// @notice Late reduction credited to an account for one act day, milligrams CO2e.
    function lateMgOf(address account, uint256 day) external view returns (uint256);

    /// @notice Points a merchant holds until settlement, in thousandths.
    function heldOf(address merchant) external view returns (uint256 pointsMilli);

    /// @notice Points of a year with citizens, in thousandths, expired or not, until the year is taken out.
    function outstandingOf(uint256 year) external view returns (uint256 pointsMilli);

    /// @notice Where the book of `from` went, or zero.
    function movedTo(address from) external view returns (address to);

    /// @notice First year with a page; 0 before the first credit.
    function firstYear() external view returns (uint256);

    /// @notice Civil year of the chain's clock (UTC).
    function currentYear() external view returns (uint256);
}
