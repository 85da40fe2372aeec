"""`python -m tests.faults`: breaks the oracle in every way the list of faults has, and prints what became of it.

The full run is for the night, `--short` takes some minutes. Exit code 1 if an act was credited twice or not at all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.plan import Fault, trials
from tests.faults.secrets import leaks
from tests.faults.table import Trial, lines
from tests.faults.world import World


def main() -> None:
    """Runs the trials and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="a few trials of each fault instead of more than 1,600 crashes"
    )
    parser.add_argument("--only", default="", help="faults whose name contains this, e.g. F07")
    parser.add_argument("--seed", type=int, default=0, help="added to every seed")
    arguments = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="carbonbook-faults-") as folder:
        world = World(Path(folder) / "world")
        try:
            results = trials(world, not arguments.short, arguments.only, arguments.seed, _tell)
            leaked = leaks(world)
        finally:
            world.close()
    print("\n".join(lines(results)))
    crashes = sum(result.injected for result in results if result.fault.startswith("F01"))
    print(f"\n{crashes} crashes; {len(leaked)} secrets in what the commands said; {time.monotonic() - began:.0f} s")
    failed = [trial for result in results for trial in result.trials if not trial.passed]
    sys.exit(1 if failed or leaked else 0)


def _tell(fault: Fault, step: str, trial: Trial) -> None:
    verdict = "ok" if trial.passed else f"FAILED: {trial.doubled} doubled, {trial.lost} lost. {trial.note}"
    print(
        f"{fault.name}, {step}, {trial.label}: {_listed(trial.injected)}: {verdict}",
        file=sys.stderr,
        flush=True,
    )


def _listed(injected: list[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in Counter(injected).items()) or "nothing"


if __name__ == "__main__":
    main()
