// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {IOfferBook} from "../interfaces/IOfferBook.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {IRedemptionDesk} from "../interfaces/IRedemptionDesk.sol";
import {ISettlementVault} from "../interfaces/ISettlementVault.sol";
import {OnceLib} from "./libraries/OnceLib.sol";
import {ReceiptLib} from "./libraries/ReceiptLib.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {SignatureLib} from "./libraries/SignatureLib.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";
import {OrderKey} from "./types/Ids.sol";

/// @title RedemptionDesk
contract RedemptionDesk is IRedemptionDesk, SaltedDomain, ERC165, AccessManaged, Pausable {
    using OnceLib for OnceLib.Once;
    using SafeCast for uint256;

    /// @dev A merchant's bucket of one day, in one slot. `takenMilli` never falls: the day limit counts what was refunded, too.
    struct Due {
        uint64 pointsMilli;
        uint64 takenMilli;
        uint128 value;
    }

    struct Disputed {
        uint128 pointsMilli;
        uint128 value;
    }

    /// @dev What happened to an order after it was taken; most orders have none.
    /// @param decidedOn Day on which its dispute ended: the bucket where the rest is.
    struct Aftermath {
        uint64 refundedMilli;
        uint32 disputedOn;
        uint32 decidedOn;
    }

    /// @dev An order as its receipt and its aftermath tell it.
    struct Ticket {
        OrderKey key;
        uint256 day;
        uint256 dueDay;
        uint256 leftMilli;
        Aftermath aftermath;
    }

    bytes32 private constant ORDER_TYPEHASH = keccak256(
        "Order(address citizen,address merchant,bytes32 orderNumber,uint256 pointsMilli,uint256 expiry,bytes32 terms,bytes32 offer)"
    );
    bytes32 private constant CANCEL_TYPEHASH =
        keccak256("Cancel(address citizen,address merchant,bytes32 orderNumber)");
    bytes32 private constant DISPUTE_TYPEHASH =
        keccak256("Dispute(address citizen,address merchant,bytes32 orderNumber,bytes32 reason,uint256 expiry)");

    /// @inheritdoc IRedemptionDesk
    uint256 public constant REFUND_WINDOW_DAYS = 7;

    /// @inheritdoc IRedemptionDesk
    /// @dev Window and dispute together are shorter than `SettlementVault.RELEASE_DELAY_DAYS`: what a decision gives back in time still
    /// finds its page in the books.
    uint256 public constant DISPUTE_DAYS = 60;

    /// @inheritdoc IRedemptionDesk
    uint256 public constant ORDER_GAS = 500_000;

    /// @dev A call can pass on 63/64 of what there is; the rest is for what the batch itself does around it.
    uint256 private constant GAS_BEFORE_ORDER = ORDER_GAS * 64 / 63 + 20_000;

    IOperatorRegistry public immutable operators;
    ICarbonPoint public immutable book;
    ISettlementVault public immutable vault;
    IOfferBook public immutable offers;

    OnceLib.Once private _once;
    mapping(OrderKey => Aftermath) private _aftermaths;
    mapping(address merchant => mapping(uint256 day => Due)) private _due;
    mapping(address merchant => Disputed) private _disputed;

    /// @inheritdoc IRedemptionDesk
    mapping(bytes32 root => uint256 day) public sealedOn;

    constructor(
        address access,
        IOperatorRegistry operators_,
        ICarbonPoint book_,
        ISettlementVault vault_,
        IOfferBook offers_,
        bytes32 genesisHash_
    ) SaltedDomain(genesisHash_) AccessManaged(access) {
        operators = operators_;
        book = book_;
        vault = vault_;
        offers = offers_;
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
    function redeem(Order calldata order, bytes calldata signature) external whenNotPaused returns (OrderKey key) {
        bytes32 root = _take(order, signature);
        _seal(root, 1);

        return orderKeyOf(order.merchant, order.citizen, order.orderNumber);
    }

    /// @inheritdoc IRedemptionDesk
    function redeemBatch(Order[] calldata orders, bytes[] calldata signatures) external whenNotPaused {
        if (orders.length != signatures.length) {
            revert RedemptionDesk_LengthMismatch(orders.length, signatures.length);
        }

        bytes32[] memory leaves = new bytes32[](orders.length);
        uint256 count = 0;
        for (uint256 i = 0; i < orders.length; i++) {
            if (gasleft() < GAS_BEFORE_ORDER) revert RedemptionDesk_GasShort(i, GAS_BEFORE_ORDER);
            try this.take{gas: ORDER_GAS}(orders[i], signatures[i]) returns (bytes32 leaf) {
                leaves[count++] = leaf;
            } catch (bytes memory reason) {
                Order calldata order = orders[i];
                OrderKey key = orderKeyOf(order.merchant, order.citizen, order.orderNumber);
                emit OrderRefused(key, order.citizen, order.merchant, reason);
            }
        }
        if (count > 0) _seal(ReceiptLib.rootOf(leaves, count), count);
    }

    /// @inheritdoc IRedemptionDesk
    function take(Order calldata order, bytes calldata signature) external returns (bytes32 leaf) {
        if (msg.sender != address(this)) revert RedemptionDesk_NotSelf(msg.sender);

        return _take(order, signature);
    }

    /// @inheritdoc IRedemptionDesk
    function cancelOrder(address citizen, address merchant, bytes32 orderNumber, bytes calldata signature) external {
        OrderKey key = orderKeyOf(merchant, citizen, orderNumber);
        if (msg.sender != citizen) {
            _requireSigned(key, citizen, cancelDigest(citizen, merchant, orderNumber), signature);
        }
        if (!_once.use(merchant, orderNumber, key)) revert RedemptionDesk_OrderUsed(key);

        emit OrderCancelled(key, citizen, merchant, orderNumber);
    }

    /// @inheritdoc IRedemptionDesk
    function refund(Receipt calldata receipt, bytes32[] calldata proof, uint256 pointsMilli) external whenNotPaused {
        Ticket memory ticket = _ticketOfCaller(receipt, proof);
        if (_isOver(ticket)) {
            revert RedemptionDesk_RefundWindowOver(ticket.key, ticket.dueDay + REFUND_WINDOW_DAYS);
        }

        _refund(receipt, ticket, pointsMilli, ticket.dueDay);
    }

    /// @inheritdoc IRedemptionDesk
    function refundFinal(Receipt calldata receipt, bytes32[] calldata proof, uint256 pointsMilli, uint256 dueDay)
        external
        whenNotPaused
    {
        Ticket memory ticket = _ticketOfCaller(receipt, proof);
        if (ticket.dueDay == 0) revert RedemptionDesk_InDispute(ticket.key);
        if (!_isOver(ticket)) {
            revert RedemptionDesk_RefundWindowOpen(ticket.key, ticket.dueDay + REFUND_WINDOW_DAYS);
        }
        // Day 0 stands for what is disputed: a final order must not be refunded out of other citizens' disputes.
        if (dueDay == 0 || dueDay > lastFinalDay()) revert RedemptionDesk_NotFinal(dueDay, lastFinalDay());

        _refund(receipt, ticket, pointsMilli, dueDay);
    }

    /// @inheritdoc IRedemptionDesk
    function dispute(
        Receipt calldata receipt,
        bytes32[] calldata proof,
        bytes32 reason,
        uint256 expiry,
        bytes calldata signature
    ) external whenNotPaused {
        Ticket memory ticket = _ticketOf(receipt, proof);
        if (block.timestamp > expiry) revert RedemptionDesk_OrderExpired(ticket.key, expiry);
        OrderPhase phase = _phaseOf(ticket);
        bool before = ticket.aftermath.disputedOn != 0;
        if (phase != OrderPhase.Held || before) revert RedemptionDesk_CannotDispute(ticket.key, phase, before);
        bytes32 digest = disputeDigest(receipt.citizen, receipt.merchant, receipt.orderNumber, reason, expiry);
        _requireSigned(ticket.key, book.holderOf(receipt.citizen), digest, signature);

        _openDispute(receipt, ticket, reason);
    }

    /// @inheritdoc IRedemptionDesk
    function resolveDispute(Receipt calldata receipt, bytes32[] calldata proof, uint256 toCitizenMilli)
        external
        restricted
        whenNotPaused
    {
        Ticket memory ticket = _ticketOf(receipt, proof);
        uint256 lastDay = _lastDayToDecide(ticket);
        if (UnitsLib.dayOf(block.timestamp) > lastDay) revert RedemptionDesk_DisputeOver(ticket.key, lastDay);

        if (toCitizenMilli > 0) _refund(receipt, ticket, toCitizenMilli, 0);
        _endDispute(receipt, ticket);
    }

    /// @inheritdoc IRedemptionDesk
    function lapseDispute(Receipt calldata receipt, bytes32[] calldata proof) external whenNotPaused {
        Ticket memory ticket = _ticketOf(receipt, proof);
        uint256 lastDay = _lastDayToDecide(ticket);
        if (UnitsLib.dayOf(block.timestamp) <= lastDay) revert RedemptionDesk_DisputeOpen(ticket.key, lastDay);

        _endDispute(receipt, ticket);
    }

    /// @inheritdoc IRedemptionDesk
    function collect(address merchant, uint256 fromDay, uint256 throughDay)
        external
        whenNotPaused
        returns (uint256 pointsMilli, uint256 value)
    {
        if (msg.sender != address(vault)) revert RedemptionDesk_NotVault(msg.sender);
        if (throughDay > lastFinalDay()) revert RedemptionDesk_NotFinal(throughDay, lastFinalDay());

        mapping(uint256 => Due) storage days_ = _due[merchant];
        for (uint256 day = fromDay; day <= throughDay; day++) {
            Due memory due = days_[day];
            if (due.pointsMilli == 0 && due.value == 0) continue;
            pointsMilli += due.pointsMilli;
            value += due.value;
            delete days_[day];
        }
        if (pointsMilli > 0) book.burnHeld(merchant, pointsMilli);

        emit PointsCollected(merchant, fromDay, throughDay, pointsMilli, value);
    }

    /// @inheritdoc IRedemptionDesk
    function orderDigest(Order calldata order) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(ORDER_TYPEHASH, order)));
    }

    /// @inheritdoc IRedemptionDesk
    function cancelDigest(address citizen, address merchant, bytes32 orderNumber) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(CANCEL_TYPEHASH, citizen, merchant, orderNumber)));
    }

    /// @inheritdoc IRedemptionDesk
    function disputeDigest(address citizen, address merchant, bytes32 orderNumber, bytes32 reason, uint256 expiry)
        public
        view
        returns (bytes32)
    {
        return _digest(keccak256(abi.encode(DISPUTE_TYPEHASH, citizen, merchant, orderNumber, reason, expiry)));
    }

    /// @inheritdoc IRedemptionDesk
    function orderKeyOf(address merchant, address citizen, bytes32 orderNumber) public pure returns (OrderKey) {
        return OrderKey.wrap(keccak256(abi.encode(merchant, citizen, orderNumber)));
    }

    /// @inheritdoc IRedemptionDesk
    function leafOf(Receipt calldata receipt) public pure returns (bytes32) {
        return ReceiptLib.leafOf(receipt.citizen, receipt.merchant, receipt.orderNumber, receipt.offer, receipt.parts);
    }

    /// @inheritdoc IRedemptionDesk
    function isUsed(address merchant, address citizen, bytes32 orderNumber) external view returns (bool) {
        return _once.isUsed(merchant, orderNumber, orderKeyOf(merchant, citizen, orderNumber));
    }

    /// @inheritdoc IRedemptionDesk
    function orderOf(Receipt calldata receipt, bytes32[] calldata proof)
        external
        view
        returns (OrderState memory state)
    {
        Ticket memory ticket = _readTicket(receipt, proof);
        if (ticket.day == 0) return state;

        return OrderState({
            phase: _phaseOf(ticket),
            pointsMilli: ticket.leftMilli + ticket.aftermath.refundedMilli,
            refundedMilli: ticket.aftermath.refundedMilli,
            day: ticket.day,
            dueDay: ticket.dueDay
        });
    }

    /// @inheritdoc IRedemptionDesk
    function dueOf(address merchant, uint256 day) external view returns (uint256 pointsMilli, uint256 value) {
        Due storage due = _due[merchant][day];
        return (due.pointsMilli, due.value);
    }

    /// @inheritdoc IRedemptionDesk
    function takenOf(address merchant, uint256 day) external view returns (uint256 pointsMilli) {
        return _due[merchant][day].takenMilli;
    }

    /// @inheritdoc IRedemptionDesk
    function disputedOf(address merchant) external view returns (uint256 pointsMilli, uint256 value) {
        Disputed storage waiting = _disputed[merchant];
        return (waiting.pointsMilli, waiting.value);
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 id) public view override returns (bool) {
        return
            id == type(IRedemptionDesk).interfaceId || id == type(IERC5267).interfaceId || super.supportsInterface(id);
    }

    /// @inheritdoc IRedemptionDesk
    function lastFinalDay() public view returns (uint256) {
        return UnitsLib.dayOf(block.timestamp) - REFUND_WINDOW_DAYS - 1;
    }

    /// @dev Returns the leaf of the order's receipt.
    function _take(Order calldata order, bytes calldata signature) private returns (bytes32) {
        OrderKey key = orderKeyOf(order.merchant, order.citizen, order.orderNumber);
        if (block.timestamp > order.expiry) revert RedemptionDesk_OrderExpired(key, order.expiry);
        if (order.pointsMilli == 0) revert RedemptionDesk_NoPoints(key);
        if (!_once.use(order.merchant, order.orderNumber, key)) revert RedemptionDesk_OrderUsed(key);
        uint256 day = UnitsLib.dayOf(block.timestamp);
        Due memory due = _due[order.merchant][day];
        _requireWithinLimits(order, key, due.takenMilli);
        _requireSigned(key, order.citizen, orderDigest(order), signature);

        if (order.offer != 0) {
            offers.take(order.merchant, order.offer, order.citizen, order.pointsMilli, order.terms);
        }
        ICarbonPoint.Part[] memory parts = book.spend(order.citizen, order.merchant, order.pointsMilli);
        uint256 value = _valueOf(parts);
        due.pointsMilli += uint64(order.pointsMilli); // fits, as does the sum of the day: no more than the merchant's limit
        due.takenMilli += uint64(order.pointsMilli);
        due.value += value.toUint128();
        _due[order.merchant][day] = due;

        _tell(order, key, value, parts);
        return ReceiptLib.leafOf(order.citizen, order.merchant, order.orderNumber, order.offer, parts);
    }

    function _tell(Order calldata order, OrderKey key, uint256 value, ICarbonPoint.Part[] memory parts) private {
        emit OrderRedeemed(
            key,
            order.citizen,
            order.merchant,
            order.orderNumber,
            order.pointsMilli,
            value,
            order.terms,
            order.offer,
            parts
        );
    }

    function _requireWithinLimits(Order calldata order, OrderKey key, uint256 takenMilli) private view {
        (uint256 orderLimit, uint256 dayLimit) = operators.activeLimitsOf(order.merchant);
        if (order.pointsMilli > orderLimit) {
            revert RedemptionDesk_AboveOrderLimit(key, order.pointsMilli, orderLimit);
        }
        uint256 left = takenMilli < dayLimit ? dayLimit - takenMilli : 0;
        if (order.pointsMilli > left) revert RedemptionDesk_AboveDayLimit(key, order.pointsMilli, left);
    }

    function _seal(bytes32 root, uint256 count) private {
        uint256 day = UnitsLib.dayOf(block.timestamp);
        sealedOn[root] = day;

        emit ReceiptsSealed(root, day, count);
    }

    /// @dev Gives the last `pointsMilli` of what is left back, out of the bucket of `dueDay`, or out of the dispute if `dueDay` is 0.
    function _refund(Receipt calldata receipt, Ticket memory ticket, uint256 pointsMilli, uint256 dueDay) private {
        if (pointsMilli == 0) revert RedemptionDesk_NoPoints(ticket.key);
        if (pointsMilli > ticket.leftMilli) {
            revert RedemptionDesk_RefundTooLarge(ticket.key, pointsMilli, ticket.leftMilli);
        }

        ICarbonPoint.Part[] memory back = _lastParts(receipt.parts, ticket.aftermath.refundedMilli, pointsMilli);
        uint256 value = _valueOf(back);
        ticket.aftermath.refundedMilli += uint64(pointsMilli); // fits: no more than was taken
        ticket.leftMilli -= pointsMilli;
        _aftermaths[ticket.key] = ticket.aftermath;
        if (dueDay == 0) _takeFromDispute(receipt.merchant, pointsMilli, value);
        else _takeFromDue(receipt.merchant, dueDay, pointsMilli, value);

        emit OrderRefunded(ticket.key, receipt.citizen, receipt.merchant, pointsMilli, value, dueDay);

        book.refund(receipt.merchant, receipt.citizen, back);
        if (ticket.leftMilli == 0 && receipt.offer != 0) {
            offers.giveBack(receipt.merchant, receipt.offer, receipt.citizen);
        }
    }

    /// @dev What is left leaves its bucket and waits.
    function _openDispute(Receipt calldata receipt, Ticket memory ticket, bytes32 reason) private {
        uint256 value = _valueOf(_lastParts(receipt.parts, ticket.aftermath.refundedMilli, ticket.leftMilli));
        _aftermaths[ticket.key].disputedOn = uint32(UnitsLib.dayOf(block.timestamp));
        _takeFromDue(receipt.merchant, ticket.dueDay, ticket.leftMilli, value);
        Disputed storage waiting = _disputed[receipt.merchant];
        waiting.pointsMilli += uint128(ticket.leftMilli); // both fit: they were in a bucket
        waiting.value += uint128(value);

        emit OrderDisputed(
            ticket.key, receipt.citizen, receipt.merchant, ticket.leftMilli, value, ticket.dueDay, reason
        );
    }

    /// @dev What is left goes into the merchant's bucket of today.
    function _endDispute(Receipt calldata receipt, Ticket memory ticket) private {
        uint256 day = UnitsLib.dayOf(block.timestamp);
        uint256 left = ticket.leftMilli;
        uint256 value = _valueOf(_lastParts(receipt.parts, ticket.aftermath.refundedMilli, left));
        _aftermaths[ticket.key].decidedOn = uint32(day);
        _takeFromDispute(receipt.merchant, left, value);
        Due storage due = _due[receipt.merchant][day];
        due.pointsMilli += left.toUint64();
        due.value += value.toUint128();

        emit DisputeEnded(ticket.key, receipt.citizen, receipt.merchant, left, value, day);
    }

    function _takeFromDue(address merchant, uint256 day, uint256 pointsMilli, uint256 value) private {
        Due memory due = _due[merchant][day];
        if (pointsMilli > due.pointsMilli || value > due.value) {
            revert RedemptionDesk_TooLittleDue(merchant, day, due.pointsMilli, due.value, pointsMilli, value);
        }

        due.pointsMilli -= uint64(pointsMilli); // both fit: they are no more than what they are taken from
        due.value -= uint128(value);
        _due[merchant][day] = due;
    }

    function _takeFromDispute(address merchant, uint256 pointsMilli, uint256 value) private {
        Disputed storage waiting = _disputed[merchant];
        waiting.pointsMilli -= pointsMilli.toUint128();
        waiting.value -= value.toUint128();
    }

    function _ticketOfCaller(Receipt calldata receipt, bytes32[] calldata proof) private view returns (Ticket memory) {
        if (msg.sender != receipt.merchant) revert RedemptionDesk_NotMerchant(receipt.merchant, msg.sender);

        return _ticketOf(receipt, proof);
    }

    function _ticketOf(Receipt calldata receipt, bytes32[] calldata proof) private view returns (Ticket memory ticket) {
        ticket = _readTicket(receipt, proof);
        if (ticket.day == 0) revert RedemptionDesk_UnknownOrder(ticket.key);
    }

    /// @dev `day` is 0 if no sealed root stands for the receipt.
    function _readTicket(Receipt calldata receipt, bytes32[] calldata proof)
        private
        view
        returns (Ticket memory ticket)
    {
        ticket.key = orderKeyOf(receipt.merchant, receipt.citizen, receipt.orderNumber);
        ticket.day = sealedOn[MerkleProof.processProofCalldata(proof, leafOf(receipt))];
        if (ticket.day == 0) return ticket;

        Aftermath memory aftermath = _aftermaths[ticket.key];
        uint256 pointsMilli = 0;
        for (uint256 i = 0; i < receipt.parts.length; i++) {
            pointsMilli += receipt.parts[i].pointsMilli;
        }
        ticket.leftMilli = pointsMilli - aftermath.refundedMilli;
        if (aftermath.decidedOn != 0) ticket.dueDay = aftermath.decidedOn;
        else if (aftermath.disputedOn == 0) ticket.dueDay = ticket.day;
        ticket.aftermath = aftermath;
    }

    /// @dev A disputed order is in no bucket, and no window runs.
    function _isOver(Ticket memory ticket) private view returns (bool) {
        return ticket.dueDay != 0 && ticket.dueDay <= lastFinalDay();
    }

    function _phaseOf(Ticket memory ticket) private view returns (OrderPhase) {
        if (ticket.leftMilli == 0) return OrderPhase.Refunded;
        if (ticket.dueDay == 0) return OrderPhase.Disputed;
        return _isOver(ticket) ? OrderPhase.Final : OrderPhase.Held;
    }

    function _lastDayToDecide(Ticket memory ticket) private pure returns (uint256) {
        if (ticket.dueDay != 0 || ticket.leftMilli == 0) revert RedemptionDesk_NotDisputed(ticket.key);

        return ticket.aftermath.disputedOn + DISPUTE_DAYS;
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

    function _requireSigned(OrderKey key, address signer, bytes32 digest, bytes calldata signature) private view {
        if (!SignatureLib.isSignedBy(signer, digest, signature)) revert RedemptionDesk_BadSignature(key, signer);
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook RedemptionDesk";
    }
}
