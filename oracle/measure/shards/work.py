"""A partition of a batch, (operator, methodology, day, shard), and what is done with it.

A shard holds everything of the accounts whose bytes leave its number, so that a person's baseline and sum are found in one place. The work
is pure: it depends on its input files and the library alone, and writes the same bytes wherever and how often it runs. So a worker that
dies costs its time and nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from oracle.measure.evidence.batch import bundle_from, committed
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.quantify.engine import quantify
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.measure.shards.place import read_table, write_table
from oracle.model.columns import matrix
from oracle.model.errors import MethodologyError
from oracle.model.findings import FINDING_SCHEMA, about_rows

_ACCOUNT_BYTES = 20
ACTS, HISTORY, ROWS, FINDINGS = "acts", "history", "rows", "findings"


@dataclass(frozen=True)
class Partition:
    """A part of one batch.

    Attributes:
        operator: Address of the operator.
        scenario, region, day: Which acts.
        methodology, version: The rule they are quantified by; a worker whose library has another one refuses.
        document_hash: Of that rule.
        shard: Number of the shard.
        place: URL of the folder with its tables: a path, or anything fsspec opens (s3://, gs://, memory://).
    """

    operator: str
    scenario: str
    region: str
    day: int
    methodology: str
    version: int
    document_hash: bytes
    shard: int
    place: str

    def table(self, name: str) -> str:
        """URL of one of its tables."""
        return f"{self.place}/{self.shard:05}-{name}.parquet"


def split(
    acts: pl.DataFrame, history: pl.DataFrame | None, rule: Rule, operator: str, day: int, shards: int, place: str
) -> list[Partition]:
    """Writes the acts of one batch in shards, and says which there are.

    Args:
        acts: As `quantify` takes them, with file, record_id, account, salt (none missing) and consented.
        history: Earlier acts with their account, for the baseline.
        place: URL of a folder.
    """
    parts = []
    for shard in range(shards):
        mine = acts.filter(_shard_of(acts, shards) == shard)
        if len(mine):
            part = Partition(
                operator, rule.scenario, mine["region"][0], day, rule.id, rule.version, rule.document_hash, shard, place
            )
            write_table(part.table(ACTS), mine)
            if history is not None:
                write_table(part.table(HISTORY), history.filter(_shard_of(history, shards) == shard))
            parts.append(part)
    return parts


def work(part: Partition) -> int:
    """Quantifies a partition's acts and hashes them: from its tables of acts and history to those of rows and findings.

    Returns:
        Number of rows.

    Raises:
        MethodologyError: The library here has another rule for these acts than whoever split the batch.
    """
    rule = _library().rule_for(part.scenario, part.region, part.day)
    if rule is None or (rule.id, rule.version, rule.document_hash) != (
        part.methodology,
        part.version,
        part.document_hash,
    ):
        found = "none" if rule is None else f"{rule.id} version {rule.version}, 0x{rule.document_hash.hex()}"
        raise MethodologyError(
            f"The batch uses {part.methodology} version {part.version}, document 0x{part.document_hash.hex()}; the library here "
            f"has {found}. Install the same version on all workers."
        )
    history = read_table(part.table(HISTORY)) if rule.method.baseline is not None else None
    acts = read_table(part.table(ACTS)).with_row_index("act").cast({"act": pl.Int64})
    quantified = quantify(acts.with_columns(rows=pl.concat_list("act")), rule, history)
    refused = quantified.findings.select("code", pl.col("row").alias("act"), "values")
    rows = committed(quantified.acts, rule)
    write_table(part.table(ROWS), rows)
    write_table(part.table(FINDINGS), about_rows(refused, acts.select("act", "file", "rows")))
    return len(rows)


def together(parts: Sequence[Partition], beside: pl.DataFrame, rule: Rule, sequence: int) -> Bundle:
    """The bundle of the batch whose parts are done: the same, byte for byte, as if it had never been split.

    Args:
        beside: Findings that were made before the batch was split.
    """
    rows = pl.concat([read_table(part.table(ROWS)) for part in parts])
    found = pl.concat([beside, *(read_table(part.table(FINDINGS)).select(*FINDING_SCHEMA) for part in parts)])
    return bundle_from(rows, found, rule, parts[0].operator, parts[0].day, sequence)


def _shard_of(table: pl.DataFrame, shards: int) -> pl.Series:
    first = matrix(table["account"], _ACCOUNT_BYTES)[:, :4].copy().view(">u4").reshape(-1)
    return pl.Series(first.astype("u4") % shards)


@lru_cache(maxsize=1)
def _library() -> Library:
    return Library.load()
