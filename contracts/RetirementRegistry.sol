// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";
import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ICarbonCredit} from "../interfaces/ICarbonCredit.sol";
import {ICertificatePicture} from "../interfaces/ICertificatePicture.sol";
import {IInventoryRegistry} from "../interfaces/IInventoryRegistry.sol";
import {IReductionCertifier} from "../interfaces/IReductionCertifier.sol";
import {IRetirementRegistry} from "../interfaces/IRetirementRegistry.sol";
import {IReversalDesk} from "../interfaces/IReversalDesk.sol";
import {SeriesLib} from "./libraries/SeriesLib.sol";
import {TextLib} from "./libraries/TextLib.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";

/// @title RetirementRegistry
contract RetirementRegistry is IRetirementRegistry, AccessManaged {
    string public constant name = "Carbonbook Retirement Certificate";
    string public constant symbol = "CBRC";

    uint256 private constant MAX_NAME_BYTES = 120;
    uint256 private constant MAX_NOTE_BYTES = 280;
    uint256 private constant SERIES_SHIFT = 64;
    uint8 private constant PURPOSES = 5;
    uint8 private constant COMPLIANCE = 4;
    bytes4 private constant ERC5192 = 0xb45a3c0e; // locked(uint256), as its text has it

    IReductionCertifier public immutable certifier;
    IReversalDesk public immutable reversals;
    IInventoryRegistry public immutable inventories;
    ICertificatePicture public immutable picture;
    address public immutable market;
    address public immutable credits;

    /// @inheritdoc IRetirementRegistry
    bytes4 public immutable registryCode;

    /// @inheritdoc IRetirementRegistry
    bytes32 public credentialKey;

    /// @inheritdoc IRetirementRegistry
    uint256 public nameCount;

    /// @inheritdoc IRetirementRegistry
    mapping(uint256 number => string) public nameOf;

    mapping(uint256 certificate => Certificate) private _certificates;
    mapping(address holder => uint256 count) private _counts;

    constructor(
        address access,
        IReductionCertifier certifier_,
        IReversalDesk reversals_,
        IInventoryRegistry inventories_,
        ICertificatePicture picture_,
        address market_,
        address credits_,
        bytes4 registryCode_
    ) AccessManaged(access) {
        certifier = certifier_;
        reversals = reversals_;
        inventories = inventories_;
        picture = picture_;
        market = market_;
        credits = credits_;
        registryCode = registryCode_;
    }

    /// @inheritdoc IRetirementRegistry
    function addName(string calldata name_) external returns (uint256 number) {
        uint256 length = bytes(name_).length;
        if (length == 0 || length > MAX_NAME_BYTES) revert RetirementRegistry_BadName(length, length);
        uint256 position = TextLib.firstBadByte(bytes(name_));
        if (position < length) revert RetirementRegistry_BadName(length, position);

        number = ++nameCount;
        nameOf[number] = name_;

        emit Named(number, msg.sender, name_);
    }

    /// @inheritdoc IRetirementRegistry
    function retire(uint256 series, uint256 mg, Terms calldata terms) external returns (uint256 certificate) {
        return _retire(msg.sender, series, mg, terms);
    }

    /// @inheritdoc IRetirementRegistry
    function retireBought(uint256 series, uint256 mg, Terms calldata terms) external returns (uint256 certificate) {
        if (msg.sender != market) revert RetirementRegistry_NotMarket(msg.sender);

        return _retire(msg.sender, series, mg, terms);
    }

    /// @inheritdoc IRetirementRegistry
    function setCredentialKey(bytes32 key) external restricted {
        bytes32 former = credentialKey;
        credentialKey = key;

        emit CredentialKeySet(former, key);
    }

    /// @inheritdoc IERC721
    function approve(address, uint256 certificate) external pure {
        revert RetirementRegistry_Soulbound(certificate);
    }

    /// @inheritdoc IERC721
    function setApprovalForAll(address, bool) external pure {
        revert RetirementRegistry_Soulbound(0);
    }

    /// @inheritdoc IERC721
    function transferFrom(address, address, uint256 certificate) external pure {
        revert RetirementRegistry_Soulbound(certificate);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 certificate) external pure {
        revert RetirementRegistry_Soulbound(certificate);
    }

    /// @inheritdoc IERC721
    function safeTransferFrom(address, address, uint256 certificate, bytes calldata) external pure {
        revert RetirementRegistry_Soulbound(certificate);
    }

    /// @inheritdoc IERC721
    function balanceOf(address holder) external view returns (uint256 count) {
        if (holder == address(0)) revert RetirementRegistry_NoHolder();
        return _counts[holder];
    }

    /// @inheritdoc IERC721
    function ownerOf(uint256 certificate) external view returns (address holder) {
        return _known(certificate).holder;
    }

    /// @inheritdoc IERC721
    function getApproved(uint256 certificate) external view returns (address) {
        _known(certificate);
        return address(0);
    }

    /// @inheritdoc IERC721
    function isApprovedForAll(address, address) external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IRetirementRegistry
    function certificateOf(uint256 certificate) external view returns (Certificate memory) {
        return _known(certificate);
    }

    /// @inheritdoc IRetirementRegistry
    function locked(uint256 certificate) external view returns (bool) {
        _known(certificate);
        return true;
    }

    /// @inheritdoc IRetirementRegistry
    function serialOf(uint256 certificate) external view returns (string memory) {
        return picture.serialOf(_factsOf(_known(certificate)));
    }

    /// @inheritdoc IERC721Metadata
    function tokenURI(uint256 certificate) external view returns (string memory) {
        return picture.uriOf(_factsOf(_known(certificate)));
    }

    /// @inheritdoc IRetirementRegistry
    function backingOf(uint256 certificate) external view returns (uint256 backedMg) {
        Certificate memory c = _known(certificate);
        return reversals.backedOf(c.series, c.mg);
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId || interfaceId == type(IERC721).interfaceId
            || interfaceId == type(IERC721Metadata).interfaceId || interfaceId == ERC5192;
    }

    function _retire(address from, uint256 series, uint256 mg, Terms calldata terms)
        private
        returns (uint256 certificate)
    {
        _requireComplete(mg, terms);
        address token = SeriesLib.tokenOf(credits, address(certifier), series);
        if (token.code.length == 0) revert RetirementRegistry_UnknownSeries(series);
        if (terms.purpose == COMPLIANCE) {
            inventories.useFor(terms.holder, UnitsLib.yearOf(terms.fromDay), terms.scheme, series, mg);
        }
        uint256 firstMg = ICarbonCredit(token).retire(from, mg);

        certificate = series << SERIES_SHIFT | firstMg;
        _certificates[certificate] = Certificate({
            holder: terms.holder,
            at: uint40(block.timestamp),
            fromDay: terms.fromDay,
            throughDay: terms.throughDay,
            purpose: terms.purpose,
            mg: uint64(mg), // fits, as does the first: the series has as much
            firstMg: uint64(firstMg),
            series: uint32(series), // fits: it is issued
            name: terms.name,
            country: terms.country,
            noted: bytes(terms.note).length > 0
        });
        _counts[terms.holder]++;

        emit Transfer(address(0), terms.holder, certificate);
        emit Locked(certificate);
        emit Retired(certificate, terms.holder, terms.name, mg, terms);
    }

    function _requireComplete(uint256 mg, Terms calldata terms) private view {
        if (mg == 0) revert RetirementRegistry_BadTerms("mg");
        if (terms.holder == address(0)) revert RetirementRegistry_BadTerms("holder");
        if (terms.fromDay > terms.throughDay) revert RetirementRegistry_BadTerms("period");
        if (terms.purpose == 0 || terms.purpose > PURPOSES) revert RetirementRegistry_BadTerms("purpose");
        if (!_isCapital(terms.country >> 8) || !_isCapital(terms.country & 0xff)) {
            revert RetirementRegistry_BadTerms("country");
        }
        if ((terms.scheme != 0) != (terms.purpose == COMPLIANCE)) revert RetirementRegistry_BadTerms("scheme");
        if (bytes(terms.note).length > MAX_NOTE_BYTES) revert RetirementRegistry_BadTerms("note");
        if (bytes(nameOf[terms.name]).length == 0) revert RetirementRegistry_UnknownName(terms.name);
    }

    function _known(uint256 certificate) private view returns (Certificate memory c) {
        c = _certificates[certificate];
        if (c.holder == address(0)) revert RetirementRegistry_Unknown(certificate);
    }

    function _factsOf(Certificate memory c) private view returns (ICertificatePicture.Facts memory) {
        IReductionCertifier.Claim memory claim = certifier.claimOf(c.series);
        return ICertificatePicture.Facts({
            registryCode: registryCode,
            series: c.series,
            firstMg: c.firstMg,
            mg: c.mg,
            backedMg: reversals.backedOf(c.series, c.mg),
            methodology: claim.methodology,
            version: claim.version,
            vintage: claim.vintage,
            sequence: claim.sequence,
            operator: claim.operator,
            operatorNumber: certifier.operatorNumberOf(claim.operator),
            beneficiary: nameOf[c.name],
            purpose: c.purpose,
            fromDay: c.fromDay,
            throughDay: c.throughDay,
            country: c.country,
            at: c.at
        });
    }

    function _isCapital(uint256 letter) private pure returns (bool) {
        return letter >= 0x41 && letter <= 0x5a;
    }
}
