// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId, OrderKey} from "../contracts/types/Ids.sol";
import {IRedemptionDesk} from "./IRedemptionDesk.sol";

/// @title The counter: what a citizen has earned is credited at the moment of spending, in one call
/// @notice A claim is a credit of one leaf with a full proof. Whoever relays an order brings the citizen's claims along; so an epoch costs one
/// header however many people it holds, and nobody pays for those who never spend. A claim needs no signature: it can only give an account
/// what is its own. The counter holds nothing, has no role and no owner: all it does, anyone can do in two calls. It answers to ERC-165.
interface ICounter {
    /// @param batch An open batch.
    /// @param index Index of the leaf in the accounts tree.
    /// @param entry The leaf, packed as in `LeafLib` (account | consented | quantity).
    /// @param proof Siblings from the leaf to the root.
    struct Claim {
        BatchId batch;
        uint256 index;
        uint256 entry;
        bytes32[] proof;
    }

    /// @notice A claim in a row was refused, for `reason` (encoded error); nothing changed for it.
    event ClaimRefused(BatchId indexed batch, uint256 index, bytes reason);

    /// @notice Credits the claims that are still open, each by `IPointIssuer.credit`; leaves that are credited already are passed over.
    /// Anyone sends it, for anyone. One round for each claim; the sender pays.
    /// Reverts if: the issuer refuses a claim that is not credited yet.
    /// @return credited Claims that were still open.
    function claim(Claim[] calldata claims) external returns (uint256 credited);

    /// @notice Credits the claims that are still open, then takes the order.
    /// Reverts if: the issuer refuses a claim that is not credited yet; the desk refuses the order. Then nothing is credited either.
    function claimAndRedeem(Claim[] calldata claims, IRedemptionDesk.Order calldata order, bytes calldata signature)
        external
        returns (OrderKey key);

    /// @notice Credits the claims of a row of citizens, then takes their orders. A claim that is refused is told by `ClaimRefused`, an order
    /// by the desk's `OrderRefused`; neither stops the others, and an order whose claim was refused is taken if the points suffice.
    /// Reverts if: the desk is paused; there are not as many signatures as orders; too little gas is left to give an order its share.
    function serve(Claim[] calldata claims, IRedemptionDesk.Order[] calldata orders, bytes[] calldata signatures)
        external;
}
