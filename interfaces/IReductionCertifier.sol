// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId, MethodologyId} from "../contracts/types/Ids.sol";
import {IOracleCommittee} from "./IOracleCommittee.sol";

/// @title Claims: from closed batches to a series of credits
/// @notice An operator claims what consenting citizens were credited by its closed batches of one methodology version and one year. The
/// committee signs the claim's frame, a licensed verifier draws a sample and certifies all or part of it, it is on public notice for eleven
/// days, and the authority issues it as one series of `CarbonCredit`, whose number is the claim's. Operator, verifier, who starts the notice
/// and who issues are different persons.
///
/// A frame never changes once it is submitted. A claim of which a batch is revoked before issue is void; a new claim leaves the batch out and
/// has a notice of its own. After issue, see `IReversalDesk`.
interface IReductionCertifier {
    /// @notice None -> Draft -> Submitted -> Drawn -> Verified -> Notice -> Issued; from each before Issued to Rejected or Void, from the first
    /// two to Withdrawn. The last three are final, and free the claim's key and its batches.
    enum State {
        None,
        Draft,
        Submitted,
        Drawn,
        Verified,
        Notice,
        Issued,
        Rejected,
        Withdrawn,
        Void
    }

    /// @param operator Who opened it.
    /// @param state Where it stands.
    /// @param vintage Year of the act days.
    /// @param sequence 1 for the first claim of operator, methodology and vintage, 2 for the next.
    /// @param version Version of the methodology.
    /// @param holds Batches reported as frozen: nothing is issued meanwhile.
    /// @param seedRound Which draw of a seed this is; 0 before there is a verifier. Stops at 255.
    /// @param boundMg What consenting citizens were credited by the batches.
    /// @param reductionMg What is claimed: the sum of the shares.
    /// @param certifiedMg What the verifier certified; once issued, the milligrams of the series.
    /// @param batchCount Batches.
    /// @param accountCount Shares.
    /// @param methodology The methodology.
    /// @param batchesHash keccak256(abi.encode(hash before, batch)) over the batches in the order in which they were added.
    /// @param sharesRoot Root of the shares tree: (index, account, milligrams, true) as in `LeafLib`.
    /// @param verifier Who verifies.
    /// @param noticeEnds UTC seconds; 0 before the notice.
    /// @param seedBlock The block whose hash makes the seed.
    /// @param objections Objections made. Stops at 65,535.
    /// @param noticedBy Who started the notice.
    /// @param recordQuantity Sum of the records that the sample is drawn from.
    /// @param seriesBefore The operator's series that was issued before this one; 0 if none, or not issued.
    struct Claim {
        address operator;
        State state;
        uint16 vintage;
        uint16 sequence;
        uint32 version;
        uint16 holds;
        uint8 seedRound;
        uint64 boundMg;
        uint64 reductionMg;
        uint64 certifiedMg;
        uint32 batchCount;
        uint32 accountCount;
        MethodologyId methodology;
        bytes32 batchesHash;
        bytes32 sharesRoot;
        address verifier;
        uint40 noticeEnds;
        uint40 seedBlock;
        uint16 objections;
        address noticedBy;
        uint64 recordQuantity;
        uint32 seriesBefore;
    }

    /// @notice What the committee signs of a claim.
    /// @param claim The claim.
    /// @param batchesHash As in `Claim`.
    /// @param batchCount As in `Claim`.
    /// @param accountCount Leaves of the shares tree, padding not counted.
    /// @param recordCount Records of the consenting accounts.
    /// @param recordQuantity Sum of their quantities.
    /// @param reductionMg Sum of the shares.
    /// @param sharesRoot Root of the shares tree.
    /// @param reportHash Hash of the monitoring report.
    /// @param declarationsHash Hash of the operator's declarations.
    struct Frame {
        uint256 claim;
        bytes32 batchesHash;
        uint32 batchCount;
        uint32 accountCount;
        uint64 recordCount;
        uint64 recordQuantity;
        uint64 reductionMg;
        bytes32 sharesRoot;
        bytes32 reportHash;
        bytes32 declarationsHash;
    }

    /// @param fromDay First act day of the interval.
    /// @param throughDay Its last.
    /// @param mechanism Under which the reductions are claimed elsewhere.
    struct Exclusion {
        uint32 fromDay;
        uint32 throughDay;
        bytes32 mechanism;
    }

