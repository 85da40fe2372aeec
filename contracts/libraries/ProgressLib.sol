// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice How far a batch is credited, in one word:
/// quantity (64 bits) | reduction (56, mg) | points (50, milli-points) | consented reduction (56, mg) | accounts (30), lowest bits first.
type PackedProgress is uint256;

using ProgressLib for PackedProgress global;

/// @title Packing of a batch's progress
/// @dev The compiler reads and writes a packed struct field by field; a claim pays for each.
library ProgressLib {
    /// @notice A value does not fit its field.
    error ProgressLib_Overflow(uint256 value);

    /// @dev Most entries and milligrams of a batch, which the ledger checks when it stores one: no field is ever too small. Points are 76/9000
    /// of the milligrams: below 2^50.
    uint256 internal constant MOST_ACCOUNTS = (1 << 30) - 1;
    uint256 internal constant MOST_REDUCTION_MG = (1 << 56) - 1;

    uint256 private constant QUANTITY_MASK = type(uint64).max;
    uint256 private constant POINTS_MASK = (1 << 50) - 1;
    uint256 private constant REDUCTION_SHIFT = 64;
    uint256 private constant POINTS_SHIFT = 120;
    uint256 private constant CONSENTED_SHIFT = 170;
    uint256 private constant ACCOUNTS_SHIFT = 226;

    function quantity(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) & QUANTITY_MASK;
    }

    function reductionMg(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) >> REDUCTION_SHIFT & MOST_REDUCTION_MG;
    }

    function pointsMilli(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) >> POINTS_SHIFT & POINTS_MASK;
    }

    function consentedMg(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) >> CONSENTED_SHIFT & MOST_REDUCTION_MG;
    }

    function accounts(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) >> ACCOUNTS_SHIFT;
    }

    function pack(
        uint256 quantity_,
        uint256 reductionMg_,
        uint256 pointsMilli_,
        uint256 consentedMg_,
        uint256 accounts_
    ) internal pure returns (PackedProgress) {
        uint256 widestMg = reductionMg_ | consentedMg_;
        if (quantity_ > QUANTITY_MASK) revert ProgressLib_Overflow(quantity_);
        if (widestMg > MOST_REDUCTION_MG) revert ProgressLib_Overflow(widestMg);
        if (pointsMilli_ > POINTS_MASK) revert ProgressLib_Overflow(pointsMilli_);
        if (accounts_ > MOST_ACCOUNTS) revert ProgressLib_Overflow(accounts_);

        return PackedProgress.wrap(
            quantity_ | reductionMg_ << REDUCTION_SHIFT | pointsMilli_ << POINTS_SHIFT | consentedMg_ << CONSENTED_SHIFT
                | accounts_ << ACCOUNTS_SHIFT
        );
    }
}
