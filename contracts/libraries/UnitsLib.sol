// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Units, conversions and the civil calendar
/// @notice The only place on chain that knows how quantities become milligrams, milligrams become points, and days become years.
/// Its twin off chain is `oracle/model/units.py`; a parity test holds the two together.
library UnitsLib {
    /// @dev Micrograms in a milligram: factors are micrograms CO2e per unit quantity, reductions are milligrams CO2e.
    uint256 internal constant UG_PER_MG = 1000;

    /// @dev 3800 points = 450 kg, the public conversion rate: 3800 * 1000 / (450 * 1e6) = 76 / 9000 milli-points per milligram.
    uint256 internal constant POINTS_NUMERATOR = 76;
    uint256 internal constant POINTS_DENOMINATOR = 9000;

    /// @dev Pages are valid for the year they stand for and the nine that follow: at most ten years.
    uint256 internal constant PAGE_YEARS = 10;

    uint256 internal constant SECONDS_PER_DAY = 86_400;

    /// @notice Reduction in milligrams CO2e of `quantity` units at `factorUg` micrograms per unit, rounded down.
    function reductionMgDown(uint256 quantity, uint256 factorUg) internal pure returns (uint256) {
        return quantity * factorUg / UG_PER_MG;
    }

    /// @notice Points in thousandths for `reductionMg` milligrams CO2e, rounded down.
    function pointsMilliDown(uint256 reductionMg) internal pure returns (uint256) {
        return reductionMg * POINTS_NUMERATOR / POINTS_DENOMINATOR;
    }

    /// @notice Day number (days since 1970-01-01) of a UTC time.
    function dayOf(uint256 timestamp) internal pure returns (uint256) {
        return timestamp / SECONDS_PER_DAY;
    }

    /// @notice Latest civil date (day number) that any clock on Earth shows at a UTC time: the easternmost time zone is 14 hours ahead.
    function latestDayOf(uint256 timestamp) internal pure returns (uint256) {
        return dayOf(timestamp + 14 hours);
    }

    /// @notice Civil (proleptic Gregorian) year in which day number `day` lies.
    /// @dev After H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days: years run from 1 March inside a
    /// 400-year era of 146,097 days. Unchecked: a day of an era is below 146,097, so that every difference is positive and every
    /// product small; only the first sum could overflow, and is checked.
    function yearOf(uint256 day) internal pure returns (uint256) {
        uint256 shifted = day + 719_468; // days since 0000-03-01
        unchecked {
            uint256 era = shifted / 146_097;
            uint256 dayOfEra = shifted % 146_097;
            uint256 yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
            uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100); // from 1 March
            return era * 400 + yearOfEra + (dayOfYear >= 306 ? 1 : 0); // 306 days from 1 March to 31 December
        }
    }

    /// @notice Day number of 1 January of `year`.
    /// @dev After the same source, days_from_civil for month 1, day 1, which lies in the March year before.
    function firstDayOf(uint256 year) internal pure returns (uint256) {
        uint256 before = year - 1;
        return before * 365 + before / 4 - before / 100 + before / 400 + 306 - 719_468;
    }

    /// @notice Whether points of page `year` can still be spent in `currentYear`.
    function isLive(uint256 year, uint256 currentYear) internal pure returns (bool) {
        return year <= currentYear && !isOver(year, currentYear);
    }

    /// @notice Whether points of page `year` expired by `currentYear`.
    function isOver(uint256 year, uint256 currentYear) internal pure returns (bool) {
        return currentYear >= year + PAGE_YEARS;
    }
}
