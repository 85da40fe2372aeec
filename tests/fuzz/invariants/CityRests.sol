// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {IEvidenceLedger} from "../../../interfaces/IEvidenceLedger.sol";
import {IPointIssuer} from "../../../interfaces/IPointIssuer.sol";
import {Trees} from "../support/Trees.sol";
import {CityCredits} from "./CityCredits.sol";

/// @title What comes after a credit: rests that find room, and reductions that are taken back
abstract contract CityRests is CityCredits {
    mapping(uint256 batch => mapping(uint256 index => bool)) private _takenBack;

    /// @dev Credits the rests of a batch, all or one of them.
    function creditRests(uint256 batchSeed, uint256 seed) external timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            uint256 number = (batchSeed % _batches.length + i) % _batches.length;
            uint256[] memory indices = _restIndices(number, seed % 3 == 0);
            if (indices.length == 0 || (careful && !_restsCreditable(number, indices))) continue;
            Before memory before = _beforeCredit(number, 0, 0);
            for (uint256 j = 0; j < indices.length; j++) {
                _addAsked(before.asked, number, indices[j], issuer.restOf(_batches[number].id, indices[j]));
            }
            try issuer.creditRests(_batches[number].id, indices) {
                _bookCredit(number, 0, before, _snapshot(UnitsLib.yearOf(_batches[number].header.day)));
                done["creditRests"]++;
                return;
            } catch (bytes memory reason) {
                // Whether a late day has room only the book knows.
                bool full = bytes4(reason) == IPointIssuer.PointIssuer_NothingFits.selector;
                vm.assertTrue(full || !careful, "I65: rests that fit are credited");
            }
        }
    }

    /// @dev Of the first batch from `batchSeed` on of which something can be taken back; of any where nobody takes care.
    function takeBack(uint256 batchSeed, uint256 indexSeed, uint256 amountSeed) external timed {
        for (uint256 i = 0; i < _batches.length; i++) {
            uint256 number = (batchSeed % _batches.length + i) % _batches.length;
            uint256 index = indexSeed % _batches[number].entries.length;
            if (careful && !_canTakeBack(number, index)) continue;
            _takeBack(number, index, amountSeed);
            return;
        }
    }

    function _takeBack(uint256 number, uint256 index, uint256 amountSeed) private {
        BatchRecord storage record = _batches[number];
        (address holder, uint256 there) = _reductionBehind(number, index);
        uint256 most = _broughtBy(number, index);
        uint256[] memory amounts = new uint256[](1);
        amounts[0] = careful ? _between(amountSeed, 1, most < there ? most : there) : amountSeed % (most + 2);

        issuer.revokeReductions(
            record.id, index, Trees.slice(record.entries, index, 1), Trees.proof(record.entries, index, 1), amounts
        );

        vm.assertLe(amounts[0], most, "I08: no more is taken back than the entry brought");
        if (amounts[0] > 0) _takenBack[number][index] = true;
        takenBackMg[holder] += amounts[0];
        done["takeBack"]++;
    }

    function _canTakeBack(uint256 number, uint256 index) private view returns (bool) {
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(_batches[number].id);
        if (phase != IEvidenceLedger.Phase.Revoked || _takenBack[number][index]) return false;
        (, uint256 there) = _reductionBehind(number, index);
        return _broughtBy(number, index) > 0 && there > 0;
    }

    /// @dev Who has the reduction that a leaf brought, and how much of that year.
    function _reductionBehind(uint256 number, uint256 index) private view returns (address holder, uint256 mg) {
        BatchRecord storage record = _batches[number];
        holder = _holderFor(Trees.accountOf(record.entries[index]), record.header.day);
        mg = book.pageOf(holder, UnitsLib.yearOf(record.header.day)).reductionMg;
    }

    function _restIndices(uint256 number, bool one) private view returns (uint256[] memory indices) {
        BatchRecord storage record = _batches[number];
        uint256 count = issuer.progressOf(record.id).rests;
        indices = new uint256[](one && count > 1 ? 1 : count);
        uint256 found;
        for (uint256 i = 0; i < record.entries.length && found < indices.length; i++) {
            if (issuer.restOf(record.id, i) > 0) indices[found++] = i;
        }
        vm.assertEq(found, indices.length, "I65: as many rests as the progress says");
    }

    function _restsCreditable(uint256 number, uint256[] memory indices) private view returns (bool) {
        IEvidenceLedger.Header storage header = _batches[number].header;
        uint256 mg;
        for (uint256 i = 0; i < indices.length; i++) {
            mg += issuer.restOf(_batches[number].id, indices[i]);
        }
        return
            _runs(number) && issuer.issuedOn(header.operator, _today()) + mg <= operators.dayLimitMgOf(header.operator);
    }
}
