// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Base64} from "@openzeppelin/contracts/utils/Base64.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {ICertificatePicture} from "../interfaces/ICertificatePicture.sol";
import {CalendarLib} from "./libraries/CalendarLib.sol";
import {SeriesLib} from "./libraries/SeriesLib.sol";
import {TextLib} from "./libraries/TextLib.sol";
import {MethodologyId} from "./types/Ids.sol";

/// @title CertificatePicture
contract CertificatePicture is ICertificatePicture {
    uint256 private constant BAR_WIDTH = 520;
    uint256 private constant LONG_NAME_BYTES = 48; // what fits a line unsqueezed
    string private constant SQUEEZED = ' textLength="520" lengthAdjust="spacingAndGlyphs"';

    /// @inheritdoc ICertificatePicture
    function uriOf(Facts calldata facts) external pure returns (string memory) {
        return string.concat("data:application/json;base64,", Base64.encode(bytes(_json(facts))));
    }

    /// @inheritdoc ICertificatePicture
    function svgOf(Facts calldata facts) external pure returns (string memory) {
        return _svg(facts);
    }

    /// @inheritdoc ICertificatePicture
    function serialOf(Facts calldata facts) external pure returns (string memory) {
        return _serial(facts);
    }

    function _json(Facts calldata facts) private pure returns (string memory) {
        return string.concat(
            '{"name":"Carbonbook retirement ',
            _shortNumber(facts),
            '","description":"',
            _tonnes(facts.mg),
            ' t CO2e retired. Final; cannot be transferred.","image":"data:image/svg+xml;base64,',
            Base64.encode(bytes(_svg(facts))),
            '","attributes":[',
            _whatAttributes(facts),
            ",",
            _whyAttributes(facts),
            "]}"
        );
    }

    function _whatAttributes(Facts calldata facts) private pure returns (string memory) {
        return string.concat(
            _attribute("quantity_mg", Strings.toString(facts.mg)),
            ",",
            _attribute("serial", _serial(facts)),
            ",",
            _attribute("methodology", _methodology(facts)),
            ",",
            _attribute("vintage", Strings.toString(facts.vintage)),
            ",",
            _attribute("operator", Strings.toHexString(facts.operator)),
            ",",
            _attribute("backed_mg", Strings.toString(facts.backedMg))
        );
    }

    function _whyAttributes(Facts calldata facts) private pure returns (string memory) {
        return string.concat(
            _attribute("beneficiary", facts.beneficiary),
            ",",
            _attribute("purpose", _purpose(facts.purpose)),
            ",",
            _attribute("period", _period(facts, "/")),
            ",",
            _attribute("country", _country(facts)),
            ",",
            _attribute("retired_at", CalendarLib.timeOf(facts.at))
        );
    }

    function _attribute(string memory key, string memory value) private pure returns (string memory) {
        return string.concat('{"trait_type":"', key, '","value":"', TextLib.json(value), '"}');
    }

    function _svg(Facts calldata facts) private pure returns (string memory) {
        return string.concat(
            '<svg xmlns="http://www.w3.org/2000/svg" width="600" height="400" viewBox="0 0 600 400" font-family="sans-serif" fill="#1d3b2a">',
            '<rect width="600" height="400" fill="#f6faf6"/><rect x="12" y="12" width="576" height="376" fill="none" stroke="#2f7d4f" stroke-width="2"/>',
            unicode'<text x="40" y="62" font-size="24">碳减排量注销证书</text><text x="40" y="88" font-size="15">Certificate of Carbon Credit Retirement</text>',
            _quantity(facts),
            _lines(facts),
            _bar(facts),
            "</svg>"
        );
    }

    function _quantity(Facts calldata facts) private pure returns (string memory) {
        string memory squeezed = bytes(facts.beneficiary).length > LONG_NAME_BYTES ? SQUEEZED : "";
        return string.concat(
            '<text x="40" y="144" font-size="34">',
            _tonnes(facts.mg),
            ' t CO2e</text><text x="40" y="182" font-size="18"',
            squeezed,
            ">",
            TextLib.xml(facts.beneficiary),
            "</text>"
        );
    }

    function _lines(Facts calldata facts) private pure returns (string memory) {
        return string.concat(
            _line("214", unicode"期间 Period", _period(facts, unicode" – ")),
            _line("236", unicode"用途 Purpose", string.concat(_purpose(facts.purpose), ", ", _country(facts))),
            _line(
                "258",
                unicode"方法学 Methodology",
                string.concat(_methodology(facts), ", ", Strings.toString(facts.vintage))
            ),
            _line("280", unicode"注销时间 Retired", CalendarLib.timeOf(facts.at)),
            _line("302", unicode"编号 Serial", _serial(facts))
        );
    }

    function _line(string memory y, string memory label, string memory text) private pure returns (string memory) {
        return string.concat(
            '<text x="40" y="',
            y,
            '" font-size="12" fill="#4d6b58">',
            label,
            '</text><text x="180" y="',
            y,
            '" font-size="12">',
            TextLib.xml(text),
            "</text>"
        );
    }

    /// @dev The bar is full when a reduction stands behind every milligram.
    function _bar(Facts calldata facts) private pure returns (string memory) {
        return string.concat(
            '<rect x="40" y="330" width="520" height="12" fill="#d9c7c0"/><rect x="40" y="330" width="',
            Strings.toString(BAR_WIDTH * facts.backedMg / facts.mg),
            '" height="12" fill="#2f7d4f"/><text x="40" y="362" font-size="12">',
            unicode"有效支撑 Backed ",
            _tonnes(facts.backedMg),
            " t</text>"
        );
    }

    function _serial(Facts calldata facts) private pure returns (string memory) {
        (string memory scheme, string memory region) =
            TextLib.splitAtDot(TextLib.ofWord(MethodologyId.unwrap(facts.methodology)));
        return string.concat(
            string.concat(
                TextLib.ofWord(facts.registryCode),
                "-",
                TextLib.capitals(region),
                "-",
                TextLib.capitals(scheme),
                "-v",
                Strings.toString(facts.version),
                "-",
                _fourDigits(facts.operatorNumber)
            ),
            "-",
            string.concat(
                Strings.toString(facts.vintage),
                "-",
                Strings.toString(facts.sequence),
                "-",
                Strings.toString(facts.firstMg),
                "-",
                Strings.toString(facts.firstMg + facts.mg - 1)
            )
        );
    }

    function _methodology(Facts calldata facts) private pure returns (string memory) {
        string memory id = TextLib.ofWord(MethodologyId.unwrap(facts.methodology));
        return string.concat(id, " v", Strings.toString(facts.version));
    }

    function _shortNumber(Facts calldata facts) private pure returns (string memory) {
        return string.concat(Strings.toString(facts.series), "-", Strings.toString(facts.firstMg));
    }

    function _period(Facts calldata facts, string memory between) private pure returns (string memory) {
        return string.concat(CalendarLib.dateOf(facts.fromDay), between, CalendarLib.dateOf(facts.throughDay));
    }

    function _country(Facts calldata facts) private pure returns (string memory) {
        return TextLib.ofWord(bytes32(facts.country << 240));
    }

    function _purpose(uint256 purpose) private pure returns (string memory) {
        if (purpose == 1) return "voluntary";
        if (purpose == 2) return "event";
        if (purpose == 3) return "product";
        if (purpose == 4) return "compliance";
        return "public good";
    }

    /// @dev Milligrams as tonnes, with all nine digits.
    function _tonnes(uint256 mg) private pure returns (string memory) {
        bytes memory digits = bytes(Strings.toString(SeriesLib.MG_PER_TONNE + mg % SeriesLib.MG_PER_TONNE));
        digits[0] = ".";
        return string.concat(Strings.toString(mg / SeriesLib.MG_PER_TONNE), string(digits));
    }

    function _fourDigits(uint256 number) private pure returns (string memory) {
        string memory zeros = number < 10 ? "000" : number < 100 ? "00" : number < 1000 ? "0" : "";
        return string.concat(zeros, Strings.toString(number));
    }
}
