// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrderKey} from "../contracts/types/Ids.sol";
import {ICarbonPoint} from "./ICarbonPoint.sol";

/// @title Redemption: a citizen's exact order, signed, relayed, held, then final or refunded
/// @notice The citizen signs who gets how many points for what until when; anyone may send it. The merchant cannot take a point without
/// that signature, nor the same order number twice. For the refund window the merchant may give points back, wholly or in part, to the
/// pages they came from; after it the order is final and due for payment.
interface IRedemptionDesk {
    /// @notice None -> Held -> Final (by time), or Refunded when all of it was given back.
    enum OrderPhase {
        None,
        Held,
        Final,
        Refunded
    }

    /// @param citizen Who spends.
    /// @param merchant Who receives.
    /// @param orderNumber The merchant's own order number, or its hash.
    /// @param pointsMilli Exact price in thousandths of a point.
    /// @param expiry Last second (UTC) at which the order can be sent.
    /// @param terms Hash of what is bought, as merchant and citizen agreed; not read by the contract.
    struct Order {
        address citizen;
        address merchant;
        bytes32 orderNumber;
        uint256 pointsMilli;
        uint256 expiry;
        bytes32 terms;
    }

    /// @param phase Where the order stands now.
    /// @param pointsMilli What was spent.
    /// @param refundedMilli What was given back.
    /// @param day Day number (UTC) on which it was sent.
    struct OrderState {
        OrderPhase phase;
        uint256 pointsMilli;
        uint256 refundedMilli;
        uint256 day;
    }

    /// @notice Points changed hands. `parts` says from which pages; a refund needs them.
    event OrderRedeemed(
        OrderKey indexed key,
        address indexed citizen,
        address indexed merchant,
        bytes32 orderNumber,
        uint256 pointsMilli,
        uint256 value,
        bytes32 terms,
        ICarbonPoint.Part[] parts
    );

    /// @notice An order in a batch was not taken, for `reason` (encoded error); nothing changed for it.
    event OrderRefused(OrderKey indexed key, address indexed citizen, address indexed merchant, bytes reason);

    /// @notice The merchant gave points back.
    event OrderRefunded(
        OrderKey indexed key, address indexed citizen, address indexed merchant, uint256 pointsMilli, uint256 value
    );

    /// @notice The vault took a merchant's final points of these days for payment.
    event PointsCollected(
        address indexed merchant, uint256 fromDay, uint256 throughDay, uint256 pointsMilli, uint256 value
    );

    /// @notice The order could be sent until `expiry`.
    error RedemptionDesk_OrderExpired(OrderKey key, uint256 expiry);

    /// @notice The order asks for nothing.
    error RedemptionDesk_NoPoints(OrderKey key);

    /// @notice The merchant's order number was used.
    error RedemptionDesk_OrderUsed(OrderKey key);

    /// @notice The signature is not the citizen's over this order.
    error RedemptionDesk_BadSignature(OrderKey key, address citizen);

    /// @notice There is no such order of this merchant with this citizen and these parts.
    error RedemptionDesk_UnknownOrder(OrderKey key);

    /// @notice The refund window ended with `lastDay`.
    error RedemptionDesk_RefundWindowOver(OrderKey key, uint256 lastDay);

    /// @notice More would be refunded than is left of the order.
    error RedemptionDesk_RefundTooLarge(OrderKey key, uint256 pointsMilli, uint256 leftMilli);

    /// @notice Orders of `day` can still be refunded.
    error RedemptionDesk_NotFinal(uint256 day, uint256 lastFinalDay);

    /// @notice Only the settlement vault may do this.
    error RedemptionDesk_NotVault(address caller);

    /// @notice As many signatures as orders are needed.
    error RedemptionDesk_LengthMismatch(uint256 orders, uint256 signatures);

    /// @notice Days after an order's day on which it can still be refunded.
    function REFUND_WINDOW_DAYS() external view returns (uint256);

    /// @notice Takes one signed order.
    /// Reverts if: paused; expired; no points; merchant not active; number used; signature bad; too few points.
    function redeem(Order calldata order, bytes calldata signature) external returns (OrderKey key);

    /// @notice Takes several signed orders; one that cannot be taken is told by `OrderRefused` and does not stop the others.
    function redeemBatch(Order[] calldata orders, bytes[] calldata signatures) external;

    /// @notice Gives `pointsMilli` of an order back to the citizen, last part first. The caller is the merchant.
    /// Reverts if: paused; citizen and parts are not the order's; the window is over; more than is left.
    function refund(bytes32 orderNumber, address citizen, ICarbonPoint.Part[] calldata parts, uint256 pointsMilli)
        external;

    /// @notice Takes a merchant's final points of these days out of the books, for payment. Only the settlement vault.
    /// Reverts if: paused; a day is not final.
    function collect(address merchant, uint256 fromDay, uint256 throughDay)
        external
        returns (uint256 pointsMilli, uint256 value);

    /// @notice Stops orders, refunds and collection. Restricted to the guardian.
    function pause() external;

    /// @notice Ends a pause. Restricted to the authority.
    function unpause() external;

    /// @notice The digest that the citizen signs.
    function orderDigest(Order calldata order) external view returns (bytes32);

    /// @notice The key of a merchant's order.
    function orderKeyOf(address merchant, bytes32 orderNumber) external pure returns (OrderKey);

    /// @notice Where an order stands.
    function orderOf(OrderKey key) external view returns (OrderState memory);

    /// @notice Points and money of a merchant's orders of one day that are neither refunded nor collected.
    function dueOf(address merchant, uint256 day) external view returns (uint256 pointsMilli, uint256 value);

    /// @notice Last day (number) whose orders are final now.
    function lastFinalDay() external view returns (uint256);
}
