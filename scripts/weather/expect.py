"""What a home would have used in the weather there was: a CalTRACK daily model of its own year before, by OpenDSM.

Runs in an environment of its own (`make weather`), because OpenDSM and this project ask for different versions of pandas.

    build/weather/bin/python scripts/weather/expect.py --meter meter.csv.gz --temperature weather.csv.gz --zone Asia/Shanghai \\
        --baseline 2021-01-01 --days 365 > expected.csv

Inputs: `start,value` in kWh by the day; `dt,tempC` or `dt,tempF` by the hour; times in ISO 8601. Output: a line for each day after the
baseline year with `day`, `energy_wh` and `expected_wh`: whole watt-hours, rounded down once, so that no float reaches a record. A second
run on the same machine gives the same lines.
"""

from __future__ import annotations

import argparse
import csv
import sys
import warnings
from collections.abc import Iterator
from decimal import ROUND_FLOOR, Decimal

WH_PER_KWH = 1000


def whole_wh(kilowatt_hours: float) -> int:
    """Watt-hours of a number of kilowatt-hours, rounded down, never below 0."""
    return max(0, int((Decimal(repr(float(kilowatt_hours))) * WH_PER_KWH).to_integral_value(rounding=ROUND_FLOOR)))


def expected(meter: str, temperature: str, zone: str, baseline: str, days: int) -> Iterator[tuple[str, int, int]]:
    """Day, watt-hours used and watt-hours expected, for each day after the baseline.

    Raises:
        ValueError: OpenDSM finds the baseline year too thin to stand on.
    """
    import pandas as pd
    from opendsm.eemeter import DailyBaselineData, DailyModel, DailyReportingData

    def series(path: str) -> pd.Series:
        table = pd.read_csv(path, index_col=0)
        table.index = pd.to_datetime(table.index, utc=True).tz_convert(zone)
        values = table.iloc[:, 0].dropna()
        return values * 9 / 5 + 32 if table.columns[0] == "tempC" else values

    used, heat = series(meter), series(temperature)
    begin = pd.Timestamp(baseline, tz=zone)
    middle = begin + pd.DateOffset(days=days)

    def between(values: pd.Series, first: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
        return values[(values.index >= first) & (values.index < end)]

    last = used.index[-1]
    year = DailyBaselineData.from_series(
        between(used, begin, middle), between(heat, begin, middle), is_electricity_data=True
    )
    if year.disqualification:
        raise ValueError("; ".join(each.qualified_name for each in year.disqualification))
    model = DailyModel().fit(year)
    after = DailyReportingData.from_series(
        between(used, middle, last), between(heat, middle, last), is_electricity_data=True
    )
    for day, row in model.predict(after).dropna(subset=["observed", "predicted"]).iterrows():
        yield day.date().isoformat(), whole_wh(row["observed"]), whole_wh(row["predicted"])


def main() -> None:
    """Writes the lines as CSV."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("meter", "temperature", "zone", "baseline"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--days", type=int, default=365)
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of the library's own dependencies
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(["day", "energy_wh", "expected_wh"])
    out.writerows(expected(options.meter, options.temperature, options.zone, options.baseline, options.days))


if __name__ == "__main__":
    main()
