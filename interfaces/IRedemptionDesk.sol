// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrderKey} from "../contracts/types/Ids.sol";
import {ICarbonPoint} from "./ICarbonPoint.sol";
import {IOrderRefusals} from "./IOrderRefusals.sol";

/// @title Redemption: a citizen's exact order, signed, relayed, held, then final, refunded or disputed
/// @notice The citizen signs who gets how many points for what until when; anyone may send it. The merchant cannot take a point without
/// that signature, nor the same order number of the same citizen twice. For the refund window the merchant may give points back, wholly or in part, to the
/// pages they came from, and the citizen may dispute the order; after it the order is final and due for payment. A merchant may still
/// refund a final order, paid or not: it is netted against other final points of its own that are not yet paid.
///
/// What is due stands in one bucket per merchant and day. An order's points are in the bucket of the day on which it was taken; while
/// disputed they wait outside every bucket; what the merchant keeps of them goes into the bucket of the day of the decision, where the
/// order is held once more. So a dispute holds up its own order and nothing else.
///
/// An order is known by merchant, citizen and order number: what one citizen does with a number is nothing to any other. A citizen who
/// thinks better of an order that was not sent yet cancels it, which uses its number up.
///
/// The desk keeps a mark of 64 bits per order, and one word per transaction of orders: the root of a tree over their receipts. Who wants
/// something done about an order shows its receipt, all of which is in its `OrderRedeemed` event, and its proof, which follows from the
/// receipts of the orders taken with it: those of the `count` events before `ReceiptsSealed`, in order.
/// An order costs least if its number is new to its merchant, and the merchant's last one plus one: four neighbours share a word.
///
/// Signatures are a key's own, or a contract's by ERC-1271. They are EIP-712, of the domain with the name `Carbonbook RedemptionDesk`, the
/// version `1`, the chain's id, the desk's address, and the hash of the chain's genesis block as salt (`eip712Domain`, ERC-5267). The
/// desk answers to ERC-165.
interface IRedemptionDesk is IOrderRefusals {
    /// @notice None -> Held -> Final (by time), or Refunded when all of it was given back. Held -> Disputed -> Held (decided) or Refunded.
    enum OrderPhase {
        None,
        Held,
        Final,
        Refunded,
        Disputed
    }

    /// @param citizen Who spends.
    /// @param merchant Who receives.
    /// @param orderNumber The merchant's own order number, or its hash.
    /// @param pointsMilli Exact price in thousandths of a point.
    /// @param expiry Last second (UTC) at which the order can be sent.
    /// @param terms Hash of what is bought, as merchant and citizen agreed; of an offer, the offer's.
    /// @param offer The merchant's number of the offer that is taken up, or zero: a free amount at the till.
    struct Order {
        address citizen;
        address merchant;
        bytes32 orderNumber;
        uint256 pointsMilli;
        uint256 expiry;
        bytes32 terms;
        bytes32 offer;
    }

    /// @notice What was taken, and from which pages.
    struct Receipt {
        address citizen;
        address merchant;
        bytes32 orderNumber;
        bytes32 offer;
        ICarbonPoint.Part[] parts;
    }

    /// @param phase Where the order stands now.
    /// @param pointsMilli What was spent.
    /// @param refundedMilli What was given back.
    /// @param day Day number (UTC) on which it was taken.
    /// @param dueDay Day in whose bucket the rest is, or was paid from: `day`, or that of a dispute's decision. 0 while disputed.
    struct OrderState {
        OrderPhase phase;
        uint256 pointsMilli;
        uint256 refundedMilli;
        uint256 day;
        uint256 dueDay;
    }

    /// @notice Points changed hands. `parts` says from which pages.
    event OrderRedeemed(
        OrderKey indexed key,
        address indexed citizen,
        address indexed merchant,
        bytes32 orderNumber,
        uint256 pointsMilli,
        uint256 value,
        bytes32 terms,
        bytes32 offer,
        ICarbonPoint.Part[] parts
    );

    /// @notice The `count` orders told just before were taken on `day`, and `root` stands for their receipts.
    event ReceiptsSealed(bytes32 indexed root, uint256 day, uint256 count);

