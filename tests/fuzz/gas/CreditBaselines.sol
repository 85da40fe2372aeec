// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC721} from "@openzeppelin/contracts/token/ERC721/ERC721.sol";

/// @title What a retirement costs as most registries write it
/// @notice OpenZeppelin's ERC-20 burns, its ERC-721 gives a certificate, whose facts stand in storage with the name beside them. No serials,
/// no series, nothing that could be frozen.
contract PlainRetirement is ERC20 {
    event Retired(uint256 indexed certificate, address indexed holder, uint256 amount, string beneficiary);

    struct Fact {
        uint128 amount;
        uint32 fromDay;
        uint32 throughDay;
        uint8 purpose;
        string beneficiary;
    }

    PlainCertificate public immutable certificates = new PlainCertificate();
    mapping(uint256 certificate => Fact) public facts;
    uint256 public count;

    constructor() ERC20("Plain Credit", "PC") {}

    function mint(address to, uint256 amount) external {
        _mint(to, amount);
    }

    function retire(uint256 amount, string calldata beneficiary, uint32 fromDay, uint32 throughDay, uint8 purpose)
        external
    {
        _burn(msg.sender, amount);
        uint256 certificate = ++count;
        facts[certificate] = Fact(uint128(amount), fromDay, throughDay, purpose, beneficiary);
        certificates.mint(msg.sender, certificate);
        emit Retired(certificate, msg.sender, amount, beneficiary);
    }
}

/// @title The certificates of `PlainRetirement`
contract PlainCertificate is ERC721 {
    address private immutable _minter = msg.sender;

    constructor() ERC721("Plain Certificate", "PCT") {}

    function mint(address to, uint256 certificate) external {
        require(msg.sender == _minter, "not the minter");
        _mint(to, certificate);
    }
}
