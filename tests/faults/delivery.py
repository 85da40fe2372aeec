"""Faults between the oracle and the chain: answers that get lost, nodes that hang, transactions that vanish, wait, or meet others."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from typing import Any

from oracle.edge.chain.client import connect
from oracle.sandbox import local
from tests.faults.child import Command
from tests.faults.proxy import Rule
from tests.faults.recovery import problem, recovered
from tests.faults.table import Trial
from tests.faults.world import World

LAST_FIRST = ("settle", "redeem", "credit", "attest")
_MOST_TRIES = 30


class Lossy(Rule):
    """Cuts connections by chance, before the node hears or after it has answered."""

    def __init__(self, chance: random.Random, share: float):
        self._chance = chance
        self._share = share
        self.cuts = 0

    def before(self, asked: list[dict[str, Any]]) -> bool:
        return not self._cut()

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        return None if self._cut() else answer

    def _cut(self) -> bool:
        cut = self._chance.random() < self._share / 2
        self.cuts += cut
        return cut


def lost_answers(world: World, step: str, seed: int) -> Trial:
    """F02: 10 to 50 % of the exchanges are cut; the command is repeated until it succeeds."""
    chance = random.Random(f"{step} lossy {seed}")
    words = world.back_to(step).words
    rule = Lossy(chance, chance.uniform(0.1, 0.5))
    world.proxy.rule = rule
    for _ in range(_MOST_TRIES):
        if world.ends(*words, rpc=world.proxy.rpc).code == 0:
            break
    world.proxy.rule = Rule()
    return recovered(world, step, f"seed {seed}", ["cut"] * rule.cuts)


def hung_node(world: World, step: str, seed: int) -> Trial:
    """F03: the node stops answering in the middle; the command gives up in time, and has not been busy meanwhile."""
    chance = random.Random(f"{step} hung {seed}")
    words = world.back_to(step).words
    node = world.node()
    command = world.start(*words)
    time.sleep(chance.uniform(0.0, 0.6))  # any moment of the work
    os.kill(node.pid, signal.SIGSTOP)
    began = time.monotonic()
    try:
        ended = command.wait(90)
        waited = time.monotonic() - began
    finally:
        os.kill(node.pid, signal.SIGCONT)
    trial = recovered(world, step, f"seed {seed}", ["SIGSTOP"])
    note = problem(waited < 60, f"gave up after {waited:.0f} s only") or problem(
        ended.code in (0, 6), f"exit code {ended.code}: {ended.err[-200:]}"
    )
    return noted(trial, note)


def dropped(world: World, step: str, seed: int) -> Trial:
    """F04: transactions vanish from the pool; they are sent again."""
    words = world.back_to(step).words
    with _unmined(world):
        command = world.start(*words)
        pool = _pool_of(world, command)
        for hash_ in pool:
            world.rpc("anvil_dropTransaction", hash_)
    return noted(
        recovered_running(world, step, f"seed {seed}", ["dropped"] * len(pool), command), problem(bool(pool), "no pool")
    )


def stuck(world: World, step: str, seed: int) -> Trial:
    """F05: the base fee rises above what was offered; the same nonces are offered at least 12.5 % more, at most five times."""
    words = world.back_to(step).words
    usual = world.rpc("eth_getBlockByNumber", "pending", False)["baseFeePerGas"]
    with _unmined(world):
        command = world.start(*words)
        before = _fees(world, _pool_of(world, command))
        world.rpc("anvil_setNextBlockBaseFeePerGas", hex(4 * max(before.values(), default=0)))
        world.rpc("evm_mine")  # a block passes them by
        raised = _when(lambda: _raised(world, before), command)
    notes = [
        problem(bool(before), "no pool"),
        problem(raised, "not replaced"),
        problem(_most_attempts(world) <= 6, "more than five replacements"),
    ]
    trial = recovered_running(world, step, f"seed {seed}", ["stuck"] * len(before), command)
    world.rpc("anvil_setNextBlockBaseFeePerGas", usual)
    return noted(trial, "; ".join(note for note in notes if note))


def two_at_once(world: World, step: str, seed: int) -> Trial:
    """F06: the same command twice at the same time: no gap in the nonces, nothing twice."""
    words = world.back_to(step).words
    both = [world.start(*words), world.start(*words)]
    ends = [command.wait() for command in both]
    trial = recovered(world, step, f"seed {seed}", ["second process"])
    latest, pending = (relayer_nonce(world, block) for block in ("latest", "pending"))
    notes = [problem(ended.code == 0, f"exit code {ended.code}: {ended.err[-300:]}") for ended in ends]
    return noted(trial, next(filter(None, notes), "") or problem(latest == pending, "a nonce gap"))


def drained(world: World, step: str, seed: int) -> Trial:
    """F17: the relayer runs out of gas money; nothing is sent, and it goes on when it has some."""
    words = world.back_to(step).words
    relayer = local.local_account(9).address
    world.rpc("anvil_setBalance", relayer, hex(10**9))
    before = relayer_nonce(world, "pending")
    ended = world.ends(*words)
    sent = relayer_nonce(world, "pending") - before
    world.rpc("anvil_setBalance", relayer, hex(10**22))
    trial = recovered(world, step, f"seed {seed}", ["drained"])
    told = ended.code == 6 and "gas money" in ended.err
    return noted(trial, problem(told, f"exit code {ended.code}: {ended.err[-200:]}") or problem(sent == 0, "it sent"))


def recovered_running(world: World, step: str, label: str, injected: list[str], command: Command) -> Trial:
    """As `recovered`, for a command that goes on by itself when the fault is over."""
    began = time.monotonic()
    ended = command.wait()
    seconds = time.monotonic() - began
    found, expected = world.facts(), world.steps[step].after
    note = problem(ended.code == 0, f"exit code {ended.code}: {ended.err[-300:]}")
    return Trial(label, injected, found.doubled(expected), found.lost(expected) + found.waiting, seconds, note)


class _unmined:  # noqa: N801  # reads as a statement
    """While it lasts, blocks are made by hand only."""

    def __init__(self, world: World):
        self._world = world

    def __enter__(self) -> None:
        self._world.rpc("evm_setAutomine", False)

    def __exit__(self, *error: object) -> None:
        self._world.rpc("evm_setAutomine", True)
        self._world.rpc("evm_mine")


def _pool_of(world: World, command: Command) -> list[str]:
    """Hashes of the relayer's transactions, as soon as there are any."""
    found: list[str] = []

    def there() -> bool:
        found[:] = [transaction["hash"] for transaction in _pool(world)]
        return bool(found)

    _when(there, command)
    return found


