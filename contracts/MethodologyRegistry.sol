// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IMethodologyRegistry} from "../interfaces/IMethodologyRegistry.sol";
import {UnitsLib} from "./libraries/UnitsLib.sol";
import {MethodologyId} from "./types/Ids.sol";

/// @title MethodologyRegistry
contract MethodologyRegistry is IMethodologyRegistry, AccessManaged {
    struct Entry {
        Status status; // never Suspended: that is the flag below, so that resuming finds what was before
        bool suspended;
        bool earnsPoints;
        bool creditable;
        uint64 factorUg;
        uint64 dayCapMg;
        uint32 fromDay;
        uint32 toDay;
        Unit unit;
        uint64 recordLimit;
        uint40 noticeEnds;
        uint40 resumedAt;
        address proposer;
        bytes32 documentHash;
        string uri;
    }

    /// @inheritdoc IMethodologyRegistry
    uint32 public constant OPEN_END = type(uint32).max;

    /// @inheritdoc IMethodologyRegistry
    uint256 public constant NOTICE_PERIOD = 11 days;

    /// @dev The most by which a version's factor can exceed that of the version last put in force.
    uint64 private constant MAX_FACTOR_STEP = 10;

    mapping(MethodologyId id => mapping(uint32 version => Entry)) private _entries;
    mapping(MethodologyId id => uint32) private _versions;
    mapping(MethodologyId id => uint32[] versions) private _putInForce; // in the order of activation

    constructor(address access) AccessManaged(access) {}

    /// @inheritdoc IMethodologyRegistry
    function propose(MethodologyId id, Terms calldata terms) external restricted returns (uint32 version) {
        if (terms.dayCapMg == 0 || terms.recordLimit == 0 || terms.documentHash == bytes32(0)) {
            revert MethodologyRegistry_IncompleteTerms();
        }
        if (terms.fromDay > terms.toDay) revert MethodologyRegistry_EmptyWindow(terms.fromDay, terms.toDay);
        (uint64 lowest, uint64 highest) = _factorRangeUg(id, terms.unit);
        if (terms.factorUg < lowest || terms.factorUg > highest) {
            revert MethodologyRegistry_FactorOutOfRange(terms.factorUg, lowest, highest);
        }

        version = ++_versions[id];
        _entries[id][version] = Entry({
            status: Status.Draft,
            suspended: false,
            earnsPoints: terms.earnsPoints,
            creditable: terms.creditable,
            factorUg: terms.factorUg,
            dayCapMg: terms.dayCapMg,
            fromDay: terms.fromDay,
            toDay: terms.toDay,
            unit: terms.unit,
            recordLimit: terms.recordLimit,
            noticeEnds: 0,
            resumedAt: 0,
            proposer: _person(),
            documentHash: terms.documentHash,
            uri: terms.uri
        });

        emit MethodologyProposed(id, version, msg.sender, terms);
    }

    /// @inheritdoc IMethodologyRegistry
    function startNotice(MethodologyId id, uint32 version) external restricted {
        Entry storage entry = _entryIn(id, version, Status.Draft);

        entry.status = Status.PublicNotice;
        entry.noticeEnds = uint40(block.timestamp + NOTICE_PERIOD);

        emit NoticeStarted(id, version, entry.noticeEnds);
    }

    /// @inheritdoc IMethodologyRegistry
    function activate(MethodologyId id, uint32 version) external restricted {
        Entry storage entry = _entryIn(id, version, Status.PublicNotice);
        if (block.timestamp < entry.noticeEnds) {
            revert MethodologyRegistry_NoticeRunning(id, version, entry.noticeEnds);
        }
        if (_person() == entry.proposer) revert MethodologyRegistry_SamePerson(msg.sender);

        _makeRoom(id, version, entry);
        entry.status = Status.Active;
        _putInForce[id].push(version);

        emit MethodologyActivated(id, version, entry.documentHash, entry.factorUg);
    }

    /// @inheritdoc IMethodologyRegistry
    function suspend(MethodologyId id, uint32 version, string calldata reason) external restricted {
        Entry storage entry = _usable(id, version);

        entry.suspended = true;

        emit MethodologySuspended(id, version, reason);
    }

    /// @inheritdoc IMethodologyRegistry
    function resume(MethodologyId id, uint32 version) external restricted {
        Entry storage entry = _entries[id][version];
        if (!entry.suspended) revert MethodologyRegistry_WrongStatus(id, version, entry.status);

        entry.suspended = false;
        entry.resumedAt = uint40(block.timestamp);

        emit MethodologyResumed(id, version);
    }

    /// @inheritdoc IMethodologyRegistry
    function requireUsable(MethodologyId id, uint32 version, uint256 day) external view {
        Entry storage entry = _usable(id, version);
        if (day < entry.fromDay || day > entry.toDay) revert MethodologyRegistry_OutsideWindow(id, version, day);
    }

    /// @inheritdoc IMethodologyRegistry
    function creditRule(MethodologyId id, uint32 version)
        external
        view
        returns (uint256 factorUg, uint256 dayCapMg, bool earnsPoints)
    {
        Entry storage entry = _usable(id, version);
        return (entry.factorUg, entry.dayCapMg, entry.earnsPoints);
    }

    /// @inheritdoc IMethodologyRegistry
    function usableSince(MethodologyId id, uint32 version) external view returns (uint256 time) {
        return _usable(id, version).resumedAt;
    }

    /// @inheritdoc IMethodologyRegistry
    function isCreditable(MethodologyId id, uint32 version) external view returns (bool) {
        Entry storage entry = _entries[id][version];
        return entry.creditable && !entry.suspended && _inForce(entry);
    }

    /// @inheritdoc IMethodologyRegistry
    function versionOn(MethodologyId id, uint256 day) external view returns (uint32) {
        uint32[] storage versions = _putInForce[id];
        for (uint256 i = versions.length; i > 0; i--) {
            Entry storage entry = _entries[id][versions[i - 1]];
            if (entry.fromDay <= day && day <= entry.toDay) return versions[i - 1];
        }
        return 0;
    }

    /// @inheritdoc IMethodologyRegistry
    function versionCount(MethodologyId id) external view returns (uint32) {
        return _versions[id];
    }

    /// @inheritdoc IMethodologyRegistry
    function methodologyOf(MethodologyId id, uint32 version)
        external
        view
        returns (Terms memory terms, Status status, uint256 noticeEnds, address proposer)
    {
        Entry storage entry = _entries[id][version];
        terms = Terms({
            unit: entry.unit,
            earnsPoints: entry.earnsPoints,
            creditable: entry.creditable,
            factorUg: entry.factorUg,
            dayCapMg: entry.dayCapMg,
            recordLimit: entry.recordLimit,
            fromDay: entry.fromDay,
            toDay: entry.toDay,
            documentHash: entry.documentHash,
            uri: entry.uri
        });
        return (terms, entry.suspended ? Status.Suspended : entry.status, entry.noticeEnds, entry.proposer);
    }

    /// @dev Ends the open window that `entry` succeeds, and refuses any overlap that is left. Walks through versions that two people put in
    /// force, never through drafts, of which one key could pile up as many as a block cannot hold.
    function _makeRoom(MethodologyId id, uint32 version, Entry storage entry) private {
        uint32[] storage versions = _putInForce[id];
        for (uint256 i = 0; i < versions.length; i++) {
            uint32 other = versions[i];
            Entry storage existing = _entries[id][other];
            if (existing.toDay < entry.fromDay || entry.toDay < existing.fromDay) continue;
            if (existing.toDay != OPEN_END || existing.fromDay >= entry.fromDay) {
                revert MethodologyRegistry_WindowOverlap(id, version, other);
            }
            uint256 latest = UnitsLib.latestDayOf(block.timestamp);
            if (entry.fromDay <= latest) revert MethodologyRegistry_SupersedesPast(entry.fromDay, latest);

            existing.toDay = entry.fromDay - 1;
            existing.status = Status.Superseded;

            emit MethodologySuperseded(id, other, existing.toDay);
        }
    }

    function _entryIn(MethodologyId id, uint32 version, Status status) private view returns (Entry storage entry) {
        entry = _entries[id][version];
        if (entry.status != status) revert MethodologyRegistry_WrongStatus(id, version, entry.status);
    }

    function _usable(MethodologyId id, uint32 version) private view returns (Entry storage entry) {
        entry = _entries[id][version];
        if (entry.suspended) revert MethodologyRegistry_WrongStatus(id, version, Status.Suspended);
        if (!_inForce(entry)) revert MethodologyRegistry_WrongStatus(id, version, entry.status);
    }

    function _inForce(Entry storage entry) private view returns (bool) {
        return entry.status == Status.Active || entry.status == Status.Superseded;
    }

    /// @dev The access manager calls in its own name: one person could pass for two through it.
    function _person() private view returns (address) {
        if (msg.sender == authority()) revert MethodologyRegistry_SamePerson(msg.sender);
        return msg.sender;
    }

    /// @dev A slip of a thousand must not pass. Highest: ten times the factor of the version last put in force, and per unit some multiple of the
    /// largest factor in use: 2 kg/km, 2 kg/kWh, 10 kg per m3 of gas or of water, 50 kg/kg, 10 kg/h, 100 kg a piece. A mass is a mass.
    function _factorRangeUg(MethodologyId id, Unit unit) private view returns (uint64 lowest, uint64 highest) {
        if (unit == Unit.MilligramCO2e) return (1000, 1000);
        if (unit == Unit.Metre || unit == Unit.WattHour) highest = 2_000_000;
        else if (unit == Unit.Litre) highest = 10_000_000;
        else if (unit == Unit.Millilitre) highest = 10_000;
        else if (unit == Unit.Gram) highest = 50_000_000;
        else if (unit == Unit.Second) highest = 2_777_777;
        else highest = 100_000_000_000;

        uint32[] storage versions = _putInForce[id];
        if (versions.length > 0) {
            // A draft binds nobody: neither its slip upwards nor its slip downwards.
            Entry storage before = _entries[id][versions[versions.length - 1]];
            uint256 step = uint256(before.factorUg) * MAX_FACTOR_STEP;
            if (before.unit == unit && step < highest) highest = uint64(step);
        }
        return (1, highest);
    }
}
