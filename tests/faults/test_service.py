"""The service and the commands around it, as processes on a real chain. Comes after the faults, which leave the world at its first step."""

from __future__ import annotations

import json
import random
import resource
import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests

from oracle.ledger.credit.push import gas_for
from oracle.sandbox.local import BLOCK_GAS_LIMIT
from tests.e2e.cli import free_port
from tests.faults.child import Command
from tests.faults.delivery import relayer_nonce
from tests.faults.facts import Facts
from tests.faults.gateway import GARBLES, Garbling
from tests.faults.proxy import Rule
from tests.faults.world import World

FIRST = "ingest szt"


@pytest.fixture
def read(world: World) -> World:
    """The world with everything read and nothing closed."""
    world.back_to(FIRST)
    for words in world.ingests():
        world.run(*words)
    return world


def _rounds(world: World, *options: str) -> Any:
    return world.run("run", "--every", "0", "--port", "0", "--compare-every", "1", *options)


def _service(world: World, port: int, *options: str, rpc: str | None = None) -> Command:
    return world.start("run", "--every", "0.2", "--port", str(port), "--linger", "0", *options, rpc=rpc)


def _get(port: int, page: str) -> requests.Response:
    return requests.get(f"http://127.0.0.1:{port}{page}", timeout=10)


