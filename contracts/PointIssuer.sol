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

    /// @inheritdoc IPointIssuer
    uint256 public constant MAX_DAY_CAP_MG = 1 << 46;

    uint64 private _accountDayCapMg; // in one slot with the pause and the authority
    uint256 private _unpausedAt;

    mapping(BatchId => mapping(uint256 word => uint256 bits)) private _credited;
    mapping(BatchId => mapping(uint256 index => bool)) private _takenBack;
    mapping(BatchId => PackedProgress) private _progress;
    mapping(BatchId => mapping(uint256 index => uint256 entry)) private _rests; // packed as a leaf, milligrams in place of the quantity
    mapping(BatchId => uint256) private _restCount;
    mapping(address operator => mapping(uint256 day => uint256 mg)) private _issued;

    constructor(
        address access,
        IEvidenceLedger ledger_,
        IMethodologyRegistry methodologies_,
        IOperatorRegistry operators_,
        ICarbonPoint book_,
        uint256 accountDayCapMg_
    ) AccessManaged(access) {
        ledger = ledger_;
        methodologies = methodologies_;
        operators = operators_;
        book = book_;
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
        (ICarbonPoint.CreditTerms memory terms, ChunkLib.Rule memory rule) = _termsOf(basis);

        ChunkLib.Taken memory taken = _take(batch, firstIndex, entries, rule);
        if (taken.credits.length == 0) revert PointIssuer_NothingToCredit(batch, firstIndex);
        ICarbonPoint.Cut[] memory cuts;
        (reductionMg, pointsMilli, cuts) = book.credit(terms, taken.credits);
        if (taken.capped || cuts.length > 0) _keepRests(batch, firstIndex, entries, rule, taken, cuts);
        _countAgainstDayLimit(basis.operator, reductionMg);

        emit ChunkCredited(batch, basis.operator, firstIndex, taken.credits.length, reductionMg, pointsMilli);

        _advance(batch, basis, taken, taken.credits.length, reductionMg, pointsMilli);
    }

    /// @inheritdoc IPointIssuer
    function creditRests(BatchId batch, uint256[] calldata indices)
        external
        whenNotPaused
        returns (uint256 reductionMg, uint256 pointsMilli)
    {
        IEvidenceLedger.CreditBasis memory basis = ledger.creditBasis(batch);
        (ICarbonPoint.CreditTerms memory terms,) = _termsOf(basis);

        (uint256[] memory rests, ChunkLib.Taken memory taken) = _takeRests(batch, indices);
        ICarbonPoint.Cut[] memory cuts;
        (reductionMg, pointsMilli, cuts) = book.credit(terms, taken.credits);
        if (reductionMg == 0) revert PointIssuer_NothingFits(batch);
        for (uint256 i = 0; i < cuts.length; i++) {
            uint256 at = cuts[i].position;
            uint256 restMg = (rests[at] & LeafLib.QUANTITY_MASK) - cuts[i].creditedMg;
            taken.consentedMg -= _keepRest(batch, indices[at], rests[at], restMg);
        }
        _restCount[batch] -= indices.length - cuts.length;
        _countAgainstDayLimit(basis.operator, reductionMg);

        emit RestsCredited(batch, basis.operator, indices, reductionMg, pointsMilli);

        _advance(batch, basis, taken, 0, reductionMg, pointsMilli);
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

        ChunkLib.Rule memory rule = ChunkLib.Rule(terms.factorUg, terms.dayCapMg);
        for (uint256 i = 0; i < entries.length; i++) {
            if (reductionsMg[i] == 0) continue;
            _takeBack(batch, firstIndex + i, entries[i], rule, reductionsMg[i], header.day);
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
        _unpausedAt = block.timestamp;
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
            consentedMg: uint64(progress.consentedMg()),
            accounts: uint32(progress.accounts()),
            rests: uint32(_restCount[batch])
        });
    }

    /// @inheritdoc IPointIssuer
    function restOf(BatchId batch, uint256 index) public view returns (uint256 restMg) {
        return _rests[batch][index] & LeafLib.QUANTITY_MASK;
    }

    /// @inheritdoc IPointIssuer
    function claimBasis(BatchId batch) external view returns (ClaimBasis memory) {
        IEvidenceLedger.CreditBasis memory basis = ledger.closedBasis(batch);
        return ClaimBasis({
            operator: basis.operator,
            methodology: basis.methodology,
            version: basis.version,
            day: basis.day,
            consentedMg: uint64(_progress[batch].consentedMg()),
            accountsRoot: basis.accountsRoot
        });
    }

    /// @inheritdoc IPointIssuer
    function runsSince() external view whenNotPaused returns (uint256 time) {
        return _unpausedAt;
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
        returns (ICarbonPoint.CreditTerms memory terms, ChunkLib.Rule memory rule)
    {
        (rule.factorUg, rule.capMg, terms.earnsPoints) = methodologies.creditRule(basis.methodology, basis.version);
        (terms.day, terms.accountCapMg) = (basis.day, _accountDayCapMg);
    }

    /// @dev Marks what is not yet credited, one word of the bitmap after the other, and turns it into the book's entries.
    function _take(BatchId batch, uint256 firstIndex, uint256[] calldata entries, ChunkLib.Rule memory rule)
        private
        returns (ChunkLib.Taken memory taken)
    {
        mapping(uint256 => uint256) storage words = _credited[batch];
        uint256[] memory credits = taken.credits = new uint256[](entries.length);
        for (uint256 done = 0; done < entries.length;) {
            uint256 index = firstIndex + done;
            uint256 end = Math.min(entries.length, done + 256 - (index & 0xff));
            words[index >> 8] = ChunkLib.take(entries[done:end], words[index >> 8], 1 << (index & 0xff), rule, taken);
            done = end;
        }
        uint256 count = taken.count;
        assembly ("memory-safe") {
            mstore(credits, count) // shortens the array to what is new
        }
    }

    /// @dev Tells what the methodology's cap cut, and keeps what the account's day had no room for. Accounts of a chunk are ascending: walking
    /// through its entries meets those that were credited in their order. Takes kept milligrams off those of consenting accounts.
    function _keepRests(
        BatchId batch,
        uint256 firstIndex,
        uint256[] calldata entries,
        ChunkLib.Rule memory rule,
        ChunkLib.Taken memory taken,
        ICarbonPoint.Cut[] memory cuts
    ) private {
        (uint256 position, uint256 cut) = (0, 0);
        for (uint256 i = 0; position < taken.credits.length; i++) {
            uint256 credit_ = taken.credits[position];
            if (entries[i] >> LeafLib.ACCOUNT_SHIFT != credit_ >> LeafLib.ACCOUNT_SHIFT) continue;
            uint256 mg = UnitsLib.reductionMgDown(entries[i] & LeafLib.QUANTITY_MASK, rule.factorUg);
            if (mg > rule.capMg) {
                emit EntryCapped(batch, firstIndex + i, mg, rule.capMg);
                mg = rule.capMg;
            }
            if (cut < cuts.length && cuts[cut].position == position) {
                uint256 rest = mg - cuts[cut++].creditedMg;
                taken.consentedMg -= _keepRest(batch, firstIndex + i, entries[i], rest);
            }
            position++;
        }
        _restCount[batch] += cuts.length;
    }

    /// @dev Takes rests out, as they were kept and as entries of the book. One that is asked for twice is gone the second time.
    function _takeRests(BatchId batch, uint256[] calldata indices)
        private
        returns (uint256[] memory rests, ChunkLib.Taken memory taken)
    {
        rests = new uint256[](indices.length);
        taken.credits = new uint256[](indices.length);
        for (uint256 i = 0; i < indices.length; i++) {
            uint256 rest = _rests[batch][indices[i]];
            if (rest == 0) revert PointIssuer_NoRest(batch, indices[i]);
            delete _rests[batch][indices[i]];
            rests[i] = rest;
            taken.credits[i] = rest & ~LeafLib.CONSENT_BIT;
            if (rest & LeafLib.CONSENT_BIT != 0) taken.consentedMg += rest & LeafLib.QUANTITY_MASK;
        }
    }

    /// @dev Returns what of the rest belongs to an account that consents.
    function _keepRest(BatchId batch, uint256 index, uint256 entry, uint256 restMg) private returns (uint256) {
        _rests[batch][index] = entry & ~LeafLib.QUANTITY_MASK | restMg;

        emit RestKept(batch, index, address(uint160(entry >> LeafLib.ACCOUNT_SHIFT)), restMg);

        return entry & LeafLib.CONSENT_BIT == 0 ? 0 : restMg;
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

    /// @dev Adds to the batch's progress what was taken from it and what it brought, and closes the batch when nothing is left.
    function _advance(
        BatchId batch,
        IEvidenceLedger.CreditBasis memory basis,
        ChunkLib.Taken memory taken,
        uint256 accounts,
        uint256 reductionMg,
        uint256 pointsMilli
    ) private {
        PackedProgress progress = _progress[batch];
        uint256 quantity = progress.quantity() + taken.quantity;
        accounts += progress.accounts();
        if (quantity > basis.totalQuantity) revert PointIssuer_AboveAttested(batch, quantity, basis.totalQuantity);
        if (accounts > basis.accountCount) revert PointIssuer_TooManyAccounts(batch, accounts, basis.accountCount);

        _progress[batch] = ProgressLib.pack(
            quantity,
            progress.reductionMg() + reductionMg,
            progress.pointsMilli() + pointsMilli,
            progress.consentedMg() + taken.consentedMg,
            accounts
        );

        if (accounts == basis.accountCount && _restCount[batch] == 0) ledger.close(batch);
    }

    function _takeBack(
        BatchId batch,
        uint256 index,
        uint256 entry,
        ChunkLib.Rule memory rule,
        uint256 reductionMg,
        uint256 day
    ) private {
        if (!isCredited(batch, index) || _takenBack[batch][index]) {
            revert PointIssuer_NotCredited(batch, index);
        }
        uint256 brought = UnitsLib.reductionMgDown(entry & LeafLib.QUANTITY_MASK, rule.factorUg);
        brought = Math.min(brought, rule.capMg) - restOf(batch, index);
        if (reductionMg > brought) revert PointIssuer_AboveEntry(batch, index, reductionMg, brought);

        _takenBack[batch][index] = true;
        address account = address(uint160(entry >> LeafLib.ACCOUNT_SHIFT));
        book.lowerReduction(account, day, reductionMg);

        emit ReductionRevoked(batch, index, account, reductionMg);
    }
}
