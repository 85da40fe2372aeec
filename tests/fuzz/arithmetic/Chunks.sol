// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ChunkLib} from "../../../contracts/libraries/ChunkLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {Vm} from "../Vm.sol";
import {Trees} from "../support/Trees.sol";

/// @title Which entries of a chunk are new and what they bring, against the definition in plain Solidity
contract Chunks {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    uint256 private constant LENGTH = 9;

    struct Expected {
        uint256[] credits;
        uint256 bits;
        uint256 quantity;
        uint256 consentedMg;
        bool capped;
    }

    /// @dev One word of the bitmap: whatever was set stays set, what is set anew is what was credited, and the sums are theirs.
    function testFuzz_a_chunk_takes_what_is_new_each_up_to_the_cap(
        uint256[LENGTH] memory seeds,
        uint256 bits,
        uint8 offset,
        uint64 factorUg,
        uint64 capMg
    ) external view {
        uint256[] memory entries = _ascending(seeds);
        offset %= uint8(256 - LENGTH);
        Expected memory expected = _expected(entries, bits, offset, factorUg, capMg);

        (uint256 word, ChunkLib.Taken memory taken) =
            this.take(entries, bits, offset, ChunkLib.Rule(factorUg, capMg), 0);

        vm.assertEq(word, expected.bits, "I12: bits");
        vm.assertEq(taken.count, expected.credits.length, "I12: new entries");
        vm.assertEq(taken.quantity, expected.quantity, "I13: their quantity");
        vm.assertEq(taken.consentedMg, expected.consentedMg, "I62: what those who consent bring");
        vm.assertEq(taken.capped, expected.capped, "whether one was capped");
        for (uint256 i = 0; i < taken.count; i++) {
            vm.assertEq(taken.credits[i], expected.credits[i], "entry of the book");
        }
    }

    /// @dev The consent bit stands right above the quantity, and is no part of it.
    function test_a_consenting_entry_brings_as_much_as_any_other() external view {
        uint256[] memory entries = new uint256[](2);
        (entries[0], entries[1]) = (Trees.pack(address(1), true, 1000), Trees.pack(address(2), false, 1000));
        (, ChunkLib.Taken memory taken) = this.take(entries, 0, 0, ChunkLib.Rule(26_900, type(uint64).max), 0);
        vm.assertEq(taken.credits[0], 1 << 96 | 26_900, "of the one that consents");
        vm.assertEq(taken.credits[1], 2 << 96 | 26_900, "of the one that does not");
        vm.assertEq(taken.quantity, 2000, "quantity");
        vm.assertEq(taken.consentedMg, 26_900, "of those who consent");
    }

    /// @dev Whoever breaks the order, credited before or not, by coming before the one before it or by being the same.
    function testFuzz_accounts_that_do_not_ascend_are_refused(
        uint256[LENGTH] memory seeds,
        uint8 at,
        uint160 lower,
        uint256 bits
    ) external {
        uint256[] memory entries = _ascending(seeds);
        uint256 before;
        at = uint8(1 + at % (LENGTH - 1));
        for (uint256 i = 0; i < at; i++) {
            if (entries[i] != 0) before = entries[i] >> 96;
        }
        vm.assume(before > 0);
        entries[at] = uint256(lower) % (before + 1) << 96 | 1;
        vm.expectRevert(abi.encodeWithSelector(IPointIssuer.PointIssuer_NotAscending.selector, entries[at]));
        this.take(entries, bits, 0, ChunkLib.Rule(1, type(uint64).max), 0);
    }

    /// @dev A chunk goes over several words of the bitmap: the second goes on where the first stopped.
    function testFuzz_accounts_ascend_from_one_word_to_the_next(uint160 last, uint160 next) external {
        uint256[] memory entries = new uint256[](1);
        entries[0] = uint256(next) << 96 | 1;
        if (next <= last) {
            vm.expectRevert(abi.encodeWithSelector(IPointIssuer.PointIssuer_NotAscending.selector, entries[0]));
        }
        (, ChunkLib.Taken memory taken) = this.take(entries, 0, 0, ChunkLib.Rule(1, type(uint64).max), last);
        if (next > last) vm.assertEq(taken.last, next, "account of the last entry");
    }

    function take(uint256[] calldata entries, uint256 bits, uint256 offset, ChunkLib.Rule memory rule, uint256 last)
        external
        pure
        returns (uint256 word, ChunkLib.Taken memory taken)
    {
        taken.credits = new uint256[](entries.length);
        taken.last = last;
        word = ChunkLib.take(entries, bits, 1 << offset, rule, taken);
    }

    function _expected(uint256[] memory entries, uint256 bits, uint256 offset, uint256 factorUg, uint256 capMg)
        private
        pure
        returns (Expected memory e)
    {
        uint256[] memory credits = new uint256[](entries.length);
        uint256 count;
        e.bits = bits;
        for (uint256 i = 0; i < entries.length; i++) {
            if (entries[i] == 0 || bits / 2 ** (offset + i) % 2 == 1) continue;
            uint256 mg = UnitsLib.reductionMgDown(Trees.quantityOf(entries[i]), factorUg);
            if (mg > capMg) (mg, e.capped) = (capMg, true);
            e.bits += 2 ** (offset + i);
            e.quantity += Trees.quantityOf(entries[i]);
            if (Trees.consentedOf(entries[i])) e.consentedMg += mg;
            credits[count++] = uint256(uint160(Trees.accountOf(entries[i]))) << 96 | mg;
        }
        e.credits = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            e.credits[i] = credits[i];
        }
    }

    /// @dev Padding anywhere, quantities of any width.
    function _ascending(uint256[LENGTH] memory seeds) private pure returns (uint256[] memory entries) {
        entries = new uint256[](LENGTH);
        for (uint256 i = 0; i < LENGTH; i++) {
            if (seeds[i] % 4 == 0) continue;
            address account = address(uint160((i + 1) << 152 | seeds[i] >> 104));
            entries[i] = Trees.pack(account, seeds[i] % 2 == 0, seeds[i] >> 161 >> seeds[i] % 95);
        }
    }
}
