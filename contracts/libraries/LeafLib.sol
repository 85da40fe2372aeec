// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The leaf encoding of evidence trees
/// @notice Leaves are double keccak-256 hashes of `abi.encode`, inner nodes hash their sorted children: the standard tree of
/// the npm package merkle-tree of OpenZeppelin, so that anyone can check a proof without our code. The twin off chain is `oracle/measure/evidence/leaf.py`.
library LeafLib {
    /// @notice One act as evidence.
    /// @param recordId keccak256 of domain, source and the source's own (keyed) record key.
    /// @param account The citizen's pseudonymous account.
    /// @param quantity Creditable quantity in the methodology's unit.
    /// @param startTime Start of the act, UTC seconds.
    /// @param endTime End of the act, UTC seconds.
    /// @param recordCommitment Keyed hash of the canonical record; its key stays off chain and can be erased.
    struct Record {
        bytes32 recordId;
        address account;
        uint256 quantity;
        uint256 startTime;
        uint256 endTime;
        bytes32 recordCommitment;
    }

    /// @dev One entry of the accounts tree in one word: account (160 bits) | consented (1 bit) | quantity (95 bits). Zero is padding.
    uint256 internal constant ACCOUNT_SHIFT = 96;
    uint256 internal constant CONSENT_SHIFT = 95;
    uint256 internal constant CONSENT_BIT = 1 << CONSENT_SHIFT;
    uint256 internal constant QUANTITY_MASK = (1 << 95) - 1;

    /// @notice Leaf of one record.
    function recordLeaf(Record memory r) internal pure returns (bytes32) {
        return keccak256(
            bytes.concat(
                keccak256(abi.encode(r.recordId, r.account, r.quantity, r.startTime, r.endTime, r.recordCommitment))
            )
        );
    }

    /// @notice Leaf of one entry of the accounts tree.
    /// @dev Memory-safe: the 128-byte leaf buffer lies past the free memory pointer and is dropped on return. Assembly saves about 300 gas a leaf.
    function accountLeaf(uint256 index, uint256 entry) internal pure returns (bytes32 leaf) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, index)
            mstore(add(buffer, 0x20), shr(ACCOUNT_SHIFT, entry))
            mstore(add(buffer, 0x40), and(entry, QUANTITY_MASK))
            mstore(add(buffer, 0x60), and(shr(CONSENT_SHIFT, entry), 1))
            mstore(0x00, keccak256(buffer, 0x80))
            leaf := keccak256(0x00, 0x20)
        }
    }

    /// @notice Root of the perfect subtree over `entries`, whose leaves have the indices `firstIndex`, `firstIndex` + 1, ...
    /// @dev The number of entries must be a power of two. Leaf = keccak(keccak(abi.encode(index, account, quantity, consented))).
    /// Memory-safe: the 128-byte leaf buffer and the row of hashes lie past the free memory pointer and are dropped on return.
    function subtreeRoot(uint256 firstIndex, uint256[] calldata entries) internal pure returns (bytes32 root) {
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            let accountAt := add(buffer, 0x20)
            let quantityAt := add(buffer, 0x40)
            let consentedAt := add(buffer, 0x60)
            let row := add(buffer, 0x80)
            let end := row
            let index := firstIndex
            let last := add(entries.offset, shl(5, entries.length))
            for { let at := entries.offset } lt(at, last) { at := add(at, 0x20) } {
                let entry := calldataload(at)
                mstore(buffer, index)
                mstore(accountAt, shr(ACCOUNT_SHIFT, entry))
                mstore(quantityAt, and(entry, QUANTITY_MASK))
                mstore(consentedAt, and(shr(CONSENT_SHIFT, entry), 1))
                mstore(0x00, keccak256(buffer, 0x80))
                mstore(end, keccak256(0x00, 0x20))
                end := add(end, 0x20)
                index := add(index, 1)
            }
            for { let next := add(row, 0x20) } gt(end, next) {} {
                let to := row
                for { let from := row } lt(from, end) { from := add(from, 0x40) } {
                    let a := mload(from)
                    let b := mload(add(from, 0x20))
                    let swap := shl(5, gt(a, b)) // 0x20 if the smaller comes second
                    mstore(swap, a)
                    mstore(xor(swap, 0x20), b)
                    mstore(to, keccak256(0x00, 0x40))
                    to := add(to, 0x20)
                }
                end := to
            }
            root := mload(row)
        }
    }

    /// @notice The root that `proof` leads to from `node`, children sorted.
    /// @dev One round for each sibling; the sender pays. Assembly saves about 130 gas a level, 17 levels in a city.
    /// Memory-safe: only the scratch space is written, both words of it at each level, so that nothing of the level before is hashed.
    function climb(bytes32 node, bytes32[] calldata proof) internal pure returns (bytes32 root) {
        assembly ("memory-safe") {
            root := node
            let end := add(proof.offset, shl(5, proof.length))
            for { let at := proof.offset } lt(at, end) { at := add(at, 0x20) } {
                let sibling := calldataload(at)
                let swap := shl(5, gt(root, sibling)) // 0x20 if the smaller comes second
                mstore(swap, root)
                mstore(xor(swap, 0x20), sibling)
                root := keccak256(0x00, 0x40)
            }
        }
    }
}
