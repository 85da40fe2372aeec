// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {IOfferBook} from "../interfaces/IOfferBook.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";

/// @title OfferBook
contract OfferBook is IOfferBook, ERC165 {
    using SafeCast for uint256;

    /// @dev Two slots: all but the hash in the first, which an order reads and writes once.
    struct Entry {
        uint56 priceMilli;
        uint32 stock;
        uint32 perCitizen;
        uint32 taken;
        uint40 fromTime;
        uint40 toTime;
        bool ended;
        bytes32 terms;
    }

    IOperatorRegistry public immutable operators;
    address public immutable desk;
    ICarbonPoint public immutable book;

    mapping(address merchant => mapping(bytes32 number => Entry)) private _offers;
    mapping(address merchant => mapping(bytes32 number => mapping(address origin => uint256))) private _taken;

    constructor(IOperatorRegistry operators_, address desk_, ICarbonPoint book_) {
        operators = operators_;
        desk = desk_;
        book = book_;
    }

    modifier onlyDesk() {
        if (msg.sender != desk) revert OfferBook_NotDesk(msg.sender);
        _;
    }

    /// @inheritdoc IOfferBook
    function publish(bytes32 number, Terms calldata terms) external {
        operators.requireActiveMerchant(msg.sender);
        bool timely = terms.fromTime <= terms.toTime && block.timestamp <= terms.toTime;
        if (number == 0 || terms.priceMilli == 0 || terms.stock == 0 || !timely) {
            revert OfferBook_Incomplete(msg.sender, number);
        }
        if (_offers[msg.sender][number].priceMilli != 0) revert OfferBook_Published(msg.sender, number);

        _offers[msg.sender][number] = Entry({
            priceMilli: terms.priceMilli,
            stock: terms.stock,
            perCitizen: terms.perCitizen,
            taken: 0,
            fromTime: terms.fromTime,
            toTime: terms.toTime,
            ended: false,
            terms: terms.terms
        });

        emit OfferPublished(msg.sender, number, terms);
    }

    /// @inheritdoc IOfferBook
    function addStock(bytes32 number, uint32 added) external {
        operators.requireActiveMerchant(msg.sender);
        Entry storage entry = _standing(msg.sender, number);

        uint256 stock = uint256(entry.stock) + added;
        entry.stock = stock.toUint32();

        emit StockAdded(msg.sender, number, added, stock);
    }

    /// @inheritdoc IOfferBook
    function end(bytes32 number) external {
        _standing(msg.sender, number).ended = true;

        emit OfferEnded(msg.sender, number);
    }

    /// @inheritdoc IOfferBook
    function take(address merchant, bytes32 number, address citizen, uint256 pointsMilli, bytes32 terms)
        external
        onlyDesk
    {
        Entry storage entry = _standing(merchant, number);
        if (block.timestamp < entry.fromTime || block.timestamp > entry.toTime) {
            revert OfferBook_NotOpen(merchant, number, entry.fromTime, entry.toTime);
        }
        if (pointsMilli != entry.priceMilli) {
            revert OfferBook_PriceDiffers(merchant, number, entry.priceMilli, pointsMilli);
        }
        if (terms != entry.terms) revert OfferBook_TermsDiffer(merchant, number, entry.terms, terms);
        (uint256 taken, uint256 stock) = (entry.taken, entry.stock);
        if (taken == stock) revert OfferBook_SoldOut(merchant, number, stock);

        _countForCitizen(merchant, number, citizen, entry.perCitizen);
        entry.taken = uint32(taken + 1); // fits: no more than the stock

        emit ItemTaken(merchant, number, citizen, stock - taken - 1);
    }

    /// @inheritdoc IOfferBook
    function giveBack(address merchant, bytes32 number, address citizen) external onlyDesk {
        Entry storage entry = _offers[merchant][number];
        entry.taken--;
        if (entry.perCitizen > 0) _taken[merchant][number][book.originOf(citizen)]--;

        emit ItemGivenBack(merchant, number, citizen, entry.stock - entry.taken);
    }

    /// @inheritdoc IOfferBook
    function offerOf(address merchant, bytes32 number) external view returns (Offer memory) {
        Entry storage entry = _offers[merchant][number];
        return Offer({
            terms: Terms({
                priceMilli: entry.priceMilli,
                stock: entry.stock,
                perCitizen: entry.perCitizen,
                fromTime: entry.fromTime,
                toTime: entry.toTime,
                terms: entry.terms
            }),
            taken: entry.taken,
            ended: entry.ended
        });
    }

    /// @inheritdoc IOfferBook
    function takenOf(address merchant, bytes32 number, address citizen) external view returns (uint256) {
        return _taken[merchant][number][book.originOf(citizen)];
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 id) public view override returns (bool) {
        return id == type(IOfferBook).interfaceId || super.supportsInterface(id);
    }

    /// @dev By the first account of a chain of moves. That is one account for as long as an item is out: a book only goes to an account
    /// that never had anything to spend.
    function _countForCitizen(address merchant, bytes32 number, address citizen, uint256 perCitizen) private {
        if (perCitizen == 0) return;
        address origin = book.originOf(citizen);
        uint256 taken = _taken[merchant][number][origin];
        if (taken == perCitizen) revert OfferBook_CitizenLimit(merchant, number, citizen, perCitizen);

        _taken[merchant][number][origin] = taken + 1;
    }

    function _standing(address merchant, bytes32 number) private view returns (Entry storage entry) {
        entry = _offers[merchant][number];
        if (entry.priceMilli == 0) revert OfferBook_Unknown(merchant, number);
        if (entry.ended) revert OfferBook_Ended(merchant, number);
    }
}
