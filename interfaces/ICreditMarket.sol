// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRetirementRegistry} from "./IRetirementRegistry.sol";

/// @title The market: credits are sold at posted prices, and proceeds are split by a public ratio
/// @notice Every series begins here: a part of it is a buffer, the rest stock, which the operator offers by primary asks. A primary ask holds
/// nothing: all of them sell from one stock, so that what a reversal takes is gone from all of them at once. Holders resell by asks whose
/// credits the market keeps. There are no bids; price, expiry and owner of an ask never change.
///
/// A price is settlement-token units per tonne; a purchase costs mg * price / 10^9, rounded up, for each ask. Of a series' proceeds the fee comes
/// first, then the citizens' share, the operator has the rest; all three follow from one cumulative figure, so that nothing is lost in rounding.
/// Of a resale only the fee is kept.
interface ICreditMarket {
    /// @notice Under which terms a series is sold. 100 % are 10,000.
    /// @param citizensBps Citizens' part of the proceeds after the fee.
    /// @param feeBps The fee.
    /// @param bufferBps Part of the series that is not for sale.
    /// @param floorPrice Lowest price of a primary ask.
    struct SeriesTerms {
        uint16 citizensBps;
        uint16 feeBps;
        uint16 bufferBps;
        uint48 floorPrice;
    }

    /// @param availableMg Milligrams for sale.
    /// @param bufferMg Milligrams held against reversals.
    /// @param gross Primary proceeds so far; it never falls.
    /// @param termsId Number of its terms.
    /// @param quietSince When it was issued, or last reversed (UTC seconds).
    struct Stock {
        uint56 availableMg;
        uint56 bufferMg;
        uint80 gross;
        uint16 termsId;
        uint40 quietSince;
    }

    /// @param onlyBuyer The only buyer that may take it; zero for anybody.
    /// @param leftMg Milligrams it has left; of a primary ask no more can be bought than the stock has.
    /// @param resale Whether its credits are kept here for it.
    /// @param series The series.
    /// @param seller The operator, or who resells.
    /// @param price Units per tonne.
    /// @param opensHour When it opens: hours since 1970.
    /// @param expiryDay Its last day: days since 1970, UTC.
    struct Ask {
        address onlyBuyer;
        uint56 leftMg;
        bool resale;
        uint32 series;
        address seller;
        uint48 price;
        uint24 opensHour;
        uint24 expiryDay;
    }

    /// @param ask The ask.
    /// @param mg Milligrams wanted of it: all or none.
    /// @param maxPrice Highest price the buyer takes.
    struct Fill {
        uint256 ask;
        uint256 mg;
        uint256 maxPrice;
    }

    /// @notice The buyer's ERC-2612 permit for exactly the cost; a deadline of zero for none.
    struct Permit {
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    /// @notice Cumulative parts of a series' gross proceeds.
    struct Split {
        uint80 fee;
        uint80 operator;
        uint80 citizens;
    }

    /// @notice Whom a part is for.
    enum Kind {
        Fee,
        Operator,
        Citizens,
        Owed
    }

    /// @notice Series that are issued from now on have the terms `termsId`.
    event TermsSet(uint256 indexed termsId, SeriesTerms terms);

    /// @notice Fees go to another address.
    event FeeReceiverSet(address former, address receiver);

    /// @notice A series came in.
    event SeriesStocked(uint256 indexed series, uint256 availableMg, uint256 bufferMg, uint256 termsId);

    /// @notice An ask was made.
    event Listed(uint256 indexed ask, uint256 indexed series, address indexed seller, Ask terms);

    /// @notice An ask was ended; `leftMg` were not sold.
    event AskCancelled(uint256 indexed ask, uint256 leftMg);

    /// @notice A buyer took `mg` of an ask.
    event Filled(uint256 indexed ask, uint256 indexed series, address indexed buyer, uint256 mg, uint256 cost);

