"""From quantified acts and the people behind them to the bundle of a batch. Pure."""

from __future__ import annotations

import polars as pl

from oracle.measure.evidence.bundle import Bundle, Meta, assemble
from oracle.measure.evidence.leaf import commitments
from oracle.measure.quantify.rule import Rule
from oracle.model.acts import ITEM
from oracle.model.columns import WORD, column, matrix
from oracle.model.findings import FINDING_SCHEMA
from oracle.model.units import UG_PER_MG

# What a bundle does not say of its records: where an act was written down, the book's own numbers, and what stands in the header.
_LOCAL = (
    *("rows", "sha256", "file", "act", "citizen", "subject", "record_key", "source", "salt"),
    *("day", "region", "operator", ITEM),
)


def bundle_of(acts: pl.DataFrame, findings: pl.DataFrame, rule: Rule, operator: str, day: int, sequence: int) -> Bundle:
    """The bundle of one operator's acts of one day under one rule.

    Args:
        acts: Quantified acts with record_id, account, salt (none missing) and consented.
        findings: Of the operator's acts of that scenario and day that are not in the batch.
    """
    return bundle_from(committed(acts, rule), findings, rule, operator, day, sequence)


def committed(acts: pl.DataFrame, rule: Rule) -> pl.DataFrame:
    """Quantified acts as rows of a bundle: with the commitment to what they were, without what a bundle does not say."""
    commitment = commitments(
        matrix(acts["salt"], WORD),
        matrix(acts["record_id"], WORD),
        rule.id,
        rule.version,
        acts.select(rule.fields).to_numpy(),
    )
    return acts.with_columns(column("commitment", commitment)).drop(name for name in _LOCAL if name in acts.columns)


def bundle_from(
    rows: pl.DataFrame, findings: pl.DataFrame, rule: Rule, operator: str, day: int, sequence: int
) -> Bundle:
    """The bundle of committed rows; otherwise as `bundle_of`."""
    meta = Meta(
        operator=operator,
        methodology=rule.id,
        version=rule.version,
        document_hash=rule.document_hash,
        region=rule.region,
        day=day,
        sequence=sequence,
        factor_ug=rule.factor_ug,
        quantity_limit=quantity_limit(rule),
        fields=rule.fields,
    )
    return assemble(rows, findings.select(FINDING_SCHEMA.keys()), meta)


def quantity_limit(rule: Rule) -> int:
    """Most quantity one account can be credited for one act day: what the rule's day cap of milligrams allows, rounded down."""
    return rule.day_cap_mg * UG_PER_MG // rule.factor_ug


def within_day_cap(acts: pl.DataFrame, before: pl.DataFrame, limit: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Acts that an account's earlier batches of the same day leave room for, in the order of their start; and the others.

    Without earlier batches nothing is taken out here: the accounts tree cuts the sum to the limit.

    Args:
        acts: account, start, record_id, quantity.
        before: account and quantity that stand in earlier batches of the same methodology and day.
        limit: Most quantity per account.
    """
    if before.is_empty():
        return acts, acts.clear()
    known = acts.join(before.select("account", _before="quantity"), on="account", how="left")
    ordered = known.sort("start", "record_id")
    used = pl.col("_before") + pl.col("quantity").cum_sum().over("account")
    fits = (pl.col("_before").is_null() | (used <= limit)).alias("_fits")
    judged = ordered.with_columns(fits).drop("_before")
    return judged.filter("_fits").drop("_fits"), judged.filter(~pl.col("_fits")).drop("_fits")
