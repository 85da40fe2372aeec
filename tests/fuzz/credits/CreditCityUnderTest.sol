// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICreditMarket} from "../../../interfaces/ICreditMarket.sol";
import {IProceedsPot} from "../../../interfaces/IProceedsPot.sol";
import {IReversalDesk} from "../../../interfaces/IReversalDesk.sol";
import {Trees} from "../support/Trees.sol";
import {CityTrade} from "./CityTrade.sol";

/// @title Shares and reversals of the city, and a city that can be read from outside
contract CreditCityUnderTest is CityTrade {
    mapping(uint256 series => mapping(uint256 leaf => uint256)) public sharePaid; // since the last sweep
    mapping(uint256 series => uint256) public shortfallMg;

    function openRound(uint256 seed) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        if (!found) return;
        (ICreditMarket.Split memory due, ICreditMarket.Split memory paid) = market.proceedsOf(series);
        uint256 grown = due.citizens - paid.citizens;
        uint256 least = market.stockOf(series).availableMg == 0 ? 1 : pot.ROUND_GROWTH();
        if (grown < least) return;
        IProceedsPot.Head memory head = pot.headOf(series);
        if (head.rounds > 0 && clock < head.openedAt + 1 days) _passTo(head.openedAt + 1 days);
        pot.openRound(series);
        done["openRound"]++;
    }

    function claimShares(uint256 seed) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        if (!found) return;
        uint256 width = 1 << seed % 4;
        uint256 first = _mix(seed, 1) % (LEAVES / width) * width;
        uint256[] memory dues = new uint256[](width);
        uint256 sum;
        for (uint256 i = 0; i < width; i++) {
            uint256 entry = _shares[series][first + i];
            dues[i] = entry == 0 ? 0 : pot.dueOf(series, first + i, Trees.quantityOf(entry));
            sum += dues[i];
        }
        if (sum == 0) return;
        uint256 before = token.balanceOf(address(pot));
        pot.claim(series, first, Trees.slice(_shares[series], first, width), Trees.proof(_shares[series], first, width));
        vm.assertEq(before - token.balanceOf(address(pot)), sum, "I53: what leaves the pot is what was due");
        for (uint256 i = 0; i < width; i++) {
            sharePaid[series][first + i] += dues[i];
        }
        done["claimShares"]++;
    }

    function sweep(uint256 seed) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        if (!found || _mix(seed, 3) % 3 != 0) return;
        IProceedsPot.Head memory head = pot.headOf(series);
        if (head.rounds == head.baseRound) return;
        uint256 due = head.openedAt + pot.CLAIM_PERIOD();
        if (clock < due) _passTo(due);
        if (head.sweepsAt == 0) pot.announceSweep(series);
        _passTo(clock + pot.SWEEP_NOTICE());
        pot.sweep(series);
        for (uint256 i = 0; i < LEAVES; i++) {
            sharePaid[series][i] = 0;
        }
        done["sweep"]++;
    }

    /// @notice Revokes a batch of a series and takes back some or all that rested on it.
    function reverse(uint256 seed, uint256 part) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        if (!found) return;
        uint256[] storage numbers = _batchesOf[series];
        uint256 number = numbers[_mix(seed, 1) % numbers.length];
        BatchId batch = _batches[number].id;
        (bool reported, bool settled, uint256 former) = reversals.reversalOf(batch);
        if (!reported) return;
        (, uint256 boundMg,) = certifier.batchOf(batch);
        uint256 most = _least(boundMg - former, _leftOf(series));
        uint256 mg = seed % 3 == 0 ? most : part % (most + 1);
        if ((settled && mg == 0) || !_token(series).isFrozen()) return;
        _cancel(IReversalDesk.Reversal(series, batch, uint64(former + mg)), mg, seed);
    }

    function restore(uint256 seed) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        if (!found || shortfallMg[series] == 0 || _buffersOf(series) == 0) return;
        uint256 taken = _least(shortfallMg[series], _buffersOf(series));
        reversals.restore(series);
        shortfallMg[series] -= taken;
        done["restore"]++;
    }

    function surrender(uint256 seed, uint256 mg) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        address holder = _picked(_buyers, _mix(seed, 1));
        if (!found) return;
        uint256 most = _least(shortfallMg[series], _token(series).balanceOf(holder));
        if (most == 0) return;
        vm.prank(holder);
        reversals.surrender(series, mg % most + 1);
        shortfallMg[series] -= mg % most + 1;
        done["surrender"]++;
    }

    function freezeOrNot(uint256 seed) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        if (!found) return;
        (, uint256 pending) = reversals.shortfallOf(series);
        if (_token(series).isFrozen()) {
            if (pending == 0) reversals.unfreeze(series);
        } else if (seed % 8 == 0) {
            reversals.freeze(series, "");
        }
    }

    function releaseBuffer(uint256 seed) public timed {
        (bool found, uint256 series) = _liveSeries(seed);
        if (!found || _mix(seed, 4) % 4 != 0) return;
        ICreditMarket.Stock memory stock = market.stockOf(series);
        (address operator,) = certifier.issuedTo(series);
        if (stock.bufferMg == 0 || reversals.owedBy(operator) > 0) return;
        uint256 until = stock.quietSince + market.BUFFER_PERIOD();
        if (clock < until) _passTo(until);
        market.releaseBuffer(series);
        done["releaseBuffer"]++;
    }

    /// @dev The waterfall, by the city's own reckoning.
    function _cancel(IReversalDesk.Reversal memory reversal, uint256 mg, uint256 seed) private {
        uint256 series = reversal.series;
        ICreditMarket.Stock memory stock = market.stockOf(series);
        uint256 fromStock = _least(mg, stock.availableMg);
        uint256 fromBuffer = _least(mg - fromStock, stock.bufferMg);
        uint256 others = _buffersOf(series);
        uint256 fromOthers = _least(mg - fromStock - fromBuffer, others);
        reversals.cancel(reversal, _approvals(reversals.reversalDigest(reversal), _mix(seed, 5) % 4));
        shortfallMg[series] += mg - fromStock - fromBuffer - fromOthers;
        ICreditMarket.Stock memory left = market.stockOf(series);
        vm.assertEq(left.availableMg, stock.availableMg - fromStock, "I55: stock first");
        vm.assertEq(left.bufferMg, stock.bufferMg - fromBuffer, "I55: then the own buffer");
        vm.assertEq(_buffersOf(series), others - fromOthers, "I55: then the operator's other buffers");
        done["reverse"]++;
        if (shortfallMg[series] > 0) done["shortfall"]++;
    }

    function _leftOf(uint256 series) private view returns (uint256) {
        ICreditMarket.Stock memory stock = market.stockOf(series);
        return stock.availableMg + stock.bufferMg + _buffersOf(series) + reversals.outOf(series) - shortfallMg[series];
    }

    /// @dev Buffers of the operator's other series.
    function _buffersOf(uint256 series) private view returns (uint256 mg) {
        (address operator,) = certifier.issuedTo(series);
        for (uint256 i = 0; i < _series.length; i++) {
            (address other,) = certifier.issuedTo(_series[i]);
            if (_series[i] != series && other == operator) mg += market.stockOf(_series[i]).bufferMg;
        }
    }
}
