// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonPoint} from "../../../contracts/CarbonPoint.sol";
import {ChunkLib} from "../../../contracts/libraries/ChunkLib.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {Page, PageLib} from "../../../contracts/libraries/PageLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";

/// @title Laws of the book, for every input there is (halmos)
/// @notice Each function is one property; its parameters are symbols, not samples. Run with `make symbolic`.
contract BookLaws {
    address private constant ISSUER = address(0x1001);
    address private constant DESK = address(0x1002);
    address private constant VAULT = address(0x1003);

    CarbonPoint private book;

    function setUp() public {
        book = new CarbonPoint(ISSUER, DESK, VAULT, keccak256("genesis"));
    }

    // Pages

    function check_a_page_gives_back_what_was_packed(uint56 points, uint56 mg, uint32 day, uint56 today, uint56 peak)
        external
        pure
    {
        Page page = PageLib.pack(points, mg, day, today, peak);
        assert(page.pointsMilli() == points && page.reductionMg() == mg && page.day() == day);
        assert(page.todayMg() == today && page.peakMg() == peak);
    }

    function check_points_change_alone(uint256 raw, uint56 points) external pure {
        Page page = Page.wrap(raw);
        Page changed = page.withPoints(points);
        assert(changed.pointsMilli() == points && Page.unwrap(changed) >> 56 == raw >> 56);
    }

    function check_reduction_changes_alone(uint256 raw, uint56 mg) external pure {
        Page page = Page.wrap(raw);
        Page changed = page.withReduction(mg);
        assert(changed.reductionMg() == mg && changed.pointsMilli() == page.pointsMilli());
        assert(Page.unwrap(changed) >> 112 == raw >> 112);
    }

    /// @dev The bounds are those of `PageLib.credited`'s proof: what a page holds before, and what one credit brings.
    function check_a_credit_never_spills(uint256 raw, uint32 day, uint256 mg, uint256 points) external pure {
        Page page = Page.wrap(raw);
        if (mg > 1 << 46 || points > mg || day < page.day()) return;
        if (page.reductionMg() >> 55 != 0 || page.pointsMilli() >> 55 != 0 || page.todayMg() >> 55 != 0) return;
        Page credited = page.credited(day, mg, points);
        assert(credited.pointsMilli() == page.pointsMilli() + points);
        assert(credited.reductionMg() == page.reductionMg() + mg);
        assert(credited.day() == day);
        assert(credited.todayMg() == (day == page.day() ? page.todayMg() + mg : mg));
        assert(credited.peakMg() >= page.peakMg());
        assert(day == page.day() || credited.peakMg() >= page.todayMg());
    }

    function check_a_late_credit_never_spills(uint256 raw, uint256 mg, uint256 points) external pure {
        Page page = Page.wrap(raw);
        if (mg > 1 << 46 || points > mg || page.reductionMg() >> 55 != 0 || page.pointsMilli() >> 55 != 0) return;
        Page credited = page.creditedLate(mg, points);
        assert(credited.pointsMilli() == page.pointsMilli() + points);
        assert(credited.reductionMg() == page.reductionMg() + mg);
        assert(Page.unwrap(credited) >> 112 == raw >> 112);
    }

    function check_a_move_parts_a_page_and_closes_its_days(uint256 raw, uint32 through, uint32 day) external pure {
        if (through == type(uint32).max || day > through) return;
        Page page = Page.wrap(raw);
        Page taken = page.taken(through);
        Page left = page.left(through);
        assert(taken.pointsMilli() == page.pointsMilli() && taken.reductionMg() == page.reductionMg());
        assert(left.pointsMilli() == 0 && left.reductionMg() == 0 && left.peakMg() == page.peakMg());
        assert(taken.usedOn(day) == type(uint256).max && left.usedOn(day) == type(uint256).max);
        assert(taken.usedOn(uint256(through) + 1) == 0 && left.usedOn(uint256(through) + 1) == 0);
    }

    // Once only, and by definition

    function check_the_bitmap_never_clears(
        uint256[2] calldata words,
        uint256 bits,
        uint8 offset,
        uint64 factorUg,
        uint64 capMg
    ) external view {
        if (offset > 254) return;
        try this.take(_pair(words), bits, offset, factorUg, capMg) returns (
            uint256 present, uint256, uint256, uint256
        ) {
            assert(present & bits == bits);
            assert((present ^ bits) & ~(uint256(3) << offset) == 0); // no bit beyond the chunk's own
        } catch {}
    }

    function check_a_set_bit_brings_nothing(
        uint256[2] calldata words,
        uint256 bits,
        uint8 offset,
        uint64 factorUg,
        uint64 capMg
    ) external view {
        if (offset > 254) return;
        uint256 set = bits | uint256(3) << offset;
        try this.take(_pair(words), set, offset, factorUg, capMg) returns (
            uint256 present, uint256 count, uint256, uint256 consentedMg
        ) {
            assert(count == 0 && present == set && consentedMg == 0);
        } catch {}
    }

    /// @dev Two entries of which the second does not come after the first are never taken, whatever their bits say; padding is none.
    function check_nobody_is_twice_in_a_chunk(
        uint256[2] calldata words,
        uint256 bits,
        uint8 offset,
        uint64 factorUg,
        uint64 capMg
    ) external view {
        if (offset > 254 || words[0] == 0 || words[1] == 0) return;
        try this.take(_pair(words), bits, offset, factorUg, capMg) returns (uint256, uint256, uint256, uint256) {
            assert(words[0] >> 96 > 0 && words[1] >> 96 > words[0] >> 96);
        } catch {}
    }

    /// @dev Within what can be credited: a header's quantity has 64 bits, and the registry takes no factor above 1e11.
    function check_a_new_entry_brings_quantity_times_factor_up_to_the_cap(
        uint256 word,
        uint8 offset,
        uint64 factorUg,
        uint64 capMg
    ) external view {
        if (word & ((1 << 95) - 1) > type(uint64).max || factorUg > 100_000_000_000 || word >> 96 == 0) return;
        uint256[] memory entries = new uint256[](1);
        entries[0] = word;
        (, uint256 count, uint256 credit, uint256 consentedMg) = this.take(entries, 0, offset, factorUg, capMg);
        uint256 mg = UnitsLib.reductionMgDown(word & ((1 << 95) - 1), factorUg);
        if (mg > capMg) mg = capMg;
        assert(count == 1);
        assert(credit >> 96 == word >> 96);
        assert(credit & ((1 << 96) - 1) == mg);
        assert(consentedMg == (word & (1 << 95) != 0 ? mg : 0));
    }

    function check_a_leaf_is_the_hash_of_its_definition(uint256 index, uint256 word) external view {
        uint256[] memory entries = new uint256[](1);
        entries[0] = word;
        assert(this.subtreeRoot(index, entries) == _leaf(index, word));
    }

    // Spend only

    function check_points_never_go_from_citizen_to_citizen(address caller, address from, address to, uint256 amount)
        external
    {
        if (amount > 0) assert(!_sent(caller, abi.encodeCall(book.transfer, (to, amount))));
        assert(!_sent(caller, abi.encodeCall(book.transferFrom, (from, to, amount))));
        assert(!_sent(caller, abi.encodeCall(book.approve, (to, amount))));
    }

    function check_only_the_desk_moves_points(address caller, address citizen, address merchant, uint256 amount)
        external
    {
        if (caller == DESK) return;
        assert(!_sent(caller, abi.encodeCall(book.spend, (citizen, merchant, amount))));
        assert(!_sent(caller, abi.encodeCall(book.burnHeld, (merchant, amount))));
        ICarbonPoint.Part[] memory parts = new ICarbonPoint.Part[](1);
        parts[0] = ICarbonPoint.Part({year: 2035, pointsMilli: amount});
        assert(!_sent(caller, abi.encodeCall(book.refund, (merchant, citizen, parts))));
    }

    function check_only_the_issuer_credits_or_lowers(address caller, uint256 word, uint256 day, uint256 mg) external {
        if (caller == ISSUER) return;
        uint256[] memory entries = new uint256[](1);
        entries[0] = word;
        ICarbonPoint.CreditTerms memory terms =
            ICarbonPoint.CreditTerms({day: day, accountCapMg: mg, earnsPoints: true});
        assert(!_sent(caller, abi.encodeCall(book.credit, (terms, entries))));
        assert(!_sent(caller, abi.encodeCall(book.lowerReduction, (address(uint160(word)), day, mg))));
    }

    function check_only_the_vault_takes_a_year_out(address caller, uint256 year) external {
        if (caller == VAULT) return;
        assert(!_sent(caller, abi.encodeCall(book.takeOutYear, (year))));
    }

    // Years

    function check_a_page_lives_ten_years(uint64 year, uint64 present) external pure {
        assert(UnitsLib.isLive(year, present) == (present >= year && present - year < 10));
    }

    function take(uint256[] calldata entries, uint256 bits, uint256 offset, uint256 factorUg, uint256 capMg)
        external
        pure
        returns (uint256 present, uint256 count, uint256 firstCredit, uint256 consentedMg)
    {
        ChunkLib.Taken memory taken;
        taken.credits = new uint256[](entries.length);
        present = ChunkLib.take(entries, bits, 1 << offset, ChunkLib.Rule(factorUg, capMg), taken);
        return (present, taken.count, taken.credits[0], taken.consentedMg);
    }

    function subtreeRoot(uint256 index, uint256[] calldata entries) external pure returns (bytes32) {
        return LeafLib.subtreeRoot(index, entries);
    }

    function _leaf(uint256 index, uint256 word) private pure returns (bytes32) {
        bytes memory content =
            abi.encode(index, address(uint160(word >> 96)), word & ((1 << 95) - 1), word & (1 << 95) != 0);
        return keccak256(bytes.concat(keccak256(content)));
    }

    function _pair(uint256[2] calldata words) private pure returns (uint256[] memory entries) {
        entries = new uint256[](2);
        (entries[0], entries[1]) = (words[0], words[1]);
    }

    function _sent(address caller, bytes memory data) private returns (bool success) {
        Prank(address(uint160(uint256(keccak256("hevm cheat code"))))).prank(caller);
        (success,) = address(book).call(data);
    }
}

interface Prank {
    function prank(address sender) external;
}