    /// @notice A citizen cancelled an order that was not taken: its number is used up for that citizen at that merchant.
    event OrderCancelled(OrderKey indexed key, address indexed citizen, address indexed merchant, bytes32 orderNumber);

    /// @notice An order in a batch was not taken, for `reason` (encoded error); nothing changed for it.
    event OrderRefused(OrderKey indexed key, address indexed citizen, address indexed merchant, bytes reason);

    /// @notice Points went back to the citizen, out of the merchant's bucket of `dueDay`; out of the dispute if `dueDay` is 0.
    event OrderRefunded(
        OrderKey indexed key,
        address indexed citizen,
        address indexed merchant,
        uint256 pointsMilli,
        uint256 value,
        uint256 dueDay
    );

    /// @notice The citizen disputes what is left of an order; it left the merchant's bucket of `dueDay`. `reason` hashes why.
    event OrderDisputed(
        OrderKey indexed key,
        address indexed citizen,
        address indexed merchant,
        uint256 pointsMilli,
        uint256 value,
        uint256 dueDay,
        bytes32 reason
    );

    /// @notice A dispute ended: by the authority, or by time. What the merchant keeps is in its bucket of `dueDay`; what the citizen gets
    /// is told by `OrderRefunded`.
    event DisputeEnded(
        OrderKey indexed key,
        address indexed citizen,
        address indexed merchant,
        uint256 keptMilli,
        uint256 keptValue,
        uint256 dueDay
    );

    /// @notice The vault took a merchant's final points of these days for payment.
    event PointsCollected(
        address indexed merchant, uint256 fromDay, uint256 throughDay, uint256 pointsMilli, uint256 value
    );

    /// @notice The order, or the dispute, could be sent until `expiry`.
    error RedemptionDesk_OrderExpired(OrderKey key, uint256 expiry);

    /// @notice The order asks for nothing.
    error RedemptionDesk_NoPoints(OrderKey key);

    /// @notice The order was taken, or cancelled.
    error RedemptionDesk_OrderUsed(OrderKey key);

    /// @notice The merchant may take `limitMilli` with one order.
    error RedemptionDesk_AboveOrderLimit(OrderKey key, uint256 pointsMilli, uint256 limitMilli);

    /// @notice The merchant may take `leftMilli` more today, refunded or not.
    error RedemptionDesk_AboveDayLimit(OrderKey key, uint256 pointsMilli, uint256 leftMilli);

    /// @notice The signature is not `signer`'s over this order, cancellation or dispute.
    error RedemptionDesk_BadSignature(OrderKey key, address signer);

    /// @notice No sealed root stands for this receipt with this proof.
    error RedemptionDesk_UnknownOrder(OrderKey key);

    /// @notice Only the order's merchant may do this.
    error RedemptionDesk_NotMerchant(address merchant, address caller);

    /// @notice The refund window ended with `lastDay`.
    error RedemptionDesk_RefundWindowOver(OrderKey key, uint256 lastDay);

    /// @notice The refund window lasts through `lastDay`: no other points need to be netted.
    error RedemptionDesk_RefundWindowOpen(OrderKey key, uint256 lastDay);

    /// @notice The order's points wait for a decision: `refund` gives them back.
    error RedemptionDesk_InDispute(OrderKey key);

    /// @notice More would be refunded than is left of the order.
    error RedemptionDesk_RefundTooLarge(OrderKey key, uint256 pointsMilli, uint256 leftMilli);

    /// @notice The merchant's bucket of `day` is too small to net the refund against.
    error RedemptionDesk_TooLittleDue(
        address merchant, uint256 day, uint256 dueMilli, uint256 dueValue, uint256 neededMilli, uint256 neededValue
    );

    /// @notice An order is disputed once at most, while it is held.
    error RedemptionDesk_CannotDispute(OrderKey key, OrderPhase phase, bool disputedBefore);

    /// @notice The order is not in dispute.
    error RedemptionDesk_NotDisputed(OrderKey key);

    /// @notice The dispute could be decided through `lastDay`; it goes to the merchant now.
    error RedemptionDesk_DisputeOver(OrderKey key, uint256 lastDay);

