// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId, MethodologyId} from "../../../contracts/types/Ids.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IReductionCertifier} from "../../../interfaces/IReductionCertifier.sol";
import {CreditSystem} from "../CreditSystem.sol";
import {CityUnderTest} from "../invariants/CityUnderTest.sol";
import {Trees} from "../support/Trees.sol";

/// @title Claims of the city: opened over what its batches brought, verified, on notice, issued
abstract contract CityClaims is CityUnderTest, CreditSystem {
    uint256 internal constant LEAVES = 8;
    address internal constant VERIFIER = address(0x5E);
    address internal constant SECOND_PERSON = address(0xAC); // no operator of the city

    uint256 internal _height = 1000; // block number
    mapping(uint256 claim => uint256[]) internal _shares;
    mapping(uint256 claim => uint256[]) internal _batchesOf; // numbers of the city's batches
    uint256[] internal _series;

    constructor() CityUnderTest(true) {
        deployCredits();
        certifier.licenseVerifier(VERIFIER, "licence");
        access.grantRole(access.ADMIN_ROLE(), SECOND_PERSON, 0);
        retirements.addName("Example Data Centre Ltd");
    }

    /// @notice A claim over a batch that is free, and others that fit with it, up to the frame.
    function openClaim(uint256 seed) public timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            uint256 number = (seed % _batches.length + i) % _batches.length;
            if (!_claimable(number)) continue;
            _openOver(number, seed);
            done["openClaim"]++;
            return;
        }
    }

    /// @notice The next step of some claim; one in sixteen ends instead.
    function advanceClaim(uint256 seed) public timed {
        uint256 count = certifier.claimCount();
        if (count == 0) return;
        uint256 claim = seed % count + 1;
        IReductionCertifier.Claim memory c = certifier.claimOf(claim);
        if (c.state < IReductionCertifier.State.Submitted || c.state >= IReductionCertifier.State.Issued) return;
        if (_mix(seed, 1) % 16 == 0) return _end(claim, c);
        if (c.state == IReductionCertifier.State.Submitted) return _verify(claim, c, seed);
        if (c.state == IReductionCertifier.State.Drawn) {
            uint256 mg = _mix(seed, 2) % 3 == 0 ? _mix(seed, 3) % c.reductionMg + 1 : c.reductionMg;
            vm.prank(VERIFIER);
            certifier.certify(claim, mg, "statement");
        } else if (c.state == IReductionCertifier.State.Verified) {
            certifier.startNotice(claim);
        } else {
            _issue(claim, c);
        }
    }

    /// @notice What the ledger says of some batch is told to who must know.
    function report(uint256 seed) public timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            if (_report(_batches[(seed % _batches.length + i) % _batches.length].id)) return;
        }
    }

    /// @notice The authority revokes a batch that is in a claim.
    function revokeClaimed(uint256 seed) external timed {
        uint256 count = certifier.claimCount();
        if (count == 0) return;
        uint256[] storage numbers = _batchesOf[seed % count + 1];
        this.revoke(numbers[_mix(seed, 1) % numbers.length], 0);
    }

    function _report(BatchId batch) private returns (bool told) {
        (uint256 claim,, bool held) = certifier.batchOf(batch);
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        (bool reported,,) = reversals.reversalOf(batch);
        if (claim == 0) return false;
        bool issued = certifier.claimOf(claim).state == IReductionCertifier.State.Issued;
        told = true;
        if (phase == IEvidenceLedger.Phase.Revoked && issued && !reported) {
            reversals.reportRevoked(batch);
            done["reportRevoked"]++;
        } else if (phase == IEvidenceLedger.Phase.Revoked && !issued) {
            certifier.reportRevoked(batch);
            done["void"]++;
        } else if (phase == IEvidenceLedger.Phase.Frozen && !issued && !held) {
            certifier.reportFrozen(batch);
            done["hold"]++;
        } else if (phase == IEvidenceLedger.Phase.Closed && !issued && held) {
            certifier.clearHold(batch);
        } else {
            told = false;
        }
    }

    function seriesCount() external view returns (uint256) {
        return _series.length;
    }

    function seriesAt(uint256 number) external view returns (uint256) {
        return _series[number];
    }

    function sharesOf(uint256 claim) external view returns (uint256[] memory) {
        return _shares[claim];
    }

    function batchesOf(uint256 claim) external view returns (uint256[] memory) {
        return _batchesOf[claim];
    }

    function _openOver(uint256 number, uint256 seed) private {
        IEvidenceLedger.Header memory h = _batches[number].header;
        uint16 year = uint16(UnitsLib.yearOf(h.day));
        uint16 sequence = 1;
        while (certifier.claimByKey(h.operator, h.methodology, year, sequence) != 0) sequence++;
        vm.prank(h.operator);
        uint256 claim = certifier.open(h.methodology, h.version, year, sequence);
        for (uint256 i = 0; i < _batches.length && _batchesOf[claim].length < 6; i++) {
            if (_claimable(i) && _alike(h, _batches[i].header)) _batchesOf[claim].push(i);
        }
        BatchId[] memory batches = new BatchId[](_batchesOf[claim].length);
        for (uint256 i = 0; i < batches.length; i++) {
            batches[i] = _batches[_batchesOf[claim][i]].id;
        }
        vm.prank(h.operator);
        certifier.addBatches(claim, batches);
        _submit(claim, seed);
    }

    function _submit(uint256 claim, uint256 seed) private {
        IReductionCertifier.Claim memory c = certifier.claimOf(claim);
        uint256 total = c.boundMg;
        if (_mix(seed, 4) % 3 == 0 && total > 10) total -= total / 10; // somebody took the consent back
        _share(claim, total, seed);
        IReductionCertifier.Frame memory frame = IReductionCertifier.Frame({
            claim: claim,
            batchesHash: c.batchesHash,
            batchCount: c.batchCount,
            accountCount: uint32(LEAVES),
            recordCount: 1,
            recordQuantity: 1,
            reductionMg: uint64(total),
            sharesRoot: Trees.root(_shares[claim]),
            reportHash: "report",
            declarationsHash: "declarations"
        });
        certifier.submit(frame, _approvals(certifier.frameDigest(frame), _mix(seed, 5) % 4));
    }

    /// @dev Random parts of the total; the last leaf has the rest.
    function _share(uint256 claim, uint256 total, uint256 seed) private {
        uint256 left = total;
        for (uint256 i = 0; i < LEAVES; i++) {
            uint256 mg = i == LEAVES - 1 ? left : _mix(seed, 50 + i) % (left / 2 + 1);
            left -= mg;
            _shares[claim].push(mg == 0 ? 0 : Trees.pack(_citizens[i % _citizens.length], true, mg));
        }
    }

    function _verify(uint256 claim, IReductionCertifier.Claim memory c, uint256 seed) private {
        if (c.verifier == address(0)) {
            vm.roll(++_height);
            certifier.appoint(claim, VERIFIER);
            return;
        }
        bool lapses = _mix(seed, 6) % 8 == 0;
        uint256 next = c.seedBlock + (lapses ? 257 : 1 + _mix(seed, 7) % 256);
        if (next > _height) _height = next;
        vm.roll(_height);
        bool late = _height > uint256(c.seedBlock) + 256;
        certifier.draw(claim);
        bool drawn = certifier.claimOf(claim).state == IReductionCertifier.State.Drawn;
        vm.assertTrue(drawn == !late, "I43: a seed is drawn from a block after the appointment, within 256");
        if (late) done["lapse"]++;
    }

    function _issue(uint256 claim, IReductionCertifier.Claim memory c) private {
        if (c.holds > 0) return;
        if (clock < c.noticeEnds) _passTo(c.noticeEnds);
        vm.prank(SECOND_PERSON);
        certifier.issue(claim, 0);
        _series.push(claim);
        done["issue"]++;
    }

    function _end(uint256 claim, IReductionCertifier.Claim memory c) private {
        if (c.verifier == address(0)) {
            vm.prank(c.operator);
            certifier.withdraw(claim);
        } else {
            certifier.reject(claim, "");
        }
        done["endClaim"]++;
    }

    function _claimable(uint256 number) private view returns (bool) {
        BatchRecord storage record = _batches[number];
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(record.id);
        (uint256 claim,,) = certifier.batchOf(record.id);
        return phase == IEvidenceLedger.Phase.Closed && claim == 0 && issuer.progressOf(record.id).consentedMg > 0
            && _operatorActive(record.header.operator)
            && methodologies.isCreditable(record.header.methodology, record.header.version);
    }

    function _alike(IEvidenceLedger.Header memory one, IEvidenceLedger.Header memory other)
        private
        pure
        returns (bool)
    {
        return one.operator == other.operator && one.version == other.version
            && MethodologyId.unwrap(one.methodology) == MethodologyId.unwrap(other.methodology)
            && UnitsLib.yearOf(one.day) == UnitsLib.yearOf(other.day);
    }
}
