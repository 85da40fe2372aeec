// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {ICarbonCredit} from "../interfaces/ICarbonCredit.sol";
import {ICreditMarket} from "../interfaces/ICreditMarket.sol";
import {IEvidenceLedger} from "../interfaces/IEvidenceLedger.sol";
import {IOracleCommittee} from "../interfaces/IOracleCommittee.sol";
import {IReductionCertifier} from "../interfaces/IReductionCertifier.sol";
import {IReversalDesk} from "../interfaces/IReversalDesk.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {SeriesLib} from "./libraries/SeriesLib.sol";
import {BatchId} from "./types/Ids.sol";

/// @title ReversalDesk
contract ReversalDesk is IReversalDesk, SaltedDomain, AccessManaged {
    struct Shortfall {
        uint64 mg;
        uint32 pending;
    }

    struct Taken {
        bool reported;
        bool settled;
        uint64 mg;
    }

    bytes32 private constant REVERSAL_TYPEHASH =
        keccak256("Reversal(uint64 epoch,uint256 series,bytes32 batch,uint64 mg)");

    IEvidenceLedger public immutable ledger;
    IOracleCommittee public immutable committee;
    IReductionCertifier public immutable certifier;
    ICreditMarket public immutable market;
    address public immutable credits;

    /// @inheritdoc IReversalDesk
    mapping(address operator => uint256 mg) public owedBy;

    mapping(uint256 series => Shortfall) private _shortfalls;
    mapping(BatchId => Taken) private _taken;

    constructor(
        address access,
        IEvidenceLedger ledger_,
        IOracleCommittee committee_,
        IReductionCertifier certifier_,
        ICreditMarket market_,
        address credits_,
        bytes32 genesisHash_
    ) SaltedDomain(genesisHash_) AccessManaged(access) {
        ledger = ledger_;
        committee = committee_;
        certifier = certifier_;
        market = market_;
        credits = credits_;
    }

    /// @inheritdoc IReversalDesk
    function reportRevoked(BatchId batch) external {
        (uint256 series,,) = certifier.batchOf(batch);
        _operatorOf(series);
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        if (phase != IEvidenceLedger.Phase.Revoked) revert ReversalDesk_NotRevoked(batch, uint256(phase));
        if (_taken[batch].reported) revert ReversalDesk_SameReport(batch, true);

        _taken[batch].reported = true;
        _shortfalls[series].pending++;

        emit SeriesFrozen(series, batch, "");

        if (!_token(series).isFrozen()) _token(series).setFrozen(true);
    }

    /// @inheritdoc IReversalDesk
    function freeze(uint256 series, string calldata reason) external restricted {
        _operatorOf(series);
        _requireFrozen(series, false);

        emit SeriesFrozen(series, BatchId.wrap(0), reason);

        _token(series).setFrozen(true);
    }

    /// @inheritdoc IReversalDesk
    function unfreeze(uint256 series) external restricted {
        _operatorOf(series);
        _requireFrozen(series, true);
        uint256 pending = _shortfalls[series].pending;
        if (pending > 0) revert ReversalDesk_Pending(series, pending);

        emit SeriesUnfrozen(series);

        _token(series).setFrozen(false);
    }

    /// @inheritdoc IReversalDesk
    function cancel(Reversal calldata reversal, IOracleCommittee.Approval[] calldata approvals) external restricted {
        address operator = _operatorOf(reversal.series);
        uint256 mg = _settle(reversal);
        committee.requireQuorum(_reversalDigest(reversal, committee.epoch()), approvals);

        (uint256 fromStock, uint256 fromBuffer) = market.takeBack(reversal.series, mg);
        uint256 own = fromStock + fromBuffer;
        if (own > 0) _token(reversal.series).cancel(address(market), own);
        uint256 fromOthers = own < mg ? _takeFromOthers(reversal.series, operator, mg - own) : 0;
        uint256 short = mg - own - fromOthers;
        if (short > 0) _fallShort(reversal.series, operator, mg, short);

        emit Reversed(reversal.series, reversal.batch, mg, fromStock, fromBuffer, fromOthers, short);
    }

    /// @inheritdoc IReversalDesk
    function restore(uint256 series) external {
        address operator = _operatorOf(series);
        uint256 short = _shortfalls[series].mg;
        uint256 mg = short > 0 ? _takeFromOthers(series, operator, short) : 0;
        if (mg == 0) revert ReversalDesk_NothingToRestore(series, short);

        _makeGood(series, operator, address(0), mg);
    }

    /// @inheritdoc IReversalDesk
    function surrender(uint256 series, uint256 mg) external {
        address operator = _operatorOf(series);
        uint256 short = _shortfalls[series].mg;
        if (mg == 0 || mg > short) revert ReversalDesk_AboveShortfall(mg, short);

        _token(series).cancel(msg.sender, mg);
        _makeGood(series, operator, msg.sender, mg);
    }

    /// @inheritdoc IReversalDesk
    function reversalDigest(Reversal calldata reversal) external view returns (bytes32) {
        return _reversalDigest(reversal, committee.epoch());
    }

    /// @inheritdoc IReversalDesk
    function shortfallOf(uint256 series) external view returns (uint256 shortfallMg, uint256 pending) {
        Shortfall storage shortfall = _shortfalls[series];
        return (shortfall.mg, shortfall.pending);
    }

    /// @inheritdoc IReversalDesk
    function reversalOf(BatchId batch) external view returns (bool reported, bool settled, uint256 mg) {
        Taken storage taken = _taken[batch];
        return (taken.reported, taken.settled, taken.mg);
    }

    /// @inheritdoc IReversalDesk
    function backedOf(uint256 series, uint256 mg) external view returns (uint256 backedMg) {
        uint256 short = _shortfalls[series].mg;
        if (short == 0) return mg;
        uint256 out = outOf(series);
        return mg * (out - short) / out; // out is no less than the shortfall, which is not zero
    }

    /// @inheritdoc IReversalDesk
    function outOf(uint256 series) public view returns (uint256 mg) {
        _operatorOf(series);
        ICarbonCredit token = _token(series);
        ICreditMarket.Stock memory stock = market.stockOf(series);
        return token.totalSupply() + token.retiredMg() - stock.availableMg - stock.bufferMg;
    }

    /// @dev Notes what is taken back for a batch in all; gives how much of it is new.
    function _settle(Reversal calldata reversal) private returns (uint256 mg) {
        BatchId batch = reversal.batch;
        (uint256 series, uint256 boundMg,) = certifier.batchOf(batch);
        if (series != reversal.series) revert ReversalDesk_NotOfSeries(batch, reversal.series);
        Taken memory taken = _taken[batch];
        if (!taken.reported) revert ReversalDesk_SameReport(batch, false);
        _requireFrozen(series, true);
        if (reversal.mg > boundMg) revert ReversalDesk_AboveBound(reversal.mg, boundMg);
        if (taken.settled && reversal.mg <= taken.mg) revert ReversalDesk_Reversed(batch, taken.mg);

        if (!taken.settled) _shortfalls[series].pending--;
        _taken[batch] = Taken({reported: true, settled: true, mg: reversal.mg});
        return reversal.mg - taken.mg;
    }

    /// @dev From the latest series to the first; ends with the amount or with empty buffers, so that nobody chooses whose are spared.
    function _takeFromOthers(uint256 series, address operator, uint256 mg) private returns (uint256 taken) {
        uint256 other = certifier.lastSeriesOf(operator);
        while (other != 0 && taken < mg) {
            if (other != series) taken += _takeBuffer(other, series, mg - taken);
            (, other) = certifier.issuedTo(other);
        }
    }

    function _takeBuffer(uint256 series, uint256 forSeries, uint256 mg) private returns (uint256 taken) {
        taken = market.takeBuffer(series, mg);
        if (taken == 0) return 0;

        _token(series).cancel(address(market), taken);

        emit BufferUsed(series, forSeries, taken);
    }

    function _fallShort(uint256 series, address operator, uint256 mg, uint256 short) private {
        uint256 former = _shortfalls[series].mg;
        uint256 out = outOf(series);
        if (former + short > out) revert ReversalDesk_AboveLeft(mg, mg - short + out - former);

        _shortfalls[series].mg = uint64(former + short); // fits: no more than a series holds
        owedBy[operator] += short;
    }

    function _makeGood(uint256 series, address operator, address by, uint256 mg) private {
        _shortfalls[series].mg -= uint64(mg); // fits: no more than there is
        owedBy[operator] -= mg;

        emit Restored(series, by, mg);
    }

    function _requireFrozen(uint256 series, bool frozen) private view {
        if (_token(series).isFrozen() != frozen) revert ReversalDesk_SameState(series, !frozen);
    }

    function _operatorOf(uint256 series) private view returns (address operator) {
        (operator,) = certifier.issuedTo(series);
        if (operator == address(0)) revert ReversalDesk_NotIssued(series);
    }

    function _token(uint256 series) private view returns (ICarbonCredit) {
        return ICarbonCredit(SeriesLib.tokenOf(credits, address(certifier), series));
    }

    /// @dev The fields of `Reversal` are in the order of the type, so that encoding the struct encodes the message.
    function _reversalDigest(Reversal calldata reversal, uint64 epoch) private view returns (bytes32) {
        return _digest(keccak256(abi.encode(REVERSAL_TYPEHASH, epoch, reversal)));
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook ReversalDesk";
    }
}
