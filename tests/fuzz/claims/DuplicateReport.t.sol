// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {GasCity} from "../gas/GasCity.sol";

/// @title Reports of duplicates: which of two batches is frozen, and that nothing but a true report freezes one
contract DuplicateReportTest is GasCity {
    function setUp() public {
        deployGasCity();
    }

    /// @dev Within one block the smaller key stands, whoever was attested first in it.
    function testFuzz_TheReporterNeverChoosesWhichBatchIsFrozen(uint256 seed, uint32 seconds_) public {
        LeafLib.Record memory record = _record(seed);
        IEvidenceLedger.RecordProof[2] memory said;
        for (uint256 i = 0; i < 2; i++) {
            said[i].record = record;
            said[i].proof = siblings(3 + i);
            said[i].batch = attestRecords(rootOf(this.recordLeaf(record), said[i].proof));
            if (i == 0) vm.warp(block.timestamp + seconds_ % 3);
        }
        bool ordered = seconds_ % 3 > 0 || BatchId.unwrap(said[0].batch) < BatchId.unwrap(said[1].batch);
        (uint256 earlier, uint256 later) = ordered ? (0, 1) : (1, 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceLedger.EvidenceLedger_WrongOrder.selector, said[later].batch, said[earlier].batch
            )
        );
        ledger.reportDuplicate(said[later], said[earlier]);

        ledger.reportDuplicate(said[earlier], said[later]);

        (IEvidenceLedger.Phase kept,) = ledger.phaseOf(said[earlier].batch);
        (IEvidenceLedger.Phase frozen,) = ledger.phaseOf(said[later].batch);
        vm.assertEq(uint256(kept), uint256(IEvidenceLedger.Phase.Attested), "phase of the earlier");
        vm.assertEq(uint256(frozen), uint256(IEvidenceLedger.Phase.Frozen), "phase of the later");
    }

    /// @dev Whatever one changes in what the later batch is said to hold, save the record's id: no report.
    function testFuzz_ARecordThatIsNotThereFreezesNothing(uint256 seed, uint256 field, uint256 flip) public {
        LeafLib.Record memory record = _record(seed);
        IEvidenceLedger.RecordProof memory earlier;
        IEvidenceLedger.RecordProof memory later;
        (earlier.record, later.record) = (record, _record(seed));
        (earlier.proof, later.proof) = (siblings(3), siblings(4));
        earlier.batch = attestRecords(rootOf(this.recordLeaf(record), earlier.proof));
        vm.warp(block.timestamp + 1);
        later.batch = attestRecords(rootOf(this.recordLeaf(record), later.proof));
        vm.assume(flip != 0 && uint160(flip) != 0);
        if (field % 6 == 0) later.record.account = address(uint160(later.record.account) ^ uint160(flip));
        else if (field % 6 == 1) later.record.quantity ^= flip;
        else if (field % 6 == 2) later.record.startTime ^= flip;
        else if (field % 6 == 3) later.record.endTime ^= flip;
        else if (field % 6 == 4) later.record.recordCommitment ^= bytes32(flip);
        else later.proof[flip % 4] ^= bytes32(flip);

        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceLedger.EvidenceLedger_BadProof.selector, later.batch, later.record.recordId)
        );
        ledger.reportDuplicate(earlier, later);
    }

    /// @dev External, so that the record is hashed as the ledger hashes it.
    function recordLeaf(LeafLib.Record calldata record) external pure returns (bytes32) {
        return LeafLib.recordLeaf(record);
    }

    function _record(uint256 seed) private pure returns (LeafLib.Record memory) {
        return LeafLib.Record({
            recordId: keccak256(abi.encode("id", seed)),
            account: address(uint160(seed)),
            quantity: seed % 120_000,
            startTime: 1_672_531_200,
            endTime: 1_672_532_100,
            recordCommitment: keccak256(abi.encode("salted", seed))
        });
    }
}
