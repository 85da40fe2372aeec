"""A watched folder: files that somebody puts into `FOLDER/SOURCE/` are read, and moved away.

A file is taken when its size and time have not changed between two looks, and never while it is called .part, .tmp or begins with a dot.
What was read goes to `done/`, what cannot be read to `failed/` with the reason beside it. Killed in between, it reads again, which changes
nothing, and moves then. A source whose allowance is used up keeps its files until tomorrow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from oracle.config import Settings
from oracle.edge.store.book import Book
from oracle.measure.ingest import AllowanceUsedUp, ingest
from oracle.measure.records.meters import Household
from oracle.model.errors import InputError

DONE, FAILED = "done", "failed"

_UNFINISHED = (".part", ".tmp", ".filepart", ".crdownload")


@dataclass(frozen=True)
class Taken:
    """What became of a file.

    Attributes:
        source, file: Which.
        rows, accepted, quarantined: Of the file.
        problem: Why it could not be read; None if it could.
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
        self._seen: dict[Path, tuple[int, int]] = {}

    def look(self, *, at_once: bool = False) -> Iterator[Taken]:
        """Takes every file that has come to rest since the last look.

        Args:
            at_once: Takes files that were never looked at too.
        """
        before, self._seen = self._seen, {}
        for source in self._settings.sources:
            for path in sorted((self._folder / source).glob("*")):
                if not path.is_file() or path.name.startswith(".") or path.suffix in _UNFINISHED:
                    continue
                status = path.stat()
                self._seen[path] = (status.st_size, status.st_mtime_ns)
                if at_once or before.get(path) == self._seen[path]:
                    yield self._take(source, path)

    def _take(self, source: str, path: Path) -> Taken:
        known = self._settings.source(source)
        household = Household(service=known.service, residents=known.residents)
        try:
            done = ingest(self._book, path, source, known, kind=None, household=household, now=int(self._clock())).file
        except AllowanceUsedUp as used_up:
            return Taken(source, path.name, problem=str(used_up), waiting=True)
        except InputError as error:
            target = _moved(path, FAILED)
            target.with_name(f"{target.name}.reason.txt").write_text(f"{error}\n")
            return Taken(source, path.name, problem=str(error))
        _moved(path, DONE)
        return Taken(source, path.name, done.rows, done.accepted, done.quarantined)


def _moved(path: Path, to: str) -> Path:
    """Moves a file into a folder beside it; one of the same name that is there already is not lost."""
    folder = path.parent / to
    folder.mkdir(exist_ok=True)
    target = folder / path.name
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem} ({number}){path.suffix}"
    os.replace(path, target)
    return target
