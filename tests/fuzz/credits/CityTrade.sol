// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonCredit} from "../../../contracts/CarbonCredit.sol";
import {ICreditMarket} from "../../../interfaces/ICreditMarket.sol";
import {IRetirementRegistry} from "../../../interfaces/IRetirementRegistry.sol";
import {CityClaims} from "./CityClaims.sol";

/// @title What people do with credits: offered, bought, resold, retired, and what is paid for it
abstract contract CityTrade is CityClaims {
    address[] internal _buyers = [address(0xB1), address(0xB2), address(0xB3)];
    bytes32[] internal _askHashes; // of everything that never changes
    uint256[] internal _certificates;
    bytes32[] internal _certificateHashes;
    mapping(uint256 series => uint256) public grossPaid;
    mapping(address account => uint256) public resaleOwed;

    function list(uint256 seed, uint256 mg, uint256 price) public timed {
        (bool found, uint256 series) = _liveSeries(seed);
        if (!found) return;
        (address operator,) = certifier.issuedTo(series);
        if (!_operatorActive(operator)) return;
        address only = seed % 5 == 0 ? _picked(_buyers, _mix(seed, 1)) : address(0);
        uint256 wanted = mg % certifier.claimOf(series).certifiedMg + 1;
        vm.prank(operator);
        uint256 ask = market.list(series, wanted, FLOOR + price % 1e9, _today() + 2 + seed % 400, only);
        _noteAsk(ask);
        vm.assertGe(uint256(market.askOf(ask).opensHour) * 1 hours, clock + 1 days, "a day's notice");
        done["list"]++;
    }

    function resell(uint256 seed, uint256 mg, uint256 price) public timed {
        (bool found, uint256 series) = _liveSeries(seed);
        if (!found) return;
        address seller = _picked(_buyers, _mix(seed, 1));
        uint256 has = _token(series).balanceOf(seller);
        if (has == 0) return;
        vm.prank(seller);
        _noteAsk(market.resell(series, mg % has + 1, 1 + price % 1e9, _today() + seed % 400));
        done["resell"]++;
    }

    function cancelAsk(uint256 seed) public timed {
        if (market.askCount() == 0 || seed % 4 != 0) return;
        uint256 ask = _mix(seed, 1) % market.askCount();
        ICreditMarket.Ask memory entry = market.askOf(ask);
        if (entry.leftMg == 0 || (entry.resale && _token(entry.series).isFrozen())) return;
        vm.prank(entry.seller);
        market.cancelAsk(ask);
        done["cancelAsk"]++;
    }

    function buy(uint256 seed, uint256 mg, bool thenRetire) public timed {
        (bool found, uint256 ask, address buyer) = _buyable(seed);
        if (!found) return;
        ICreditMarket.Ask memory entry = market.askOf(ask);
        uint256 most = entry.resale ? entry.leftMg : _least(entry.leftMg, market.stockOf(entry.series).availableMg);
        if (most == 0) return;
        uint256 wanted = seed % 3 == 0 ? most : mg % most + 1;
        uint256 cost = market.costOf(ask, wanted);
        vm.assertTrue(
            cost * 1e9 >= wanted * entry.price && cost * 1e9 < wanted * entry.price + 1e9,
            "I51: the cost is the exact one, rounded up"
        );
        _pay(ask, entry, wanted, cost, buyer, thenRetire);
        if (!entry.resale) {
            grossPaid[entry.series] += cost;
        } else {
            uint256 fee = cost * FEE_BPS / 10_000;
            resaleOwed[FEES] += fee;
            resaleOwed[entry.seller] += cost - fee;
            done["buy resale"]++;
        }
    }

    function transferCredits(uint256 seed, uint256 mg) public timed {
        (bool found, uint256 series) = _liveSeries(seed);
        if (!found) return;
        (address from, address to) = (_picked(_buyers, _mix(seed, 1)), _picked(_buyers, _mix(seed, 2)));
        CarbonCredit credit = _token(series);
        uint256 amount = mg % (credit.balanceOf(from) + 1);
        vm.prank(from);
        credit.transfer(to, amount);
        done["transfer"]++;
    }

    function retire(uint256 seed, uint256 mg) public timed {
        (bool found, uint256 series) = _liveSeries(seed);
        if (!found) return;
        address holder = _picked(_buyers, _mix(seed, 1));
        uint256 has = _token(series).balanceOf(holder);
        if (has == 0) return;
        uint256 before = _token(series).retiredMg();
        vm.prank(holder);
        _noteCertificate(retirements.retire(series, mg % has + 1, _terms(holder)), series, before);
        done["retire"]++;
    }

    function draw(uint256 seed) public timed {
        (bool found, uint256 series) = _anySeries(seed);
        if (!found) return;
        (ICreditMarket.Split memory due, ICreditMarket.Split memory paid) = market.proceedsOf(series);
        if (due.fee > paid.fee) market.drawFee(series);
        if (due.operator > paid.operator && seed % 2 == 0) market.drawOperator(series);
        address account = seed % 3 == 0 ? FEES : _picked(_buyers, _mix(seed, 1));
        if (market.owedTo(account) == 0) return;
        vm.prank(account);
        uint256 amount = market.drawOwed();
        vm.assertEq(amount, resaleOwed[account], "I50: what resales brought is paid, once");
        resaleOwed[account] = 0;
        done["drawOwed"]++;
    }

    function certificateCount() external view returns (uint256) {
        return _certificates.length;
    }

    function certificateAt(uint256 number) external view returns (uint256 certificate, bytes32 hash) {
        return (_certificates[number], _certificateHashes[number]);
    }

    function askHashAt(uint256 ask) external view returns (bytes32) {
        return _askHashes[ask];
    }

    function buyers() external view returns (address[] memory) {
        return _buyers;
    }

    /// @notice Hash of what never changes of an ask.
    function fixedPartOf(ICreditMarket.Ask memory ask) public pure returns (bytes32) {
        ask.leftMg = 0;
        return keccak256(abi.encode(ask));
    }

    function _pay(
        uint256 ask,
        ICreditMarket.Ask memory entry,
        uint256 wanted,
        uint256 cost,
        address buyer,
        bool thenRetire
    ) private {
        token.mint(buyer, cost);
        vm.prank(buyer);
        token.approve(address(market), cost);
        ICreditMarket.Fill[] memory fills = new ICreditMarket.Fill[](1);
        fills[0] = ICreditMarket.Fill(ask, wanted, entry.price);
        ICreditMarket.Permit memory none;
        uint256 retired = _token(entry.series).retiredMg();
        if (thenRetire) {
            vm.prank(buyer);
            (, uint256 certificate) = market.buyAndRetire(fills[0], cost, none, _terms(buyer));
            _noteCertificate(certificate, entry.series, retired);
            done["buyAndRetire"]++;
        } else {
            vm.prank(buyer);
            market.buy(fills, cost, none);
            done["buy"]++;
        }
    }

    function _noteAsk(uint256 ask) private {
        vm.assertEq(ask, _askHashes.length, "asks are numbered");
        _askHashes.push(fixedPartOf(market.askOf(ask)));
    }

    function _noteCertificate(uint256 certificate, uint256 series, uint256 retiredBefore) private {
        vm.assertEq(certificate, series << 64 | (retiredBefore + 1), "I46: serials follow one another without a gap");
        _certificates.push(certificate);
        _certificateHashes.push(keccak256(abi.encode(retirements.certificateOf(certificate))));
    }

    function _buyable(uint256 seed) private returns (bool found, uint256 ask, address buyer) {
        uint256 count = market.askCount();
        if (count == 0) return (false, 0, address(0));
        ask = seed % count;
        ICreditMarket.Ask memory entry = market.askOf(ask);
        if (_token(entry.series).isFrozen() || entry.leftMg == 0) return (false, 0, address(0));
        uint256 opensAt = uint256(entry.opensHour) * 1 hours;
        if (clock < opensAt) _passTo(opensAt);
        if (_today() > entry.expiryDay) return (false, 0, address(0));
        buyer = entry.onlyBuyer == address(0) ? _picked(_buyers, _mix(seed, 9)) : entry.onlyBuyer;
        return (buyer != entry.seller, ask, buyer);
    }

    function _liveSeries(uint256 seed) internal view returns (bool found, uint256 series) {
        (found, series) = _anySeries(seed);
        if (found && _token(series).isFrozen()) found = false;
    }

    function _anySeries(uint256 seed) internal view returns (bool found, uint256 series) {
        if (_series.length == 0) return (false, 0);
        return (true, _series[_mix(seed, 77) % _series.length]);
    }

    function _token(uint256 series) internal view returns (CarbonCredit) {
        return CarbonCredit(certifier.tokenOf(series));
    }

    function _least(uint256 one, uint256 other) internal pure returns (uint256) {
        return one < other ? one : other;
    }

    function _terms(address holder) private pure returns (IRetirementRegistry.Terms memory) {
        return IRetirementRegistry.Terms({
            holder: holder,
            name: 1,
            fromDay: 19_000,
            throughDay: 19_364,
            purpose: 1,
            country: 0x434e,
            scheme: 0,
            note: ""
        });
    }
}
