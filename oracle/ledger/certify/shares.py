"""Who has which share of a claim: one leaf for each consenting account, in the layout of the accounts tree (`LeafLib`).

A leaf is (index, account, milligrams, true); leaves stand in the order of their accounts and are padded up to whole chunks, as
`IProceedsPot.claim` takes them.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
from eth_utils.address import is_address, to_checksum_address

from oracle.edge.store.disk import disk
from oracle.measure.evidence.accounts import Entries, chunk_of, tree_of
from oracle.measure.evidence.leaf import pack_entry
from oracle.model.errors import InputError
from oracle.model.ids import Address
from oracle.model.machine import blamed

FILE = "shares.csv"
COLUMNS = ("account", "mg")


@dataclass(frozen=True)
class Share:
    """What one account has of a claim.

    Attributes:
        account: Checksummed address.
        mg: Milligrams CO2e that it was credited, after caps.
    """

    account: Address
    mg: int


class SharesTree:
    """The shares of one claim.

    Args:
        shares: One for each account, in any order.

    Raises:
        InputError: There is none; an account stands twice or is none; a share is not positive.
    """

    def __init__(self, shares: Iterable[Share]):
        self.shares = sorted(shares, key=lambda share: share.account.lower())
        _require_sound(self.shares)

    @cached_property
    def entries(self) -> Entries:
        """The leaves with their tree: `entries.words(first, count)` is a chunk as the pot takes it, `entries.tree` has its proof."""
        rows = {
            "index": pl.Series(range(len(self.shares)), dtype=pl.Int64),
            "account": pl.Series([bytes.fromhex(share.account[2:]) for share in self.shares], dtype=pl.Binary),
            "quantity": pl.Series([share.mg for share in self.shares], dtype=pl.Int64),
            "consented": pl.Series([True] * len(self.shares), dtype=pl.Boolean),
        }
        table = pl.DataFrame(rows)
        return Entries(table, chunk_of(len(table)), tree_of(table))

    @property
    def root(self) -> bytes:
        """What the committee signs."""
        return self.entries.tree.root

    @cached_property
    def total_mg(self) -> int:
        """Sum of the shares, milligrams."""
        return sum(share.mg for share in self.shares)

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {share.account.lower(): index for index, share in enumerate(self.shares)}

    def has(self, account: str) -> bool:
        """Whether an account has a share."""
        return account.lower() in self._positions

    def index(self, account: str) -> int:
        """Index of an account's leaf.

        Raises:
            InputError: The account has no share.
        """
        found = self._positions.get(account.lower())
        if found is None:
            raise InputError(f"{account} has no share in this claim", field="account")
        return found

    def share(self, account: str) -> Share:
        """An account's share."""
        return self.shares[self.index(account)]

    def word(self, account: str) -> int:
        """An account's leaf as one packed word: `IProceedsPot.Share.entry`."""
        share = self.share(account)
        return pack_entry(bytes.fromhex(share.account[2:]), True, share.mg)

    def proof(self, account: str) -> list[bytes]:
        """Siblings from an account's leaf to the root, lowest first."""
        return self.entries.tree.proof(self.index(account))


def claim_folder(home: Path, claim: int) -> Path:
    """Where the files of a claim are: report, frame, shares, sample, statement."""
    return home / "claims" / str(claim)


def write_shares(home: Path, claim: int, tree: SharesTree) -> Path:
    """Writes a claim's shares; the file is whole or not there."""
    target = claim_folder(home, claim) / FILE
    unfinished = target.with_suffix(".part")
    with disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        with unfinished.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows((share.account, share.mg) for share in tree.shares)
        unfinished.replace(target)
    return target


def load_shares(home: Path, claim: int) -> SharesTree:
    """A claim's shares as `certify submit` wrote them; compare the root with the chain's before money follows.

    Raises:
        InputError: The file is missing, or a row is no share; names the row.
    """
    path = claim_folder(home, claim) / FILE
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"not a readable CSV file: {error}", file=str(path)) from error
    if not rows or tuple(rows[0]) != COLUMNS:
        raise InputError(f"the columns are not {', '.join(COLUMNS)}", file=str(path), row=1)
    return SharesTree([_share(path, number, row) for number, row in enumerate(rows[1:], start=2)])


def _share(path: Path, number: int, row: list[str]) -> Share:
    match row:
        case [account, mg] if is_address(account) and mg.isascii() and mg.isdecimal():
            return Share(Address(to_checksum_address(account)), int(mg))
    raise InputError(f"'{','.join(row)}' is not an account and milligrams", file=str(path), row=number)


def _require_sound(shares: list[Share]) -> None:
    if not shares:
        raise InputError("a claim needs a share", field="shares")
    for before, share in zip([None, *shares], shares, strict=False):
        if share.mg < 1:
            raise InputError(f"{share.account} has {share.mg} mg, which is no share", field="mg")
        if before is not None and before.account.lower() == share.account.lower():
            raise InputError(f"{share.account} stands twice", field="account")
