// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {Page, PageLib} from "./libraries/PageLib.sol";
import {RowLib} from "./libraries/RowLib.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";

/// @title CarbonPoint
contract CarbonPoint is ICarbonPoint, SaltedDomain {
    string public constant name = "Carbon Point";
    string public constant symbol = "CPT";
    uint8 public constant decimals = 3;

    /// @dev Whose book an account took over, and how many accounts had it before.
    struct Origin {
        address from;
        uint8 moves;
    }

    /// @inheritdoc ICarbonPoint
    uint256 public constant MAX_MOVES = 16;

    bytes32 private constant MOVE_TYPEHASH = keccak256("Move(address from,address to,uint256 deadline)");

    address public immutable issuer;
    address public immutable desk;
    address public immutable vault;

    /// @inheritdoc ICarbonPoint
    uint256 public firstYear;

    /// @inheritdoc ICarbonPoint
    mapping(address from => address to) public movedTo;

    mapping(address account => Origin) private _origins;
    mapping(uint256 year => mapping(address account => Page)) private _pages;
    mapping(address account => mapping(uint256 day => uint256 mg)) private _late;
    mapping(uint256 year => uint256 milli) private _outstanding;
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
        uint256 first = firstYear;
        if (first == 0 || year < first) firstYear = year;

        (reductionMg, pointsMilli, cuts) = _creditRow(_pages[year], entries, terms);
        _outstanding[year] += pointsMilli;
    }

    /// @inheritdoc ICarbonPoint
    function lowerReduction(address account, uint256 day, uint256 reductionMg) external only(issuer) {
        uint256 year = UnitsLib.yearOf(day);
        uint256 left = reductionMg;
        for (address holder = account; left > 0; holder = movedTo[holder]) {
            if (holder == address(0)) {
                revert CarbonPoint_TooLittleReduction(account, year, reductionMg - left, reductionMg);
            }
            Page page = _pages[year][holder];
            uint256 present = page.reductionMg();
            uint256 taken = present < left ? present : left;
            if (taken == 0) continue;

            _pages[year][holder] = page.withReduction(present - taken);
            left -= taken;

            emit ReductionLowered(holder, year, taken);
        }
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
        uint256 pointsMilli = 0;
        for (uint256 i = 0; i < parts.length; i++) {
            uint256 year = parts[i].year;
            if (parts[i].pointsMilli == 0) continue; // a year that gets nothing back need not be in the books any more
            if (_takenOut[year]) revert CarbonPoint_YearTakenOut(year);
            Page page = _pages[year][citizen];
            _pages[year][citizen] = page.withPoints(page.pointsMilli() + parts[i].pointsMilli);
            _outstanding[year] += parts[i].pointsMilli;
            pointsMilli += parts[i].pointsMilli;
        }
        _held[merchant] -= pointsMilli;
        _heldTotal -= pointsMilli;

        emit Transfer(merchant, citizen, pointsMilli);
    }

    /// @inheritdoc ICarbonPoint
    function burnHeld(address merchant, uint256 pointsMilli) external only(desk) {
        _held[merchant] -= pointsMilli;
        _heldTotal -= pointsMilli;

        emit Transfer(merchant, address(0), pointsMilli);
    }

    /// @inheritdoc ICarbonPoint
    function takeOutYear(uint256 year) external only(vault) returns (uint256 pointsMilli) {
        uint256 present = currentYear();
        if (year > present || UnitsLib.isLive(year, present)) revert CarbonPoint_YearLive(year, present);
        if (_takenOut[year]) revert CarbonPoint_YearTakenOut(year);

        pointsMilli = _outstanding[year];
        _outstanding[year] = 0;
        _takenOut[year] = true;

        emit YearExpired(year, pointsMilli);
    }

    /// @inheritdoc ICarbonPoint
    function move(address from, address to, uint256 deadline, bytes calldata fromSignature, bytes calldata toSignature)
        external
    {
        if (block.timestamp > deadline) revert CarbonPoint_MoveExpired(deadline);
        bytes32 digest = _digest(keccak256(abi.encode(MOVE_TYPEHASH, from, to, deadline)));
        if (!SignatureChecker.isValidSignatureNow(from, digest, fromSignature)) revert CarbonPoint_BadSignature(from);
        if (!SignatureChecker.isValidSignatureNow(to, digest, toSignature)) revert CarbonPoint_BadSignature(to);

        bool repeated = movedTo[from] == to;
        if (!repeated) _link(from, to);
        uint256 points = _moveBook(from, to, repeated);

        emit AccountMoved(from, to);
        if (points > 0) emit Transfer(from, to, points);
    }

    /// @inheritdoc ICarbonPoint
    function pageOf(address account, uint256 year) external view returns (PageView memory) {
        Page page = _pages[year][account];
        return PageView({
            pointsMilli: page.pointsMilli(),
            reductionMg: page.reductionMg(),
            day: page.day(),
            todayMg: page.todayMg(),
            peakMg: page.peakMg()
        });
    }

    /// @inheritdoc ICarbonPoint
    function reductionOf(address account) external view returns (uint256 reductionMg) {
        (uint256 from, uint256 to) = _years();
        for (uint256 year = from; year <= to; year++) {
            reductionMg += _pages[year][account].reductionMg();
        }
    }

    /// @inheritdoc ICarbonPoint
    function lateMgOf(address account, uint256 day) external view returns (uint256) {
        return _late[account][day];
    }

    /// @inheritdoc ICarbonPoint
    function heldOf(address merchant) external view returns (uint256 pointsMilli) {
        return _held[merchant];
    }

    /// @inheritdoc ICarbonPoint
    function outstandingOf(uint256 year) external view returns (uint256 pointsMilli) {
        return _outstanding[year];
    }

    /// @notice Live points with citizens and all points with merchants, in thousandths.
    function totalSupply() external view returns (uint256 pointsMilli) {
        pointsMilli = _heldTotal;
        (uint256 from, uint256 to) = _liveYears();
        for (uint256 year = from; year <= to; year++) {
            pointsMilli += _outstanding[year];
        }
    }

    /// @notice Live points of an account, and what it holds as a merchant, in thousandths.
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

    /// @notice Always reverts: points are spent at the desk.
    function transfer(address, uint256) external pure returns (bool) {
        revert CarbonPoint_SpendOnly();
    }

    /// @notice Always reverts: points are spent at the desk.
    function approve(address, uint256) external pure returns (bool) {
        revert CarbonPoint_SpendOnly();
    }

    /// @notice Always reverts: points are spent at the desk.
    function transferFrom(address, address, uint256) external pure returns (bool) {
        revert CarbonPoint_SpendOnly();
    }

    /// @inheritdoc ICarbonPoint
    function currentYear() public view returns (uint256) {
        return UnitsLib.yearOf(UnitsLib.dayOf(block.timestamp));
    }

    /// @dev Runs over what is usual, and looks closer at each entry where that stops.
    function _creditRow(mapping(address => Page) storage pages, uint256[] calldata entries, CreditTerms memory terms)
        private
        returns (uint256 reductionMg, uint256 pointsMilli, Cut[] memory cuts)
    {
        uint256 count = 0;
        (uint256 done, uint256 sums) = RowLib.credit(pages, entries, terms);
        while (done < entries.length) {
            uint256 one = _creditOne(pages, entries[done], terms);
            if (one >> RowLib.MG_SHIFT < entries[done] & RowLib.AMOUNT_MASK) {
                if (count == 0) cuts = new Cut[](entries.length - done);
                (cuts[count].position, cuts[count].creditedMg) = (done, one >> RowLib.MG_SHIFT);
                count++;
            }
            sums += one;
            (uint256 more, uint256 moreSums) = RowLib.credit(pages, entries[++done:], terms);
            done += more;
            sums += moreSums;
        }
        if (count > 0) {
            assembly ("memory-safe") {
                mstore(cuts, count) // shortens the array to what was cut
            }
        }
        return (sums >> RowLib.MG_SHIFT, sums & RowLib.POINTS_MASK, cuts);
    }

    /// @dev One entry, whatever holds for it: late, cut by a cap, or neither.
    function _creditOne(mapping(address => Page) storage pages, uint256 entry, CreditTerms memory terms)
        private
        returns (uint256 sums)
    {
        address account = address(uint160(entry >> RowLib.ACCOUNT_SHIFT));
        uint256 asked = entry & RowLib.AMOUNT_MASK;
        Page page = pages[account];
        uint256 mg;
        uint256 points = 0;
        bool late;
        unchecked {
            uint256 used = page.usedOn(terms.day);
            late = used > PageLib.FIELD_MASK;
            if (late) used = page.peakMg() + _late[account][terms.day];
            mg = asked;
            if (used + mg > terms.accountCapMg) mg = used < terms.accountCapMg ? terms.accountCapMg - used : 0;
            if (terms.earnsPoints) points = mg * UnitsLib.POINTS_NUMERATOR / UnitsLib.POINTS_DENOMINATOR;
            if (late) _late[account][terms.day] += mg;
        }
        pages[account] = late ? page.creditedLate(mg, points) : page.credited(terms.day, mg, points);

        if (mg < asked) emit ReductionCapped(account, terms.day, asked, mg);
        if (points > 0) emit Transfer(address(0), account, points);

        return mg << RowLib.MG_SHIFT | points;
    }

    /// @dev A book goes to an account that neither moved on nor took over another: so books never pool, nobody closes a circle that
    /// `lowerReduction` would not leave, and after `MAX_MOVES` it has no further to walk.
    function _link(address from, address to) private {
        bool free = movedTo[from] == address(0) && movedTo[to] == address(0) && _origins[to].from == address(0);
        if (from == to || !free) revert CarbonPoint_CannotMove(from, to);
        uint256 moves = _origins[from].moves + 1;
        if (moves > MAX_MOVES) revert CarbonPoint_TooManyMoves(from, MAX_MOVES);

        movedTo[from] = to;
        _origins[to] = Origin({from: from, moves: uint8(moves)});
    }

    /// @dev Returns the live points among what moved: those of expired years are in no balance any more.
    function _moveBook(address from, address to, bool repeated) private returns (uint256 pointsMilli) {
        (uint256 first, uint256 last) = _years();
        for (uint256 year = first; year <= last; year++) {
            uint256 points = _movePage(from, to, year, repeated);
            if (UnitsLib.isLive(year, last)) pointsMilli += points;
        }
    }

    /// @dev The page `from` leaves behind keeps its day, so that what is still on its way to it stays under the cap. The new page's
    /// peak is the largest number there is: earlier days are closed to it. A move that is repeated adds what came in between.
    function _movePage(address from, address to, uint256 year, bool repeated) private returns (uint256 pointsMilli) {
        Page page = _pages[year][from];
        Page target = _pages[year][to];
        if (!repeated && Page.unwrap(target) != 0) revert CarbonPoint_BookNotEmpty(to, year);
        if (Page.unwrap(page) == 0) return 0;

        pointsMilli = page.pointsMilli();
        uint256 reduction = target.reductionMg() + page.reductionMg();
        if (reduction > PageLib.MOST_MOVED) revert PageLib.PageLib_Overflow(reduction);
        bool fresh = Page.unwrap(target) == 0;
        _pages[year][to] = PageLib.pack(
            target.pointsMilli() + pointsMilli,
            reduction,
            fresh ? page.day() : target.day(),
            fresh ? page.todayMg() : target.todayMg(),
            fresh ? PageLib.FIELD_MASK : target.peakMg()
        );
        _pages[year][from] = PageLib.pack(0, 0, page.day(), page.todayMg(), page.peakMg());
    }

    function _liveYears() private view returns (uint256 from, uint256 to) {
        (from, to) = _years();
        uint256 oldest = to - (UnitsLib.PAGE_YEARS - 1);
        if (from < oldest) from = oldest;
    }

    /// @dev From the first year with a page through the current one; an empty range before there is any.
    function _years() private view returns (uint256 from, uint256 to) {
        to = currentYear();
        from = firstYear == 0 ? to + 1 : firstYear;
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook CarbonPoint";
    }
}
