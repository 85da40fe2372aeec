// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Text that strangers chose, made safe to show
library TextLib {
    /// @notice Position of the first byte that a name must not have, or the length of the text if there is none.
    /// @dev Refused: what is not UTF-8 (RFC 3629: too long, surrogates, above U+10FFFF), and characters that no reader sees but that change
    /// what is seen: controls, line breaks, marks of direction, zero-width ones but for joiners, tags, non-characters.
    function firstBadByte(bytes memory text) internal pure returns (uint256 position) {
        while (position < text.length) {
            (uint256 code, uint256 length) = _characterAt(text, position);
            if (length == 0 || _isHidden(code)) return position;
            position += length;
        }
    }

    /// @notice ASCII text that is padded with zeros to a word; what is no printable character becomes a question mark.
    function ofWord(bytes32 word) internal pure returns (string memory) {
        uint256 length = 0;
        while (length < 32 && word[length] != 0) length++;
        bytes memory text = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            text[i] = word[i] < 0x20 || word[i] > 0x7e ? bytes1("?") : word[i];
        }
        return string(text);
    }

    /// @notice The letters and digits of a text, letters in capitals.
    function capitals(string memory text) internal pure returns (string memory) {
        bytes memory source = bytes(text);
        bytes memory target = new bytes(source.length);
        uint256 length = 0;
        for (uint256 i = 0; i < source.length; i++) {
            bytes1 c = source[i];
            if (c >= "a" && c <= "z") c = bytes1(uint8(c) - 32);
            if ((c >= "A" && c <= "Z") || (c >= "0" && c <= "9")) target[length++] = c;
        }
        return _shortened(target, length);
    }

    /// @notice The parts of a text before and after its first dot; without one, all of it and nothing.
    function splitAtDot(string memory text) internal pure returns (string memory head, string memory tail) {
        bytes memory source = bytes(text);
        uint256 dot = 0;
        while (dot < source.length && source[dot] != ".") dot++;
        bytes memory first = new bytes(dot);
        bytes memory second = new bytes(dot < source.length ? source.length - dot - 1 : 0);
        for (uint256 i = 0; i < source.length; i++) {
            if (i < dot) first[i] = source[i];
            else if (i > dot) second[i - dot - 1] = source[i];
        }
        return (string(first), string(second));
    }

    /// @notice Text for the content and the attributes of XML.
    function xml(string memory text) internal pure returns (string memory) {
        return _escaped(text, _xmlOf);
    }

    /// @notice Text for between the quotes of JSON.
    function json(string memory text) internal pure returns (string memory) {
        return _escaped(text, _jsonOf);
    }

    function _xmlOf(bytes1 c) private pure returns (bytes memory) {
        if (c == "&") return "&amp;";
        if (c == "<") return "&lt;";
        if (c == ">") return "&gt;";
        if (c == '"') return "&quot;";
        if (c == "'") return "&#39;";
        return "";
    }

    function _jsonOf(bytes1 c) private pure returns (bytes memory) {
        if (c == '"') return '\\"';
        if (c == "\\") return "\\\\";
        return "";
    }

    /// @dev No escape is longer than six bytes. Characters below a space are in no text that comes here: `firstBadByte` and `ofWord` see to it.
    function _escaped(string memory text, function(bytes1) pure returns (bytes memory) escapeOf)
        private
        pure
        returns (string memory)
    {
        bytes memory source = bytes(text);
        bytes memory target = new bytes(source.length * 6);
        uint256 length = 0;
        for (uint256 i = 0; i < source.length; i++) {
            bytes memory escape = escapeOf(source[i]);
            if (escape.length == 0) target[length++] = source[i];
            for (uint256 k = 0; k < escape.length; k++) {
                target[length++] = escape[k];
            }
        }
        return _shortened(target, length);
    }

    function _shortened(bytes memory text, uint256 length) private pure returns (string memory) {
        bytes memory result = new bytes(length);
        for (uint256 i = 0; i < length; i++) {
            result[i] = text[i];
        }
        return string(result);
    }

    /// @dev The character that begins at `position` and how many bytes it has; none if they are not UTF-8.
    function _characterAt(bytes memory text, uint256 position) private pure returns (uint256 code, uint256 length) {
        uint256 lead = uint8(text[position]);
        uint256 least;
        if (lead < 0x80) (code, length, least) = (lead, 1, 0);
        else if (lead >= 0xc0 && lead < 0xe0) (code, length, least) = (lead & 0x1f, 2, 0x80);
        else if (lead >= 0xe0 && lead < 0xf0) (code, length, least) = (lead & 0x0f, 3, 0x800);
        else if (lead >= 0xf0 && lead < 0xf8) (code, length, least) = (lead & 0x07, 4, 0x10000);
        else return (0, 0);
        if (position + length > text.length) return (0, 0);
        for (uint256 i = 1; i < length; i++) {
            uint256 next = uint8(text[position + i]);
            if (next & 0xc0 != 0x80) return (0, 0);
            code = code << 6 | next & 0x3f;
        }
        if (code < least || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return (0, 0);
    }

    function _isHidden(uint256 code) private pure returns (bool) {
        if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true; // controls
        if (code == 0x61c || code == 0x200b || code == 0x200e || code == 0x200f) return true; // direction, no width
        if (code >= 0x2028 && code <= 0x202e) return true; // line breaks, embeddings
        if (code >= 0x2060 && code <= 0x206f) return true; // invisible operators, isolates
        if (code == 0xfeff || (code >= 0xfdd0 && code <= 0xfdef)) return true; // byte order, non-characters
        if (code >= 0xfff9 && code <= 0xfffb) return true; // annotations
        return code & 0xfffe == 0xfffe || code >> 12 == 0xe0; // non-characters, tags
    }
}
