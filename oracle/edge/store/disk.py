"""Files and the disk under them: what the system or a library says of them, as an error of ours."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from polars.exceptions import PolarsError

from oracle.model.errors import CarbonbookError, InputError, StoreError

_MACHINE = (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOSPC, errno.EDQUOT, errno.EIO)

_REMEDY = {
    errno.ENOSPC: "Make room, and repeat the command: nothing that was committed is lost.",
    errno.EDQUOT: "Make room, and repeat the command: nothing that was committed is lost.",
    errno.EFBIG: "Allow larger files (ulimit -f), and repeat the command: nothing that was committed is lost.",
    errno.EMFILE: "Allow more open files (ulimit -n), and repeat the command.",
    errno.ENFILE: "This machine has no more open files to give. Close some, and repeat the command.",
    errno.EACCES: "Give this user the right to it, and repeat the command.",
    errno.EROFS: "Mount the disk for writing, and repeat the command.",
}


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


def blamed(error: OSError, unreadable: InputError) -> CarbonbookError:
    """Why a file of somebody else's could not be read: the file itself, or a machine on which no file could be read now."""
    return (
        StoreError(f"{unreadable} {_REMEDY.get(error.errno or 0, '')}".rstrip())
        if error.errno in _MACHINE
        else unreadable
    )


def _named(error: OSError, place: Path) -> str:
    return os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else str(place)


def _said(error: OSError) -> str:
    said = (error.strerror or str(error) or type(error).__name__).rstrip(".")
    return f"{said}. {_REMEDY.get(error.errno or 0, '')}".rstrip()
