// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../../../contracts/types/Ids.sol";
import {GasCity} from "./GasCity.sol";

/// @title Gas of a header, which locks the reserve of its batch, and of closing it, which unlocks what is left; whatever the batch's size
contract GasHeaderTest is GasCity {
    uint256 private constant QUANTITY = 12_345; // metres: 332,080 mg, 2,804 milli-points

    function setUp() public {
        deployGasCity();
    }

    /// forge-config: default.isolate = true
    function test_GasOfAHeaderAndItsLock() public {
        _attest(0); // the first of a year and operator pays for the first slots
        BatchId batch = _attest(1);
        gasVm.snapshotValue("header", "attest", lastGas());
        vm.warp(block.timestamp + 365 days);
        ledger.close(batch);
        gasVm.snapshotValue("header", "close", lastGas());
    }

    /// forge-config: default.isolate = true
    function test_GasOfTheLastEntryWhichClosesTheBatch() public {
        uint256[] memory entries = entriesOf("crowd", 4, QUANTITY);
        _credited(entries); // the first chunk of all pays for the first slots
        vm.warp(block.timestamp + 1 days);
        _credited(entries);
        gasVm.snapshotValue("header", "chunkOf4ThatCloses", lastGas());
    }

    function _credited(uint256[] memory entries) private {
        issuer.credit(openBatch(entries, siblings(0), today()), 0, entries, siblings(0));
    }

    function _attest(uint256 number) private returns (BatchId batch) {
        uint256[] memory entries = entriesOf("crowd", 4, QUANTITY + number);
        return
            attest(
                uint32(today()), 4, uint64(4 * (QUANTITY + number)), this.subtreeRoot(0, entries), keccak256("records")
            );
    }
}
