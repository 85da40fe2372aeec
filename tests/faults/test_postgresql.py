"""The book on a real PostgreSQL: the work from attesting to paying, killed in the middle, and done twice at once."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from tests.faults import crash, delivery
from tests.faults.plan import Inject
from tests.faults.world import World
from tests.services import postgresql

FAULTS: tuple[Inject, ...] = (crash.crash_on_chain, delivery.two_at_once)


@pytest.fixture(scope="module")
def on_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world whose book is on a server."""
    folder = tmp_path_factory.mktemp("postgresql")
    with postgresql(folder) as server:
        world = World(folder / "world", server=server)
        yield world
        world.close()


@pytest.mark.parametrize("inject", FAULTS, ids=lambda inject: inject.__name__)
@pytest.mark.parametrize("step", crash.CHAIN_STEPS)
def test_fault__every_act_is_credited_once(on_server: World, step: str, inject: Inject) -> None:
    trial = inject(on_server, step, 0)
    assert trial.injected
    assert (trial.doubled, trial.lost, trial.note) == (0, 0, ""), trial


def test_book__is_nowhere_but_on_the_server(on_server: World) -> None:
    assert list(on_server.home.glob("book.sqlite*")) == []


def test_work__killed_once_in_every_step__ends_without_a_difference(on_server: World) -> None:
    on_server.back_to("attest")
    sent = next(point for point in crash.POINTS if point.name == "sent, answer not heard")
    for step, then in (("attest", 86_400), ("credit", 1), ("redeem", 9 * 86_400), ("settle", 1)):
        rule = on_server.proxy.rule = crash.KillAt(sent, 1)
        command = on_server.start(*on_server.steps[step].words, rpc=on_server.proxy.rpc)
        rule.aim(command)
        assert command.wait().code == -signal.SIGKILL
        on_server.run(*on_server.steps[step].words)
        on_server.advance(then)
    found, expected = on_server.facts(), on_server.steps["settle"].after
    assert (found.amounts, found.bundles, found.waiting) == (expected.amounts, expected.bundles, 0)
    assert on_server.run("report", "reconciliation")["differences"] == 0
