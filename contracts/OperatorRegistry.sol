// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {SignatureLib} from "./libraries/SignatureLib.sol";

/// @title OperatorRegistry
contract OperatorRegistry is IOperatorRegistry, SaltedDomain, ERC165, AccessManaged {
    bytes32 private constant ADMISSION_TYPEHASH =
        keccak256("Admission(address operator,address merchant,address payout,uint256 deadline)");

    mapping(address operator => Operator) private _operators;
    mapping(address merchant => Merchant) private _merchants;

    /// @inheritdoc IOperatorRegistry
    Limits public newMerchantLimits;

    constructor(address access, bytes32 genesisHash_) SaltedDomain(genesisHash_) AccessManaged(access) {
        newMerchantLimits = Limits({orderMilli: type(uint40).max, dayMilli: type(uint48).max});
    }

    /// @inheritdoc IOperatorRegistry
    function licenseOperator(address operator, uint64 dayLimitMg, bytes32 licence) external restricted {
        if (operator == address(0) || licence == bytes32(0)) revert OperatorRegistry_Incomplete();
        if (_operators[operator].standing != Standing.None) revert OperatorRegistry_Registered(operator);

        _operators[operator] = Operator({standing: Standing.Active, dayLimitMg: dayLimitMg, licence: licence});

        emit OperatorLicensed(operator, dayLimitMg, licence);
    }

    /// @inheritdoc IOperatorRegistry
    function setOperatorDayLimit(address operator, uint64 dayLimitMg) external restricted {
        Operator storage entry = _operators[operator];
        if (entry.standing == Standing.None) revert OperatorRegistry_Unknown(operator);

        uint64 former = entry.dayLimitMg;
        entry.dayLimitMg = dayLimitMg;

        emit OperatorDayLimitSet(operator, former, dayLimitMg);
    }

    /// @inheritdoc IOperatorRegistry
    function setOperatorStanding(address operator, Standing standing, string calldata reason) external restricted {
        Operator storage entry = _operators[operator];
        _requireChange(operator, entry.standing, standing);

        entry.standing = standing;

        emit OperatorStandingSet(operator, standing, reason);
    }

    /// @inheritdoc IOperatorRegistry
    function admitMerchant(address merchant, address payout, uint256 deadline, bytes calldata signature) external {
        requireActiveOperator(msg.sender);
        if (payout == address(0)) revert OperatorRegistry_Incomplete();
        if (_merchants[merchant].standing != Standing.None) revert OperatorRegistry_Registered(merchant);
        if (block.timestamp > deadline) revert OperatorRegistry_AdmissionExpired(merchant, deadline);
        // Needs no number of its own: who was admitted once is registered for good.
        bytes32 digest = admissionDigest(msg.sender, merchant, payout, deadline);
        if (!SignatureLib.isSignedBy(merchant, digest, signature)) revert OperatorRegistry_BadSignature(merchant);

        Limits memory limits = newMerchantLimits;
        _merchants[merchant] =
            Merchant({standing: Standing.Active, sponsor: msg.sender, limits: limits, payout: payout});

        emit MerchantAdmitted(merchant, msg.sender, payout);
        emit MerchantLimitsSet(merchant, limits);
    }

    /// @inheritdoc IOperatorRegistry
    function setNewMerchantLimits(Limits calldata limits) external restricted {
        newMerchantLimits = limits;

        emit NewMerchantLimitsSet(limits);
    }

    /// @inheritdoc IOperatorRegistry
    function setMerchantLimits(address merchant, Limits calldata limits) external restricted {
        Merchant storage entry = _merchants[merchant];
        if (entry.standing == Standing.None) revert OperatorRegistry_Unknown(merchant);

        entry.limits = limits;

        emit MerchantLimitsSet(merchant, limits);
    }

    /// @inheritdoc IOperatorRegistry
    function setMerchantStanding(address merchant, Standing standing, string calldata reason) external restricted {
        _setMerchantStanding(merchant, standing, reason);
    }

    /// @inheritdoc IOperatorRegistry
    function suspendMerchant(address merchant, string calldata reason) external {
        if (msg.sender != _merchants[merchant].sponsor) revert OperatorRegistry_NotSponsor(merchant, msg.sender);

        _setMerchantStanding(merchant, Standing.Suspended, reason);
    }

    /// @inheritdoc IOperatorRegistry
    function setMerchantPayout(address payout) external {
        Merchant storage entry = _merchants[msg.sender];
        if (entry.standing == Standing.None) revert OperatorRegistry_Unknown(msg.sender);
        if (entry.standing != Standing.Active) {
            revert OperatorRegistry_MerchantNotActive(msg.sender, entry.standing);
        }
        if (payout == address(0)) revert OperatorRegistry_Incomplete();

        address former = entry.payout;
        entry.payout = payout;

        emit MerchantPayoutSet(msg.sender, former, payout);
    }

    /// @inheritdoc IOperatorRegistry
    function admissionDigest(address operator, address merchant, address payout, uint256 deadline)
        public
        view
        returns (bytes32)
    {
        return _digest(keccak256(abi.encode(ADMISSION_TYPEHASH, operator, merchant, payout, deadline)));
    }

    /// @inheritdoc IOperatorRegistry
    function requireActiveOperator(address operator) public view {
        Standing standing = _operators[operator].standing;
        if (standing != Standing.Active) revert OperatorRegistry_OperatorNotActive(operator, standing);
    }

    /// @inheritdoc IOperatorRegistry
    function requireActiveMerchant(address merchant) public view {
        Standing standing = _merchants[merchant].standing;
        if (standing != Standing.Active) revert OperatorRegistry_MerchantNotActive(merchant, standing);
    }

    /// @inheritdoc IOperatorRegistry
    function activeLimitsOf(address merchant) external view returns (uint256 orderMilli, uint256 dayMilli) {
        requireActiveMerchant(merchant);
        Limits storage limits = _merchants[merchant].limits;
        return (limits.orderMilli, limits.dayMilli);
    }

    /// @inheritdoc IOperatorRegistry
    function dayLimitMgOf(address operator) external view returns (uint256) {
        return _operators[operator].dayLimitMg;
    }

    /// @inheritdoc IOperatorRegistry
    function operatorOf(address operator) external view returns (Operator memory) {
        return _operators[operator];
    }

    /// @inheritdoc IOperatorRegistry
    function merchantOf(address merchant) external view returns (Merchant memory) {
        return _merchants[merchant];
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 id) public view override returns (bool) {
        return
            id == type(IOperatorRegistry).interfaceId || id == type(IERC5267).interfaceId || super.supportsInterface(id);
    }

    function _setMerchantStanding(address merchant, Standing standing, string calldata reason) private {
        Merchant storage entry = _merchants[merchant];
        _requireChange(merchant, entry.standing, standing);

        entry.standing = standing;

        emit MerchantStandingSet(merchant, standing, reason);
    }

    function _requireChange(address who, Standing present, Standing asked) private pure {
        if (present == Standing.None) revert OperatorRegistry_Unknown(who);
        if (asked == present || asked == Standing.None) revert OperatorRegistry_SameStanding(who, asked);
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook OperatorRegistry";
    }
}
