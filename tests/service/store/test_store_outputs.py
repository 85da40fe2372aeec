"""What a command was asked to write is written whole or not at all, on a disk that says no in the middle of it."""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from oracle.edge.store.outputs import write_file, write_files
from oracle.ledger.redeem.voucher import write_qr

LIMIT = 65_536
OLD = {"a.csv": b"old a", "b.csv": b"old b"}
NEW = {"a.csv": b"new a", "b.csv": b"b" * (LIMIT + 1)}


@contextmanager
def _small_files() -> Iterator[None]:
    """Files cannot grow past the limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def _content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}


def test_write_files__no_room_for_the_second__leaves_what_was_there(tmp_path: Path) -> None:
    write_files(tmp_path / "out", OLD)
    with _small_files(), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        write_files(tmp_path / "out", NEW)
    assert _content(tmp_path / "out") == OLD
    write_files(tmp_path / "out", NEW)
    assert _content(tmp_path / "out") == NEW


def test_write_files__a_folder_by_one_of_the_names__leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(IsADirectoryError, match=r"Is a directory: '.*/b\.csv'"):
        write_files(tmp_path, OLD)
    assert _content(tmp_path) == {"b.csv": b""}


def test_write_file__no_room__leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "january.xml"
    write_file(path, b"old")
    with _small_files(), pytest.raises(OSError, match=os.strerror(errno.EFBIG)):
        write_file(path, NEW["b.csv"])
    assert _content(tmp_path) == {"january.xml": b"old"}


def test_write_file__through_a_link__writes_the_file_and_keeps_the_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write_file(tmp_path / "link", b"new")
    assert ((tmp_path / "link").is_symlink(), (tmp_path / "file").read_bytes()) == (True, b"new")


def test_write_file__to_a_pipe__goes_through_it(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_file(pipe, b"proof")
        assert (os.read(reader, 64), pipe.is_fifo()) == (b"proof", True)
    finally:
        os.close(reader)


@pytest.mark.parametrize(("suffix", "begins"), [("txt", b"text"), ("png", b"\x89PNG"), ("svg", b"<?xml")])
def test_write_qr__of_every_kind__is_of_that_kind(tmp_path: Path, suffix: str, begins: bytes) -> None:
    write_qr("text", tmp_path / f"voucher.{suffix}")
    assert (tmp_path / f"voucher.{suffix}").read_bytes().startswith(begins)