    /// @notice Of a fill of a resale ask, the seller is owed `proceeds` and the fee's receiver `fee`.
    event Resold(uint256 indexed ask, address indexed seller, uint256 proceeds, uint256 fee);

    /// @notice Money was paid out. `series` is zero for what was owed.
    event Drawn(uint256 indexed series, address indexed to, Kind kind, uint256 amount);

    /// @notice The buffer of a series went into its stock.
    event BufferReleased(uint256 indexed series, uint256 mg);

    /// @notice This caller has no part in this.
    error CreditMarket_Denied(address caller);

    /// @notice A part is above the whole.
    error CreditMarket_BadTerms(uint256 citizensBps, uint256 feeBps, uint256 bufferBps);

    /// @notice The address is zero.
    error CreditMarket_NoReceiver();

    /// @notice The series is not issued.
    error CreditMarket_NotIssued(uint256 series);

    /// @notice The series is frozen.
    error CreditMarket_Frozen(uint256 series);

    /// @notice Nothing is asked for, or more than fits.
    error CreditMarket_BadAmount(uint256 mg);

    /// @notice The price is zero, or does not fit.
    error CreditMarket_BadPrice(uint256 price);

    /// @notice The price lies under the series' floor.
    error CreditMarket_BelowFloor(uint256 price, uint256 floor);

    /// @notice The ask would end before it opens, or lies too far ahead.
    error CreditMarket_BadExpiry(uint256 expiryDay);

    /// @notice The ask costs more than the buyer takes.
    error CreditMarket_Price(uint256 ask, uint256 price, uint256 limit);

    /// @notice The ask has fewer left.
    error CreditMarket_Left(uint256 ask, uint256 leftMg, uint256 wantedMg);

    /// @notice The stock has fewer left.
    error CreditMarket_Stock(uint256 series, uint256 availableMg, uint256 wantedMg);

    /// @notice The ask is unknown, expired or ended.
    error CreditMarket_Closed(uint256 ask);

    /// @notice The ask opens at `opensAt` (UTC seconds).
    error CreditMarket_NotYet(uint256 ask, uint256 opensAt);

    /// @notice The ask is for somebody else.
    error CreditMarket_NotForYou(uint256 ask);

    /// @notice Nobody buys from itself.
    error CreditMarket_OwnAsk(uint256 ask);

    /// @notice Only the seller may do this.
    error CreditMarket_NotSeller(uint256 ask, address caller);

    /// @notice All together costs more than the buyer takes.
    error CreditMarket_Cost(uint256 cost, uint256 limit);

    /// @notice Less arrived than was asked for: the token keeps fees.
    error CreditMarket_Underpaid(uint256 received, uint256 cost);

    /// @notice The buyer allowed more than it paid: nothing may be left open.
    error CreditMarket_Leftover(uint256 allowance);

    /// @notice There is nothing to draw.
    error CreditMarket_NothingDue(uint256 series);

    /// @notice The buffer can be released at `until` (UTC seconds).
    error CreditMarket_TooEarly(uint256 until);

    /// @notice The operator owes milligrams of another series, for which its buffers are.
    error CreditMarket_OperatorShort(address operator, uint256 shortfallMg);

    /// @notice Seconds without a reversal after which a buffer can be released.
    function BUFFER_PERIOD() external view returns (uint256);

    /// @notice Seconds, at least, between making a primary ask and its opening, which is at a full hour.
    function NOTICE() external view returns (uint256);

    /// @notice Sets the terms of series that are issued from now on. Restricted to the authority, with a delay.
    /// Reverts if: a part is above the whole.
    function setTerms(SeriesTerms calldata terms) external;

    /// @notice Sets where fees go. Restricted to the authority, with a delay.
    function setFeeReceiver(address receiver) external;

    /// @notice Takes a new series in. Called by the certifier.
    function open(uint256 series, uint256 mg) external returns (uint256 bufferMg, uint256 termsId);

    /// @notice Takes up to `mg` out of a series, stock before buffer. Called by the reversals, which cancel the credits.
    function takeBack(uint256 series, uint256 mg) external returns (uint256 fromStock, uint256 fromBuffer);

