// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {IOracleCommittee} from "../interfaces/IOracleCommittee.sol";

/// @title OracleCommittee
contract OracleCommittee is IOracleCommittee, AccessManaged {
    /// @inheritdoc IOracleCommittee
    uint64 public epoch;

    /// @inheritdoc IOracleCommittee
    uint256 public quorum;

    address[] private _members;
    mapping(uint64 epoch => mapping(address => bool)) private _isMember;

    constructor(address access) AccessManaged(access) {}

    /// @inheritdoc IOracleCommittee
    function setCommittee(address[] calldata members_, uint256 quorum_) external restricted {
        if (quorum_ > members_.length || quorum_ * 2 <= members_.length) {
            revert OracleCommittee_BadQuorum(quorum_, members_.length);
        }

        epoch++;
        quorum = quorum_;
        _members = members_;
        address previous = address(0);
        for (uint256 i = 0; i < members_.length; i++) {
            if (members_[i] <= previous) revert OracleCommittee_Unordered(previous, members_[i]);
            previous = members_[i];
            _isMember[epoch][previous] = true;
        }

        emit CommitteeSet(epoch, members_, quorum_);
    }

    /// @inheritdoc IOracleCommittee
    function requireQuorum(bytes32 digest, Approval[] calldata approvals) external view {
        if (approvals.length < quorum || quorum == 0) revert OracleCommittee_BelowQuorum(approvals.length, quorum);

        address previous = address(0);
        for (uint256 i = 0; i < approvals.length; i++) {
            address member = approvals[i].member;
            if (member <= previous) revert OracleCommittee_Unordered(previous, member);
            if (!isMember(member)) revert OracleCommittee_NotMember(member, epoch);
            if (!SignatureChecker.isValidSignatureNow(member, digest, approvals[i].signature)) {
                revert OracleCommittee_BadSignature(member, digest);
            }
            previous = member;
        }
    }

    /// @inheritdoc IOracleCommittee
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc IOracleCommittee
    function isMember(address who) public view returns (bool) {
        return _isMember[epoch][who];
    }
}
