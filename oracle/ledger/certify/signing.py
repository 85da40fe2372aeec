"""Signatures of the committee over a frame or a reversal: where they are good, and how members whose keys are here make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from eth_account.messages import SignableMessage
from eth_account.signers.base import BaseAccount

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.model.claim_frame import Frame, Reversal
from oracle.model.errors import ConfigError
from oracle.model.typed_data import sign

Subject = Frame | Reversal


def message_of(chain: Chain, subject: Subject, epoch: int) -> SignableMessage:
    """What the committee of `epoch` signs."""
    desk = ReductionCertifier if isinstance(subject, Frame) else ReversalDesk
    return subject.message(desk(chain).domain, epoch)


def sign_here(chain: Chain, subject: Subject, members: Sequence[BaseAccount]) -> dict[str, bytes]:
    """Signatures of as many members as the quorum asks.

    Raises:
        ConfigError: Fewer members' keys are here.
    """
    committee = OracleCommittee(chain)
    quorum, message = committee.quorum(), message_of(chain, subject, committee.epoch())
    if len(members) < quorum:
        raise ConfigError(
            f"{quorum} members must sign, and this installation holds the keys of {len(members)}: name the nodes with --nodes."
        )
    return {member.address: sign(member, message) for member in members[:quorum]}


def ordered(signatures: Mapping[str, bytes], quorum: int) -> list[tuple[str, bytes]]:
    """As many as the contract asks, in strictly increasing order of member."""
    return sorted(signatures.items(), key=lambda item: int(item[0], 16))[:quorum]
