// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Pausable} from "@openzeppelin/contracts/utils/Pausable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICarbonPoint} from "../interfaces/ICarbonPoint.sol";
import {IEvidenceLedger} from "../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../interfaces/IMethodologyRegistry.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {IPointIssuer} from "../interfaces/IPointIssuer.sol";
import {ISettlementVault} from "../interfaces/ISettlementVault.sol";
import {ChunkLib} from "./libraries/ChunkLib.sol";
import {LeafLib} from "./libraries/LeafLib.sol";
import {PackedProgress, ProgressLib} from "./libraries/ProgressLib.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";
import {BatchId} from "./types/Ids.sol";

/// @title PointIssuer
contract PointIssuer is IPointIssuer, AccessManaged, Pausable {
    IEvidenceLedger public immutable ledger;
    IMethodologyRegistry public immutable methodologies;
    IOperatorRegistry public immutable operators;
    ICarbonPoint public immutable book;
    ISettlementVault public immutable vault;

    /// @inheritdoc IPointIssuer
    uint256 public constant MAX_DAY_CAP_MG = 1 << 46;

    uint64 private _accountDayCapMg; // in one slot with the pause and the authority

    mapping(BatchId => mapping(uint256 word => uint256 bits)) private _credited;
    mapping(BatchId => mapping(uint256 index => bool)) private _takenBack;
    mapping(BatchId => PackedProgress) private _progress;
    mapping(address operator => mapping(uint256 day => uint256 mg)) private _issued;

    constructor(
        address access,
        IEvidenceLedger ledger_,
        IMethodologyRegistry methodologies_,
        IOperatorRegistry operators_,
        ICarbonPoint book_,
        ISettlementVault vault_,
        uint256 accountDayCapMg_
    ) AccessManaged(access) {
        ledger = ledger_;
        methodologies = methodologies_;
        operators = operators_;
        book = book_;
        vault = vault_;
        _setAccountDayCap(accountDayCapMg_);
    }

    /// @inheritdoc IPointIssuer
    function credit(BatchId batch, uint256 firstIndex, uint256[] calldata entries, bytes32[] calldata proof)
        external
        whenNotPaused
        returns (uint256 reductionMg, uint256 pointsMilli)
    {
        IEvidenceLedger.CreditBasis memory basis = ledger.creditBasis(batch);
        _requireInTree(batch, basis.accountsRoot, firstIndex, entries, proof);
        (ICarbonPoint.CreditTerms memory terms, uint256 factorUg) = _termsOf(basis);

        (uint256[] memory credits, uint256 quantity) = _take(batch, firstIndex, entries, factorUg);
        if (credits.length == 0) revert PointIssuer_NothingToCredit(batch, firstIndex);
        (reductionMg, pointsMilli) = book.credit(terms, credits);
        _countAgainstDayLimit(basis.operator, reductionMg);
        vault.lock(basis.operator, UnitsLib.yearOf(terms.day), pointsMilli);

        emit ChunkCredited(batch, basis.operator, firstIndex, credits.length, reductionMg, pointsMilli);

        _advance(batch, basis, quantity, reductionMg, pointsMilli, credits.length);
    }

    /// @inheritdoc IPointIssuer
    function revokeReductions(
        BatchId batch,
        uint256 firstIndex,
        uint256[] calldata entries,
        bytes32[] calldata proof,
        uint256[] calldata reductionsMg
    ) external restricted {
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        if (phase != IEvidenceLedger.Phase.Revoked) revert PointIssuer_NotRevoked(batch);
        if (reductionsMg.length != entries.length) revert PointIssuer_BadChunk(reductionsMg.length);
        IEvidenceLedger.Header memory header = ledger.headerOf(batch);
        (IMethodologyRegistry.Terms memory terms,,,) = methodologies.methodologyOf(header.methodology, header.version);
        _requireInTree(batch, header.accountsRoot, firstIndex, entries, proof);

        uint256 year = UnitsLib.yearOf(header.day);
        for (uint256 i = 0; i < entries.length; i++) {
            if (reductionsMg[i] == 0) continue;
            _takeBack(batch, firstIndex + i, entries[i], terms.factorUg, reductionsMg[i], year);
        }
    }

    /// @inheritdoc IPointIssuer
    function setAccountDayCap(uint256 capMg) external restricted {
        _setAccountDayCap(capMg);
    }

    /// @inheritdoc IPointIssuer
    function pause() external restricted {
        _pause();
    }

    /// @inheritdoc IPointIssuer
    function unpause() external restricted {
        _unpause();
    }

    /// @inheritdoc IPointIssuer
    function accountDayCapMg() external view returns (uint256) {
        return _accountDayCapMg;
    }

    /// @inheritdoc IPointIssuer
    function isCredited(BatchId batch, uint256 index) public view returns (bool) {
        return _credited[batch][index >> 8] >> (index & 0xff) & 1 == 1;
    }

    /// @inheritdoc IPointIssuer
    function progressOf(BatchId batch) external view returns (Progress memory) {
        PackedProgress progress = _progress[batch];
        return Progress({
            quantity: uint64(progress.quantity()),
            reductionMg: uint64(progress.reductionMg()),
            pointsMilli: uint64(progress.pointsMilli()),
            accounts: uint32(progress.accounts())
        });
    }

    /// @inheritdoc IPointIssuer
    function issuedOn(address operator, uint256 day) external view returns (uint256 reductionMg) {
        return _issued[operator][day];
    }

    function _setAccountDayCap(uint256 capMg) private {
        if (capMg > MAX_DAY_CAP_MG) revert PointIssuer_CapTooHigh(capMg, MAX_DAY_CAP_MG);

        uint256 former = _accountDayCapMg;
        _accountDayCapMg = uint64(capMg); // fits: no more than 2^46

        emit AccountDayCapSet(former, capMg);
    }

    function _requireInTree(
        BatchId batch,
        bytes32 root,
        uint256 firstIndex,
        uint256[] calldata entries,
        bytes32[] calldata proof
    ) private pure {
        uint256 count = entries.length;
        if (count == 0 || count & (count - 1) != 0) revert PointIssuer_BadChunk(count);
        bytes32 node = LeafLib.subtreeRoot(firstIndex, entries);
        if (LeafLib.climb(node, proof) != root) revert PointIssuer_BadProof(batch, firstIndex);
    }

    function _termsOf(IEvidenceLedger.CreditBasis memory basis)
        private
        view
        returns (ICarbonPoint.CreditTerms memory terms, uint256 factorUg)
    {
        (factorUg, terms.leafCapMg, terms.earnsPoints) = methodologies.creditRule(basis.methodology, basis.version);
        (terms.day, terms.accountCapMg) = (basis.day, _accountDayCapMg);
    }

    /// @dev Marks what is not yet credited, one word of the bitmap after the other, and turns it into the book's entries.
    function _take(BatchId batch, uint256 firstIndex, uint256[] calldata entries, uint256 factorUg)
        private
        returns (uint256[] memory credits, uint256 quantity)
    {
        mapping(uint256 => uint256) storage words = _credited[batch];
        ChunkLib.Taken memory taken;
        credits = taken.credits = new uint256[](entries.length);
        for (uint256 done = 0; done < entries.length;) {
            uint256 index = firstIndex + done;
            uint256 end = Math.min(entries.length, done + 256 - (index & 0xff));
            words[index >> 8] = ChunkLib.take(entries[done:end], words[index >> 8], index & 0xff, factorUg, taken);
            done = end;
        }
        uint256 count = taken.count;
        assembly ("memory-safe") {
            mstore(credits, count) // shortens the array to what is new
        }
        return (credits, taken.quantity);
    }

    function _countAgainstDayLimit(address operator, uint256 reductionMg) private {
        uint256 day = UnitsLib.dayOf(block.timestamp);
        uint256 limit = operators.dayLimitMgOf(operator);
        mapping(uint256 => uint256) storage days_ = _issued[operator];
        uint256 issued = days_[day];
        uint256 left = issued < limit ? limit - issued : 0;
        if (reductionMg > left) revert PointIssuer_DayLimit(operator, reductionMg, left);

        days_[day] = issued + reductionMg;
    }

    /// @dev Adds a chunk to the batch's progress, and closes the batch with its last entry.
    function _advance(
        BatchId batch,
        IEvidenceLedger.CreditBasis memory basis,
        uint256 quantity,
        uint256 reductionMg,
        uint256 pointsMilli,
        uint256 accounts
    ) private {
        PackedProgress progress = _progress[batch];
        quantity += progress.quantity();
        accounts += progress.accounts();
        if (quantity > basis.totalQuantity) revert PointIssuer_AboveAttested(batch, quantity, basis.totalQuantity);
        if (accounts > basis.accountCount) revert PointIssuer_TooManyAccounts(batch, accounts, basis.accountCount);

        _progress[batch] = ProgressLib.pack(
            quantity, progress.reductionMg() + reductionMg, progress.pointsMilli() + pointsMilli, accounts
        );

        if (accounts == basis.accountCount) ledger.close(batch);
    }

    function _takeBack(BatchId batch, uint256 index, uint256 entry, uint256 factorUg, uint256 reductionMg, uint256 year)
        private
    {
        if (!isCredited(batch, index) || _takenBack[batch][index]) revert PointIssuer_NotCredited(batch, index);
        uint256 most = UnitsLib.reductionMgDown(entry & LeafLib.QUANTITY_MASK, factorUg);
        if (reductionMg > most) revert PointIssuer_AboveEntry(batch, index, reductionMg, most);

        _takenBack[batch][index] = true;
        address account = address(uint160(entry >> LeafLib.ACCOUNT_SHIFT));
        book.lowerReduction(account, year, reductionMg);

        emit ReductionRevoked(batch, index, account, reductionMg);
    }
}
