// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "./LeafLib.sol";
import {UnitsLib} from "./UnitsLib.sol";

/// @title Which entries of a chunk are new
library ChunkLib {
    /// @param credits Entries of the book (account << 96 | milligrams); only the first `count` are filled.
    /// @param quantity Sum of their quantities.
    struct Taken {
        uint256[] credits;
        uint256 count;
        uint256 quantity;
    }

    /// @notice Adds to `taken` the entries whose bit is not set.
    /// @dev Sums cannot overflow: a quantity has 95 bits, a factor 64, and a word of the bitmap 256 entries.
    /// @param entries Packed leaves, as in `LeafLib`, at most one per bit; zero is padding.
    /// @param bits The word of the bitmap; entry i stands at bit `offset` + i.
    /// @param factorUg Micrograms CO2e per unit quantity.
    /// @return The word with the new bits set.
    function take(uint256[] calldata entries, uint256 bits, uint256 offset, uint256 factorUg, Taken memory taken)
        internal
        pure
        returns (uint256)
    {
        unchecked {
            uint256[] memory credits = taken.credits;
            uint256 count = taken.count;
            uint256 quantity = taken.quantity;
            uint256 bit = 1 << offset;
            for (uint256 i = 0; i < entries.length; i++) {
                uint256 entry = entries[i];
                if (entry != 0 && bits & bit == 0) {
                    bits |= bit;
                    uint256 entryQuantity = entry & LeafLib.QUANTITY_MASK;
                    quantity += entryQuantity;
                    credits[count++] = entry >> LeafLib.ACCOUNT_SHIFT << LeafLib.ACCOUNT_SHIFT
                        | entryQuantity * factorUg / UnitsLib.UG_PER_MG;
                }
                bit <<= 1;
            }
            (taken.count, taken.quantity) = (count, quantity);
        }
        return bits;
    }
}
