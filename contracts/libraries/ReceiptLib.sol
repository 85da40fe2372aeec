// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {ICarbonPoint} from "../../interfaces/ICarbonPoint.sol";

/// @title Receipts of orders, and the tree over those of one transaction
/// @notice Its twin off chain is `oracle/ledger/redeem/receipt.py`.
library ReceiptLib {
    /// @notice Double keccak of `abi.encode`, as OpenZeppelin's standard tree has it: no inner node can pass for a leaf.
    function leafOf(
        address citizen,
        address merchant,
        bytes32 orderNumber,
        bytes32 offer,
        ICarbonPoint.Part[] memory parts
    ) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(citizen, merchant, orderNumber, offer, parts))));
    }

    /// @notice Root over the first `count` leaves, at least one. Neighbours pair up, sorted; the last one without a neighbour moves up.
    /// Warning: overwrites `leaves`.
    function rootOf(bytes32[] memory leaves, uint256 count) internal pure returns (bytes32) {
        while (count > 1) {
            uint256 pairs = count / 2;
            for (uint256 i = 0; i < pairs; i++) {
                leaves[i] = Hashes.commutativeKeccak256(leaves[2 * i], leaves[2 * i + 1]);
            }
            if (count % 2 == 1) leaves[pairs] = leaves[count - 1];
            count = (count + 1) / 2;
        }
        return leaves[0];
    }
}
