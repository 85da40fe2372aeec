"""Claims: a citizen's leaves in open batches, each with its proof. What nobody pushes is credited when it is asked for.

A claim rests on `accounts.parquet` of the bundle alone: the tree over its rows must end in the root that the chain has, so nothing else
of the bundle needs to be read or believed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.counter import Counter
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.measure.evidence.accounts import tree_of
from oracle.measure.evidence.folder import ACCOUNTS, read_table
from oracle.measure.evidence.leaf import pack_entry
from oracle.model.canonical import hexed
from oracle.model.errors import VerificationFailed
from oracle.model.ids import BatchId

PER_TRANSACTION = 64  # a claim costs 160,000 gas at most, the first of a transaction included


@dataclass(frozen=True)
class Claim:
    """One leaf of an accounts tree with its proof. Twin of `ICounter.Claim`.

    Attributes:
        batch: Key of the batch, 0x hex.
        account: Whose leaf it is, checksummed.
        index: Index of the leaf.
        quantity: In the methodology's unit.
        entry: The leaf in one word.
        proof: Siblings from the leaf to the root.
    """

    batch: BatchId
    account: str
    index: int
    quantity: int
    entry: int
    proof: tuple[bytes, ...]

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return bytes.fromhex(self.batch[2:]), self.index, self.entry, list(self.proof)


def open_claims(chain: Chain, batches: Iterable[tuple[BatchId, Path]], accounts: Collection[bytes]) -> Iterator[Claim]:
    """What some accounts can still claim from open batches.

    Args:
        batches: Keys of open batches, and the folders of their bundles.
        accounts: 20 bytes each.

    Raises:
        InputError: A bundle cannot be read.
        VerificationFailed: A bundle's accounts are not those that the chain has the root of.
    """
    for batch, folder in batches:
        yield from (claim for claim in _claims_in(chain, batch, folder, accounts) if not is_credited(chain, claim))


def is_credited(chain: Chain, claim: Claim) -> bool:
    """Whether the leaf was credited, by whatever way."""
    return PointIssuer(chain).is_credited(claim.batch, claim.index)


def send_claims(outbox: Outbox, claims: Iterable[Claim]) -> list[Sent]:
    """Credits claims, many in a transaction. Leaves that were credited meanwhile are passed over by the contract.

    Raises:
        ContractReverted: The issuer refuses a claim; none of its transaction is credited.
        ChainError: As `Outbox.send` says.
    """
    counter = Counter(outbox.chain)
    return [
        outbox.send(
            replace(counter.claim([claim.encoded() for claim in group]), act=f"claim {len(group)} {act_of(group)}")
        )
        for group in _groups(list(claims))
    ]


def act_of(claims: Sequence[Claim]) -> str:
    """A short name of what several claims credit, the same whenever they are sent."""
    return hexed(keccak(b"".join(bytes.fromhex(claim.batch[2:]) + claim.index.to_bytes(4) for claim in claims)))


def _groups(claims: Sequence[Claim]) -> Iterator[Sequence[Claim]]:
    for start in range(0, len(claims), PER_TRANSACTION):
        yield claims[start : start + PER_TRANSACTION]


def _claims_in(chain: Chain, batch: BatchId, folder: Path, accounts: Collection[bytes]) -> Iterator[Claim]:
    table = read_table(folder / ACCOUNTS)
    rows = table.filter(pl.col("account").is_in(list(accounts)))
    if rows.is_empty():
        return
    tree = tree_of(table)
    header = EvidenceLedger(chain).header_of(batch)
    root = header.accounts_root if header else bytes(32)
    if tree.root != root:
        raise VerificationFailed(
            f"{folder / ACCOUNTS}: its tree has root {hexed(tree.root)}, but the chain has {hexed(root)} for batch {batch}"
        )
    for row in rows.iter_rows(named=True):
        yield Claim(
            batch=batch,
            account=to_checksum_address(row["account"]),
            index=row["index"],
            quantity=row["quantity"],
            entry=pack_entry(row["account"], row["consented"], row["quantity"]),
            proof=tuple(tree.proof(row["index"])),
        )
