// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonCredit} from "../../../contracts/CarbonCredit.sol";
import {IReductionCertifier} from "../../../interfaces/IReductionCertifier.sol";
import {Prank} from "./BookLaws.sol";

/// @title Laws of a series of credits, for every input there is (halmos)
/// @notice Each function is one property; its parameters are symbols, not samples. Run with `make symbolic`.
contract SeriesLaws {
    Prank private constant vm = Prank(address(uint160(uint256(keccak256("hevm cheat code")))));
    address private constant CERTIFIER = address(0x1001);
    address private constant MARKET = address(0x1002);
    address private constant RETIREMENTS = address(0x1003);
    address private constant REVERSALS = address(0x1004);
    address private constant HOLDER = address(0x2001);

    CarbonCredit private credit;

    function setUp() public {
        credit = new CarbonCredit(IReductionCertifier(CERTIFIER), MARKET, RETIREMENTS, REVERSALS);
    }

    /// @dev I45 and I46 over one retirement: what leaves the holder is what is retired, from the first number that is free.
    function check_a_retirement_takes_the_next_serials(uint64 issued, uint64 sold, uint64 before, uint64 mg) external {
        if (!_issue(issued, sold) || before > sold || before == 0) return;
        vm.prank(RETIREMENTS);
        credit.retire(HOLDER, before);
        vm.prank(RETIREMENTS);
        try credit.retire(HOLDER, mg) returns (uint256 first) {
            assert(mg <= sold - before);
            assert(first == uint256(before) + 1);
            assert(credit.retiredMg() == uint256(before) + mg);
            assert(credit.balanceOf(HOLDER) == uint256(sold) - before - mg);
        } catch {
            assert(mg > sold - before);
            assert(credit.retiredMg() == before);
        }
        assert(credit.totalSupply() + credit.retiredMg() + credit.cancelledMg() == issued);
    }

    /// @dev I45 and I46 over one cancellation: it takes the last numbers, and never one that is retired.
    function check_a_cancellation_takes_the_last_serials(uint64 issued, uint64 sold, uint64 retired, uint64 mg)
        external
    {
        if (!_issue(issued, sold) || retired > sold) return;
        vm.prank(RETIREMENTS);
        credit.retire(HOLDER, retired);
        vm.prank(REVERSALS);
        try credit.cancel(MARKET, mg) returns (uint256 last) {
            assert(mg <= issued - sold);
            assert(last == issued && last - mg >= retired);
        } catch {
            assert(mg > issued - sold);
        }
        assert(credit.totalSupply() + credit.retiredMg() + credit.cancelledMg() == issued);
    }

    /// @dev I49: nobody adds to the market's balance by a transfer, and none changes the sum of two balances.
    function check_a_transfer_keeps_sums_and_leaves_the_market_alone(uint64 issued, uint64 sold, address to, uint256 mg)
        external
    {
        if (!_issue(issued, sold)) return;
        uint256 receiver = credit.balanceOf(to);
        vm.prank(HOLDER);
        (bool success,) = address(credit).call(abi.encodeCall(credit.transfer, (to, mg)));
        if (success) {
            assert(to != address(0) && to != address(credit) && to != MARKET && mg <= sold);
            if (to != HOLDER) {
                assert(credit.balanceOf(HOLDER) == sold - mg && credit.balanceOf(to) == receiver + mg);
            }
        }
        assert(credit.balanceOf(MARKET) == uint256(issued) - sold);
    }

    /// @dev I48: of a frozen series nothing moves, whoever asks.
    function check_a_frozen_series_stands_still(uint64 issued, uint64 sold, address to, uint64 mg) external {
        if (!_issue(issued, sold)) return;
        vm.prank(REVERSALS);
        credit.setFrozen(true);
        vm.prank(HOLDER);
        (bool moved,) = address(credit).call(abi.encodeCall(credit.transfer, (to, mg)));
        vm.prank(RETIREMENTS);
        (bool retired,) = address(credit).call(abi.encodeCall(credit.retire, (HOLDER, mg)));
        vm.prank(MARKET);
        (bool pulled,) = address(credit).call(abi.encodeCall(credit.pull, (HOLDER, mg)));
        assert(!moved && !retired && !pulled);
        assert(credit.balanceOf(HOLDER) == sold && credit.totalSupply() == issued);
    }

    /// @dev I58: nobody but the four contracts opens, pulls, retires, cancels or freezes.
    function check_a_stranger_changes_nothing(address caller, uint64 issued, uint64 sold, uint64 mg, bool frozen)
        external
    {
        if (!_issue(issued, sold) || mg == 0) return;
        if (caller == CERTIFIER || caller == MARKET || caller == RETIREMENTS || caller == REVERSALS) return;
        bytes[5] memory calls = [
            abi.encodeCall(credit.open, (2, caller, mg)),
            abi.encodeCall(credit.pull, (HOLDER, mg)),
            abi.encodeCall(credit.retire, (HOLDER, mg)),
            abi.encodeCall(credit.cancel, (HOLDER, mg)),
            abi.encodeCall(credit.setFrozen, (frozen))
        ];
        for (uint256 i = 0; i < calls.length; i++) {
            vm.prank(caller);
            (bool success,) = address(credit).call(calls[i]);
            assert(!success);
        }
        assert(credit.balanceOf(HOLDER) == sold && credit.totalSupply() == issued && !credit.isFrozen());
    }

    /// @dev A series is opened once.
    function check_a_series_is_opened_once(uint64 issued, uint32 number, uint256 mg, address to) external {
        if (!_issue(issued, 0)) return;
        vm.prank(CERTIFIER);
        (bool success,) = address(credit).call(abi.encodeCall(credit.open, (number, to, mg)));
        assert(!success && credit.totalSupply() == issued && credit.series() == 1);
    }

    /// @dev The series 1 with `issued`, of which the holder bought `sold`.
    function _issue(uint64 issued, uint64 sold) private returns (bool) {
        if (issued > 10 ** 15 - 1 || sold > issued) return false;
        vm.prank(CERTIFIER);
        credit.open(1, MARKET, issued);
        vm.prank(MARKET);
        credit.transfer(HOLDER, sold);
        return true;
    }
}
