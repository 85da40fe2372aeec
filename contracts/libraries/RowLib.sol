// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {ICarbonPoint} from "../../interfaces/ICarbonPoint.sol";
import {Page, PageLib} from "./PageLib.sol";
import {UnitsLib} from "./UnitsLib.sol";

/// @title The usual credit, for a whole row of accounts
/// @notice An entry is usual if it asks something, its day is not before the account's latest, no cap cuts it, and it does not leave a
/// heavy day behind. For such entries `credit` does what `PageLib.credited` does to a page, and nothing else; tests/fuzz holds the two
/// together for any page and entry.
library RowLib {
    /// @dev One entry of the book in one word: account (160 bits) | milligrams (96 bits).
    uint256 internal constant ACCOUNT_SHIFT = 96;
    uint256 internal constant AMOUNT_MASK = (1 << 96) - 1;

    /// @dev Two sums in one word: milligrams (128 bits) | milli-points (128 bits).
    uint256 internal constant MG_SHIFT = 128;
    uint256 internal constant POINTS_MASK = (1 << 128) - 1;

    /// @dev keccak256("Transfer(address,address,uint256)"), as a literal for assembly.
    bytes32 private constant TRANSFER = 0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef;

    /// @dev keccak256("ReductionCredited(address,uint256,uint256)"), as a literal for assembly.
    bytes32 private constant REDUCTION_CREDITED = 0x25fa389aa26d2cb54a9c560efcf6649e5c5ffba1e86b070b67f6dbafc81f3347;

    /// @dev A day is heavy with more than an eighth of the account day cap: the book notes exactly what it brought.
    uint256 internal constant HEAVY_SHIFT = 3;

    /// @dev `UnitsLib.POINTS_DENOMINATOR`, as a literal for assembly.
    uint256 private constant DENOMINATOR = 9000;

    /// @dev Fields of a page, as in `PageLib`, and its lower half: points and reduction.
    uint256 private constant FIELD_MASK = (1 << 56) - 1;
    uint256 private constant DAY_MASK = (1 << 32) - 1;
    uint256 private constant SUMS_MASK = (1 << 112) - 1;

    /// @notice Credits entries in order up to the first that is not usual.
    /// @dev Assembly, because this loop is what a city pays for: 736 gas less for each account than the same in Solidity.
    /// Memory-safe: only the scratch space is written, 0x00 with the account and then with what the event tells, 0x20 with the mapping's slot.
    /// Storage: the slot is that of `pages[account]`, keccak256(account . slot). Bounds: `done` runs over the array's own words, one
    /// round for each; whoever sends a row pays for it.
    /// No field spills, as proven at `PageLib.credited`: an amount passes only if the day's sum with it stays under the account cap, which
    /// `PointIssuer.MAX_DAY_CAP_MG` bounds; so the sums of a row fit 128 bits as well. Where fields are disjoint, `or` is `+`.
    /// @return done Entries credited.
    /// @return sums Their milligrams << 128 | their milli-points, each rounded down.
    function credit(
        mapping(address => Page) storage pages,
        uint256[] calldata entries,
        ICarbonPoint.CreditTerms memory terms
    ) internal returns (uint256 done, uint256 sums) {
        (uint256 day, uint256 most) = (terms.day, terms.accountCapMg);
        uint256 rate = terms.earnsPoints ? UnitsLib.POINTS_NUMERATOR : 0;
        assembly ("memory-safe") {
            let end := add(entries.offset, shl(5, entries.length))
            mstore(0x20, pages.slot)
            for { done := entries.offset } lt(done, end) { done := add(done, 0x20) } {
                let mg := calldataload(done)
                let account := shr(96, mg)
                mg := and(mg, AMOUNT_MASK)
                mstore(0x00, account)
                let slot := keccak256(0x00, 0x40)
                let page := sload(slot)
                let today := and(shr(144, page), FIELD_MASK)
                let gap := sub(day, and(shr(112, page), DAY_MASK)) // above `day` if the page's day is later: `sub` wraps
                if or(iszero(lt(sub(mg, 1), most)), gt(gap, day)) { break } // and wraps for nothing, which is not below `most`
                let points := div(mul(mg, rate), DENOMINATOR)
                switch gap
                case 0 {
                    if gt(add(today, mg), most) { break }
                    page := add(page, or(points, or(shl(56, mg), shl(144, mg))))
                }
                default {
                    if gt(today, shr(HEAVY_SHIFT, most)) { break }
                    let peak := shr(200, page)
                    if gt(today, peak) { peak := today }
                    page := add(and(page, SUMS_MASK), or(points, shl(56, mg)))
                    page := or(or(page, shl(200, peak)), or(shl(112, day), shl(144, mg)))
                }
                sstore(slot, page)
                sums := add(sums, or(shl(128, mg), points))
                switch points
                case 0 {
                    mstore(0x00, mg)
                    log3(0x00, 0x20, REDUCTION_CREDITED, account, day)
                }
                default {
                    mstore(0x00, points)
                    log3(0x00, 0x20, TRANSFER, 0, account)
                }
            }
            done := shr(5, sub(done, entries.offset))
        }
    }
}
