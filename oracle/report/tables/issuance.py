"""What was issued: a row per batch, and the same by day."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from oracle.model.units import date_of
from oracle.report.read.ledger import Ledger

DAY_KEY = ["act_date", "operator", "methodology", "version"]


def issuance(ledger: Ledger, phases: Mapping[str, str], units: Mapping[tuple[str, int], str]) -> pd.DataFrame:
    """A row per attested batch; amounts are those of its `ChunkCredited` and `RestsCredited` events.

    Args:
        phases: Phase of each batch at the ledger's block.
        units: Unit of quantity by methodology and version.
    """
    table = ledger.batches.rename(columns=_NAMES)
    table["act_date"] = _dates(table["day"])
    table["phase"] = pd.Series([phases[batch] for batch in table["batch"]], dtype="str")
    used = zip(table["methodology"], table["version"], strict=True)
    table["unit"] = pd.Series([units[methodology, version] for methodology, version in used], dtype="str")
    both = [ledger.table("ChunkCredited"), ledger.table("RestsCredited").assign(accounts=0)]
    chunks = pd.concat(both).sort_values(["block", "log_index"]).groupby("batch")
    credited = chunks[["accounts", "reductionMg", "pointsMilli"]].sum()
    credited.columns = pd.Index(["accounts_credited", "reduction_mg", "points_milli"])
    credited = credited.reindex(table["batch"], fill_value=0).reset_index(drop=True)
    ends = chunks["transaction"].agg(first_credit_tx="first", last_credit_tx="last")
    ends = ends.reindex(table["batch"]).reset_index(drop=True)
    return pd.concat([table, credited, ends], axis=1)[COLUMNS]


def issuance_by_day(batches: pd.DataFrame) -> pd.DataFrame:
    """The rows of `issuance`, summed by act date, operator and methodology version."""
    sums = batches.groupby(DAY_KEY, as_index=False)[SUMMED].sum()
    counts = batches.groupby(DAY_KEY, as_index=False).agg(batches=("batch", "count"), first_batch=("batch", "min"))
    return counts.merge(sums, on=DAY_KEY, validate="one_to_one")[[*DAY_KEY, "batches", *SUMMED, "first_batch"]]


SUMMED = ["records", "accounts_credited", "reduction_mg", "points_milli"]

COLUMNS = [
    *DAY_KEY,
    "sequence",
    "batch",
    "phase",
    "records",
    "accounts",
    "quantity",
    "unit",
    "consented_quantity",
    "accounts_credited",
    "reduction_mg",
    "points_milli",
    "attested_tx",
    "attested_block",
    "first_credit_tx",
    "last_credit_tx",
]

_NAMES = {
    "recordCount": "records",
    "accountCount": "accounts",
    "totalQuantity": "quantity",
    "consentedQuantity": "consented_quantity",
    "transaction": "attested_tx",
    "block": "attested_block",
}


def _dates(days: pd.Series[int]) -> pd.Series[str]:
    return pd.Series([date_of(day).isoformat() for day in days], dtype="str")
