"""`python -m tests.faults`: breaks the oracle in every way the list of faults has, and prints what became of it.

The full run is for the night, `--short` takes some minutes. With `--results FILE` a run that was stopped goes on where it was, and several
can share the work, each with steps of its own. Exit code 1 if an act was credited twice or not at all.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.faults.plan import ORDER, Selection, injected
from tests.faults.secrets import leaks
from tests.faults.table import Done, Results
from tests.faults.world import World


def main() -> None:
    """Runs the trials and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--short", action="store_true", help="a few trials of each fault instead of more than 1,600 crashes"
    )
    parser.add_argument("--only", default="", help="faults whose name contains this, e.g. F07")
    parser.add_argument("--steps", default=",".join(ORDER), help="steps to break, e.g. settle,redeem")
    parser.add_argument("--seed", type=int, default=0, help="added to every seed")
    parser.add_argument("--results", type=Path, help="file of the trials that were made, to go on with")
    arguments = parser.parse_args()
    wanted = Selection(not arguments.short, arguments.only, tuple(arguments.steps.split(",")), arguments.seed)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="carbonbook-faults-") as folder:
        results = Results(arguments.results or Path(folder) / "results.jsonl")
        world = World(Path(folder) / "world")
        try:
            for fault, step, number in wanted.listed():
                if not results.has(fault.name, step, number):
                    done = Done(fault.name, step, number, injected(fault, world, step, number))
                    results.add(done)
                    _tell(done)
            leaked = leaks(world)
        finally:
            world.close()
        print("\n".join(results.table()))
        print(
            f"\n{results.crashes} crashes; {len(leaked)} secrets in what the commands said; {time.monotonic() - began:.0f} s"
        )
        failed = [done for done in results.all() if not done.trial.passed]
    sys.exit(1 if failed or leaked else 0)


def _tell(done: Done) -> None:
    trial = done.trial
    verdict = "ok" if trial.passed else f"FAILED: {trial.doubled} doubled, {trial.lost} lost. {trial.note}"
    print(
        f"{done.fault}, {done.step}, {trial.label}: {_listed(trial.injected)}: {verdict}", file=sys.stderr, flush=True
    )


def _listed(injected: list[str]) -> str:
    return ", ".join(f"{count} x {name}" for name, count in Counter(injected).items()) or "nothing"


if __name__ == "__main__":
    main()
