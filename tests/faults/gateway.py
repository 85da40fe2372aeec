"""A gateway between the oracle and its node that refuses, garbles, or answers in the node's place."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.faults.delivery import noted
from tests.faults.proxy import Answer, Rule
from tests.faults.recovery import problem, recovered
from tests.faults.table import Trial
from tests.faults.world import World

HTML = b"<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>"
_MOST_TRIES = 30


def _with_results(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    """Changes the result of every answer."""

    def changed(answer: bytes) -> bytes:
        said = json.loads(answer)
        for item in said if isinstance(said, list) else [said]:
            if "result" in item:
                item["result"] = change(item["result"])
        return json.dumps(said).encode()

    return changed


def _without_ids(answer: bytes) -> bytes:
    said = json.loads(answer)
    for item in said if isinstance(said, list) else [said]:
        item.pop("id", None)
        item.pop("result", None)
    return json.dumps(said).encode()


# What a gateway makes of a node's answer, all with status 200.
GARBLES: dict[str, Callable[[bytes], bytes]] = {
    "html": lambda _: HTML,
    "nothing": lambda _: b"",
    "null": lambda _: b"null",
    "a number": lambda _: b"7",
    "text": lambda _: b'"ok"',
    "an empty object": lambda _: b"{}",
    "an empty list": lambda _: b"[]",
    "a list of null": lambda _: b"[null]",
    "cut": lambda answer: answer[: len(answer) // 2],
    "one byte lost": lambda answer: answer[:-1],
    "not utf-8": lambda answer: answer[:20] + b"\xff\xfe" + answer[20:],
    "nested deep": lambda _: b"[" * 100_000,
    "twice": lambda answer: answer + answer,
    "an error that is text": lambda _: b'{"jsonrpc": "2.0", "id": 1, "error": "busy"}',
    "no result": _without_ids,
    "result is null": _with_results(lambda _: None),
    "result is a number": _with_results(lambda _: 7),
    "result is an object": _with_results(lambda _: {"a": 1}),
    "result is no hex": _with_results(lambda _: "0xzz"),
    "fields are gone": _with_results(lambda result: {} if isinstance(result, dict) else {"a": None}),
}


class Gateway(Rule):
    """Does something with some of the exchanges.

    Args:
        chosen: Which ones: whether this one.

    Attributes:
        struck: How many it did something with.
        asked: Exchanges by the methods of their requests.
    """

    def __init__(self, chosen: Callable[[list[dict[str, Any]]], bool]):
        self._chosen = chosen
        self.struck = 0
        self.asked: Counter[str] = Counter()

    def strikes(self, asked: list[dict[str, Any]]) -> bool:
        """Whether this exchange is one of them."""
        self.asked[" ".join(sorted({request["method"] for request in asked}))] += 1
        chosen = self._chosen(asked)
        self.struck += chosen
        return chosen


class Refusing(Gateway):
    """Answers with a status in the node's place; the node hears nothing."""

    def __init__(self, chosen: Callable[[list[dict[str, Any]]], bool], status: int, headers: dict[str, str]):
        super().__init__(chosen)
        self._answer = Answer(HTML, status, {"Content-Type": "text/html", **headers})

    def instead(self, asked: list[dict[str, Any]]) -> Answer | None:
        return self._answer if self.strikes(asked) else None


class Losing(Gateway):
    """Answers with a status when the node has heard and answered."""

    def __init__(self, chosen: Callable[[list[dict[str, Any]]], bool], status: int):
        super().__init__(chosen)
        self._answer = Answer(HTML, status, {"Content-Type": "text/html"})

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | Answer | None:
        return self._answer if self.strikes(asked) else answer


class Garbling(Gateway):
    """Makes something else of the node's answers."""

    def __init__(self, chosen: Callable[[list[dict[str, Any]]], bool], garbles: Callable[[], Callable[[bytes], bytes]]):
        super().__init__(chosen)
        self._garbles = garbles

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | Answer | None:
        return self._garbles()(answer) if self.strikes(asked) else answer


def garbled(world: World, step: str, seed: int) -> Trial:
    """F51: 2 to 30 % of the answers are garbled; the command is repeated until it succeeds."""
    chance = random.Random(f"{step} garbled {seed}")
    share = chance.uniform(0.02, 0.3)
    rule = Garbling(lambda _: chance.random() < share, lambda: chance.choice(list(GARBLES.values())))
    return _through(world, step, seed, rule, "garbled")


def refused(world: World, step: str, seed: int) -> Trial:
    """F52: 2 to 30 % of the exchanges end with 429, 502, 503 or 504, some of them after the node has heard."""
    chance = random.Random(f"{step} refused {seed}")
    share, status = chance.uniform(0.02, 0.3), chance.choice((429, 502, 503, 504))
    if status != 429 and chance.random() < 0.5:
        return _through(world, step, seed, Losing(lambda _: chance.random() < share, status), f"{status} after")
    return _through(world, step, seed, Refusing(lambda _: chance.random() < share, status, {}), f"{status} before")


def _through(world: World, step: str, seed: int, rule: Gateway, name: str) -> Trial:
    words = world.back_to(step).words
    world.proxy.rule = rule
    codes = []
    for _ in range(_MOST_TRIES):
        ended = world.ends(*words, rpc=world.proxy.rpc)
        codes.append(ended.code)
        if ended.code == 0:
            break
    world.proxy.rule = Rule()
    trial = recovered(world, step, f"seed {seed}", [name] * rule.struck)
    return noted(trial, problem(set(codes) <= {0, 6}, f"exit codes {codes}: {ended.err[-300:]}"))
