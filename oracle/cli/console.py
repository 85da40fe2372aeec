"""What commands share: where they run, how they print.

A terminal gets tables and progress; a pipe gets plain lines; `--json` gets exactly one object on stdout. What is said on the way goes to
stderr.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from eth_utils.address import is_address, to_checksum_address
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from oracle.config import Settings
from oracle.edge.keys.keyring import Elsewhere, Keyring
from oracle.edge.store.book import Book
from oracle.model.errors import DifferencesFound

if TYPE_CHECKING:  # commands that need no chain do not wait for web3
    from eth_account.signers.base import BaseAccount

    from oracle.edge.chain.client import Chain
    from oracle.edge.chain.manifest import Manifest
    from oracle.edge.chain.outbox import Outbox
    from oracle.ledger.settle.book import Settlements
    from oracle.measure.quantify.library import Library

T = TypeVar("T")

HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Folder of the installation.", envvar="CARBONBOOK_HOME", show_default=".carbonbook"),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else on stdout.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Say what would be sent; send nothing.")]

_HEX = re.compile("(0x)?[0-9a-fA-F]{40,}")

out = Console(soft_wrap=False)
err = Console(stderr=True)


@dataclass(frozen=True)
class Installation:
    """The installation a command runs in; each part is opened when it is needed."""

    settings: Settings

    @classmethod
    def at(cls, home: Path | None) -> Installation:
        """The installation of a home folder.

        Raises:
            ConfigError: There is none.
        """
        return cls(Settings.load(home))

    @cached_property
    def keys(self) -> Keyring:
        """Its keystore."""
        elsewhere = {
            name: Elsewhere(signer.url, signer.address, signer.identifier or signer.address)
            for name, signer in self.settings.signers.items()
        }
        return Keyring(self.settings.path(self.settings.keys), self.settings.passphrase_file, elsewhere)

    @cached_property
    def book(self) -> Book:
        """Its book; nothing is written into an empty one beside bundles, or on a chain, that know more."""
        book = self.bare_book
        book.database.admit_writers(self._admit)
        return book

    @cached_property
    def bare_book(self) -> Book:
        """The same for who brings it up to what the chain has: a node, or `carbonbook rebuild`."""
        return Book(self.settings.home, self.keys, self.settings.database)

    @cached_property
    def chain(self) -> Chain:
        """Its chain, checked to be the one the book belongs to."""
        from oracle.edge.chain.client import Chain

        settings = self.settings
        chain = Chain(settings.rpc, self.manifest, settings.witnesses, settings.rpc_timeout_seconds)
        self.bare_book.database.is_bound(*self.manifest.identity)
        return chain

    @cached_property
    def manifest(self) -> Manifest:
        """The deployment it works on."""
        from oracle.edge.chain.manifest import Manifest

        return Manifest.load(self.settings.path(self.settings.manifest))

    def _admit(self) -> None:
        """A book that belongs to no chain yet is empty: it gets its chain with the first thing that is written.

        Raises:
            DifferencesFound: There are bundles or batches that it should know of, or it is another installation's.
        """
        book, chain = self.bare_book, self.manifest.identity
        if not book.database.is_bound(*chain):
            self._require_nothing_known()
        book.open_for_writing(*chain)

    def _require_nothing_known(self) -> None:
        from oracle.ledger.attest.onchain import knows_batches

        # Who only relays what others closed has no operator's key: no batch is missing in that book.
        mine = {source.operator for source in self.settings.sources.values() if self._is_known(source.operator)}
        book = self.bare_book
        here, there = len(book.bundles()), knows_batches(self.chain, {self.account_of(name) for name in mine})
        if here or there:
            raise DifferencesFound(
                f"The book's database {book.database.place} is new, but {here} bundles lie in its home folder and the chain has {there} "
                "batches of its operators. Nothing was written. Put the right database back, or run `carbonbook rebuild` first."
            )

    @cached_property
    def library(self) -> Library:
        """Its methodology documents: the folder that the settings name, or those that come with the package."""
        from oracle.measure.quantify.library import Library

        return Library.load(self.library_folder)

    @property
    def library_folder(self) -> Path:
        """Where those documents are."""
        from oracle.measure.quantify.library import FOLDER

        return FOLDER if self.settings.library is None else self.settings.path(self.settings.library)

    def sender(self, name: str | None = None) -> Outbox:
        """Sends from the relayer's account, or from that of a named key."""
        from oracle.edge.chain.outbox import Outbox, Pace

        pace = Pace(
            finality=self.settings.finality,
            wait_seconds=self.settings.wait_seconds,
            patience_seconds=self.settings.patience_seconds,
            lock_seconds=self.settings.lock_seconds,
            window=self.settings.in_flight,
        )
        return Outbox(self.chain, self.keys.account(name or self.settings.relayer), self.book.database, pace)

    def outbox(self) -> Outbox:
        """The relayer's outbox, after a look at what the chain made of what it sent before."""
        outbox = self.sender()
        outbox.reconcile()
        return outbox

    @cached_property
    def officers(self) -> list[str]:
        """Accounts of the officers who sign settlement runs, in the order of the settings."""
        return [self.account_of(name) for name in self.settings.settlement.officers]

    @cached_property
    def settlements(self) -> Settlements:
        """Its settlement runs."""
        from oracle.ledger.settle.book import Settlements

        rules = self.settings.settlement
        return Settlements(
            self.book.database, self.chain, self.officers, rules.confirmations, self.settings.lock_seconds
        )

    def _is_known(self, name: str) -> bool:
        return is_address(name) or name in self.settings.signers or name in self.keys.names()

    def account_of(self, name: str) -> str:
        """An account, or the account of a key."""
        return to_checksum_address(name if is_address(name) else self.keys.address(name))

    def members(self) -> list[BaseAccount]:
        """The oracle members whose keys are here."""
        return [self.keys.account(name) for name in self.settings.committee]

    def operators(self) -> dict[str, str]:
        """Address of the operator of each registered source."""
        return {
            name: source.operator if source.operator.startswith("0x") else self.keys.address(source.operator)
            for name, source in self.settings.sources.items()
        }


