// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {RolesLib} from "./libraries/RolesLib.sol";

/// @title Access manager
/// @notice Says which role may call which function, and after which delay. `RolesLib` lists the roles, `scripts/deploy.py` wires them,
/// `scripts/checks/deployment.py` reads the wiring back. No function that creates points or pays money is reachable through a role:
/// those callers are immutable.
///
/// The guardian can cancel what the admin has scheduled, too: OpenZeppelin leaves that to admins alone, so that one stolen admin key
/// would only have to wait. And an admin cannot cancel what another has scheduled, which OpenZeppelin lets it do at once: a stolen admin key
/// would keep the board from replacing a stolen committee. Warning: a stolen guardian key can hold up every delayed decision, its own
/// removal included.
contract CarbonbookAccess is AccessManager {
    constructor(address initialAdmin) AccessManager(initialAdmin) {}

    /// @notice The role that can cancel operations of `roleId`; for the admin's it is the guardian, and cannot be changed.
    function getRoleGuardian(uint64 roleId) public view override returns (uint64) {
        return roleId == ADMIN_ROLE ? RolesLib.GUARDIAN : super.getRoleGuardian(roleId);
    }

    /// @notice Cancels a scheduled operation: whoever scheduled it, or a guardian of the role that its function is wired to.
    /// Reverts if: the caller is neither; nothing is scheduled.
    function cancel(address caller, address target, bytes calldata data) public override returns (uint32 nonce) {
        bytes4 selector = bytes4(data[0:4]);
        (bool isGuardian,) = hasRole(getRoleGuardian(getTargetFunctionRole(target, selector)), msg.sender);
        if (msg.sender != caller && !isGuardian) {
            revert AccessManagerUnauthorizedCancel(msg.sender, caller, target, selector);
        }

        return super.cancel(caller, target, data);
    }
}