    /// @notice An operator opened a claim.
    event ClaimOpened(
        uint256 indexed claim,
        address indexed operator,
        MethodologyId indexed methodology,
        uint256 version,
        uint256 vintage,
        uint256 sequence
    );

    /// @notice Batches entered a claim; `boundMg` and `batchesHash` are those of all its batches.
    event BatchesAdded(uint256 indexed claim, BatchId[] batches, uint256 boundMg, bytes32 batchesHash);

    /// @notice A quorum of `epoch` signed a claim's frame.
    event ClaimSubmitted(uint256 indexed claim, Frame frame, uint64 epoch);

    /// @notice The authority appointed a verifier; the hash of block `seedBlock` will make the seed.
    event VerifierAppointed(uint256 indexed claim, address indexed verifier, uint256 seedBlock);

    /// @notice The seed of a claim's sample is known.
    event SeedDrawn(uint256 indexed claim, uint256 round, bytes32 seed);

    /// @notice Nobody drew in time; `seedBlock` is the next block to do it with.
    event SeedLapsed(uint256 indexed claim, uint256 round, uint256 seedBlock);

    /// @notice The verifier certified `mg`.
    event Certified(uint256 indexed claim, address indexed verifier, uint256 mg, bytes32 statementHash);

    /// @notice The claim was rejected.
    event ClaimRejected(uint256 indexed claim, address indexed by, string reason);

    /// @notice The operator gave the claim up.
    event ClaimWithdrawn(uint256 indexed claim);

    /// @notice The claim is void: its batch `batch` was revoked.
    event ClaimVoided(uint256 indexed claim, BatchId indexed batch);

    /// @notice The claim cannot be issued while its batch `batch` is frozen.
    event ClaimHeld(uint256 indexed claim, BatchId indexed batch);

    /// @notice `batch` is closed again.
    event HoldCleared(uint256 indexed claim, BatchId indexed batch);

    /// @notice A claim is on public notice until `until` (UTC seconds).
    event NoticeStarted(uint256 indexed claim, uint256 until);

    /// @notice Somebody objected, in a text with this hash.
    event Objected(uint256 indexed claim, address indexed by, bytes32 textHash);

    /// @notice A series was issued into the market: `mg` in all, `bufferMg` of them not for sale, under the market's terms `termsId`.
    event SeriesIssued(
        uint256 indexed series,
        address indexed operator,
        MethodologyId indexed methodology,
        address token,
        uint256 vintage,
        uint256 sequence,
        uint256 mg,
        uint256 bufferMg,
        uint256 termsId,
        bytes32 answersHash
    );

    /// @notice A verifier's licence was given, or taken away (zero).
    event VerifierLicensed(address indexed verifier, bytes32 licence);

    /// @notice Reductions of these act days are claimed under another mechanism.
    event ExclusionSet(MethodologyId indexed methodology, uint256 fromDay, uint256 throughDay, bytes32 mechanism);

    /// @notice An operator got its number, which stands in serials.
    event OperatorNumbered(address indexed operator, uint256 number);

    /// @notice The claim is not in the state the call needs.
    error ReductionCertifier_WrongState(uint256 claim, State state);

    /// @notice Only `operator`, who opened the claim, may do this.
    error ReductionCertifier_NotOperator(uint256 claim, address caller);

    /// @notice Only the claim's verifier may do this, as long as it is licensed.
    error ReductionCertifier_NotVerifier(uint256 claim, address caller);

    /// @notice No reduction of this version can be certified.
    error ReductionCertifier_NotCreditable(MethodologyId methodology, uint256 version);

    /// @notice A live claim has this operator, methodology, vintage and sequence.
    error ReductionCertifier_KeyUsed(uint256 claim);

    /// @notice The sequence is zero, or no live claim has the one before.
    error ReductionCertifier_WrongSequence(uint256 sequence);

    /// @notice The batch is in a live claim.
    error ReductionCertifier_Claimed(BatchId batch, uint256 claim);

    /// @notice The batch is in no live claim.
    error ReductionCertifier_NotClaimed(BatchId batch);

    /// @notice The batch is of another operator, methodology or version.
    error ReductionCertifier_WrongBatch(BatchId batch);

    /// @notice The batch's act day lies outside the vintage.
    error ReductionCertifier_WrongYear(BatchId batch, uint256 day);

