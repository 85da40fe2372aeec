"""Attesting: the members whose keys this installation holds recompute a batch's bundle, sign its header, and anyone sends it.

What is signed is what the member computed from the records, never what it was handed:
`oracle.measure.evidence.bundle.read` rebuilds every leaf,
tree and digest and raises if one differs from the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from eth_account.signers.base import BaseAccount

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.evidence_ledger import KEY_USED, EvidenceLedger
from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.settlement_vault import NO_PRICE, RESERVE_SHORT
from oracle.edge.chain.outbox import Outbox, Outcome
from oracle.edge.chain.sender import Sent
from oracle.measure.evidence.bundle import Bundle
from oracle.model.errors import (
    ChainError,
    ConfigError,
    ContractReverted,
    DifferencesFound,
    MethodologyError,
    NoReserve,
)
from oracle.model.header import Header, approvals
from oracle.model.ids import BatchId
from oracle.model.units import date_of


def attestation(chain: Chain, bundle: Bundle, members: list[BaseAccount]) -> Call:
    """The call that brings a bundle's header on chain, signed by as many members as the quorum asks.

    Raises:
        ConfigError: Fewer members' keys are here than the quorum.
        MethodologyError: The chain has another document or factor for this version than the bundle was computed with.
    """
    _require_same_methodology(chain, bundle)
    committee, ledger = OracleCommittee(chain), EvidenceLedger(chain)
    quorum = committee.quorum()
    if len(members) < quorum:
        raise ConfigError(
            f"{quorum} members must sign, but this installation has the keys of {len(members)} only. Use --nodes "
            "to ask other nodes."
        )
    header = bundle.header
    signed = approvals(members[:quorum], header.message(ledger.domain, committee.epoch()))
    # With the header's hash: what an earlier book has on its way under this key is not this.
    return replace(ledger.attest(header, signed), act=f"attest {header.batch} 0x{header.bundle_hash.hex()}")


@dataclass(frozen=True)
class Attested:
    """What became of a batch.

    Attributes:
        batch: Its key.
        header: Its header.
        sent: The transaction; None if somebody else has attested the very same header meanwhile.
    """

    batch: BatchId
    header: Header
    sent: Sent | None


def attest_all(outbox: Outbox, batches: Iterable[tuple[BatchId, Bundle]], members: list[BaseAccount]) -> list[Attested]:
    """Attests bundles by batch, many in flight at a time. Bundles are read when their turn comes.

    Raises:
        NoReserve: An operator's reserve is short, or the points of a year have no price; the other batches stand.
        ContractReverted: The ledger refuses one for another reason; the others stand.
        DifferencesFound: The chain has another header under a batch's key.
        ChainError: As `Outbox.send_all` says.
    """
    asked: list[tuple[BatchId, Header]] = []

    def calls() -> Iterator[Call]:
        for batch, bundle in batches:
            asked.append((batch, bundle.header))
            yield attestation(outbox.chain, bundle, members)

    outcomes = outbox.send_all(calls())
    return [
        Attested(batch, header, _sent(outbox.chain, batch, header, outcome))
        for (batch, header), outcome in zip(asked, outcomes, strict=True)
    ]


def _sent(chain: Chain, batch: BatchId, header: Header, outcome: Outcome) -> Sent | None:
    if isinstance(outcome, Sent):
        return outcome
    if isinstance(outcome, ContractReverted) and outcome.name == KEY_USED:
        there = EvidenceLedger(chain).header_of(batch)
        if there == header:
            return None
        if there is not None:
            raise DifferencesFound(
                f"Batch {batch} has bundle 0x{there.bundle_hash.hex()} on chain, but 0x{header.bundle_hash.hex()} here. Nothing was "
                "sent for it. Run `carbonbook rebuild` to restore the bundle on chain."
            )
    raise _plain(batch, header, outcome)


def _plain(batch: BatchId, header: Header, refusal: ChainError) -> ChainError:
    """What is wrong and what to do, where a refusal is about money."""
    if not isinstance(refusal, ContractReverted):
        return refusal
    day, name = date_of(header.day), header.methodology_name
    if refusal.name == RESERVE_SHORT:
        free, needed = int(str(refusal.arguments["free"])), int(str(refusal.arguments["needed"]))
        return NoReserve(
            f"Batch {batch} ({name}, {day}) was not attested: {header.operator} has {free} token base units of free reserve, and the batch "
            f"locks {needed} for the points it can bring. Deposit {needed - free} more, then run `carbonbook attest` again."
        )
    if refusal.name == NO_PRICE:
        return NoReserve(
            f"Batch {batch} ({name}, {day}) was not attested: points of {day.year} have no price. Have the authority set it, then run "
            "`carbonbook attest` again."
        )
    return refusal


def _require_same_methodology(chain: Chain, bundle: Bundle) -> None:
    meta = bundle.meta
    registry = MethodologyRegistry(chain)
    if registry.version_count(meta.methodology) < meta.version:
        raise MethodologyError(f"{meta.methodology} v{meta.version} is not on chain. Propose and activate it first.")
    terms = registry.methodology_of(meta.methodology, meta.version).terms
    if (terms.factor_ug, terms.document_hash) != (meta.factor_ug, meta.document_hash):
        raise MethodologyError(
            f"{meta.methodology} v{meta.version} has document 0x{terms.document_hash.hex()} and factor {terms.factor_ug} on chain, but "
            f"the bundle was computed with document 0x{meta.document_hash.hex()} and factor {meta.factor_ug}. Nothing was signed."
        )
