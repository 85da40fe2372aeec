"""How fast acts are quantified: a million records over ten methodologies.

Three things are timed on the same file: reading it with polars, quantifying what was read, and a plain loop over pandas rows that works
out the same numbers for a sample (its time scaled by the number of records). The sums must agree before any time is printed.

    python benchmarks/quantify.py [--records 1000000] [--sample 20000] [--runs 5]
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from collections.abc import Callable, Hashable
from datetime import date
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import pandas as pd
import polars as pl

from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.model.units import day_of

REGION = "CN-4403"
FIRST = day_of(date(2023, 3, 1))
DAYS = 20  # of each household's electricity

# Records in a hundred, and a field drawn between two values, out of range now and then.
MIXTURE: dict[str, tuple[int, dict[str, tuple[int, int]]]] = {
    "CI-01": (20, {"distance_m": (100, 62_000)}),
    "CI-01-RIDE": (10, {"rides": (1, 2)}),
    "CI-02": (30, {"distance_m": (400, 60_000)}),
    "CI-05": (10, {"distance_m": (100, 12_000)}),
    "CI-07": (5, {"steps": (0, 30_000)}),
    "CI-11": (10, {"energy_wh": (2_000, 14_000)}),
    "CI-20": (3, {"mass_g": (200, 20_000)}),
    "CI-26": (5, {"orders": (1, 4)}),
    "CI-28": (2, {"base_wh": (300_000, 400_000), "actual_wh": (150_000, 350_000), "days": (1, 31)}),
    "CI-31": (5, {"meals": (1, 3), "kind": (0, 1)}),
}
FIELDS = sorted({name for _, fields in MIXTURE.values() for name in fields})
SCHEMA: dict[str, pl.DataType] = {
    "scenario": pl.String(),
    "record_key": pl.String(),
    "subject": pl.String(),
    "region": pl.String(),
    "start": pl.Int64(),
    "end": pl.Int64(),
    "day": pl.Int32(),
    "row": pl.Int64(),
    **{name: pl.Int64() for name in FIELDS},
}


def write_records(path: Path, records: int) -> None:
    """A seeded file of records, all scenarios mixed."""
    chance = random.Random(1)
    rows: list[dict[str, object]] = []
    for scenario, (share, fields) in MIXTURE.items():
        for at in range(records * share // 100):
            day = FIRST + (at % DAYS if scenario == "CI-11" else chance.randrange(DAYS))
            start = day * 86_400 + chance.randrange(86_000)
            rows.append(
                {
                    "scenario": scenario,
                    "record_key": f"{scenario}-{at:07}",
                    "subject": f"u{at // DAYS if scenario == 'CI-11' else chance.randrange(records):07}",
                    "region": REGION,
                    "start": start,
                    "end": start + 900,
                    "day": day,
                    **{name: chance.randint(*limits) for name, limits in fields.items()},
                }
            )
    chance.shuffle(rows)
    table = pl.DataFrame(rows, schema={name: kind for name, kind in SCHEMA.items() if name != "row"})
    table.with_row_index("row", 1).select(list(SCHEMA)).write_csv(path)


def rules() -> dict[str, Rule]:
    """The rule of each scenario."""
    library = Library.load()
    found = {scenario: library.rule_for(scenario, REGION, FIRST) for scenario in MIXTURE}
    return {scenario: rule for scenario, rule in found.items() if rule is not None}


def quantified(table: pl.DataFrame, by: dict[str, Rule]) -> dict[str, int]:
    """Milligrams by scenario, through the engine."""
    totals: dict[str, int] = {}
    for (scenario,), acts in table.partition_by("scenario", as_dict=True, include_key=False).items():
        rule = by[str(scenario)]
        columns = [name for name in acts.columns if name not in FIELDS or name in MIXTURE[str(scenario)][1]]
        named = acts.select(columns).with_columns(pl.concat_list("row").alias("rows")).drop("row")
        milligrams = quantify(named, rule).acts.select(pl.col("quantity") * rule.factor_ug // 1000).to_series().sum()
        totals[str(scenario)] = int(milligrams)
    return totals


def looped(sample: pd.DataFrame, by: dict[str, Rule]) -> dict[str, int]:
    """The same in a plain loop over pandas rows, with the rules written out by hand."""
    totals = dict.fromkeys(by, 0)
    meters: dict[Hashable, dict[int, int]] = {}
    for _, row in sample.iterrows():
        if row["scenario"] == "CI-11":
            meters.setdefault(row["subject"], {})[row["day"]] = int(row["energy_wh"])
    for _, row in sample.iterrows():
        scenario = row["scenario"]
        totals[scenario] += by_hand(scenario, row, meters) * by[scenario].factor_ug // 1000
    return totals


def by_hand(scenario: str, row: Any, meters: dict[Hashable, dict[int, int]]) -> int:
    """Quantity of one record, as somebody would write it without the library."""
    if scenario in {"CI-01", "CI-02", "CI-05"}:
        least, most = {"CI-01": (300, 60_000), "CI-02": (500, 120_000), "CI-05": (200, 20_000)}[scenario]
        return int(row["distance_m"]) if least <= row["distance_m"] <= most else 0
    if scenario == "CI-11":
        return electricity_by_hand(int(row["energy_wh"]), row["day"], meters[row["subject"]])
    if scenario == "CI-20":
        return int(row["mass_g"]) if 500 <= row["mass_g"] <= 50_000 else 0
    if scenario == "CI-28":
        return max(int(row["base_wh"]) - int(row["actual_wh"]), 0) * int(row["days"]) // 365
    if scenario == "CI-31":
        return int(row["meals"]) * (920_000 if row["kind"] == 0 else 610_000)
    if scenario == "CI-07":
        return min(int(row["steps"]), 14_800)
    return int(row["rides"] if scenario == "CI-01-RIDE" else row["orders"])


def electricity_by_hand(energy: int, day: int, meter: dict[int, int]) -> int:
    """Saving against the own previous seven days, vacant days left out."""
    before = [day - back for back in range(1, 8)]
    if not all(each in meter for each in before):
        return 0
    lived = [meter[each] for each in before if meter[each] * 5 >= usual(each, meter)]
    if len(lived) < 4 or energy * 5 < usual(day, meter):
        return 0
    baseline = sum(lived) // len(lived)
    return min(max(baseline - energy, 0), baseline // 2, 3_000_000_000 // 441_900)


def usual(day: int, meter: dict[int, int]) -> int:
    """Mean of all readings before `day`."""
    before = [reading for on, reading in meter.items() if on < day]
    return sum(before) // len(before) if before else 0


def timed(work: Callable[[], object], runs: int) -> float:
    """Median seconds."""
    times = []
    for _ in range(runs):
        begun = perf_counter()
        work()
        times.append(perf_counter() - begun)
    return median(times)


def measure(records: int, sample_size: int, runs: int) -> dict[str, Any]:
    """Times and ratios, with the ratios aimed at.

    Raises:
        ValueError: The loop and the engine disagree about the sample.
    """
    by = rules()
    with tempfile.TemporaryDirectory() as folder:
        path, small = Path(folder) / "records.csv", Path(folder) / "sample.csv"
        write_records(path, records)
        write_records(small, sample_size)
        table, sample = pl.read_csv(path, schema=SCHEMA), pd.read_csv(small)
        if looped(sample, by) != quantified(pl.read_csv(small, schema=SCHEMA), by):
            raise ValueError("the loop and the engine disagree")
        reading = timed(lambda: pl.read_csv(path, schema=SCHEMA), runs)
        engine = timed(lambda: quantified(table, by), runs)
        loop = timed(lambda: looped(sample, by), runs) * table.height / len(sample)
    return {
        "records": table.height,
        "sample": len(sample),
        "methodologies": len(by),
        "read_s": round(reading, 3),
        "quantify_s": round(engine, 3),
        "pandas_loop_s": round(loop, 1),
        "quantify_to_read": round(engine / reading, 2),
        "quantify_to_read_aim": "below 3",
        "loop_to_quantify": round(loop / engine, 1),
        "loop_to_quantify_aim": "above 50",
        "records_per_s": int(table.height / engine),
    }


def main(arguments: list[str] | None = None) -> dict[str, Any]:
    """Measures, prints one JSON object and returns it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args(arguments)
    result = measure(options.records, options.sample, options.runs)
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    return result


if __name__ == "__main__":
    main()