    /// @notice Reductions of the batch's act day are claimed under another mechanism.
    error ReductionCertifier_Excluded(BatchId batch, uint256 day, bytes32 mechanism);

    /// @notice A claim has no room for so many batches.
    error ReductionCertifier_TooManyBatches(uint256 batches, uint256 most);

    /// @notice The frame says something else of the claim's batches than the claim.
    error ReductionCertifier_FrameMismatch(bytes32 expected, bytes32 given);

    /// @notice A count, a root or a hash is missing.
    error ReductionCertifier_Incomplete();

    /// @notice More is claimed than consenting citizens were credited.
    error ReductionCertifier_AboveBound(uint256 reductionMg, uint256 boundMg);

    /// @notice More is claimed than a series holds.
    error ReductionCertifier_AboveSeries(uint256 reductionMg, uint256 most);

    /// @notice Not a licensed verifier.
    error ReductionCertifier_NotLicensed(address verifier);

    /// @notice The claim has a verifier, which is not exchanged: the seed follows from the appointment.
    error ReductionCertifier_Appointed(uint256 claim, address verifier);

    /// @notice The seed can be drawn after block `seedBlock`.
    error ReductionCertifier_SeedNotReady(uint256 seedBlock);

    /// @notice More is certified than claimed, or nothing.
    error ReductionCertifier_AboveClaimed(uint256 mg, uint256 reductionMg);

    /// @notice The notice runs until `until` (UTC seconds).
    error ReductionCertifier_NoticeRunning(uint256 until);

    /// @notice The notice ended at `until` (UTC seconds).
    error ReductionCertifier_NoticeOver(uint256 until);

    /// @notice The caller has another part in this claim already, or is the access manager, behind which that could not be seen.
    error ReductionCertifier_SamePerson(address person);

    /// @notice Batches of the claim are frozen.
    error ReductionCertifier_Held(uint256 batches);

    /// @notice There are objections and no answers.
    error ReductionCertifier_Unanswered(uint256 objections);

    /// @notice The ledger does not say that the batch is revoked, or frozen, or closed again.
    error ReductionCertifier_NotInPhase(BatchId batch, uint256 phase);

    /// @notice The batch is held already, or is not.
    error ReductionCertifier_SameHold(BatchId batch, bool held);

    /// @notice The interval is empty, or shares days with one that is set.
    error ReductionCertifier_BadInterval(uint256 fromDay, uint256 throughDay);

    /// @notice Seconds of public notice.
    function NOTICE_PERIOD() external view returns (uint256);

    /// @notice Blocks from appointing a verifier, or from a lapse, to the block that makes the seed.
    function SEED_DELAY() external view returns (uint256);

    /// @notice Opens a claim. The caller is an active operator.
    /// Reverts if: the operator is not active; the version is not creditable; the key is used by a live claim; the sequence is not the next.
    /// @return claim Its number, from 1 on.
    function open(MethodologyId methodology, uint32 version, uint16 vintage, uint16 sequence)
        external
        returns (uint256 claim);

    /// @notice Adds closed batches, whose acts lie in the claim's vintage; those of one year may be claimed at any later time. The caller is the
    /// claim's operator. One round for each batch and each exclusion of the methodology.
    /// Reverts if: not a draft; the operator is not active; a batch is in a live claim, not closed, of another operator, methodology, version or
    /// year, or excluded; there are too many.
    function addBatches(uint256 claim, BatchId[] calldata batches) external;

    /// @notice Takes the frame that a quorum of the committee signed. Anyone may send it.
    /// Reverts if: not a draft; the operator is not active; the frame is incomplete, is of other batches, or claims more than they bear or than
    /// a series holds; the approvals are no quorum.
    function submit(Frame calldata frame, IOracleCommittee.Approval[] calldata approvals) external;

    /// @notice Appoints the verifier, once. Restricted to the authority. The seed is made of the hash of the tenth block from here.
    /// Reverts if: not submitted; there is a verifier; it is not licensed, or is the operator or the
    /// caller.
    function appoint(uint256 claim, address verifier) external;

    /// @notice Draws the seed: keccak256(abi.encode(hash of the seed block, claim, round)). Anyone may; 256 blocks have the hash, after which a
    /// new block is named (`SeedLapsed`) and the round counts on.
    /// Reverts if: not submitted, or no verifier; the seed block is not past.
    function draw(uint256 claim) external;

