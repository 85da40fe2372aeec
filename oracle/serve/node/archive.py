"""A bundle as one stream of bytes, to show it to a node: a tar archive of its four files, and nothing else."""

from __future__ import annotations

import shutil
import tarfile
from pathlib import Path

from oracle.measure.evidence.folder import ACCOUNTS, DOCUMENT, FINDINGS, RECORDS
from oracle.model.errors import InputError

NAMES = (RECORDS, ACCOUNTS, FINDINGS, DOCUMENT)


def pack(folder: Path, target: Path) -> None:
    """Writes a bundle's archive."""
    with tarfile.open(target, "w") as archive:
        for name in NAMES:
            archive.add(folder / name, name)


def unpack(source: Path, folder: Path, most: int) -> None:
    """Writes a bundle's files from its archive, replacing what is there.

    Args:
        most: Bytes of one file at most.

    Raises:
        InputError: It is no archive of exactly those files, or one of them is too large.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with tarfile.open(source, "r:") as archive:
            entries = {entry.name: entry for entry in archive.getmembers()}
            if sorted(entries) != sorted(NAMES) or not all(entry.isfile() for entry in entries.values()):
                raise InputError(f"the archive contains {', '.join(sorted(entries))} instead of {', '.join(NAMES)}")
            for name, entry in entries.items():
                stream = archive.extractfile(entry)
                if stream is None or entry.size > most:
                    raise InputError(f"{name} has {entry.size} bytes; at most {most} are allowed")
                with (folder / name).open("wb") as file:
                    shutil.copyfileobj(stream, file)
    except tarfile.TarError as error:
        raise InputError(f"is not a tar archive: {error}") from error
