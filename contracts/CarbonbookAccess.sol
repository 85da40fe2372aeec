// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";

/// @title Access manager
/// @notice Says which role may call which function, and after which delay. `RolesLib` lists the roles, `scripts/deploy.py` wires them,
/// `scripts/check_deployment.py` reads the wiring back. No function that creates points or pays money is reachable through a role:
/// those callers are immutable.
contract CarbonbookAccess is AccessManager {
    constructor(address initialAdmin) AccessManager(initialAdmin) {}
}
