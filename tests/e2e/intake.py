"""An installation that takes records in, without a chain; a client that signs as a source does."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

import polars as pl
import requests
from eth_account import Account

from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.files import all_files, committed_files, finding_counts
from oracle.serve.http.signed import Request, SharedSecret, sign_by_account
from oracle.serve.intake.desk import secret_name
from tests.e2e.cli import Carbonbook
from tests.e2e.homes import on_a_chain
from tests.e2e.servers import Service

ACCOUNT = Account.from_key(b"\x07" * 32)
CONFIG = f"""\
[sources.bus-app]
operator = "0x{"11" * 20}"

[sources.ride-app]
operator = "0x{"22" * 20}"
signer = "{ACCOUNT.address}"

[sources.kiosk]
operator = "0x{"22" * 20}"
daily_rows = 5

[sources.grid]
operator = "0x{"22" * 20}"
service = "electricity"
"""
TRIPS_HEADER = "trip_id,rider,mode,start_time,end_time,distance"
# What the service says once the broker keeps messages for it; what was published before is nobody's.
SUBSCRIBED = "messages for"
MORNING = 1_672_876_800  # 2023-01-05 08:00 in Shenzhen


class Intake:
    """A home folder that serves."""

    def __init__(self, folder: Path, *words: str, config: str = CONFIG):
        self.home = folder / "home"
        self.home.mkdir(parents=True)
        (self.home / "config.toml").write_text(config)
        keys = Keyring(self.home / "keys")
        keys.create_passphrase()
        for name in (CUSTODY, RECORDS):
            keys.store(name, random_passphrase=True)
        on_a_chain(self.home)
        self.carbonbook = Carbonbook(self.home)
        self.secrets = {name: self._secret(name, keys) for name in ("bus-app", "kiosk", "grid")}
        self.service = Service(["serve", "--home", str(self.home), *words], folder / "serve.log", "/v1/health")

    def _secret(self, name: str, keys: Keyring) -> SharedSecret:
        keys.store(secret_name(name), random_passphrase=True)
        return SharedSecret(keys.secret(secret_name(name)))

    def put(
        self,
        name: str,
        body: bytes | Iterable[bytes],
        source: str = "bus-app",
        *,
        key: str | None = None,
        sha256: str | None = None,
        at: int | None = None,
        query: str = "",
        tamper: dict[str, str] | None = None,
    ) -> requests.Response:
        """Sends a file as a source does."""
        path = f"/v1/sources/{source}/files/{name}{query}"
        digest = sha256 or hashlib.sha256(body).hexdigest()  # type: ignore[arg-type]  # given for a stream
        request = Request("PUT", path, source, int(time.time()) if at is None else at, key or digest[:16], digest)
        if source == "ride-app":
            signature = sign_by_account(ACCOUNT, request.text)
        else:
            signature = self.secrets.get(source, SharedSecret(b"?" * 32)).sign(request.text)
        headers = request.headers(signature) | (tamper or {})
        return requests.put(self.service.url + path, data=body, headers=headers, timeout=60)

    def acts(self) -> list[tuple[object, ...]]:
        """What is in the book: scenario, source, start, end and quantities of every act, sorted."""
        return acts_of(self.home)

    def rows(self) -> int:
        """Rows of all files."""
        with (
            closing(Book(self.home, Keyring(self.home / "keys")).database) as database,
            database.reading() as connection,
        ):
            return sum(file.rows for file in all_files(connection))

    def findings(self) -> dict[str, int]:
        """Findings per code."""
        with (
            closing(Book(self.home, Keyring(self.home / "keys")).database) as database,
            database.reading() as connection,
        ):
            return finding_counts(connection)


def acts_of(home: Path) -> list[tuple[object, ...]]:
    """Every act of a book, without what is random in it."""
    book = Book(home, Keyring(home / "keys"))
    with book.database.reading() as connection:
        committed = committed_files(connection)
    found: list[tuple[object, ...]] = []
    for scenario in book.acts.scenarios():
        frame = book.acts.read(scenario, book.acts.days(scenario), committed)
        columns = sorted({*frame.columns} - {"rows", "file", "sha256", "citizen"})
        found += [(scenario, *row) for row in frame.select(pl.col(columns)).iter_rows()]
    book.database.close()
    return sorted(found, key=repr)


def trip_file(first: int, count: int) -> bytes:
    """A file of trips, each of another rider."""
    start = MORNING * 1000
    lines = [f"trip-{n},rider-{n},metro,{start},{start + 1_200_000},{8_000 + n}" for n in range(first, first + count)]
    return "\n".join([TRIPS_HEADER, *lines, ""]).encode()
