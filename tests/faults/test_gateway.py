"""A gateway in front of a real node: what is safe is asked again, what is not is looked for, and whatever comes is told in our words."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.fees import fees_now
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sender, Sent
from oracle.model.errors import ChainError, ChainUnreachable
from oracle.sandbox.local import local_account
from tests.faults.bare import PACE, SOMEBODY, Bare, bare, calls
from tests.faults.gateway import GARBLES, Garbling, Losing, Refusing
from tests.faults.proxy import Answer, Proxy, Rule

SENDER = local_account(0).address
SEND = "eth_sendRawTransaction"

# Every kind of question that the oracle asks of a node.
QUESTIONS: dict[str, Callable[[Chain], object]] = {
    "head": lambda chain: chain.head(),
    "block hash": lambda chain: chain.block_hash(0),
    "time": lambda chain: chain.now(),
    "block gas": lambda chain: chain.block_gas(),
    "fees": lambda chain: fees_now(chain),
    "static calls": lambda chain: chain.refusals(calls("a", "b"), SENDER),
    "static call": lambda chain: chain.simulate(SOMEBODY, "0x00", SENDER),
    "logs": lambda chain: _results(chain, "eth_getLogs", [{"fromBlock": "0x0", "toBlock": "latest"}]),
    "balance": lambda chain: _results(chain, "eth_getBalance", [SENDER, "latest"], [SOMEBODY, "latest"]),
    "identity": lambda chain: Chain(chain.rpc, chain.manifest).manifest,
}


def _results(chain: Chain, method: str, *parameters: list[object]) -> list[object]:
    return [answer["result"] for answer in chain.batch(method, list(parameters))]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bare]:
    """A chain and an outbox."""
    with bare(tmp_path) as made:
        yield made


@pytest.fixture
def proxy(here: Bare) -> Iterator[Proxy]:
    """A gateway in front of it."""
    made = Proxy(here.chain.rpc)
    yield made
    made.close()


@pytest.fixture
def through(here: Bare, proxy: Proxy) -> Chain:
    """The chain as it is seen through the gateway."""
    return Chain(proxy.rpc, here.chain.manifest, (), 5)


def _sender(here: Bare, through: Chain) -> Outbox:
    return Outbox(through, local_account(0), here.database, PACE)


def first(times: int, method: str = "") -> Callable[[list[dict[str, Any]]], bool]:
    """Chooses the first exchanges that have a method; any method if it has no name."""
    left = [times]

    def chosen(asked: list[dict[str, Any]]) -> bool:
        fits = not method or any(request["method"] == method for request in asked)
        left[0] -= fits
        return fits and left[0] >= 0

    return chosen


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_refused_now_and_then__is_asked_again(through: Chain, proxy: Proxy, question: str, status: int) -> None:
    expected = QUESTIONS[question](through)
    proxy.rule = Refusing(first(2), status, {})
    assert QUESTIONS[question](through) == expected
    assert proxy.rule.struck == 2


@pytest.mark.parametrize("garble", GARBLES)
def test_garbled_once__is_asked_again(through: Chain, proxy: Proxy, garble: str) -> None:
    for question, ask in QUESTIONS.items():
        proxy.rule = Rule()
        expected = ask(through)
        proxy.rule = Garbling(first(1), lambda: GARBLES[garble])
        assert ask(through) == expected, question


@pytest.mark.parametrize("garble", GARBLES)
def test_garbled_always__is_told(through: Chain, proxy: Proxy, garble: str) -> None:
    proxy.rule = Garbling(lambda _: True, lambda: GARBLES[garble])
    for question in ("time", "static calls"):
        with pytest.raises(ChainUnreachable, match=rf"The node at {proxy.rpc} answered with .* It was tried 6 times"):
            QUESTIONS[question](through)


@pytest.mark.parametrize(("status", "words"), [(429, "Too Many Requests"), (502, "Bad Gateway"), (401, "Unauthorized")])
def test_refused_always__is_told_with_the_status(through: Chain, proxy: Proxy, status: int, words: str) -> None:
    proxy.rule = Refusing(lambda _: True, status, {})
    with pytest.raises(ChainUnreachable, match=rf"The node at {proxy.rpc} answered {status} \({words}\)\."):
        through.head()
    assert proxy.rule.struck == (1 if status == 401 else 8)


@pytest.mark.parametrize("after", ["1", format_datetime(datetime.now(UTC) + timedelta(days=-1), usegmt=True), "soon"])
def test_retry_after__is_waited_for(through: Chain, proxy: Proxy, after: str) -> None:
    proxy.rule = Refusing(first(1), 429, {"Retry-After": after})
    began = time.monotonic()
    through.head()
    assert (time.monotonic() - began >= 1) == (after == "1")


def test_retry_after__for_an_hour__is_told_at_once(through: Chain, proxy: Proxy) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    for after in ("3600", date):
        proxy.rule = Refusing(lambda _: True, 429, {"Retry-After": after})
        with pytest.raises(ChainUnreachable, match=r"answered 429 .* It asks to retry after 3[56]\d\d s"):
            through.head()
        assert proxy.rule.struck == 1


def test_transaction__refused_with_429__is_sent_again_and_mined_once(here: Bare, through: Chain, proxy: Proxy) -> None:
    """The gateway says that it let nothing through."""
    proxy.rule = Refusing(first(3, SEND), 429, {})
    assert isinstance(_sender(here, through).send_all(calls("a"))[0], Sent)
    assert (proxy.rule.struck, proxy.rule.asked[SEND]) == (3, 4)
    assert here.rows("act, nonce, state") == [("a", 0, "mined")]
    proxy.rule = Refusing(first(2, SEND), 429, {})
    Sender(through, local_account(1)).send(Call(SOMEBODY, "0x01", "a greeting"))
    assert proxy.rule.asked[SEND] == 3


@pytest.mark.parametrize("status", [502, 503, 504])
def test_transaction__whose_fate_nobody_knows__is_not_repeated_but_looked_for(
    here: Bare, through: Chain, proxy: Proxy, status: int
) -> None:
    proxy.rule = Losing(first(1, SEND), status)
    assert isinstance(_sender(here, through).send_all(calls("a"))[0], Sent)
    assert proxy.rule.struck == 1
    assert here.rows("act, nonce, state") == [("a", 0, "mined")]
    assert here.nonce() == 1
    proxy.rule = Losing(first(1, SEND), status)
    with pytest.raises(ChainUnreachable, match=f"answered {status}"):
        Sender(through, local_account(1)).send(Call(SOMEBODY, "0x01", "a greeting"))
    assert proxy.rule.asked[SEND] == 1


@pytest.mark.parametrize("garble", GARBLES)
def test_transaction__with_a_garbled_answer__is_looked_for(
    here: Bare, through: Chain, proxy: Proxy, garble: str
) -> None:
    proxy.rule = Garbling(first(1, SEND), lambda: GARBLES[garble])
    assert isinstance(_sender(here, through).send_all(calls("a"))[0], Sent)
    assert proxy.rule.struck == 1
    assert here.rows("act, nonce, state") == [("a", 0, "mined")]
    assert here.nonce() == 1


class Limited(Rule):
    """Has no time for some of the requests in a batch, in the node's own format."""

    def __init__(self, chance: random.Random, code: int):
        self._chance = chance
        self._code = code
        self.limited = 0

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | Answer | None:
        said = json.loads(answer)
        for item in said if isinstance(said, list) else [said]:
            if self._chance.random() < 0.3:
                item.pop("result", None)
                item["error"] = {"code": self._code, "message": "daily request count exceeded, request rate limited"}
                self.limited += 1
        return json.dumps(said).encode()


