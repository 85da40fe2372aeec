"""Milligrams, points and the calendar: `UnitsLib.sol` on an EVM, `oracle.model.units` and the engine's columns give the same integers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import polars as pl

from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.model import units
from oracle.model.acts import COMMON
from tests.parity.evm import Harness, call

ACTS = 100_000
SEED = 20220607
CHUNK = 5_000
WORD = 64  # hex digits

UNITS = Harness(
    """
// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;
import {UnitsLib} from "contracts/libraries/UnitsLib.sol";
contract Units {
    /// Milligrams and milli-points of each act; an act is its quantity and its factor, 64 bits each, in one word.
    function amounts(uint256[] calldata acts) external pure returns (uint256[] memory found) {
        found = new uint256[](acts.length * 2);
        for (uint256 at = 0; at < acts.length; at++) {
            uint256 milligrams = UnitsLib.reductionMgDown(acts[at] >> 64, uint64(acts[at]));
            (found[2 * at], found[2 * at + 1]) = (milligrams, UnitsLib.pointsMilliDown(milligrams));
        }
    }
    /// Day, latest day and year of each time.
    function calendar(uint256[] calldata times) external pure returns (uint256[] memory found) {
        found = new uint256[](times.length * 3);
        for (uint256 at = 0; at < times.length; at++) {
            uint256 day = UnitsLib.dayOf(times[at]);
            (found[3 * at], found[3 * at + 1]) = (day, UnitsLib.latestDayOf(times[at]));
            found[3 * at + 2] = UnitsLib.yearOf(day);
        }
    }
    /// First day of each year, and whether its page lives in the year after the next `ahead`.
    function pages(uint256[] calldata yearsAsked, uint256 ahead) external pure returns (uint256[] memory found) {
        found = new uint256[](yearsAsked.length * 2);
        for (uint256 at = 0; at < yearsAsked.length; at++) {
            found[2 * at] = UnitsLib.firstDayOf(yearsAsked[at]);
            found[2 * at + 1] = UnitsLib.isLive(yearsAsked[at], yearsAsked[at] + ahead) ? 1 : 0;
        }
    }
}
""",
    "Units",
)


def on_chain(function: str, values: list[int], each: int, *more: int) -> list[tuple[int, ...]]:
    """What a function says of each value, `each` numbers for one; asked in chunks."""
    types = ["uint256[]", *["uint256"] * len(more)]
    calls = [
        call(f"{function}({','.join(types)})", types, [values[at : at + CHUNK], *more])
        for at in range(0, len(values), CHUNK)
    ]
    numbers = [number for answer in UNITS.run(calls) for number in words(answer)]
    return list(zip(*[iter(numbers)] * each, strict=True))


def words(answer: str) -> Iterator[int]:
    """The numbers of an encoded array, after its offset and its length."""
    for at in range(2 + 2 * WORD, len(answer), WORD):
        yield int(answer[at : at + WORD], 16)


@cache
def rules() -> list[Rule]:
    """Active rules whose acts need no history, one for each scenario and region, so that no grid year crowds the others out."""
    found = [rule for rule in Library.load().rules() if rule.status is Status.ACTIVE and rule.method.baseline is None]
    return list({(rule.scenario, rule.region): rule for rule in found}.values())


def drawn(rule: Rule, count: int, chance: random.Random) -> pl.DataFrame:
    """Random acts over the whole range of every field of a rule."""
    fields = [field for field in rule.method.fields.values() if not field.computed]
    ranges = {field.column: (field.in_base(field.min), field.in_base(field.max)) for field in fields}
    rows = [
        {
            "record_key": f"{rule.id}-{at}",
            "subject": "commuter",
            "region": rule.region,
            "rows": [at],
            "start": rule.from_day * units.SECONDS_PER_DAY,
            "end": rule.from_day * units.SECONDS_PER_DAY,
            "day": rule.from_day,
            **{name: chance.randint(*limits) for name, limits in ranges.items()},
        }
        for at in range(count)
    ]
    return pl.DataFrame(rows, schema={**COMMON, **dict.fromkeys(ranges, pl.Int64)})


def test_milligrams_and_points__random_acts_of_every_rule__same_in_the_engine() -> None:
    chance = random.Random(SEED)
    share = ACTS * 3 // 2 // len(rules())
    expected: list[tuple[int, ...]] = []
    packed: list[int] = []
    for rule in rules():
        done = quantify(drawn(rule, share, chance), rule)
        milligrams = pl.col("quantity") * rule.factor_ug // units.UG_PER_MG
        points = milligrams * units.POINTS_NUMERATOR // units.POINTS_DENOMINATOR
        expected += done.acts.select(milligrams.alias("mg"), points.alias("points")).rows()
        packed += [quantity << 64 | rule.factor_ug for quantity in done.acts["quantity"].to_list()]
        assert done.acts.height + done.findings.height == share
    assert len(rules()) > 60
    assert len(packed) > ACTS
    assert on_chain("amounts", packed, 2) == expected
    quantities = [(act >> 64, act & (1 << 64) - 1) for act in packed]
    assert [units.reduction_mg_down(*act) for act in quantities] == [milligrams for milligrams, _ in expected]
    assert [units.points_milli_down(milligrams) for milligrams, _ in expected] == [points for _, points in expected]


def test_milligrams_and_points__any_quantity_and_factor__same_integers() -> None:
    chance = random.Random(SEED + 1)
    edges = [0, 1, 999, 1_000, 1_001, 8_999, 9_000, (1 << 63) - 1]
    acts = [(quantity, factor) for quantity in edges for factor in [*edges, (1 << 64) - 1]]
    acts += [
        (chance.getrandbits(chance.randint(1, 63)), chance.getrandbits(chance.randint(1, 64))) for _ in range(20_000)
    ]
    milligrams = [units.reduction_mg_down(*act) for act in acts]
    expected = [(mass, units.points_milli_down(mass)) for mass in milligrams]
    assert on_chain("amounts", [quantity << 64 | factor for quantity, factor in acts], 2) == expected


def test_calendar__times_around_every_new_year__same_day_latest_day_and_year() -> None:
    midnights = [units.day_of(date(year, 1, 1)) * units.SECONDS_PER_DAY for year in range(1971, 2400)]
    times = [
        midnight + shift for midnight in midnights for shift in (-1, 0, 1, -14 * 3600, -14 * 3600 - 1, 59 * 86_400)
    ]
    expected = [
        (time // 86_400, units.latest_day_of(time), (date(1970, 1, 1) + timedelta(days=time // 86_400)).year)
        for time in times
    ]
    assert on_chain("calendar", times, 3) == expected
    assert [units.year_of(day) for day, _, _ in expected] == [year for _, _, year in expected]
    assert all(
        units.day_of_time(time, "Etc/GMT-14") == latest for time, (_, latest, _) in zip(times, expected, strict=True)
    )


def test_pages__every_year_and_age__first_day_and_life_are_the_same() -> None:
    years = list(range(1971, 2200))
    first = [units.day_of(date(year, 1, 1)) for year in years]
    assert all(before < after for before, after in pairwise(first))
    for ahead in (0, 1, units.PAGE_YEARS - 1, units.PAGE_YEARS, 50):
        lives = int(ahead < units.PAGE_YEARS)
        assert on_chain("pages", years, 2, ahead) == [(day, lives) for day in first]
