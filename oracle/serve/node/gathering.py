"""Gathering signatures over a claim's frame or a reversal: anyone may do it, and can forge none.

Every signature is checked here before the contract checks it again: it must be a member's, over what was found here, for the committee's
present epoch.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.ledger.certify.signing import Subject, message_of
from oracle.model.errors import VerificationFailed
from oracle.model.typed_data import signer_of
from oracle.serve.node.claims import Signed
from oracle.serve.node.client import NodeClient, NodeFails


@dataclass
class Collected:
    """Signatures over one subject.

    Attributes:
        signatures: Members and their signatures.
        refused: Why the others' do not count, by node.
    """

    signatures: dict[str, bytes] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)


def collect(
    chain: Chain, nodes: Sequence[NodeClient], subject: Subject, ask: Callable[[NodeClient], Signed]
) -> Collected:
    """Asks every node, and keeps what counts."""
    committee = OracleCommittee(chain)
    epoch, members, found = committee.epoch(), committee.members(), Collected()
    for node in nodes:
        try:
            said = ask(node)
            _require_sound(chain, subject, said, epoch, members)
        except (NodeFails, VerificationFailed) as error:
            found.refused[node.url] = str(error)
        else:
            found.signatures[said.member] = said.signature
    return found


def _require_sound(chain: Chain, subject: Subject, said: Signed, epoch: int, members: frozenset[str]) -> None:
    known = subject.to_json()
    differing = [name for name in known if said.subject.get(name) != known[name]]
    if differing:
        told = "; ".join(f"{name} {said.subject.get(name)}, here it is {known[name]}" for name in differing)
        raise VerificationFailed(f"{said.member} signed {told}")
    if said.epoch != epoch:
        raise VerificationFailed(
            f"{said.member} signed for epoch {said.epoch}, the committee is at {epoch}: its node's chain is stale"
        )
    if said.member not in members:
        raise VerificationFailed(f"{said.member} is no member of the committee")
    signer = signer_of(message_of(chain, subject, epoch), said.signature)
    if signer != said.member:
        raise VerificationFailed(f"the signature is not {said.member}'s")
