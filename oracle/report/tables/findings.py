"""Findings as a table: what was wrong with which row, in both languages, and what became of it."""

from __future__ import annotations

import pandas as pd

from oracle.model.findings import CODES
from oracle.model.units import date_of
from oracle.report.read.holdings import Holdings

COLUMNS = [
    "code",
    "kind",
    "file",
    "row",
    "sentence",
    "sentence_zh",
    "values",
    "scenario",
    "act_date",
    "file_sha256",
]


def findings(holdings: Holdings) -> pd.DataFrame:
    """A row per finding; `scenario` and `act_date` are filled for what was found when that day was closed."""
    table = holdings.findings.rename(columns={"sha256": "file_sha256"})
    codes = [CODES[code] for code in table["code"]]
    table["kind"] = pd.Series([str(code.kind) for code in codes], dtype=object)
    table["sentence"] = pd.Series([code.en for code in codes], dtype=object)
    table["sentence_zh"] = pd.Series([code.zh for code in codes], dtype=object)
    dates = [None if pd.isna(day) else date_of(day).isoformat() for day in table["day"]]
    table["act_date"] = pd.Series(dates, dtype=object)
    return table[COLUMNS].astype({"row": "Int64"})
