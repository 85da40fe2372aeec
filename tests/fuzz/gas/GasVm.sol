// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The cheat codes of forge that only gas measurements use
interface GasVm {
    /// @param gasTotalUsed Gas of the call; of the whole transaction, with calldata, where tests run isolated.
    struct Gas {
        uint64 gasLimit;
        uint64 gasTotalUsed;
        uint64 gasMemoryUsed;
        int64 gasRefunded;
        uint64 gasRemaining;
    }

    struct Log {
        bytes32[] topics;
        bytes data;
        address emitter;
    }

    function getRecordedLogs() external returns (Log[] memory logs);
    function lastCallGas() external view returns (Gas memory gas);
    function recordLogs() external;
    function snapshotValue(string calldata group, string calldata name, uint256 value) external;
}
