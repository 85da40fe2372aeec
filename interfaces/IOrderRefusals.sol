// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOperatorRegistry} from "./IOperatorRegistry.sol";

/// @title Why others refuse what the desk asks of them
/// @notice The desk passes these on as they come, alone or as the reason in `OrderRefused`. They stand here a second time, word for word,
/// so that the desk's own ABI reads all that the desk answers.
interface IOrderRefusals {
    /// @notice The merchant is not active.
    error OperatorRegistry_MerchantNotActive(address merchant, IOperatorRegistry.Standing standing);

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

    /// @notice The account has fewer spendable points than the order asks.
    error CarbonPoint_TooFewPoints(address account, uint256 pointsMilli, uint256 neededMilli);

    /// @notice The year was taken out of the books: a refund into it is no longer possible.
    error CarbonPoint_YearTakenOut(uint256 year);
}
