"""Which faults are tried on which steps, and how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.faults import crash, delivery, gateway, history, machine
from tests.faults.table import Trial
from tests.faults.world import World

Inject = Callable[[World, str, int], Trial]

# Going back to a step forgets the steps after it: the last is tried first.
ORDER = (*crash.CREDIT_STEPS, "settle", "redeem", "credit", "attest", "close", "ingest szt")
_ON_CHAIN = ("settle", "redeem", "credit", "attest")
_BEFORE_CREDITS = ORDER[len(crash.CREDIT_STEPS) :]
_WRITING = ("credit", "attest", "close", "ingest szt")


@dataclass(frozen=True)
class Fault:
    """One row of the table.

    Attributes:
        name: As in the table, with its number in the list of faults.
        inject: Does one trial.
        steps: Commands it is tried on.
        short: Trials of each step in the short run.
        full: In the full one.
        first: First seed, depth or case.
    """

    name: str
    inject: Inject
    steps: tuple[str, ...]
    short: int
    full: int
    first: int = 0


FAULTS = (
    Fault("F01 kill -9 at a named point", crash.crash_on_chain, _ON_CHAIN, 3, 200),
    Fault("F01 kill -9 while files are written", crash.crash_on_files, crash.FILE_STEPS, 2, 120),
    Fault("F01 kill -9 at any moment", crash.crash_at_random, _BEFORE_CREDITS, 1, 40),
    Fault("F01 kill -9 in the flow of credits", crash.crash_on_chain, crash.CREDIT_STEPS, 2, 40),
    Fault("F06 two processes in the flow of credits", delivery.two_at_once, crash.CREDIT_STEPS, 1, 10),
    Fault("F07 re-organisation in the flow of credits", history.reorganised, crash.CREDIT_STEPS, 1, 12, 1),
    Fault("F02 answers lost, 10 to 50 %", delivery.lost_answers, _ON_CHAIN, 1, 20),
    Fault("F03 node hangs", delivery.hung_node, ("credit",), 1, 10),
    Fault("F04 transactions dropped from the pool", delivery.dropped, ("credit", "attest"), 1, 10),
    Fault("F05 transactions underpriced and stuck", delivery.stuck, ("credit", "attest"), 1, 10),
    Fault("F06 two processes at once", delivery.two_at_once, _ON_CHAIN, 1, 20),
    Fault("F07 re-organisation of every depth", history.reorganised, ("credit", "attest"), 3, 12, 1),
    Fault("F08 roll-back past finality", history.rolled_back, ("credit", "attest"), 1, 3),
    Fault("F09 another chain, same id and addresses", history.other_chain, ("credit",), 1, 3),
    Fault("F10 stale or lying node, honest witness", history.lying_node, ("settle", "credit"), 4, 8),
    Fault("F11 database of yesterday", history.book_of_yesterday, _ON_CHAIN, 1, 3),
    Fault("F11 database that knows less than the chain", history.book_that_knows_less, ("settle", "attest"), 3, 6),
    *((Fault("F12 disk full", machine.disk_full, _WRITING, 4, 20),) if machine.may_mount() else ()),
    Fault("F12 files cannot grow", machine.files_limited, _WRITING, 4, 20),
    Fault("F14 files shuffled, repeated, late", history.shuffled_files, ("ingest szt",), 1, 20),
    Fault("F15 midnight here and in UTC, a day ahead", history.midnight, ("credit", "attest"), 2, 5),
    Fault("F16 methodology suspended before sending", history.suspended, ("credit", "attest"), 1, 5),
    Fault("F17 no gas money", delivery.drained, ("credit", "redeem"), 1, 3),
    Fault("F51 answers garbled, 2 to 30 %", gateway.garbled, _ON_CHAIN, 1, 20),
    Fault("F52 429, 502, 503, 504, 2 to 30 %", gateway.refused, _ON_CHAIN, 2, 20),
    Fault("F53 database damaged", machine.damaged_book, _WRITING, 4, 20),
    Fault("F54 clock of the machine jumps", machine.clock_jumps, _BEFORE_CREDITS, 2, 10),
    Fault("F55 open files run out", machine.no_descriptors, _BEFORE_CREDITS, 2, 20),
)


@dataclass(frozen=True)
class Selection:
    """Which trials are wanted.

    Attributes:
        full: For a night, or the short run.
        only: What a fault's name must contain.
        steps: Steps to try it on.
        seed: Added to every seed.
    """

    full: bool
    only: str = ""
    steps: tuple[str, ...] = ORDER
    seed: int = 0

    def listed(self) -> Iterator[tuple[Fault, str, int]]:
        """Fault, step and seed of every trial, in an order in which a world can do them."""
        for step in filter(self.steps.__contains__, ORDER):
            for fault in FAULTS:
                if step in fault.steps and self.only in fault.name:
                    for number in range(fault.full if self.full else fault.short):
                        yield fault, step, fault.first + number + (0 if fault.first else self.seed)


def injected(fault: Fault, world: World, step: str, number: int) -> Trial:
    """One trial; what stops it is its result, so that the others still run."""
    try:
        return fault.inject(world, step, number)
    except (RuntimeError, OSError) as error:
        return Trial(f"{number}", [], 0, 1, 0.0, f"{type(error).__name__}: {error}")
