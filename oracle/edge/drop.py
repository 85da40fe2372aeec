"""A folder that strangers write to: its regular files are opened without following links, copied, and moved within it.

Whoever writes there can swap a file for a link at any moment. So every step goes by the descriptor of the folder and opens what it names
without following, and what is read is a private copy of an open file: a name is never looked up twice.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath

from oracle.model.errors import InputError
from oracle.model.names import fitting, readable

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_PIECE_BYTES = 1 << 20

Look = tuple[int, int, int]  # inode, size, time of the last change in nanoseconds


class Drop:
    """An open folder.

    Args:
        descriptor: Of the folder.
    """

    def __init__(self, descriptor: int):
        self._descriptor = descriptor

    @classmethod
    @contextmanager
    def at(cls, folder: Path) -> Iterator[Drop]:
        """Opens a folder that is no link.

        Raises:
            OSError: There is none.
        """
        descriptor = os.open(folder, _FOLDER)
        try:
            yield cls(descriptor)
        finally:
            os.close(descriptor)

    def names(self) -> list[str]:
        """Names of everything in it but folders, sorted."""
        with os.scandir(self._descriptor) as entries:
            return sorted(entry.name for entry in entries if not entry.is_dir(follow_symlinks=False))

    def look(self, name: str) -> Look:
        """What tells whether a file has changed.

        Raises:
            OSError: It is gone.
        """
        found = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
        return found.st_ino, found.st_size, found.st_mtime_ns

    def copy(self, name: str, target: Path, most: int) -> None:
        """Copies a regular file that has no other name.

        Raises:
            InputError: It is a link, a pipe, or a second name of a file that is elsewhere; or it has more than `most` bytes.
            OSError: It is gone, may not be read, or there is no room for the copy.
        """
        with open(self._opened(name), "rb") as source, target.open("xb") as copy:
            found = os.fstat(source.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
                raise _irregular(name)
            left = most
            while piece := source.read(_PIECE_BYTES):
                left -= len(piece)
                if left < 0:
                    raise InputError(f"the file has more than {most} bytes; split it", file=readable(name))
                copy.write(piece)

    def move(self, name: str, folder: str, reason: str | None = None) -> None:
        """Moves an entry, link or not, into a folder of this folder; one of the same name that is there is not lost.

        Args:
            reason: What to write beside it; None for nothing.

        Raises:
            OSError: It is gone, or may not be moved.
        """
        with suppress(FileExistsError):
            os.mkdir(folder, 0o777, dir_fd=self._descriptor)
        into = os.open(folder, _FOLDER, dir_fd=self._descriptor)
        try:
            target = _free_name(into, name)
            os.rename(name, target, src_dir_fd=self._descriptor, dst_dir_fd=into)
            if reason is not None:
                _write_new(into, _free_name(into, f"{fitting(target)}.reason.txt"), f"{reason}\n")
        finally:
            os.close(into)

    def _opened(self, name: str) -> int:
        try:
            return os.open(name, _FILE, dir_fd=self._descriptor)
        except OSError as error:
            if error.errno in (errno.ELOOP, errno.ENXIO):  # a link, a socket
                raise _irregular(name) from error
            raise


def _irregular(name: str) -> InputError:
    return InputError(
        "it is a link or not a regular file, and is not read; put a plain copy there", file=readable(name)
    )


def _free_name(folder: int, name: str) -> str:
    number, target, path = 1, name, PurePath(name)
    while _is_there(folder, target):
        number += 1
        target = fitting(path.stem) + f" ({number}){path.suffix[:20]}"
    return target


def _is_there(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _write_new(folder: int, name: str, text: str) -> None:
    descriptor = os.open(
        name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666, dir_fd=folder
    )
    with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(text)
