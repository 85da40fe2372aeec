// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {System} from "../System.sol";

/// @title What a delayed role announced, an admin cannot make unannounced
contract DelayedDecisionsTest is System {
    uint64 private constant BOARD = 2;
    uint64 private constant GUARDIAN = 3;

    address private constant BOARD_MEMBER = address(0xB0A2D);
    address private constant STOLEN = address(0x5701E);
    address private constant GUARD = address(0x6A2D);

    function setUp() external {
        deploySystem();
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = committee.setCommittee.selector;
        access.setTargetFunctionRole(address(committee), selectors, BOARD);
        access.setRoleGuardian(BOARD, GUARDIAN);
        access.grantRole(BOARD, BOARD_MEMBER, 2 days);
        access.grantRole(0, STOLEN, 5 days);
        access.grantRole(GUARDIAN, GUARD, 0);
    }

    function test_an_admin_cancels_nothing_that_another_role_announced() external {
        bytes memory data = _announce();
        vm.prank(STOLEN);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCancel.selector,
                STOLEN,
                BOARD_MEMBER,
                address(committee),
                committee.setCommittee.selector
            )
        );
        access.cancel(BOARD_MEMBER, address(committee), data);

        vm.warp(block.timestamp + 2 days);
        vm.prank(BOARD_MEMBER);
        access.execute(address(committee), data);
        vm.assertEq(committee.quorum(), 1, "the board's decision is carried out");
    }

    function test_the_guardian_and_who_announced_can_cancel() external {
        bytes memory data = _announce();
        vm.prank(GUARD);
        access.cancel(BOARD_MEMBER, address(committee), data);
        vm.warp(block.timestamp + 1);
        data = _announce();
        vm.prank(BOARD_MEMBER);
        vm.assertEq(access.cancel(BOARD_MEMBER, address(committee), data), 2, "nonce");
    }

    function _announce() private returns (bytes memory data) {
        address[] memory members = new address[](1);
        members[0] = address(0xC0);
        data = abi.encodeCall(committee.setCommittee, (members, 1));
        vm.prank(BOARD_MEMBER);
        access.schedule(address(committee), data, 0);
    }
}
