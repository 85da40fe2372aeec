"""Attesting: the members whose keys this installation holds recompute a batch's bundle, sign its header, and anyone sends it.

What is signed is what the member computed from the records, never what it was handed: `oracle.evidence.bundle.read` rebuilds every leaf,
tree and digest and raises if one differs from the files.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_account.signers.local import LocalAccount

from oracle.attest.header import approvals
from oracle.attest.typed_data import Domain
from oracle.chain.client import Chain
from oracle.chain.sender import Sender, Sent
from oracle.errors import ConfigError
from oracle.evidence.bundle import Bundle

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


def attest(sender: Sender, bundle: Bundle, members: list[LocalAccount]) -> Sent:
    """Signs a bundle's header with as many members as the quorum asks and sends it.

    Raises:
        ConfigError: Fewer members' keys are here than the quorum.
        ContractReverted: The ledger refuses.
    """
    chain = sender.chain
    quorum = chain.read("OracleCommittee", "quorum")
    if len(members) < quorum:
        raise ConfigError(f"{quorum} members must sign, and this installation holds the keys of {len(members)}.")
    epoch = chain.read("OracleCommittee", "epoch")
    header = bundle.header
    message = header.message(domain(chain, "EvidenceLedger"), epoch)
    return sender.send("EvidenceLedger", "attest", header.encoded(), approvals(members[:quorum], message))


def domain(chain: Chain, contract: str) -> Domain:
    """The EIP-712 domain of a deployed contract."""
    return Domain(contract, chain.manifest.chain_id, chain.address(contract), chain.manifest.genesis_hash)