@pytest.mark.parametrize("code", [-32005, 429])
def test_limit_in_the_nodes_own_words__is_asked_again_item_by_item(through: Chain, proxy: Proxy, code: int) -> None:
    proxy.rule = rule = Limited(random.Random(5), code)
    assert through.refusals(calls(*"abcdefghij"), SENDER) == [None] * 10
    assert through.head() == 0
    assert rule.limited > 0


def test_whole_batch_refused_by_the_node__is_told(through: Chain, proxy: Proxy) -> None:
    said = b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600, "message": "batch too large"}}'
    proxy.rule = Garbling(lambda _: True, lambda: lambda _: said)
    with pytest.raises(ChainError, match="rejected a batch of eth_call requests: batch too large"):
        through.refusals(calls("a"), SENDER)
    assert proxy.rule.struck == 1


def test_outbox__through_a_gateway_that_garbles_a_third__loses_and_doubles_nothing(
    here: Bare, through: Chain, proxy: Proxy
) -> None:
    chance = random.Random(11)
    proxy.rule = Garbling(lambda _: chance.random() < 0.33, lambda: chance.choice(list(GARBLES.values())))
    sender = Outbox(through, local_account(0), here.database, replace(PACE, wait_seconds=60))
    names = [f"call {number}" for number in range(40)]
    for _ in range(20):
        try:
            sender.send_all(calls(*names))
            break
        except ChainError:
            continue
    proxy.rule = Rule()
    here.again().reconcile()
    done = [state for (state,) in here.rows("state")]
    assert set(done) <= {"mined", "confirmed", "undone", "replaced"}
    assert here.nonce() == len([state for state in done if state in ("mined", "confirmed")]) >= 40


def test_block__that_a_node_denies_though_it_has_later_ones__is_no_roll_back(
    here: Bare, through: Chain, proxy: Proxy
) -> None:
    """Only a chain that ends before a block that was final has taken it back; a node that contradicts itself is no witness of that."""
    here.rpc("anvil_mine", PACE.finality + 3)
    _sender(here, through).reconcile()
    proxy.rule = Garbling(
        lambda asked: asked[0]["method"] == "eth_getBlockByNumber" and asked[0]["params"][0].startswith("0x"),
        lambda: GARBLES["result is null"],
    )
    with pytest.raises(ChainUnreachable, match=r"is at block 8 but has no block 3"):
        _sender(here, through).reconcile()
    proxy.rule = Rule()
    _sender(here, through).reconcile()
