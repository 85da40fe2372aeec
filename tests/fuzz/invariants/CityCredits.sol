// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {ICounter} from "../../../interfaces/ICounter.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {Trees} from "../support/Trees.sol";
import {CityMoves} from "./CityMoves.sol";

/// @title Credits: pushed, claimed, taken back
abstract contract CityCredits is CityMoves {
    struct Snapshot {
        uint256[] reductions;
        uint256[] points;
    }

    /// @dev What a credit is compared with afterwards.
    struct Before {
        Snapshot pages;
        uint256[] asked;
        bool[] credited;
        IPointIssuer.Progress progress;
        uint256 free;
    }

    mapping(uint256 batch => mapping(uint256 index => bool)) private _takenBack;

    function credit(uint256 batchSeed, uint256 chunkSeed) public timed {
        if (_batches.length == 0) return;
        uint256 number = batchSeed % _batches.length;
        uint256 length = _batches[number].entries.length;
        uint256 count = 1;
        for (uint256 i = chunkSeed % 4; i > 0 && count < length; i--) {
            count *= 2;
        }
        _credit(number, _mix(chunkSeed, 1) % (length / count) * count, count);
    }

    function claim(uint256 batchSeed, uint256 indexSeed) external timed {
        if (_batches.length == 0) return;
        (uint256 number, uint256 index) = _leaf(batchSeed, indexSeed);
        BatchRecord storage record = _batches[number];
        if (careful && !_creditable(number, index, Trees.slice(record.entries, index, 1))) return;
        Before memory before = _beforeCredit(number, index, 1);

        counter.claim(_claimOf(number, index));

        _bookCredit(number, index, before, _snapshot(UnitsLib.yearOf(record.header.day)));
        done["claim"]++;
    }

    /// @dev Attests, waits and credits in one step, so that short runs get far.
    function pushWholeBatch(uint256 seed, uint256 quantities, uint256 people) external {
        uint256 before = _batches.length;
        this.attest(seed, quantities, people);
        if (_batches.length == before) return;
        _passTo(clock + ledger.challengeWindow());
        vm.warp(clock);
        _credit(before, 0, _batches[before].entries.length);
    }

    function takeBack(uint256 batchSeed, uint256 indexSeed, uint256 amountSeed) external timed {
        if (_batches.length == 0) return;
        uint256 number = batchSeed % _batches.length;
        BatchRecord storage record = _batches[number];
        uint256 index = indexSeed % record.entries.length;
        address holder = _holderFor(Trees.accountOf(record.entries[index]), record.header.day);
        uint256 most = _mgOf(number, index);
        uint256 there = book.pageOf(holder, UnitsLib.yearOf(record.header.day)).reductionMg;
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(record.id);
        if (careful && (phase != IEvidenceLedger.Phase.Revoked || !issuer.isCredited(record.id, index))) return;
        if (careful && (_takenBack[number][index] || most == 0 || there == 0)) return;
        uint256 amount = careful ? _between(amountSeed, 1, most < there ? most : there) : amountSeed % (most + 2);
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = amount;

        issuer.revokeReductions(
            record.id, index, Trees.slice(record.entries, index, 1), Trees.proof(record.entries, index, 1), amounts
        );

        if (amount > 0) _takenBack[number][index] = true;
        takenBackMg[holder] += amount;
        done["takeBack"]++;
    }

    function _credit(uint256 number, uint256 first, uint256 count) internal {
        BatchRecord storage record = _batches[number];
        uint256[] memory entries = Trees.slice(record.entries, first, count);
        if (careful && !_creditable(number, first, entries)) return;
        Before memory before = _beforeCredit(number, first, count);

        (uint256 mg, uint256 points) =
            issuer.credit(record.id, first, entries, Trees.proof(record.entries, first, count));

        IPointIssuer.Progress memory progress = issuer.progressOf(record.id);
        vm.assertEq(
            progress.reductionMg - before.progress.reductionMg, mg, "I13: the batch's progress is what was said"
        );
        vm.assertEq(progress.pointsMilli - before.progress.pointsMilli, points, "I13: and so for its points");
        _bookCredit(number, first, before, _snapshot(UnitsLib.yearOf(record.header.day)));
        done["credit"]++;
    }

    function _beforeCredit(uint256 number, uint256 first, uint256 count) internal returns (Before memory before) {
        BatchRecord storage record = _batches[number];
        uint256 year = UnitsLib.yearOf(record.header.day);
        _noteYear(year);
        before.pages = _snapshot(year);
        before.asked = _asked(number, first, count);
        before.credited = new bool[](count);
        for (uint256 i = 0; i < count; i++) {
            before.credited[i] = issuer.isCredited(record.id, first + i);
        }
        before.progress = issuer.progressOf(record.id);
        before.free = vault.freeOf(record.header.operator);
    }

    /// @dev Takes what the batch gained into the accounts; `present` is each citizen's page, with what was spent since put back.
    /// @return points What was minted.
    function _bookCredit(uint256 number, uint256 first, Before memory before, Snapshot memory present)
        internal
        returns (uint256 points)
    {
        BatchRecord storage record = _batches[number];
        IPointIssuer.Progress memory progress = issuer.progressOf(record.id);
        points = progress.pointsMilli - before.progress.pointsMilli;
        _accountFor(record.header, before, present, progress.reductionMg - before.progress.reductionMg, points);
        uint256 locked = before.free - vault.freeOf(record.header.operator);
        uint256 price = vault.priceOf(UnitsLib.yearOf(record.header.day));
        vm.assertEq(locked, points * price, "I28: new points are locked for");
        freeReserve[record.header.operator] -= locked;
        for (uint256 i = 0; i < before.credited.length; i++) {
            if (!before.credited[i] && issuer.isCredited(record.id, first + i)) timesCredited[number][first + i]++;
        }
    }

    function _claimOf(uint256 number, uint256 index) internal view returns (ICounter.Claim[] memory claims) {
        BatchRecord storage record = _batches[number];
        claims = new ICounter.Claim[](1);
        claims[0] = ICounter.Claim(record.id, index, record.entries[index], Trees.proof(record.entries, index, 1));
    }

    /// @dev Of any batch, or of one of the last four, of which leaves are open more often.
    function _leaf(uint256 batchSeed, uint256 indexSeed) internal view returns (uint256 number, uint256 index) {
        uint256 count = _batches.length;
        uint256 recent = count < 4 ? count : 4;
        number = batchSeed % 2 == 0 ? _mix(batchSeed, 1) % count : count - 1 - _mix(batchSeed, 1) % recent;
        index = indexSeed % _batches[number].entries.length;
    }

    /// @dev Compares what each citizen's page gained with what the call says, and with what the entries could bring at most.
    function _accountFor(
        IEvidenceLedger.Header memory header,
        Before memory before,
        Snapshot memory present,
        uint256 mg,
        uint256 points
    ) private {
        (uint256 mgSum, uint256 pointsSum) = (0, 0);
        for (uint256 i = 0; i < _citizens.length; i++) {
            uint256 gained = present.reductions[i] - before.pages.reductions[i];
            uint256 gainedPoints = present.points[i] - before.pages.points[i];
            vm.assertLe(gained, before.asked[i], "I12: nobody gains more than the new entries bring");
            vm.assertLe(gainedPoints, gained * 76 / 9000, "I05: points are bounded by the reduction");
            _countDay(_citizens[i], header.day, gained);
            creditedMg[_citizens[i]] += gained;
            mgSum += gained;
            pointsSum += gainedPoints;
        }
        vm.assertEq(mgSum, mg, "I13: the pages gained what the call says");
        vm.assertEq(pointsSum, points, "I14: the pages gained the points that were minted");
        mintedMilli += points;
        mintedIn[UnitsLib.yearOf(header.day)] += points;
        issuedMg[header.operator][_today()] += mg;
        vm.assertLe(
            mg == 0 ? 0 : issuedMg[header.operator][_today()],
            operators.dayLimitMgOf(header.operator),
            "I15: an operator stays within its day limit"
        );
    }

    function _countDay(address citizen, uint256 day, uint256 gained) private {
        uint256 ofDay = creditedOn[_bookOf(citizen)][day] += gained;
        uint256 cap = issuer.accountDayCapMg();
        vm.assertLe(gained == 0 ? 0 : ofDay, cap, "I06: a book stays under the day cap, wherever it moves");
    }

    function _snapshot(uint256 year) internal view returns (Snapshot memory s) {
        s.reductions = new uint256[](_citizens.length);
        s.points = new uint256[](_citizens.length);
        for (uint256 i = 0; i < _citizens.length; i++) {
            ICarbonPoint.PageView memory page = book.pageOf(_citizens[i], year);
            (s.reductions[i], s.points[i]) = (page.reductionMg, page.pointsMilli);
        }
    }

    /// @dev Per citizen, the most that the entries not credited yet can bring: quantity * factor, each at most the leaf cap.
    function _asked(uint256 number, uint256 first, uint256 count) internal view returns (uint256[] memory asked) {
        BatchRecord storage record = _batches[number];
        asked = new uint256[](_citizens.length);
        (IMethodologyRegistry.Terms memory terms,,,) =
            methodologies.methodologyOf(record.header.methodology, record.header.version);
        for (uint256 i = first; i < first + count; i++) {
            if (issuer.isCredited(record.id, i)) continue;
            uint256 mg = _mgOf(number, i);
            for (uint256 c = 0; c < asked.length; c++) {
                if (_citizens[c] != _holderFor(Trees.accountOf(record.entries[i]), record.header.day)) continue;
                asked[c] += mg < terms.dayCapMg ? mg : terms.dayCapMg;
            }
        }
    }

    function _mgOf(uint256 number, uint256 index) internal view returns (uint256) {
        BatchRecord storage record = _batches[number];
        (IMethodologyRegistry.Terms memory terms,,,) =
            methodologies.methodologyOf(record.header.methodology, record.header.version);
        return Trees.quantityOf(record.entries[index]) * terms.factorUg / 1000;
    }

    function _creditable(uint256 number, uint256 first, uint256[] memory entries) internal view returns (bool) {
        BatchRecord storage record = _batches[number];
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(record.id);
        if (issuer.paused() || phase != IEvidenceLedger.Phase.Open) return false;
        (, IMethodologyRegistry.Status status,,) =
            methodologies.methodologyOf(record.header.methodology, record.header.version);
        if (status == IMethodologyRegistry.Status.Suspended) return false;
        uint256 year = UnitsLib.yearOf(record.header.day);
        if (!UnitsLib.isLive(year, book.currentYear())) return false;
        return _fits(record, first, entries, year);
    }

    function _fits(BatchRecord storage record, uint256 first, uint256[] memory entries, uint256 year)
        private
        view
        returns (bool)
    {
        IPointIssuer.Progress memory progress = issuer.progressOf(record.id);
        uint256 quantity;
        uint256 count;
        for (uint256 i = 0; i < entries.length; i++) {
            if (entries[i] == 0 || issuer.isCredited(record.id, first + i)) continue;
            count++;
            quantity += Trees.quantityOf(entries[i]);
        }
        if (count == 0 || progress.accounts + count > record.header.accountCount) return false;
        if (progress.quantity + quantity > record.header.totalQuantity) return false;
        uint256 mostMg = quantity * 60; // the largest factor in the city is under 60 mg per metre
        uint256 left = operators.dayLimitMgOf(record.header.operator);
        uint256 issued = issuer.issuedOn(record.header.operator, _today());
        if (issued + mostMg > left) return false;
        return mostMg * 76 / 9000 * vault.priceOf(year) <= vault.freeOf(record.header.operator);
    }
}
