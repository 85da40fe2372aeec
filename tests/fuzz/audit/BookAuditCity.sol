// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId} from "../../../contracts/types/Ids.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {GasCity} from "../gas/GasCity.sol";
import {Moves} from "../support/Moves.sol";

/// @title A city for attacks on the book: three citizens, a thief, and credits of one leaf each
abstract contract BookAuditCity is GasCity {
    uint256 internal constant KA = 0xAAA1;
    uint256 internal constant KB = 0xBBB1;
    uint256 internal constant KC = 0xCCC1;
    uint256 internal constant THIEF = 0x7417EF;
    uint256 internal constant LEAF_CAP_M = 1_858_736; // metres: 49,999,998 mg, just under the leaf cap
    uint256 internal constant LEAF_CAP_MG = 49_999_998;

    address internal immutable a = vm.addr(KA);
    address internal immutable b = vm.addr(KB);
    address internal immutable c = vm.addr(KC);

    function deployAuditCity() internal {
        deployGasCity();
        vm.warp(block.timestamp + 30 days);
    }

    function one(address who, uint256 quantity) internal pure returns (uint256[] memory entries) {
        entries = new uint256[](1);
        entries[0] = uint256(uint160(who)) << 96 | quantity;
    }

    function open(address who, uint256 quantity, uint256 day) internal returns (BatchId) {
        return openBatch(one(who, quantity), new bytes32[](0), day);
    }

    /// @dev Credits the one leaf of a batch; returns its milligrams.
    function claim(BatchId batch, address who, uint256 quantity) internal returns (uint256 mg) {
        (mg,) = issuer.credit(batch, 0, one(who, quantity), new bytes32[](0));
    }

    function earn(address who, uint256 quantity, uint256 day) internal returns (uint256 mg) {
        return claim(open(who, quantity, day), who, quantity);
    }

    function announce(uint256 from, uint256 to) public {
        Moves.announce(book, GENESIS, from, to);
    }

    function move(uint256 from, uint256 to) public {
        Moves.move(book, GENESIS, from, to);
    }

    function order(uint256 key, bytes32 number, uint256 points, address merchant)
        internal
        view
        returns (IRedemptionDesk.Order memory made, bytes memory signature)
    {
        made = IRedemptionDesk.Order(vm.addr(key), merchant, number, points, block.timestamp + 600, 0, 0);
        signature = Moves.sign(key, desk.orderDigest(made));
    }
}
