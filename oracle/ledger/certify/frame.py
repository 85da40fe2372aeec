"""The frame of a claim: what its batches bring, recomputed from their bundles by everybody who signs it.

A share is what an account was credited after caps, summed over the claim's batches. Who withdrew consent before the claim was submitted is
left out, and the claim is that much smaller. The records that are sampled are those of the entries that brought something.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import polars as pl
from eth_utils.address import to_checksum_address

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.contracts.reduction_certifier import Claim, ReductionCertifier
from oracle.ledger.certify.credited import credited_mg
from oracle.ledger.certify.shares import Share, SharesTree
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import read
from oracle.model.claim_frame import batches_hash_of
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.findings import counts
from oracle.model.header import Header
from oracle.model.ids import Address, BatchId

FolderOf = Callable[[BatchId], Path]

_SHARES = {"account": pl.Binary(), "mg": pl.Int64()}


@dataclass(frozen=True, eq=False)
class Portion:
    """What one batch brings to a claim.

    Attributes:
        batch: Its key.
        header: Its header.
        factor_ug: Micrograms CO2e per unit.
        document_hash: Hash of the methodology's document.
        records: Records that are claimed.
        quantity: Sum of their quantities, in the methodology's unit.
        shares: account (Binary), mg (Int64): what each consenting account was credited; zero is left out.
        left_out: The same of accounts that consented to the batch and withdrew before the claim was submitted.
        findings: Findings of the batch's close by code.
    """

    batch: BatchId
    header: Header
    factor_ug: int
    document_hash: bytes
    records: int
    quantity: int
    shares: pl.DataFrame
    left_out: pl.DataFrame
    findings: dict[str, int]

    @property
    def mg(self) -> int:
        """Sum of the shares, milligrams."""
        return int(self.shares["mg"].sum())

    @property
    def left_out_mg(self) -> int:
        """What accounts were credited that withdrew their consent."""
        return int(self.left_out["mg"].sum())


@dataclass(frozen=True, eq=False)
class Claimed:
    """A claim as its bundles give it.

    Attributes:
        number: Of the claim.
        claim: As the chain has it.
        portions: In the order in which the batches were added.
    """

    number: int
    claim: Claim
    portions: Sequence[Portion]

    @cached_property
    def shares(self) -> SharesTree:
        """Who has which share.

        Raises:
            InputError: Nobody has one.
        """
        parts = [pl.DataFrame(schema=_SHARES), *(portion.shares for portion in self.portions)]
        summed = pl.concat(parts).group_by("account").agg(pl.col("mg").sum())
        if summed.is_empty():
            raise InputError(f"claim {self.number}: no account that consents was credited anything by its batches")
        return SharesTree(Share(Address(to_checksum_address(account)), mg) for account, mg in summed.iter_rows())

    @cached_property
    def withdrawn(self) -> list[Address]:
        """Accounts that are left out because consent was withdrawn."""
        found = {account for portion in self.portions for account in portion.left_out["account"]}
        return [Address(to_checksum_address(account)) for account in sorted(found)]

    @property
    def record_count(self) -> int:
        """Records of the frame."""
        return sum(portion.records for portion in self.portions)

    @property
    def record_quantity(self) -> int:
        """Sum of their quantities: the length of the line that the sample is drawn on."""
        return sum(portion.quantity for portion in self.portions)

    @property
    def left_out_mg(self) -> int:
        """What accounts were credited that withdrew their consent."""
        return sum(portion.left_out_mg for portion in self.portions)


def recompute(chain: Chain, number: int, folder_of: FolderOf, withdrawn: Collection[bytes]) -> Claimed:
    """A claim from the bundles of its batches, each rebuilt from its records and compared with the chain's header.

    Args:
        withdrawn: Accounts (20 bytes) that do not consent any more; of others it does not matter whether they are named.

    Raises:
        InputError: There is no such claim, it has no batch, or a bundle cannot be read.
        VerificationFailed: A bundle is not the chain's batch; or the issuer counted something else.
    """
    certifier, ledger = ReductionCertifier(chain), EvidenceLedger(chain)
    claim, batches = certifier.claim_of(number), certifier.batches_in(number)
    if not batches:
        raise InputError(f"claim {number} has no batch" if claim.state != "none" else f"there is no claim {number}")
    if batches_hash_of(batches) != claim.batches_hash:
        raise VerificationFailed(f"claim {number}: the node's events tell of other batches than the contract knows")
    headers = ledger.headers_of(batches)
    registry, issuer = MethodologyRegistry(chain), PointIssuer(chain)

    def portion(batch: BatchId) -> Portion:
        bundle = read(folder_of(batch))
        if bundle.header != headers.get(batch):
            raise VerificationFailed(f"{folder_of(batch)} is not batch {batch} as the chain has it")
        return portion_of(bundle, credited_mg(registry, issuer, bundle), withdrawn)

    return Claimed(number, claim, [portion(batch) for batch in batches])


def portion_of(bundle: Bundle, credited: pl.Series, withdrawn: Collection[bytes]) -> Portion:
    """What a batch brings, given what each of its entries was credited. Pure."""
    entries = bundle.accounts.table.with_columns(mg=credited).filter(pl.col("consented") & (pl.col("mg") > 0))
    stays = ~pl.col("account").is_in(list(withdrawn))
    shares = entries.filter(stays).select("account", "mg")
    records = claimed_records(bundle, shares)
    return Portion(
        batch=bundle.header.batch,
        header=bundle.header,
        factor_ug=bundle.meta.factor_ug,
        document_hash=bundle.meta.document_hash,
        records=len(records),
        quantity=int(records["quantity"].sum()),
        shares=shares,
        left_out=entries.filter(~stays).select("account", "mg"),
        findings=counts(bundle.findings),
    )


def claimed_records(bundle: Bundle, shares: pl.DataFrame) -> pl.DataFrame:
    """The records of a batch that a claim rests on, in the bundle's order."""
    return bundle.records.join(shares.select("account"), on="account", how="semi", maintain_order="left")
