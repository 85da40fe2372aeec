"""What a batch's entries were credited, after both caps: one figure for each entry of its accounts tree.

The contract computes the same when it takes a reduction back: an entry that was credited brought its quantity times the factor, cut by the
methodology's cap, less the rest that still waits (`IPointIssuer.revokeReductions`).
"""

from __future__ import annotations

import polars as pl

from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.measure.evidence.bundle import Bundle
from oracle.model.errors import MethodologyError, VerificationFailed
from oracle.model.units import UG_PER_MG


def credited_mg(registry: MethodologyRegistry, issuer: PointIssuer, bundle: Bundle) -> pl.Series:
    """Milligrams that each entry of a batch was credited, in the order of its accounts table.

    Raises:
        MethodologyError: The chain's version is another document, or has another factor, than the bundle was computed with.
        VerificationFailed: The sum of the consenting entries is not what the issuer counted.
    """
    meta, batch = bundle.meta, bundle.header.batch
    terms = registry.methodology_of(meta.methodology, meta.version).terms
    if (terms.document_hash, terms.factor_ug) != (meta.document_hash, meta.factor_ug):
        raise MethodologyError(
            f"{meta.methodology} v{meta.version} on chain has document 0x{terms.document_hash.hex()} and factor {terms.factor_ug}; batch "
            f"{batch} was computed with document 0x{meta.document_hash.hex()} and factor {meta.factor_ug}"
        )
    table, progress = bundle.accounts.table, issuer.progress_of(batch)
    asked = asked_mg(table["quantity"], terms.factor_ug, terms.day_cap_mg)
    if progress.accounts < len(table):
        asked = asked * pl.Series(issuer.are_credited(batch, range(len(table))), dtype=pl.Int64)
    if progress.rests:
        asked = asked - pl.Series(issuer.rests_of(batch, range(len(table))), dtype=pl.Int64)
    found = int(asked.filter(table["consented"]).sum())
    if found != progress.consented_mg:
        raise VerificationFailed(
            f"batch {batch}: its consenting accounts were credited {progress.consented_mg} mg by the chain, {found} mg by the bundle"
        )
    return asked


def asked_mg(quantities: pl.Series, factor_ug: int, cap_mg: int) -> pl.Series:
    """What entries ask: quantity times factor, rounded down, cut by the methodology's cap."""
    wide = quantities.cast(pl.Int128)
    asked = (wide * pl.Series([factor_ug], dtype=pl.Int128)) // UG_PER_MG
    return asked.to_frame("mg").select(pl.col("mg").clip(upper_bound=pl.lit(cap_mg, pl.Int128)).cast(pl.Int64))["mg"]
