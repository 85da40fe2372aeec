"""What a nation would take: the kept result of `benchmarks.growth` and the gas snapshot, times assumptions, which are printed with it.

python -m benchmarks.nation [--people 100000000] [--growth benchmarks/results/growth.json]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GAS = ROOT / "tests" / "fuzz" / "gas" / "snapshot.json"
GROWTH = ROOT / "benchmarks" / "results" / "growth.json"


@dataclass(frozen=True)
class Assumed:
    """What is taken for granted; every figure below follows from these and from what was measured."""

    acts_a_day: int = 3  # of a person: a large city's, as `oracle.sandbox.city.plan` makes it
    rules: int = 3  # that have acts on a day, of a city: so many batches
    people_a_city: int = 1_000_000
    busy_percent: int = 25  # of the day a machine works at most; the rest is for repeating a day, late files and faults
    record_bytes: int = 180  # of a record in its bundle and its kept tree, as `benchmarks.readback` finds it
    orders_a_year: int = 24  # of a person who spends
    spenders_percent: int = 10  # of all people; only they claim, each day's leaf of theirs
    block_gas: int = 60_000_000  # of a public chain; a consortium sets its own
    block_seconds: int = 12


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000_000)
    parser.add_argument("--growth", type=Path, default=GROWTH)
    options = parser.parse_args()
    if not options.growth.exists():
        sys.exit(f"{options.growth} is missing: python -m benchmarks.growth writes it")
    assumed = Assumed()
    growth, gas = json.loads(options.growth.read_text()), json.loads(GAS.read_text())
    lines = {f"assumed: {name.replace('_', ' ')}": f"{value:,}" for name, value in vars(assumed).items()}
    lines |= off_chain(options.people, assumed, growth) | on_chain(options.people, assumed, gas)
    width = max(map(len, lines))
    print("\n".join(f"{name:{width}}  {value}" for name, value in lines.items()))


def off_chain(people: int, assumed: Assumed, growth: dict[str, dict[str, dict[str, float]]]) -> dict[str, str]:
    """Machines like the one that was measured, and what they keep."""
    days = {int(acts): seconds for acts, seconds in growth["points"]["acts"].items()}
    per_act, acts = days[max(days)] / max(days), people * assumed.acts_a_day
    seconds = per_act * acts
    cities = math.ceil(people / assumed.people_a_city)
    kept = acts * assumed.record_bytes
    return {
        "acts a day": f"{acts:,}",
        f"microseconds an act, in a day of {max(days):,}": f"{1e6 * per_act:.1f}",
        "hours of a city's day on one machine": f"{seconds / cities / 3_600:.2f}",
        "machines": f"{math.ceil(100 * seconds / (86_400 * assumed.busy_percent)):,}",
        "batches a day": f"{cities * assumed.rules:,}",
        "GB of evidence a day": f"{kept / 1e9:,.0f}",
        "TB of evidence a year": f"{365 * kept / 1e12:,.1f}",
    }


def on_chain(people: int, assumed: Assumed, gas: dict[str, int]) -> dict[str, str]:
    """Gas of a day, and how much of a day's blocks it fills."""
    blocks = 86_400 / assumed.block_seconds
    spenders = people * assumed.spenders_percent // 100
    orders = spenders * assumed.orders_a_year // 365
    ways = {
        "everybody is pushed": people * gas["credit.later"] + orders * gas["redeem.later"],
        "spenders claim": spenders * gas["claim.rowAloneLater"] + orders * gas["redeem.later"],
    }
    found = {
        f"gas a day, orders and all, if {name}": f"{cost:.2e}, {100 * cost / (blocks * assumed.block_gas):,.0f} % of a day's blocks"
        for name, cost in ways.items()
    }
    share = 100 * gas["credit.later"] / gas["claim.rowAloneLater"]
    return found | {"claiming costs less than pushing if of all leaves are claimed fewer than": f"{share:.0f} %"}


if __name__ == "__main__":
    main()
