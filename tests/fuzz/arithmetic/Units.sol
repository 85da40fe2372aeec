// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {Vm} from "../Vm.sol";

/// @title Quantities, factors, points, days: against their definitions
contract Units {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @dev floor(q * f / 1000) is the only integer r with 1000 r <= q f < 1000 (r + 1).
    function testFuzz_a_reduction_is_the_floor_of_quantity_times_factor(uint96 quantity, uint64 factorUg)
        external
        pure
    {
        uint256 mg = UnitsLib.reductionMgDown(quantity, factorUg);
        uint256 product = uint256(quantity) * factorUg;
        vm.assertLe(mg * 1000, product, "never more");
        vm.assertGe(mg * 1000 + 999, product, "less than a milligram lost");
    }

    function testFuzz_points_are_the_floor_of_76_9000ths(uint128 mg) external pure {
        uint256 milli = UnitsLib.pointsMilliDown(mg);
        vm.assertLe(milli * 9000, uint256(mg) * 76, "never more");
        vm.assertGe(milli * 9000 + 8999, uint256(mg) * 76, "less than a thousandth lost");
    }

    function testFuzz_points_of_parts_never_exceed_points_of_the_whole(uint96 a, uint96 b) external pure {
        uint256 parts = UnitsLib.pointsMilliDown(a) + UnitsLib.pointsMilliDown(b);
        uint256 whole = UnitsLib.pointsMilliDown(uint256(a) + b);
        vm.assertLe(parts, whole, "splitting never pays");
        vm.assertLe(whole, parts + 1, "and costs one thousandth at most");
    }

    function test_450_kg_are_3800_points() external pure {
        vm.assertEq(UnitsLib.pointsMilliDown(450 * 1_000_000), 3800 * 1000, "the public rate");
    }

    /// @dev A calendar that counts days month by month, as people do.
    function testFuzz_the_year_of_a_day_is_the_one_people_count(uint256 seed) external pure {
        uint256 day = seed % 73_049; // through 2169-12-31
        uint256 year = 1970;
        uint256 first;
        while (day >= first + _daysIn(year)) {
            first += _daysIn(year);
            year++;
        }
        vm.assertEq(UnitsLib.yearOf(day), year, "year");
        vm.assertEq(UnitsLib.firstDayOf(year), first, "first day");
    }

    function testFuzz_a_page_lives_ten_years(uint16 year, uint16 present) external pure {
        bool live = UnitsLib.isLive(year, present);
        vm.assertEq(live, present >= year && present - year <= 9, "its own year and nine more");
    }

    function _daysIn(uint256 year) private pure returns (uint256) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        return leap ? 366 : 365;
    }
}
