// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {Vm} from "../Vm.sol";
import {Trees} from "../support/Trees.sol";

/// @title Subtree proofs of the accounts tree
contract Proofs {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function testFuzz_every_chunk_proves_itself(uint256 seed, uint256 heightSeed, uint256 chunkSeed) external view {
        uint256[] memory entries = _entries(seed, 1 << heightSeed % 6);
        uint256 count = 1 << chunkSeed % (heightSeed % 6 + 1);
        uint256 first = (chunkSeed >> 8) % (entries.length / count) * count;
        bytes32 node = this.subtreeRoot(first, Trees.slice(entries, first, count));
        bytes32[] memory proof = Trees.proof(entries, first, count);
        vm.assertTrue(MerkleProof.verify(proof, Trees.root(entries), node), "in the tree");
        if (count == 1) vm.assertEq(node, Trees.leaf(first, entries[first]), "a chunk of one is the leaf");
    }

    function testFuzz_the_leaf_of_one_entry_is_its_definition(uint256 index, uint256 entry) external pure {
        vm.assertEq(LeafLib.accountLeaf(index, entry), Trees.leaf(index, entry), "leaf");
    }

    function testFuzz_no_other_word_index_or_sibling_is_proved(
        uint256 seed,
        uint256 heightSeed,
        uint256 at,
        uint256 change
    ) external view {
        uint256[] memory entries = _entries(seed, 2 << heightSeed % 5);
        at %= entries.length;
        change = change == 0 ? 1 : change;
        bytes32 root = Trees.root(entries);
        bytes32[] memory proof = Trees.proof(entries, at, 1);
        uint256[] memory one = Trees.slice(entries, at, 1);

        vm.assertTrue(!MerkleProof.verify(proof, root, this.subtreeRoot(at ^ change, one)), "another index");
        one[0] ^= change;
        vm.assertTrue(!MerkleProof.verify(proof, root, this.subtreeRoot(at, one)), "another word");
        one[0] ^= change;
        proof[change % proof.length] ^= bytes32(change);
        vm.assertTrue(!MerkleProof.verify(proof, root, this.subtreeRoot(at, one)), "another sibling");
    }

    /// @dev An inner node is a hash of 64 bytes, a leaf the hash of a hash of 128: no leaf can pass for a node or the reverse.
    function testFuzz_an_inner_node_is_no_leaf(uint256 seed, uint256 index) external view {
        uint256[] memory entries = _entries(seed, 4);
        bytes32 inner = this.subtreeRoot(0, Trees.slice(entries, 0, 2));
        uint256[] memory forged = new uint256[](1);
        forged[0] = uint256(inner);
        bytes32 node = this.subtreeRoot(index % 4, forged);
        vm.assertTrue(!MerkleProof.verify(Trees.proof(entries, 0, 2), Trees.root(entries), node), "a node as an entry");
    }

    function subtreeRoot(uint256 first, uint256[] calldata entries) external pure returns (bytes32) {
        return LeafLib.subtreeRoot(first, entries);
    }

    function _entries(uint256 seed, uint256 length) private pure returns (uint256[] memory entries) {
        entries = new uint256[](length);
        for (uint256 i = 0; i < length; i++) {
            entries[i] = uint256(keccak256(abi.encode(seed, i)));
        }
    }
}
