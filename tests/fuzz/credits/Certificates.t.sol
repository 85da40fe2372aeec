// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CalendarLib} from "../../../contracts/libraries/CalendarLib.sol";
import {TextLib} from "../../../contracts/libraries/TextLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {Vm} from "../Vm.sol";

/// @title What certificates are written with: names that can be shown, escapes that cannot be broken out of, dates as people count them
contract CertificateTextTest {
    bool public constant IS_TEST = true;
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    function testFuzz_escaped_text_has_no_character_that_ends_it(bytes memory text) external pure {
        bytes memory xml = bytes(TextLib.xml(string(text)));
        for (uint256 i = 0; i < xml.length; i++) {
            vm.assertTrue(xml[i] != "<" && xml[i] != ">" && xml[i] != '"' && xml[i] != "'", "XML");
        }
        bytes memory json = bytes(TextLib.json(string(text)));
        uint256 slashes;
        for (uint256 i = 0; i < json.length; i++) {
            vm.assertTrue(json[i] != '"' || slashes % 2 == 1, "JSON");
            slashes = json[i] == "\\" ? slashes + 1 : 0;
        }
        vm.assertTrue(slashes % 2 == 0, "JSON: no escape is left open");
    }

    /// @dev By the definition of UTF-8: every character that is encoded comes back, however it is cut it is refused.
    function testFuzz_a_character_is_taken_whole_or_refused_at_its_place(uint32 seed, uint8 cut) external pure {
        uint256 code = 0xa0 + seed % (0xd7ff - 0xa0); // no surrogate, no control of ASCII
        bytes memory text = bytes.concat("ab", _utf8(code));
        uint256 found = TextLib.firstBadByte(text);
        vm.assertEq(found, _hidden(code) ? 2 : text.length, "whole");
        uint256 kept = 3 + cut % (text.length - 3); // at least the first byte, never all
        bytes memory part = new bytes(kept);
        for (uint256 i = 0; i < kept; i++) {
            part[i] = text[i];
        }
        vm.assertEq(TextLib.firstBadByte(part), 2, "cut");
    }

    function testFuzz_ascii_is_taken_where_it_can_be_seen(bytes memory text) external pure {
        uint256 expected = text.length;
        for (uint256 i = text.length; i > 0; i--) {
            text[i - 1] = bytes1(uint8(text[i - 1]) & 0x7f);
            if (text[i - 1] < 0x20 || text[i - 1] == 0x7f) expected = i - 1;
        }
        vm.assertEq(TextLib.firstBadByte(text), expected, "first control character");
    }

    function testFuzz_a_date_leads_back_to_its_day(uint32 seed) external pure {
        uint256 day = seed % 2_932_896; // through 9999-12-31
        bytes memory date = bytes(CalendarLib.dateOf(day));
        vm.assertEq(date.length, 10, "YYYY-MM-DD");
        uint256 year = _number(date, 0, 4);
        vm.assertEq(year, UnitsLib.yearOf(day), "year");
        uint256 counted = UnitsLib.firstDayOf(year);
        for (uint256 month = 1; month < _number(date, 5, 2); month++) {
            counted += _daysIn(year, month);
        }
        vm.assertTrue(_number(date, 8, 2) >= 1 && _number(date, 8, 2) <= _daysIn(year, _number(date, 5, 2)), "day");
        vm.assertEq(counted + _number(date, 8, 2) - 1, day, "counted by months");
    }

    function test_times_and_words() external pure {
        vm.assertEq(keccak256(bytes(CalendarLib.timeOf(1_705_305_600))), keccak256("2024-01-15T08:00:00Z"), "time");
        vm.assertEq(keccak256(bytes(CalendarLib.timeOf(951_868_799))), keccak256("2000-02-29T23:59:59Z"), "leap day");
        vm.assertEq(keccak256(bytes(TextLib.ofWord("CI-01.CN-4403"))), keccak256("CI-01.CN-4403"), "word");
        vm.assertEq(keccak256(bytes(TextLib.ofWord(bytes32(uint256(0xff) << 248)))), keccak256("?"), "not ASCII");
        vm.assertEq(keccak256(bytes(TextLib.capitals("ci-01"))), keccak256("CI01"), "capitals");
        (string memory head, string memory tail) = TextLib.splitAtDot("NODOT");
        vm.assertEq(keccak256(bytes(head)), keccak256("NODOT"), "all of it");
        vm.assertEq(bytes(tail).length, 0, "and nothing");
    }

    function _hidden(uint256 code) private pure returns (bool) {
        return code == 0x61c || code == 0x200b || code == 0x200e || code == 0x200f || (code >= 0x2028 && code <= 0x202e)
            || (code >= 0x2060 && code <= 0x206f);
    }

    function _utf8(uint256 code) private pure returns (bytes memory) {
        if (code < 0x800) return abi.encodePacked(uint8(0xc0 | code >> 6), uint8(0x80 | code & 0x3f));
        return abi.encodePacked(uint8(0xe0 | code >> 12), uint8(0x80 | code >> 6 & 0x3f), uint8(0x80 | code & 0x3f));
    }

    function _number(bytes memory text, uint256 from, uint256 length) private pure returns (uint256 number) {
        for (uint256 i = from; i < from + length; i++) {
            number = number * 10 + uint8(text[i]) - 48;
        }
    }

    function _daysIn(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }
}
