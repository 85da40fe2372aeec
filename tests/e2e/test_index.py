"""The event index on a real chain: whole, the same however it came about, and never with events of blocks that are no more."""

from __future__ import annotations

import json as jsonlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.manifest import Manifest, abi_of
from oracle.edge.chain.sender import Sender
from oracle.edge.keys.keyring import Keyring
from oracle.model.errors import ChainError
from oracle.report.index import events as reading
from oracle.report.index.events import EventIndex
from oracle.report.index.segments import Segments
from tests.e2e.cli import CHAIN, Carbonbook, free_port
from tests.faults.proxy import Proxy, Rule

NOBODY = "0x" + "00" * 20


class World:
    """A deployed chain, an index of it, and somebody who mints test money."""

    def __init__(self, home: Path):
        self.home = home
        self.carbonbook = Carbonbook(home)
        up = self.carbonbook("up", "--chain", CHAIN, "--port", str(free_port()))
        self.chain = Chain(up["rpc"], Manifest.load(Path(up["manifest"])))
        self.sender = Sender(self.chain, Keyring(home / "keys").account("transit"))
        self.index = EventIndex(self.chain, home)

    def mint(self, amount: int) -> None:
        self.sender.send(SettlementToken(self.chain).mint(self.sender.account.address, amount))

    def asked(self, method: str, *arguments: object) -> Any:
        return self.chain.web3.provider.make_request(method, list(arguments))["result"]  # type: ignore[arg-type]

    def on_chain(self) -> list[tuple[Any, ...]]:
        """Every event as web3 decodes it: where it stands, its name and values."""
        found = []
        for role, entry in self.chain.manifest.contracts.items():
            for event in (item["name"] for item in abi_of(entry.name) if item["type"] == "event"):
                for log in self.chain.events(role, event):
                    found.append((log.block, log.index, log.transaction, role, event, log.values))
        return sorted(found, key=lambda each: each[:2])

    def of_account(self, account: str) -> list[tuple[Any, ...]]:
        """Those of the chain that name an account, as it is written in lower case."""
        return [
            each for each in self.on_chain() if account.lower() in {str(value).lower() for value in each[5].values()}
        ]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    made = World(tmp_path_factory.mktemp("index") / "home")
    yield made
    made.carbonbook("down")


def counted(events: list[tuple[Any, ...]]) -> dict[str, int]:
    return dict(sorted(Counter(event for *_, event, _ in events).items()))


def test_update__has_every_event_of_the_chain_and_reads_none_twice(world: World) -> None:
    first = world.index.update()
    assert first.head == world.chain.head()
    assert world.index.counts() == counted(world.on_chain())
    assert (world.index.update().added, world.index.counts()) == (0, counted(world.on_chain()))


def test_of_account__is_what_the_chain_says_of_it(world: World) -> None:
    world.mint(5)
    world.index.update()
    account = world.sender.account.address
    entries = world.index.of_account(bytes.fromhex(account[2:]))
    found = [
        (entry["block"], entry["log_index"], entry["transaction"], entry["contract"], entry["event"])
        for entry in entries
    ]
    assert found == [each[:5] for each in world.of_account(account)]
    assert entries[-1]["values"] == {"from": NOBODY, "to": account.lower(), "value": 5}


def test_update__after_a_reorganisation__has_the_events_of_the_blocks_that_stand(world: World) -> None:
    world.index.update()
    before = world.asked("evm_snapshot")
    world.mint(111)
    world.mint(112)
    world.index.update()
    world.asked("evm_revert", before)
    world.mint(113)
    updated = world.index.update()
    values = [
        entry["values"].get("value")
        for entry in world.index.of_account(bytes.fromhex(world.sender.account.address[2:]))
    ]
    assert updated.dropped == 1
    assert {111, 112}.isdisjoint(values)
    assert values[-1] == 113
    assert world.index.counts() == counted(world.on_chain())


def test_update__of_blocks_replaced_before_the_next_were_read__reads_them_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next range is on its way while one is kept; so the third is the first that sees the chain after the second."""
    world.index.update()
    monkeypatch.setattr(reading, "_MOST_BLOCKS", 1)
    monkeypatch.setattr(reading, "_FIRST_BLOCKS", 1)
    before = world.asked("evm_snapshot")
    for amount in (211, 212, 213, 214):
        world.mint(amount)
    kept, add = [], Segments.add

    def replacing(segments: Segments, segment: Any, rows: Any) -> None:
        add(segments, segment, rows)
        kept.append(segment)
        if len(kept) == 1:
            world.asked("evm_revert", before)
            for amount in (215, 216, 217, 218):
                world.mint(amount)

    monkeypatch.setattr(Segments, "add", replacing)
    with pytest.raises(ChainError, match="was replaced"):
        world.index.update()
    assert kept[0].first == kept[0].last
    world.index.update()
    account = bytes.fromhex(world.sender.account.address[2:])
    values = [entry["values"].get("value") for entry in world.index.of_account(account)]
    assert values[-4:] == [215, 216, 217, 218]
    assert {211, 212, 213, 214}.isdisjoint(values)
    assert world.index.counts() == counted(world.on_chain())


class Narrow(Rule):
    """A node that refuses logs of more than some blocks, and those of one block always."""

    def __init__(self, most: int, refused: int = -1):
        self.most, self.refused = most, refused

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes:
        if asked[0]["method"] != "eth_getLogs":
            return answer
        first, last = (int(asked[0]["params"][0][name], 16) for name in ("fromBlock", "toBlock"))
        if last - first < self.most and not first <= self.refused <= last:
            return answer
        error = {"code": -32005, "message": "query exceeds the limit"}
        return jsonlib.dumps({"jsonrpc": "2.0", "id": asked[0]["id"], "error": error}).encode()


def test_update__by_a_node_that_refuses_long_ranges__has_all_or_names_the_gap(world: World) -> None:
    proxy = Proxy(world.chain.rpc)
    narrow = EventIndex(Chain(proxy.rpc, world.chain.manifest), world.home / "narrow")
    try:
        proxy.rule = Narrow(3, refused=world.chain.head() - 1)
        with pytest.raises(
            ChainError, match=f"returned no logs for block {world.chain.head() - 1}: .*exceeds the limit"
        ):
            narrow.update()
        proxy.rule = Narrow(3)
        narrow.update()
    finally:
        proxy.close()
    assert narrow.counts() == counted(world.on_chain())


def test_update__in_many_small_steps__ends_in_the_rows_of_a_rebuild(world: World) -> None:
    for amount in range(1, 10):
        world.mint(amount)
        world.index.update()
    account = bytes.fromhex(world.sender.account.address[2:])
    grown = world.index.of_account(account)
    assert world.index.rebuild().added > 0
    assert world.index.of_account(account) == grown


def test_index__on_the_command_line__tells_of_an_account(world: World) -> None:
    shown = world.carbonbook("index", "--account", world.sender.account.address)
    assert shown["head"] == world.chain.head()
    assert [entry["event"] for entry in shown["entries"]] == [
        each[4] for each in world.of_account(world.sender.account.address)
    ]
    refused = world.carbonbook.run("index", "--account", "0x12")
    assert (refused.returncode, "'0x12' is not an account" in refused.stderr) == (3, True)
