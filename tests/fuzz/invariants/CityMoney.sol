// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {CityOrders} from "./CityOrders.sol";

/// @title Money: deposited, withdrawn, paid to merchants, released with expired years
abstract contract CityMoney is CityOrders {
    function settle(uint256 seed, uint256 daysBack) public timed {
        address merchant = _picked(_merchants, seed);
        bool itself = _mix(seed, 1) % 3 == 0;
        (uint256 first, uint256 last) = _period(daysBack, itself ? desk.lastFinalDay() : vault.lastDayForAnyone());
        if (first > last) return;
        (uint256 duePoints, uint256 dueValue) = _dues(merchant, first, last);
        if (
            careful
                && ((duePoints == 0 && dueValue == 0) || vault.paused() || desk.paused() || !_merchantActive(merchant))
        ) return;

        uint256 before = token.balanceOf(payoutOf(merchant));
        if (itself) vm.prank(merchant);
        (uint256 points, uint256 amount) = vault.settle(merchant, first, last);

        vm.assertEq(points, duePoints, "I29: settled points are the final ones");
        vm.assertEq(amount, dueValue, "I29: paid is the final points' price");
        if (careful) {
            vm.assertEq(token.balanceOf(payoutOf(merchant)), before + amount, "I29: the payout address has it");
        }
        heldMilli[merchant] -= points;
        burnedMilli += points;
        paid[merchant] += amount;
        done["settle"]++;
    }

    function settleBatch(uint256 daysBack) external timed {
        if (vault.paused() || desk.paused()) return;
        (uint256 first, uint256 last) = _period(daysBack, vault.lastDayForAnyone());
        if (first > last) return;
        uint256[] memory helds = new uint256[](_merchants.length);
        uint256[] memory values = new uint256[](_merchants.length);
        uint256[] memory balances = new uint256[](_merchants.length);
        for (uint256 i = 0; i < helds.length; i++) {
            helds[i] = book.heldOf(_merchants[i]);
            balances[i] = token.balanceOf(payoutOf(_merchants[i]));
            (, values[i]) = _dues(_merchants[i], first, last);
        }
        vault.settleBatch(_merchants, first, last);
        for (uint256 i = 0; i < helds.length; i++) {
            uint256 points = helds[i] - book.heldOf(_merchants[i]);
            heldMilli[_merchants[i]] -= points;
            burnedMilli += points;
            uint256 received = token.balanceOf(payoutOf(_merchants[i])) - balances[i];
            if (received > 0) paid[_merchants[i]] += values[i];
            vm.assertTrue(
                !careful || received == 0 || received == values[i], "I29: all of a merchant's dues, or nothing"
            );
        }
        done["settleBatch"]++;
    }

    function deposit(uint256 seed, uint256 amount) external timed {
        address operator = _picked(_operators, seed);
        if (careful && (vault.paused() || !_operatorActive(operator))) return;
        _fund(operator, _between(amount, careful ? 1 : 0, RESERVE));
        done["deposit"]++;
    }

    function withdraw(uint256 seed, uint256 amount) external timed {
        address operator = _picked(_operators, seed);
        if (careful && (vault.paused() || !_operatorActive(operator))) return;
        uint256 free = vault.freeOf(operator);
        uint256 taken = careful ? amount % (free + 1) / 4 : amount;

        vm.prank(operator);
        vault.withdraw(taken, operator);

        freeReserve[operator] -= taken;
        done["withdraw"]++;
    }

    function releaseYear(uint256 yearSeed) public timed {
        if (_years.length == 0) return;
        uint256 year = _years[yearSeed % _years.length];
        uint256 day = UnitsLib.firstDayOf(year + UnitsLib.PAGE_YEARS) + vault.RELEASE_DELAY_DAYS();
        if (careful && (_today() < day || takenOut[year] || vault.paused())) return;
        for (uint256 i = 0; careful && i < _batches.length; i++) {
            if (UnitsLib.yearOf(_batches[i].header.day) == year && vault.lockedFor(_batches[i].id) > 0) close(i);
        }
        uint256 left = book.outstandingOf(year);

        vault.releaseYear(year);

        takenOut[year] = true;
        expiredMilli += left;
        releasedUnshared += left * vault.priceOf(year);
        done["releaseYear"]++;
    }

    function releaseTo(uint256 seed, uint256 yearSeed) external timed {
        if (_years.length == 0) return;
        address operator = _picked(_operators, seed);
        uint256 year = _years[yearSeed % _years.length];
        if (careful && (!takenOut[year] || vault.paused())) return;
        if (careful && (vault.lockedOf(operator, year) == 0 || releasedUnshared == 0)) return;
        uint256 before = vault.freeOf(operator);

        try vault.releaseTo(operator, year) {
            uint256 share = vault.freeOf(operator) - before;
            freeReserve[operator] += share;
            releasedUnshared -= share;
            done["releaseTo"]++;
        } catch (bytes memory reason) {
            // Careful or not: of a year that was spent to the last point nothing is left to share.
            vm.assertEq(
                bytes32(bytes4(reason)), bytes32(bytes4(keccak256("SettlementVault_NoShare(address,uint256)"))), ""
            );
        }
    }

    function donate(uint256 amount) external timed {
        token.mint(address(vault), amount % 1e12);
        done["donate"]++;
    }

    /// @dev Around an order, or the last days through `through`.
    function _period(uint256 seed, uint256 through) private view returns (uint256 first, uint256 last) {
        last = through;
        if (_orders.length == 0 || seed % 4 == 0) return (last - seed % 30, last);
        uint256 recent = _orders.length < 8 ? _orders.length : 8;
        first = _orders[_orders.length - 1 - _mix(seed, 1) % recent].day;
        if (first + 20 < last) last = first + 20;
    }

    function _dues(address merchant, uint256 first, uint256 last)
        internal
        view
        returns (uint256 points, uint256 value)
    {
        for (uint256 day = first; day <= last; day++) {
            (uint256 p, uint256 v) = desk.dueOf(merchant, day);
            points += p;
            value += v;
        }
    }
}