    /// @notice The dispute can be decided through `lastDay`.
    error RedemptionDesk_DisputeOpen(OrderKey key, uint256 lastDay);

    /// @notice Orders of `day` can still be refunded.
    error RedemptionDesk_NotFinal(uint256 day, uint256 lastFinalDay);

    /// @notice Only the settlement vault may do this.
    error RedemptionDesk_NotVault(address caller);

    /// @notice Only the desk itself may do this.
    error RedemptionDesk_NotSelf(address caller);

    /// @notice As many signatures as orders are needed.
    error RedemptionDesk_LengthMismatch(uint256 orders, uint256 signatures);

    /// @notice `needed` gas must be left before order `index` of a batch is tried: with less, a good order could fail for want of gas.
    error RedemptionDesk_GasShort(uint256 index, uint256 needed);

    /// @notice Gas that one order of a batch gets: enough for one that takes from all ten pages, of an offer, signed by a contract. Who
    /// burns it all harms itself and the sender, not the orders beside it.
    function ORDER_GAS() external view returns (uint256);

    /// @notice Days after an order's day on which it can still be refunded or disputed.
    function REFUND_WINDOW_DAYS() external view returns (uint256);

    /// @notice Days after a dispute's day on which it can still be decided. A dispute that nobody decides goes to the merchant: the
    /// citizen signed the order, and silence of the authority must not turn goods that were handed over into gifts.
    function DISPUTE_DAYS() external view returns (uint256);

    /// @notice Takes one signed order.
    /// The citizen signs EIP-712 `Order(address citizen,address merchant,bytes32 orderNumber,uint256 pointsMilli,uint256 expiry,
    /// bytes32 terms,bytes32 offer)`; anyone sends it.
    /// Reverts if: paused; expired; no points; taken or cancelled before; merchant not active; above the merchant's limits; signature bad;
    /// the offer cannot be taken; too few points.
    function redeem(Order calldata order, bytes calldata signature) external returns (OrderKey key);

    /// @notice Takes several signed orders; one that cannot be taken is told by `OrderRefused` and does not stop the others.
    /// Reverts if: paused; not as many signatures as orders; too little gas to give an order `ORDER_GAS`.
    function redeemBatch(Order[] calldata orders, bytes[] calldata signatures) external;

    /// @notice Cancels an order that was not taken yet: nobody can send it any more, nor another one of this citizen with this number to
    /// this merchant. The citizen sends it, with an empty signature; or signs EIP-712
    /// `Cancel(address citizen,address merchant,bytes32 orderNumber)`, and anyone sends it. A pause does not stop it.
    /// Reverts if: taken or cancelled before; the caller is not the citizen and the signature is bad.
    /// Warning: cannot be undone.
    function cancelOrder(address citizen, address merchant, bytes32 orderNumber, bytes calldata signature) external;

    /// @notice Takes one order of a batch and returns the leaf of its receipt. Only the desk itself: a call of its own is what undoes an
    /// order that fails halfway.
    /// Reverts if: another caller; and as `redeem`.
    function take(Order calldata order, bytes calldata signature) external returns (bytes32 leaf);

    /// @notice Gives `pointsMilli` of a held or disputed order back to the citizen, last part first. The caller is the merchant, suspended
    /// or not. A refund of all of it gives an offer's item back. Points of a page that has expired meanwhile come back expired.
    /// Reverts if: paused; another caller; the receipt is unknown; the window is over; nothing, or more than is left; the page's year was
    /// taken out of the books.
    function refund(Receipt calldata receipt, bytes32[] calldata proof, uint256 pointsMilli) external;

    /// @notice Gives `pointsMilli` of a final order back, whether it was paid or not, by netting: points and value leave the merchant's
    /// bucket of `dueDay`, which must be final and not yet collected. Final, because what can still be refunded itself is not there to
    /// be netted. The caller is the merchant.
    /// Reverts if: paused; another caller; the receipt is unknown; in dispute; the window is open; nothing, or more than is left; `dueDay` is not
    /// final; its bucket holds fewer points or less value; the page's year was taken out of the books.
    function refundFinal(Receipt calldata receipt, bytes32[] calldata proof, uint256 pointsMilli, uint256 dueDay)
        external;

