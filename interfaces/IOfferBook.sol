// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Offers: what merchants give for points, at which price, how many, until when
/// @notice An offer's price, terms, time and limit never change: what a citizen signs is what was offered. The stock may grow, and the
/// merchant may end the offer. Each order that names an offer takes one item; a refund of all of that order gives it back. Two orders
/// for the last item: the desk takes one, the other reverts. The limit for a citizen follows the book: who moves it to another key has
/// what was had with the former one. The offers answer to ERC-165.
interface IOfferBook {
    /// @param priceMilli Exact price in thousandths of a point.
    /// @param stock Items put up.
    /// @param perCitizen Most items one citizen can have; 0 is no limit.
    /// @param fromTime First second (UTC) at which it can be taken.
    /// @param toTime Last second (UTC) at which it can be taken.
    /// @param terms Hash of what is offered; an order must carry the same.
    struct Terms {
        uint56 priceMilli;
        uint32 stock;
        uint32 perCitizen;
        uint40 fromTime;
        uint40 toTime;
        bytes32 terms;
    }

    /// @param taken Items that are with citizens.
    /// @param ended Whether the merchant ended it.
    struct Offer {
        Terms terms;
        uint32 taken;
        bool ended;
    }

    /// @notice A merchant made an offer under its own `number`.
    event OfferPublished(address indexed merchant, bytes32 indexed number, Terms terms);

    /// @notice `added` items more were put up: `stock` in all.
    event StockAdded(address indexed merchant, bytes32 indexed number, uint256 added, uint256 stock);

    /// @notice A merchant ended an offer.
    event OfferEnded(address indexed merchant, bytes32 indexed number);

    /// @notice A citizen took an item; `left` can still be taken.
    event ItemTaken(address indexed merchant, bytes32 indexed number, address indexed citizen, uint256 left);

    /// @notice An order was refunded in full, and its item can be taken again.
    event ItemGivenBack(address indexed merchant, bytes32 indexed number, address indexed citizen, uint256 left);

    /// @notice The number, price or stock is zero, or the time is over before it begins.
    error OfferBook_Incomplete(address merchant, bytes32 number);

    /// @notice The merchant used this number for an offer.
    error OfferBook_Published(address merchant, bytes32 number);

    /// @notice The merchant has no such offer.
    error OfferBook_Unknown(address merchant, bytes32 number);

    /// @notice The merchant ended the offer.
    error OfferBook_Ended(address merchant, bytes32 number);

    /// @notice The offer stands from `fromTime` through `toTime`.
    error OfferBook_NotOpen(address merchant, bytes32 number, uint256 fromTime, uint256 toTime);

    /// @notice The order pays another price than the offer's.
    error OfferBook_PriceDiffers(address merchant, bytes32 number, uint256 priceMilli, uint256 pointsMilli);

    /// @notice The order carries other terms than the offer's.
    error OfferBook_TermsDiffer(address merchant, bytes32 number, bytes32 offered, bytes32 ordered);

    /// @notice All `stock` items are taken.
    error OfferBook_SoldOut(address merchant, bytes32 number, uint256 stock);

    /// @notice The citizen has `perCitizen` items already.
    error OfferBook_CitizenLimit(address merchant, bytes32 number, address citizen, uint256 perCitizen);

    /// @notice Only the redemption desk may do this.
    error OfferBook_NotDesk(address caller);

    /// @notice Makes an offer. The caller is an active merchant.
    /// Reverts if: not an active merchant; number, price or stock is zero; the time is over or empty; the number is used.
    function publish(bytes32 number, Terms calldata terms) external;

    /// @notice Puts up `added` more items. The caller is an active merchant.
    /// Reverts if: not an active merchant; no such offer; ended; there would be 2^32 items.
    function addStock(bytes32 number, uint32 added) external;

    /// @notice Ends an offer. The caller is its merchant, suspended or not.
    /// Reverts if: no such offer; ended.
    /// Warning: cannot be undone.
    function end(bytes32 number) external;

    /// @notice Takes an item for an order. Only the redemption desk.
    /// Reverts if: another caller; no such offer; ended; not its time; price or terms differ; sold out; the citizen's limit is reached.
    function take(address merchant, bytes32 number, address citizen, uint256 pointsMilli, bytes32 terms) external;

    /// @notice Gives the item of a refunded order back, ended or not. Only the redemption desk.
    /// Reverts if: another caller.
    function giveBack(address merchant, bytes32 number, address citizen) external;

    /// @notice An offer; all zero if there is none.
    function offerOf(address merchant, bytes32 number) external view returns (Offer memory);

    /// @notice Items of an offer that a citizen has, with this account and with those that had its book before or have it now; counted only
    /// where there is a limit.
    function takenOf(address merchant, bytes32 number, address citizen) external view returns (uint256);
}
