"""The parts of one installation, each opened when it is needed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from eth_utils.address import is_address, to_checksum_address

from oracle.config import Settings
from oracle.edge.keys.keyring import Elsewhere, Keyring
from oracle.edge.store.book import Book
from oracle.model.errors import ConfigError, DifferencesFound, StoreError

if TYPE_CHECKING:  # commands that need no chain do not wait for web3
    from eth_account.signers.base import BaseAccount

    from oracle.edge.chain.client import Chain
    from oracle.edge.chain.manifest import Manifest
    from oracle.edge.chain.outbox import Outbox
    from oracle.ledger.settle.book import Settlements
    from oracle.measure.quantify.library import Library


@dataclass(frozen=True)
class Installation:
    """The installation a command runs in; each part is opened when it is needed.

    Attributes:
        settings: Of its home folder.
        looks_itself: Whether the command itself checks whether the chain took back final blocks, to report it in its own way.
    """

    settings: Settings
    looks_itself: bool = False

    @classmethod
    def at(cls, home: Path | None, *, looks_itself: bool = False) -> Installation:
        """The installation of a home folder.

        Raises:
            ConfigError: There is none.
        """
        return cls(Settings.load(home), looks_itself)

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
        """Its chain, checked to be the one the book belongs to, and to have what it once had for final.

        Raises:
            RolledBack: It took that back: a node that began anew, or from an older state.
        """
        from oracle.edge.chain.client import Chain
        from oracle.edge.chain.finality import require_standing

        settings, database = self.settings, self.bare_book.database
        chain = Chain(settings.rpc, self.manifest, settings.witnesses, settings.rpc_timeout_seconds)
        database.is_bound(*self.manifest.identity)
        if not self.looks_itself:
            require_standing(chain, database)
        return chain

    @cached_property
    def manifest(self) -> Manifest:
        """The deployment it works on."""
        from oracle.edge.chain.manifest import Manifest

        return Manifest.load(self.settings.path(self.settings.manifest))

    @cached_property
    def library(self) -> Library:
        """Its methodology documents: the folder that the settings name, or those that come with the package."""
        from oracle.measure.quantify.library import Library

        return Library.load(self.library_folder)

    @cached_property
    def names(self) -> dict[str, str]:
        """Names of accounts, for people: those of merchants, and of keys for other accounts."""
        from oracle.edge.store.merchants import all_merchants

        named: dict[str, str] = {}
        for name in [*self.keys.names(), *self.settings.signers]:
            try:
                named[self.keys.address(name)] = name
            except (ConfigError, StoreError):  # a damaged key has no address; `carbonbook check` reports it
                continue
        with self.book.database.reading() as connection:
            return named | {account: party.name for account, party in all_merchants(connection).items()}

    def named(self, account: str) -> str:
        """An account for a sentence: its name, if it has one, and its address."""
        return f"{self.names[account]} ({account})" if account in self.names else account

    @property
    def library_folder(self) -> Path:
        """Where those documents are."""
        from oracle.measure.quantify.library import folder_of

        return folder_of(self.settings)

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

    def outbox(self, name: str | None = None) -> Outbox:
        """The relayer's outbox, or a named key's, after a look at what the chain made of what it sent before."""
        outbox = self.sender(name)
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
                f"The database {book.database.place} is new, but its home folder has {here} bundles and the chain has {there} "
                "batches of its operators. Nothing was written. Restore the right database, or run `carbonbook rebuild` first."
            )

    def _is_known(self, name: str) -> bool:
        return is_address(name) or name in self.settings.signers or name in self.keys.names()
