"""What a nation would take: the figures of a kept result and of the gas snapshot, times the assumptions that the page states.

python -m benchmarks.nation [--people 100000000] [--growth docs/performance/growth.json]
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GAS = ROOT / "tests" / "fuzz" / "gas" / "snapshot.json"

ACTS_A_DAY = 3  # of a person: a large city's, as `oracle.city.plan` makes it
CITY = 1_000_000  # people whose day is one machine's
BUSY_PERCENT = 25  # of the day a machine works at most; the rest is for repeating a day, late files and faults
NODE_BYTES = 64  # of a record's leaf and node in the kept trees
BLOCK_GAS, BLOCK_SECONDS = 60_000_000, 12  # a public chain's; a consortium sets its own


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000_000)
    parser.add_argument("--growth", type=Path, default=ROOT / "docs" / "performance" / "growth.json")
    options = parser.parse_args()
    if not options.growth.exists():
        sys.exit(f"{options.growth} is missing: python -m benchmarks.growth writes it")
    people, acts = options.people, options.people * ACTS_A_DAY
    days = {int(size): seconds for size, seconds in json.loads(options.growth.read_text())["days"].items()}
    per_act = days[max(days)] / max(days)
    seconds = per_act * acts
    gas = json.loads(GAS.read_text())
    print(f"acts a day                         {acts:,}")
    print(f"seconds an act, largest day        {per_act:.2e}")
    print(f"machines, busy {BUSY_PERCENT} % of the day      {math.ceil(seconds / (86_400 * BUSY_PERCENT / 100)):,}")
    print(f"batches a day, one a city and rule {math.ceil(people / CITY):,} times the rules in use")
    print(f"kept trees, a day                  {acts * NODE_BYTES / 1e9:,.0f} GB")
    for name, share in (("everybody pushed daily", 1.0), ("a tenth claims, on the day it spends", 0.1)):
        cost = int(people * share) * gas["credit.later" if share == 1.0 else "claim.rowLater"]
        blocks = math.ceil(cost / BLOCK_GAS)
        print(f"gas a day, {name:36} {cost:.2e}, {blocks:,} blocks, {blocks * BLOCK_SECONDS / 86_400:.1f} days of them")


if __name__ == "__main__":
    main()
