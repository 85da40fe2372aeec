"""Files that a command was asked to write: all of them, or none."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path


def write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes files into a folder, in their order: first beside, then all under their names. What has these names gives way.

    Raises:
        OSError: They cannot be written; what was there is as it was.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, files)


def write_file(path: Path, content: bytes) -> None:
    """Writes one file into a folder that is there, whole or not at all; a terminal or a pipe takes it as it comes.

    Raises:
        OSError: As `write_files`.
    """
    target = path.resolve()
    try:
        if target.is_char_device() or target.is_fifo():
            target.write_bytes(content)
        else:
            _write(target.parent, {target.name: content})
    except OSError as error:
        error.filename = str(path)  # not the unfinished one beside
        raise


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name in files:
        if (folder / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(folder / name))
    with tempfile.TemporaryDirectory(prefix=".unfinished-", dir=folder) as drafts:
        for name, content in files.items():
            (Path(drafts) / name).write_bytes(content)
        for name in files:
            os.replace(Path(drafts) / name, folder / name)
