// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What a limit per citizen and day would cost the desk: one word per citizen, with the day and what was spent on it
contract CitizenDayCount {
    mapping(address citizen => uint256 dayAndMilli) private _spent;

    /// @notice Counts `milli` for each citizen, and refuses above a limit, as the desk would.
    function count(address[] calldata citizens, uint256 day, uint256 milli, uint256 limit) external {
        for (uint256 i = 0; i < citizens.length; i++) {
            uint256 word = _spent[citizens[i]];
            uint256 spent = (word >> 128 == day ? uint128(word) : 0) + milli;
            require(spent <= limit, "above the limit");
            _spent[citizens[i]] = day << 128 | spent;
        }
    }
}
