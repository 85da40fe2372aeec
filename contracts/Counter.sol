// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ERC165} from "@openzeppelin/contracts/utils/introspection/ERC165.sol";
import {ICounter} from "../interfaces/ICounter.sol";
import {IPointIssuer} from "../interfaces/IPointIssuer.sol";
import {IRedemptionDesk} from "../interfaces/IRedemptionDesk.sol";
import {OrderKey} from "./types/Ids.sol";

/// @title Counter
contract Counter is ICounter, ERC165 {
    /// @dev What became of a claim.
    enum Fate {
        Credited,
        PassedOver,
        Refused
    }

    IPointIssuer public immutable issuer;
    IRedemptionDesk public immutable desk;

    constructor(IPointIssuer issuer_, IRedemptionDesk desk_) {
        issuer = issuer_;
        desk = desk_;
    }

    /// @inheritdoc ICounter
    function claim(Claim[] calldata claims) public returns (uint256 credited) {
        for (uint256 i = 0; i < claims.length; i++) {
            (Fate fate, bytes memory reason) = _credit(claims[i]);
            if (fate == Fate.Refused) _revert(reason);
            if (fate == Fate.Credited) credited++;
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
            (Fate fate, bytes memory reason) = _credit(claims[i]);
            if (fate == Fate.Refused) emit ClaimRefused(claims[i].batch, claims[i].index, reason);
        }
        desk.redeemBatch(orders, signatures);
    }

    /// @inheritdoc ERC165
    function supportsInterface(bytes4 id) public view override returns (bool) {
        return id == type(ICounter).interfaceId || super.supportsInterface(id);
    }

    /// @dev Asks whether the leaf was credited before only where the issuer refuses, because most claims are open.
    function _credit(Claim calldata said) private returns (Fate, bytes memory) {
        uint256[] memory entries = new uint256[](1);
        entries[0] = said.entry;
        try issuer.credit(said.batch, said.index, entries, said.proof) {
            return (Fate.Credited, "");
        } catch (bytes memory reason) {
            return (issuer.isCredited(said.batch, said.index) ? Fate.PassedOver : Fate.Refused, reason);
        }
    }

    function _revert(bytes memory reason) private pure {
        assembly ("memory-safe") {
            revert(add(reason, 0x20), mload(reason)) // the issuer's own error, as it came
        }
    }
}
