// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Which entries of a chunk are new, and what they bring
library ChunkLib {
    /// @dev `LeafLib.QUANTITY_MASK`, the bit above it, and `UnitsLib.UG_PER_MG`, as literals for assembly.
    uint256 private constant QUANTITY_MASK = (1 << 95) - 1;
    uint256 private constant CONSENT_BIT = 1 << 95;
    uint256 private constant CONSENT_SHIFT = 95;
    uint256 private constant UG_PER_MG = 1000;

    /// @dev Selector of `IPointIssuer.PointIssuer_NotAscending`, as a literal for assembly.
    uint256 private constant NOT_ASCENDING = 0x9706ea7d;

    /// @param factorUg Micrograms CO2e per unit quantity.
    /// @param capMg Most milligrams of one entry.
    struct Rule {
        uint256 factorUg;
        uint256 capMg;
    }

    /// @param credits Entries of the book (account << 96 | milligrams); only the first `count` are filled.
    /// @param quantity Sum of their quantities.
    /// @param consentedMg Sum of the milligrams of those that consent.
    /// @param last Account of the last entry that was looked at, new or not.
    /// @param capped Whether the cap cut one.
    struct Taken {
        uint256[] credits;
        uint256 count;
        uint256 quantity;
        uint256 consentedMg;
        uint256 last;
        bool capped;
    }

    /// @notice Adds to `taken` the entries whose bit is not set, each cut to the rule's cap.
    /// @dev Sums cannot overflow: a quantity has 95 bits, a factor 64, and a word of the bitmap 256 entries; what is brought is at most the
    /// cap, which has 64 bits, so that it never reaches the account's, and that the consented sum fits above its 95 bits.
    /// Assembly, because this loop is what a city pays for; what is rare is in one branch. Memory-safe: `to` starts behind the credits taken
    /// so far, and at most one word is written for an entry, for which the caller has made room; otherwise only fields of `taken`, and the
    /// scratch space before a revert. Bounds: `at` runs over the array's own words, 256 at most.
    /// Reverts if: accounts are not strictly ascending (`PointIssuer_NotAscending`), padding passed over, so that nobody is in a chunk twice.
    /// @param entries Packed leaves, as in `LeafLib`, at most one per bit; zero is padding.
    /// @param bits The word of the bitmap.
    /// @param bit The first entry's bit in it; the next entry's is the next higher one.
    /// @return The word with the new bits set.
    function take(uint256[] calldata entries, uint256 bits, uint256 bit, Rule memory rule, Taken memory taken)
        internal
        pure
        returns (uint256)
    {
        assembly ("memory-safe") {
            let to := add(mload(taken), shl(5, add(1, mload(add(taken, 0x20)))))
            let quantity := mload(add(taken, 0x40))
            let consented := 0 // milligrams << 95
            let last := mload(add(taken, 0x80))
            let end := add(entries.offset, shl(5, entries.length))
            for { let at := entries.offset } lt(at, end) {
                at := add(at, 0x20)
                bit := shl(1, bit)
            } {
                let entry := calldataload(at)
                let account := shr(96, entry)
                let mg := div(mul(and(entry, QUANTITY_MASK), mload(rule)), UG_PER_MG)
                if or(or(iszero(gt(account, last)), and(bits, bit)), gt(mg, mload(add(rule, 0x20)))) {
                    if iszero(entry) { continue }
                    if iszero(gt(account, last)) {
                        mstore(0x00, NOT_ASCENDING)
                        mstore(0x20, entry)
                        revert(0x1c, 0x24)
                    }
                    if and(bits, bit) {
                        last := account
                        continue
                    }
                    mg := mload(add(rule, 0x20))
                    mstore(add(taken, 0xa0), 1)
                }
                last := account
                bits := or(bits, bit)
                quantity := add(quantity, and(entry, QUANTITY_MASK))
                consented := add(consented, mul(and(entry, CONSENT_BIT), mg))
                mstore(to, or(shl(96, account), mg))
                to := add(to, 0x20)
            }
            mstore(add(taken, 0x20), sub(shr(5, sub(to, mload(taken))), 1))
            mstore(add(taken, 0x40), quantity)
            mstore(add(taken, 0x60), add(mload(add(taken, 0x60)), shr(CONSENT_SHIFT, consented)))
            mstore(add(taken, 0x80), last)
        }
        return bits;
    }
}
