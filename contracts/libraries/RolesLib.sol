// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Roles of the access manager
/// @notice Numbers of the roles that `CarbonbookAccess` grants. Role 0 is OpenZeppelin's ADMIN_ROLE: it grants roles and has a delay.
/// Operators, merchants and oracle members are not roles: the registries hold them.
library RolesLib {
    /// @dev The competent authority's daily decisions: methodologies, licences, admission, prices, ending a pause.
    uint64 internal constant AUTHORITY = 1;

    /// @dev The authority's decisions that cannot be undone or that move trust: committee, caps, revocations. Always with a delay.
    uint64 internal constant AUTHORITY_DELAYED = 2;

    /// @dev Can pause, and cancel what a delayed role has scheduled. Nothing else.
    uint64 internal constant GUARDIAN = 3;
}
