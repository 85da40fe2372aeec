"""A batch in parts: quantified and hashed by one process, and by a process for each core, with the same bundle from both.

python -m benchmarks.parts [--acts 600000] [--shards 8]
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.table import Row, print_rows, require, timed
from benchmarks.world import FIRST_SECOND, OPERATOR
from oracle.measure.quantify.library import Library
from oracle.measure.shards.engines import Here, Pool
from oracle.measure.shards.work import split, together
from oracle.model.columns import column
from oracle.model.findings import empty_findings
from oracle.model.keccak import keccak_matrix
from oracle.model.units import day_of_time

REGION = "CN-4403"


def rides(acts: int, day: int) -> pl.DataFrame:
    """Metro rides, three for each rider, as closing hands them on."""
    number = np.arange(acts)
    persons = keccak_matrix((number // 3).astype(">u8").view(np.uint8).reshape(-1, 8))
    start = FIRST_SECOND + 20_000 + number % 3 * 14_000
    return pl.DataFrame(
        [
            column("record_id", keccak_matrix(number.astype(">u8").view(np.uint8).reshape(-1, 8))),
            column("account", persons[:, :20].copy()),
            column("salt", keccak_matrix(persons)),
            pl.Series("consented", number % 2 > 0),
            pl.Series("record_key", number.astype(str)),
            pl.Series("subject", (number // 3).astype(str)),
            pl.Series("start", start),
            pl.Series("end", start + 1_800),
            pl.Series("distance_m", 6_500 + number % 5_000),
        ]
    ).with_columns(
        region=pl.lit(REGION),
        day=pl.lit(day, pl.Int32),
        file=pl.lit("trips.csv"),
        rows=pl.concat_list(pl.lit(1, pl.Int64)),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--acts", type=int, default=600_000)
    parser.add_argument("--shards", type=int, default=8)
    options = parser.parse_args()
    day = day_of_time(FIRST_SECOND + 20_000, "Asia/Shanghai")
    rule = Library.load().rule_for("CI-02", REGION, day)
    if rule is None:
        sys.exit(f"no rule for CI-02 in {REGION}")
    cores = os.cpu_count() or 1
    with tempfile.TemporaryDirectory() as temporary:
        parts = split(rides(options.acts, day), None, rule, OPERATOR, day, options.shards, str(Path(temporary)))
        here, counted = timed(lambda: Here().run(parts))
        alone = together(parts, empty_findings(), rule, 0)
        pool, again = timed(lambda: Pool(cores).run(parts))
        joining, bundle = timed(lambda: together(parts, empty_findings(), rule, 0))
    require(counted == again and sum(counted) == options.acts and bundle.document == alone.document, "bundles")
    print_rows(
        [
            Row(
                f"{options.acts:,} acts in {options.shards} parts, {cores} processes",
                f"{pool:.1f} s",
                f"one process {here:.1f} s",
                here / pool,
            ),
            Row(f"joining {options.shards} parts into the bundle", f"{joining:.1f} s"),
        ]
    )


if __name__ == "__main__":
    main()
