// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Scenario operators and merchants
/// @notice The authority licenses operators; an operator admits merchants under the authority's policy. Suspending an operator stops its
/// new batches and touches nothing that citizens hold. Suspending a merchant stops new orders and its payouts until it is reinstated.
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

    /// @param standing Whether the merchant can take points and be paid.
    /// @param sponsor The operator that admitted it.
    /// @param payout Where settlement money goes.
    struct Merchant {
        Standing standing;
        address sponsor;
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

    /// @notice An address or a licence is zero.
    error OperatorRegistry_Incomplete();

    /// @notice Licenses `operator`. Restricted to the authority.
    function licenseOperator(address operator, uint64 dayLimitMg, bytes32 licence) external;

    /// @notice Changes an operator's day limit of issuance. Restricted to the authority.
    function setOperatorDayLimit(address operator, uint64 dayLimitMg) external;

    /// @notice Suspends or reinstates an operator. Restricted to the authority.
    function setOperatorStanding(address operator, Standing standing, string calldata reason) external;

    /// @notice Admits `merchant` with `payout` as the receiver of its money. The caller is an active operator and becomes its sponsor.
    function admitMerchant(address merchant, address payout) external;

    /// @notice Suspends or reinstates a merchant. Restricted to the authority.
    function setMerchantStanding(address merchant, Standing standing, string calldata reason) external;

    /// @notice Suspends a merchant. The caller is the merchant's sponsor, who cannot reinstate it: the authority does.
    function suspendMerchant(address merchant, string calldata reason) external;

    /// @notice Changes where the caller's settlement money goes. The caller is a merchant.
    function setMerchantPayout(address payout) external;

    /// @notice Reverts unless `operator` is active.
    function requireActiveOperator(address operator) external view;

    /// @notice Reverts unless `merchant` is active.
    function requireActiveMerchant(address merchant) external view;

    /// @notice Most milligrams that can be credited for `operator` on one calendar day of the chain.
    function dayLimitMgOf(address operator) external view returns (uint256);

    /// @notice What is registered of an operator.
    function operatorOf(address operator) external view returns (Operator memory);

    /// @notice What is registered of a merchant.
    function merchantOf(address merchant) external view returns (Merchant memory);
}
