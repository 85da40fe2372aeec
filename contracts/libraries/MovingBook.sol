// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ICarbonPoint} from "../../interfaces/ICarbonPoint.sol";
import {Page} from "./PageLib.sol";
import {PageBook} from "./PageBook.sol";
import {SaltedDomain} from "./SaltedDomain.sol";
import {SignatureLib} from "./SignatureLib.sol";
import {UnitsLib} from "./UnitsLib.sol";

/// @title Books that move with their citizens
/// @notice The part of `CarbonPoint` that announces, cancels and completes moves, and knows where a book is.
abstract contract MovingBook is PageBook, SaltedDomain {
    using SignatureLib for address;

    /// @param to Where the book went, or zero.
    /// @param movedThrough Last act day whose credits follow it there.
    /// @param takenThrough Last act day closed to the account, because it took over a book.
    /// @param moves How often the book had moved when the account took it over.
    struct Link {
        address to;
        uint32 movedThrough;
        uint32 takenThrough;
        uint8 moves;
    }

    /// @param to Where the book is announced to go, or zero.
    /// @param readyAt From when on the move can be completed, UTC seconds.
    /// @param nonce How many moves were announced, the present one left out.
    struct Pending {
        address to;
        uint48 readyAt;
        uint48 nonce;
    }

    /// @inheritdoc ICarbonPoint
    uint256 public constant MAX_MOVES = 16;

    /// @inheritdoc ICarbonPoint
    uint256 public constant MOVE_DELAY = 2 days;

    bytes32 private constant MOVE_TYPEHASH = keccak256("Move(address from,address to,uint256 nonce,uint256 deadline)");
    bytes32 private constant CANCEL_TYPEHASH = keccak256("CancelMove(address from,address to,uint256 nonce)");

    mapping(address account => Link) internal _links;
    mapping(address account => address) private _origins;
    mapping(address from => Pending) private _pending;

    /// @inheritdoc ICarbonPoint
    function announceMove(
        address from,
        address to,
        uint256 deadline,
        bytes calldata fromSignature,
        bytes calldata toSignature
    ) external {
        Pending memory pending = _pending[from];
        if (pending.to != address(0)) revert CarbonPoint_MovePending(from, pending.to);
        if (block.timestamp > deadline) revert CarbonPoint_MoveExpired(deadline);
        bytes32 digest = moveDigest(from, to, deadline);
        if (!from.isSignedBy(digest, fromSignature)) revert CarbonPoint_BadSignature(from);
        if (!to.isSignedBy(digest, toSignature)) revert CarbonPoint_BadSignature(to);
        _requireMovable(from, to);

        uint256 readyAt = block.timestamp + MOVE_DELAY;
        _pending[from] = Pending({to: to, readyAt: uint48(readyAt), nonce: pending.nonce}); // fits for millions of years

        emit MoveAnnounced(from, to, pending.nonce, readyAt);
    }

    /// @inheritdoc ICarbonPoint
    function cancelMove(address from, address by, bytes calldata signature) external {
        Pending memory pending = _announced(from);
        if (by != from && by != pending.to) revert CarbonPoint_NotAllowed(by);
        if (msg.sender != by && !by.isSignedBy(cancelDigest(from), signature)) revert CarbonPoint_BadSignature(by);

        _endPending(from, pending);

        emit MoveCancelled(from, pending.to, pending.nonce);
    }

    /// @inheritdoc ICarbonPoint
    function completeMove(address from) external {
        Pending memory pending = _announced(from);
        if (block.timestamp < pending.readyAt) revert CarbonPoint_MoveWaits(from, pending.readyAt);
        address to = pending.to;
        _requireMovable(from, to);

        _endPending(from, pending);
        uint256 through = _lastDay();
        _links[from].to = to;
        _links[from].movedThrough = uint32(through); // fits, as it does a page
        _links[to].takenThrough = uint32(through);
        _links[to].moves = _links[from].moves + 1;
        _origins[to] = originOf(from);
        uint256 points = _movePages(from, to, through);

        emit AccountMoved(from, to, through);
        if (points > 0) emit IERC20.Transfer(from, to, points);
    }

    /// @inheritdoc ICarbonPoint
    function cancelDigest(address from) public view returns (bytes32) {
        Pending memory pending = _announced(from);
        return _digest(keccak256(abi.encode(CANCEL_TYPEHASH, from, pending.to, pending.nonce)));
    }

    /// @inheritdoc ICarbonPoint
    function moveOf(address from) external view returns (address to, uint256 readyAt, uint256 nonce) {
        Pending memory pending = _pending[from];
        return (pending.to, pending.readyAt, pending.nonce);
    }

    /// @inheritdoc ICarbonPoint
    function movedTo(address from) external view returns (address to) {
        return _links[from].to;
    }

    /// @inheritdoc ICarbonPoint
    function closedDaysOf(address account) external view returns (uint256 takenThrough, uint256 movedThrough) {
        Link memory link = _links[account];
        return (link.takenThrough, link.movedThrough);
    }

    /// @inheritdoc ICarbonPoint
    function moveDigest(address from, address to, uint256 deadline) public view returns (bytes32) {
        return _digest(keccak256(abi.encode(MOVE_TYPEHASH, from, to, _pending[from].nonce, deadline)));
    }

    /// @inheritdoc ICarbonPoint
    function originOf(address account) public view returns (address origin) {
        origin = _origins[account];
        if (origin == address(0)) origin = account;
    }

    /// @inheritdoc ICarbonPoint
    function holderOf(address account) public view returns (address holder) {
        holder = account;
        for (address next = _links[holder].to; next != address(0); next = _links[holder].to) {
            holder = next;
        }
    }

    function _announced(address from) private view returns (Pending memory pending) {
        pending = _pending[from];
        if (pending.to == address(0)) revert CarbonPoint_NoMove(from);
    }

    /// @dev The signatures of this move are good for no other.
    function _endPending(address from, Pending memory pending) private {
        _pending[from] = Pending({to: address(0), readyAt: 0, nonce: pending.nonce + 1});
    }

    /// @dev A book goes to an account that neither moved on nor took over another, and has no page: so books never pool, nobody closes a
    /// circle, and after `MAX_MOVES` nobody who follows a book has further to walk.
    function _requireMovable(address from, address to) private view {
        bool free = _links[from].to == address(0) && _links[to].to == address(0) && _origins[to] == address(0);
        if (from == to || !free) revert CarbonPoint_CannotMove(from, to);
        if (_links[from].moves >= MAX_MOVES) revert CarbonPoint_TooManyMoves(from, MAX_MOVES);

        (uint256 first, uint256 last) = _allYears();
        for (uint256 year = first; year <= last; year++) {
            if (Page.unwrap(_pages[year][to]) != 0) revert CarbonPoint_BookNotEmpty(to, year);
        }
    }

    /// @dev The last act day that can have been credited: a later one has begun nowhere on Earth, or its year not yet on chain.
    function _lastDay() private view returns (uint256) {
        uint256 latest = UnitsLib.latestDayOf(block.timestamp);
        uint256 lastOfYear = UnitsLib.firstDayOf(currentYear() + 1) - 1;
        return latest < lastOfYear ? latest : lastOfYear;
    }

    /// @dev Closes the pages of all live years to both, also those that neither has yet. Returns the live points among what moved: those
    /// of expired years are in no balance any more.
    function _movePages(address from, address to, uint256 through) private returns (uint256 pointsMilli) {
        (uint256 first, uint256 last) = _allYears();
        if (_years.closedFrom == 0) _years.closedFrom = uint128(first);
        for (uint256 year = first; year <= last; year++) {
            Page page = _pages[year][from];
            bool live = UnitsLib.isLive(year, last);
            if (!live && Page.unwrap(page) == 0) continue;
            if (live && page.todayMg() > 0) _noteExactly(from, page);
            if (live) pointsMilli += page.pointsMilli();

            _pages[year][to] = page.taken(through);
            _pages[year][from] = page.left(through);
        }
    }
}
