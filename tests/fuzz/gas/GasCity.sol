// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IOracleCommittee} from "../../../interfaces/IOracleCommittee.sol";
import {System} from "../System.sol";
import {GasVm} from "./GasVm.sol";

/// @title A city with one operator, one committee member and money enough, for what is measured in gas
/// @notice Siblings of a proof are hashes of nothing: a tree is as deep as a measurement wants without its other leaves.
abstract contract GasCity is System {
    GasVm internal constant gasVm = GasVm(address(vm));

    uint256 internal constant CHUNK = 512;
    address internal constant OPERATOR = address(0x0B);

    uint256 private constant MEMBER_KEY = 0xA11;
    uint32 private _sequence;

    function deployGasCity() internal {
        deploySystem();
        activateBus();
        operators.licenseOperator(OPERATOR, type(uint64).max, "licence");
        token.mint(address(this), 1e18);
        token.approve(address(vault), 1e18);
        vault.deposit(OPERATOR, 1e18);
        vault.setPrice(2023, PRICE);
        address[] memory members = new address[](1);
        members[0] = vm.addr(MEMBER_KEY);
        committee.setCommittee(members, 1);
    }

    /// @dev `count` accounts in ascending order with `quantity` metres each; the same accounts at every call with the same `crowd`.
    function entriesOf(string memory crowd, uint256 count, uint256 quantity)
        internal
        pure
        returns (uint256[] memory entries)
    {
        entries = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            uint256 account = (i + 1) << 144 | uint256(keccak256(abi.encode(crowd, i))) >> 112;
            entries[i] = account << LeafLib.ACCOUNT_SHIFT | quantity;
        }
    }

    /// @dev Siblings from a node up to the root of a tree that is `levels` higher.
    function siblings(uint256 levels) internal pure returns (bytes32[] memory proof) {
        proof = new bytes32[](levels);
        for (uint256 i = 0; i < levels; i++) {
            proof[i] = keccak256(abi.encode("sibling", i));
        }
    }

    /// @dev Attests a batch whose accounts tree has `entries` at its first leaves and is `proof.length` levels higher, and opens it.
    function openBatch(uint256[] memory entries, bytes32[] memory proof, uint256 day) internal returns (BatchId batch) {
        bytes32 root = rootOf(this.subtreeRoot(0, entries), proof);
        uint256 quantity;
        for (uint256 i = 0; i < entries.length; i++) {
            quantity += entries[i] & LeafLib.QUANTITY_MASK;
        }
        batch =
            attest(uint32(day), uint32(entries.length << proof.length), uint64(quantity), root, keccak256("records"));
        vm.warp(block.timestamp + ledger.challengeWindow());
    }

    /// @dev Attests a batch of today by its records only.
    function attestRecords(bytes32 recordsRoot) internal returns (BatchId batch) {
        return attest(uint32(today()), 1, 1, keccak256("accounts"), recordsRoot);
    }

    /// @dev Attests a batch with a header as it comes.
    function attest(uint32 day, uint32 accounts, uint64 quantity, bytes32 accountsRoot, bytes32 recordsRoot)
        internal
        returns (BatchId batch)
    {
        IEvidenceLedger.Header memory header = IEvidenceLedger.Header({
            operator: OPERATOR,
            day: day,
            sequence: _sequence++,
            version: 1,
            methodology: BUS,
            recordCount: type(uint32).max,
            accountCount: accounts,
            totalQuantity: quantity,
            consentedQuantity: 0,
            recordsRoot: recordsRoot,
            accountsRoot: accountsRoot,
            bundleHash: keccak256("bundle")
        });
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(MEMBER_KEY, ledger.attestationDigest(header));
        IOracleCommittee.Approval[] memory approvals = new IOracleCommittee.Approval[](1);
        approvals[0] = IOracleCommittee.Approval(vm.addr(MEMBER_KEY), abi.encodePacked(r, s, v));
        return ledger.attest(header, approvals);
    }

    /// @dev The root that a proof leads to.
    function rootOf(bytes32 node, bytes32[] memory proof) internal pure returns (bytes32) {
        return MerkleProof.processProof(proof, node);
    }

    /// @dev The proof of one leaf: its path through the tree of `entries`, then `upper`.
    function leafProof(uint256[] memory entries, uint256 index, bytes32[] memory upper)
        internal
        view
        returns (bytes32[] memory)
    {
        return chunkProof(entries, index, 1, upper);
    }

    /// @dev The proof of the node over `width` leaves from `first` on.
    function chunkProof(uint256[] memory entries, uint256 first, uint256 width, bytes32[] memory upper)
        internal
        view
        returns (bytes32[] memory proof)
    {
        uint256 levels;
        while (width << levels < entries.length) levels++;
        proof = new bytes32[](levels + upper.length);
        for (uint256 level = 0; level < levels; level++) {
            uint256[] memory part = new uint256[](width << level);
            uint256 from = (first / part.length ^ 1) * part.length;
            for (uint256 i = 0; i < part.length; i++) {
                part[i] = entries[from + i];
            }
            proof[level] = this.subtreeRoot(from, part);
        }
        for (uint256 i = 0; i < upper.length; i++) {
            proof[levels + i] = upper[i];
        }
    }

    /// @dev External, because the leaves are read from calldata.
    function subtreeRoot(uint256 firstIndex, uint256[] calldata entries) external pure returns (bytes32) {
        return LeafLib.subtreeRoot(firstIndex, entries);
    }

    function today() internal view returns (uint256) {
        return UnitsLib.dayOf(block.timestamp);
    }

    /// @dev Gas of the last transaction, all of it: in isolated tests each call of the suite is one.
    function lastGas() internal view returns (uint256) {
        return gasVm.lastCallGas().gasTotalUsed;
    }
}
