// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {Page, PageLib} from "../../../contracts/libraries/PageLib.sol";
import {RowLib} from "../../../contracts/libraries/RowLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {GasVm} from "./GasVm.sol";
import {Vm} from "../Vm.sol";

/// @title The loops in assembly do what their plain twins do
contract RowLibTest {
    bool public constant IS_TEST = true;
    Vm private constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));
    GasVm private constant gasVm = GasVm(address(vm));

    uint256 private constant MAX_DAY_CAP_MG = 1 << 46;
    uint256 private constant MAX_YEAR_MG = 366 << 47;

    mapping(address account => Page) private _pages;

    /// @dev Any reachable page of two accounts, one of which comes twice; caps and amounts meet closely enough that each branch is taken.
    function testFuzz_RowLibDoesWhatPageLibSays(
        uint256[6] memory seeds,
        uint256[2] memory pageSeeds,
        uint256 termSeed,
        bool earnsPoints
    ) public {
        ICarbonPoint.CreditTerms memory terms = ICarbonPoint.CreditTerms({
            day: 20_000 + termSeed % 3,
            accountCapMg: (termSeed >> 64) % MAX_DAY_CAP_MG >> (termSeed >> 128) % 46,
            earnsPoints: earnsPoints
        });
        for (uint256 i = 0; i < 2; i++) {
            _pages[_account(i)] = _page(pageSeeds[i]);
        }
        uint256[] memory entries = new uint256[](6);
        for (uint256 i = 0; i < 6; i++) {
            uint256 amount = (seeds[i] >> 8) % (terms.accountCapMg + 2) >> (seeds[i] % 8);
            entries[i] = uint256(uint160(_account(seeds[i] % 3))) << RowLib.ACCOUNT_SHIFT | amount;
        }
        (uint256 done, uint256 sums, Page[3] memory pages) = _expected(entries, terms);

        gasVm.recordLogs();
        (uint256 found, uint256 foundSums) = this.credit(entries, terms);

        vm.assertEq(found, done, "entries credited");
        vm.assertEq(foundSums, sums, "sums");
        for (uint256 i = 0; i < 3; i++) {
            vm.assertEq(Page.unwrap(_pages[_account(i)]), Page.unwrap(pages[i]), "page");
        }
        _requireEvents(entries, done, terms);
    }

    function testFuzz_LeafLibClimbsAsMerkleProofDoes(bytes32 node, bytes32[] calldata proof) public pure {
        vm.assertEq(LeafLib.climb(node, proof), MerkleProof.processProofCalldata(proof, node), "root");
    }

    function credit(uint256[] calldata entries, ICarbonPoint.CreditTerms memory terms)
        external
        returns (uint256 done, uint256 sums)
    {
        return RowLib.credit(_pages, entries, terms);
    }

    function _expected(uint256[] memory entries, ICarbonPoint.CreditTerms memory terms)
        private
        view
        returns (uint256 done, uint256 sums, Page[3] memory pages)
    {
        for (uint256 i = 0; i < 3; i++) {
            pages[i] = _pages[_account(i)];
        }
        for (; done < entries.length; done++) {
            uint256 who = _numberOf(entries[done] >> RowLib.ACCOUNT_SHIFT);
            uint256 mg = entries[done] & RowLib.AMOUNT_MASK;
            uint256 used = pages[who].usedOn(terms.day);
            if (mg == 0 || used == type(uint256).max || used + mg > terms.accountCapMg) break;
            if (pages[who].day() != terms.day && pages[who].todayMg() > terms.accountCapMg / 8) break;
            uint256 points = terms.earnsPoints ? UnitsLib.pointsMilliDown(mg) : 0;
            pages[who] = pages[who].credited(terms.day, mg, points);
            sums += (mg << RowLib.MG_SHIFT) + points;
        }
    }

    /// @dev Of each entry one event: its points, or, without any, its milligrams.
    function _requireEvents(uint256[] memory entries, uint256 done, ICarbonPoint.CreditTerms memory terms) private {
        GasVm.Log[] memory logs = gasVm.getRecordedLogs();
        vm.assertEq(logs.length, done, "events");
        for (uint256 i = 0; i < done; i++) {
            uint256 mg = entries[i] & RowLib.AMOUNT_MASK;
            uint256 points = terms.earnsPoints ? UnitsLib.pointsMilliDown(mg) : 0;
            bytes32 account = bytes32(entries[i] >> RowLib.ACCOUNT_SHIFT);
            vm.assertEq(logs[i].topics.length, 3, "topics");
            if (points > 0) {
                vm.assertEq(logs[i].topics[0], IERC20.Transfer.selector, "event");
                vm.assertEq(logs[i].topics[1], 0, "from");
                vm.assertEq(logs[i].topics[2], account, "to");
                vm.assertEq(bytes32(logs[i].data), bytes32(points), "value");
            } else {
                vm.assertEq(logs[i].topics[0], ICarbonPoint.ReductionCredited.selector, "event");
                vm.assertEq(logs[i].topics[1], account, "account");
                vm.assertEq(logs[i].topics[2], bytes32(terms.day), "day");
                vm.assertEq(bytes32(logs[i].data), bytes32(mg), "milligrams");
            }
        }
    }

    /// @dev A page of a year in which nothing passed the highest cap.
    function _page(uint256 seed) private pure returns (Page) {
        if (seed % 4 == 0) return Page.wrap(0);
        return PageLib.pack(
            (seed >> 8) % (MAX_YEAR_MG / 118),
            (seed >> 64) % MAX_YEAR_MG,
            20_000 + (seed >> 2) % 3,
            (seed >> 120) % MAX_DAY_CAP_MG >> (seed % 16),
            (seed >> 180) % MAX_DAY_CAP_MG
        );
    }

    function _account(uint256 number) private pure returns (address) {
        return address(uint160(type(uint160).max - number));
    }

    function _numberOf(uint256 account) private pure returns (uint256) {
        return type(uint160).max - account;
    }
}
