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
import {UnitsLib} from "../../../contracts/libraries/UnitsLib.sol";
import {MethodologyId} from "../../../contracts/types/Ids.sol";
import {TestYuan} from "../../../contracts/mocks/TestYuan.sol";
import {IRedemptionDesk} from "../../../interfaces/IRedemptionDesk.sol";
import {CityHandler} from "./CityHandler.sol";

/// @title A city whose contracts and sums can be read from outside
contract CityUnderTest is CityHandler {
    constructor(bool careful_) CityHandler(careful_) {}

    function orderState(uint256 number) external view returns (IRedemptionDesk.OrderState memory) {
        return desk.orderOf(_orders[number].receipt, new bytes32[](0));
    }

    /// @notice Dues of every day on which an order was taken or a dispute decided, and what is in dispute.
    function allDues(address merchant) public view returns (uint256 points, uint256 value) {
        (points, value) = desk.disputedOf(merchant);
        uint256[] memory counted = new uint256[](2 * _orders.length);
        for (uint256 i = 0; i < counted.length; i++) {
            OrderRecord storage order = _orders[i / 2];
            if (order.receipt.merchant != merchant) continue;
            uint256 day = i % 2 == 0 ? order.day : desk.orderOf(order.receipt, new bytes32[](0)).dueDay;
            if (day == 0 || _contains(counted, i, day)) continue;
            counted[i] = day;
            (uint256 p, uint256 v) = desk.dueOf(merchant, day);
            points += p;
            value += v;
        }
    }

    /// @notice What the vault owes: free reserves, the price of every point with citizens and merchants and of every point that a batch can
    /// still bring, released shares.
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
        for (uint256 i = 0; i < _batches.length; i++) {
            amount += _unusedOf(i) * _priceOf(_batches[i].header);
        }
        amount += releasedUnshared;
    }

    /// @notice Points of `year` that `operator`'s batches brought or, while reserve is locked for them, can bring.
    function lockable(address operator, uint256 year) external view returns (uint256 milli) {
        for (uint256 i = 0; i < _batches.length; i++) {
            if (_batches[i].header.operator != operator || UnitsLib.yearOf(_batches[i].header.day) != year) continue;
            milli += issuer.progressOf(_batches[i].id).pointsMilli + _unusedOf(i);
        }
    }

    function methodologyAt(uint256 number) external pure returns (MethodologyId) {
        return number == 0 ? BUS : WALK;
    }

    function _contains(uint256[] memory list, uint256 length, uint256 value) private pure returns (bool) {
        for (uint256 i = 0; i < length; i++) {
            if (list[i] == value) return true;
        }
        return false;
    }
}
