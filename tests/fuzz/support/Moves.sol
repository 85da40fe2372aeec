// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {Vm} from "../Vm.sol";

/// @title Moves of books, signed by both
library Moves {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Moves the book of one key to the other: announces, waits, completes.
    function move(ICarbonPoint book, bytes32 genesis, uint256 fromKey, uint256 toKey) internal {
        announce(book, genesis, fromKey, toKey);
        vm.warp(block.timestamp + book.MOVE_DELAY());
        book.completeMove(vm.addr(fromKey));
    }

    /// @dev Announces it at the last second at which the signatures are good.
    function announce(ICarbonPoint book, bytes32 genesis, uint256 fromKey, uint256 toKey) internal {
        (address from, address to, uint256 deadline) = (vm.addr(fromKey), vm.addr(toKey), block.timestamp);
        bytes32 digest = moveDigest(book, genesis, from, to, deadline);
        book.announceMove(from, to, deadline, sign(fromKey, digest), sign(toKey, digest));
    }

    /// @dev Written out, not asked from the book.
    function moveDigest(ICarbonPoint book, bytes32 genesis, address from, address to, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        (,, uint256 nonce) = book.moveOf(from);
        bytes32 typeHash = keccak256("Move(address from,address to,uint256 nonce,uint256 deadline)");
        return _typed(book, genesis, keccak256(abi.encode(typeHash, from, to, nonce, deadline)));
    }

    /// @dev What either signs to cancel the announced move.
    function cancelDigest(ICarbonPoint book, bytes32 genesis, address from) internal view returns (bytes32) {
        (address to,, uint256 nonce) = book.moveOf(from);
        bytes32 typeHash = keccak256("CancelMove(address from,address to,uint256 nonce)");
        return _typed(book, genesis, keccak256(abi.encode(typeHash, from, to, nonce)));
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _typed(ICarbonPoint book, bytes32 genesis, bytes32 message) private view returns (bytes32) {
        return keccak256(abi.encodePacked("\x19\x01", _separator(book, genesis), message));
    }

    function _separator(ICarbonPoint book, bytes32 genesis) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
                ),
                keccak256("Carbonbook CarbonPoint"),
                keccak256("1"),
                block.chainid,
                address(book),
                genesis
            )
        );
    }
}