    /// @notice Certifies `mg`. The caller is the claim's verifier.
    /// Reverts if: not drawn; not the verifier, or not licensed any more; more than claimed, or nothing; no statement.
    function certify(uint256 claim, uint256 mg, bytes32 statementHash) external;

    /// @notice Rejects a claim. The caller is its verifier, until it has certified; or else restricted to the authority, until issue.
    function reject(uint256 claim, string calldata reason) external;

    /// @notice Gives a claim up. The caller is its operator; it can until a verifier is appointed, from when on the seed is settled.
    function withdraw(uint256 claim) external;

    /// @notice Starts the public notice. Restricted to the authority, by a person without another part in the claim.
    /// Reverts if: not verified; the caller is the operator, the verifier, or the access manager.
    function startNotice(uint256 claim) external;

    /// @notice Objects, while the notice runs. Anyone may.
    function object(uint256 claim, bytes32 textHash) external;

    /// @notice Issues the series into the market, under the market's present terms, which stay as they are. Restricted to the authority, by a
    /// person without another part in the claim.
    /// Warning: cannot be undone. Check before that no batch of the claim is revoked or frozen: the chain learns of it by reports only.
    /// Reverts if: not on notice; notice is running; same person; held; objections without answers.
    /// @return token The series.
    function issue(uint256 claim, bytes32 answersHash) external returns (address token);

    /// @notice Voids the live claim of a revoked batch, before issue. Anyone may.
    /// Reverts if: the batch is in no live claim, not revoked, or its claim is issued (`IReversalDesk.reportRevoked`).
    function reportRevoked(BatchId batch) external;

    /// @notice Holds the live claim of a frozen batch, before issue. Anyone may.
    function reportFrozen(BatchId batch) external;

    /// @notice Ends the hold when the batch is closed again. Anyone may.
    function clearHold(BatchId batch) external;

    /// @notice Licenses a verifier; zero takes the licence away. Restricted to the authority.
    function licenseVerifier(address verifier, bytes32 licence) external;

    /// @notice Excludes act days of a methodology that are claimed under another mechanism. Restricted to the authority.
    /// Warning: does not touch batches that are in a claim already; the authority rejects that.
    /// Reverts if: the interval is empty or shares days with another; no mechanism.
    function setExclusion(MethodologyId methodology, uint32 fromDay, uint32 throughDay, bytes32 mechanism) external;

    /// @notice The digest that committee members sign for `frame` in the present epoch.
    function frameDigest(Frame calldata frame) external view returns (bytes32);

    /// @notice A claim; all zero if there is none.
    function claimOf(uint256 claim) external view returns (Claim memory);

    /// @notice The live or issued claim that has this key; 0 if none.
    function claimByKey(address operator, MethodologyId methodology, uint16 vintage, uint16 sequence)
        external
        view
        returns (uint256 claim);

    /// @notice The claim that a batch is in, live or issued, or 0; and what consenting citizens were credited by it.
    function batchOf(BatchId batch) external view returns (uint256 claim, uint256 boundMg, bool held);

    /// @notice Claims opened so far.
    function claimCount() external view returns (uint256);

    /// @notice The seed of a claim's sample; zero before it is drawn.
    function seedOf(uint256 claim) external view returns (bytes32);

    /// @notice The licence of a verifier; zero if it has none.
    function licenceOf(address verifier) external view returns (bytes32);

    /// @notice An operator's number, from 1 on; 0 before its first claim.
    function operatorNumberOf(address operator) external view returns (uint256);

    /// @notice An operator's series that was issued last; `Claim.seriesBefore` leads on.
    function lastSeriesOf(address operator) external view returns (uint256 series);

    /// @notice Who the operator of an issued series is, and the series issued to it before; zero if the series is not issued.
    function issuedTo(uint256 series) external view returns (address operator, uint256 seriesBefore);

    /// @notice What shares are proved against: root and sum; zero if the series is not issued.
    function sharesOf(uint256 series) external view returns (bytes32 sharesRoot, uint256 totalMg);

    /// @notice The token of a series, whether it is issued or not.
    function tokenOf(uint256 series) external view returns (address token);

    /// @notice Intervals of a methodology that are claimed elsewhere.
    function exclusionsOf(MethodologyId methodology) external view returns (Exclusion[] memory);
}