def _until(holds: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if holds():
                return True
        except requests.exceptions.ConnectionError:
            pass  # it does not listen yet
        time.sleep(0.05)
    return False


def test_run__two_rounds_with_a_day_between__closes_attests_and_credits_everything(read: World) -> None:
    _rounds(read, "--rounds", "1")
    assert read.facts().amounts.keys() == read.steps["attest"].after.amounts.keys()
    read.advance(86_400)
    _rounds(read, "--rounds", "1")
    found, expected = read.facts(), read.steps["credit"].after
    assert (found.doubled(expected), found.lost(expected), found.waiting) == (0, 0, 0)


def test_run__again__does_nothing_more(read: World) -> None:
    _rounds(read, "--rounds", "2")
    before = read.facts()
    _rounds(read, "--rounds", "1")
    assert read.facts() == before


def test_run__logs_one_json_object_per_line(read: World) -> None:
    ended = read.ends("run", "--rounds", "1", "--port", "0", "--every", "0")
    logged = [json.loads(line) for line in ended.err.splitlines() if line.startswith("{")]
    assert [line["event"] for line in logged] == ["started", "done", "done", "stopped"]
    assert {line["step"] for line in logged if line["event"] == "done"} == {"close", "attest"}
    assert all(line["timestamp"].endswith("Z") and line["level"] == "info" for line in logged)


def test_run__shows_its_health_and_metrics_and_refuses_a_second_service(read: World) -> None:
    port = free_port()
    service = _service(read, port)
    assert _until(lambda: 'carbonbook_done_total{step="attest"}' in _get(port, "/metrics").text)
    assert _until(lambda: (read.home / "pulse.json").exists())
    health = _get(port, "/healthz")
    assert health.status_code == 200
    assert health.json()["healthy"] is True
    assert _get(port, "/other").status_code == 404
    second = read.ends("run", "--port", "0")
    assert second.code == 10
    assert f"Another process ({service.pid}) holds the lock 'run'" in second.err
    service.kill()
    service.wait()
    _rounds(read, "--rounds", "1")  # the lock ended with its process


def test_run__no_pulse_in_time__is_not_healthy(read: World) -> None:
    port = free_port()
    service = _service(read, port, "--pulse-limit", "0")
    assert _until(lambda: _get(port, "/healthz").status_code == 503)
    service.kill()


def _failures(port: int) -> dict[str, float]:
    """Steps that failed, by step and error."""
    lines = _get(port, "/metrics").text.splitlines()
    found = (line.rsplit(" ", 1) for line in lines if line.startswith("carbonbook_step_failures_total{"))
    return {name: float(count) for name, count in found}


def _attested(world: World, port: int, rpc: str | None = None) -> Command:
    """A service that has attested everything, and waits for the day on which it can credit."""
    service = _service(world, port, rpc=rpc)
    assert _until(lambda: 'carbonbook_done_total{step="attest"}' in _get(port, "/metrics").text)
    assert _until((world.home / "pulse.json").exists)
    return service


def _credits(world: World, service: Command) -> None:
    """Waits until everything is credited once."""
    expected = world.steps["credit"].after
    assert _until(lambda: world.facts().lost(expected) + world.facts().waiting == 0, 120)
    assert world.facts().doubled(expected) == 0
    service.kill()
    assert "Traceback" not in service.wait().err


def test_run__whose_node_answers_with_anything__goes_on_and_does_the_work_afterwards(read: World) -> None:
    chance, port = random.Random(6), free_port()
    service = _attested(read, port, read.proxy.rpc)
    for garble in ("html", "cut", "result is no hex", "result is null"):
        before = sum(_failures(port).values())
        read.proxy.rule = Garbling(lambda _: True, lambda name=garble: GARBLES[name])  # type: ignore[misc]  # bound now
        assert _until(lambda: sum(_failures(port).values()) > before), garble  # noqa: B023  # called at once
    read.proxy.rule = Garbling(lambda _: chance.random() < 0.1, lambda: chance.choice(list(GARBLES.values())))
    read.advance(86_400)
    _credits(read, service)
    read.proxy.rule = Rule()


def test_run__on_a_disk_that_takes_no_more__goes_on_and_does_the_work_afterwards(read: World) -> None:
    port = free_port()
    service = _attested(read, port)
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (16_384, resource.RLIM_INFINITY))
    read.advance(86_400)
    assert _until(lambda: bool(_failures(port)))
    resource.prlimit(service.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert all("StoreError" in name for name in _failures(port)), _failures(port)
    _credits(read, service)


def test_run__chain_rolls_back_past_finality__ends_with_9_and_sends_nothing(read: World) -> None:
    _rounds(read, "--rounds", "1")
    read.rpc("anvil_mine", hex(20))
    _rounds(read, "--rounds", "1")
    port = free_port()
    service = _service(read, port)
    assert _until(lambda: _get(port, "/healthz").status_code == 200)
    read.rpc("evm_revert", read.steps[FIRST].snapshot)
    read.steps[FIRST].snapshot = read.rpc("evm_snapshot")
    head = read.chain.head()
    ended = service.wait(60)
    assert ended.code == 9
    assert '"event": "halted"' in ended.err
    assert read.chain.head() == head
    again = read.ends("run", "--rounds", "1", "--port", "0", "--linger", "0")
    assert again.code == 9


class NoState(Rule):
    """Answers calls as a node does that has the blocks and has lost what they led to."""

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        if {request["method"] for request in asked} != {"eth_call"}:
            return answer
        parsed = json.loads(answer)
        items = parsed if isinstance(parsed, list) else [parsed]
        empty = [{**item, "result": "0x"} for item in items]
        return json.dumps(empty if isinstance(parsed, list) else empty[0]).encode()


@pytest.mark.parametrize("command", ["attest", "credit", "settle"])
def test_node__that_has_lost_its_state__is_told_and_gets_nothing(read: World, command: str) -> None:
    read.run("close")
    read.proxy.rule = NoState()
    ended = read.ends(command, rpc=read.proxy.rpc)
    read.proxy.rule = Rule()
    assert (ended.code, "It has lost the chain's state" in ended.err) == (6, True), ended.err
    assert relayer_nonce(read, "pending") == relayer_nonce(read, "latest")
    assert read.facts().amounts == {}


def test_credit__blocks_have_room_for_two_accounts__credits_two_at_a_time(read: World) -> None:
    read.run("close")
    read.run("attest")
    read.advance(86_400)
    read.rpc("evm_setBlockGasLimit", hex(gas_for(4) - 1))
    read.rpc("evm_mine")
    try:
        read.run("credit")
    finally:
        read.rpc("evm_setBlockGasLimit", hex(BLOCK_GAS_LIMIT))
    found, expected = read.facts(), read.steps["credit"].after
    assert _sums(found) == _sums(expected)
    chunks = read.chain.events("PointIssuer", "ChunkCredited")
    assert {event.values["accounts"] for event in chunks} == {1, 2}


def _sums(facts: Facts) -> Counter[str]:
    """Points by account, and the reductions of all chunks of a batch together."""
    sums: Counter[str] = Counter()
    for key, amount in facts.amounts.items():
        sums[" ".join(key.split()[:2])] += amount
    return sums


def test_check__everything_there__is_ok(read: World) -> None:
    found = read.run("check")
    assert found["ok"] is True
    assert len(found["checks"]) == 15


def test_check__no_node_and_a_missing_key__names_each_with_a_remedy(read: World) -> None:
    (read.home / "keys" / "oracle-2.json").unlink()
    ended = read.ends("check", rpc="http://127.0.0.1:9")
    assert ended.code == 4
    wrong = {item["check"]: item for item in json.loads(ended.out)["checks"] if item[""] == "✗"}
    assert "No key 'oracle-2'" in wrong["keys"]["found"]
    assert "No answer from the chain at http://127.0.0.1:9" in wrong["chain"]["found"]
    assert all(item["what_to_do"] for item in wrong.values())
    assert "disk" not in wrong


def test_rebuild__from_the_chain_alone__is_the_book_byte_for_byte(read: World, tmp_path: Path) -> None:
    _rounds(read, "--rounds", "1")
    read.advance(86_400)
    _rounds(read, "--rounds", "1")
    done = read.run("rebuild", "--out", str(tmp_path / "one"))
    assert (done["differ"], done["bundles_missing"], done["batches_brought_back"]) == ([], [], [])
    assert done["pages"] > 10


def test_rebuild__after_a_database_of_yesterday__brings_the_batches_back(read: World, tmp_path: Path) -> None:
    old = tmp_path / "yesterday.sqlite"
    shutil.copy(read.home / "book.sqlite", old)
    _rounds(read, "--rounds", "1")
    read.advance(86_400)
    _rounds(read, "--rounds", "1")
    read.run("rebuild", "--out", str(tmp_path / "one"))
    for path in read.home.glob("book.sqlite*"):
        path.unlink()
    shutil.copy(old, read.home / "book.sqlite")
    done = read.run("rebuild", "--out", str(tmp_path / "two"))
    assert len(done["batches_brought_back"]) == done["batches"]
    for name in ("batches.csv", "accounts.csv"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    assert read.run("close")["batches"] == 0
    assert read.run("credit")["credited"] == []


def test_rebuild__a_bundle_is_gone__names_its_batch(read: World, tmp_path: Path) -> None:
    _rounds(read, "--rounds", "1")
    batch = next(iter((read.home / "bundles").iterdir())).name
    shutil.rmtree(read.home / "bundles" / batch)
    for path in read.home.glob("book.sqlite*"):
        path.unlink()
    shutil.copy(read.steps[FIRST].home / "book.sqlite", read.home / "book.sqlite")
    ended = read.ends("rebuild", "--out", str(tmp_path / "one"))
    assert ended.code == 8
    assert json.loads(ended.out)["bundles_missing"] == [f"0x{batch}"]
    assert f"0x{batch} is lost" in ended.err
