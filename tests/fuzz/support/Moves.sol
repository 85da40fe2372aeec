// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {Vm} from "../Vm.sol";

/// @title Moves of books, signed by both
library Moves {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Moves the book of one key to the other, at the last second at which the signatures are good.
    function move(ICarbonPoint book, bytes32 genesis, uint256 fromKey, uint256 toKey) internal {
        (address from, address to, uint256 deadline) = (vm.addr(fromKey), vm.addr(toKey), block.timestamp);
        bytes32 message =
            keccak256(abi.encode(keccak256("Move(address from,address to,uint256 deadline)"), from, to, deadline));
        bytes32 digest = keccak256(abi.encodePacked("\x19\x01", _separator(book, genesis), message));
        book.move(from, to, deadline, _sign(fromKey, digest), _sign(toKey, digest));
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

    function _sign(uint256 key, bytes32 digest) private pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
