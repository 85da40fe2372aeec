// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @notice One account's page of one year, in one storage slot:
/// points (56 bits, milli-points left) | reduction (56, mg) | day (32) | today (56, mg) | peak (56, mg), lowest bits first.
type Page is uint256;

using PageLib for Page global;

/// @title Packing of an account's yearly page
/// @notice `day` is the latest act day credited, `today` what was credited on time for it, and `peak` the most that was ever credited
/// on time for any earlier day that the book notes no exact figure of, which it does of days with more than an eighth of the cap. So for
/// every day before `day`: credited on time <= peak, or noted; which is what lets a late batch be checked against the day cap
/// without remembering every day.
/// @dev 56 bits hold 7.2e16 mg = 72 thousand tonnes or 72 trillion points: `pack` refuses more rather than spill over.
library PageLib {
    /// @notice A value does not fit its field of a page.
    error PageLib_Overflow(uint256 value);

    uint256 internal constant FIELD_MASK = (1 << 56) - 1;

    uint256 internal constant DAY_MASK = (1 << 32) - 1;

    uint256 private constant REDUCTION_SHIFT = 56;
    uint256 private constant DAY_SHIFT = 112;
    uint256 private constant TODAY_SHIFT = 144;
    uint256 private constant PEAK_SHIFT = 200;

    function pointsMilli(Page page) internal pure returns (uint256) {
        return Page.unwrap(page) & FIELD_MASK;
    }

    function reductionMg(Page page) internal pure returns (uint256) {
        return (Page.unwrap(page) >> REDUCTION_SHIFT) & FIELD_MASK;
    }

    function day(Page page) internal pure returns (uint256) {
        return (Page.unwrap(page) >> DAY_SHIFT) & DAY_MASK;
    }

    function todayMg(Page page) internal pure returns (uint256) {
        return (Page.unwrap(page) >> TODAY_SHIFT) & FIELD_MASK;
    }

    function peakMg(Page page) internal pure returns (uint256) {
        return Page.unwrap(page) >> PEAK_SHIFT;
    }

    /// @notice What `day_` was credited on time, or more than any field holds if a later day has been credited since.
    function usedOn(Page page, uint256 day_) internal pure returns (uint256) {
        uint256 present = (Page.unwrap(page) >> DAY_SHIFT) & DAY_MASK;
        if (day_ < present) return type(uint256).max;
        return day_ == present ? (Page.unwrap(page) >> TODAY_SHIFT) & FIELD_MASK : 0;
    }

    /// @notice The page after a credit on time: for its latest day, or for a later one.
    /// @dev No field can spill into the next: one day brings a book at most `PointIssuer.MAX_DAY_CAP_MG` = 2^46 mg, on time and late
    /// together and however often it moved, because each act day reaches it through one account only; a year brings 366 times that, which
    /// is less than 2^55. Points are 76/9000 of it.
    function credited(Page page, uint256 day_, uint256 mg, uint256 points) internal pure returns (Page) {
        unchecked {
            uint256 raw = Page.unwrap(page) + points + (mg << REDUCTION_SHIFT);
            uint256 present = (raw >> DAY_SHIFT) & DAY_MASK;
            if (present == day_) return Page.wrap(raw + (mg << TODAY_SHIFT));

            uint256 today = (raw >> TODAY_SHIFT) & FIELD_MASK;
            uint256 peak = raw >> PEAK_SHIFT;
            if (today > peak) peak = today;
            return Page.wrap(raw & ((1 << DAY_SHIFT) - 1) | day_ << DAY_SHIFT | mg << TODAY_SHIFT | peak << PEAK_SHIFT);
        }
    }

    /// @notice The page after a late credit, for a day before its latest.
    function creditedLate(Page page, uint256 mg, uint256 points) internal pure returns (Page) {
        unchecked {
            return Page.wrap(Page.unwrap(page) + points + (mg << REDUCTION_SHIFT)); // as in `credited`
        }
    }

    /// @notice The same page without what was credited for its latest day, once that is noted elsewhere: it does not raise the peak.
    function withoutToday(Page page) internal pure returns (Page) {
        return Page.wrap(Page.unwrap(page) & ~(FIELD_MASK << TODAY_SHIFT));
    }

    /// @notice What a move leaves of a page: no points, no reduction, and every day through `through` behind its latest.
    function left(Page page, uint256 through) internal pure returns (Page) {
        return pack(0, 0, through + 1, 0, page.peakMg());
    }

    /// @notice What a move makes of a page: its points and reduction, and every day through `through` behind its latest.
    function taken(Page page, uint256 through) internal pure returns (Page) {
        return pack(page.pointsMilli(), page.reductionMg(), through + 1, 0, 0);
    }

    function pack(uint256 points, uint256 reduction, uint256 day_, uint256 today, uint256 peak)
        internal
        pure
        returns (Page)
    {
        uint256 widest = points | reduction | today | peak;
        if (widest > FIELD_MASK) revert PageLib_Overflow(widest);
        if (day_ > DAY_MASK) revert PageLib_Overflow(day_);

        return Page.wrap(
            points | reduction << REDUCTION_SHIFT | day_ << DAY_SHIFT | today << TODAY_SHIFT | peak << PEAK_SHIFT
        );
    }

    /// @notice The same page with `points` milli-points left.
    function withPoints(Page page, uint256 points) internal pure returns (Page) {
        if (points > FIELD_MASK) revert PageLib_Overflow(points);

        return Page.wrap(Page.unwrap(page) & ~FIELD_MASK | points);
    }

    /// @notice The same page with `reduction` milligrams.
    function withReduction(Page page, uint256 reduction) internal pure returns (Page) {
        if (reduction > FIELD_MASK) revert PageLib_Overflow(reduction);

        return Page.wrap(Page.unwrap(page) & ~(FIELD_MASK << REDUCTION_SHIFT) | reduction << REDUCTION_SHIFT);
    }
}
