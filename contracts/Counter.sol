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
            Claim calldata said = claims[i];
            if (issuer.isCredited(said.batch, said.index)) continue;

            issuer.credit(said.batch, said.index, _entries(said), said.proof);
            credited++;
        }
    }

    /// @inheritdoc ICounter
    function claimAndRedeem(Claim[] calldata claims, IRedemptionDesk.Order calldata order, bytes calldata signature)
        external
        returns (OrderKey key)
    {
        claim(claims);
        return desk.redeem(order, signature);
    }

    /// @inheritdoc ICounter
    function serve(Claim[] calldata claims, IRedemptionDesk.Order[] calldata orders, bytes[] calldata signatures)
        external
    {
        for (uint256 i = 0; i < claims.length; i++) {
            Claim calldata said = claims[i];
            if (issuer.isCredited(said.batch, said.index)) continue;

            try issuer.credit(said.batch, said.index, _entries(said), said.proof) {}
            catch (bytes memory reason) {
                emit ClaimRefused(said.batch, said.index, reason);
            }
        }
        desk.redeemBatch(orders, signatures);
    }

    function _entries(Claim calldata said) private pure returns (uint256[] memory entries) {
        entries = new uint256[](1);
        entries[0] = said.entry;
    }
}
