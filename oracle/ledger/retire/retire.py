"""Retiring once: what an account holds, or what it buys for it in the same transaction.

A retirement over several series or asks is several transactions, each with a certificate of its own. Interrupted, it goes on with what
is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain, Event
from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.edge.chain.contracts.inventory_registry import InventoryRegistry
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.ledger.buyer.rules import is_own
from oracle.ledger.market.asks import issued_series
from oracle.ledger.market.buy import Wish, paid, quoted, require_whole
from oracle.ledger.market.once import Order, order
from oracle.ledger.retire.terms import Purpose
from oracle.model.errors import ContractReverted, InputError
from oracle.model.units import tonnes

_KIND = "retire"
_BAD_NAME = "RetirementRegistry_BadName"


@dataclass(frozen=True)
class Retired:
    """One retirement.

    Attributes:
        certificate: Its number.
        series: Of which series.
        first_mg: Number of its first milligram.
        mg: Milligrams.
        transaction: Hash.
    """

    certificate: int
    series: int
    first_mg: int
    mg: int
    transaction: str

    @property
    def last_mg(self) -> int:
        """Number of its last milligram."""
        return self.first_mg + self.mg - 1


@dataclass(frozen=True)
class Holding:
    """What an account has of a series, and whether it is frozen."""

    series: int
    mg: int
    frozen: bool


def holdings_of(chain: Chain, account: str) -> list[Holding]:
    """What an account has, eldest series first."""
    credits = [(series, CarbonCredit(chain, series)) for series in issued_series(chain)]
    found = [(series, credit.balance_of(account), credit) for series, credit in credits]
    return [Holding(series, mg, credit.is_frozen()) for series, mg, credit in found if mg > 0]


def retire(outbox: Outbox, number: str, wish: Wish, purpose: Purpose, *, buying: bool = False) -> list[Retired]:
    """Retires a quantity once under an order number, from what the account holds or, buying, from what is for sale.

    Raises:
        InputError: There is too little; the name cannot be seen as it is; the order was given before for something else.
        ContractReverted: The registry refuses, as for compliance above the cap. What was retired before it stays.
    """
    with order(outbox, _KIND, number) as taken:
        before = list(_before(taken))
        _require_same(outbox, number, before, wish, purpose)
        done = before
        while left := wish.mg - sum(item.mg for item in done):
            _require_enough(outbox, left, wish, buying)
            name = name_number(outbox, purpose.beneficiary)
            call = partial(_bought if buying else _held, outbox, left, wish, purpose, name)
            done.append(_retired(outbox.chain, taken.part(len(done) + 1, call)))
    return done


def name_number(outbox: Outbox, name: str) -> int:
    """Number of a beneficiary's name as this account gave it; it is added to the list if it is not there.

    Raises:
        InputError: It is no UTF-8, or has a character that cannot be seen; says where.
    """
    registry = RetirementRegistry(outbox.chain)
    try:
        if number := _known(registry, outbox.account.address, name):
            return number
        outbox.send(registry.add_name(name))
    except ContractReverted as refusal:
        if refusal.name == _BAD_NAME:
            at = refusal.arguments["position"]
            raise InputError(
                f"has a character at byte {at} that cannot be seen, or is no UTF-8", field="--for"
            ) from refusal
        raise
    number = _known(registry, outbox.account.address, name)
    if number is None:
        raise InputError("was added and is not on the chain any more: repeat the command", field="--for")
    return number


def _known(registry: RetirementRegistry, by: str, name: str) -> int | None:
    events = registry.events("Named", where={"by": by})
    return next((int(event.values["number"]) for event in events if event.values["name"] == name), None)


def _before(taken: Order) -> Iterator[Retired]:
    """What the order retired so far."""
    number = 1
    while sent := taken.done(number):
        yield _retired(taken.outbox.chain, sent)
        number += 1


def _retired(chain: Chain, sent: Sent) -> Retired:
    (event,) = (found for found in _events(chain, sent) if found.transaction == sent.hash)
    stored = RetirementRegistry(chain).certificate_of(event.values["certificate"])
    return Retired(event.values["certificate"], stored.series, stored.first_mg, stored.mg, sent.hash)


def _events(chain: Chain, sent: Sent) -> Iterator[Event]:
    return RetirementRegistry(chain).events("Retired", sent.block, sent.block)


def _require_same(outbox: Outbox, number: str, before: list[Retired], wish: Wish, purpose: Purpose) -> None:
    registry = RetirementRegistry(outbox.chain)
    for item in before:
        stored = registry.certificate_of(item.certificate)
        said = purpose.terms(stored.name, outbox.account.address)
        same = (said.holder, said.from_day, said.through_day, said.purpose, said.country) == (
            stored.holder,
            stored.from_day,
            stored.through_day,
            stored.purpose,
            stored.country,
        )
        if not same or registry.name_of(stored.name) != purpose.beneficiary:
            raise InputError(f"order {number} was given for another beneficiary, purpose or period", field="--order")
    if sum(item.mg for item in before) > wish.mg:
        raise InputError(f"order {number} retired {tonnes(sum(item.mg for item in before))} t before", field="--order")


def _require_enough(outbox: Outbox, left: int, wish: Wish, buying: bool) -> None:
    if buying:
        found = quoted(outbox.chain, Wish(left, wish.max_price, wish.series, wish.seconds), outbox.account.address)
        require_whole(found, SettlementToken(outbox.chain).decimals())
        return
    usable = sum(item.mg for item in _usable(outbox, wish))
    if usable < left:
        raise InputError(
            f"{outbox.account.address} holds {tonnes(usable)} t that can be retired, {tonnes(left)} t are to be. "
            "--buy buys and retires in one step",
            field="quantity",
        )


def _usable(outbox: Outbox, wish: Wish) -> list[Holding]:
    found = holdings_of(outbox.chain, outbox.account.address)
    return [item for item in found if not item.frozen and wish.series in (None, item.series)]


def _held(outbox: Outbox, left: int, wish: Wish, purpose: Purpose, name: int) -> Call:
    holding = _usable(outbox, wish)[0]
    _require_outside(outbox, holding.series, purpose)
    terms = purpose.terms(name, outbox.account.address)
    return RetirementRegistry(outbox.chain).retire(holding.series, min(left, holding.mg), terms)


def _bought(outbox: Outbox, left: int, wish: Wish, purpose: Purpose, name: int) -> Call:
    found = quoted(outbox.chain, Wish(left, wish.max_price, wish.series, wish.seconds), outbox.account.address)
    require_whole(found, SettlementToken(outbox.chain).decimals())
    line, terms = found.lines[0], purpose.terms(name, outbox.account.address)
    market = CreditMarket(outbox.chain)
    _require_outside(outbox, market.ask_of(line.fill.ask).series, purpose)
    return paid(
        outbox,
        line.cost,
        wish.seconds,
        lambda deadline, permit: market.buy_and_retire(line.fill, line.cost, deadline, permit, terms),
    )


def _require_outside(outbox: Outbox, series: int, purpose: Purpose) -> None:
    """Refuses reductions of the buyer's own boundary, for every purpose; the contract refuses them for compliance alone (rule B5).

    Raises:
        InputError: The series is of an operator in the boundary of who gets the certificate.
    """
    buyer, operator = (
        purpose.holder or outbox.account.address,
        ReductionCertifier(outbox.chain).claim_of(series).operator,
    )
    boundary: dict[str, str] = {operator: InventoryRegistry(outbox.chain).boundary_of(operator)}
    if is_own(buyer, operator, boundary):
        raise InputError(
            f"series {series} is of {operator}, whose reductions lie inside the boundary of {buyer}: they offset nothing of it. Name "
            "another series with --series"
        )
