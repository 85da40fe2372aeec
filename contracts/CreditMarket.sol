// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Permit.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICarbonCredit} from "../interfaces/ICarbonCredit.sol";
import {ICreditMarket} from "../interfaces/ICreditMarket.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {IReductionCertifier} from "../interfaces/IReductionCertifier.sol";
import {IRetirementRegistry} from "../interfaces/IRetirementRegistry.sol";
import {IReversalDesk} from "../interfaces/IReversalDesk.sol";
import {SeriesLib} from "./libraries/SeriesLib.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";

/// @title CreditMarket
contract CreditMarket is ICreditMarket, AccessManaged {
    using SafeERC20 for IERC20;
    using SafeCast for uint256;

    /// @dev The contracts that this one deals with.
    struct Partners {
        IERC20 token;
        IOperatorRegistry operators;
        IReductionCertifier certifier;
        IReversalDesk reversals;
        IRetirementRegistry retirements;
        address pot;
        address credits;
    }

    /// @inheritdoc ICreditMarket
    uint256 public constant BUFFER_PERIOD = 730 days;

    /// @inheritdoc ICreditMarket
    uint256 public constant NOTICE = 1 days;

    uint256 private constant WHOLE_BPS = 10_000;

    /// @inheritdoc ICreditMarket
    IERC20 public immutable token;

    IOperatorRegistry public immutable operators;
    IReductionCertifier public immutable certifier;
    IReversalDesk public immutable reversals;
    IRetirementRegistry public immutable retirements;
    address public immutable pot;
    address public immutable credits;

    /// @inheritdoc ICreditMarket
    address public feeReceiver;

    /// @inheritdoc ICreditMarket
    uint256 public askCount;

    /// @inheritdoc ICreditMarket
    mapping(address account => uint256 amount) public owedTo;

    SeriesTerms[] private _terms;
    mapping(uint256 series => Stock) private _stocks;
    mapping(uint256 series => Split) private _paid;
    mapping(uint256 ask => Ask) private _asks;

    constructor(address access, Partners memory partners, address feeReceiver_, SeriesTerms memory terms)
        AccessManaged(access)
    {
        token = partners.token;
        operators = partners.operators;
        certifier = partners.certifier;
        reversals = partners.reversals;
        retirements = partners.retirements;
        pot = partners.pot;
        credits = partners.credits;
        _setFeeReceiver(feeReceiver_);
        _setTerms(terms);
    }

    modifier only(address caller) {
        if (msg.sender != caller) revert CreditMarket_Denied(msg.sender);
        _;
    }

    /// @inheritdoc ICreditMarket
    function setTerms(SeriesTerms calldata terms) external restricted {
        _setTerms(terms);
    }

    /// @inheritdoc ICreditMarket
    function setFeeReceiver(address receiver) external restricted {
        _setFeeReceiver(receiver);
    }

    /// @inheritdoc ICreditMarket
    function open(uint256 series, uint256 mg)
        external
        only(address(certifier))
        returns (uint256 bufferMg, uint256 termsId)
    {
        termsId = presentTermsId();
        bufferMg = mg * _terms[termsId].bufferBps / WHOLE_BPS;
        _stocks[series] = Stock({
            availableMg: uint56(mg - bufferMg), // fits, as does the buffer: a series has at most `SeriesLib.MAX_MG`
            bufferMg: uint56(bufferMg),
            gross: 0,
            termsId: uint16(termsId),
            quietSince: uint40(block.timestamp)
        });

        emit SeriesStocked(series, mg - bufferMg, bufferMg, termsId);
    }

    /// @inheritdoc ICreditMarket
    function takeBack(uint256 series, uint256 mg)
        external
        only(address(reversals))
        returns (uint256 fromStock, uint256 fromBuffer)
    {
        Stock storage stock = _stocks[series];
        (uint256 available, uint256 buffer) = (stock.availableMg, stock.bufferMg);
        fromStock = Math.min(mg, available);
        fromBuffer = Math.min(mg - fromStock, buffer);

        (stock.availableMg, stock.bufferMg) = (uint56(available - fromStock), uint56(buffer - fromBuffer));
        stock.quietSince = uint40(block.timestamp);
    }

    /// @inheritdoc ICreditMarket
    function takeBuffer(uint256 series, uint256 mg) external only(address(reversals)) returns (uint256 taken) {
        Stock storage stock = _stocks[series];
        uint256 buffer = stock.bufferMg;
        taken = Math.min(mg, buffer);

        stock.bufferMg = uint56(buffer - taken);
    }

    /// @inheritdoc ICreditMarket
    function list(uint256 series, uint256 mg, uint256 price, uint256 expiryDay, address onlyBuyer)
        external
        returns (uint256 ask)
    {
        _requireLive(series);
        if (msg.sender != _operatorOf(series)) revert CreditMarket_Denied(msg.sender);
        operators.requireActiveOperator(msg.sender);
        uint256 floor = _terms[_stocks[series].termsId].floorPrice;
        if (price < floor) revert CreditMarket_BelowFloor(price, floor);

        uint256 opensHour = Math.ceilDiv(block.timestamp + NOTICE, 1 hours);
        return _list(series, mg, price, opensHour, expiryDay, onlyBuyer, false);
    }

    /// @inheritdoc ICreditMarket
    function resell(uint256 series, uint256 mg, uint256 price, uint256 expiryDay) external returns (uint256 ask) {
        _requireLive(series);
        ask = _list(series, mg, price, block.timestamp / 1 hours, expiryDay, address(0), true);

        _credit(series).pull(msg.sender, mg);
    }

    /// @inheritdoc ICreditMarket
    function cancelAsk(uint256 ask) external {
        Ask storage entry = _asks[ask];
        if (msg.sender != entry.seller) revert CreditMarket_NotSeller(ask, msg.sender);
        uint256 left = entry.leftMg;
        if (left == 0) revert CreditMarket_Closed(ask);

        entry.leftMg = 0;

        emit AskCancelled(ask, left);

        if (entry.resale) _credit(entry.series).transfer(msg.sender, left); // reverts or answers true
    }

    /// @inheritdoc ICreditMarket
    function buy(Fill[] calldata fills, uint256 maxCost, Permit calldata permit) external returns (uint256 cost) {
        for (uint256 i = 0; i < fills.length; i++) {
            cost += _take(fills[i]);
        }
        _collect(cost, maxCost, permit);
        for (uint256 i = 0; i < fills.length; i++) {
            _credit(_asks[fills[i].ask].series).transfer(msg.sender, fills[i].mg); // reverts or answers true
        }
    }

    /// @inheritdoc ICreditMarket
    function buyAndRetire(
        Fill calldata fill,
        uint256 maxCost,
        Permit calldata permit,
        IRetirementRegistry.Terms calldata terms
    ) external returns (uint256 cost, uint256 certificate) {
        cost = _take(fill);
        _collect(cost, maxCost, permit);
        certificate = retirements.retireBought(_asks[fill.ask].series, fill.mg, terms);
    }

    /// @inheritdoc ICreditMarket
    function drawOperator(uint256 series) external returns (uint256 amount) {
        Split storage paid = _paid[series];
        uint80 due = _split(series).operator;
        amount = due - paid.operator;
        paid.operator = due;

        _pay(series, _operatorOf(series), Kind.Operator, amount);
    }

    /// @inheritdoc ICreditMarket
    function drawFee(uint256 series) external returns (uint256 amount) {
        Split storage paid = _paid[series];
        uint80 due = _split(series).fee;
        amount = due - paid.fee;
        paid.fee = due;

        _pay(series, feeReceiver, Kind.Fee, amount);
    }

    /// @inheritdoc ICreditMarket
    function drawCitizens(uint256 series) external only(pot) returns (uint256 amount) {
        Split storage paid = _paid[series];
        uint80 due = _split(series).citizens;
        amount = due - paid.citizens;
        if (amount == 0) return 0;
        paid.citizens = due;

        _pay(series, pot, Kind.Citizens, amount);
    }

    /// @inheritdoc ICreditMarket
    function drawOwed() external returns (uint256 amount) {
        amount = owedTo[msg.sender];
        owedTo[msg.sender] = 0;

        _pay(0, msg.sender, Kind.Owed, amount);
    }

    /// @inheritdoc ICreditMarket
    function releaseBuffer(uint256 series) external {
        _requireLive(series);
        Stock storage stock = _stocks[series];
        uint256 until = stock.quietSince + BUFFER_PERIOD;
        if (block.timestamp < until) revert CreditMarket_TooEarly(until);
        address operator = _operatorOf(series);
        uint256 short = reversals.owedBy(operator);
        if (short > 0) revert CreditMarket_OperatorShort(operator, short);
        uint256 buffer = stock.bufferMg;
        if (buffer == 0) revert CreditMarket_NothingDue(series);

        (stock.availableMg, stock.bufferMg) = (uint56(stock.availableMg + buffer), 0);

        emit BufferReleased(series, buffer);
    }

    /// @inheritdoc ICreditMarket
    function stockOf(uint256 series) external view returns (Stock memory) {
        return _stocks[series];
    }

    /// @inheritdoc ICreditMarket
    function askOf(uint256 ask) external view returns (Ask memory) {
        return _asks[ask];
    }

    /// @inheritdoc ICreditMarket
    function costOf(uint256 ask, uint256 mg) external view returns (uint256 cost) {
        return _cost(mg, _asks[ask].price);
    }

    /// @inheritdoc ICreditMarket
    function termsOf(uint256 termsId) external view returns (SeriesTerms memory) {
        return _terms[termsId];
    }

    /// @inheritdoc ICreditMarket
    function proceedsOf(uint256 series) external view returns (Split memory due, Split memory paid) {
        return (_split(series), _paid[series]);
    }

    /// @inheritdoc ICreditMarket
    function presentTermsId() public view returns (uint256) {
        return _terms.length - 1;
    }

    function _setTerms(SeriesTerms memory terms) private {
        if (terms.citizensBps > WHOLE_BPS || terms.feeBps > WHOLE_BPS || terms.bufferBps > WHOLE_BPS) {
            revert CreditMarket_BadTerms(terms.citizensBps, terms.feeBps, terms.bufferBps);
        }

        _terms.push(terms);

        emit TermsSet(uint256(presentTermsId()).toUint16(), terms);
    }

    function _setFeeReceiver(address receiver) private {
        if (receiver == address(0)) revert CreditMarket_NoReceiver();

        address former = feeReceiver;
        feeReceiver = receiver;

        emit FeeReceiverSet(former, receiver);
    }

    function _list(
        uint256 series,
        uint256 mg,
        uint256 price,
        uint256 opensHour,
        uint256 expiryDay,
        address onlyBuyer,
        bool resale
    ) private returns (uint256 ask) {
        if (mg == 0 || mg > SeriesLib.MAX_MG) revert CreditMarket_BadAmount(mg);
        if (price == 0 || price > type(uint48).max) revert CreditMarket_BadPrice(price);
        bool timely = opensHour / 24 <= expiryDay && expiryDay <= type(uint24).max;
        if (!timely) revert CreditMarket_BadExpiry(expiryDay);

        ask = askCount++;
        Ask memory entry = Ask({
            onlyBuyer: onlyBuyer,
            leftMg: uint56(mg),
            resale: resale,
            series: uint32(series), // fits: it is issued
            seller: msg.sender,
            price: uint48(price),
            opensHour: uint24(opensHour), // fits until the year 3883
            expiryDay: uint24(expiryDay)
        });
        _asks[ask] = entry;

        emit Listed(ask, series, msg.sender, entry);
    }

    /// @dev Takes one fill out of its ask; gives what it costs.
    function _take(Fill calldata fill) private returns (uint256 cost) {
        Ask memory entry = _asks[fill.ask];
        _requireOpen(fill.ask, entry);
        if (fill.mg == 0) revert CreditMarket_BadAmount(fill.mg);
        if (entry.price > fill.maxPrice) revert CreditMarket_Price(fill.ask, entry.price, fill.maxPrice);
        if (entry.leftMg < fill.mg) revert CreditMarket_Left(fill.ask, entry.leftMg, fill.mg);

        cost = _cost(fill.mg, entry.price);
        _asks[fill.ask].leftMg = uint56(entry.leftMg - fill.mg);

        emit Filled(fill.ask, entry.series, msg.sender, fill.mg, cost);

        if (entry.resale) _payReseller(fill.ask, entry, cost);
        else _sell(entry.series, fill.mg, cost);
    }

    function _sell(uint256 series, uint256 mg, uint256 cost) private {
        Stock memory stock = _stocks[series];
        if (stock.availableMg < mg) revert CreditMarket_Stock(series, stock.availableMg, mg);

        stock.availableMg -= uint56(mg);
        stock.gross = (stock.gross + cost).toUint80();
        _stocks[series] = stock;
    }

    function _payReseller(uint256 ask, Ask memory entry, uint256 cost) private {
        uint256 fee = cost * _terms[_stocks[entry.series].termsId].feeBps / WHOLE_BPS;
        owedTo[feeReceiver] += fee;
        owedTo[entry.seller] += cost - fee;

        emit Resold(ask, entry.seller, cost - fee, fee);
    }

    /// @dev Everything the purchase changes is written before: a token that calls back finds the market as it will be.
    function _collect(uint256 cost, uint256 maxCost, Permit calldata permit) private {
        if (cost > maxCost) revert CreditMarket_Cost(cost, maxCost);

        if (permit.deadline != 0 && token.allowance(msg.sender, address(this)) < cost) {
            IERC20Permit(address(token))
                .permit(msg.sender, address(this), cost, permit.deadline, permit.v, permit.r, permit.s);
        }
        uint256 before = token.balanceOf(address(this));
        token.safeTransferFrom(msg.sender, address(this), cost);
        uint256 received = token.balanceOf(address(this)) - before;
        if (received != cost) revert CreditMarket_Underpaid(received, cost);
        uint256 left = token.allowance(msg.sender, address(this));
        if (left > 0) revert CreditMarket_Leftover(left);
    }

    function _pay(uint256 series, address to, Kind kind, uint256 amount) private {
        if (amount == 0) revert CreditMarket_NothingDue(series);

        emit Drawn(series, to, kind, amount);

        token.safeTransfer(to, amount);
    }

    function _requireOpen(uint256 ask, Ask memory entry) private view {
        if (entry.series == 0 || UnitsLib.dayOf(block.timestamp) > entry.expiryDay) revert CreditMarket_Closed(ask);
        uint256 opensAt = uint256(entry.opensHour) * 1 hours;
        if (block.timestamp < opensAt) revert CreditMarket_NotYet(ask, opensAt);
        if (entry.onlyBuyer != address(0) && entry.onlyBuyer != msg.sender) revert CreditMarket_NotForYou(ask);
        if (entry.seller == msg.sender) revert CreditMarket_OwnAsk(ask);
    }

    function _requireLive(uint256 series) private view {
        _operatorOf(series);
        if (_credit(series).isFrozen()) revert CreditMarket_Frozen(series);
    }

    function _operatorOf(uint256 series) private view returns (address operator) {
        (operator,) = certifier.issuedTo(series);
        if (operator == address(0)) revert CreditMarket_NotIssued(series);
    }

    /// @dev Grows with gross in all three parts: nothing paid is ever above what is due.
    function _split(uint256 series) private view returns (Split memory parts) {
        Stock storage stock = _stocks[series];
        SeriesTerms storage terms = _terms[stock.termsId];
        uint256 gross = stock.gross;
        uint256 fee = gross * terms.feeBps / WHOLE_BPS;
        uint256 citizens = (gross - fee) * terms.citizensBps / WHOLE_BPS;
        return Split({fee: uint80(fee), operator: uint80(gross - fee - citizens), citizens: uint80(citizens)});
    }

    function _credit(uint256 series) private view returns (ICarbonCredit) {
        return ICarbonCredit(SeriesLib.tokenOf(credits, address(certifier), series));
    }

    function _cost(uint256 mg, uint256 price) private pure returns (uint256) {
        return Math.ceilDiv(mg * price, SeriesLib.MG_PER_TONNE);
    }
}
