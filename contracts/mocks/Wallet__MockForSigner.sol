// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @title A smart account that stands for a citizen or an oracle member in tests
/// @notice Honest by default; the other moods are what a bad one could try inside the one call the system makes to it.
contract Wallet__MockForSigner is IERC1271 {
    enum Mood {
        Honest,
        Refusing,
        Reverting,
        Greedy,
        Meddling
    }

    address public immutable owner;
    Mood public mood;
    address public target;
    bytes public data;

    constructor(address owner_) {
        owner = owner_;
    }

    /// @notice Changes the mood; `target` and `data` are what a meddling wallet calls.
    function setMood(Mood mood_, address target_, bytes calldata data_) external {
        mood = mood_;
        target = target_;
        data = data_;
    }

    /// @inheritdoc IERC1271
    function isValidSignature(bytes32 digest, bytes memory signature) external view returns (bytes4) {
        if (mood == Mood.Refusing) return 0xffffffff;
        if (mood == Mood.Reverting) revert("closed");
        while (mood == Mood.Greedy) {} // until the gas is gone
        if (mood == Mood.Meddling) {
            (bool entered,) = target.staticcall(data);
            if (entered) return 0xffffffff;
        }
        return ECDSA.recover(digest, signature) == owner ? IERC1271.isValidSignature.selector : bytes4(0xffffffff);
    }
}
