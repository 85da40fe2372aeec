// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC721Metadata} from "@openzeppelin/contracts/token/ERC721/extensions/IERC721Metadata.sol";

/// @title Retirements and their certificates
/// @notice Whoever retires credits gives them up for ever and names for whom and for what. The certificate is an ERC-721 that cannot move
/// (ERC-5192); its number is the serial of its first milligram, series << 64 | first milligram, and its picture and data are made on chain.
/// What a certificate says never changes, but for what stands behind it (`IReversalDesk.backedOf`).
interface IRetirementRegistry is IERC721Metadata {
    /// @notice What is stored of a certificate.
    /// @param holder Whose it is.
    /// @param at When it was made (UTC seconds).
    /// @param fromDay First day of the period it is for.
    /// @param throughDay Its last.
    /// @param purpose 1 voluntary, 2 event, 3 product, 4 compliance, 5 public good.
    /// @param mg Milligrams retired.
    /// @param firstMg The first of them in the series.
    /// @param series The series.
    /// @param name Number of the beneficiary's name.
    /// @param country Country of the claim: two capital letters, as 256 * first + second.
    /// @param noted Whether the event has a note.
    struct Certificate {
        address holder;
        uint40 at;
        uint24 fromDay;
        uint24 throughDay;
        uint8 purpose;
        uint64 mg;
        uint64 firstMg;
        uint32 series;
        uint32 name;
        uint16 country;
        bool noted;
    }

    /// @notice What a retirement is for.
    /// @param holder Who gets the certificate; for compliance, the buyer whose inventory it counts against.
    /// @param name Number of the beneficiary's name.
    /// @param fromDay As in `Certificate`; for compliance, its year is that of the inventory.
    /// @param throughDay As in `Certificate`.
    /// @param purpose As in `Certificate`.
    /// @param country As in `Certificate`.
    /// @param scheme The scheme of a retirement for compliance; zero for any other.
    /// @param note At most 280 bytes, kept in the event only. Warning: whatever its sender wrote.
    struct Terms {
        address holder;
        uint32 name;
        uint24 fromDay;
        uint24 throughDay;
        uint8 purpose;
        uint16 country;
        bytes32 scheme;
        string note;
    }

    /// @notice The certificate cannot move (ERC-5192).
    event Locked(uint256 tokenId);

    /// @notice `mg` were retired.
    event Retired(uint256 indexed certificate, address indexed holder, uint256 indexed name, uint256 mg, Terms terms);

    /// @notice A name was added.
    event Named(uint256 indexed number, address indexed by, string name);

    /// @notice The Ed25519 key that signs credentials about certificates changed.
    event CredentialKeySet(bytes32 former, bytes32 key);

    /// @notice Certificates do not move.
    error RetirementRegistry_Soulbound(uint256 certificate);

    /// @notice There is no such certificate.
    error RetirementRegistry_Unknown(uint256 certificate);

    /// @notice Nobody has certificates at zero.
    error RetirementRegistry_NoHolder();

    /// @notice A field of the terms is missing or wrong: mg, holder, period, purpose, country, scheme or note.
    error RetirementRegistry_BadTerms(string field);

    /// @notice There is no such name.
    error RetirementRegistry_UnknownName(uint256 name);

    /// @notice The name is empty or too long, or, at `position`, is not UTF-8 or has a character that cannot be seen.
    error RetirementRegistry_BadName(uint256 length, uint256 position);

    /// @notice The series is not issued.
    error RetirementRegistry_UnknownSeries(uint256 series);

    /// @notice Only the market retires what it sold.
    error RetirementRegistry_NotMarket(address caller);

    /// @notice Adds a name to the list: at most 120 bytes of UTF-8 that can all be seen. Anyone may; a name stands for what `by` says, no more.
    /// Warning: cannot be changed or deleted; no name of a natural person belongs here.
    /// @return number Its number, from 1 on.
    function addName(string calldata name) external returns (uint256 number);

    /// @notice Retires the caller's credits.
    /// Warning: cannot be undone.
    /// Reverts if: the terms are wrong; the series is not issued or frozen; the caller has less; for compliance, the holder's inventory refuses.
    function retire(uint256 series, uint256 mg, Terms calldata terms) external returns (uint256 certificate);

    /// @notice Retires what the market just sold. Called by the market.
    function retireBought(uint256 series, uint256 mg, Terms calldata terms) external returns (uint256 certificate);

    /// @notice Sets the key that signs credentials. Restricted to the authority, with a delay.
    function setCredentialKey(bytes32 key) external;

    /// @notice The Ed25519 key that signs credentials about certificates; zero if none.
    function credentialKey() external view returns (bytes32);

    /// @notice What is stored of a certificate.
    function certificateOf(uint256 certificate) external view returns (Certificate memory);

    /// @notice Milligrams of a certificate that reductions stand behind, rounded down.
    function backingOf(uint256 certificate) external view returns (uint256 backedMg);

    /// @notice Serial number of a certificate: registry, region, methodology, version, operator, vintage, sequence, first and last milligram.
    function serialOf(uint256 certificate) external view returns (string memory);

    /// @notice Always true (ERC-5192).
    function locked(uint256 certificate) external view returns (bool);

    /// @notice A name by number; empty if there is none.
    function nameOf(uint256 number) external view returns (string memory);

    /// @notice Names added so far.
    function nameCount() external view returns (uint256);

    /// @notice Code of this registry, which begins every serial.
    function registryCode() external view returns (bytes4);
}
