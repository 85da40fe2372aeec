// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OrderKey} from "../types/Ids.sol";

/// @title What keeps an order from being taken twice
/// @notice Each merchant's numbers lie side by side, four to a word, so that running numbers share what a new word costs. In its place a
/// number has the mark, 64 bits of the key, of the first order that used it. An order of another citizen with that number goes beside, by
/// its whole key. So nobody can use a number up for somebody else: it costs that other a word, and no more. Two keys with one mark would
/// let the first keep the second out, never let one be taken twice; to find such a pair for one number takes 2^64 tries.
library OnceLib {
    struct Once {
        mapping(address merchant => mapping(uint256 word => uint256 marks)) first;
        mapping(OrderKey => bool) beside;
    }

    uint256 private constant MARK_MASK = type(uint64).max;

    /// @notice Uses an order up; false if it was.
    function use(Once storage once, address merchant, bytes32 orderNumber, OrderKey key) internal returns (bool) {
        (uint256 word, uint256 shift) = _placeOf(orderNumber);
        uint256 marks = once.first[merchant][word];
        uint256 present = marks >> shift & MARK_MASK;
        if (present == 0) {
            once.first[merchant][word] = marks | _markOf(key) << shift;
            return true;
        }
        if (present == _markOf(key) || once.beside[key]) return false;

        once.beside[key] = true;
        return true;
    }

    /// @notice Whether an order was used up.
    function isUsed(Once storage once, address merchant, bytes32 orderNumber, OrderKey key)
        internal
        view
        returns (bool)
    {
        (uint256 word, uint256 shift) = _placeOf(orderNumber);
        return once.first[merchant][word] >> shift & MARK_MASK == _markOf(key) || once.beside[key];
    }

    function _placeOf(bytes32 orderNumber) private pure returns (uint256 word, uint256 shift) {
        return (uint256(orderNumber) >> 2, (uint256(orderNumber) & 3) << 6);
    }

    /// @dev Never zero, which stands for nobody.
    function _markOf(OrderKey key) private pure returns (uint256) {
        uint256 mark = uint256(OrderKey.unwrap(key)) & MARK_MASK;
        return mark == 0 ? 1 : mark;
    }
}
