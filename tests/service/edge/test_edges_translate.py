"""Whatever a library raises at an edge comes out as an error of ours, with a documented code and with what was raised as its cause."""

from __future__ import annotations

import errno
import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import eth_abi.exceptions
import polars.exceptions
import psycopg
import pytest
import requests.exceptions
import sqlalchemy.exc
import web3.exceptions
from hypothesis import given
from hypothesis import strategies as st

import oracle.model.errors as errors
from oracle.cli import commands
from oracle.edge.chain.client import Translated, connect
from oracle.edge.store.database import Database
from oracle.edge.store.disk import disk
from oracle.model.errors import CarbonbookError, ChainError, ChainUnreachable, ContractReverted, StoreError

DOCUMENTED = {int(code) for code in re.findall(r"^[├└]── \w+ +(\d+) ", errors.__doc__ or "", re.MULTILINE)}
RPC = "http://127.0.0.1:9"


def _kinds(module: Any, root: type[Exception] = Exception) -> list[type[Exception]]:
    found = {
        kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, root) and kind is not root
    }
    return sorted(found, key=lambda kind: kind.__name__)


def _made(kind: type[Exception], *words: object) -> Exception:
    """An exception of a kind, however it is built."""
    for arguments in (words, ("said", {}, sqlite3.Error("said")), ("said", None), (), ("a", "b", "c", "d")):
        try:
            return kind(*arguments)
        except (TypeError, AttributeError, KeyError, ValueError):
            continue
    error = kind.__new__(kind)
    error.args = ("said",)
    return error


NODE = [
    *_kinds(web3.exceptions, web3.exceptions.Web3Exception),
    *_kinds(requests.exceptions, requests.exceptions.RequestException),
    *_kinds(eth_abi.exceptions),
    json.JSONDecodeError,
    *(
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        OverflowError,
        RecursionError,
        UnicodeError,
        OSError,
    ),
]
DATABASE = [
    *_kinds(sqlalchemy.exc, sqlalchemy.exc.SQLAlchemyError),
    *(kind for kind in _kinds(sqlite3, sqlite3.Error)),
]
FILES = [
    *_kinds(polars.exceptions, polars.exceptions.PolarsError),
    *(FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, BlockingIOError, FileExistsError),
]


def _documented(error: CarbonbookError, cause: BaseException) -> bool:
    return error.exit_code in DOCUMENTED and error.__cause__ is cause and bool(str(error).strip())


def test_documented__are_the_codes_of_the_root() -> None:
    assert set(range(3, 14)) == DOCUMENTED


@pytest.mark.parametrize("kind", NODE, ids=lambda kind: kind.__name__)
def test_node__whatever_the_libraries_raise__is_a_chain_error(kind: type[Exception]) -> None:
    raised = _made(kind, "said")
    with pytest.raises(ChainError) as told, Translated(RPC):
        raise raised
    assert _documented(told.value, raised)
    assert isinstance(told.value, ContractReverted) or RPC in str(told.value)


@pytest.mark.parametrize(
    "kind", _kinds(requests.exceptions, requests.exceptions.RequestException), ids=lambda kind: kind.__name__
)
def test_transport__whatever_requests_raises__says_that_the_node_was_not_reached(
    kind: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    raised = _made(kind, "said")

    def post(*_: object, **__: object) -> None:
        raise raised

    monkeypatch.setattr(requests.Session, "post", post)
    with pytest.raises(ChainUnreachable, match=f"{RPC}"):
        connect(RPC).provider.make_request("eth_blockNumber", [])  # type: ignore[arg-type]  # text is an RPCEndpoint


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """An empty book."""
    made = Database(tmp_path / "book.sqlite")
    yield made
    made.close()


@pytest.mark.parametrize("kind", DATABASE, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("transaction", ["begin", "reading"])
def test_database__whatever_sqlalchemy_or_the_driver_raises__is_a_store_error(
    database: Database, kind: type[Exception], transaction: str
) -> None:
    raised = _made(kind, "said")
    with pytest.raises(StoreError, match=r"The database .* failed: ") as told, getattr(database, transaction)():
        raise raised
    assert _documented(told.value, raised)


@pytest.mark.parametrize("kind", _kinds(psycopg, psycopg.Error), ids=lambda kind: kind.__name__)
def test_database__whatever_the_server_s_driver_raises__is_a_store_error(kind: type[Exception]) -> None:
    raised = _made(kind, "said")
    with pytest.raises(StoreError) as told, _on_server().told():
        raise raised
    assert _documented(told.value, raised)


def _on_server() -> Database:
    """A database on a server, whose engine is there and was never asked."""
    made = object.__new__(Database)
    made.place = "postgresql+psycopg://127.0.0.1/book"
    made._engine = sqlalchemy.create_engine(made.place)
    return made


@pytest.mark.parametrize("kind", FILES, ids=lambda kind: kind.__name__)
def test_disk__whatever_the_system_or_polars_raises__is_a_store_error(kind: type[Exception], tmp_path: Path) -> None:
    raised = _made(kind, "said")
    with pytest.raises(StoreError, match=re.escape(str(tmp_path))) as told, disk(tmp_path):
        raise raised
    assert _documented(told.value, raised)


@given(number=st.sampled_from(sorted(errno.errorcode)), name=st.none() | st.text(max_size=20) | st.binary(max_size=20))
def test_disk__any_error_of_the_system__names_the_place_and_what_happened(
    number: int, name: str | bytes | None
) -> None:
    raised = OSError(number, "said", name) if name is not None else OSError(number, "said")
    with pytest.raises(StoreError, match="said") as told, disk(Path("/place")):
        raise raised
    assert _documented(told.value, raised)


@pytest.mark.parametrize(
    ("raised", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/home/book.sqlite"), 11),
        (OSError(errno.EMFILE, "Too many open files"), 11),
        (polars.exceptions.ComputeError("No space left on device (os error 28)"), 11),
        (PermissionError(errno.EACCES, "Permission denied", "/root/keys"), 11),
    ],
)
def test_command__that_no_edge_has_caught__ends_with_a_code_and_a_sentence(
    raised: Exception, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> None:
        raise raised

    monkeypatch.setattr(commands, "load", fails)
    with pytest.raises(SystemExit) as ended:
        commands.main()
    assert ended.value.code == code
    assert capsys.readouterr().err.startswith("Error: ")
