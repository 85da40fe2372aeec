// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title Settlement token of local chains: worth nothing, minted by anyone
/// @notice Six decimals. On any other chain the deployer names an existing token.
contract TestYuan is ERC20Permit {
    constructor() ERC20("Test Yuan", "tCNY") ERC20Permit("Test Yuan") {}

    function decimals() public pure override returns (uint8) {
        return 6;
    }

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }
}
