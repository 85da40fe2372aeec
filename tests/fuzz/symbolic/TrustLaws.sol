// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonbookAccess} from "../../../contracts/CarbonbookAccess.sol";
import {OperatorRegistry} from "../../../contracts/OperatorRegistry.sol";
import {OracleCommittee} from "../../../contracts/OracleCommittee.sol";
import {SettlementVault} from "../../../contracts/SettlementVault.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {TestYuan} from "../../../contracts/mocks/TestYuan.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {IOracleCommittee} from "../../../interfaces/IOracleCommittee.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {Prank} from "./BookLaws.sol";

/// @title Laws of quorum and reserve, for every input there is (halmos)
/// @notice Each function is one property; its parameters are symbols, not samples. Run with `make symbolic`.
contract TrustLaws {
    Prank private constant vm = Prank(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant LEDGER = address(0x1001);
    BatchId private constant BATCH = BatchId.wrap(keccak256("batch"));
    address private constant OPERATOR = address(0x2001);
    uint256 private constant YEAR = 2035;

    OracleCommittee private committee;
    SettlementVault private vault;
    TestYuan private token;

    function setUp() public {
        CarbonbookAccess access = new CarbonbookAccess(address(this));
        committee = new OracleCommittee(address(access));
        address[] memory members = new address[](3);
        (members[0], members[1], members[2]) = (address(0x11), address(0x12), address(0x13));
        committee.setCommittee(members, 2);

        token = new TestYuan();
        OperatorRegistry operators = new OperatorRegistry(address(access), keccak256("genesis"));
        operators.licenseOperator(OPERATOR, 1, "licence");
        vault = new SettlementVault(
            address(access), token, ICarbonPoint(address(0x3001)), IRedemptionDesk(address(0x3002)), operators, LEDGER
        );
    }

    // No credit without a quorum

    function check_one_member_is_no_quorum(bytes32 digest, address member, bytes32 r, bytes32 s, uint8 v)
        external
        view
    {
        IOracleCommittee.Approval[] memory approvals = new IOracleCommittee.Approval[](1);
        approvals[0] = IOracleCommittee.Approval(member, abi.encodePacked(r, s, v));
        assert(!_accepted(digest, approvals));
    }

    function check_the_same_member_twice_is_no_quorum(bytes32 digest, address member, bytes32 r, bytes32 s, uint8 v)
        external
        view
    {
        assert(!_accepted(digest, _two(member, member, abi.encodePacked(r, s, v))));
    }

    function check_a_stranger_makes_no_quorum(bytes32 digest, address member, address stranger, bytes32 r, bytes32 s)
        external
        view
    {
        if (uint160(stranger) >= 0x11 && uint160(stranger) <= 0x13) return;
        assert(!_accepted(digest, _two(member, stranger, abi.encodePacked(r, s, uint8(27)))));
        assert(!_accepted(digest, _two(stranger, member, abi.encodePacked(r, s, uint8(27)))));
    }

    function check_a_quorum_is_a_majority(uint256 quorum, uint160[3] calldata who) external {
        address[] memory members = new address[](3);
        (members[0], members[1], members[2]) = (address(who[0]), address(who[1]), address(who[2]));
        uint64 before = committee.epoch();
        try committee.setCommittee(members, quorum) {
            assert(quorum == 2 || quorum == 3);
            assert(0 < who[0] && who[0] < who[1] && who[1] < who[2]);
            assert(committee.epoch() == before + 1);
        } catch {
            assert(committee.epoch() == before);
        }
    }

    function check_nobody_else_changes_the_committee(address caller, address member) external {
        if (caller == address(this)) return;
        address[] memory members = new address[](1);
        members[0] = member;
        vm.prank(caller);
        (bool success,) = address(committee).call(abi.encodeCall(committee.setCommittee, (members, 1)));
        assert(!success);
    }

    // The reserve is never under-locked

    function check_a_batch_locks_points_times_price(uint96 free, uint96 price, uint64 milli) external {
        if (price == 0 || milli == 0 || free == 0) return;
        _deposit(free);
        vault.setPrice(YEAR, price);
        bool success = _sent(LEDGER, abi.encodeCall(vault.lock, (BATCH, OPERATOR, YEAR, milli)));
        if (success) {
            assert(vault.freeOf(OPERATOR) == uint256(free) - uint256(milli) * price);
            assert(vault.lockedOf(OPERATOR, YEAR) == milli && vault.lockedFor(BATCH) == milli);
        } else {
            assert(uint256(milli) * price > free);
            assert(vault.freeOf(OPERATOR) == free && vault.lockedOf(OPERATOR, YEAR) == 0);
        }
    }

    function check_only_the_ledger_locks_and_unlocks(address caller, bytes32 batch, address operator, uint256 milli)
        external
    {
        if (caller == LEDGER) return;
        assert(!_sent(caller, abi.encodeCall(vault.lock, (BatchId.wrap(batch), operator, YEAR, milli))));
        assert(!_sent(caller, abi.encodeCall(vault.unlock, (BatchId.wrap(batch), operator, YEAR, milli))));
    }

    function check_a_price_is_fixed_once(uint256 year, uint256 first, uint256 second) external {
        if (first == 0) return;
        vault.setPrice(year, first);
        (bool success,) = address(vault).call(abi.encodeCall(vault.setPrice, (year, second)));
        assert(!success && vault.priceOf(year) == first);
    }

    function check_nobody_withdraws_more_than_is_free(uint96 free, uint256 amount, address to) external {
        if (free == 0 || to == address(0) || to == address(vault)) return;
        _deposit(free);
        vm.prank(OPERATOR);
        (bool success,) = address(vault).call(abi.encodeCall(vault.withdraw, (amount, to)));
        assert(success == (amount <= free));
        assert(token.balanceOf(address(vault)) == (success ? free - amount : free));
    }

    function check_a_strangers_withdrawal_fails(address caller, uint256 amount, address to) external {
        if (caller == OPERATOR) return;
        vm.prank(caller);
        (bool success,) = address(vault).call(abi.encodeCall(vault.withdraw, (amount, to)));
        assert(!success);
    }

    function _deposit(uint256 amount) private {
        token.mint(address(this), amount);
        token.approve(address(vault), amount);
        vault.deposit(OPERATOR, amount);
    }

    function _sent(address caller, bytes memory data) private returns (bool success) {
        vm.prank(caller);
        (success,) = address(vault).call(data);
    }

    function _accepted(bytes32 digest, IOracleCommittee.Approval[] memory approvals)
        private
        view
        returns (bool success)
    {
        (success,) = address(committee).staticcall(abi.encodeCall(committee.requireQuorum, (digest, approvals)));
    }

    function _two(address first, address second, bytes memory signature)
        private
        pure
        returns (IOracleCommittee.Approval[] memory approvals)
    {
        approvals = new IOracleCommittee.Approval[](2);
        approvals[0] = IOracleCommittee.Approval(first, signature);
        approvals[1] = IOracleCommittee.Approval(second, signature);
    }
}
