// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";

/// @title The floor that crediting is measured against: a book that only mints
/// @notice Plain Solidity, one packed word of calldata and one storage slot an account, a Transfer event for each. No proof, no factor,
/// no cap, nothing that keeps an entry from being minted twice.
contract BarePackedMint {
    event Transfer(address indexed from, address indexed to, uint256 value);

    mapping(address account => uint256) public balanceOf;
    uint256 public totalSupply;

    function mint(uint256[] calldata entries) external {
        uint256 sum;
        for (uint256 i = 0; i < entries.length; i++) {
            uint256 entry = entries[i];
            address account = address(uint160(entry >> 96));
            uint256 amount = uint96(entry);
            balanceOf[account] += amount;
            sum += amount;
            emit Transfer(address(0), account, amount);
        }
        totalSupply += sum;
    }
}

/// @title OpenZeppelin's ERC-20 with an owner, one mint a record or many in a loop
contract LoopErc20 is ERC20("Points", "P"), Ownable(msg.sender) {
    function mint(address account, uint256 amount) external onlyOwner {
        _mint(account, amount);
    }

    function mintAll(address[] calldata accounts, uint256[] calldata amounts) external onlyOwner {
        for (uint256 i = 0; i < accounts.length; i++) {
            _mint(accounts[i], amounts[i]);
        }
    }
}

/// @title OpenZeppelin's ERC-1155 with an owner, one mint after the other in a loop
contract LoopErc1155 is ERC1155(""), Ownable(msg.sender) {
    function mintAll(address[] calldata accounts, uint256[] calldata amounts) external onlyOwner {
        for (uint256 i = 0; i < accounts.length; i++) {
            _mint(accounts[i], 1, amounts[i], "");
        }
    }
}

/// @title A rewards distributor as they are common: one root, cumulative claims, payment in a token that it holds
contract RootDistributor {
    event Claimed(address indexed account, address indexed reward, uint256 amount);

    error NothingToClaim(address account);
    error BadProof(address account);

    bytes32 public root;
    mapping(address account => mapping(address reward => uint256)) public claimed;

    function setRoot(bytes32 root_) external {
        root = root_;
    }

    function claim(address account, IERC20 reward, uint256 claimable, bytes32[] calldata proof)
        external
        returns (uint256 amount)
    {
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(account, reward, claimable))));
        if (!MerkleProof.verifyCalldata(proof, root, leaf)) revert BadProof(account);
        amount = claimable - claimed[account][address(reward)];
        if (amount == 0) revert NothingToClaim(account);

        claimed[account][address(reward)] = claimable;

        emit Claimed(account, address(reward), amount);

        SafeERC20.safeTransfer(reward, account, amount);
    }
}
