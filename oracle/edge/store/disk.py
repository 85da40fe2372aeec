"""Converts errors of the system or of a library about files and disks into ours."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polars.exceptions import PolarsError

from oracle.model.errors import StoreError
from oracle.model.machine import REMEDY


@contextmanager
def disk(place: Path) -> Iterator[None]:
    """Whatever is read or written meanwhile, at `place` unless the system names another.

    Raises:
        StoreError: The disk is full, a file cannot be opened, or is not what was written.
    """
    try:
        yield
    except OSError as error:
        raise StoreError(f"{_named(error, place)}: {_said(error)}") from error
    except PolarsError as error:
        # Polars tells of the disk in its own words too: what the system said is in them.
        raise StoreError(f"{place}: {' '.join(str(error).split())}") from error


def _named(error: OSError, place: Path) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(place)


def _said(error: OSError) -> str:
    said = (error.strerror or str(error) or type(error).__name__).rstrip(".")
    return f"{said}. {REMEDY.get(error.errno or 0, '')}".rstrip()
