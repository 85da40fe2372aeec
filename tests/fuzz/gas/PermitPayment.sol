// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {TestYuan} from "../../../contracts/mocks/TestYuan.sol";

/// @title What a relayed payment costs elsewhere: an ERC-20's permit and transferFrom in one transaction
contract PermitPayment {
    TestYuan private immutable _token;

    constructor(TestYuan token) {
        _token = token;
    }

    /// @notice Moves what the owner's signature allows.
    function pay(address owner, address to, uint256 amount, uint256 deadline, uint8 v, bytes32 r, bytes32 s) external {
        _token.permit(owner, address(this), amount, deadline, v, r, s);
        _token.transferFrom(owner, to, amount);
    }
}
