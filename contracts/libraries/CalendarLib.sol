// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {UnitsLib} from "./UnitsLib.sol";

/// @title Dates as text
library CalendarLib {
    /// @notice Day number (days since 1970-01-01) as YYYY-MM-DD.
    /// @dev A year that begins on 1 March has months of 31, 30, 31, 30, 31 days, twice and the rest: (153 m + 2) / 5 days before month m.
    function dateOf(uint256 day) internal pure returns (string memory) {
        uint256 year = UnitsLib.yearOf(day);
        uint256 march = UnitsLib.firstDayOf(year + 1) - 306; // 1 March lies 306 days before the next 1 January
        uint256 dayOfYear = day < march ? day + 306 - UnitsLib.firstDayOf(year) : day - march; // from 1 March
        uint256 month = (5 * dayOfYear + 2) / 153; // from March
        uint256 dayOfMonth = dayOfYear - (153 * month + 2) / 5 + 1;
        return string.concat(
            Strings.toString(year), "-", twoDigits(month < 10 ? month + 3 : month - 9), "-", twoDigits(dayOfMonth)
        );
    }

    /// @notice UTC seconds as YYYY-MM-DDThh:mm:ssZ.
    function timeOf(uint256 timestamp) internal pure returns (string memory) {
        uint256 second = timestamp % UnitsLib.SECONDS_PER_DAY;
        return string.concat(
            dateOf(UnitsLib.dayOf(timestamp)),
            "T",
            twoDigits(second / 3600),
            ":",
            twoDigits(second / 60 % 60),
            ":",
            twoDigits(second % 60),
            "Z"
        );
    }

    /// @notice A number below 100 with its leading zero.
    function twoDigits(uint256 number) internal pure returns (string memory) {
        return string.concat(number < 10 ? "0" : "", Strings.toString(number));
    }
}
