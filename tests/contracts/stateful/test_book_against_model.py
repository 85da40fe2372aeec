"""Random lives of a book on a real chain, compared with the model in Python after every step (I01 to I11, I25, I26).

By another route than forge's suites: brownie and Hypothesis choose the steps, and the chain is anvil or ganache.
"""

from __future__ import annotations

import os
from typing import Any

from brownie import chain
from eth_account.signers.local import LocalAccount
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import integers

from ..support.batches import Entry, batch_of
from ..support.city import ACCOUNT_DAY_CAP_MG, BUS, METRO, RESERVE, TERMS, WALK, City, person
from ..support.clock import day, now, travel_to
from ..support.typed_data import sign
from ..support.values import events
from .model import Book, year_of

CITIZENS = [person(f"life {number}") for number in range(7)]  # the last three earn only what moves to them
METHODOLOGIES = (BUS, METRO, WALK)
SOME_YEARS = 86_400 * 1_300
TRIES, STEPS = int(os.environ.get("LIVES", "15")), 30


WHO, EARNER, CHOICE = integers(0, 6), integers(0, 3), integers(0, 9)
NUMBER = integers(1, 2**32 - 1)


class Life(RuleBasedStateMachine):
    """Each rule does one thing on the chain and the same in the model. Hypothesis' own machine: brownie's wrapper of it does not load."""

    city: City

    def __init__(self) -> None:
        super().__init__()
        chain.revert()
        self.model = Book(first=int(self.city.book.firstYear()))
        self.foreign = int(self.city.book.totalSupply())
        self.sequence = 100
        self.orders: list[dict[str, Any]] = []
        self.batches: list[tuple[Any, str, int, int]] = []
        self.announced: dict[str, LocalAccount] = {}

    def today(self) -> int:
        return now() // 86_400

    def present(self) -> int:
        return year_of(self.today())

    @rule(who=EARNER, metres=integers(1, 2_500_000), back=CHOICE, kind=integers(0, 2))
    def credit(self, who: int, metres: int, back: int, kind: int) -> None:
        """Today, some days ago, or late in the year before."""
        citizen, methodology = CITIZENS[who], METHODOLOGIES[kind]
        act_day = self.today() - back if back < 8 else day(self.present() - 1, 12, 20 + back)
        if self.city.vault.priceOf(year_of(act_day)) == 0:
            return
        self.sequence += 1
        entry = Entry(citizen.address, metres)
        batch = batch_of(self.city.roles.operator, methodology, act_day, [entry], sequence=self.sequence)
        self.city.fund(self.city.roles.operator, RESERVE)  # what rests hold stays locked
        self.city.open(batch)
        terms = TERMS[methodology]
        asked = min(metres * terms.factor_ug // 1000, terms.day_cap_mg)
        mg, milli = self.model.credit(citizen.address, act_day, asked, ACCOUNT_DAY_CAP_MG, terms.earns_points)
        done = self.city.credit(batch)
        [event] = events(done, "ChunkCredited")
        assert (event["reductionMg"], event["pointsMilli"]) == (mg, milli)
        self.batches.append((batch, citizen.address, act_day, mg))

    @rule(who=WHO, points=NUMBER)
    def redeem(self, who: int, points: int) -> None:
        citizen = CITIZENS[who]
        balance = self.model.balance(citizen.address, self.present())
        if balance == 0:
            return
        amount = points % balance + 1
        done = self.city.redeem(citizen, amount, f"life {len(self.orders)}")
        parts = self.model.spend(citizen.address, self.city.roles.merchant.address, amount, self.present())
        [event] = events(done, "OrderRedeemed")
        assert [tuple(part) for part in event["parts"]] == parts
        order = {"sent": done, "citizen": citizen.address, "parts": parts, "amount": amount, "back": 0}
        self.orders.append(order | {"day": self.today()})

    @rule(choice=CHOICE, points=NUMBER)
    def refund(self, choice: int, points: int) -> None:
        open_orders = [o for o in self.orders if o["back"] < o["amount"] and self.today() <= o["day"] + 7]
        if not open_orders:
            return
        order = open_orders[choice % len(open_orders)]
        amount = points % (order["amount"] - order["back"]) + 1
        self.city.refund(order["sent"], amount)
        merchant = self.city.roles.merchant.address
        self.model.refund(order["citizen"], merchant, order["parts"], order["back"], amount)
        order["back"] += amount

    @rule()
    def settle(self) -> None:
        last = int(self.city.desk.lastFinalDay())
        merchant = self.city.roles.merchant
        for act_day in sorted({order["day"] for order in self.orders if order["day"] <= last}):
            due = int(self.city.desk.dueOf(merchant, act_day)[0])
            if due:
                self.city.vault.settle(merchant, act_day, act_day, {"from": self.city.roles.rando})
                self.model.held[merchant.address] -= due
                self.model.burned += due

    @rule(who=WHO, other=WHO)
    def announce_move(self, who: int, other: int) -> None:
        source, target = CITIZENS[who], CITIZENS[other]
        if source.address in self.announced or not self.model.can_move(source.address, target.address):
            return
        self.city.announce_move(source, target)
        self.announced[source.address] = target

    @rule(choice=CHOICE)
    def cancel_move(self, choice: int) -> None:
        if not self.announced or choice > 3:
            return
        source = sorted(self.announced)[choice % len(self.announced)]
        target = self.announced.pop(source)
        nonce = self.city.book.moveOf(source)[2]
        signature = sign(target, "CancelMove", self.city.book, source, target.address, nonce)
        self.city.book.cancelMove(source, target.address, signature, {"from": self.city.roles.rando})

    @rule(choice=CHOICE)
    def complete_move(self, choice: int) -> None:
        """As soon as it can be, and only if its target is still free."""
        if not self.announced:
            return
        source = sorted(self.announced)[choice % len(self.announced)]
        target = self.announced[source].address
        travel_to(max(now() + 1, int(self.city.book.moveOf(source)[1])))
        if not self.model.can_move(source, target):
            return
        del self.announced[source]
        self.city.book.completeMove(source, {"from": self.city.roles.rando})
        through = (now() + 14 * 3_600) // 86_400
        through -= year_of(through) > self.present()
        self.model.move(source, target, through, self.present())

    @rule(choice=CHOICE, points=NUMBER)
    def take_back(self, choice: int, points: int) -> None:
        """The authority revokes a batch and takes back a part of what it brought."""
        if not self.batches or points % 2:
            return
        batch, account, act_day, mg = self.batches.pop(choice % len(self.batches))
        if mg == 0:
            return
        amount = points % mg + 1
        self.city.ledger.revoke(batch.id, "", {"from": self.city.roles.authority})
        self.city.decide(self.city.issuer, "revokeReductions", *batch.chunk(), [amount])
        self.model.lower(account, act_day, amount)

    @rule(hours=integers(1, 400))
    def pass_hours(self, hours: int) -> None:
        travel_to(now() + hours * 3_600)

    @rule(dice=CHOICE)
    def pass_years(self, dice: int) -> None:
        """So that pages expire; the prices of the new years are set."""
        if dice > 2:
            return
        travel_to(now() + SOME_YEARS)
        for year in range(self.present() - 3, self.present() + 2):
            if self.city.vault.priceOf(year) == 0:
                self.city.vault.setPrice(year, 50, {"from": self.city.roles.authority})

    @invariant()
    def the_book_is_the_models(self) -> None:
        present = self.present()
        for citizen in CITIZENS:
            assert self.city.book.balanceOf(citizen.address) == self.model.balance(citizen.address, present), "I01, I10"
            assert self.city.book.reductionOf(citizen.address) == self.model.reduction(citizen.address), "I08"
            self._pages_agree(citizen)
        merchant = self.city.roles.merchant.address
        assert self.city.book.heldOf(merchant) == self.model.held[merchant], "I25"

    def _pages_agree(self, citizen: LocalAccount) -> None:
        for year in self.model.years(citizen.address):
            page, model = self.city.book.pageOf(citizen.address, year), self.model.page(citizen.address, year)
            assert (page["pointsMilli"], page["reductionMg"]) == (model.points, model.reduction), "I03, I05"
            assert (page["day"], page["todayMg"]) == (model.latest, model.on_time[model.latest]), "I06, I07"

    @invariant()
    def the_supply_is_the_models(self) -> None:
        if self.present() < 2045:  # until then the founding batch of the city, which is not in the model, is alive
            assert self.city.book.totalSupply() == self.model.supply(self.present()) + self.foreign, "I01, I02"


def test_given_any_life__the_book_on_chain_is_the_model(city: City) -> None:
    machine = type("LifeInTheCity", (Life,), {"city": city})
    chain.snapshot()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=TRIES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
        ),
    )
