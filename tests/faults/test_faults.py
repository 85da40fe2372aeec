"""A short run of the list of faults: everything is broken once or a few times. `make faults` does the same with more seeds."""

from __future__ import annotations

import pytest

from tests.faults.plan import FAULTS, ORDER, Fault, injected
from tests.faults.secrets import leaks
from tests.faults.world import World

CASES = [(step, fault) for step in ORDER for fault in FAULTS if step in fault.steps]


@pytest.mark.parametrize(("step", "fault"), CASES, ids=[f"{step}-{fault.name}" for step, fault in CASES])
def test_fault__every_act_is_credited_once(world: World, step: str, fault: Fault) -> None:
    for number in range(fault.short):
        trial = injected(fault, world, step, fault.first + number)
        assert (trial.doubled, trial.lost, trial.note) == (0, 0, ""), trial


def test_secrets__stand_in_nothing_that_any_command_said(world: World) -> None:
    assert len(world.outputs()) > len(CASES)
    assert leaks(world) == []
