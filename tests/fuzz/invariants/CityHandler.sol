// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId, MethodologyId, OrderKey} from "../../../contracts/types/Ids.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {IOperatorRegistry} from "../../../interfaces/IOperatorRegistry.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {Trees} from "../support/Trees.sol";
import {CityModel} from "./CityModel.sol";

/// @title Everything people do, at random
/// @notice One function per verb of the system and of each role. A careful city leaves out what it expects to fail, so that whatever
/// reverts there is a finding; a careless one tries everything.
contract CityHandler is CityModel {
    struct Snapshot {
        uint256[] reductions;
        uint256[] points;
    }

    bool public immutable careful;
    mapping(bytes32 verb => uint256) public done;

    constructor(bool careful_) {
        careful = careful_;
        _found();
    }

    modifier timed() {
        vm.warp(clock);
        _;
    }

    function passHours(uint256 hoursPassed) external {
        _passTo(clock + _between(hoursPassed, 1, 240) * 1 hours);
    }

    function passYears(uint256 seed) external {
        if (seed % 3 != 0 || clock > START + 30 * 365 days) return passSeconds(seed);
        _passTo(clock + _between(_mix(seed, 1), 1, 11) * 365 days);
    }

    function passSeconds(uint256 seed) public {
        _passTo(clock + _between(seed, 1, 7200));
    }

    function attest(uint256 seed, uint256 quantities, uint256 people) external timed {
        IEvidenceLedger.Header memory header;
        uint256[] memory entries = _entries(seed, quantities, people);
        (uint256 quantity, uint256 accounts) = _sum(entries);
        if (careful && (accounts == 0 || quantity == 0)) return;

        header.operator = _picked(_operators, _mix(seed, 2));
        header.day = uint32(_actDay(_mix(seed, 3)));
        header.sequence = uint32(_batches.length);
        header.methodology = _mix(seed, 4) % 4 == 0 ? WALK : BUS;
        header.version = methodologies.versionOn(header.methodology, header.day);
        header.accountCount = uint32(_lie(accounts, _mix(seed, 5)));
        header.recordCount = header.accountCount + 3;
        header.totalQuantity = uint64(_lie(quantity, _mix(seed, 6)));
        header.consentedQuantity = header.totalQuantity / 2;
        header.accountsRoot = Trees.root(entries);
        header.bundleHash = keccak256(abi.encode("bundle", seed));
        header.recordsRoot = LeafLib.recordLeaf(_recordOf(header.bundleHash));
        if (careful && !_attestable(header)) return;

        BatchId batch = ledger.attest(header, _approvals(ledger.attestationDigest(header), _mix(seed, 7) % 4));
        _batches.push(BatchRecord({id: batch, header: header, entries: entries, highestPhase: 0}));
        done["attest"]++;
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
        uint256 number = batchSeed % _batches.length;
        _credit(number, indexSeed % _batches[number].entries.length, 1);
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

    function redeem(uint256 seed, uint256 pointsSeed) external timed {
        IRedemptionDesk.Order memory order = _order(seed, pointsSeed);
        if (careful && !_redeemable(order)) return;
        _observeRedemption(order, seed % 3 == 0);
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
        bytes32 digest = desk.disputeDigest(order.receipt.merchant, order.receipt.orderNumber, "cold", clock);
        bytes memory signature = _sign(_keyOf[order.receipt.citizen], digest);

        try desk.dispute(order.receipt, new bytes32[](0), "cold", clock, signature) {
            _disputedOn[number] = _today();
            done["dispute"]++;
        } catch (bytes memory reason) {
            // Decided on the day it was opened, it looks as if it had never been: the desk knows better.
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IRedemptionDesk.RedemptionDesk_CannotDispute.selector), "");
        }
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

    function settle(uint256 seed, uint256 daysBack) public timed {
        address merchant = _picked(_merchants, seed);
        (uint256 first, uint256 last) = _period(daysBack);
        if (first > last) return;
        (uint256 duePoints, uint256 dueValue) = _dues(merchant, first, last);
        if (
            careful
                && ((duePoints == 0 && dueValue == 0) || vault.paused() || desk.paused() || !_merchantActive(merchant))
        ) return;

        uint256 before = token.balanceOf(payoutOf(merchant));
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
        (uint256 first, uint256 last) = _period(daysBack);
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

    function move(uint256 fromSeed, uint256 toSeed) external timed {
        (address from, address to) = (_picked(_citizens, fromSeed), _picked(_citizens, toSeed));
        if (careful && !_movable(from, to)) return;
        bytes32 digest = _moveDigest(from, to, clock);
        uint256 together = book.balanceOf(from) + book.balanceOf(to);
        uint256 supply = book.totalSupply();

        book.move(from, to, clock, _sign(_keyOf[from], digest), _sign(_keyOf[to], digest));

        vm.assertEq(_livePoints(from), 0, "I04: a move takes the whole book");
        vm.assertEq(book.balanceOf(from) + book.balanceOf(to), together, "I04: a move makes no points");
        vm.assertEq(book.totalSupply(), supply, "I02: a move leaves the supply");
        (creditedMg[to], creditedMg[from]) = (creditedMg[to] + creditedMg[from], 0);
        (takenBackMg[to], takenBackMg[from]) = (takenBackMg[to] + takenBackMg[from], 0);
        done["move"]++;
    }

    function revoke(uint256 batchSeed, uint256 seldom) external timed {
        if (_batches.length == 0 || seldom % 4 != 0) return;
        BatchId batch = _batches[batchSeed % _batches.length].id;
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        if (careful && phase == IEvidenceLedger.Phase.Revoked) return;
        ledger.revoke(batch, "");
        done["revoke"]++;
    }

    /// @dev Each batch has one record, of few in the city: many batches share one.
    function reportDuplicate(uint256 oneSeed, uint256 otherSeed) external timed {
        if (_batches.length < 2) return;
        (uint256 one, uint256 other) = (oneSeed % _batches.length, otherSeed % _batches.length);
        if (careful && !_isDuplicate(one, other)) return;
        uint256 credited = issuer.progressOf(_batches[other].id).accounts;

        try ledger.reportDuplicate(_proofOf(one), _proofOf(other)) {
            vm.assertEq(issuer.progressOf(_batches[other].id).accounts, credited, "I12: a report takes nothing back");
            done["reportDuplicate"]++;
        } catch (bytes memory reason) {
            // The two were settled before: only the ledger remembers.
            vm.assertEq(bytes32(bytes4(reason)), bytes32(IEvidenceLedger.EvidenceLedger_Settled.selector), "");
        }
    }

    function release(uint256 batchSeed) external timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            BatchId batch = _batches[(batchSeed % _batches.length + i) % _batches.length].id;
            (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
            if (phase != IEvidenceLedger.Phase.Frozen) continue;
            ledger.release(batch, "");
            done["release"]++;
            return;
        }
    }

    function takeBack(uint256 batchSeed, uint256 indexSeed, uint256 amountSeed) external timed {
        if (_batches.length == 0) return;
        uint256 number = batchSeed % _batches.length;
        BatchRecord storage record = _batches[number];
        uint256 index = indexSeed % record.entries.length;
        address account = Trees.accountOf(record.entries[index]);
        uint256 most = _mgOf(number, index);
        (address holder, uint256 there) = _holderOf(account, UnitsLib.yearOf(record.header.day));
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

    function close(uint256 batchSeed) external timed {
        if (_batches.length == 0) return;
        BatchRecord storage record = _batches[batchSeed % _batches.length];
        (IEvidenceLedger.Phase phase, uint256 attestedAt) = ledger.phaseOf(record.id);
        (, uint256 releasedAt) = ledger.disputeOf(record.id);
        uint256 since = releasedAt > attestedAt ? releasedAt : attestedAt;
        bool over = clock >= since + ledger.CREDIT_PERIOD();
        if (careful && (phase != IEvidenceLedger.Phase.Open || !over)) return;
        ledger.close(record.id);
        done["close"]++;
    }

    function releaseYear(uint256 yearSeed) public timed {
        if (_years.length == 0) return;
        uint256 year = _years[yearSeed % _years.length];
        uint256 day = UnitsLib.firstDayOf(year + UnitsLib.PAGE_YEARS) + vault.RELEASE_DELAY_DAYS();
        if (careful && (_today() < day || takenOut[year] || vault.paused())) return;
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

    function setStanding(uint256 seed, bool ofMerchant) external timed {
        IOperatorRegistry.Standing standing =
            seed % 3 == 0 ? IOperatorRegistry.Standing.Suspended : IOperatorRegistry.Standing.Active;
        address who = ofMerchant ? _picked(_merchants, _mix(seed, 1)) : _picked(_operators, _mix(seed, 1));
        bool active = ofMerchant ? _merchantActive(who) : _operatorActive(who);
        if (careful && active == (standing == IOperatorRegistry.Standing.Active)) return;
        if (ofMerchant) operators.setMerchantStanding(who, standing, "");
        else operators.setOperatorStanding(who, standing, "");
        done["setStanding"]++;
    }

    function suspendMerchant(uint256 seed) external timed {
        address merchant = _picked(_merchants, seed);
        if (careful && !_merchantActive(merchant)) return;
        vm.prank(operators.merchantOf(merchant).sponsor);
        operators.suspendMerchant(merchant, "");
        done["suspendMerchant"]++;
    }

    function setOperatorDayLimit(uint256 seed, uint64 limit) external timed {
        operators.setOperatorDayLimit(_picked(_operators, seed), DAY_LIMIT_MG / 2 + limit % DAY_LIMIT_MG);
        done["setOperatorDayLimit"]++;
    }

    function setAccountDayCap(uint256 cap) external timed {
        issuer.setAccountDayCap(_between(cap, careful ? 1 : 0, HIGHEST_CAP_MG));
        done["setAccountDayCap"]++;
    }

    function suspendMethodology(uint256 seed) external timed {
        MethodologyId id = seed % 2 == 0 ? BUS : WALK;
        (, IMethodologyRegistry.Status status,,) = methodologies.methodologyOf(id, 1);
        bool suspended = status == IMethodologyRegistry.Status.Suspended;
        if (suspended) methodologies.resume(id, 1);
        else if (seed % 3 == 0) methodologies.suspend(id, 1, "");
        done["suspendMethodology"]++;
    }

    function succeedMethodology(uint256 seed) external timed {
        MethodologyId id = seed % 2 == 0 ? BUS : WALK;
        uint32 last = methodologies.versionCount(id);
        (IMethodologyRegistry.Terms memory terms, IMethodologyRegistry.Status status,,) =
            methodologies.methodologyOf(id, last);
        if (status != IMethodologyRegistry.Status.Active || last >= 4) return;
        uint32 from = uint32(UnitsLib.latestDayOf(clock) + 12 + seed % 10);
        if (from <= terms.fromDay) return;
        (terms.fromDay, terms.toDay) = (from, type(uint32).max);
        terms.factorUg = terms.factorUg / 2 + uint64(_mix(seed, 1) % terms.factorUg);
        uint32 version = methodologies.propose(id, terms);
        methodologies.startNotice(id, version);
        _passTo(clock + methodologies.NOTICE_PERIOD());
        vm.prank(address(0xA2));
        methodologies.activate(id, version);
        done["succeedMethodology"]++;
    }

    function rotateCommittee(uint256 seed) external timed {
        if (seed % 4 != 0) return;
        committee.setCommittee(memberAddresses(), _between(_mix(seed, 1), 2, 3) == 2 ? 2 : 2);
        done["rotateCommittee"]++;
    }

    function pause(uint256 seed) external timed {
        if (seed % 3 != 0) return;
        if (seed % 5 == 0 && !ledger.paused()) ledger.pause();
        if (seed % 5 == 1 && !issuer.paused()) issuer.pause();
        if (seed % 5 == 2 && !desk.paused()) desk.pause();
        if (seed % 5 == 3 && !vault.paused()) vault.pause();
        done["pause"]++;
    }

    function unpause() external timed {
        if (ledger.paused()) ledger.unpause();
        if (issuer.paused()) issuer.unpause();
        if (desk.paused()) desk.unpause();
        if (vault.paused()) vault.unpause();
        done["unpause"]++;
    }

    function donate(uint256 amount) external timed {
        token.mint(address(vault), amount % 1e12);
        done["donate"]++;
    }

    // What follows reads or computes; only the verbs above are called by the fuzzer.

    mapping(uint256 order => uint256 day) internal _disputedOn;
    mapping(uint256 batch => mapping(uint256 index => bool)) internal _takenBack;

    function _passTo(uint256 time) internal {
        clock = time;
        vm.warp(time);
        _priceThrough(book.currentYear() + 1);
    }

    function _credit(uint256 number, uint256 first, uint256 count) internal {
        BatchRecord storage record = _batches[number];
        uint256[] memory entries = Trees.slice(record.entries, first, count);
        if (careful && !_creditable(number, first, entries)) return;
        Snapshot memory before = _snapshot(UnitsLib.yearOf(record.header.day));
        uint256[] memory asked = _asked(number, first, count);
        uint256 locked = vault.freeOf(record.header.operator);

        (uint256 mg, uint256 points) =
            issuer.credit(record.id, first, entries, Trees.proof(record.entries, first, count));

        _accountFor(record.header, before, asked, mg, points);
        _noteYear(UnitsLib.yearOf(record.header.day));
        locked -= vault.freeOf(record.header.operator);
        vm.assertEq(
            locked, points * vault.priceOf(UnitsLib.yearOf(record.header.day)), "I28: new points are locked for"
        );
        freeReserve[record.header.operator] -= locked;
        for (uint256 i = 0; i < count; i++) {
            if (issuer.isCredited(record.id, first + i) && !_seen[number][first + i]) {
                _seen[number][first + i] = true;
                timesCredited[number][first + i]++;
            }
        }
        done["credit"]++;
    }

    mapping(uint256 batch => mapping(uint256 index => bool)) internal _seen;

    /// @dev Compares what each citizen's page gained with what the call says, and with what the entries could bring at most.
    function _accountFor(
        IEvidenceLedger.Header memory header,
        Snapshot memory before,
        uint256[] memory asked,
        uint256 mg,
        uint256 points
    ) private {
        Snapshot memory present = _snapshot(UnitsLib.yearOf(header.day));
        (uint256 mgSum, uint256 pointsSum) = (0, 0);
        for (uint256 i = 0; i < _citizens.length; i++) {
            uint256 gained = present.reductions[i] - before.reductions[i];
            uint256 gainedPoints = present.points[i] - before.points[i];
            vm.assertLe(gained, asked[i], "I12: nobody gains more than the new entries bring");
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
        creditedOn[citizen][day] += gained;
        uint256 cap = issuer.accountDayCapMg();
        vm.assertLe(gained == 0 ? 0 : creditedOn[citizen][day], cap, "I06: an account stays under the day cap");
    }

    function _observeRedemption(IRedemptionDesk.Order memory order, bool inBatch) private {
        uint256[] memory pages = new uint256[](_years.length);
        for (uint256 i = 0; i < pages.length; i++) {
            pages[i] = book.pageOf(order.citizen, _years[i]).pointsMilli;
        }
        uint256 supply = book.totalSupply();

        if (inBatch) {
            (IRedemptionDesk.Order[] memory orders, bytes[] memory signatures) =
                (new IRedemptionDesk.Order[](1), new bytes[](1));
            (orders[0], signatures[0]) = (order, _signedOrder(order));
            desk.redeemBatch(orders, signatures);
        } else {
            desk.redeem(order, _signedOrder(order));
        }
        if (inBatch && !desk.isUsed(order.merchant, order.orderNumber)) {
            vm.assertEq(careful, false, "I24: a good order in a batch is taken");
            return;
        }

        vm.assertEq(book.totalSupply(), supply, "I02: spending leaves the supply");
        heldMilli[order.merchant] += order.pointsMilli;
        _remember(order, _partsSpent(order, pages));
        done["redeem"]++;
    }

    function _remember(IRedemptionDesk.Order memory order, ICarbonPoint.Part[] memory parts) private {
        OrderRecord storage record = _orders.push();
        record.receipt.citizen = order.citizen;
        record.receipt.merchant = order.merchant;
        record.receipt.orderNumber = order.orderNumber;
        for (uint256 i = 0; i < parts.length; i++) {
            record.receipt.parts.push(parts[i]);
        }
        (record.pointsMilli, record.day) = (order.pointsMilli, _today());
        vm.assertEq(desk.orderOf(record.receipt, new bytes32[](0)).day, _today(), "I24: the receipt is known");
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
                if (_citizens[c] != Trees.accountOf(record.entries[i])) continue;
                asked[c] += mg < terms.dayCapMg ? mg : terms.dayCapMg;
            }
        }
    }

    function _recordOf(bytes32 bundleHash) private pure returns (LeafLib.Record memory record) {
        record.recordId = bytes32(uint256(bundleHash) % 3 + 1);
        (record.quantity, record.startTime, record.endTime) = (1, 1, 2);
    }

    function _proofOf(uint256 number) private view returns (IEvidenceLedger.RecordProof memory proof) {
        proof.batch = _batches[number].id;
        proof.record = _recordOf(_batches[number].header.bundleHash);
    }

    function _isDuplicate(uint256 one, uint256 other) private view returns (bool) {
        (IEvidenceLedger.Phase first, uint256 firstAt) = ledger.phaseOf(_batches[one].id);
        (IEvidenceLedger.Phase second, uint256 secondAt) = ledger.phaseOf(_batches[other].id);
        if (first == IEvidenceLedger.Phase.Revoked || second == IEvidenceLedger.Phase.Revoked) return false;
        if (second == IEvidenceLedger.Phase.Frozen || firstAt >= secondAt) return false;
        return
            _recordOf(_batches[one].header.bundleHash).recordId == _recordOf(_batches[other].header.bundleHash).recordId;
    }

    function _mgOf(uint256 number, uint256 index) internal view returns (uint256) {
        BatchRecord storage record = _batches[number];
        (IMethodologyRegistry.Terms memory terms,,,) =
            methodologies.methodologyOf(record.header.methodology, record.header.version);
        return Trees.quantityOf(record.entries[index]) * terms.factorUg / 1000;
    }

    /// @dev Who has the reduction that a revocation for `account` takes: the account itself while it has some, else its successor.
    function _holderOf(address account, uint256 year) internal view returns (address holder, uint256 mg) {
        holder = account;
        while (true) {
            mg = book.pageOf(holder, year).reductionMg;
            if (mg > 0 || book.movedTo(holder) == address(0)) return (holder, mg);
            holder = book.movedTo(holder);
        }
    }

    function _entries(uint256 seed, uint256 quantities, uint256 people) internal view returns (uint256[] memory list) {
        uint256 length = 1 << seed % 4;
        list = new uint256[](length);
        for (uint256 i = 0; i < length; i++) {
            uint256 dice = _mix(people, i);
            if (dice % 8 == 0) continue; // padding anywhere, as a quorum could sign it
            uint256 quantity = _mix(quantities, i) % (dice % 5 == 0 ? 4_000_000 : 60_000);
            list[i] = Trees.pack(_picked(_citizens, dice >> 8), dice % 2 == 0, quantity);
        }
    }

    function _actDay(uint256 seed) internal view returns (uint256) {
        if (seed % 4 == 0) return _today() - _mix(seed, 1) % 400;
        return _today() - _mix(seed, 1) % 4;
    }

    /// @dev One header in eight lies a little in either direction.
    function _lie(uint256 truth, uint256 seed) internal pure returns (uint256) {
        if (seed % 16 == 0) return truth + 1 + seed % 3;
        if (seed % 16 == 1) return truth / 2 + 1;
        return truth;
    }

    function _order(uint256 seed, uint256 pointsSeed) internal view returns (IRedemptionDesk.Order memory order) {
        order.citizen = _picked(_citizens, _mix(seed, 1));
        order.merchant = _picked(_merchants, _mix(seed, 2));
        order.orderNumber = bytes32(careful ? _orders.length + 1 : _mix(seed, 3) % 40);
        uint256 points = _livePoints(order.citizen);
        order.pointsMilli = careful ? (points == 0 ? 0 : _between(pointsSeed, 1, points)) : pointsSeed % (points + 2);
        order.expiry = clock + 600;
        order.terms = keccak256("tea");
    }

    function _redeemable(IRedemptionDesk.Order memory order) private view returns (bool) {
        return order.pointsMilli > 0 && !desk.paused() && _merchantActive(order.merchant);
    }

    function _attestable(IEvidenceLedger.Header memory header) private view returns (bool) {
        if (header.version == 0 || ledger.paused() || !_operatorActive(header.operator)) return false;
        (, IMethodologyRegistry.Status status,,) = methodologies.methodologyOf(header.methodology, header.version);
        return status != IMethodologyRegistry.Status.Suspended;
    }

    function _creditable(uint256 number, uint256 first, uint256[] memory entries) private view returns (bool) {
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

    function _movable(address from, address to) private view returns (bool) {
        if (from == to) return false;
        address successor = book.movedTo(from);
        if (successor != address(0)) return successor == to;
        if (book.movedTo(to) != address(0) || _hasPredecessor(to)) return false;
        for (uint256 i = 0; i < _years.length; i++) {
            ICarbonPoint.PageView memory page = book.pageOf(to, _years[i]);
            if (page.day != 0) return false;
        }
        return true;
    }

    function _hasPredecessor(address account) private view returns (bool) {
        for (uint256 i = 0; i < _citizens.length; i++) {
            if (book.movedTo(_citizens[i]) == account) return true;
        }
        return false;
    }

    function _anyTakenOut(ICarbonPoint.Part[] memory parts) private view returns (bool) {
        for (uint256 i = 0; i < parts.length; i++) {
            if (takenOut[parts[i].year]) return true;
        }
        return false;
    }

    /// @dev Around an order, or the last final days.
    function _period(uint256 seed) private view returns (uint256 first, uint256 last) {
        last = desk.lastFinalDay();
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

    function _merchantActive(address merchant) internal view returns (bool) {
        return operators.merchantOf(merchant).standing == IOperatorRegistry.Standing.Active;
    }

    function _operatorActive(address operator) internal view returns (bool) {
        return operators.operatorOf(operator).standing == IOperatorRegistry.Standing.Active;
    }
}
