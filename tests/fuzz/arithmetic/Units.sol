// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ChunkLib} from "../../../contracts/libraries/ChunkLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {Vm} from "../Vm.sol";
import {Trees} from "../support/Trees.sol";

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

    /// @dev One word of the bitmap: whatever was set stays set, what is set anew is what was credited, and the sums are theirs.
    function testFuzz_a_chunk_takes_what_is_new_and_clears_no_bit(
        uint256[] calldata seeds,
        uint256 bits,
        uint8 offsetSeed,
        uint64 factorUg
    ) external view {
        uint256 length = seeds.length % 17;
        uint256 offset = uint256(offsetSeed) % (256 - length);
        uint256[] memory entries = new uint256[](length);
        uint256 expectedCount;
        uint256 expectedQuantity;
        uint256 expectedBits = bits;
        for (uint256 i = 0; i < length; i++) {
            entries[i] = seeds[i] % 3 == 0 ? 0 : seeds[i];
            if (entries[i] == 0 || (bits >> (offset + i)) % 2 == 1) continue;
            expectedCount++;
            expectedQuantity += Trees.quantityOf(entries[i]);
            expectedBits += 1 << (offset + i);
        }
        (uint256 after_, uint256 count, uint256 quantity) = this.takeChunk(entries, bits, offset, factorUg);
        vm.assertEq(after_, expectedBits, "I12: bits");
        vm.assertEq(after_ & bits, bits, "I12: none cleared");
        vm.assertEq(count, expectedCount, "I12: new entries");
        vm.assertEq(quantity, expectedQuantity, "I13: their quantity");
    }

    function takeChunk(uint256[] calldata entries, uint256 bits, uint256 offset, uint256 factorUg)
        external
        pure
        returns (uint256 after_, uint256 count, uint256 quantity)
    {
        ChunkLib.Taken memory taken;
        taken.credits = new uint256[](entries.length);
        after_ = ChunkLib.take(entries, bits, offset, factorUg, type(uint96).max, taken);
        for (uint256 i = 0; i < taken.count; i++) {
            vm.assertTrue(taken.credits[i] >> 96 != 0 || taken.credits[i] < 1 << 160, "an account and an amount");
        }
        return (after_, taken.count, taken.quantity);
    }

    function _daysIn(uint256 year) private pure returns (uint256) {
        bool leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0);
        return leap ? 366 : 365;
    }
}
