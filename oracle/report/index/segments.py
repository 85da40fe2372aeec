"""The segments of an event index: Parquet files of consecutive block ranges, each named by its range and the hash of its last block.

    index/ac9f.../000000000001-000000000412-5b0e....parquet        first block, last block, hash of the last block

The listing is the whole state: a file is there or it is not. A segment whose last block has another hash on chain was re-organised away and
is dropped with all that follow; what is missing is read again. Rows are sorted by account, so that a reader skips what is not asked for.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow.parquet import ParquetWriter

from oracle.edge.store.disk import disk

SCHEMA: dict[str, pl.DataType] = {
    "account": pl.Binary(),  # null for events that name nobody
    "block": pl.Int64(),
    "log_index": pl.Int64(),
    "transaction": pl.Binary(),
    "contract": pl.String(),
    "event": pl.String(),
    "topics": pl.Binary(),  # the indexed values, 32 bytes each
    "data": pl.Binary(),
}
ORDER = ["account", "block", "log_index"]

ROWS_A_GROUP = (
    1 << 16
)  # what is read for one account; with smaller groups finding the right one takes longer than reading it
ROWS_AT_ONCE = 1 << 21  # of a merge in memory
MERGED_AT = 8  # settled segments that become one
MERGED_ROWS = 1 << 27  # and how large it may be


@dataclass(frozen=True)
class Segment:
    """The events of a range of blocks.

    Attributes:
        first, last: The blocks.
        hash: Of the last block, 0x hex.
    """

    first: int
    last: int
    hash: str

    @property
    def name(self) -> str:
        """Of its file."""
        return f"{self.first:012}-{self.last:012}-{self.hash[2:]}.parquet"


class Segments:
    """The segments in a folder.

    Args:
        folder: Where they are; one chain's alone.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def listed(self) -> list[Segment]:
        """All segments, in the order of their blocks. What a merge that was cut off left inside another one is not listed."""
        found = sorted(map(_parsed, self._folder.glob("*.parquet")), key=lambda segment: (segment.first, -segment.last))
        kept: list[Segment] = []
        for segment in found:
            if not kept or segment.first > kept[-1].last:
                kept.append(segment)
        return kept

    def add(self, segment: Segment, rows: pl.DataFrame) -> None:
        """Writes a segment; it is there whole or not at all."""
        self._write(segment, [rows])

    def drop(self, segment: Segment) -> None:
        """Removes a segment."""
        (self._folder / segment.name).unlink()

    def merge(self, settled: int) -> None:
        """Makes one of the newest segments up to block `settled` once there are `MERGED_AT` of a size, so that a reader opens few."""
        tail = [segment for segment in self.listed() if segment.last <= settled]
        while len(tail) >= MERGED_AT and _alike(tail[-MERGED_AT:]):
            merged, tail = tail[-MERGED_AT:], tail[:-MERGED_AT]
            rows = self.rows(merged)
            count = rows.select(pl.len()).collect().item()
            if count > MERGED_ROWS:
                break
            whole = Segment(merged[0].first, merged[-1].last, merged[-1].hash)
            self._write(whole, (rows.filter(some).collect() for some in _spans(1 + count // ROWS_AT_ONCE)))
            for segment in merged:
                self.drop(segment)
            tail.append(whole)

    def rows(self, segments: Sequence[Segment] | None = None) -> pl.LazyFrame:
        """Rows of some segments, of all unless told."""
        paths = [self._folder / segment.name for segment in (self.listed() if segments is None else segments)]
        return pl.scan_parquet(paths) if paths else pl.LazyFrame(schema=SCHEMA)

    def of_account(self, account: bytes) -> pl.DataFrame:
        """Rows of one account, in chain order."""
        return self.rows().filter(pl.col("account") == account).collect().sort("block", "log_index")

    def clear(self) -> None:
        """Removes everything."""
        for path in self._folder.glob("*.parquet*"):
            path.unlink()

    def _write(self, segment: Segment, parts: Iterable[pl.DataFrame]) -> None:
        """Writes a segment in parts, of which each has later accounts than the one before."""
        draft = self._folder / f"{segment.name}.draft"
        with disk(self._folder):
            with ParquetWriter(draft, _arrow(pl.DataFrame(schema=SCHEMA)).schema, compression="zstd") as writer:
                for part in parts:
                    writer.write_table(_arrow(part.select(*SCHEMA).sort(ORDER)), row_group_size=ROWS_A_GROUP)
            os.replace(draft, self._folder / segment.name)


def _arrow(table: pl.DataFrame) -> pa.Table:
    return table.to_arrow(compat_level=pl.CompatLevel.oldest())


def _spans(count: int) -> Iterator[pl.Expr]:
    """Conditions that part all rows by the first byte of their account, in its order; nobody comes first."""
    account, bounds = pl.col("account"), [bytes([256 * at // count]) for at in range(1, min(count, 256))]
    for low, high in pairwise([b"", *bounds, None]):
        inside = account >= low if high is None else (account >= low) & (account < high)
        yield account.is_null() | inside if low == b"" else inside


def _parsed(path: Path) -> Segment:
    first, last, hash_ = path.stem.split("-")
    return Segment(int(first), int(last), f"0x{hash_}")


def _alike(segments: Sequence[Segment]) -> bool:
    """Whether no segment spans many more blocks than the newest: merging a large one again and again would cost its size each time."""
    spans = [segment.last - segment.first + 1 for segment in segments]
    return max(spans) <= MERGED_AT * spans[-1]
