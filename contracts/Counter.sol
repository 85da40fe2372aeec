// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICounter} from "../interfaces/ICounter.sol";
import {IPointIssuer} from "../interfaces/IPointIssuer.sol";
import {IRedemptionDesk} from "../interfaces/IRedemptionDesk.sol";
import {OrderKey} from "./types/Ids.sol";

/// @title Counter
contract Counter is ICounter {
    IPointIssuer public immutable issuer;
    IRedemptionDesk public immutable desk;

    constructor(IPointIssuer issuer_, IRedemptionDesk desk_) {
        issuer = issuer_;
        desk = desk_;
    }

    /// @inheritdoc ICounter
    function claim(Claim[] calldata claims) public returns (uint256 credited) {
        for (uint256 i = 0; i < claims.length; i++) {
            if (issuer.isCredited(claims[i].batch, claims[i].index)) continue;

            uint256[] memory entries = new uint256[](1);
            entries[0] = claims[i].entry;
            issuer.credit(claims[i].batch, claims[i].index, entries, claims[i].proof);
            credited++;
        }
    }

    /// @inheritdoc ICounter
    function claimAndRedeem(Visit calldata visit) external returns (OrderKey key) {
        claim(visit.claims);
        return desk.redeem(visit.order, visit.signature);
    }

    /// @inheritdoc ICounter
    function serve(Visit[] calldata visits) external {
        for (uint256 i = 0; i < visits.length; i++) {
            try this.claimAndRedeem(visits[i]) {}
            catch (bytes memory reason) {
                IRedemptionDesk.Order calldata order = visits[i].order;
                emit VisitRefused(order.citizen, order.merchant, order.orderNumber, reason);
            }
        }
    }
}
