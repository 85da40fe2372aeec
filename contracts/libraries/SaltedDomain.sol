// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {MessageHashUtils} from "@openzeppelin/contracts/utils/cryptography/MessageHashUtils.sol";

/// @title EIP-712 domain with a salt
/// @notice The salt is the hash of the chain's genesis block. Two fresh local chains share chain id, contract addresses and even deploy
/// transaction hashes; only the genesis hash differs, so only the salt keeps a signature from being good on both.
/// @dev OpenZeppelin's EIP712 has no salt and cannot be given one. The separator is computed at each use: the chain id may change.
abstract contract SaltedDomain is IERC5267 {
    bytes32 private constant DOMAIN_TYPEHASH =
        keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)");
    bytes32 private constant VERSION_HASH = keccak256("1");

    /// @notice Hash of the genesis block of the chain this contract was deployed to.
    bytes32 public immutable genesisHash;

    bytes32 private immutable _nameHash;

    constructor(bytes32 genesisHash_) {
        _nameHash = keccak256(bytes(_domainName()));
        genesisHash = genesisHash_;
    }

    /// @inheritdoc IERC5267
    function eip712Domain()
        external
        view
        returns (
            bytes1 fields,
            string memory name,
            string memory version,
            uint256 chainId,
            address verifyingContract,
            bytes32 salt,
            uint256[] memory extensions
        )
    {
        return (0x1f, _domainName(), "1", block.chainid, address(this), genesisHash, new uint256[](0));
    }

    function _domainName() internal pure virtual returns (string memory);

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator =
            keccak256(abi.encode(DOMAIN_TYPEHASH, _nameHash, VERSION_HASH, block.chainid, address(this), genesisHash));
        return MessageHashUtils.toTypedDataHash(separator, structHash);
    }
}