    /// @notice Takes up to `mg` out of the buffer of a series. Called by the reversals, which cancel the credits.
    function takeBuffer(uint256 series, uint256 mg) external returns (uint256 taken);

    /// @notice Offers up to `mg` of a series from its stock. The caller is its operator. Opens at the first full hour after a day's notice.
    /// Reverts if: the series is not issued or frozen; the caller is not its operator, or not active; below the floor; it would end before
    /// it opens.
    function list(uint256 series, uint256 mg, uint256 price, uint256 expiryDay, address onlyBuyer)
        external
        returns (uint256 ask);

    /// @notice Offers the caller's own credits, which the market keeps meanwhile. Opens at once.
    /// Reverts if: the series is not issued or frozen; the caller has fewer; the day is past.
    function resell(uint256 series, uint256 mg, uint256 price, uint256 expiryDay) external returns (uint256 ask);

    /// @notice Ends an ask and gives back what the market keeps for it. The caller is its seller. Expired asks are ended like this, too.
    /// Reverts if: not the seller; nothing is left; a series whose credits would go back is frozen.
    function cancelAsk(uint256 ask) external;

    /// @notice Buys of one or more asks, all or none, and pays once. The market's allowance must be the cost, by `permit` or before.
    /// Reverts if: an ask is unknown, ended, not open, not for the caller or its own, dearer than the limit, or has too little; the cost is above
    /// the limit; the payment fails; an allowance is left; a series is frozen.
    /// @return cost What was paid.
    function buy(Fill[] calldata fills, uint256 maxCost, Permit calldata permit) external returns (uint256 cost);

    /// @notice Buys of one ask and retires it at once; see `IRetirementRegistry.retire`.
    /// @return cost What was paid.
    /// @return certificate Its number.
    function buyAndRetire(
        Fill calldata fill,
        uint256 maxCost,
        Permit calldata permit,
        IRetirementRegistry.Terms calldata terms
    ) external returns (uint256 cost, uint256 certificate);

    /// @notice Pays the operator what it is due of a series. Anyone may call.
    function drawOperator(uint256 series) external returns (uint256 amount);

    /// @notice Pays the fee's receiver what it is due of a series. Anyone may call.
    function drawFee(uint256 series) external returns (uint256 amount);

    /// @notice Pays the citizens' pot what it is due of a series; nothing if nothing is due. Called by the pot.
    function drawCitizens(uint256 series) external returns (uint256 amount);

    /// @notice Pays the caller what it is owed of resales.
    function drawOwed() external returns (uint256 amount);

    /// @notice Puts the buffer of a series into its stock, two years after its last reversal. Anyone may call.
    /// Reverts if: too early; frozen; nothing in it; the operator has a shortfall.
    function releaseBuffer(uint256 series) external;

    /// @notice Stock of a series; all zero if it is not issued.
    function stockOf(uint256 series) external view returns (Stock memory);

    /// @notice An ask; all zero if there is none.
    function askOf(uint256 ask) external view returns (Ask memory);

    /// @notice Asks made so far; they are numbered from 0 on.
    function askCount() external view returns (uint256);

    /// @notice What `mg` of an ask cost.
    function costOf(uint256 ask, uint256 mg) external view returns (uint256 cost);

    /// @notice Terms by number; the last are those of the next series.
    function termsOf(uint256 termsId) external view returns (SeriesTerms memory);

    /// @notice Number of the terms of the next series.
    function presentTermsId() external view returns (uint256);

    /// @notice The parts of a series' proceeds so far, and what of them was paid.
    function proceedsOf(uint256 series) external view returns (Split memory due, Split memory paid);

    /// @notice What an account is owed of resales.
    function owedTo(address account) external view returns (uint256 amount);

    /// @notice Where fees go.
    function feeReceiver() external view returns (address);

    /// @notice What is paid with.
    function token() external view returns (IERC20);
}
