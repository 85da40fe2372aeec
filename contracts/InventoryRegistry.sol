// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IInventoryRegistry} from "../interfaces/IInventoryRegistry.sol";
import {IReductionCertifier} from "../interfaces/IReductionCertifier.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {SignatureLib} from "./libraries/SignatureLib.sol";

/// @title InventoryRegistry
contract InventoryRegistry is IInventoryRegistry, SaltedDomain, AccessManaged {
    bytes32 private constant INVENTORY_TYPEHASH = keccak256(
        "Inventory(address buyer,uint16 year,uint256 number,uint64 scope1Mg,uint64 scope2LocationMg,"
        "uint64 scope2MarketMg,uint64 scope3Mg,bytes32 reportHash)"
    );

    uint256 private constant WHOLE_BPS = 10_000;
    uint8 private constant SCOPE1 = 1;
    uint8 private constant SCOPE2_LOCATION = 2;
    uint8 private constant SCOPE2_MARKET = 4;
    uint8 private constant SCOPE3 = 8;

    IReductionCertifier public immutable certifier;
    address public immutable retirements;

    /// @inheritdoc IInventoryRegistry
    mapping(address operator => address buyer) public boundaryOf;

    mapping(bytes32 scheme => Rule) private _rules;
    mapping(address buyer => mapping(uint256 year => Inventory)) private _inventories;
    mapping(address buyer => mapping(uint256 year => uint256)) private _numbers;
    mapping(address buyer => mapping(uint256 year => mapping(bytes32 scheme => uint256 mg))) private _used;

    constructor(address access, IReductionCertifier certifier_, address retirements_, bytes32 genesisHash_)
        SaltedDomain(genesisHash_)
        AccessManaged(access)
    {
        certifier = certifier_;
        retirements = retirements_;
    }

    /// @inheritdoc IInventoryRegistry
    function attest(uint16 year, Inventory calldata inventory, address verifier, bytes calldata signature) external {
        bool empty = inventory.scope1Mg == 0 && inventory.scope2LocationMg == 0 && inventory.scope2MarketMg == 0
            && inventory.scope3Mg == 0;
        if (empty || inventory.reportHash == 0) revert InventoryRegistry_Incomplete();
        if (verifier == msg.sender) revert InventoryRegistry_SamePerson(msg.sender);
        if (certifier.licenceOf(verifier) == 0) revert InventoryRegistry_NotLicensed(verifier);
        uint256 number = _numbers[msg.sender][year] + 1;
        bytes32 digest = inventoryDigest(msg.sender, year, number, inventory);
        if (!SignatureLib.isSignedBy(verifier, digest, signature)) revert InventoryRegistry_BadSignature(verifier);

        _numbers[msg.sender][year] = number;
        _inventories[msg.sender][year] = inventory;

        emit InventoryAttested(msg.sender, year, verifier, number, inventory);
    }

    /// @inheritdoc IInventoryRegistry
    function setRule(bytes32 scheme, Rule calldata rule) external restricted {
        if (scheme == 0) revert InventoryRegistry_Incomplete();
        uint8 both = SCOPE2_LOCATION | SCOPE2_MARKET;
        bool known = rule.scopes != 0 && rule.scopes <= (SCOPE1 | both | SCOPE3) && rule.scopes & both != both;
        if (!known || rule.capBps > WHOLE_BPS) revert InventoryRegistry_BadRule(rule.capBps, rule.scopes);

        _rules[scheme] = rule;

        emit RuleSet(scheme, rule);
    }

    /// @inheritdoc IInventoryRegistry
    function setBoundary(address operator, address buyer) external restricted {
        boundaryOf[operator] = buyer;

        emit BoundarySet(operator, buyer);
    }

    /// @inheritdoc IInventoryRegistry
    function useFor(address buyer, uint256 year, bytes32 scheme, uint256 series, uint256 mg) external {
        if (msg.sender != retirements) revert InventoryRegistry_Denied(msg.sender);
        if (_numbers[buyer][year] == 0) revert InventoryRegistry_NoInventory(buyer, year);
        (address operator,) = certifier.issuedTo(series);
        if (boundaryOf[operator] == buyer || operator == buyer) revert InventoryRegistry_OwnBoundary(series);
        (uint256 usedMg, uint256 capMg) = usedOf(buyer, year, scheme);
        if (usedMg + mg > capMg) revert InventoryRegistry_AboveCap(usedMg, mg, capMg);

        _used[buyer][year][scheme] = usedMg + mg;

        emit Used(buyer, year, scheme, series, mg, usedMg + mg);
    }

    /// @inheritdoc IInventoryRegistry
    function inventoryOf(address buyer, uint256 year)
        external
        view
        returns (Inventory memory inventory, uint256 number)
    {
        return (_inventories[buyer][year], _numbers[buyer][year]);
    }

    /// @inheritdoc IInventoryRegistry
    function ruleOf(bytes32 scheme) external view returns (Rule memory) {
        return _rules[scheme];
    }

    /// @inheritdoc IInventoryRegistry
    function usedOf(address buyer, uint256 year, bytes32 scheme) public view returns (uint256 usedMg, uint256 capMg) {
        Rule memory rule = _rules[scheme];
        Inventory memory inventory = _inventories[buyer][year];
        uint256 base = 0;
        if (rule.scopes & SCOPE1 != 0) base += inventory.scope1Mg;
        if (rule.scopes & SCOPE2_LOCATION != 0) base += inventory.scope2LocationMg;
        if (rule.scopes & SCOPE2_MARKET != 0) base += inventory.scope2MarketMg;
        if (rule.scopes & SCOPE3 != 0) base += inventory.scope3Mg;
        return (_used[buyer][year][scheme], base * rule.capBps / WHOLE_BPS);
    }

    /// @inheritdoc IInventoryRegistry
    function inventoryDigest(address buyer, uint16 year, uint256 number, Inventory calldata inventory)
        public
        view
        returns (bytes32)
    {
        return _digest(keccak256(abi.encode(INVENTORY_TYPEHASH, buyer, year, number, inventory)));
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook InventoryRegistry";
    }
}
