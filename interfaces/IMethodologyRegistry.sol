// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {MethodologyId} from "../contracts/types/Ids.sol";

/// @title Methodologies: what counts, by how much, and since when
/// @notice One entry per (id, version). A version is drafted by one member of the authority, put on public notice, and activated by
/// another; from then on it never changes, except that a successor may end an open act-date window. The date of an act chooses the
/// version: windows of one id never overlap. The factor is linear; a formula that is not is computed off chain into a creditable
/// quantity, and the document whose hash stands here pins that formula.
interface IMethodologyRegistry {
    /// @notice What one unit of creditable quantity is.
    /// @dev MilligramCO2e is for formulas that end in a mass; its factor is 1000 micrograms.
    enum Unit {
        Metre,
        WattHour,
        Litre,
        Millilitre,
        Gram,
        Second,
        Count,
        MilligramCO2e
    }

    /// @notice Draft -> PublicNotice -> Active -> Superseded; Suspended from Active or Superseded, and back.
    enum Status {
        None,
        Draft,
        PublicNotice,
        Active,
        Superseded,
        Suspended
    }

    /// @param unit What the factor is per.
    /// @param earnsPoints False for acts that are easily forged: they count as reduction and growth, never as points.
    /// @param creditable Whether reductions can be certified for sale: false for what is easily forged, and for what another register
    /// (green certificates) may have counted.
    /// @param factorUg Micrograms CO2e per unit quantity.
    /// @param dayCapMg Most milligrams one account can be credited from one batch, which stands for one act day. What is above it is never
    /// credited.
    /// @param recordLimit Most quantity that one record can hold.
    /// @param fromDay First act day of the window (day number).
    /// @param toDay Last act day of the window, inclusive; OPEN_END if it has no end yet.
    /// @param documentHash Hash of the canonical methodology document that every oracle node checks.
    /// @param uri Where that document can be read.
    struct Terms {
        Unit unit;
        bool earnsPoints;
        bool creditable;
        uint64 factorUg;
        uint64 dayCapMg;
        uint64 recordLimit;
        uint32 fromDay;
        uint32 toDay;
        bytes32 documentHash;
        string uri;
    }

    /// @notice A version was drafted.
    event MethodologyProposed(MethodologyId indexed id, uint32 indexed version, address indexed proposer, Terms terms);

    /// @notice A draft was put on public notice until `noticeEnds` (UTC seconds).
    event NoticeStarted(MethodologyId indexed id, uint32 indexed version, uint256 noticeEnds);

    /// @notice A version became active.
    event MethodologyActivated(MethodologyId indexed id, uint32 indexed version, bytes32 documentHash, uint64 factorUg);

    /// @notice A successor ended the version's open window at `toDay`.
    event MethodologySuperseded(MethodologyId indexed id, uint32 indexed version, uint32 toDay);

    /// @notice Attesting and crediting under the version stopped.
    event MethodologySuspended(MethodologyId indexed id, uint32 indexed version, string reason);

    /// @notice Attesting and crediting under the version go on.
    event MethodologyResumed(MethodologyId indexed id, uint32 indexed version);

    /// @notice The version is not in the state the call needs.
    error MethodologyRegistry_WrongStatus(MethodologyId id, uint32 version, Status status);

    /// @notice The factor is outside the sanity range of its unit and of the version last put in force.
    error MethodologyRegistry_FactorOutOfRange(uint64 factorUg, uint64 lowestUg, uint64 highestUg);

    /// @notice The window ends before it begins.
    error MethodologyRegistry_EmptyWindow(uint32 fromDay, uint32 toDay);

    /// @notice A cap, a limit or the document hash is missing.
    error MethodologyRegistry_IncompleteTerms();

    /// @notice The window overlaps that of version `other`.
    error MethodologyRegistry_WindowOverlap(MethodologyId id, uint32 version, uint32 other);

    /// @notice A successor may end an open window only from a day on of which nothing can be attested yet: after `latest`.
    error MethodologyRegistry_SupersedesPast(uint32 fromDay, uint256 latest);

    /// @notice Public notice is not over.
    error MethodologyRegistry_NoticeRunning(MethodologyId id, uint32 version, uint256 noticeEnds);

    /// @notice The one who proposed a version cannot activate it, and nobody may do either through the access manager, which hides who it is.
    error MethodologyRegistry_SamePerson(address person);

    /// @notice Act day `day` is outside the version's window.
    error MethodologyRegistry_OutsideWindow(MethodologyId id, uint32 version, uint256 day);

    /// @notice `toDay` of a window without an end.
    function OPEN_END() external view returns (uint32);

    /// @notice Seconds a version is on public notice: 11 days, which always hold the seven working days that Guangdong asks for when no
    /// public holiday falls in them; the authority waits longer when one does.
    function NOTICE_PERIOD() external view returns (uint256);

    /// @notice Drafts the next version of `id`. Restricted to the authority.
    /// Reverts if: the terms are incomplete; the window is empty; the factor is out of range; called through the access manager.
    function propose(MethodologyId id, Terms calldata terms) external returns (uint32 version);

    /// @notice Puts a draft on public notice. Restricted to the authority.
    /// Reverts if: the version is not a draft.
    function startNotice(MethodologyId id, uint32 version) external;

    /// @notice Activates a version after its notice. Restricted to the authority, by another person than the proposer. If the window of
    /// the version in force is open and begins earlier, it is ended on the day before.
    /// Warning: an active version cannot be changed or deleted.
    /// Reverts if: not on notice; notice is running; same person; windows overlap; an open window would be ended before or on a day that
    /// can be attested already.
    function activate(MethodologyId id, uint32 version) external;

    /// @notice Stops attesting, crediting and closing under a version until `resume`. Restricted to the authority.
    /// Reverts if: the version is not in force; it is suspended already.
    function suspend(MethodologyId id, uint32 version, string calldata reason) external;

    /// @notice Ends a suspension. Restricted to the authority. Batches of the version cannot be closed for a grace period from now on.
    /// Reverts if: the version is not suspended.
    function resume(MethodologyId id, uint32 version) external;

    /// @notice Reverts unless acts of `day` can be attested under the version now.
    /// Reverts if: the version is not in force, or suspended; the day is outside its window.
    function requireUsable(MethodologyId id, uint32 version, uint256 day) external view;

    /// @notice What crediting needs to know of a version: factor, cap per account and batch, whether points are earned.
    /// Reverts if: the version is neither active nor superseded.
    function creditRule(MethodologyId id, uint32 version)
        external
        view
        returns (uint256 factorUg, uint256 dayCapMg, bool earnsPoints);

    /// @notice Since when nothing has stood in the way of crediting under a version: when it was last resumed (UTC seconds), 0 if it never
    /// was suspended.
    /// Reverts if: the version is neither active nor superseded.
    function usableSince(MethodologyId id, uint32 version) external view returns (uint256 time);

    /// @notice Whether reductions under a version can be certified for sale now: its terms say so, it is in force, and not suspended.
    function isCreditable(MethodologyId id, uint32 version) external view returns (bool);

    /// @notice The version whose window holds `day`, or 0. One round for each version at most; only the authority makes them.
    function versionOn(MethodologyId id, uint256 day) external view returns (uint32);

    /// @notice Number of versions ever proposed under `id`.
    function versionCount(MethodologyId id) external view returns (uint32);

    /// @notice Terms, status, end of notice and proposer of a version.
    function methodologyOf(MethodologyId id, uint32 version)
        external
        view
        returns (Terms memory terms, Status status, uint256 noticeEnds, address proposer);
}
