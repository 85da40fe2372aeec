"""The clearing of the contracts beside a model of it in Python, under random sequences of everything that can happen to it.

After each step both have the same books, to the milli-point and the unit of money; what the model refuses, the contracts refuse with the
same error and values; and everything foots. CLEARING_SEED, CLEARING_STORIES and CLEARING_STEPS say where to begin and how long to go on.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from random import Random
from typing import Any

import pytest
from brownie import chain
from brownie.exceptions import VirtualMachineError, decode_typed_error
from eth_utils.crypto import keccak

from oracle.ledger.redeem.receipt import proof_of

from ..support.batches import Entry, batch_of
from ..support.city import ACTIVE, BUS, DAY_LIMIT_MG, PRICES, SUSPENDED, City, Order, person
from ..support.clock import day, now, travel_to
from ..support.receipts import receipts_in
from ..support.reverts import error_data
from ..support.typed_data import sign
from ..support.values import bare, events
from .model import DISPUTED, FINAL, HELD, Clearing, Intent, Offer, Refused, Taken
from .reading import Read, read_all

FIRST_SEED = int(os.environ.get("CLEARING_SEED", "0"))
STORIES = int(os.environ.get("CLEARING_STORIES", "3"))
STEPS = int(os.environ.get("CLEARING_STEPS", "120"))

# What must have come about, or the stories say little.
EXPECTED = (
    *("credit", "order", "refund", "refund final", "dispute", "resolve", "lapse", "settle", "settle suspended"),
    *("withdraw", "release", "expire", "order: OfferBook_SoldOut", "order: RedemptionDesk_OrderUsed"),
)
LAST_YEAR = 2070
MOST_DAYS = 100  # in one settlement, which pays for every day
TEA = keccak(b"tea")
TEA_PRICE = 5_000
TEA_TERMS = keccak(b"a cup of tea")
LATE_IN_THE_DAY = 20 * 3_600
PARTS = (0, 1, 333, 500, 999, 1_000, 1_001)  # thousandths of what there is
TAKE_TEA, TAKE_USED_NUMBER = -1, -2
ORDERS = (0, 1, 100, 500, 1_000, 1_001, *(TAKE_TEA,) * 5, TAKE_USED_NUMBER)
DAYS = (1, 1, 1, 3, 7, 8, 30, 61, 100)
LIMITS = (0, 50_000, *(2**40 - 1,) * 6)

# What happens how often.
WEIGHTS = {
    "credit": 6,
    "order": 12,
    "refund": 4,
    "refund_final": 4,
    "dispute": 5,
    "resolve": 3,
    "lapse": 2,
    "settle": 5,
    "settle_suspended": 2,
    "change_standing": 4,
    "limit": 1,
    "deposit": 1,
    "withdraw": 1,
    "travel": 6,
    "expire": 1,
}


class Story:
    """What can happen to both, drawn from a seed."""

    def __init__(self, city: City, seed: int) -> None:
        self.city = city
        self.random = Random(seed)
        self.happened: Counter[str] = Counter()
        roles = city.roles
        self.citizens = [person(name) for name in ("commuter", "household", "newcomer")]
        self.merchants = [roles.merchant, roles.deployer]
        self.operators = [roles.operator, roles.other_operator]
        self.receipts: list[tuple[tuple[Any, ...], list[bytes]]] = []
        self.sequence = self.number = 0
        city.admit(self.merchants[1], operator=roles.other_operator)
        city.token.mint(roles.rando, 10**12, {"from": roles.rando})
        city.token.approve(city.vault, 10**12, {"from": roles.rando})
        self.paid_before = {merchant.address: int(city.token.balanceOf(merchant)) for merchant in self.merchants}
        self.model = Clearing(now() // 86_400, self._prices())
        self._copy_founding()
        self._offer_tea()

    def credit(self) -> None:
        """Points for a bus ride of today, of one operator."""
        operator = self.random.randrange(2)
        citizen = self.random.randrange(3)
        metres = self.random.randrange(1_000, 400_000)
        self._keep_off_midnight()
        self.sequence += 1
        account = self.citizens[citizen].address
        who = self.operators[operator]
        batch = batch_of(who, BUS, self.model.day, [Entry(account, metres)], sequence=self.sequence)
        milli = metres * 26_900 // 1_000 * 76 // 9_000
        self._both(
            "credit",
            lambda: self.model.credit(who.address, account, milli),
            lambda: self.city.credit(self.city.open(batch)),
        )

    def order(self) -> None:
        orders = [
            (self.random.randrange(3), self.random.randrange(2), self.random.choice(ORDERS))
            for _ in range(self.random.randrange(1, 5))
        ]
        self._redeem(orders)

    def refund(self) -> None:
        part = self.random.choice(PARTS)
        order, shown, merchant = self._order(HELD)
        if order:
            milli = order.left * part // 1_000
            self._both(
                "refund",
                lambda: self.model.refund(order, milli),
                lambda: self.city.desk.refund(*shown, milli, {"from": merchant}),
            )

    def refund_final(self) -> None:
        part = self.random.choice(PARTS)
        back = self.random.randrange(31)
        order, shown, merchant = self._order(FINAL)
        if order:
            milli = order.left * part // 1_000
            days = sorted(at for (who, at), due in self.model.due.items() if who == order.merchant and due.milli)
            due_day = days[back % len(days)] if days else order.day
            self._both(
                "refund final",
                lambda: self.model.refund_final(order, milli, due_day),
                lambda: self.city.desk.refundFinal(*shown, milli, due_day, {"from": merchant}),
            )

    def dispute(self) -> None:
        order, shown, _ = self._order(HELD)
        if order:
            self._both("dispute", lambda: self.model.dispute(order), lambda: self._sign_dispute(order, shown))

    def resolve(self) -> None:
        part = self.random.choice(PARTS)
        order, shown, _ = self._order(DISPUTED)
        if order:
            milli = order.left * part // 1_000
            self._both(
                "resolve",
                lambda: self.model.resolve(order, milli),
                lambda: self.city.desk.resolveDispute(*shown, milli, {"from": self.city.roles.authority}),
            )

    def lapse(self) -> None:
        order, shown, _ = self._order(DISPUTED)
        if order and self.random.randrange(2):
            self._travel(max(self.model.day, order.disputed_on + 61))
        if order:
            self._both(
                "lapse",
                lambda: self.model.lapse(order),
                lambda: self.city.desk.lapseDispute(*shown, {"from": self.city.roles.rando}),
            )

    def settle(self) -> None:
        who = self.random.choice(self.merchants)
        sender = self.random.choice([who, self.city.roles.rando])
        days = self._finals(who)
        self._both(
            "settle",
            lambda: self.model.settle(who.address, *days, itself=sender == who),
            lambda: self.city.vault.settle(who, *days, {"from": sender}),
        )

    def settle_suspended(self) -> None:
        """Mostly of one that is owed something, and is suspended for it."""
        owed = [who for who in self.merchants if self.model.held[who.address]]
        who = self.random.choice(owed or self.merchants)
        if self.random.randrange(4):
            self._set_standing(who, SUSPENDED)
            self._travel(self.model.day + 8)
        days = self._finals(who)
        self._both(
            "settle suspended",
            lambda: self.model.settle_suspended(who.address, *days),
            lambda: self.city.vault.settleSuspended(who, *days, {"from": self.city.roles.authority}),
        )

    def change_standing(self) -> None:
        """Who is suspended comes back more often than others are suspended."""
        who = self.random.choice(self.merchants)
        active = self.model.standing[who.address] == ACTIVE
        if active and self.random.randrange(3):
            return
        self._set_standing(who, SUSPENDED if active else ACTIVE)

    def limit(self) -> None:
        merchant = self.random.randrange(2)
        order = self.random.choice(LIMITS)
        whole_day = self.random.choice(LIMITS)
        who, limits = self.merchants[merchant], (order, whole_day)
        self.model.limits[who.address] = limits
        self.city.operators.setMerchantLimits(who, limits, {"from": self.city.roles.authority})

    def deposit(self) -> None:
        operator = self.random.randrange(2)
        money = self.random.randrange(1, 10_000_000)
        who = self.operators[operator]
        self.model.deposit(who.address, money)
        self.city.vault.deposit(who, money, {"from": self.city.roles.rando})

    def withdraw(self) -> None:
        operator = self.random.randrange(2)
        money = self.random.randrange(1, 10_000_000)
        who = self.operators[operator]
        self._both(
            "withdraw",
            lambda: self.model.withdraw(who.address, money),
            lambda: self.city.vault.withdraw(money, who, {"from": who}),
        )

    def travel(self) -> None:
        days = self.random.choice(DAYS)
        self._travel(self.model.day + days)

    def expire(self) -> None:
        """On to when the oldest year with points is over and can be released; the shares of both operators follow."""
        days = self.random.choice(DAYS)
        operator = self.random.randrange(2)
        years = [year for (_, year), milli in self.model.locked.items() if milli]
        if not years or min(years) + 11 > LAST_YEAR:
            return
        oldest = min(years)
        over = day(oldest + 10, 1, 1) + 90
        if self.model.day < over - 1:
            self._travel(over - 1)
        self._release(oldest)
        self._travel(max(over, self.model.day + days))
        self._release(oldest)
        self._release(oldest)
        for who in (self.operators[operator], self.operators[1 - operator], self.operators[operator]):
            self._both(
                "expire",
                lambda who=who: self.model.release_to(who.address, oldest),
                lambda who=who: self.city.vault.releaseTo(who, oldest, {"from": self.city.roles.rando}),
            )

    def both_agree(self) -> None:
        """Every number that anyone can read."""
        wanted = self._expected()
        found = read_all({name: read for name, (read, _) in wanted.items()})
        differing = {name: (found[name], value) for name, (_, value) in wanted.items() if found[name] != value}
        assert not differing, f"name: (contracts, model) {differing}"

    def everything_foots(self) -> None:
        """Opening + in - out = closing, for the vault and for every merchant."""
        model = self.model
        years = {year for _, year in model.pages}
        with_citizens = sum(model.outstanding(year) * model.prices[year] for year in years)
        with_merchants = sum(due.value for due in (*model.due.values(), *model.disputed.values()))
        claims = sum(model.free.values()) + with_citizens + with_merchants + sum(model.released.values())
        assert model.deposited - model.withdrawn - model.paid_out == claims
        for merchant in self.merchants:
            due = sum(item.milli for (who, _), item in model.due.items() if who == merchant.address)
            assert model.held[merchant.address] == due + model.disputed[merchant.address].milli

    def _expected(self) -> dict[Any, tuple[Read, Any]]:
        """Under a name: how it is read, and what it should be."""
        city, model = self.city, self.model
        wanted: dict[Any, tuple[Read, Any]] = {
            "vault": ((city.token.balanceOf, (city.vault,)), model.deposited - model.withdrawn - model.paid_out),
        }
        for year in {year for _, year in model.pages}:
            wanted["outstanding", year] = (city.book.outstandingOf, (year,)), model.outstanding(year)
        for citizen in self.citizens:
            at = citizen.address
            wanted["balance", at] = (city.book.balanceOf, (at,)), model.balance(at)
        for operator in self.operators:
            at = operator.address
            wanted["free", at] = (city.vault.freeOf, (at,)), model.free[at]
            for year in {year for _, year in model.locked}:
                wanted["locked", at, year] = (city.vault.lockedOf, (at, year)), model.locked[at, year]
        for merchant in self.merchants:
            wanted |= self._expected_of_merchant(merchant.address)
        for number, order in enumerate(model.orders):
            state = model.phase(order), order.milli, order.refunded, order.day, order.due_day
            wanted["order", number] = (city.desk.orderOf, self.receipts[number]), state
        return wanted

    def _expected_of_merchant(self, at: str) -> dict[Any, tuple[Read, Any]]:
        city, model = self.city, self.model
        waiting = model.disputed[at]
        tea = model.offers[at, TEA]
        wanted: dict[Any, tuple[Read, Any]] = {
            ("held", at): ((city.book.heldOf, (at,)), model.held[at]),
            ("paid", at): ((city.token.balanceOf, (at,)), self.paid_before[at] + model.paid[at]),
            ("disputed", at): ((city.desk.disputedOf, (at,)), (waiting.milli, waiting.value)),
            ("tea", at): (
                (city.offers.offerOf, (at, TEA)),
                ((tea.price, tea.stock, tea.per_citizen, 0, 2**40 - 1, "0x" + TEA_TERMS.hex()), tea.taken, False),
            ),
        }
        for (who, when), due in model.due.items():
            if who == at:
                wanted["due", at, when] = (city.desk.dueOf, (at, when)), (due.milli, due.value)
                wanted["taken", at, when] = (city.desk.takenOf, (at, when)), due.taken
        for citizen in self.citizens:
            name = "tea of", at, citizen.address
            taken = tea.by_citizen[citizen.address]
            wanted[name] = (city.offers.takenOf, (at, TEA, citizen.address)), taken
        return wanted

    def _prices(self) -> dict[int, int]:
        """From year to year another one, so that a wrong page shows in the money."""
        prices = dict(PRICES)
        for year in range(max(PRICES) + 1, LAST_YEAR + 1):
            prices[year] = 40 + 10 * (year % 5)
            self.city.vault.setPrice(year, prices[year], {"from": self.city.roles.authority})
        return prices

    def _copy_founding(self) -> None:
        """What the city was founded with."""
        city, model = self.city, self.model
        for citizen in self.citizens:
            model.pages[citizen.address, 2035] = int(city.book.pageOf(citizen.address, 2035)["pointsMilli"])
        for operator in self.operators:
            model.free[operator.address] = int(city.vault.freeOf(operator))
            model.locked[operator.address, 2035] = int(city.vault.lockedOf(operator, 2035))
        model.deposited = int(city.token.balanceOf(city.vault))
        for merchant in self.merchants:
            model.standing[merchant.address] = ACTIVE
            model.limits[merchant.address] = (2**40 - 1, 2**48 - 1)

    def _offer_tea(self) -> None:
        for merchant in self.merchants:
            terms = (TEA_PRICE, 2, 1, 0, 2**40 - 1, TEA_TERMS)
            self.city.offers.publish(TEA, terms, {"from": merchant})
            self.model.offers[merchant.address, TEA] = Offer(TEA_PRICE, TEA_TERMS, stock=2, per_citizen=1)

    def _redeem(self, asked: list[tuple[int, int, int]]) -> None:
        """A batch of orders: parts of a citizen's balance, or tea, or an order under a number that is used."""
        self._keep_off_midnight()
        intents, signed = [], []
        for citizen, merchant, part in asked:
            intent, order, signature = self._intent(citizen, self.merchants[merchant].address, part)
            intents.append(intent)
            signed.append((order, signature))
        done = self.city.desk.redeemBatch(*zip(*signed, strict=True), {"from": self.city.roles.rando})
        taken, refusals = [], []
        for intent in intents:
            try:
                taken.append(self.model.take(intent))
                self.happened["order"] += 1
            except Refused as refused:
                self.happened[f"order: {refused.error}"] += 1
                refusals.append(self._data(refused))
        assert [event["reason"] for event in events(done, "OrderRefused")] == refusals
        told = events(done, "OrderRedeemed")
        assert [(event["parts"], event["value"]) for event in told] == [
            (order.parts, self.model.value(order.parts)) for order in taken
        ]
        receipts = receipts_in(done)
        leaves = [receipt.leaf for receipt in receipts]
        self.receipts += [(bare(receipt.encoded()), list(proof_of(leaves, at))) for at, receipt in enumerate(receipts)]

    def _intent(self, citizen: int, merchant: str, part: int) -> tuple[Intent, Order, bytes]:
        self.number += part != TAKE_USED_NUMBER
        who, number = self.citizens[citizen], self.number.to_bytes(32)
        if part == TAKE_USED_NUMBER and self.receipts:
            (buyer, merchant, number, *_), _ = self.random.choice(self.receipts)
            if self.random.randrange(3):  # else it is another citizen's, and nothing to the one before
                who = next(each for each in self.citizens if each.address == buyer)
        tea = part == TAKE_TEA
        milli = TEA_PRICE if part < 0 else self.model.balance(who.address) * part // 1_000
        terms, offer = (TEA_TERMS, TEA) if tea else (keccak(b"lunch"), bytes(32))
        order = self.city.order(
            who, milli, merchant=merchant, order_number=number, terms=terms, offer=offer, expiry=now() + 600
        )
        key = bytes(self.city.desk.orderKeyOf(merchant, who.address, number))
        intent = Intent(key, who.address, merchant, number, milli, terms, offer)
        return intent, order, sign(who, "Order", self.city.desk, *order)

    def _set_standing(self, merchant: Any, standing: int) -> None:
        if self.model.standing[merchant.address] != standing:
            self.model.standing[merchant.address] = standing
            self.city.operators.setMerchantStanding(merchant, standing, "", {"from": self.city.roles.authority})

    def _order(self, phase: int) -> tuple[Taken | None, Any, Any]:
        """One of the latest orders, mostly of a phase in which something can come of it."""
        orders = list(range(len(self.model.orders)))
        if self.random.randrange(4):
            orders = [at for at in orders if self.model.phase(self.model.orders[at]) == phase] or orders
        if not orders:
            return None, None, None
        at = self.random.choice(orders[-30:])
        order = self.model.orders[at]
        merchant = next(merchant for merchant in self.merchants if merchant.address == order.merchant)
        return order, self.receipts[at], merchant

    def _finals(self, merchant: Any) -> tuple[int, int]:
        """Days to settle: from the first with something due on, mostly final ones."""
        days = sorted(day for (who, day), due in self.model.due.items() if who == merchant.address and due.milli)
        first = days[0] if days else self.model.last_final
        last = self.model.last_final + 1 - self.random.randrange(4)
        return first, max(first, min(last, first + MOST_DAYS))

    def _sign_dispute(self, order: Taken, shown: tuple[tuple[Any, ...], list[bytes]]) -> Any:
        citizen = next(citizen for citizen in self.citizens if citizen.address == order.citizen)
        values = (*shown[0][:3], keccak(b"cold"), now() + 600)
        signature = sign(citizen, "Dispute", self.city.desk, *values)
        return self.city.desk.dispute(*shown, *values[3:], signature, {"from": self.city.roles.rando})

    def _release(self, year: int) -> None:
        self._both(
            "release",
            lambda: self.model.release_year(year),
            lambda: self.city.vault.releaseYear(year, {"from": self.city.roles.rando}),
        )

    def _travel(self, to_day: int) -> None:
        year = date.fromordinal(date(1970, 1, 1).toordinal() + to_day).year
        if to_day > self.model.day and year <= LAST_YEAR:
            travel_to(to_day * 86_400 + 3_600)
            self.model.day = to_day

    def _keep_off_midnight(self) -> None:
        """A batch opens an hour after it is attested: no step may begin on one day and end on the next."""
        if now() % 86_400 > LATE_IN_THE_DAY:
            self._travel(self.model.day + 1)

    def _both(self, verb: str, in_model: Callable[[], object], on_chain: Callable[[], object]) -> None:
        """Either both do it, or both refuse for the same reason."""
        try:
            in_model()
        except Refused as refused:
            self.happened[f"{verb}: {refused.error}"] += 1
            with self._refused(self._data(refused)):
                on_chain()
        else:
            self.happened[verb] += 1
            on_chain()

    @contextmanager
    def _refused(self, data: str) -> Iterator[None]:
        found = None
        try:
            yield
        except VirtualMachineError as error:
            found = str(error.revert_msg)
        assert found == decode_typed_error(data)

    def _data(self, refused: Refused) -> str:
        return error_data(getattr(self.city, refused.contract), refused.error, *refused.values)


