// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "./LeafLib.sol";
import {UnitsLib} from "./UnitsLib.sol";

/// @title Which entries of a chunk are new
library ChunkLib {
    /// @dev `LeafLib.QUANTITY_MASK` and `UnitsLib.UG_PER_MG`, as literals for assembly.
    uint256 private constant QUANTITY_MASK = (1 << 95) - 1;
    uint256 private constant UG_PER_MG = 1000;

    /// @param credits Entries of the book (account << 96 | milligrams); only the first `count` are filled.
    /// @param quantity Sum of their quantities.
    struct Taken {
        uint256[] credits;
        uint256 count;
        uint256 quantity;
    }

    /// @notice Adds to `taken` the entries whose bit is not set.
    /// @dev Sums cannot overflow: a quantity has 95 bits, a factor 64, and a word of the bitmap 256 entries.
    /// An amount never reaches the account's bits: what is credited has a quantity of 64 bits at most, or the issuer undoes it as above the
    /// header, and the registry takes no factor above 1e11, so that it is below 2^91. Assembly saves 117 gas for
    /// each account. Memory-safe: `to` starts behind the credits taken so far, and at most one word is written for an entry, for which the
    /// caller has made room; otherwise only `taken.count` (0x20) is written. Bounds: `at` runs over the array's own words, 256 at most.
    /// @param entries Packed leaves, as in `LeafLib`, at most one per bit; zero is padding.
    /// @param bits The word of the bitmap; entry i stands at bit `offset` + i.
    /// @param factorUg Micrograms CO2e per unit quantity.
    /// @param mostMg Most milligrams one entry can bring.
    /// @return The word with the new bits set.
    function take(
        uint256[] calldata entries,
        uint256 bits,
        uint256 offset,
        uint256 factorUg,
        uint256 mostMg,
        Taken memory taken
    ) internal pure returns (uint256) {
        uint256[] memory credits = taken.credits;
        uint256 quantity = taken.quantity;
        uint256 bit = 1 << offset;
        assembly ("memory-safe") {
            let to := add(credits, shl(5, add(1, mload(add(taken, 0x20)))))
            let end := add(entries.offset, shl(5, entries.length))
            for { let at := entries.offset } lt(at, end) { at := add(at, 0x20) } {
                let entry := calldataload(at)
                if gt(entry, 0) {
                    if iszero(and(bits, bit)) {
                        bits := or(bits, bit)
                        let amount := and(entry, QUANTITY_MASK)
                        quantity := add(quantity, amount)
                        let mg := div(mul(amount, factorUg), UG_PER_MG)
                        if gt(mg, mostMg) { mg := mostMg }
                        mstore(to, or(shl(96, shr(96, entry)), mg))
                        to := add(to, 0x20)
                    }
                }
                bit := shl(1, bit)
            }
            mstore(add(taken, 0x20), sub(shr(5, sub(to, credits)), 1))
        }
        taken.quantity = quantity;
        return bits;
    }
}
