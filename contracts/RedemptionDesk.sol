// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {IRedemptionDesk} from "../interfaces/IRedemptionDesk.sol";
import {ISettlementVault} from "../interfaces/ISettlementVault.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";
import {OrderKey} from "./types/Ids.sol";

/// @title RedemptionDesk
contract RedemptionDesk is IRedemptionDesk, SaltedDomain, AccessManaged, Pausable {
    using SafeCast for uint256;

    /// @dev One slot. `origin` commits to the citizen and the pages the points came from, so that a refund can bring them back there
    /// without a second slot for most orders' single page.
    struct Ticket {
        uint56 pointsMilli;
        uint56 refundedMilli;
        uint32 day;
        bytes14 origin;
    }

    struct Due {
        uint128 pointsMilli;
        uint128 value;
    }

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address citizen,address merchant,bytes32 orderNumber,uint256 pointsMilli,uint256 expiry,bytes32 terms)"
    );

    /// @inheritdoc IRedemptionDesk
    uint256 public constant REFUND_WINDOW_DAYS = 7;

    IOperatorRegistry public immutable operators;
    ICarbonPoint public immutable book;
    ISettlementVault public immutable vault;

    mapping(OrderKey => Ticket) private _tickets;
    mapping(address merchant => mapping(uint256 day => Due)) private _due;

    constructor(
        address access,
        IOperatorRegistry operators_,
        ICarbonPoint book_,
        ISettlementVault vault_,
        bytes32 genesisHash_
    ) SaltedDomain(genesisHash_) AccessManaged(access) {
        operators = operators_;
        book = book_;
        vault = vault_;
    }

    /// @inheritdoc IRedemptionDesk
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IRedemptionDesk
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IRedemptionDesk
    function redeem(Order calldata order, bytes calldata signature) public whenNotPaused returns (OrderKey key) {
        key = orderKeyOf(order.merchant, order.orderNumber);
        if (block.timestamp > order.expiry) revert RedemptionDesk_OrderExpired(key, order.expiry);
        if (order.pointsMilli == 0) revert RedemptionDesk_NoPoints(key);
        if (_tickets[key].day != 0) revert RedemptionDesk_OrderUsed(key);
        operators.requireActiveMerchant(order.merchant);
        if (!SignatureChecker.isValidSignatureNow(order.citizen, orderDigest(order), signature)) {
            revert RedemptionDesk_BadSignature(key, order.citizen);
        }

        ICarbonPoint.Part[] memory parts = book.spend(order.citizen, order.merchant, order.pointsMilli);
        uint256 value = _valueOf(parts);
        uint256 day = UnitsLib.dayOf(block.timestamp);
        _tickets[key] = Ticket({
            pointsMilli: uint56(order.pointsMilli), // fits: a page holds no more, and `spend` took it
            refundedMilli: 0,
            day: uint32(day),
            origin: _origin(order.citizen, parts)
        });
        Due storage due = _due[order.merchant][day];
        due.pointsMilli += order.pointsMilli.toUint128();
        due.value += value.toUint128();

        emit OrderRedeemed(
            key, order.citizen, order.merchant, order.orderNumber, order.pointsMilli, value, order.terms, parts
        );
    }

    /// @inheritdoc IRedemptionDesk
    function redeemBatch(Order[] calldata orders, bytes[] calldata signatures) external whenNotPaused {
        if (orders.length != signatures.length) {
            revert RedemptionDesk_LengthMismatch(orders.length, signatures.length);
        }

        for (uint256 i = 0; i < orders.length; i++) {
            try this.redeem(orders[i], signatures[i]) {}
            catch (bytes memory reason) {
                Order calldata order = orders[i];
                OrderKey key = orderKeyOf(order.merchant, order.orderNumber);
                emit OrderRefused(key, order.citizen, order.merchant, reason);
            }
        }
    }

    /// @inheritdoc IRedemptionDesk
    function refund(bytes32 orderNumber, address citizen, ICarbonPoint.Part[] calldata parts, uint256 pointsMilli)
        external
        whenNotPaused
    {
        OrderKey key = orderKeyOf(msg.sender, orderNumber);
        Ticket storage ticket = _tickets[key];
        uint256 refunded = ticket.refundedMilli;
        if (ticket.day == 0 || ticket.origin != _origin(citizen, parts)) revert RedemptionDesk_UnknownOrder(key);
        uint256 lastDay = ticket.day + REFUND_WINDOW_DAYS;
        if (UnitsLib.dayOf(block.timestamp) > lastDay) revert RedemptionDesk_RefundWindowOver(key, lastDay);
        uint256 left = ticket.pointsMilli - refunded;
        if (pointsMilli == 0) revert RedemptionDesk_NoPoints(key);
        if (pointsMilli > left) revert RedemptionDesk_RefundTooLarge(key, pointsMilli, left);

        ICarbonPoint.Part[] memory back = _lastParts(parts, refunded, pointsMilli);
        uint256 value = _valueOf(back);
        ticket.refundedMilli = uint56(refunded + pointsMilli);
        Due storage due = _due[msg.sender][ticket.day];
        due.pointsMilli -= pointsMilli.toUint128();
        due.value -= value.toUint128();
        book.refund(msg.sender, citizen, back);

        emit OrderRefunded(key, citizen, msg.sender, pointsMilli, value);
    }

    /// @inheritdoc IRedemptionDesk
    function collect(address merchant, uint256 fromDay, uint256 throughDay)
        external
        whenNotPaused
        returns (uint256 pointsMilli, uint256 value)
    {
        if (msg.sender != address(vault)) revert RedemptionDesk_NotVault(msg.sender);
        if (throughDay > lastFinalDay()) revert RedemptionDesk_NotFinal(throughDay, lastFinalDay());

        for (uint256 day = fromDay; day <= throughDay; day++) {
            Due storage due = _due[merchant][day];
            pointsMilli += due.pointsMilli;
            value += due.value;
            delete _due[merchant][day];
        }
        if (pointsMilli > 0) book.burnHeld(merchant, pointsMilli);

        emit PointsCollected(merchant, fromDay, throughDay, pointsMilli, value);
    }

    /// @inheritdoc IRedemptionDesk
    function orderDigest(Order calldata order) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    /// @inheritdoc IRedemptionDesk
    function orderKeyOf(address merchant, bytes32 orderNumber) public pure returns (OrderKey) {
        return OrderKey.wrap(keccak256(abi.encode(merchant, orderNumber)));
    }

    /// @inheritdoc IRedemptionDesk
    function orderOf(OrderKey key) external view returns (OrderState memory) {
        Ticket storage ticket = _tickets[key];
        OrderPhase phase;
        if (ticket.day == 0) phase = OrderPhase.None;
        else if (ticket.refundedMilli == ticket.pointsMilli) phase = OrderPhase.Refunded;
        else if (ticket.day > lastFinalDay()) phase = OrderPhase.Held;
        else phase = OrderPhase.Final;
        return OrderState({
            phase: phase, pointsMilli: ticket.pointsMilli, refundedMilli: ticket.refundedMilli, day: ticket.day
        });
    }

    /// @inheritdoc IRedemptionDesk
    function dueOf(address merchant, uint256 day) external view returns (uint256 pointsMilli, uint256 value) {
        Due storage due = _due[merchant][day];
        return (due.pointsMilli, due.value);
    }

    /// @inheritdoc IRedemptionDesk
    function lastFinalDay() public view returns (uint256) {
        return UnitsLib.dayOf(block.timestamp) - REFUND_WINDOW_DAYS - 1;
    }

    /// @dev What `pointsMilli` more is made of when `refunded` already went back, taking the parts from the last to the first.
    function _lastParts(ICarbonPoint.Part[] calldata parts, uint256 refunded, uint256 pointsMilli)
        private
        pure
        returns (ICarbonPoint.Part[] memory back)
    {
        back = new ICarbonPoint.Part[](parts.length);
        for (uint256 i = parts.length; i > 0; i--) {
            ICarbonPoint.Part calldata part = parts[i - 1];
            uint256 skipped = refunded < part.pointsMilli ? refunded : part.pointsMilli;
            uint256 open = part.pointsMilli - skipped;
            uint256 taken = pointsMilli < open ? pointsMilli : open;
            refunded -= skipped;
            pointsMilli -= taken;
            back[i - 1] = ICarbonPoint.Part({year: part.year, pointsMilli: taken});
        }
    }

    function _valueOf(ICarbonPoint.Part[] memory parts) private view returns (uint256 value) {
        for (uint256 i = 0; i < parts.length; i++) {
            value += parts[i].pointsMilli * vault.priceOf(parts[i].year);
        }
    }

    function _origin(address citizen, ICarbonPoint.Part[] memory parts) private pure returns (bytes14) {
        return bytes14(keccak256(abi.encode(citizen, parts)));
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook RedemptionDesk";
    }
}