def test_given_anything_that_can_happen__model_and_contracts_agree_after_each_step(city: City) -> None:
    assert DAY_LIMIT_MG > 20 * 400_000 * 27, "the operators' day limit is no part of the model"
    happened: Counter[str] = Counter()
    chain.snapshot()  # every story begins here
    for seed in range(FIRST_SEED, FIRST_SEED + STORIES):
        chain.revert()
        story = Story(city, seed)
        for step in range(STEPS):
            [verb] = story.random.choices(list(WEIGHTS), WEIGHTS.values())
            try:
                getattr(story, verb)()
                story.both_agree()
                story.everything_foots()
            except AssertionError as error:
                raise AssertionError(f"seed {seed}, step {step}, {verb}: {error}") from error
        happened += story.happened
    report = "\n".join(f"{count:6} {what}" for what, count in sorted(happened.items()))
    missing = [what for what in EXPECTED if not happened[what]]
    assert not missing, f"these never came about: {missing}; these did:\n{report}"
    logging.getLogger(__name__).info("%d stories of %d steps:\n%s", STORIES, STEPS, report)


@pytest.mark.parametrize("milli", [1, 999, 1_000])
def test_given_a_model_that_is_wrong__the_comparison_says_so(city: City, milli: int) -> None:
    story = Story(city, 0)
    story.both_agree()
    story.model.held[city.roles.merchant.address] += milli
    with pytest.raises(AssertionError, match="held"):
        story.both_agree()
