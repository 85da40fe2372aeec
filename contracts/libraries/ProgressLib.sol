// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice How far a batch is credited, in one word:
/// quantity (64 bits) | reduction (64, mg) | points (64, milli-points) | accounts (32), lowest bits first.
type PackedProgress is uint256;

using ProgressLib for PackedProgress global;

/// @title Packing of a batch's progress
/// @dev The compiler reads and writes a packed struct field by field; a claim pays for each.
library ProgressLib {
    /// @notice A value does not fit its field.
    error ProgressLib_Overflow(uint256 value);

    uint256 private constant FIELD_MASK = type(uint64).max;
    uint256 private constant REDUCTION_SHIFT = 64;
    uint256 private constant POINTS_SHIFT = 128;
    uint256 private constant ACCOUNTS_SHIFT = 192;

    function quantity(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) & FIELD_MASK;
    }

    function reductionMg(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) >> REDUCTION_SHIFT & FIELD_MASK;
    }

    function pointsMilli(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) >> POINTS_SHIFT & FIELD_MASK;
    }

    function accounts(PackedProgress progress) internal pure returns (uint256) {
        return PackedProgress.unwrap(progress) >> ACCOUNTS_SHIFT;
    }

    function pack(uint256 quantity_, uint256 reductionMg_, uint256 pointsMilli_, uint256 accounts_)
        internal
        pure
        returns (PackedProgress)
    {
        uint256 widest = quantity_ | reductionMg_ | pointsMilli_;
        if (widest > FIELD_MASK) revert ProgressLib_Overflow(widest);
        if (accounts_ > type(uint32).max) revert ProgressLib_Overflow(accounts_);

        return PackedProgress.wrap(
            quantity_ | reductionMg_ << REDUCTION_SHIFT | pointsMilli_ << POINTS_SHIFT | accounts_ << ACCOUNTS_SHIFT
        );
    }
}
