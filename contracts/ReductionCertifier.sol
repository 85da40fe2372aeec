// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Clones} from "@openzeppelin/contracts/proxy/Clones.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {ICarbonCredit} from "../interfaces/ICarbonCredit.sol";
import {ICreditMarket} from "../interfaces/ICreditMarket.sol";
import {IEvidenceLedger} from "../interfaces/IEvidenceLedger.sol";
import {IMethodologyRegistry} from "../interfaces/IMethodologyRegistry.sol";
import {IOperatorRegistry} from "../interfaces/IOperatorRegistry.sol";
import {IOracleCommittee} from "../interfaces/IOracleCommittee.sol";
import {IPointIssuer} from "../interfaces/IPointIssuer.sol";
import {IReductionCertifier} from "../interfaces/IReductionCertifier.sol";
import {SaltedDomain} from "./libraries/SaltedDomain.sol";
import {SeriesLib} from "./libraries/SeriesLib.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";
import {BatchId, MethodologyId} from "./types/Ids.sol";

/// @title ReductionCertifier
contract ReductionCertifier is IReductionCertifier, SaltedDomain, AccessManaged {
    using SafeCast for uint256;

    /// @dev One word. Stays when the claim ends, until the batch enters another.
    struct Entry {
        uint32 claim;
        uint64 boundMg;
        bool held;
    }

    bytes32 private constant FRAME_TYPEHASH = keccak256(
        "Frame(uint64 epoch,uint256 claim,bytes32 batchesHash,uint32 batchCount,uint32 accountCount,uint64 recordCount,"
        "uint64 recordQuantity,uint64 reductionMg,bytes32 sharesRoot,bytes32 reportHash,bytes32 declarationsHash)"
    );

    /// @inheritdoc IReductionCertifier
    uint256 public constant NOTICE_PERIOD = 11 days;

    /// @inheritdoc IReductionCertifier
    uint256 public constant SEED_DELAY = 10;

    uint256 private constant MAX_BATCHES = type(uint16).max; // each could be held

    IEvidenceLedger public immutable ledger;
    IPointIssuer public immutable issuer;
    IMethodologyRegistry public immutable methodologies;
    IOperatorRegistry public immutable operators;
    IOracleCommittee public immutable committee;
    ICreditMarket public immutable market;
    address public immutable credits;

    /// @inheritdoc IReductionCertifier
    uint256 public claimCount;

    uint256 private _operatorCount;

    /// @inheritdoc IReductionCertifier
    mapping(uint256 claim => bytes32) public seedOf;

    /// @inheritdoc IReductionCertifier
    mapping(address verifier => bytes32) public licenceOf;

    /// @inheritdoc IReductionCertifier
    mapping(address operator => uint256) public operatorNumberOf;

    /// @inheritdoc IReductionCertifier
    mapping(address operator => uint256 series) public lastSeriesOf;

    mapping(uint256 claim => Claim) private _claims;
    mapping(BatchId => Entry) private _entries;
    mapping(bytes32 key => uint256 claim) private _claimByKey;
    mapping(MethodologyId => Exclusion[]) private _exclusions;

    constructor(
        address access,
        IEvidenceLedger ledger_,
        IPointIssuer issuer_,
        IMethodologyRegistry methodologies_,
        IOperatorRegistry operators_,
        IOracleCommittee committee_,
        ICreditMarket market_,
        address credits_,
        bytes32 genesisHash_
    ) SaltedDomain(genesisHash_) AccessManaged(access) {
        ledger = ledger_;
        issuer = issuer_;
        methodologies = methodologies_;
        operators = operators_;
        committee = committee_;
        market = market_;
        credits = credits_;
    }

    /// @inheritdoc IReductionCertifier
    function open(MethodologyId methodology, uint32 version, uint16 vintage, uint16 sequence)
        external
        returns (uint256 claim)
    {
        operators.requireActiveOperator(msg.sender);
        if (!methodologies.isCreditable(methodology, version)) {
            revert ReductionCertifier_NotCreditable(methodology, version);
        }
        uint256 other = claimByKey(msg.sender, methodology, vintage, sequence);
        if (other != 0) revert ReductionCertifier_KeyUsed(other);
        bool next = sequence == 1 || (sequence > 1 && claimByKey(msg.sender, methodology, vintage, sequence - 1) != 0);
        if (!next) revert ReductionCertifier_WrongSequence(sequence);

        claim = ++claimCount;
        _claimByKey[_keyOf(msg.sender, methodology, vintage, sequence)] = claim;
        Claim storage c = _claims[claim];
        (c.operator, c.state, c.methodology) = (msg.sender, State.Draft, methodology);
        (c.vintage, c.sequence, c.version) = (vintage, sequence, version);

        emit ClaimOpened(claim, msg.sender, methodology, version, vintage, sequence);
        if (operatorNumberOf[msg.sender] == 0) {
            operatorNumberOf[msg.sender] = ++_operatorCount;
            emit OperatorNumbered(msg.sender, _operatorCount);
        }
    }

    /// @inheritdoc IReductionCertifier
    function addBatches(uint256 claim, BatchId[] calldata batches) external {
        Claim storage c = _claimIn(claim, State.Draft);
        if (msg.sender != c.operator) revert ReductionCertifier_NotOperator(claim, msg.sender);
        operators.requireActiveOperator(msg.sender);
        uint256 count = c.batchCount + batches.length;
        if (count > MAX_BATCHES) revert ReductionCertifier_TooManyBatches(count, MAX_BATCHES);

        Claim memory known = c;
        (uint256 boundMg, bytes32 hash) = (known.boundMg, known.batchesHash);
        for (uint256 i = 0; i < batches.length; i++) {
            boundMg += _enter(claim, known, batches[i]);
            hash = keccak256(abi.encode(hash, batches[i]));
        }
        (c.batchCount, c.boundMg, c.batchesHash) = (uint32(count), boundMg.toUint64(), hash);

        emit BatchesAdded(claim, batches, boundMg, hash);
    }

    /// @inheritdoc IReductionCertifier
    function submit(Frame calldata frame, IOracleCommittee.Approval[] calldata approvals) external {
        Claim storage c = _claimIn(frame.claim, State.Draft);
        operators.requireActiveOperator(c.operator);
        _requireFits(c, frame);
        uint64 epoch = committee.epoch();
        committee.requireQuorum(_frameDigest(frame, epoch), approvals);

        c.state = State.Submitted;
        (c.accountCount, c.reductionMg) = (frame.accountCount, frame.reductionMg);
        (c.sharesRoot, c.recordQuantity) = (frame.sharesRoot, frame.recordQuantity);

        emit ClaimSubmitted(frame.claim, frame, epoch);
    }

    /// @inheritdoc IReductionCertifier
    function appoint(uint256 claim, address verifier) external restricted {
        Claim storage c = _claimIn(claim, State.Submitted);
        if (c.verifier != address(0)) revert ReductionCertifier_Appointed(claim, c.verifier);
        if (licenceOf[verifier] == 0) revert ReductionCertifier_NotLicensed(verifier);
        if (verifier == c.operator || verifier == msg.sender) revert ReductionCertifier_SamePerson(verifier);

        uint256 seedBlock = block.number + SEED_DELAY;
        (c.verifier, c.seedBlock, c.seedRound) = (verifier, uint40(seedBlock), 1);

        emit VerifierAppointed(claim, verifier, seedBlock);
    }

    /// @inheritdoc IReductionCertifier
    function draw(uint256 claim) external {
        Claim storage c = _claimIn(claim, State.Submitted);
        uint256 seedBlock = c.seedBlock;
        if (seedBlock == 0 || block.number <= seedBlock) revert ReductionCertifier_SeedNotReady(seedBlock);
        bytes32 hash = blockhash(seedBlock); // zero after 256 blocks
        if (hash == 0) return _lapse(claim, c);

        bytes32 seed = keccak256(abi.encode(hash, claim, uint256(c.seedRound)));
        c.state = State.Drawn;
        seedOf[claim] = seed;

        emit SeedDrawn(claim, c.seedRound, seed);
    }

    /// @inheritdoc IReductionCertifier
    function certify(uint256 claim, uint256 mg, bytes32 statementHash) external {
        Claim storage c = _claimIn(claim, State.Drawn);
        if (msg.sender != c.verifier || licenceOf[msg.sender] == 0) {
            revert ReductionCertifier_NotVerifier(claim, msg.sender);
        }
        if (mg == 0 || mg > c.reductionMg) revert ReductionCertifier_AboveClaimed(mg, c.reductionMg);
        if (statementHash == 0) revert ReductionCertifier_Incomplete();

        (c.state, c.certifiedMg) = (State.Verified, uint64(mg)); // fits: no more than is claimed

        emit Certified(claim, msg.sender, mg, statementHash);
    }

    /// @inheritdoc IReductionCertifier
    function reject(uint256 claim, string calldata reason) external {
        Claim storage c = _claims[claim];
        State state = c.state;
        bool byVerifier = msg.sender == c.verifier && (state == State.Submitted || state == State.Drawn);
        if (!byVerifier) _checkCanCall(msg.sender, msg.data);
        if (!_isPending(state)) revert ReductionCertifier_WrongState(claim, state);

        c.state = State.Rejected;

        emit ClaimRejected(claim, msg.sender, reason);
    }

    /// @inheritdoc IReductionCertifier
    function withdraw(uint256 claim) external {
        Claim storage c = _claims[claim];
        if (msg.sender != c.operator) revert ReductionCertifier_NotOperator(claim, msg.sender);
        if (c.verifier != address(0)) revert ReductionCertifier_Appointed(claim, c.verifier);
        if (!_isPending(c.state)) revert ReductionCertifier_WrongState(claim, c.state);

        c.state = State.Withdrawn;

        emit ClaimWithdrawn(claim);
    }

    /// @inheritdoc IReductionCertifier
    function startNotice(uint256 claim) external restricted {
        Claim storage c = _claimIn(claim, State.Verified);
        _requireNewPerson(c);

        uint256 until = block.timestamp + NOTICE_PERIOD;
        (c.state, c.noticeEnds, c.noticedBy) = (State.Notice, uint40(until), msg.sender);

        emit NoticeStarted(claim, until);
    }

    /// @inheritdoc IReductionCertifier
    function object(uint256 claim, bytes32 textHash) external {
        Claim storage c = _claimIn(claim, State.Notice);
        if (block.timestamp >= c.noticeEnds) revert ReductionCertifier_NoticeOver(c.noticeEnds);
        if (textHash == 0) revert ReductionCertifier_Incomplete();

        if (c.objections < type(uint16).max) c.objections++;

        emit Objected(claim, msg.sender, textHash);
    }

    /// @inheritdoc IReductionCertifier
    function issue(uint256 claim, bytes32 answersHash) external restricted returns (address token) {
        Claim storage c = _claimIn(claim, State.Notice);
        if (block.timestamp < c.noticeEnds) revert ReductionCertifier_NoticeRunning(c.noticeEnds);
        _requireNewPerson(c);
        if (c.holds > 0) revert ReductionCertifier_Held(c.holds);
        if (c.objections > 0 && answersHash == 0) revert ReductionCertifier_Unanswered(c.objections);

        c.state = State.Issued;
        address operator = c.operator;
        c.seriesBefore = uint32(lastSeriesOf[operator]); // fits: claims are counted in 32 bits by `_enter`
        lastSeriesOf[operator] = claim;
        token = Clones.cloneDeterministic(credits, bytes32(claim));
        _open(claim, c, token, answersHash);
    }

    /// @inheritdoc IReductionCertifier
    function reportRevoked(BatchId batch) external {
        (uint256 claim, Claim storage c,) = _pendingOf(batch, IEvidenceLedger.Phase.Revoked);

        c.state = State.Void;

        emit ClaimVoided(claim, batch);
    }

    /// @inheritdoc IReductionCertifier
    function reportFrozen(BatchId batch) external {
        (uint256 claim, Claim storage c, Entry storage entry) = _pendingOf(batch, IEvidenceLedger.Phase.Frozen);
        if (entry.held) revert ReductionCertifier_SameHold(batch, true);

        entry.held = true;
        c.holds++;

        emit ClaimHeld(claim, batch);
    }

    /// @inheritdoc IReductionCertifier
    function clearHold(BatchId batch) external {
        (uint256 claim, Claim storage c, Entry storage entry) = _pendingOf(batch, IEvidenceLedger.Phase.Closed);
        if (!entry.held) revert ReductionCertifier_SameHold(batch, false);

        entry.held = false;
        c.holds--;

        emit HoldCleared(claim, batch);
    }

    /// @inheritdoc IReductionCertifier
    function licenseVerifier(address verifier, bytes32 licence) external restricted {
        licenceOf[verifier] = licence;

        emit VerifierLicensed(verifier, licence);
    }

    /// @inheritdoc IReductionCertifier
    function setExclusion(MethodologyId methodology, uint32 fromDay, uint32 throughDay, bytes32 mechanism)
        external
        restricted
    {
        if (mechanism == 0) revert ReductionCertifier_Incomplete();
        if (fromDay > throughDay) revert ReductionCertifier_BadInterval(fromDay, throughDay);
        Exclusion[] storage known = _exclusions[methodology];
        for (uint256 i = 0; i < known.length; i++) {
            if (known[i].fromDay <= throughDay && fromDay <= known[i].throughDay) {
                revert ReductionCertifier_BadInterval(known[i].fromDay, known[i].throughDay);
            }
        }

        known.push(Exclusion({fromDay: fromDay, throughDay: throughDay, mechanism: mechanism}));

        emit ExclusionSet(methodology, fromDay, throughDay, mechanism);
    }

    /// @inheritdoc IReductionCertifier
    function frameDigest(Frame calldata frame) external view returns (bytes32) {
        return _frameDigest(frame, committee.epoch());
    }

    /// @inheritdoc IReductionCertifier
    function claimOf(uint256 claim) external view returns (Claim memory) {
        return _claims[claim];
    }

    /// @inheritdoc IReductionCertifier
    function batchOf(BatchId batch) external view returns (uint256 claim, uint256 boundMg, bool held) {
        Entry storage entry = _entries[batch];
        if (_isLive(_claims[entry.claim].state)) return (entry.claim, entry.boundMg, entry.held);
    }

    /// @inheritdoc IReductionCertifier
    function issuedTo(uint256 series) external view returns (address operator, uint256 seriesBefore) {
        Claim storage c = _claims[series];
        if (c.state == State.Issued) return (c.operator, c.seriesBefore);
    }

    /// @inheritdoc IReductionCertifier
    function sharesOf(uint256 series) external view returns (bytes32 sharesRoot, uint256 totalMg) {
        Claim storage c = _claims[series];
        if (c.state == State.Issued) return (c.sharesRoot, c.reductionMg);
    }

    /// @inheritdoc IReductionCertifier
    function tokenOf(uint256 series) external view returns (address token) {
        return SeriesLib.tokenOf(credits, address(this), series);
    }

    /// @inheritdoc IReductionCertifier
    function exclusionsOf(MethodologyId methodology) external view returns (Exclusion[] memory) {
        return _exclusions[methodology];
    }

    /// @inheritdoc IReductionCertifier
    function claimByKey(address operator, MethodologyId methodology, uint16 vintage, uint16 sequence)
        public
        view
        returns (uint256 claim)
    {
        claim = _claimByKey[_keyOf(operator, methodology, vintage, sequence)];
        if (!_isLive(_claims[claim].state)) return 0;
    }

    /// @dev Enters one batch; gives its bound.
    function _enter(uint256 claim, Claim memory known, BatchId batch) private returns (uint256 boundMg) {
        uint256 other = _entries[batch].claim;
        if (_isLive(_claims[other].state)) revert ReductionCertifier_Claimed(batch, other);
        IPointIssuer.ClaimBasis memory basis = issuer.claimBasis(batch);
        bool same = basis.operator == known.operator && basis.version == known.version
            && MethodologyId.unwrap(basis.methodology) == MethodologyId.unwrap(known.methodology);
        if (!same) revert ReductionCertifier_WrongBatch(batch);
        if (UnitsLib.yearOf(basis.day) != known.vintage) revert ReductionCertifier_WrongYear(batch, basis.day);
        _requireNotExcluded(batch, known.methodology, basis.day);

        _entries[batch] = Entry({claim: claim.toUint32(), boundMg: basis.consentedMg, held: false});
        return basis.consentedMg;
    }

    function _requireNotExcluded(BatchId batch, MethodologyId methodology, uint256 day) private view {
        Exclusion[] storage known = _exclusions[methodology];
        for (uint256 i = 0; i < known.length; i++) {
            if (known[i].fromDay <= day && day <= known[i].throughDay) {
                revert ReductionCertifier_Excluded(batch, day, known[i].mechanism);
            }
        }
    }

    function _requireFits(Claim storage c, Frame calldata frame) private view {
        if (frame.batchesHash != c.batchesHash) {
            revert ReductionCertifier_FrameMismatch(c.batchesHash, frame.batchesHash);
        }
        if (frame.batchCount != c.batchCount) {
            revert ReductionCertifier_FrameMismatch(bytes32(uint256(c.batchCount)), bytes32(uint256(frame.batchCount)));
        }
        if (
            frame.accountCount == 0 || frame.recordCount == 0 || frame.recordQuantity == 0 || frame.reductionMg == 0
                || frame.sharesRoot == 0 || frame.reportHash == 0 || frame.declarationsHash == 0
        ) revert ReductionCertifier_Incomplete();
        if (frame.reductionMg > c.boundMg) revert ReductionCertifier_AboveBound(frame.reductionMg, c.boundMg);
        if (frame.reductionMg > SeriesLib.MAX_MG) {
            revert ReductionCertifier_AboveSeries(frame.reductionMg, SeriesLib.MAX_MG);
        }
    }

    function _lapse(uint256 claim, Claim storage c) private {
        uint256 seedBlock = block.number + SEED_DELAY;
        uint256 round = c.seedRound;
        if (round < type(uint8).max) round++;
        (c.seedBlock, c.seedRound) = (uint40(seedBlock), uint8(round));

        emit SeedLapsed(claim, round, seedBlock);
    }

    function _open(uint256 claim, Claim storage c, address token, bytes32 answersHash) private {
        uint256 mg = c.certifiedMg;
        (uint256 bufferMg, uint256 termsId) = market.open(claim, mg);
        ICarbonCredit(token).open(claim, address(market), mg);

        emit SeriesIssued(
            claim, c.operator, c.methodology, token, c.vintage, c.sequence, mg, bufferMg, termsId, answersHash
        );
    }

    /// @dev The access manager calls in its own name: one person could pass for two through it.
    function _requireNewPerson(Claim storage c) private view {
        bool known = msg.sender == c.operator || msg.sender == c.verifier || msg.sender == c.noticedBy;
        if (known || msg.sender == authority()) revert ReductionCertifier_SamePerson(msg.sender);
    }

    /// @dev The claim of a batch, if it is not issued and the ledger says that the batch is in this phase.
    function _pendingOf(BatchId batch, IEvidenceLedger.Phase wanted)
        private
        view
        returns (uint256 claim, Claim storage c, Entry storage entry)
    {
        entry = _entries[batch];
        claim = entry.claim;
        c = _claims[claim];
        if (!_isLive(c.state)) revert ReductionCertifier_NotClaimed(batch);
        if (c.state == State.Issued) revert ReductionCertifier_WrongState(claim, State.Issued);
        (IEvidenceLedger.Phase phase,) = ledger.phaseOf(batch);
        if (phase != wanted) revert ReductionCertifier_NotInPhase(batch, uint256(phase));
    }

    function _claimIn(uint256 claim, State state) private view returns (Claim storage c) {
        c = _claims[claim];
        if (c.state != state) revert ReductionCertifier_WrongState(claim, c.state);
    }

    function _isPending(State state) private pure returns (bool) {
        return state >= State.Draft && state < State.Issued;
    }

    function _isLive(State state) private pure returns (bool) {
        return state >= State.Draft && state <= State.Issued;
    }

    function _keyOf(address operator, MethodologyId methodology, uint16 vintage, uint16 sequence)
        private
        pure
        returns (bytes32)
    {
        return keccak256(abi.encode(operator, methodology, vintage, sequence));
    }

    /// @dev The fields of `Frame` are in the order of the type, so that encoding the struct encodes the message.
    function _frameDigest(Frame calldata frame, uint64 epoch) private view returns (bytes32) {
        return _digest(keccak256(abi.encode(FRAME_TYPEHASH, epoch, frame)));
    }

    function _domainName() internal pure override returns (string memory) {
        return "Carbonbook ReductionCertifier";
    }
}
