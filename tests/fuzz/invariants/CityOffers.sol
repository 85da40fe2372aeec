// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {CityRests} from "./CityRests.sol";

/// @title Offers: published, refilled, ended
abstract contract CityOffers is CityRests {
    function publishOffer(uint256 seed, uint256 priceSeed) external timed {
        address merchant = _picked(_merchants, seed);
        if (careful && !_merchantActive(merchant)) return;
        IOfferBook.Terms memory terms = IOfferBook.Terms({
            priceMilli: uint56(_between(priceSeed, careful ? 1 : 0, 6000)),
            stock: uint32(_between(_mix(seed, 1), 1, 3)),
            perCitizen: uint32(_mix(seed, 2) % 3),
            fromTime: uint40(clock + _mix(seed, 3) % 2 * 1 hours),
            toTime: uint40(clock + _between(_mix(seed, 4), 1, 90) * 1 days),
            terms: TEA
        });
        bytes32 number = bytes32(careful ? _offers.length + 1 : _mix(seed, 5) % 8);

        vm.prank(merchant);
        offers.publish(number, terms);

        _offers.push(OfferRecord(merchant, number, terms));
        done["publishOffer"]++;
    }

    function addStock(uint256 seed) external timed {
        if (_offers.length == 0) return;
        OfferRecord storage offer = _offers[seed % _offers.length];
        bool ended = offers.offerOf(offer.merchant, offer.number).ended;
        if (careful && (ended || !_merchantActive(offer.merchant))) return;
        uint32 added = uint32(_mix(seed, 1) % 3);

        vm.prank(offer.merchant);
        offers.addStock(offer.number, added);

        offer.terms.stock += added;
        done["addStock"]++;
    }

    function endOffer(uint256 seed) external timed {
        if (_offers.length == 0 || _mix(seed, 1) % 4 != 0) return;
        OfferRecord storage offer = _offers[seed % _offers.length];
        if (careful && offers.offerOf(offer.merchant, offer.number).ended) return;

        vm.prank(offer.merchant);
        offers.end(offer.number);

        done["endOffer"]++;
    }

    function _takable(IRedemptionDesk.Order memory order) internal view returns (bool) {
        IOfferBook.Offer memory offer = offers.offerOf(order.merchant, order.offer);
        if (offer.ended || offer.taken == offer.terms.stock) return false;
        if (clock < offer.terms.fromTime || clock > offer.terms.toTime) return false;
        uint256 most = offer.terms.perCitizen;
        return most == 0 || offers.takenOf(order.merchant, order.offer, order.citizen) < most;
    }
}
