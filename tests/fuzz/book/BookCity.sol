// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonPoint} from "../../../contracts/CarbonPoint.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {Moves} from "../support/Moves.sol";
import {Vm} from "../Vm.sol";

/// @title A book alone: the suite itself is its issuer, desk and vault
abstract contract BookCity {
    bool public constant IS_TEST = true;
    Vm internal constant vm = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    bytes32 internal constant GENESIS = keccak256("genesis");
    uint256 internal constant YEAR = 2024; // of 366 days
    uint256 internal constant FIRST_DAY = 19_723; // its first of January
    uint256 private constant KEYS = 100;

    CarbonPoint internal book;

    function deployBook() internal {
        vm.warp(FIRST_DAY * 1 days);
        book = new CarbonPoint(address(this), address(this), address(this), GENESIS);
    }

    function person(uint256 number) internal pure returns (address) {
        return vm.addr(KEYS + number);
    }

    /// @dev In a frame of its own, so that a revert can be expected.
    function announce(uint256 from, uint256 to) public {
        Moves.announce(book, GENESIS, KEYS + from, KEYS + to);
    }

    function move(uint256 from, uint256 to) public {
        Moves.move(book, GENESIS, KEYS + from, KEYS + to);
    }

    function signed(uint256 number, bytes32 digest) internal pure returns (bytes memory) {
        return Moves.sign(KEYS + number, digest);
    }

    function credit(address account, uint256 day, uint256 mg, uint256 capMg) internal returns (uint256 creditedMg) {
        uint256[] memory entries = new uint256[](1);
        entries[0] = uint256(uint160(account)) << 96 | mg;
        (creditedMg,,) =
            book.credit(ICarbonPoint.CreditTerms({day: day, accountCapMg: capMg, earnsPoints: true}), entries);
    }
}
