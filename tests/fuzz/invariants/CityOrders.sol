// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {OrderKey} from "../../../contracts/types/Ids.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {Trees} from "../support/Trees.sol";
import {CityOffers} from "./CityOffers.sol";

/// @title Orders: redeemed at the desk or at the counter, refunded, disputed
abstract contract CityOrders is CityOffers {
    mapping(uint256 order => uint256 day) private _disputedOn;
    mapping(OrderKey => bool) private _cancelled;

    function redeem(uint256 seed, uint256 pointsSeed) external timed {
        IRedemptionDesk.Order memory order = _order(_picked(_citizens, _mix(seed, 1)), seed, pointsSeed);
        if (careful && !_redeemable(order)) return;
        uint256[] memory pages = _pagesOf(order.citizen);
        uint256 supply = book.totalSupply();

        if (seed % 3 == 0) {
            (IRedemptionDesk.Order[] memory orders, bytes[] memory signatures) = _row(order);
            desk.redeemBatch(orders, signatures);
        } else {
            desk.redeem(order, _signedOrder(order));
        }
        if (!desk.isUsed(order.merchant, order.citizen, order.orderNumber)) {
            vm.assertEq(careful, false, "I24: a good order is taken, whoever else used its number");
            return;
        }

        vm.assertEq(book.totalSupply(), supply, "I02: spending leaves the supply");
        _bookOrder(order, pages);
        done["redeem"]++;
    }

    /// @dev A citizen's leaf and order in one call at the counter. In a row the order may ask for more than the leaf brings: then it is refused.
    function serve(uint256 batchSeed, uint256 indexSeed, uint256 seed, uint256 pointsSeed) external timed {
        if (_batches.length == 0) return;
        (uint256 number, uint256 index) = _leaf(batchSeed, indexSeed);
        address citizen = Trees.accountOf(_batches[number].entries[index]);
        if (citizen == address(0)) return;
        IRedemptionDesk.Order memory order = _order(citizen, seed, pointsSeed);
        bool inRow = seed % 2 == 0;
        if (inRow && order.offer == 0) order.pointsMilli += _mix(pointsSeed, 1) % 1000;
        if (careful && !_servable(order, number, index, inRow)) return;
        bool used = desk.isUsed(order.merchant, order.citizen, order.orderNumber);
        Before memory before = _beforeCredit(number, index, 1);
        uint256[] memory pages = _pagesOf(citizen);

        if (inRow) {
            (IRedemptionDesk.Order[] memory orders, bytes[] memory signatures) = _row(order);
            counter.serve(_claimOf(number, index), orders, signatures);
        } else {
            counter.claimAndRedeem(_claimOf(number, index), order, _signedOrder(order));
        }

        bool taken = !used && desk.isUsed(order.merchant, order.citizen, order.orderNumber);
        _bookServed(order, number, index, before, pages, taken);
        done["serve"]++;
        if (taken) done["serve and take"]++;
    }

    function refund(uint256 seed, uint256 pointsSeed) external timed {
        if (_orders.length == 0) return;
        OrderRecord storage order = _orders[seed % _orders.length];
        IRedemptionDesk.OrderState memory state = desk.orderOf(order.receipt, new bytes32[](0));
        bool open = state.phase == IRedemptionDesk.OrderPhase.Held || state.phase == IRedemptionDesk.OrderPhase.Disputed;
        if (careful && (!open || desk.paused() || _anyTakenOut(order.receipt.parts))) return;
        uint256 points = _portion(order, pointsSeed);
        uint256 before = _livePoints(order.receipt.citizen);

        vm.prank(order.receipt.merchant);
        desk.refund(order.receipt, new bytes32[](0), points);

        _bookRefund(order, points, before);
        done["refund"]++;
    }

    /// @dev Out of any bucket of the merchant's, day zero included.
    function refundFinal(uint256 seed, uint256 pointsSeed, uint256 otherSeed) external timed {
        if (_orders.length == 0) return;
        OrderRecord storage order = _orders[seed % _orders.length];
        IRedemptionDesk.OrderState memory state = desk.orderOf(order.receipt, new bytes32[](0));
        if (careful && (state.phase != IRedemptionDesk.OrderPhase.Final || desk.paused())) return;
        if (careful && _anyTakenOut(order.receipt.parts)) return;
        uint256 dueDay = _orders[otherSeed % _orders.length].day;
        if (otherSeed % 16 == 0) dueDay = 0;
        uint256 points = _portion(order, pointsSeed);
        if (careful && !_nettable(order, points, dueDay)) return;
        uint256 before = _livePoints(order.receipt.citizen);

        vm.prank(order.receipt.merchant);
        desk.refundFinal(order.receipt, new bytes32[](0), points, dueDay);

        _bookRefund(order, points, before);
        done["refundFinal"]++;
    }

    function dispute(uint256 seed) external timed {
        if (_orders.length == 0) return;
        uint256 number = seed % 2 == 0 ? _orders.length - 1 : _mix(seed, 1) % _orders.length;
        OrderRecord storage order = _orders[number];
        IRedemptionDesk.OrderState memory state = desk.orderOf(order.receipt, new bytes32[](0));
        bool before = state.dueDay != state.day;
        if (careful && (state.phase != IRedemptionDesk.OrderPhase.Held || before || desk.paused())) return;
        bytes memory signature = _signedDispute(order.receipt);

        try desk.dispute(order.receipt, new bytes32[](0), "cold", clock, signature) {
            _disputedOn[number] = _today();
            done["dispute"]++;
        } catch (bytes memory reason) {
            // Decided on the day it was opened, it looks as if it had never been: the desk knows better.
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IRedemptionDesk.RedemptionDesk_CannotDispute.selector), "");
        }
    }

    /// @dev A citizen thinks better of an order: of one that was taken it is too late.
    function cancel(uint256 seed) external timed {
        IRedemptionDesk.Order memory order = _order(_picked(_citizens, _mix(seed, 1)), seed, seed);
        if (careful && desk.isUsed(order.merchant, order.citizen, order.orderNumber)) return;
        bytes memory signature;
        if (seed % 2 == 0) {
            vm.prank(order.citizen);
        } else {
            signature =
                _sign(_keyOf[order.citizen], desk.cancelDigest(order.citizen, order.merchant, order.orderNumber));
        }

        desk.cancelOrder(order.citizen, order.merchant, order.orderNumber, signature);

        _cancelled[desk.orderKeyOf(order.merchant, order.citizen, order.orderNumber)] = true;
        done["cancel"]++;
    }

    function endDispute(uint256 seed, uint256 pointsSeed) external timed {
        if (_orders.length == 0) return;
        uint256 number = _disputedFrom(seed % _orders.length);
        OrderRecord storage order = _orders[number];
        IRedemptionDesk.OrderState memory state = desk.orderOf(order.receipt, new bytes32[](0));
        if (careful && (state.phase != IRedemptionDesk.OrderPhase.Disputed || desk.paused())) return;
        uint256 before = _livePoints(order.receipt.citizen);
        if (_disputedOn[number] + desk.DISPUTE_DAYS() < _today()) {
            desk.lapseDispute(order.receipt, new bytes32[](0));
            done["lapseDispute"]++;
            return;
        }
        if (careful && _anyTakenOut(order.receipt.parts)) return;
        uint256 points = _portion(order, pointsSeed) - pointsSeed % 2;
        desk.resolveDispute(order.receipt, new bytes32[](0), points);
        _bookRefund(order, points, before);
        done["resolveDispute"]++;
    }

    /// @dev Who has the citizen's book now signs.
    function _signedDispute(IRedemptionDesk.Receipt memory receipt) private view returns (bytes memory) {
        address holder = receipt.citizen;
        while (book.movedTo(holder) != address(0)) holder = book.movedTo(holder);
        bytes32 digest = desk.disputeDigest(receipt.citizen, receipt.merchant, receipt.orderNumber, "cold", clock);
        return _sign(_keyOf[holder], digest);
    }

    function _servable(IRedemptionDesk.Order memory order, uint256 number, uint256 index, bool inRow)
        private
        view
        returns (bool)
    {
        if (!_creditable(number, index, Trees.slice(_batches[number].entries, index, 1))) return false;
        return inRow ? order.pointsMilli > 0 && !desk.paused() : _redeemable(order);
    }

    /// @dev What the leaf brought is on the citizen's page before the order takes from it.
    function _bookServed(
        IRedemptionDesk.Order memory order,
        uint256 number,
        uint256 index,
        Before memory before,
        uint256[] memory pages,
        bool taken
    ) private {
        uint256 year = UnitsLib.yearOf(_batches[number].header.day);
        uint256 minted = issuer.progressOf(_batches[number].id).pointsMilli - before.progress.pointsMilli;
        if (_holderFor(order.citizen, _batches[number].header.day) != order.citizen) minted = 0; // it followed the book
        for (uint256 i = 0; i < pages.length; i++) {
            if (_years[i] == year) pages[i] += minted;
        }
        Snapshot memory present = _snapshot(year);
        if (taken) {
            ICarbonPoint.Part[] memory parts = _bookOrder(order, pages);
            for (uint256 i = 0; i < parts.length; i++) {
                if (parts[i].year == year) _putBack(present, order.citizen, parts[i].pointsMilli);
            }
        }
        _bookCredit(number, index, before, present);
    }

    function _putBack(Snapshot memory present, address citizen, uint256 points) private view {
        for (uint256 i = 0; i < _citizens.length; i++) {
            if (_citizens[i] == citizen) present.points[i] += points;
        }
    }

    /// @dev Takes an order into the accounts, as the pages tell it.
    function _bookOrder(IRedemptionDesk.Order memory order, uint256[] memory pages)
        private
        returns (ICarbonPoint.Part[] memory parts)
    {
        OrderKey key = desk.orderKeyOf(order.merchant, order.citizen, order.orderNumber);
        vm.assertTrue(!_cancelled[key], "I24: what was cancelled is not taken");
        parts = _partsSpent(order, pages);
        heldMilli[order.merchant] += order.pointsMilli;
        if (order.offer != 0) itemsOf[order.merchant][order.offer][book.originOf(order.citizen)]++;
        OrderRecord storage record = _orders.push();
        record.receipt.citizen = order.citizen;
        record.receipt.merchant = order.merchant;
        record.receipt.orderNumber = order.orderNumber;
        record.receipt.offer = order.offer;
        for (uint256 i = 0; i < parts.length; i++) {
            record.receipt.parts.push(parts[i]);
        }
        (record.pointsMilli, record.day) = (order.pointsMilli, _today());
        vm.assertEq(desk.orderOf(record.receipt, new bytes32[](0)).day, _today(), "I24: the receipt is known");
    }

    function _row(IRedemptionDesk.Order memory order)
        private
        view
        returns (IRedemptionDesk.Order[] memory orders, bytes[] memory signatures)
    {
        (orders, signatures) = (new IRedemptionDesk.Order[](1), new bytes[](1));
        (orders[0], signatures[0]) = (order, _signedOrder(order));
    }

    function _pagesOf(address citizen) private view returns (uint256[] memory pages) {
        pages = new uint256[](_years.length);
        for (uint256 i = 0; i < pages.length; i++) {
            pages[i] = book.pageOf(citizen, _years[i]).pointsMilli;
        }
    }

    /// @dev The next order that is in dispute, if any is.
    function _disputedFrom(uint256 start) private view returns (uint256) {
        for (uint256 i = 0; i < _orders.length; i++) {
            uint256 number = (start + i) % _orders.length;
            IRedemptionDesk.OrderState memory state = desk.orderOf(_orders[number].receipt, new bytes32[](0));
            if (state.phase == IRedemptionDesk.OrderPhase.Disputed) return number;
        }
        return start;
    }

    function _portion(OrderRecord storage order, uint256 seed) private view returns (uint256) {
        uint256 left = order.pointsMilli - order.refundedMilli;
        return careful ? _between(seed, 1, left) : seed % (order.pointsMilli + 2);
    }

    function _bookRefund(OrderRecord storage order, uint256 points, uint256 citizenBefore) private {
        order.refundedMilli += points;
        heldMilli[order.receipt.merchant] -= points;
        bool whole = points > 0 && order.refundedMilli == order.pointsMilli;
        if (whole && order.receipt.offer != 0) {
            itemsOf[order.receipt.merchant][order.receipt.offer][book.originOf(order.receipt.citizen)]--;
        }
        vm.assertLe(
            _livePoints(order.receipt.citizen), citizenBefore + points, "I04: a refund brings what was given back"
        );
    }

    function _nettable(OrderRecord storage order, uint256 points, uint256 dueDay) private view returns (bool) {
        if (dueDay == 0 || dueDay > desk.lastFinalDay()) return false;
        (uint256 duePoints, uint256 dueValue) = desk.dueOf(order.receipt.merchant, dueDay);
        uint256 most = points * (PRICE + 6); // the highest price in the city
        return points <= duePoints && most <= dueValue;
    }

    /// @dev The parts an order was made of, padded as the desk has them, found from the pages: oldest year first.
    function _partsSpent(IRedemptionDesk.Order memory order, uint256[] memory pages)
        private
        view
        returns (ICarbonPoint.Part[] memory parts)
    {
        uint256 sum;
        uint256 count;
        uint256 present = book.currentYear();
        ICarbonPoint.Part[] memory found = new ICarbonPoint.Part[](pages.length);
        for (uint256 year = present - 9; year <= present; year++) {
            for (uint256 i = 0; i < pages.length; i++) {
                if (_years[i] != year) continue;
                uint256 left = book.pageOf(order.citizen, year).pointsMilli;
                if (left == pages[i]) continue;
                uint256 spent = pages[i] - left;
                sum += spent;
                found[count++] = ICarbonPoint.Part({year: year, pointsMilli: spent});
                vm.assertTrue(left == 0 || sum == order.pointsMilli, "I09: the oldest page is spent first");
            }
        }
        vm.assertEq(sum, order.pointsMilli, "I04: exactly the signed points leave the citizen");
        parts = new ICarbonPoint.Part[](count);
        for (uint256 i = 0; i < count; i++) {
            parts[i] = found[i];
        }
    }

    /// @dev A quarter of the orders have a number that somebody else's may have had; half take up an offer, if there is one, at its price.
    function _order(address citizen, uint256 seed, uint256 pointsSeed)
        private
        view
        returns (IRedemptionDesk.Order memory order)
    {
        order.citizen = citizen;
        order.merchant = _picked(_merchants, _mix(seed, 2));
        bool running = careful && _mix(seed, 3) % 4 > 0;
        order.orderNumber = bytes32(running ? _orders.length + 1 : _mix(seed, 3) % 40);
        uint256 points = _livePoints(citizen);
        order.pointsMilli = careful ? (points == 0 ? 0 : _between(pointsSeed, 1, points)) : pointsSeed % (points + 2);
        order.expiry = clock + 600;
        order.terms = TEA;
        if (_offers.length == 0 || _mix(seed, 4) % 2 == 0) return order;

        OfferRecord storage offer = _offers[_mix(seed, 5) % _offers.length];
        (order.merchant, order.offer) = (offer.merchant, offer.number);
        if (careful || seed % 8 > 0) order.pointsMilli = offer.terms.priceMilli;
    }

    function _redeemable(IRedemptionDesk.Order memory order) private view returns (bool) {
        if (order.pointsMilli == 0 || order.pointsMilli > _livePoints(order.citizen)) return false;
        if (desk.isUsed(order.merchant, order.citizen, order.orderNumber)) return false;
        return !desk.paused() && _merchantActive(order.merchant) && (order.offer == 0 || _takable(order));
    }

    function _anyTakenOut(ICarbonPoint.Part[] memory parts) private view returns (bool) {
        for (uint256 i = 0; i < parts.length; i++) {
            if (takenOut[parts[i].year]) return true;
        }
        return false;
    }
}
