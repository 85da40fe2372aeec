// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC1155} from "@openzeppelin/contracts/token/ERC1155/ERC1155.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICounter} from "../../../interfaces/ICounter.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";

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

/// @title The floor that claims are measured against: the book of the mint, opened by proofs
/// @notice Plain Solidity: the calldata of a claim, its proof, its bit, one storage slot an account, a Transfer event. No factor, no
/// cap, no reserve, no operator.
contract BareClaim {
    event Transfer(address indexed from, address indexed to, uint256 value);

    error BadProof(uint256 index);
    error Claimed(uint256 index);

    mapping(BatchId batch => bytes32) public rootOf;
    mapping(address account => uint256) public balanceOf;
    uint256 public totalSupply;

    mapping(BatchId batch => mapping(uint256 word => uint256 bits)) private _claimed;

    function setRoot(BatchId batch, bytes32 root) external {
        rootOf[batch] = root;
    }

    function claim(ICounter.Claim[] calldata claims) external {
        uint256 sum;
        for (uint256 i = 0; i < claims.length; i++) {
            uint256 index = claims[i].index;
            uint256 entry = claims[i].entry;
            address account = address(uint160(entry >> LeafLib.ACCOUNT_SHIFT));
            uint256 amount = entry & LeafLib.QUANTITY_MASK;
            bool consented = entry >> LeafLib.CONSENT_SHIFT & 1 == 1;
            bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, account, amount, consented))));
            if (!MerkleProof.verifyCalldata(claims[i].proof, rootOf[claims[i].batch], leaf)) revert BadProof(index);
            mapping(uint256 => uint256) storage words = _claimed[claims[i].batch];
            uint256 bits = words[index >> 8];
            uint256 bit = 1 << (index & 0xff);
            if (bits & bit != 0) revert Claimed(index);

            words[index >> 8] = bits | bit;
            balanceOf[account] += amount;
            sum += amount;
            emit Transfer(address(0), account, amount);
        }
        totalSupply += sum;
    }
}

/// @title The floor that orders are measured against: signed payments to a merchant
/// @notice Plain Solidity: the calldata of an order and its signature, the recovery of who signed it, its bit, one storage slot a citizen and
/// one a merchant, a Transfer event and one that tells the order. No limit, no price, no window, no page of a year, and one bad order stops all.
contract BareTill {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event OrderTaken(
        address indexed citizen, address indexed merchant, bytes32 orderNumber, uint256 pointsMilli, bytes32 terms
    );

    error Expired(uint256 expiry);
    error Used(bytes32 orderNumber);
    error BadSignature(address citizen);

    mapping(address account => uint256) public balanceOf;

    mapping(address merchant => mapping(uint256 word => uint256 bits)) private _used;

    function give(address account, uint256 amount) external {
        balanceOf[account] += amount;
    }

    function digest(IRedemptionDesk.Order calldata order) public view returns (bytes32) {
        return keccak256(abi.encode(address(this), order));
    }

    function redeem(IRedemptionDesk.Order[] calldata orders, bytes[] calldata signatures) external {
        for (uint256 i = 0; i < orders.length; i++) {
            IRedemptionDesk.Order calldata order = orders[i];
            if (block.timestamp > order.expiry) revert Expired(order.expiry);
            uint256 word = uint256(order.orderNumber) >> 8;
            uint256 bits = _used[order.merchant][word];
            uint256 bit = 1 << (uint256(order.orderNumber) & 0xff);
            if (bits & bit != 0) revert Used(order.orderNumber);
            if (ECDSA.recover(digest(order), signatures[i]) != order.citizen) {
                revert BadSignature(order.citizen);
            }

            _used[order.merchant][word] = bits | bit;
            balanceOf[order.citizen] -= order.pointsMilli;
            balanceOf[order.merchant] += order.pointsMilli;
            emit Transfer(order.citizen, order.merchant, order.pointsMilli);
            emit OrderTaken(order.citizen, order.merchant, order.orderNumber, order.pointsMilli, order.terms);
        }
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
