"""Acts on disk: Parquet files by scenario and act day, one per ingested file, written before the database says that the file is in.

    acts/CI-02/17775/3fb1c09a77d2.parquet        scenario, day, first digits of the file's SHA-256

Beside them stand, where a file says two things of one record, which records those are: `3fb1c09a77d2.contested`, Parquet too.

A file that the database does not know of was left by a crash and is not read; ingesting again writes it again, byte for byte.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import polars as pl

from oracle.edge.store.disk import disk
from oracle.model.columns import WORD, matrix, order, parted

_DIGITS = 16
_CONTESTED = ".contested"
_OF_CITIZEN: dict[str, pl.DataType] = {
    "scenario": pl.String(),
    "day": pl.Int64(),
    "record_id": pl.Binary(),
    "sha256": pl.String(),
    "rows": pl.List(pl.Int64()),
}
_CONTESTED_SCHEMA = {"record_id": pl.Binary(), "sha256": pl.String()}


class ActStore:
    """The acts of one book.

    Args:
        folder: Where the files go.
    """

    def __init__(self, folder: Path):
        self._folder = folder

    def write(self, scenario: str, sha256: str, acts: pl.DataFrame) -> None:
        """Writes the acts of one file, split by day."""
        ordered = acts[order(matrix(acts["record_id"], WORD))]
        with disk(self._folder):
            self._write(scenario, sha256, ordered)

    def _write(self, scenario: str, sha256: str, ordered: pl.DataFrame) -> None:
        for part in parted(ordered, ["day"]):
            day = part["day"][0]
            target = self._at(scenario, day, sha256, ".parquet")
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, part.with_columns(sha256=pl.lit(sha256)))

    def write_contested(self, sha256: str, records: pl.DataFrame) -> None:
        """Writes of which records a file says two different things: scenario, day, record_id."""
        with disk(self._folder):
            for part in parted(records, ["scenario", "day"]):
                target = self._at(part["scenario"][0], part["day"][0], sha256, _CONTESTED)
                target.parent.mkdir(parents=True, exist_ok=True)
                _replace(target, part.select("record_id", sha256=pl.lit(sha256)))

    def contested(self, scenario: str, days: Iterable[int], committed: set[str]) -> pl.DataFrame:
        """Records of some days that files contest: record_id, sha256."""
        folder = self._folder / scenario
        paths = [folder / f"{name}{_CONTESTED}" for name in self.files(scenario, days, committed, _CONTESTED)]
        with disk(folder):
            return pl.concat([pl.DataFrame(schema=_CONTESTED_SCHEMA), *(pl.read_parquet(path) for path in paths)])

    def contested_files(self, scenario: str, day: int, committed: set[str]) -> list[str]:
        """Names of the files that contest records of a day, sorted."""
        return [f"{name}{_CONTESTED}" for name in self.files(scenario, [day], committed, _CONTESTED)]

    def undo(self, sha256: str) -> None:
        """Takes the acts of one file away, and what it contests."""
        with disk(self._folder):
            for path in self._folder.glob(f"*/*/{sha256[:_DIGITS]}.*"):
                path.unlink()

    def _at(self, scenario: str, day: int, sha256: str, suffix: str) -> Path:
        return self._folder / scenario / str(day) / f"{sha256[:_DIGITS]}{suffix}"

    def of_citizen(self, citizen: int, committed: set[str]) -> pl.DataFrame:
        """A citizen's acts in the files of `committed`: scenario, day, record_id, sha256, rows."""
        columns = ["record_id", "sha256", "rows"]
        found = [pl.DataFrame(schema=_OF_CITIZEN)]
        for scenario in self.scenarios():
            for name in self.files(scenario, self.days(scenario), committed):
                acts = pl.read_parquet(self._folder / scenario / f"{name}.parquet", columns=["citizen", *columns])
                own = acts.filter(pl.col("citizen") == citizen).select(columns)
                day = pl.lit(int(name.partition("/")[0]), pl.Int64)
                found.append(own.select(pl.lit(scenario).alias("scenario"), day.alias("day"), *columns))
        return pl.concat(found)

    def forget(self, citizen: int, committed: set[str]) -> pl.DataFrame:
        """Takes a citizen's acts out of every file; says which rows they were made of: sha256, row.

        What a crash left, which is in no file of `committed`, goes whole. The caller holds the database, so that nobody writes meanwhile.
        """
        known = {sha256[:_DIGITS] for sha256 in committed}
        gone = [pl.DataFrame(schema={"sha256": pl.String(), "row": pl.Int64()})]
        for path in sorted(self._folder.glob("*/*/*")):
            if path.suffix not in (".parquet", _CONTESTED) or path.stem not in known:
                path.unlink()
                continue
            if path.suffix == _CONTESTED:  # it names no citizen
                continue
            acts = pl.read_parquet(path)
            own = acts.filter(pl.col("citizen") == citizen)
            if len(own):
                gone.append(own.select("sha256", row="rows").explode("row"))
                _replace(path, acts.filter(pl.col("citizen") != citizen))
        return pl.concat(gone)

    def read(self, scenario: str, days: Iterable[int], committed: set[str]) -> pl.DataFrame:
        """Acts of some days from the files whose SHA-256 is in `committed`; an empty frame without columns if there are none."""
        folder = self._folder / scenario
        paths = [folder / f"{name}.parquet" for name in self.files(scenario, days, committed)]
        with disk(folder):
            return pl.concat([pl.read_parquet(path) for path in paths], how="diagonal") if paths else pl.DataFrame()

    def files(self, scenario: str, days: Iterable[int], committed: set[str], suffix: str = ".parquet") -> list[str]:
        """Day and file of everything `read` would read, sorted; with the suffix of contested records, of what those are in."""
        known = {sha256[:_DIGITS] for sha256 in committed}
        folders = (self._folder / scenario / str(day) for day in sorted(set(days)))
        paths = sorted(path for folder in folders for path in folder.glob(f"*{suffix}") if path.stem in known)
        return [f"{path.parent.name}/{path.stem}" for path in paths]

    def scenarios(self) -> list[str]:
        """Scenarios with acts."""
        return sorted(path.name for path in self._folder.glob("*") if path.is_dir())

    def days(self, scenario: str) -> list[int]:
        """Days with acts of a scenario."""
        return sorted(int(path.name) for path in (self._folder / scenario).glob("*") if path.is_dir())


def _replace(target: Path, acts: pl.DataFrame) -> None:
    """Writes a file whole; one without acts is taken away."""
    if acts.is_empty():
        target.unlink()
        return
    draft = target.with_suffix(f"{target.suffix}.draft")
    acts.write_parquet(draft, compression="lz4")
    os.replace(draft, target)
