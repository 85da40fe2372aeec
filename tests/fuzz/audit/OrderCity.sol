// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {LeafLib} from "../../../contracts/libraries/LeafLib.sol";
import {IOfferBook} from "../../../interfaces/IOfferBook.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {ICarbonPoint} from "../../../interfaces/ICarbonPoint.sol";
import {GasCity} from "../gas/GasCity.sol";
import {Admissions} from "../support/Admissions.sol";
import {Moves} from "../support/Moves.sol";

/// @title Citizens with keys, a shop, and the words they exchange
abstract contract OrderCity is GasCity {
    uint256 internal constant KEY_A = 0xAAA1;
    uint256 internal constant KEY_B = 0xBBB1;
    uint256 internal constant SHOP_KEY = 0x5409;
    uint256 internal constant QUANTITY = 1_000_000; // metres: 26,900,000 mg, 227,155 milli-points
    uint256 internal constant ALL = 227_155;

    address internal A;
    address internal B;
    address internal shop;

    function setUp() public virtual {
        deployGasCity();
        (A, B) = (vm.addr(KEY_A), vm.addr(KEY_B));
        shop = Admissions.admit(operators, OPERATOR, SHOP_KEY, address(0x3E));
    }

    function earn(address citizen) internal {
        uint256[] memory entries = new uint256[](1);
        entries[0] = uint256(uint160(citizen)) << LeafLib.ACCOUNT_SHIFT | QUANTITY;
        issuer.credit(openBatch(entries, new bytes32[](0), today()), 0, entries, new bytes32[](0));
    }

    function orderOf(uint256 key, uint256 number, uint256 points)
        internal
        view
        returns (IRedemptionDesk.Order memory order)
    {
        order.citizen = vm.addr(key);
        order.merchant = shop;
        order.orderNumber = bytes32(number);
        order.pointsMilli = points;
        order.expiry = block.timestamp + 600;
        order.terms = "terms";
    }

    function signed(uint256 key, IRedemptionDesk.Order memory order) internal view returns (bytes memory) {
        return Admissions.sign(key, desk.orderDigest(order));
    }

    function redeem(uint256 key, uint256 number, uint256 points)
        internal
        returns (IRedemptionDesk.Receipt memory receipt)
    {
        return redeem(key, orderOf(key, number, points));
    }

    function redeem(uint256 key, IRedemptionDesk.Order memory order)
        internal
        returns (IRedemptionDesk.Receipt memory receipt)
    {
        desk.redeem(order, signed(key, order));
        ICarbonPoint.Part[] memory parts = new ICarbonPoint.Part[](1);
        parts[0] = ICarbonPoint.Part({year: book.currentYear(), pointsMilli: order.pointsMilli});
        return IRedemptionDesk.Receipt(order.citizen, order.merchant, order.orderNumber, order.offer, parts);
    }

    function refund(IRedemptionDesk.Receipt memory receipt, uint256 points) internal {
        vm.prank(receipt.merchant);
        desk.refund(receipt, new bytes32[](0), points);
    }

    function publish(bytes32 number, uint256 points, uint32 perCitizen) internal {
        uint40 until = uint40(block.timestamp + 30 days);
        vm.prank(shop);
        offers.publish(number, IOfferBook.Terms(uint56(points), 100, perCitizen, 0, until, "terms"));
    }

    function move(uint256 fromKey, uint256 toKey) internal {
        Moves.move(book, GENESIS, fromKey, toKey);
    }

    function used(address citizen, uint256 number) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            IRedemptionDesk.RedemptionDesk_OrderUsed.selector, desk.orderKeyOf(shop, citizen, bytes32(number))
        );
    }

    function badSignature(address citizen, uint256 number, address signer) internal view returns (bytes memory) {
        return abi.encodeWithSelector(
            IRedemptionDesk.RedemptionDesk_BadSignature.selector,
            desk.orderKeyOf(shop, citizen, bytes32(number)),
            signer
        );
    }
}
