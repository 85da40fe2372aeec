"""kill -9 at named points of the work, chosen from outside: by what the process asks the node, or by the files that it writes.

No line of the oracle knows of this. A point of the chain's steps is a request that passes the proxy: the process is killed before the node
gets it, or after the node has answered and before the process hears it. What the process has written down by then is known.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from typing import Any

from tests.faults.child import Command
from tests.faults.proxy import Rule
from tests.faults.recovery import recovered
from tests.faults.table import Trial
from tests.faults.world import World

CHAIN_STEPS = ("settle", "redeem", "credit", "attest")  # the last first: going back forgets what came later
CREDIT_STEPS = (
    "draw",
    "payout",
    "push",
    "payout due",
    "round",
    "retire bought",
    "retire",
    "buy",
    "list",
)  # the last first, too
# How often a point is passed before the kill: orders and payments of the small world go in one transaction, batches in several.
_TIMES = {"settle": (1,), "redeem": (1,), "credit": (1, 1, 2, 3), "attest": (1, 1, 2, 3)}
FILE_STEPS = ("close", "ingest szt")


@dataclass(frozen=True)
class Point:
    """A moment of the work on the chain.

    Attributes:
        name: What has been done by then.
        method: Of the request; the empty string for any.
        having: What its text contains.
        answered: Whether the node has answered it.
        behind: Method of a request that must have been answered before.
    """

    name: str
    method: str
    having: str = ""
    answered: bool = False
    behind: str = ""


POINTS = (
    Point("nothing asked yet", ""),
    Point("before the static call", "eth_call", having='"from"'),
    Point("planned, before its nonce", "eth_getTransactionCount", having="pending"),
    Point("signed, before it is sent", "eth_sendRawTransaction"),
    Point("sent, answer not heard", "eth_sendRawTransaction", answered=True),
    Point("sent, row not told", "eth_blockNumber", behind="eth_sendRawTransaction"),
    Point("row sent, before its receipt", "eth_getTransactionReceipt"),
    Point("mined, receipt not heard", "eth_getTransactionReceipt", answered=True),
    Point("row mined, caller not told", "", behind="eth_getTransactionReceipt"),
    Point("row sent, before its event", "eth_getLogs", behind="eth_sendRawTransaction"),
    Point("mined, event not heard", "eth_getLogs", answered=True, behind="eth_sendRawTransaction"),
)


class KillAt(Rule):
    """Kills a process the `nth` time it comes to a point."""

    def __init__(self, point: Point, nth: int):
        self.point = point
        self._left = nth
        self._answered: set[str] = set()
        self._ready = Event()
        self._pid = 0
        self.killed = False

    def aim(self, command: Command) -> None:
        """Says which process."""
        self._pid = command.pid
        self._ready.set()

    def before(self, asked: list[dict[str, Any]]) -> bool:
        return not (not self.point.answered and self._reached(asked))

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        if self.point.answered and self._reached(asked):
            return None
        self._answered |= {request["method"] for request in asked}
        return answer

    def _reached(self, asked: list[dict[str, Any]]) -> bool:
        point = self.point
        if point.behind and point.behind not in self._answered:
            return False
        if not any(
            point.method in ("", request["method"]) and point.having in str(request["params"]).replace("'", '"')
            for request in asked
        ):
            return False
        self._left -= 1
        if self._left > 0 or self.killed:
            return False
        self._ready.wait()
        os.kill(self._pid, signal.SIGKILL)
        self.killed = True
        return True


def crash_on_chain(world: World, step: str, seed: int) -> Trial:
    """Kills one step at one to three points, then does it in peace and compares."""
    chance = random.Random(f"{step} {seed}")
    words = world.back_to(step).words
    crashes = []
    for _ in range(chance.randint(1, 3)):
        rule = KillAt(chance.choice(POINTS), chance.choice(_TIMES.get(step, (1, 1, 2))))
        world.proxy.rule = rule
        command = world.start(*words, rpc=world.proxy.rpc)
        rule.aim(command)
        command.wait()
        crashes += [rule.point.name] if rule.killed else []
    world.proxy.rule = Rule()
    return recovered(world, step, f"seed {seed}", crashes)


def crash_at_random(world: World, step: str, seed: int) -> Trial:
    """Kills one step one to three times at any moment."""
    chance = random.Random(f"{step} at random {seed}")
    words = world.back_to(step).words
    crashes = []
    for _ in range(chance.randint(1, 3)):
        command = world.start(*words)
        time.sleep(chance.uniform(0, 1.2))  # the moment is the test's subject; nothing is waited for
        crashes += [] if command.ended() else ["any moment"]
        command.kill()
        command.wait()
    return recovered(world, step, f"seed {seed}", crashes)


def crash_on_files(world: World, step: str, seed: int) -> Trial:
    """Kills reading or closing as soon as it has written some files, which the database does not know of yet."""
    chance = random.Random(f"{step} files {seed}")
    words = world.back_to(step).words
    folder, pattern, name = (
        ("bundles", "*/bundle.json", "bundles written, database not")
        if step == "close"
        else ("acts", "*/*/*.parquet", "acts written, database not")
    )
    crashes = []
    for _ in range(chance.randint(1, 3)):
        present = len(list((world.home / folder).glob(pattern)))
        wanted = present + chance.randint(1, 3)
        command = world.start(*words)
        if _until(lambda: len(list((world.home / folder).glob(pattern))) >= wanted, command):  # noqa: B023  # called at once
            crashes.append(name)
        command.kill()
        command.wait()
    return recovered(world, step, f"seed {seed}", crashes)


def _until(reached: Callable[[], bool], command: Command) -> bool:
    """Whether a condition comes true before a command ends."""
    while not command.ended():
        if reached():
            return True
    return False