def show(data: Mapping[str, object], as_json: bool, title: str = "") -> None:
    """Prints a result: one JSON object, or names and values."""
    if as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
        return
    table = Table(title=title or None, title_justify="left", show_header=False, box=None)
    for key, value in data.items():
        if not _is_rows(value):
            table.add_row(key.replace("_", " "), _text(value))
    out.print(table)
    for key, value in data.items():
        if _is_rows(value):
            show_rows(value, key.replace("_", " "))  # type: ignore[arg-type]  # _is_rows has looked


def show_rows(rows: Sequence[Mapping[str, object]], title: str) -> None:
    """Prints rows as a table that fits the terminal."""
    table = Table(title=title, title_justify="left", box=None, header_style="bold")
    for name in rows[0] if rows else ():
        table.add_column(name.replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(_short(_text(value)) for value in row.values()))
    out.print(table)


def say(line: str) -> None:
    """One line on the way, for people."""
    err.print(line, highlight=False)


def tracked(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    """Passes items on, with a progress bar on a terminal and one line at the end elsewhere."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, disable=not err.is_terminal) as bar:
        yield from bar.track(items, total=total, description=label)
    if not err.is_terminal and total:
        say(f"{label}: {total}")


def _short(text: str) -> str:
    """Addresses and hashes by their ends, so that rows fit; `--json` has them whole."""
    return f"{text[:8]}…{text[-4:]}" if _HEX.fullmatch(text) else text


def _is_rows(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _text(value: object) -> str:
    if isinstance(value, Mapping):
        return "\n".join(f"{key}: {_text(item)}" for key, item in value.items()) or "-"
    if isinstance(value, list | tuple):
        return ", ".join(_text(item) for item in value) or "-"
    return "-" if value is None or value == "" else str(value)