    /// @notice Disputes what is left of a held order. The citizen signs EIP-712
    /// `Dispute(address citizen,address merchant,bytes32 orderNumber,bytes32 reason,uint256 expiry)`; anyone sends it. If the citizen's
    /// book has moved, the account that has it now signs, and the one that was left cannot: its key may be why.
    /// Reverts if: paused; expired; the receipt is unknown; not held; disputed before; signature bad.
    function dispute(
        Receipt calldata receipt,
        bytes32[] calldata proof,
        bytes32 reason,
        uint256 expiry,
        bytes calldata signature
    ) external;

    /// @notice Decides a dispute: `toCitizenMilli` go back to the citizen, the rest into the merchant's bucket of today, where it is held
    /// as if taken today. Restricted to the authority.
    /// Reverts if: paused; the receipt is unknown; not disputed; `DISPUTE_DAYS` have passed; more than is left; the page's year was taken
    /// out of the books.
    function resolveDispute(Receipt calldata receipt, bytes32[] calldata proof, uint256 toCitizenMilli) external;

    /// @notice Ends a dispute that nobody decided in time, for the merchant. Anyone may call.
    /// Reverts if: paused; the receipt is unknown; not disputed; `DISPUTE_DAYS` have not passed.
    function lapseDispute(Receipt calldata receipt, bytes32[] calldata proof) external;

    /// @notice Takes a merchant's final points of these days out of the books, for payment. Only the settlement vault.
    /// The loop costs about 2,300 gas per empty day and 5,200 per full one.
    /// Reverts if: paused; another caller; a day is not final.
    function collect(address merchant, uint256 fromDay, uint256 throughDay)
        external
        returns (uint256 pointsMilli, uint256 value);

    /// @notice Stops orders, refunds, disputes and collection. Restricted to the guardian. Windows run on.
    /// Reverts if: another caller; paused.
    function pause() external;

    /// @notice Ends a pause. Restricted to the authority.
    /// Reverts if: another caller; not paused.
    function unpause() external;

    /// @notice The digest that the citizen signs to order.
    function orderDigest(Order calldata order) external view returns (bytes32);

    /// @notice The digest that the citizen signs to cancel.
    function cancelDigest(address citizen, address merchant, bytes32 orderNumber) external view returns (bytes32);

    /// @notice The digest that the citizen, or who has its book now, signs to dispute.
    function disputeDigest(address citizen, address merchant, bytes32 orderNumber, bytes32 reason, uint256 expiry)
        external
        view
        returns (bytes32);

    /// @notice The key of a citizen's order at a merchant.
    function orderKeyOf(address merchant, address citizen, bytes32 orderNumber) external pure returns (OrderKey);

    /// @notice The leaf that stands for a receipt.
    function leafOf(Receipt calldata receipt) external pure returns (bytes32);

    /// @notice Whether a citizen's order at a merchant was taken or cancelled.
    function isUsed(address merchant, address citizen, bytes32 orderNumber) external view returns (bool);

    /// @notice Where an order stands; all zero if no sealed root stands for the receipt with this proof.
    function orderOf(Receipt calldata receipt, bytes32[] calldata proof) external view returns (OrderState memory);

    /// @notice Points and money in a merchant's bucket of one day: neither refunded, disputed nor collected.
    function dueOf(address merchant, uint256 day) external view returns (uint256 pointsMilli, uint256 value);

    /// @notice Points that a merchant took on one day, refunded or not, until the day is collected: what its day limit is about.
    function takenOf(address merchant, uint256 day) external view returns (uint256 pointsMilli);

    /// @notice Points and money of a merchant's disputed orders.
    function disputedOf(address merchant) external view returns (uint256 pointsMilli, uint256 value);

    /// @notice Day on which orders with this root of receipts were taken; 0 if there are none.
    function sealedOn(bytes32 root) external view returns (uint256 day);

    /// @notice Last day (number) whose orders are final now.
    function lastFinalDay() external view returns (uint256);
}
