"""Answers that a new block overtook: the node is real, and a proxy gives what it says of a block whose state is gone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle.edge.chain.client import Chain
from oracle.model.errors import ChainError
from tests.faults.bare import SOMEBODY, Bare, bare, calls
from tests.faults.proxy import Proxy, Rule


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bare]:
    """A node that keeps no history."""
    with bare(tmp_path, "--prune-history") as made:
        yield made


class Overtaken(Rule):
    """Answers questions about the state in the node's own words about a block whose state is gone, some times."""

    def __init__(self, error: dict[str, Any], times: int):
        self._error = error
        self.left = times

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        if self.left == 0 or asked[0]["method"] not in ("eth_call", "eth_getBalance"):
            return answer
        self.left -= 1
        found = json.loads(answer)
        first = found[0] if isinstance(found, list) else found
        first.pop("result", None)
        first["error"] = self._error
        return json.dumps(found).encode()


@pytest.fixture
def error(here: Bare) -> dict[str, Any]:
    """What the node says of a block whose state is gone."""
    here.rpc("anvil_mine", "0x3")
    answer = here.chain.web3.provider.make_request("eth_getBalance", [SOMEBODY, "0x1"])  # type: ignore[arg-type]
    return dict(answer["error"])


@pytest.fixture
def proxy(here: Bare) -> Iterator[Proxy]:
    made = Proxy(here.chain.rpc)
    yield made
    made.close()


def test_a_question_that_a_block_overtook__is_asked_again(here: Bare, proxy: Proxy, error: dict[str, Any]) -> None:
    chain = Chain(proxy.rpc, here.chain.manifest)
    asked = calls("a", "b", "c")
    for times in (1, 4):
        proxy.rule = Overtaken(error, times)
        assert chain.refusals(asked, here.outbox.account.address) == [None, None, None]
        assert proxy.rule.left == 0
        proxy.rule = Overtaken(error, times)
        assert chain.web3.eth.get_balance(here.outbox.account.address) > 0
        assert proxy.rule.left == 0


def test_a_question_that_every_block_overtakes__is_given_up(here: Bare, proxy: Proxy, error: dict[str, Any]) -> None:
    proxy.rule = Overtaken(error, 1_000)
    with pytest.raises(ChainError, match="BlockOutOfRange"):
        Chain(proxy.rpc, here.chain.manifest).refusals(calls("a"), here.outbox.account.address)
    assert 1_000 - proxy.rule.left == 5
