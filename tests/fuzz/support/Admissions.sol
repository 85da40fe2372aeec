// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOperatorRegistry} from "../../../interfaces/IOperatorRegistry.sol";
import {Vm} from "../Vm.sol";

/// @title Merchants admitted by their own signature
library Admissions {
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev Has `operator` admit the merchant with this key, at the last second at which its signature is good.
    function admit(IOperatorRegistry operators, address operator, uint256 merchantKey, address payout)
        internal
        returns (address merchant)
    {
        merchant = vm.addr(merchantKey);
        uint256 deadline = block.timestamp;
        bytes memory signature = sign(merchantKey, operators.admissionDigest(operator, merchant, payout, deadline));
        vm.prank(operator);
        operators.admitMerchant(merchant, payout, deadline, signature);
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
