// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {OnceLib} from "../../../contracts/libraries/OnceLib.sol";
import {OrderKey} from "../../../contracts/types/Ids.sol";

/// @title Laws of order numbers, for every input there is (halmos)
/// @notice Each function is one property; its parameters are symbols, not samples. Run with `make symbolic`.
contract OrderLaws {
    using OnceLib for OnceLib.Once;

    address private constant SHOP = address(0x4001);
    OnceLib.Once private once;

    function check_an_order_is_used_once(bytes32 number, bytes32 key) external {
        assert(!once.isUsed(SHOP, number, OrderKey.wrap(key)));
        assert(once.use(SHOP, number, OrderKey.wrap(key)));
        assert(once.isUsed(SHOP, number, OrderKey.wrap(key)));
        assert(!once.use(SHOP, number, OrderKey.wrap(key)));
    }

    /// @dev Whatever others do before and after, with the same number or a neighbour's.
    function check_a_used_order_stays_used(bytes32 number, bytes32 key, bytes32 number1, bytes32 key1) external {
        once.use(SHOP, number1, OrderKey.wrap(key1));
        once.use(SHOP, number, OrderKey.wrap(key));
        once.use(SHOP, number1, OrderKey.wrap(key1));
        assert(once.isUsed(SHOP, number, OrderKey.wrap(key)));
        assert(!once.use(SHOP, number, OrderKey.wrap(key)));
    }

    /// @dev With one mark they may; zero and one are one mark.
    function check_an_order_uses_up_no_other(bytes32 number, bytes32 key, bytes32 number1, bytes32 key1) external {
        if (uint64(uint256(key)) >> 1 == uint64(uint256(key1)) >> 1) return;
        once.use(SHOP, number1, OrderKey.wrap(key1));
        assert(!once.isUsed(SHOP, number, OrderKey.wrap(key)));
        assert(once.use(SHOP, number, OrderKey.wrap(key)));
        assert(once.isUsed(SHOP, number1, OrderKey.wrap(key1)));
    }
}
