"""Random lives of a series on a real chain, compared with the model in Python after every step (I45, I46, I50, I51, I53, I55, I56).

By another route than forge's suites: brownie and Hypothesis choose the steps, and the chain is anvil or ganache.
"""

from __future__ import annotations

import os

from brownie import chain
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import integers

from ..support.city import City, person
from ..support.clock import now, travel_to
from ..support.credits import BUFFER_BPS, CITIZENS_BPS, FEE_BPS, FLOOR, TONNE, Flow, Series
from ..support.values import bare, events
from .credit_model import SeriesModel

TRIES, STEPS = int(os.environ.get("LIVES", "8")), 30
ISSUED, OTHER = 450 * TONNE, 40 * TONNE
SHARES = [
    (person(f"sharer {number}").address, mg) for number, mg in enumerate((7, 100 * TONNE, 149_999_999_993, 200 * TONNE))
]

PRICE = integers(FLOOR, 10**9)
PART = integers(1, 2**32 - 1)
LEAF = integers(0, 3)


class Life(RuleBasedStateMachine):
    """Each rule does one thing on the chain and the same in the model."""

    flow: Flow
    series: Series
    other: Series

    def __init__(self) -> None:
        super().__init__()
        chain.revert()
        travel_to(now() + 1)
        self.city: City = self.flow.city
        buffer = ISSUED * BUFFER_BPS // 10_000
        self.model = SeriesModel(ISSUED, buffer, [mg for _, mg in SHARES], CITIZENS_BPS, FEE_BPS)
        self.others = OTHER * BUFFER_BPS // 10_000
        self.reversed = 0

    def held(self) -> int:
        return int(self.series.token.balanceOf(self.flow.buyer))

    @rule(part=PART, price=PRICE)
    def buy(self, part: int, price: int) -> None:
        """From a few milligrams to the rest of the stock."""
        if self.model.stock == 0 or self.series.token.isFrozen():
            return
        mg = self.model.stock if part % 7 == 0 else part % self.model.stock + 1
        ask = self.flow.list(1, mg, price)
        done = self.flow.buy(ask, mg)
        assert [event["cost"] for event in events(done, "Filled")] == [self.model.buy(mg, price)]

    @rule(part=PART)
    def retire(self, part: int) -> None:
        held = self.held()
        if held == 0 or self.series.token.isFrozen():
            return
        mg = part % held + 1
        certificate = self.flow.retire(1, mg)
        first, last = self.model.retire(mg)
        assert certificate == (1 << 64) + first
        assert self.city.retirements.serialOf(certificate).endswith(f"-2035-1-{first}-{last}")

    @rule()
    def open_round(self) -> None:
        due = self.model.split()[2] - self.model.pots[-1]
        if due < (1 if self.model.stock == 0 else 100_000_000):
            return
        travel_to(now() + 86_400)
        self.city.pot.openRound(1, {"from": self.flow.roles.rando})
        self.model.open_round()

    @rule(leaf=LEAF)
    def claim(self, leaf: int) -> None:
        due = int(self.city.pot.dueOf(1, leaf, SHARES[leaf][1]))
        assert due == self.model.claim(leaf)
        if due:
            self.city.pot.claimMany(1, [self.series.shares.single(leaf)], {"from": self.flow.roles.rando})

    @rule()
    def draw(self) -> None:
        due, paid = self.city.market.proceedsOf(1)
        for part, function in ((0, self.city.market.drawFee), (1, self.city.market.drawOperator)):
            if due[part] > paid[part]:
                function(1, {"from": self.flow.roles.rando})

    @rule(part=PART)
    def reverse(self, part: int) -> None:
        """More and more of the one batch is found forged."""
        if part % 3 or self.reversed == ISSUED:
            return
        if not self.city.reversals.reversalOf(self.series.batch.id)[0]:
            self.flow.revoke(self.series.batch)
        elif not self.series.token.isFrozen():
            self.city.reversals.freeze(1, "again", {"from": self.flow.roles.guardian})
        left = self.model.stock + self.model.buffer + self.others + self.model.sold - self.model.shortfall
        mg = min(part % (left // 4 + 1), ISSUED - self.reversed)
        if mg == 0:
            return
        self.reversed += mg
        [event] = events(self.flow.cancel(1, self.series.batch, self.reversed), "Reversed")
        parts = self.model.reverse(mg, self.others)
        self.others -= parts[2]
        assert (event["fromStock"], event["fromBuffer"], event["fromOthers"], event["shortfallMg"]) == parts
        self.city.reversals.unfreeze(1, {"from": self.flow.roles.authority})

    @rule(part=PART)
    def surrender(self, part: int) -> None:
        most = min(self.model.shortfall, self.held())
        if most == 0:
            return
        self.city.reversals.surrender(1, part % most + 1, {"from": self.flow.buyer})
        self.model.surrender(part % most + 1)

    @invariant()
    def the_series_is_the_models(self) -> None:
        token, model = self.series.token, self.model
        model.check()
        assert token.totalSupply() == model.issued - model.retired - model.cancelled
        assert (token.retiredMg(), token.cancelledMg()) == (model.retired, model.cancelled)
        stock = self.city.market.stockOf(1)
        assert (stock["availableMg"], stock["bufferMg"], stock["gross"]) == (model.stock, model.buffer, model.gross)
        assert self.city.reversals.shortfallOf(1)[0] == model.shortfall
        assert self.city.reversals.backedOf(1, model.sold // 3) == model.backed(model.sold // 3)

    @invariant()
    def the_money_is_the_models(self) -> None:
        due, paid = (bare(parts) for parts in self.city.market.proceedsOf(1))
        assert due == self.model.split()
        assert self.city.token.balanceOf(self.city.market) == self.model.gross - sum(paid)
        assert self.city.token.balanceOf(self.city.pot) == self.model.pots[-1] - sum(self.model.paid.values())
        for leaf, (account, _) in enumerate(SHARES):
            assert self.city.token.balanceOf(account) == self.model.paid.get(leaf, 0)


def test_given_random_steps__the_chain_is_what_the_model_says(flow: Flow) -> None:
    Life.flow = flow
    Life.series = flow.issued(SHARES)
    Life.other = flow.issued([(person("sharer 9").address, OTHER)], sequence=2)
    chain.snapshot()
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=TRIES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck.all()),
        ),
    )
