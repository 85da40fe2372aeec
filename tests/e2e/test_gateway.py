"""A gateway that has too much to do, in front of a real chain: work with many requests gets done all the same."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Callable, Iterator

import pytest

from tests.e2e.till import MERCHANTS, Till
from tests.faults.gateway import GARBLES, Garbling, Refusing
from tests.faults.proxy import Proxy, Rule

ORDERS = 400
SHARE = 0.016


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """A town whose citizens have points."""
    made = Till(tmp_path_factory.mktemp("gateway"))
    made.open()
    yield made
    made.close()


@pytest.fixture
def proxy(till: Till) -> Iterator[Proxy]:
    """The gateway."""
    made = Proxy(till.here.settings.rpc)
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(3))
def test_redeem__of_400_orders_with_1_6_percent_of_429__takes_each_once(till: Till, proxy: Proxy, seed: int) -> None:
    chance = random.Random(seed)
    proxy.rule = rule = Refusing(lambda _: chance.random() < SHARE, 429, {})
    before = till.accounts()
    path = till.folder / f"many-{seed}.csv"
    accounts = till.in_custody()
    rows = [
        f"{accounts[number % len(accounts)]},{MERCHANTS[number % 3]},G-{seed}-{number},0.001"
        for number in range(ORDERS)
    ]
    path.write_text("\n".join(["account,merchant,order_number,points", *rows]) + "\n")
    done = till.carbonbook.run("redeem", path, environment={"CARBONBOOK_RPC": proxy.rpc})
    assert done.returncode == 0, done.stderr
    assert rule.struck > 0
    assert sum(before.values()) - sum(till.accounts().values()) == ORDERS
    proxy.rule = Rule()
    assert till.carbonbook("redeem", path)["taken"] == ORDERS
    assert sum(before.values()) - sum(till.accounts().values()) == ORDERS


@pytest.mark.parametrize("command", [("status",), ("reconcile",), ("report",), ("settle",), ("check",)])
@pytest.mark.parametrize("garble", ["html", "result is no hex"])
def test_command__whose_node_answers_with_anything__ends_with_a_code_and_a_sentence(
    till: Till, proxy: Proxy, command: tuple[str, ...], garble: str
) -> None:
    left = [2]  # the chain is known; then it goes wrong

    def chosen(_: object) -> bool:
        left[0] -= 1
        return left[0] < 0

    proxy.rule = Garbling(chosen, lambda: GARBLES[garble])
    words = (*command, "--out", till.folder / "out") if command == ("report",) else command
    done = till.carbonbook.run(*words, environment={"CARBONBOOK_RPC": proxy.rpc})
    assert done.returncode in ((0, 4) if command == ("check",) else (6,)), done.stderr
    assert "Traceback" not in done.stderr
    if command != ("check",):
        assert done.stderr.splitlines()[-1].startswith(f"Error: The node at {proxy.rpc} ")


OTHER = "0x" + 20 * "ab"
# What becomes of one field of every log.
FIELDS = {
    "no address": lambda log: log.pop("address"),
    "another address": lambda log: log.update(address=OTHER),
    "no data": lambda log: log.pop("data"),
    "data that is no hex": lambda log: log.update(data="0xzz"),
    "a topic that is cut": lambda log: log.update(topics=[log["topics"][0][:-1]]),
    "no topics": lambda log: log.update(topics=[]),
    "a block that is no number": lambda log: log.update(blockNumber="0x-"),
}


def _changed(field: str) -> Callable[[bytes], bytes]:
    def changed(answer: bytes) -> bytes:
        said = json.loads(answer)
        for log in said["result"]:
            FIELDS[field](log)
        return json.dumps(said).encode()

    return changed


@pytest.mark.parametrize("garble", [*GARBLES, *FIELDS])
def test_index__whose_logs_are_garbled__ends_with_6_and_is_right_afterwards(
    till: Till, proxy: Proxy, garble: str
) -> None:
    shutil.rmtree(till.home / "index", ignore_errors=True)
    change = GARBLES[garble] if garble in GARBLES else _changed(garble)
    proxy.rule = Garbling(lambda asked: asked[0]["method"] == "eth_getLogs", lambda: change)
    done = till.carbonbook.run("index", environment={"CARBONBOOK_RPC": proxy.rpc})
    assert (done.returncode, "Traceback" in done.stderr) == (6, False), done.stderr
    assert proxy.rule.struck > 0
    proxy.rule = Rule()
    garbled, index = till.carbonbook("index"), till.home / "index"
    shutil.rmtree(index)
    assert garbled["events"] == till.carbonbook("index")["events"]
