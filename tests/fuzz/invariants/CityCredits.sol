// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {ICounter} from "../../../interfaces/ICounter.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {Trees} from "../support/Trees.sol";
import {CityMoves} from "./CityMoves.sol";

/// @title Credits: pushed and claimed
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
        uint256 brought;
        uint256 consented;
        uint256 free;
        uint256 unused;
    }

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
        (before.brought, before.consented) = _broughtOf(number);
        before.free = vault.freeOf(record.header.operator);
        before.unused = _unusedOf(number);
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
        _requireBrought(number, before);
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(record.id);
        if (phase == IEvidenceLedger.Phase.Closed) {
            closed[number] = true;
            _bookUnlocked(number, before.unused - points);
        }
        vm.assertEq(
            vault.freeOf(record.header.operator), freeReserve[record.header.operator], "I61: credits lock nothing more"
        );
        for (uint256 i = 0; i < before.credited.length; i++) {
            if (!before.credited[i] && issuer.isCredited(record.id, first + i)) timesCredited[number][first + i]++;
        }
    }

    /// @dev What the leaves brought, by their quantities, the methodology's cap and their rests, is what the batch's progress says.
    function _requireBrought(uint256 number, Before memory before) private view {
        IPointIssuer.Progress memory progress = issuer.progressOf(_batches[number].id);
        (uint256 brought, uint256 consented) = _broughtOf(number);
        vm.assertEq(progress.reductionMg - before.progress.reductionMg, brought - before.brought, "I13: reduction");
        vm.assertEq(progress.consentedMg - before.progress.consentedMg, consented - before.consented, "I62: consented");
        vm.assertEq(progress.reductionMg, brought, "I65: asked after the methodology's cap = credited + rests");
        vm.assertEq(progress.consentedMg, consented, "I62: consented reduction is what those who consent were credited");
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

    /// @dev Per citizen, the most that the entries not credited yet can bring: quantity * factor, each at most the methodology's cap.
    function _asked(uint256 number, uint256 first, uint256 count) internal view returns (uint256[] memory asked) {
        asked = new uint256[](_citizens.length);
        for (uint256 i = first; i < first + count; i++) {
            if (!issuer.isCredited(_batches[number].id, i)) _addAsked(asked, number, i, _mgOf(number, i));
        }
    }

    function _addAsked(uint256[] memory asked, uint256 number, uint256 index, uint256 mg) internal view {
        BatchRecord storage record = _batches[number];
        address holder = _holderFor(Trees.accountOf(record.entries[index]), record.header.day);
        for (uint256 c = 0; c < asked.length; c++) {
            if (_citizens[c] == holder) asked[c] += mg;
        }
    }

    /// @dev Milligrams of all leaves of a batch, and of those that consent.
    function _broughtOf(uint256 number) private view returns (uint256 mg, uint256 consentedMg) {
        BatchRecord storage record = _batches[number];
        for (uint256 i = 0; i < record.entries.length; i++) {
            uint256 brought = _broughtBy(number, i);
            mg += brought;
            if (Trees.consentedOf(record.entries[i])) consentedMg += brought;
        }
    }

    function _broughtBy(uint256 number, uint256 index) internal view returns (uint256) {
        BatchId batch = _batches[number].id;
        return issuer.isCredited(batch, index) ? _mgOf(number, index) - issuer.restOf(batch, index) : 0;
    }

    /// @dev What a leaf asks, after the methodology's cap.
    function _mgOf(uint256 number, uint256 index) internal view returns (uint256) {
        BatchRecord storage record = _batches[number];
        (IMethodologyRegistry.Terms memory terms,,,) =
            methodologies.methodologyOf(record.header.methodology, record.header.version);
        uint256 mg = Trees.quantityOf(record.entries[index]) * terms.factorUg / 1000;
        return mg < terms.dayCapMg ? mg : terms.dayCapMg;
    }

    function _creditable(uint256 number, uint256 first, uint256[] memory entries) internal view returns (bool) {
        uint256 last;
        for (uint256 i = 0; i < entries.length; i++) {
            if (entries[i] == 0) continue;
            if (entries[i] >> 96 <= last) return false;
            last = entries[i] >> 96;
        }
        return _runs(number) && _fits(_batches[number], first, entries);
    }

    /// @dev Whether anything can be credited from a batch now.
    function _runs(uint256 number) internal view returns (bool) {
        BatchRecord storage record = _batches[number];
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(record.id);
        if (issuer.paused() || phase != IEvidenceLedger.Phase.Open) return false;
        (, IMethodologyRegistry.Status status,,) =
            methodologies.methodologyOf(record.header.methodology, record.header.version);
        if (status == IMethodologyRegistry.Status.Suspended) return false;
        return UnitsLib.isLive(UnitsLib.yearOf(record.header.day), book.currentYear());
    }

    function _fits(BatchRecord storage record, uint256 first, uint256[] memory entries) private view returns (bool) {
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
        return issuer.issuedOn(record.header.operator, _today()) + mostMg <= left;
    }
}
