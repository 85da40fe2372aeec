// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {CarbonPoint} from "../../../contracts/CarbonPoint.sol";
import {CarbonbookAccess} from "../../../contracts/CarbonbookAccess.sol";
import {EvidenceLedger} from "../../../contracts/EvidenceLedger.sol";
import {MethodologyRegistry} from "../../../contracts/MethodologyRegistry.sol";
import {OperatorRegistry} from "../../../contracts/OperatorRegistry.sol";
import {OracleCommittee} from "../../../contracts/OracleCommittee.sol";
import {PointIssuer} from "../../../contracts/PointIssuer.sol";
import {RedemptionDesk} from "../../../contracts/RedemptionDesk.sol";
import {SettlementVault} from "../../../contracts/SettlementVault.sol";
import {MethodologyId} from "../../../contracts/types/Ids.sol";
import {TestYuan} from "../../../contracts/mocks/TestYuan.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {CityHandler} from "./CityHandler.sol";

/// @title A city whose contracts and sums can be read from outside
contract CityUnderTest is CityHandler {
    constructor(bool careful_) CityHandler(careful_) {}

    function orderState(address merchant, bytes32 number) external view returns (uint256 points, uint256 refunded) {
        IRedemptionDesk.OrderState memory state = desk.orderOf(desk.orderKeyOf(merchant, number));
        return (state.pointsMilli, state.refundedMilli);
    }

    /// @notice Dues of every day on which there was an order.
    function allDues(address merchant) public view returns (uint256 points, uint256 value) {
        for (uint256 i = 0; i < _orders.length; i++) {
            if (_orders[i].merchant != merchant || _dayCounted(merchant, _orders[i].day, i)) continue;
            (uint256 p, uint256 v) = desk.dueOf(merchant, _orders[i].day);
            points += p;
            value += v;
        }
    }

    /// @notice What the vault owes: free reserves, the price of every point with citizens and merchants, released shares.
    function liabilities() external view returns (uint256 amount) {
        for (uint256 i = 0; i < _operators.length; i++) {
            amount += vault.freeOf(_operators[i]);
        }
        for (uint256 i = 0; i < _years.length; i++) {
            amount += book.outstandingOf(_years[i]) * vault.priceOf(_years[i]);
        }
        for (uint256 i = 0; i < _merchants.length; i++) {
            (, uint256 value) = allDues(_merchants[i]);
            amount += value;
        }
        amount += releasedUnshared;
    }

    function methodologyAt(uint256 number) external pure returns (MethodologyId) {
        return number == 0 ? BUS : WALK;
    }

    function _dayCounted(address merchant, uint256 day, uint256 before) private view returns (bool) {
        for (uint256 i = 0; i < before; i++) {
            if (_orders[i].merchant == merchant && _orders[i].day == day) return true;
        }
        return false;
    }
}
