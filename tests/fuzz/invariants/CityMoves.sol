// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {Moves} from "../support/Moves.sol";
import {CityEvidence} from "./CityEvidence.sol";

/// @title Books that move: announced, cancelled, completed
/// @notice With the city's own account of where each book is, which days went along and which are closed.
abstract contract CityMoves is CityEvidence {
    mapping(address from => address to) private _successor;
    mapping(address from => uint256 day) private _movedThrough;
    mapping(address to => uint256 day) private _takenThrough;
    mapping(address account => uint256) private _bookId; // 0: the account's own
    uint256 private _books;

    function announceMove(uint256 fromSeed, uint256 toSeed) external timed {
        (address from, address to) = (_picked(_citizens, fromSeed), _picked(_citizens, toSeed));
        (address pending,,) = book.moveOf(from);
        if (careful && (pending != address(0) || !_movable(from, to))) return;
        Moves.announce(book, GENESIS, _keyOf[from], _keyOf[to]);
        done["announceMove"]++;
    }

    /// @dev Either of the two, by itself or by its signature; and now and then another, in vain.
    function cancelMove(uint256 seed, uint256 seldom) external timed {
        (address from, address to,) = _announced(seed);
        if (from == address(0) || seldom % 3 != 0) return;
        bool byTo = _mix(seed, 1) % 2 == 0;
        address by = byTo ? to : from;
        if (_mix(seed, 2) % 2 == 0) {
            vm.prank(by);
            book.cancelMove(from, by, "");
        } else {
            book.cancelMove(from, by, _sign(_keyOf[by], Moves.cancelDigest(book, GENESIS, from)));
        }
        (address pending,,) = book.moveOf(from);
        vm.assertEq(pending, address(0), "I67: a cancelled move is gone");
        done["cancelMove"]++;
    }

    function completeMove(uint256 seed, uint256 patience) external {
        (address from, address to, uint256 readyAt) = _announced(seed);
        if (from == address(0)) return;
        if (clock < readyAt && patience % 2 == 0) _passTo(readyAt);
        vm.warp(clock);
        if (careful && (clock < readyAt || !_movable(from, to))) return;
        uint256 together = book.balanceOf(from) + book.balanceOf(to);
        uint256 reductions = book.reductionOf(from) + book.reductionOf(to);
        uint256 supply = book.totalSupply();

        book.completeMove(from);

        vm.assertGe(clock, readyAt, "I67: no move is completed before its time");
        vm.assertEq(_livePoints(from), 0, "I04: a move takes the whole book");
        vm.assertEq(book.reductionOf(from), 0, "I08: and all its reduction");
        vm.assertEq(book.balanceOf(from) + book.balanceOf(to), together, "I04: a move makes no points");
        vm.assertEq(book.reductionOf(to), reductions, "I08: a move makes no reduction");
        vm.assertEq(book.totalSupply(), supply, "I02: a move leaves the supply");
        _bookMove(from, to);
        done["completeMove"]++;
    }

    /// @dev Who has what a leaf of `account` for act day `day` brings: nobody, if the day is closed to the account.
    function _holderFor(address account, uint256 day) internal view returns (address holder) {
        if (day <= _takenThrough[account]) return address(0);
        holder = account;
        if (day > _movedThrough[account]) return holder;
        while (_successor[holder] != address(0)) {
            holder = _successor[holder];
        }
    }

    /// @dev The book that an account has now: it keeps its number wherever it moves.
    function _bookOf(address account) internal view returns (uint256) {
        return _bookId[account] == 0 ? uint160(account) : _bookId[account];
    }

    function _bookMove(address from, address to) private {
        uint256 through = UnitsLib.latestDayOf(clock);
        if (UnitsLib.yearOf(through) != UnitsLib.yearOf(_today())) through--; // the next year has not begun on chain
        _successor[from] = to;
        _movedThrough[from] = through;
        _takenThrough[to] = through;
        _bookId[to] = _bookOf(from);
        _bookId[from] = ++_books;
        (creditedMg[to], creditedMg[from]) = (creditedMg[to] + creditedMg[from], 0);
        (takenBackMg[to], takenBackMg[from]) = (takenBackMg[to] + takenBackMg[from], 0);
    }

    function _announced(uint256 seed) private view returns (address from, address to, uint256 readyAt) {
        for (uint256 i = 0; i < _citizens.length; i++) {
            from = _citizens[(seed % _citizens.length + i) % _citizens.length];
            (to, readyAt,) = book.moveOf(from);
            if (to != address(0)) return (from, to, readyAt);
        }
        return (address(0), address(0), 0);
    }

    function _movable(address from, address to) private view returns (bool) {
        if (from == to || _successor[from] != address(0) || _successor[to] != address(0)) return false;
        if (_takenThrough[to] != 0) return false;
        for (uint256 i = 0; i < _years.length; i++) {
            ICarbonPoint.PageView memory page = book.pageOf(to, _years[i]);
            if (page.day != 0) return false;
        }
        return true;
    }
}
