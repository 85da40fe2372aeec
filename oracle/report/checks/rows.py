"""Rows: every row of every file ends in exactly one place, and every record stands in exactly one batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd

from oracle.report.checks.check import Check, compare
from oracle.report.read.holdings import Holdings


def check_files(holdings: Holdings) -> Iterator[Check]:
    """Per file: rows == accepted + quarantined; both as counted again; and what became of the accepted rows."""
    acts = _act_rows(holdings)
    at_ingest = holdings.findings[holdings.findings["scenario"].isna() & holdings.findings["row"].notna()]
    for file in holdings.files:
        rows = acts[acts["sha256"] == file.sha256]
        refused = at_ingest.loc[at_ingest["sha256"] == file.sha256, "row"]
        scope = f"{file.name} {file.sha256[:16]}"
        yield compare("rows", scope, file.rows, file.accepted + file.quarantined)
        yield compare("rows_accepted", scope, file.accepted, rows["row"].nunique())
        yield compare("rows_quarantined", scope, file.quarantined, refused.nunique())
        twice = int(rows["row"].duplicated().sum()) + int(rows["row"].isin(set(refused)).sum())
        yield compare("rows_in_two_places", scope, twice, 0)
        yield compare("rows_without_outcome", scope, int((rows["outcome"] == "lost").sum()), 0)


def check_records(holdings: Holdings) -> Iterator[Check]:
    """Every record stands in one batch only, and stands for an act that nothing took out."""
    listed = [record for bundle in holdings.bundles.values() for record in bundle.records]
    rows = _act_rows(holdings)
    acts = set(rows.loc[rows["outcome"] == "batched", "record_id"].dropna())
    forgotten = int(holdings.forgotten["record"].sum())
    yield compare("records_in_one_batch", f"{len(holdings.bundles)} bundles", len(listed), len(set(listed)))
    yield compare("records_with_an_act", f"{len(holdings.bundles)} bundles", len(set(listed)), len(acts) + forgotten)


def outcomes(holdings: Holdings) -> dict[str, int]:
    """Accepted rows by what became of them: batched, excluded when their day was closed, or waiting to be closed."""
    counted = Counter(_act_rows(holdings)["outcome"])
    return {name: counted[name] for name in ("batched", "excluded", "waiting")}


def _act_rows(holdings: Holdings) -> pd.DataFrame:
    """sha256, row, record_id, outcome of every row of every act; an outcome `lost` must not be. A row that was forgotten has no record."""
    rows = holdings.acts.explode("rows").rename(columns={"rows": "row"})
    gone = set(zip(holdings.forgotten["sha256"], holdings.forgotten["row"], strict=True))
    rows = rows[[key not in gone for key in zip(rows["sha256"], rows["row"], strict=True)]]
    closing = holdings.findings[holdings.findings["scenario"].notna()]
    excluded = set(zip(closing["sha256"], closing["row"], strict=True))
    batched = frozenset().union(*(bundle.records for bundle in holdings.bundles.values()))

    def outcome(sha256: str, row: int, record_id: bytes, day: tuple[str, int]) -> str:
        if (sha256, row) in excluded:
            return "excluded"
        if record_id in batched:
            return "batched"
        return "waiting" if day in holdings.open_days else "lost"

    days = zip(rows["scenario"], rows["day"], strict=True)
    keys = zip(rows["sha256"], rows["row"], rows["record_id"], days, strict=True)
    present = rows.assign(outcome=pd.Series([outcome(*key) for key in keys], index=rows.index, dtype="str"))
    return pd.concat([present, holdings.forgotten.drop(columns="record")], ignore_index=True)
