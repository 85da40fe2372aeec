// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../../../contracts/types/Ids.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../../../interfaces/IMethodologyRegistry.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {ISettlementVault} from "../../../interfaces/ISettlementVault.sol";
import {BookAuditCity} from "./BookAuditCity.sol";

/// @title What a stranger, an operator and time could take from a citizen before credit, and no longer can
contract CreditingTest is BookAuditCity {
    address private constant STRANGER = address(0xBAD);

    function setUp() public {
        deployAuditCity();
    }

    /// @dev The remedy for a day that revoked batches filled is a higher cap: whoever credits before it costs nobody anything.
    function test_a_raise_of_the_cap_cannot_be_raced() public {
        uint256 day = today() - 1;
        for (uint256 i = 0; i < 2; i++) {
            BatchId bad = open(a, LEAF_CAP_M, day);
            claim(bad, a, LEAF_CAP_M);
            ledger.revoke(bad, "");
        }
        BatchId good = open(a, LEAF_CAP_M, day);
        vm.prank(STRANGER);
        uint256 mg = claim(good, a, LEAF_CAP_M);
        vm.assertEq(mg, 4, "all that is left of the day");
        vm.assertEq(issuer.restOf(good, 0), LEAF_CAP_MG - 4, "the rest waits");
        _requirePhase(good, IEvidenceLedger.Phase.Open);

        issuer.setAccountDayCap(1e9);
        (mg,) = issuer.creditRests(good, _first());
        vm.assertEq(mg, LEAF_CAP_MG - 4, "and comes in full");
        _requirePhase(good, IEvidenceLedger.Phase.Closed);
    }

    /// @dev Whatever is credited of a leaf in whatever parts: with its rest it is what the leaf asks, and closing takes no part of it.
    function testFuzz_parts_and_rest_are_the_whole(uint256[4] memory caps, uint64 quantity, bool consents) public {
        uint256 asked = uint256(quantity %= 1_858_736) * FACTOR_UG / 1000;
        uint256[] memory entries = one(a, quantity | (consents ? 1 << 95 : 0));
        vm.assume(quantity > 0);
        BatchId batch = openBatch(entries, none(), today());
        uint256 cap = caps[0] % (asked + asked / 4 + 2);
        issuer.setAccountDayCap(cap);
        issuer.credit(batch, 0, entries, none());
        uint256 sum = _requireParts(batch, asked, cap, consents);
        for (uint256 i = 1; i < 4 && sum < asked; i++) {
            cap += caps[i] % (asked - sum + 2);
            issuer.setAccountDayCap(cap);
            bool fits = cap > sum;
            if (!fits) vm.expectRevert(abi.encodeWithSelector(IPointIssuer.PointIssuer_NothingFits.selector, batch));
            issuer.creditRests(batch, _first());
            sum = _requireParts(batch, asked, cap, consents);
        }
    }

    /// @dev One account cannot have twice the methodology's cap of one batch: not in one chunk, and not unnoticed in two.
    function test_an_account_has_the_methodologys_cap_once_in_a_batch() public {
        uint256[] memory two = new uint256[](2);
        (two[0], two[1]) = (one(a, 2 * LEAF_CAP_M)[0], one(a, 2 * LEAF_CAP_M)[0]);
        BatchId batch = openBatch(two, none(), today());
        vm.expectRevert(abi.encodeWithSelector(IPointIssuer.PointIssuer_NotAscending.selector, two[1]));
        issuer.credit(batch, 0, two, none());

        IEvidenceLedger.EntryProof memory first = IEvidenceLedger.EntryProof(0, two[0], chunkProof(two, 0, 1, none()));
        IEvidenceLedger.EntryProof memory second = IEvidenceLedger.EntryProof(1, two[1], chunkProof(two, 1, 1, none()));
        vm.prank(STRANGER);
        ledger.reportAccountTwice(batch, first, second);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceLedger.EvidenceLedger_WrongPhase.selector, batch, IEvidenceLedger.Phase.Frozen
            )
        );
        issuer.credit(batch, 0, one(a, 2 * LEAF_CAP_M), first.proof);
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLedger.EvidenceLedger_AccountTwice.selector, batch, a));
        ledger.release(batch, "");
    }

    function test_a_suspension_eats_nobodys_time() public {
        BatchId batch = open(a, 1_000_000, today());
        methodologies.suspend(BUS, 1, "doubt");
        vm.warp(block.timestamp + 365 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IMethodologyRegistry.MethodologyRegistry_WrongStatus.selector,
                BUS,
                1,
                IMethodologyRegistry.Status.Suspended
            )
        );
        vm.prank(STRANGER);
        ledger.close(batch);
        methodologies.resume(BUS, 1);
        _requireGraceAndCredit(batch);
    }

    function test_a_pause_eats_nobodys_time() public {
        BatchId batch = open(a, 1_000_000, today());
        access.grantRole(access.ADMIN_ROLE(), address(this), 0);
        issuer.pause();
        vm.warp(block.timestamp + 365 days);
        vm.expectRevert(abi.encodeWithSignature("EnforcedPause()"));
        vm.prank(STRANGER);
        ledger.close(batch);
        issuer.unpause();
        _requireGraceAndCredit(batch);
    }

    /// @dev What stands behind points is locked before they can be claimed: waiting with an empty reserve takes nothing from anybody.
    function test_an_operator_cannot_wait_its_citizens_out() public {
        BatchId batch = open(a, 1_000_000, today());
        uint256 free = vault.freeOf(OPERATOR);
        vm.prank(OPERATOR);
        vault.withdraw(free, OPERATOR);
        vm.warp(block.timestamp + 364 days);
        vm.assertEq(claim(batch, a, 1_000_000), 26_900_000, "credited on the last day, without a unit of free reserve");
        _requirePhase(batch, IEvidenceLedger.Phase.Closed);
    }

    /// @dev Nor can it have a batch attested that it cannot pay for.
    function test_without_reserve_nothing_is_attested() public {
        uint256 free = vault.freeOf(OPERATOR);
        vm.prank(OPERATOR);
        vault.withdraw(free, OPERATOR);
        vm.expectRevert(
            abi.encodeWithSelector(ISettlementVault.SettlementVault_ReserveShort.selector, OPERATOR, 0, 227_155 * PRICE)
        );
        this.attestOne(a, 1_000_000);
    }

    function attestOne(address who, uint256 quantity) external {
        open(who, quantity, today());
    }

    function _requireGraceAndCredit(BatchId batch) private {
        uint256 until = block.timestamp + ledger.GRACE_PERIOD();
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceLedger.EvidenceLedger_CreditPeriodRunning.selector, batch, until)
        );
        vm.prank(OPERATOR);
        ledger.close(batch);
        vm.assertEq(claim(batch, a, 1_000_000), 26_900_000, "there is time to be credited");
    }

    function _requireParts(BatchId batch, uint256 asked, uint256 cap, bool consents)
        private
        view
        returns (uint256 sum)
    {
        IPointIssuer.Progress memory progress = issuer.progressOf(batch);
        sum = asked < cap ? asked : cap;
        vm.assertEq(progress.reductionMg, sum, "I06: as much as fits");
        vm.assertEq(progress.reductionMg + issuer.restOf(batch, 0), asked, "I65: parts and rest are the whole");
        vm.assertEq(progress.consentedMg, consents ? sum : 0, "I62: consented reduction");
        vm.assertEq(progress.rests, sum < asked ? 1 : 0, "I65: rests");
        vm.assertLe(progress.pointsMilli, sum * 76 / 9000, "I05: parts round down");
        _requirePhase(batch, sum < asked ? IEvidenceLedger.Phase.Open : IEvidenceLedger.Phase.Closed);
    }

    function _requirePhase(BatchId batch, IEvidenceLedger.Phase wanted) private view {
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        vm.assertEq(uint256(phase), uint256(wanted), "phase");
    }

    function _first() private pure returns (uint256[] memory indices) {
        return new uint256[](1);
    }

    function none() private pure returns (bytes32[] memory) {
        return new bytes32[](0);
    }
}
