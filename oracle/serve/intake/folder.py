"""A watched folder: files in `FOLDER/SOURCE/` are read and moved away.

A file is read when its size and time have not changed between two checks, and never while its name ends in .part or .tmp or begins with a
dot.
Files that were read are moved to `done/`, invalid ones to `failed/` together with the reason. After a crash in between, a file is read
again, which changes
nothing, and then moved. If a source has reached its daily limit, its files wait until tomorrow. One bad file does not stop the others.

Anybody may be able to write there: only regular files are read, as private copies (`oracle.edge.drop`); links are moved to `failed/`.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from oracle.config import Settings
from oracle.edge.drop import Drop, Look
from oracle.edge.store.book import Book
from oracle.edge.store.files import StoredFile
from oracle.measure.ingest import AllowanceUsedUp, ingest
from oracle.measure.quantify.library import folder_of
from oracle.measure.records.content import MAX_BYTES
from oracle.measure.records.meters import Household
from oracle.model.errors import InputError
from oracle.model.names import readable

DONE, FAILED = "done", "failed"

_ABANDONED_SECONDS = 3600
_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


@dataclass(frozen=True)
class Taken:
    """What became of a file.

    Attributes:
        source, file: Which.
        rows, accepted, quarantined: Of the file.
        problem: Why it could not be read, or not be moved; None if it could.
        waiting: Whether it stays where it is for now.
    """

    source: str
    file: str
    rows: int = 0
    accepted: int = 0
    quarantined: int = 0
    problem: str | None = None
    waiting: bool = False


class Watch:
    """One folder with a folder for each source.

    Args:
        clock: UTC seconds.
    """

    def __init__(self, folder: Path, book: Book, settings: Settings, clock: Callable[[], float]):
        self._folder = folder
        self._book = book
        self._settings = settings
        self._clock = clock
        self._seen: dict[tuple[str, str], Look] = {}
        self._spool = settings.path("spool") / "watch"
        self._clear_spool()

    def _clear_spool(self) -> None:
        """Removes copies that a crash left; their originals are still in the folder."""
        for path in self._spool.glob("*"):
            if time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)

    def look(self, *, at_once: bool = False) -> Iterator[Taken]:
        """Reads every file that has not changed since the last check.

        Args:
            at_once: Takes files that were never looked at too.
        """
        before, self._seen = self._seen, {}
        for source in self._settings.sources:
            try:
                with Drop.at(self._folder / source) as drop:
                    yield from self._looked(drop, source, before, at_once)
            except FileNotFoundError:
                continue
            except OSError as error:
                yield Taken(source, "", problem=f"the source's folder cannot be opened: {error.strerror}", waiting=True)

    def _looked(self, drop: Drop, source: str, before: dict[tuple[str, str], Look], at_once: bool) -> Iterator[Taken]:
        for name in drop.names():
            if name.startswith(".") or name.endswith(_UNFINISHED):
                continue
            try:
                self._seen[source, name] = drop.look(name)
                if at_once or before.get((source, name)) == self._seen[source, name]:
                    yield self._take(drop, source, name)
            except FileNotFoundError:  # somebody took it away meanwhile
                continue
            except OSError as error:
                yield Taken(source, readable(name), problem=f"cannot be read or moved: {error.strerror}", waiting=True)

    def _take(self, drop: Drop, source: str, name: str) -> Taken:
        try:
            done = self._ingested(drop, source, name)
        except AllowanceUsedUp as used_up:
            return Taken(source, readable(name), problem=str(used_up), waiting=True)
        except InputError as error:
            drop.move(name, FAILED, str(error))
            return Taken(source, readable(name), problem=str(error))
        if drop.look(name) == self._seen[source, name]:  # else it was replaced meanwhile, and is another file to read
            drop.move(name, DONE)
        return Taken(source, readable(name), done.rows, done.accepted, done.quarantined)

    def _ingested(self, drop: Drop, source: str, name: str) -> StoredFile:
        known = self._settings.source(source)
        household = Household(service=known.service, residents=known.residents, mapping=known.mapping)
        folder = self._spool / os.urandom(8).hex()
        folder.mkdir(mode=0o700, parents=True)
        try:
            path = folder / readable(name)
            drop.copy(name, path, MAX_BYTES)
            now = int(self._clock())
            documents = folder_of(self._settings)
            done = ingest(self._book, path, source, known, kind=None, household=household, now=now, documents=documents)
            return done.file
        finally:
            shutil.rmtree(folder, ignore_errors=True)
