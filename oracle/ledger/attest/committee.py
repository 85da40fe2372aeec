"""Attesting: the members whose keys this installation holds recompute a batch's bundle, sign its header, and anyone sends it.

What is signed is what the member computed from the records, never what it was handed:
`oracle.measure.evidence.bundle.read` rebuilds every leaf,
tree and digest and raises if one differs from the files.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eth_account.signers.base import BaseAccount

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.outbox import Outbox, Outcome
from oracle.edge.chain.sender import Sent
from oracle.ledger.attest.onchain import headers_of
from oracle.measure.evidence.bundle import Bundle
from oracle.model.errors import ConfigError, ContractReverted, DifferencesFound, MethodologyError
from oracle.model.header import Header, approvals
from oracle.model.typed_data import Domain

_KEY_USED = "EvidenceLedger_KeyUsed"
PHASES = ("none", "attested", "open", "closed", "revoked", "frozen")  # IEvidenceLedger.Phase


@dataclass(frozen=True)
class Phase:
    """Where a batch stands on chain.

    Attributes:
        name: One of `PHASES`.
        attested_at: UTC seconds; 0 if it is not there.
    """

    name: str
    attested_at: int


def phase_of(chain: Chain, batch: str) -> Phase:
    """Where a batch stands now."""
    number, attested_at = chain.read("EvidenceLedger", "phaseOf", bytes.fromhex(batch[2:]))
    return Phase(PHASES[number], attested_at)


def phases_of(chain: Chain, batches: Sequence[str]) -> dict[str, Phase]:
    """Where many batches stand now."""
    found = chain.read_many("EvidenceLedger", "phaseOf", [[bytes.fromhex(batch[2:])] for batch in batches])
    return {batch: Phase(PHASES[number], at) for batch, (number, at) in zip(batches, found, strict=True)}


def attestation(chain: Chain, bundle: Bundle, members: list[BaseAccount]) -> Call:
    """The call that brings a bundle's header on chain, signed by as many members as the quorum asks.

    Raises:
        ConfigError: Fewer members' keys are here than the quorum.
        MethodologyError: The chain has another document or factor for this version than the bundle was computed with.
    """
    _require_same_methodology(chain, bundle)
    quorum = chain.read("OracleCommittee", "quorum")
    if len(members) < quorum:
        raise ConfigError(f"{quorum} members must sign, and this installation holds the keys of {len(members)}.")
    epoch = chain.read("OracleCommittee", "epoch")
    header = bundle.header
    message = header.message(domain(chain, "EvidenceLedger"), epoch)
    data = chain.call_data("EvidenceLedger", "attest", header.encoded(), approvals(members[:quorum], message))
    key = chain.read("EvidenceLedger", "batchIdOf", header.operator, header.methodology, header.day, header.sequence)
    # With the header's hash: what an earlier book has on its way under this key is not this.
    return Call(chain.address("EvidenceLedger"), data, f"attest 0x{key.hex()} 0x{header.bundle_hash.hex()}")


@dataclass(frozen=True)
class Attested:
    """What became of a batch.

    Attributes:
        batch: Its key.
        header: Its header.
        sent: The transaction; None if somebody else has attested the very same header meanwhile.
    """

    batch: str
    header: Header
    sent: Sent | None


def attest_all(outbox: Outbox, batches: Iterable[tuple[str, Bundle]], members: list[BaseAccount]) -> list[Attested]:
    """Attests bundles by batch, many in flight at a time. Bundles are read when their turn comes.

    Raises:
        ContractReverted: The ledger refuses one; those before it stand.
        DifferencesFound: The chain has another header under a batch's key.
        ChainError: As `Outbox.send_all` says.
    """
    asked: list[tuple[str, Header]] = []

    def calls() -> Iterator[Call]:
        for batch, bundle in batches:
            asked.append((batch, bundle.header))
            yield attestation(outbox.chain, bundle, members)

    outcomes = outbox.send_all(calls())
    return [
        Attested(batch, header, _sent(outbox.chain, batch, header, outcome))
        for (batch, header), outcome in zip(asked, outcomes, strict=True)
    ]


def _sent(chain: Chain, batch: str, header: Header, outcome: Outcome) -> Sent | None:
    if isinstance(outcome, Sent):
        return outcome
    if isinstance(outcome, ContractReverted) and outcome.name == _KEY_USED:
        there = headers_of(chain, [batch])[batch]
        if there == header:
            return None
        raise DifferencesFound(
            f"Batch {batch} is on chain with bundle 0x{there.bundle_hash.hex()}, here it is 0x{header.bundle_hash.hex()}. Nothing was sent "
            "for it. `carbonbook rebuild` brings back what the chain has."
        )
    raise outcome


def _require_same_methodology(chain: Chain, bundle: Bundle) -> None:
    meta = bundle.meta
    key = bundle.header.methodology
    if chain.read("MethodologyRegistry", "versionCount", key) < meta.version:
        raise MethodologyError(f"{meta.methodology} v{meta.version} is not on chain: propose and activate it first.")
    terms = chain.read("MethodologyRegistry", "methodologyOf", key, meta.version)[0]
    if (terms.factorUg, terms.documentHash) != (meta.factor_ug, meta.document_hash):
        raise MethodologyError(
            f"{meta.methodology} v{meta.version} on chain has document 0x{terms.documentHash.hex()} and factor {terms.factorUg}; "
            f"the bundle was computed with document 0x{meta.document_hash.hex()} and factor {meta.factor_ug}. Nothing was signed."
        )


def domain(chain: Chain, contract: str) -> Domain:
    """The EIP-712 domain of a deployed contract."""
    return Domain(contract, chain.manifest.chain_id, chain.address(contract), chain.manifest.genesis_hash)
