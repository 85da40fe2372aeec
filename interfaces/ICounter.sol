// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchId, OrderKey} from "../contracts/types/Ids.sol";
import {IRedemptionDesk} from "./IRedemptionDesk.sol";

/// @title The counter: what a citizen has earned is credited at the moment of spending, in one call
/// @notice A claim is a credit of one leaf with a full proof. Whoever relays an order brings the citizen's claims along; so an epoch costs one
/// header however many people it holds, and nobody pays for those who never spend. The counter holds nothing, has no role and no owner:
/// all it does, anyone can do in two calls.
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

    /// @param claims What is credited before the order is taken; leaves that are credited already are passed over.
    /// @param order What the citizen buys.
    /// @param signature The citizen's, over the order. Claims need none: they can only give the account what is its own.
    struct Visit {
        Claim[] claims;
        IRedemptionDesk.Order order;
        bytes signature;
    }

    /// @notice A visit in a row of visits was not served, for `reason` (encoded error); nothing changed for it.
    event VisitRefused(address indexed citizen, address indexed merchant, bytes32 orderNumber, bytes reason);

    /// @notice Credits the claims that are still open, each by `IPointIssuer.credit`. Anyone sends it, for anyone.
    /// One round for each claim; the sender pays.
    /// Reverts if: the issuer refuses a claim that is not credited yet.
    /// @return credited Claims that were still open.
    function claim(Claim[] calldata claims) external returns (uint256 credited);

    /// @notice Credits the claims that are still open, then takes the order.
    /// Reverts if: the issuer refuses a claim that is not credited yet; the desk refuses the order. Then nothing is credited either.
    function claimAndRedeem(Visit calldata visit) external returns (OrderKey key);

    /// @notice Serves several visits; one that cannot be served is told by `VisitRefused` and does not stop the others.
    function serve(Visit[] calldata visits) external;
}