def _when(reached: Callable[[], bool], command: Command, seconds: float = 30) -> bool:
    """Whether a condition comes true in time, while a command runs."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and not command.ended():
        if reached():
            return True
        time.sleep(0.02)
    return False


def _fees(world: World, hashes: list[str]) -> dict[int, int]:
    """What the pool's transactions offer, by nonce."""
    found = (connect(world.chain.rpc).eth.get_transaction(hash_) for hash_ in hashes)  # type: ignore[arg-type]  # hex text
    return {transaction["nonce"]: transaction["maxFeePerGas"] for transaction in found}


def _raised(world: World, before: dict[int, int]) -> bool:
    """Whether every nonce is offered an eighth more than before, or is mined."""
    now = {int(item["nonce"], 16): int(item["maxFeePerGas"], 16) for item in _pool(world)}
    latest = relayer_nonce(world, "latest")
    return all(nonce < latest or 8 * now.get(nonce, 0) >= 9 * fee for nonce, fee in before.items())


def _pool(world: World) -> list[dict[str, str]]:
    """Transactions that wait, whosoever: only the relayer sends."""
    senders = world.rpc("txpool_content")["pending"].values()
    return [transaction for sender in senders for transaction in sender.values()]


def _most_attempts(world: World) -> int:
    with world.book.open(world.home) as book:
        ((most,),) = book.execute("SELECT coalesce(max(number), 0) FROM attempts")
    return int(most)


def relayer_nonce(world: World, block: str) -> int:
    """How many transactions the relayer has sent; `pending` counts the pool too."""
    return int(world.rpc("eth_getTransactionCount", local.local_account(9).address, block), 16)


def noted(trial: Trial, note: str) -> Trial:
    """A trial with something else that went wrong."""
    notes = "; ".join(text for text in (trial.note, note) if text)
    return Trial(trial.label, trial.injected, trial.doubled, trial.lost, trial.seconds, notes)
