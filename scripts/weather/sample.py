"""The sample home of OpenDSM, normalised by the weather that comes with it: what `docs/weather.md` quotes.

Runs in the environment of `make weather`. The model must explain the year that it did not see: the sums may differ by what a home
changes, not by what a wrong unit or a shifted day would do.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

from expect import expected

METER = Path(__file__).resolve().parents[2] / "tests" / "data" / "il-electricity-cdd-hdd-daily.csv.gz"
MOST_APART_PERCENT = 25


def main() -> None:
    """Prints one JSON object; a non-zero exit if the model does not explain the year after."""
    warnings.simplefilter("ignore")  # of the library's own dependencies
    weather = files("opendsm.eemeter.samples") / "il-electricity-cdd-hdd-tempF.csv.gz"
    days = list(expected(str(METER), str(weather), "America/Chicago", "2015-11-22", 365))
    used, foreseen = sum(day[1] for day in days), sum(day[2] for day in days)
    result = {
        "opendsm": version("opendsm"),
        "days": len(days),
        "used_wh": used,
        "expected_wh": foreseen,
        "days_below_expected": sum(day[1] < day[2] for day in days),
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    if 100 * abs(foreseen - used) > MOST_APART_PERCENT * used:
        sys.exit("expected and used are too far apart for a model of this home")


if __name__ == "__main__":
    main()
