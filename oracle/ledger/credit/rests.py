"""Rests: what the cap of an account's day cut off an entry of an open batch. They wait on chain, and are credited when they fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.base import word
from oracle.edge.chain.contracts.point_issuer import NOTHING_FITS, PointIssuer
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.model.errors import ContractReverted
from oracle.model.ids import Address, BatchId

PER_TRANSACTION = 64  # a rest costs 160,000 gas at most


@dataclass(frozen=True)
class Rest:
    """A rest that waits.

    Attributes:
        batch: Its batch.
        index: Index of the leaf.
        account: Whose leaf it is.
        rest_mg: Milligrams CO2e.
    """

    batch: BatchId
    index: int
    account: Address
    rest_mg: int


def rests_of(chain: Chain, batch: BatchId) -> list[Rest]:
    """The rests of a batch that wait now, by index."""
    issuer = PointIssuer(chain)
    kept = issuer.events("RestKept", where={"batch": word(batch)})
    accounts = {event.values["index"]: Address(event.values["account"]) for event in kept}
    indices = sorted(accounts)
    left = zip(indices, issuer.rests_of(batch, indices), strict=True)
    return [Rest(batch, index, accounts[index], mg) for index, mg in left if mg]


def credit_rests(outbox: Outbox, rests: Sequence[Rest]) -> list[Sent]:
    """Credits what fits now of the rests of some batches; what does not fit goes on waiting.

    Raises:
        ContractReverted: The issuer refuses for another reason than that nothing fits.
        ChainError: As `Outbox.send_all` says.
    """
    sent = []
    for outcome in outbox.send_all(_calls(PointIssuer(outbox.chain), rests)):
        if isinstance(outcome, Sent):
            sent.append(outcome)
        elif not (isinstance(outcome, ContractReverted) and outcome.name == NOTHING_FITS):
            raise outcome
    return sent


def _calls(issuer: PointIssuer, rests: Sequence[Rest]) -> Iterator[Call]:
    for batch in dict.fromkeys(rest.batch for rest in rests):
        own = [rest for rest in rests if rest.batch == batch]
        for start in range(0, len(own), PER_TRANSACTION):
            group = own[start : start + PER_TRANSACTION]
            left = sum(
                rest.rest_mg for rest in group
            )  # another sum, another act: the same rests may be tried again when more fits
            call = issuer.credit_rests(batch, [rest.index for rest in group])
            yield replace(call, act=f"rests {batch} {group[0].index} and {len(group) - 1} more, {left} mg")
