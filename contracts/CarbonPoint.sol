// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {CreditingBook} from "./libraries/CreditingBook.sol";
import {Page} from "./libraries/PageLib.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";

/// @title CarbonPoint
contract CarbonPoint is CreditingBook {
    string public constant name = "Carbon Point";
    string public constant symbol = "CPT";
    uint8 public constant decimals = 3;

    /// @inheritdoc ICarbonPoint
    string public constant contractURI =
        'data:application/json;utf8,{"name":"Carbon Point","symbol":"CPT","description":"Points for low-carbon acts: earned, spent at merchants, not traded."}';

    address public immutable issuer;
    address public immutable desk;
    address public immutable vault;

    mapping(uint256 year => uint256 milli) private _outstanding;
    mapping(uint256 year => bool) private _expiryTold;
    mapping(uint256 year => bool) private _takenOut;
    mapping(address merchant => uint256 milli) private _held;
    uint256 private _heldTotal;

    constructor(address issuer_, address desk_, address vault_, bytes32 genesisHash_) SaltedDomain(genesisHash_) {
        issuer = issuer_;
        desk = desk_;
        vault = vault_;
    }

    modifier only(address caller) {
        if (msg.sender != caller) revert CarbonPoint_NotAllowed(msg.sender);
        _;
    }

    /// @inheritdoc ICarbonPoint
    function credit(CreditTerms calldata terms, uint256[] calldata entries)
        external
        only(issuer)
        returns (uint256 reductionMg, uint256 pointsMilli, Cut[] memory cuts)
    {
        uint256 year = UnitsLib.yearOf(terms.day);
        if (!UnitsLib.isLive(year, currentYear())) revert CarbonPoint_YearNotLive(year, currentYear());
        (uint256 first, uint256 closedFrom) = (_years.first, _years.closedFrom);
        if (first == 0 || year < first) _years.first = uint128(year);

        (reductionMg, pointsMilli, cuts) = _creditRow(_pages[year], entries, terms, year < closedFrom);
        _outstanding[year] += pointsMilli;
    }

    /// @inheritdoc ICarbonPoint
    function lowerReduction(address account, uint256 day, uint256 reductionMg) external only(issuer) {
        uint256 year = UnitsLib.yearOf(day);
        address holder = day <= _links[account].movedThrough ? holderOf(account) : account;
        Page page = _pages[year][holder];
        uint256 present = page.reductionMg();
        if (present < reductionMg) revert CarbonPoint_TooLittleReduction(account, year, present, reductionMg);

        _pages[year][holder] = page.withReduction(present - reductionMg);

        emit ReductionLowered(holder, year, reductionMg);
    }

    /// @inheritdoc ICarbonPoint
    function spend(address citizen, address merchant, uint256 pointsMilli)
        external
        only(desk)
        returns (Part[] memory parts)
    {
        (uint256 from, uint256 to) = _liveYears();
        parts = new Part[](from <= to ? to - from + 1 : 0); // ten at most
        uint256 count = 0;
        uint256 needed = pointsMilli;
        for (uint256 year = from; year <= to && needed > 0; year++) {
            Page page = _pages[year][citizen];
            uint256 points = page.pointsMilli();
            if (points == 0) continue;
            uint256 taken = points < needed ? points : needed;

            _pages[year][citizen] = page.withPoints(points - taken);
            _outstanding[year] -= taken;
            parts[count++] = Part({year: year, pointsMilli: taken});
            needed -= taken;
        }
        if (needed > 0) revert CarbonPoint_TooFewPoints(citizen, pointsMilli - needed, pointsMilli);
        assembly ("memory-safe") {
            mstore(parts, count) // shortens the array to what was used; nothing was allocated behind it
        }

        _held[merchant] += pointsMilli;
        _heldTotal += pointsMilli;

        emit Transfer(citizen, merchant, pointsMilli);
    }

    /// @inheritdoc ICarbonPoint
    function refund(address merchant, address citizen, Part[] calldata parts) external only(desk) {
        address holder = holderOf(citizen);
        (uint256 back, uint256 expired) = (0, 0);
        for (uint256 i = 0; i < parts.length; i++) {
            (uint256 year, uint256 points) = (parts[i].year, parts[i].pointsMilli);
            if (points == 0) continue; // a year that gets nothing back need not be in the books any more
            if (UnitsLib.isLive(year, currentYear())) {
                back += points;
            } else {
                expired += points;
                _tellExpiry(year);
                emit RefundExpired(holder, year, points);
            }
            Page page = _pages[year][holder];
            _pages[year][holder] = page.withPoints(page.pointsMilli() + points);
            _outstanding[year] += points;
        }
        _takeHeld(merchant, back + expired);

        if (back > 0) emit Transfer(merchant, holder, back);
        if (expired > 0) emit Transfer(merchant, address(0), expired);
    }

    /// @inheritdoc ICarbonPoint
    function burnHeld(address merchant, uint256 pointsMilli) external only(desk) {
        _takeHeld(merchant, pointsMilli);

        emit Transfer(merchant, address(0), pointsMilli);
    }

    /// @inheritdoc ICarbonPoint
    function takeOutYear(uint256 year) external only(vault) returns (uint256 pointsMilli) {
        expireYear(year);

        pointsMilli = _outstanding[year];
        _outstanding[year] = 0;
        _takenOut[year] = true;
    }

    /// @inheritdoc ICarbonPoint
    function heldOf(address merchant) external view returns (uint256 pointsMilli) {
        return _held[merchant];
    }

    /// @inheritdoc ICarbonPoint
    function outstandingOf(uint256 year) external view returns (uint256 pointsMilli) {
        return _outstanding[year];
    }

    /// @notice Live points with citizens and all points with merchants, in thousandths. It falls at New Year, by the points of the year that
    /// becomes ten years old, without a transaction: `YearExpired` tells by how much.
    function totalSupply() external view returns (uint256 pointsMilli) {
        pointsMilli = _heldTotal;
        (uint256 from, uint256 to) = _liveYears();
        for (uint256 year = from; year <= to; year++) {
            pointsMilli += _outstanding[year];
        }
    }

    /// @notice Live points of an account, and what it holds as a merchant, in thousandths. It falls at New Year, by the account's points
    /// of the year that becomes ten years old, without a transaction or a Transfer.
    function balanceOf(address account) external view returns (uint256 pointsMilli) {
        pointsMilli = _held[account];
        (uint256 from, uint256 to) = _liveYears();
        for (uint256 year = from; year <= to; year++) {
            pointsMilli += _pages[year][account].pointsMilli();
        }
    }

    /// @notice Always zero: no flow needs an approval.
    function allowance(address, address) external pure returns (uint256) {
        return 0;
    }

    /// @notice Points are spent at the desk: only nothing can be transferred, as EIP-20 demands.
    /// Reverts if: `pointsMilli` is not zero.
    function transfer(address to, uint256 pointsMilli) external returns (bool) {
        if (pointsMilli != 0) revert CarbonPoint_SpendOnly();

        emit Transfer(msg.sender, to, 0);
        return true;
    }

    /// @notice Always reverts: points are spent at the desk.
    function approve(address, uint256) external pure returns (bool) {
        revert CarbonPoint_SpendOnly();
    }

    /// @notice Always reverts: points are spent at the desk.
    function transferFrom(address, address, uint256) external pure returns (bool) {
        revert CarbonPoint_SpendOnly();
    }

    /// @inheritdoc IERC165
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(ICarbonPoint).interfaceId || interfaceId == type(IERC20).interfaceId
            || interfaceId == type(IERC20Metadata).interfaceId || interfaceId == type(IERC5267).interfaceId
            || interfaceId == type(IERC165).interfaceId;
    }

    /// @inheritdoc ICarbonPoint
    function expireYear(uint256 year) public {
        uint256 present = currentYear();
        if (year > present || UnitsLib.isLive(year, present)) revert CarbonPoint_YearLive(year, present);

        _tellExpiry(year);
    }

    function _takeHeld(address merchant, uint256 pointsMilli) private {
        uint256 held = _held[merchant];
        if (held < pointsMilli) revert CarbonPoint_TooFewHeld(merchant, held, pointsMilli);

        _held[merchant] = held - pointsMilli;
        _heldTotal -= pointsMilli;
    }

    /// @dev Once, and before anything comes back to the year: what is outstanding then is what left the balances at New Year.
    function _tellExpiry(uint256 year) private {
        if (_takenOut[year]) revert CarbonPoint_YearTakenOut(year);
        if (_expiryTold[year]) return;
        _expiryTold[year] = true;
        if (_outstanding[year] > 0) emit YearExpired(year, _outstanding[year]);
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook CarbonPoint";
    }
}
