// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";

/// @title Where the credits of a series are
/// @notice A series is a clone (EIP-1167) of one `CarbonCredit`, made by the certifier with the series' number as salt: its address follows
/// from the number, and nobody has to store it.
library SeriesLib {
    /// @dev Most milligrams of one series, 999,999.999999999 t: a number of fifteen digits survives every spreadsheet.
    uint256 internal constant MAX_MG = 10 ** 15 - 1;

    /// @dev Milligrams in a tonne, which is what prices are for.
    uint256 internal constant MG_PER_TONNE = 10 ** 9;

    /// @notice The address of a series, whether it is issued or not.
    function tokenOf(address credits, address certifier, uint256 series) internal pure returns (address) {
        return Clones.predictDeterministicAddress(credits, bytes32(series), certifier);
    }
}
