"""Turn rows that are no acts into findings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from oracle.model.findings import empty_findings, findings

_SHOWN_CHARACTERS = 64


def rejected(code: str, file: str, frame: pl.DataFrame, values: Sequence[str]) -> pl.DataFrame:
    """Findings of one code for the file rows that the lines of `frame` stand for.

    Args:
        code: A key of `CODES`.
        file: Name of the file.
        frame: Lines with their file row in `row`, or all their file rows in `rows`.
        values: Columns that show what was wrong. A null is left out.
    """
    if frame.is_empty():
        return empty_findings()
    if "rows" in frame.columns:
        frame = frame.with_columns(row="rows").explode("row")
    shown = frame.select(values).iter_rows(named=True)
    without_nulls = ({name: value for name, value in line.items() if value is not None} for line in shown)
    return findings(code, file, zip(frame["row"], without_nulls, strict=True))


def rejected_by_code(frame: pl.DataFrame, file: str, values: Sequence[str]) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Lines whose column `code` is null, and findings of the code of the others; `values` as in `rejected`."""
    codes = frame["code"].drop_nulls().unique().sort()
    found = [rejected(code, file, frame.filter(pl.col("code") == code), values) for code in codes]
    return frame.filter(pl.col("code").is_null()), found


@dataclass(frozen=True)
class Check:
    """A row for which `bad` holds is a finding of `code`, with the name and the content of the field that made it so.

    Attributes:
        known: What would have been right, for people; "" where that says itself.
        name: What people call the field; "" for `field` itself.
        secret: Whether the content may say who somebody is, so that it is not shown.
    """

    code: str
    field: str
    bad: pl.Expr
    known: str = ""
    name: str = ""
    secret: bool = False


def checked(frame: pl.DataFrame, file: str, checks: Sequence[Check]) -> tuple[pl.DataFrame, list[pl.DataFrame]]:
    """Lines that pass all checks, and the findings of the others: one a row, for the first check it fails."""
    failed = pl.coalesce(pl.when(check.bad).then(pl.lit(i)) for i, check in enumerate(checks))
    frame = frame.with_columns(failed=failed)
    bad = frame.filter(pl.col("failed").is_not_null())
    found = []
    for i, check in enumerate(checks):
        value = pl.lit(None, pl.String) if check.secret else _shown(check.field)
        known = pl.lit(check.known or None, pl.String)
        lines = bad.filter(pl.col("failed") == i).with_columns(
            field=pl.lit(check.name or check.field), value=value, known=known
        )
        found.append(rejected(check.code, file, lines, ["field", "value", "known"]))
    return frame.filter(pl.col("failed").is_null()).drop("failed"), found


def _shown(field: str) -> pl.Expr:
    """The beginning of a field's content: enough to see what is wrong with it."""
    return pl.col(field).cast(pl.String).str.head(_SHOWN_CHARACTERS)


def without_copies(
    frame: pl.DataFrame, file: str, key: Sequence[str], content: Sequence[str]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The first line of every key, and a finding `duplicate` for every later one.

    First is the line that stands first in the file (`row`). The finding tells whether the copy says the same as the first in the
    columns `content` (identical) or something else (conflicting).
    """
    if not frame["row"].is_sorted():
        frame = frame.sort("row")
    twice = frame.select(pl.struct(key).hash().alias("twice")).to_series().is_duplicated()
    if not twice.any():
        return frame, empty_findings()
    doubtful = frame.filter(twice)
    is_first = doubtful.select(pl.struct(key).is_first_distinct()).to_series()
    first, again = doubtful.filter(is_first), doubtful.filter(~is_first)
    kept = pl.concat([frame.filter(~twice), first]).sort("row", maintain_order=True)
    later = again.join(first, on=key, suffix="_first", nulls_equal=True, maintain_order="left")
    same = pl.all_horizontal(pl.lit(True), *(pl.col(name).eq_missing(pl.col(f"{name}_first")) for name in content))
    later = later.with_columns(
        copy=pl.when(same).then(pl.lit("identical")).otherwise(pl.lit("conflicting")), first_row="row_first"
    )
    return kept, rejected("duplicate", file, later, ["copy", "first_row"])
