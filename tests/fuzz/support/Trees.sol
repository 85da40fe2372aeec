// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Accounts trees, by their definition
/// @notice Written from the leaf's definition with `abi.encode` and plain arrays, apart from `LeafLib`, so that the two can disagree.
library Trees {
    /// @notice A packed entry of the accounts tree; zero is padding.
    function pack(address account, bool consented, uint256 quantity) internal pure returns (uint256) {
        require(quantity < 1 << 95, "quantity too wide");
        return uint256(uint160(account)) << 96 | (consented ? 1 << 95 : 0) | quantity;
    }

    function accountOf(uint256 entry) internal pure returns (address) {
        return address(uint160(entry >> 96));
    }

    function quantityOf(uint256 entry) internal pure returns (uint256) {
        return entry % (1 << 95);
    }

    function consentedOf(uint256 entry) internal pure returns (bool) {
        return entry / (1 << 95) % 2 == 1;
    }

    function leaf(uint256 index, uint256 entry) internal pure returns (bytes32) {
        bytes memory content = abi.encode(index, accountOf(entry), quantityOf(entry), consentedOf(entry));
        return keccak256(bytes.concat(keccak256(content)));
    }

    function root(uint256[] memory entries) internal pure returns (bytes32) {
        bytes32[] memory row = leaves(entries);
        while (row.length > 1) row = above(row);
        return row[0];
    }

    /// @notice The proof of the node over `count` (a power of two) entries from `first` (a multiple of it) on.
    function proof(uint256[] memory entries, uint256 first, uint256 count) internal pure returns (bytes32[] memory) {
        bytes32[] memory row = leaves(entries);
        uint256 at = first / count;
        for (uint256 width = 1; width < count; width *= 2) {
            row = above(row);
        }
        uint256 height;
        for (uint256 width = row.length; width > 1; width /= 2) {
            height++;
        }
        bytes32[] memory siblings = new bytes32[](height);
        for (uint256 i = 0; i < height; i++) {
            siblings[i] = row[at % 2 == 0 ? at + 1 : at - 1];
            row = above(row);
            at /= 2;
        }
        return siblings;
    }

    function leaves(uint256[] memory entries) internal pure returns (bytes32[] memory row) {
        row = new bytes32[](entries.length);
        for (uint256 i = 0; i < entries.length; i++) {
            row[i] = leaf(i, entries[i]);
        }
    }

    function above(bytes32[] memory row) internal pure returns (bytes32[] memory next) {
        next = new bytes32[](row.length / 2);
        for (uint256 i = 0; i < next.length; i++) {
            (bytes32 a, bytes32 b) = (row[2 * i], row[2 * i + 1]);
            next[i] = a < b ? keccak256(bytes.concat(a, b)) : keccak256(bytes.concat(b, a));
        }
    }

    function slice(uint256[] memory entries, uint256 first, uint256 count)
        internal
        pure
        returns (uint256[] memory part)
    {
        part = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            part[i] = entries[first + i];
        }
    }
}
