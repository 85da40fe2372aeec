// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {BatchId} from "../../../contracts/types/Ids.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {Admissions} from "../support/Admissions.sol";
import {GasCity} from "./GasCity.sol";

/// @title The dearest that a stranger can make a call for somebody else, against a block of 12 million gas
contract GasBoundsTest is GasCity {
    uint256 private constant BLOCK = 12_000_000;
    uint256 private constant QUANTITY = 12_345; // metres: 332,080 mg, 2,804 milli-points
    uint256 private constant POINTS = 2804;
    uint256 private constant KEY = 0xC1712E;
    uint256 private constant MERCHANT_KEY = 0x3E;

    address private _merchant;

    function setUp() public {
        deployGasCity();
        _merchant = Admissions.admit(operators, OPERATOR, MERCHANT_KEY, address(0x3E));
    }

    /// @dev Every entry late, cut by the cap, with a new slot for its late day: the dearest path of the book.
    /// forge-config: default.isolate = true
    function test_GasBoundOfAChunkInWhichEveryEntryIsLateAndCut() public {
        uint256 day = today();
        uint256[] memory entries = entriesOf("crowd", 128, QUANTITY);
        _credit(entries, day);
        vm.warp(block.timestamp + 1 days);
        _credit(entries, day + 1);
        issuer.setAccountDayCap(500_000); // 332,080 mg are used on the peak: 167,920 are left for a late day
        uint256 supply = book.totalSupply();
        _credit(entries, day - 1);
        uint256 gas = lastGas();
        gasVm.snapshotValue("bounds", "chunkOf128LateAndCut", gas);
        vm.assertLe(gas, BLOCK, "a chunk of 128 fits a block");
        vm.assertEq(book.totalSupply() - supply, 128 * UnitsLib.pointsMilliDown(167_920), "points of what was left");
        vm.assertEq(_noted(address(uint160(entries[127] >> 96)), day - 1), 167_920, "late slot of the last");
    }

    /// @dev An order that takes the last of ten yearly pages.
    /// forge-config: default.isolate = true
    function test_GasBoundOfAnOrderOverTenPages() public {
        uint256[] memory entries = new uint256[](1);
        entries[0] = uint256(uint160(vm.addr(KEY))) << LeafLib.ACCOUNT_SHIFT | QUANTITY;
        for (uint256 year = 2023; year < 2033; year++) {
            if (year > 2023) vault.setPrice(year, PRICE);
            vm.warp((UnitsLib.firstDayOf(year) + 30) * 1 days);
            _credit(entries, today());
        }
        IRedemptionDesk.Order memory order;
        (order.citizen, order.merchant) = (vm.addr(KEY), _merchant);
        (order.orderNumber, order.pointsMilli, order.expiry) = (bytes32(uint256(1)), 10 * POINTS, block.timestamp);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(KEY, desk.orderDigest(order));
        desk.redeem(order, abi.encodePacked(r, s, v));
        uint256 gas = lastGas();
        gasVm.snapshotValue("bounds", "orderOverTenPages", gas);
        vm.assertLe(gas, BLOCK / 20, "an order over ten pages is a twentieth of a block at most");
        vm.assertEq(book.balanceOf(order.citizen), 0, "all ten pages are spent");
    }

    function _noted(address account, uint256 day) private view returns (uint256 mg) {
        (mg,) = book.notedOf(account, day);
    }

    function _credit(uint256[] memory entries, uint256 day) private {
        bytes32[] memory proof = siblings(17);
        BatchId batch = openBatch(entries, proof, day);
        issuer.credit(batch, 0, entries, proof);
    }
}
