// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {ICounter} from "../../../interfaces/ICounter.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {GasCity} from "../gas/GasCity.sol";

/// @title Pushes of any width and claims, mixed in any order, repeated, sent by anyone: each leaf is credited once
contract PushAndClaimTest is GasCity {
    uint256 private constant LEAVES = 16;
    uint256 private constant UPPER = 5;
    uint256 private constant QUANTITY = 12_345; // metres: 332,080 mg, 2,804 milli-points
    uint256 private constant POINTS = 2804;

    uint256[] private _entries;
    bytes32[] private _upper;

    function setUp() public {
        deployGasCity();
        _entries = entriesOf("crowd", LEAVES, QUANTITY);
        _upper = siblings(UPPER);
    }

    function testFuzz_EachLeafIsCreditedOnce(uint8[12] memory steps, bool[12] memory claimed) public {
        BatchId batch = openBatch(_entries, _upper, today());
        bool[LEAVES] memory done;
        for (uint256 i = 0; i < steps.length; i++) {
            uint256 width = claimed[i] ? 1 : 1 << (steps[i] >> 4) % 5;
            uint256 first = steps[i] % LEAVES / width * width;
            uint256 fresh = _mark(done, first, width);
            if (claimed[i]) _claim(batch, first, fresh);
            else _push(batch, first, width, fresh);
            _requireCredited(batch, done);
        }
        _push(batch, 0, LEAVES, _mark(done, 0, LEAVES));
        _requireCredited(batch, done);
    }

    function _claim(BatchId batch, uint256 index, uint256 fresh) private {
        ICounter.Claim[] memory claims = new ICounter.Claim[](1);
        claims[0] = ICounter.Claim(batch, index, _entries[index], leafProof(_entries, index, _upper));
        vm.assertEq(counter.claim(claims), fresh, "claims that were open");
    }

    function _push(BatchId batch, uint256 first, uint256 width, uint256 fresh) private {
        uint256[] memory chunk = new uint256[](width);
        for (uint256 i = 0; i < width; i++) {
            chunk[i] = _entries[first + i];
        }
        bytes32[] memory proof = chunkProof(_entries, first, width, _upper);
        if (fresh == 0) {
            vm.expectRevert(abi.encodeWithSelector(IPointIssuer.PointIssuer_NothingToCredit.selector, batch, first));
        }
        (, uint256 pointsMilli) = issuer.credit(batch, first, chunk, proof);
        if (fresh > 0) vm.assertEq(pointsMilli, fresh * POINTS, "points of a push");
    }

    /// @dev Notes what a step credits; says how many of its leaves were open.
    function _mark(bool[LEAVES] memory done, uint256 first, uint256 width) private pure returns (uint256 fresh) {
        for (uint256 i = first; i < first + width; i++) {
            if (!done[i]) fresh++;
            done[i] = true;
        }
    }

    function _requireCredited(BatchId batch, bool[LEAVES] memory done) private view {
        uint256 count;
        for (uint256 i = 0; i < LEAVES; i++) {
            if (done[i]) count++;
            vm.assertTrue(issuer.isCredited(batch, i) == done[i], "bit of a leaf");
            vm.assertEq(book.balanceOf(address(uint160(_entries[i] >> 96))), done[i] ? POINTS : 0, "points of a leaf");
        }
        IPointIssuer.Progress memory progress = issuer.progressOf(batch);
        vm.assertEq(progress.accounts, count, "accounts");
        vm.assertEq(progress.quantity, count * QUANTITY, "quantity");
        vm.assertEq(progress.pointsMilli, count * POINTS, "points of the batch");
        vm.assertEq(book.totalSupply(), count * POINTS, "supply");
        uint256 most = UnitsLib.pointsMilliDown(LEAVES * QUANTITY * FACTOR_UG / 1000);
        vm.assertEq(vault.lockedOf(OPERATOR, 2023), most, "a reserve for all that the batch can bring");
    }
}
