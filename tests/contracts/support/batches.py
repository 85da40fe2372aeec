"""Batches as the oracle makes them: an accounts tree, a header, a quorum's signatures, and the arguments that credit it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from eth_abi.abi import encode
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from oracle.measure.evidence.leaf import account_leaf, methodology_word, pack_entry
from oracle.measure.evidence.tree import Tree

from .typed_data import sign

NOBODY = "0x" + "00" * 20


class Entry(NamedTuple):
    """One account of a batch; the default is padding."""

    account: str = NOBODY
    quantity: int = 0
    consented: bool = False


class Header(NamedTuple):
    """`IEvidenceLedger.Header`, in its order."""

    operator: str
    day: int
    sequence: int
    version: int
    methodology: bytes
    record_count: int
    account_count: int
    total_quantity: int
    consented_quantity: int
    records_root: bytes
    accounts_root: bytes
    bundle_hash: bytes


@dataclass(frozen=True)
class Batch:
    """A header and the entries it stands for, padded to a power of two."""

    header: Header
    entries: tuple[Entry, ...]
    tree: Tree

    @property
    def id(self) -> bytes:
        """keccak256(abi.encode(operator, methodology, day, sequence))."""
        header = self.header
        values = [header.operator, header.methodology, header.day, header.sequence]
        return keccak(encode(["address", "bytes32", "uint32", "uint32"], values))

    def chunk(self, first: int = 0, count: int | None = None) -> tuple[bytes, int, list[int], list[bytes]]:
        """Arguments of `PointIssuer.credit` for `count` entries from `first` on; for all of them if no count is given."""
        count = count or len(self.entries)
        return self.id, first, self.packed(first, count), self.tree.subtree_proof(first, count)

    def packed(self, first: int, count: int) -> list[int]:
        """Entries as words."""
        return [
            pack_entry(_bytes20(entry.account), entry.consented, entry.quantity)
            for entry in self.entries[first : first + count]
        ]

    def claiming(self, **changed: Any) -> Batch:
        """The same tree under a header that claims something else."""
        return replace(self, header=self.header._replace(**changed))


def batch_of(
    operator: Any,
    methodology: str,
    day: int,
    entries: Iterable[Entry],
    *,
    sequence: int = 0,
    version: int = 1,
    ordered: bool = True,
) -> Batch:
    """A batch whose header tells the truth about `entries`, in the order of their accounts unless it is said to be forged."""
    rows = tuple(sorted(entries, key=lambda entry: entry.account.lower()) if ordered else entries)
    padded = rows + (Entry(),) * ((1 << (len(rows) - 1).bit_length()) - len(rows))
    tree = tree_of(padded)
    header = Header(
        operator=operator.address,
        day=day,
        sequence=sequence,
        version=version,
        methodology=methodology_word(methodology),
        record_count=2 * len(rows),
        account_count=len(rows),
        total_quantity=sum(entry.quantity for entry in rows),
        consented_quantity=sum(entry.quantity for entry in rows if entry.consented),
        records_root=keccak(b"records" + tree.root),
        accounts_root=tree.root,
        bundle_hash=keccak(b"bundle" + tree.root),
    )
    return Batch(header, padded, tree)


def approvals(ledger: Any, epoch: int, signers: Sequence[LocalAccount], header: Header) -> list[tuple[str, bytes]]:
    """What members of the committee of `epoch` sign, in the order of their addresses."""
    ordered = sorted(signers, key=lambda signer: signer.address.lower())
    return [(signer.address, sign(signer, "Attestation", ledger, epoch, *header)) for signer in ordered]


def tree_of(entries: Sequence[Entry]) -> Tree:
    """The tree over padded entries."""
    leaves = [
        account_leaf(index, _bytes20(entry.account), entry.quantity, entry.consented)
        for index, entry in enumerate(entries)
    ]
    return Tree.build(np.frombuffer(b"".join(leaves), np.uint8).reshape(-1, 32), sort=False)


def _bytes20(account: str) -> bytes:
    return bytes.fromhex(account.removeprefix("0x"))
