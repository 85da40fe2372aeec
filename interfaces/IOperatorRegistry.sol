// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Scenario operators and merchants
/// @notice The authority licenses operators; an operator admits merchants under the authority's policy, each with that merchant's own
/// signature: nobody can take a shop in that did not ask for it, nor send its money elsewhere. Suspending an operator stops its
/// new batches and touches nothing that citizens hold. Suspending a merchant stops its new orders and its payouts until it is reinstated,
/// or until the authority has the vault pay what is final (`SettlementVault.settleSuspended`). What it is owed is neither lost nor
/// anybody else's, it can still refund, and its disputes go on.
///
/// Signatures are a key's own, or a contract's by ERC-1271. They are EIP-712, of the domain with the name `Carbonbook OperatorRegistry`,
/// the version `1`, the chain's id, the registry's address, and the hash of the chain's genesis block as salt (`eip712Domain`, ERC-5267).
/// The registry answers to ERC-165.
interface IOperatorRegistry {
    /// @notice None -> Active <-> Suspended.
    enum Standing {
        None,
        Active,
        Suspended
    }

    /// @param standing Whether the operator can attest new batches.
    /// @param dayLimitMg Most milligrams that can be credited for the operator on one calendar day (UTC) of the chain.
    /// @param licence Hash of the licence document.
    struct Operator {
        Standing standing;
        uint64 dayLimitMg;
        bytes32 licence;
    }

    /// @param orderMilli Most points, in thousandths, that a merchant can take with one order.
    /// @param dayMilli Most points, in thousandths, that it can take on one calendar day (UTC), refunded or not.
    struct Limits {
        uint40 orderMilli;
        uint48 dayMilli;
    }

    /// @param standing Whether the merchant can take points and be paid.
    /// @param sponsor The operator that admitted it.
    /// @param limits What it can take.
    /// @param payout Where settlement money goes.
    struct Merchant {
        Standing standing;
        address sponsor;
        Limits limits;
        address payout;
    }

    /// @notice An operator was licensed.
    event OperatorLicensed(address indexed operator, uint64 dayLimitMg, bytes32 licence);

    /// @notice An operator's day limit changed.
    event OperatorDayLimitSet(address indexed operator, uint64 formerMg, uint64 dayLimitMg);

    /// @notice An operator was suspended or reinstated.
    event OperatorStandingSet(address indexed operator, Standing standing, string reason);

    /// @notice A merchant was admitted by `sponsor`.
    event MerchantAdmitted(address indexed merchant, address indexed sponsor, address payout);

    /// @notice A merchant was suspended or reinstated.
    event MerchantStandingSet(address indexed merchant, Standing standing, string reason);

    /// @notice What a merchant can take was set.
    event MerchantLimitsSet(address indexed merchant, Limits limits);

    /// @notice What merchants admitted from now on can take was set.
    event NewMerchantLimitsSet(Limits limits);

    /// @notice A merchant changed where its money goes.
    event MerchantPayoutSet(address indexed merchant, address former, address payout);

    /// @notice The operator is not active.
    error OperatorRegistry_OperatorNotActive(address operator, Standing standing);

    /// @notice The merchant is not active.
    error OperatorRegistry_MerchantNotActive(address merchant, Standing standing);

    /// @notice The address is registered already.
    error OperatorRegistry_Registered(address who);

    /// @notice The address is not registered.
    error OperatorRegistry_Unknown(address who);

    /// @notice The standing asked for is the present one, or None.
    error OperatorRegistry_SameStanding(address who, Standing standing);

    /// @notice Only the merchant's sponsor or the authority may do this.
    error OperatorRegistry_NotSponsor(address merchant, address caller);

    /// @notice The merchant's signature was good until `deadline`.
    error OperatorRegistry_AdmissionExpired(address merchant, uint256 deadline);

    /// @notice The signature is not the merchant's over this admission.
    error OperatorRegistry_BadSignature(address merchant);

    /// @notice An address or a licence is zero.
    error OperatorRegistry_Incomplete();

    /// @notice Licenses `operator`. Restricted to the authority.
    /// Reverts if: another caller; operator or licence is zero; registered already.
    function licenseOperator(address operator, uint64 dayLimitMg, bytes32 licence) external;

    /// @notice Changes an operator's day limit of issuance. Restricted to the authority.
    /// Reverts if: another caller; not registered.
    function setOperatorDayLimit(address operator, uint64 dayLimitMg) external;

    /// @notice Suspends or reinstates an operator. Restricted to the authority.
    /// Reverts if: another caller; not registered; the standing is the present one, or None.
    function setOperatorStanding(address operator, Standing standing, string calldata reason) external;

    /// @notice Admits `merchant` with `payout` as the receiver of its money. The caller is an active operator and becomes its sponsor. The
    /// merchant signs EIP-712 `Admission(address operator,address merchant,address payout,uint256 deadline)`, good through `deadline`
    /// (UTC seconds) and once: a registered merchant is never admitted again.
    /// Reverts if: the caller is not an active operator; the payout is zero; registered already; past the deadline; signature bad.
    function admitMerchant(address merchant, address payout, uint256 deadline, bytes calldata signature) external;

    /// @notice Sets what merchants admitted from now on can take. Until then it is the most the fields hold. Restricted to the authority.
    /// Reverts if: another caller.
    function setNewMerchantLimits(Limits calldata limits) external;

    /// @notice Sets what `merchant` can take, from its next order on; zero is nothing. Restricted to the authority.
    /// Reverts if: another caller; not registered.
    function setMerchantLimits(address merchant, Limits calldata limits) external;

    /// @notice Suspends or reinstates a merchant. Restricted to the authority.
    /// Reverts if: another caller; not registered; the standing is the present one, or None.
    function setMerchantStanding(address merchant, Standing standing, string calldata reason) external;

    /// @notice Suspends a merchant. The caller is the merchant's sponsor, who cannot reinstate it: the authority does.
    /// Reverts if: another caller; suspended already.
    function suspendMerchant(address merchant, string calldata reason) external;

    /// @notice Changes where the caller's settlement money goes. The caller is an active merchant: who is suspended because its key was
    /// stolen must not lose its money with it.
    /// Reverts if: the caller is not registered, or not active; the payout is zero.
    function setMerchantPayout(address payout) external;

    /// @notice The digest that a merchant signs to be admitted.
    function admissionDigest(address operator, address merchant, address payout, uint256 deadline)
        external
        view
        returns (bytes32);

    /// @notice Reverts unless `operator` is active.
    function requireActiveOperator(address operator) external view;

    /// @notice Reverts unless `merchant` is active.
    function requireActiveMerchant(address merchant) external view;

    /// @notice What a merchant can take; reverts unless it is active.
    function activeLimitsOf(address merchant) external view returns (uint256 orderMilli, uint256 dayMilli);

    /// @notice What merchants admitted from now on can take.
    function newMerchantLimits() external view returns (uint40 orderMilli, uint48 dayMilli);

    /// @notice Most milligrams that can be credited for `operator` on one calendar day of the chain.
    function dayLimitMgOf(address operator) external view returns (uint256);

    /// @notice What is registered of an operator.
    function operatorOf(address operator) external view returns (Operator memory);

    /// @notice What is registered of a merchant.
    function merchantOf(address merchant) external view returns (Merchant memory);
}
