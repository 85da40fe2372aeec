// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Oracle committee
/// @notice m of n members must sign a digest. Members are plain keys or ERC-1271 contracts. The quorum is a majority, so that fewer
/// than half of the members can neither attest alone nor two different batches under one key. Each change of the committee starts a
/// new epoch; digests name the epoch, so that signatures of a former committee are void.
interface IOracleCommittee {
    /// @param member Who signed.
    /// @param signature ECDSA (65 bytes) or whatever the member's ERC-1271 contract takes.
    struct Approval {
        address member;
        bytes signature;
    }

    /// @notice A committee took office.
    event CommitteeSet(uint64 indexed epoch, address[] members, uint256 quorum);

    /// @notice The quorum is not a majority of the members, or larger than their number.
    error OracleCommittee_BadQuorum(uint256 quorum, uint256 members);

    /// @notice Members are not in strictly increasing order, or one is zero.
    error OracleCommittee_Unordered(address previous, address member);

    /// @notice Fewer approvals than the quorum.
    error OracleCommittee_BelowQuorum(uint256 approvals, uint256 quorum);

    /// @notice The signer is not a member of this epoch.
    error OracleCommittee_NotMember(address member, uint64 epoch);

    /// @notice The signature is not the member's over this digest.
    error OracleCommittee_BadSignature(address member, bytes32 digest);

    /// @notice Replaces the committee. Restricted to the authority, with a delay.
    /// Warning: half-signed batches must be signed again.
    /// Reverts if: members are not strictly increasing; the quorum is not a majority.
    function setCommittee(address[] calldata members, uint256 quorum) external;

    /// @notice Reverts unless `approvals`, in strictly increasing order of member, are valid and reach the quorum. One round for each
    /// approval, of which there are never more than members.
    function requireQuorum(bytes32 digest, Approval[] calldata approvals) external view;

    /// @notice Number of the committee in office; 0 before the first.
    function epoch() external view returns (uint64);

    /// @notice How many must sign.
    function quorum() external view returns (uint256);

    /// @notice The members, in increasing order.
    function members() external view returns (address[] memory);

    /// @notice Whether `who` is a member now.
    function isMember(address who) external view returns (bool);
}
