"""The outbox on hardhat's node: it replaces by a tenth more, keeps no queue while it mines at once, and has words of its own."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.deliver import Verdict, deliver
from oracle.edge.chain.fees import Fees
from oracle.edge.chain.follow import attempt_of
from oracle.edge.chain.manifest import Manifest
from oracle.edge.chain.outbox import Outbox
from oracle.edge.chain.sender import Sent
from oracle.edge.store import outbox as rows
from oracle.edge.store.database import Database
from oracle.model.errors import ChainError, ConfigError, NotMined, OutOfGasMoney
from oracle.sandbox import local
from tests.e2e.cli import free_port
from tests.faults.bare import PACE, SOMEBODY, Bare, calls, genesis
from tests.services import until

HASTY = replace(PACE, wait_seconds=0.5)
# In a process of its own, as `carbonbook up` does: the node outlives whoever starts it.
_START = """
import sys, time
from pathlib import Path
from oracle.sandbox.local import start
start(Path(sys.argv[1]), "hardhat", int(sys.argv[2]), int(time.time()))
"""


def _started(folder: Path) -> local.Process:
    subprocess.run([sys.executable, "-c", _START, str(folder), str(free_port())], check=True)
    process = local.running(folder)
    assert process is not None
    return process


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bare]:
    """A chain and an outbox; it mines at once."""
    process = _started(tmp_path)
    manifest = Manifest(tmp_path / "none", local.CHAIN_ID, genesis(process.rpc), {}, {}, {}, {}, {})
    chain = Chain(process.rpc, manifest, (), 5)
    database = Database(tmp_path / "book.sqlite")
    yield Bare(chain, database, Outbox(chain, local.local_account(0), database, PACE), process.pid)
    database.close()
    local.stop(tmp_path)


def _waits(here: Bare, *names: str) -> None:
    """Sends calls that no block takes yet."""
    here.rpc("evm_setAutomine", False)
    with pytest.raises(NotMined):
        here.again(HASTY).send_all(calls(*names))


def _attempts(here: Bare, row: int) -> list[rows.Attempt]:
    with here.database.reading() as connection:
        return rows.attempts_of(connection, row)


def test_mined_at_once__many_calls__keep_their_order_and_nonces(here: Bare) -> None:
    """It works on a batch in any order, and refuses what comes before its predecessor."""
    names = [f"call {number}" for number in range(40)]
    outcomes = here.again(replace(PACE, window=40)).send_all(calls(*names))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert here.rows("act, nonce, status") == [(name, nonce, 1) for nonce, name in enumerate(names)]


def test_mined_in_intervals__many_calls__are_mined(here: Bare) -> None:
    here.rpc("evm_setAutomine", False)
    here.rpc("evm_setIntervalMining", 100)
    outcomes = here.outbox.send_all(calls(*(f"call {number}" for number in range(40))))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert here.nonce() == 40


def test_known_transaction__sent_again__is_there(here: Bare) -> None:
    _waits(here, "a")
    (attempt,) = _attempts(here, 1)
    answer = here.chain.batch("eth_sendRawTransaction", [["0x" + attempt.raw.hex()]])[0]
    assert answer["error"]["code"] == -32000
    assert "Known transaction" in answer["error"]["message"]
    assert deliver(here.chain, here.database, [attempt])[1].verdict is Verdict.HERE
    here.rpc("evm_mine")
    assert deliver(here.chain, here.database, [attempt])[1].verdict is Verdict.HERE  # its nonce is used
    assert here.again().reconcile().mined == 1


def test_replacement__that_offers_too_little_more__is_seen_and_offered_twice_as_much(here: Bare) -> None:
    """As with a node that asks for more than an eighth."""
    _waits(here, "a")
    (first,) = _attempts(here, 1)
    with here.database.begin() as connection:
        low = attempt_of(here.outbox, 1, _call("a"), 0, Fees(first.fee_cap + 1, first.tip + 1), 2)
        rows.add_attempts(connection, [low])
    delivered = deliver(here.chain, here.database, [low])[1]
    assert delivered.verdict is Verdict.SHORT
    assert "underpriced" in delivered.said
    follower = here.outbox._follower
    follower.broadcast([low])
    assert here.rows("state, reason") == [("sent", None)]
    until(lambda: here.outbox.reconcile().raised == 1)
    assert _attempts(here, 1)[-1].fee_cap >= 2 * low.fee_cap
    here.rpc("evm_mine")
    assert here.outbox.reconcile().mined == 1
    assert here.rows("hash, nonce, state") == [(_attempts(here, 1)[-1].hash, 0, "mined")]


def test_blocks_pass_by__the_replacement_is_taken_at_the_first_try(here: Bare) -> None:
    _waits(here, "a")
    (first,) = _attempts(here, 1)
    here.rpc("hardhat_setNextBlockBaseFeePerGas", hex(first.fee_cap * 3))
    here.rpc("evm_mine")
    outbox = here.again()
    until(lambda: outbox.reconcile().raised > 0)
    here.rpc("evm_mine")
    until(lambda: outbox.reconcile().mined == 1 or here.rows("state") == [("mined",)])
    assert here.nonce() == 1
    assert not outbox._follower._memory.short


def test_below_the_base_fee__is_queued_there__and_raised(here: Bare) -> None:
    here.rpc("evm_setAutomine", False)
    here.rpc("hardhat_setNextBlockBaseFeePerGas", hex(10**12))
    low = here.outbox
    with here.database.begin() as connection:
        planned = {"sender": low.account.address, "act": "a", "to": SOMEBODY, "data": b"a", "gas": 100_000}
        (row,) = rows.add_planned(connection, [planned | {"state": rows.PLANNED, "planned_at": 0}])
        attempt = attempt_of(low, row, _call("a"), 0, Fees(10**9, 10**9), 1)
        rows.add_attempts(connection, [attempt])
        rows.set_nonces(connection, {row: 0})
    assert here.again().reconcile().raised == 1
    here.rpc("evm_mine")
    assert here.again().reconcile().mined == 1
    assert here.rows("nonce, state") == [(0, "mined")]


def test_above_the_blocks_gas__its_nonce_is_filled_and_the_next_ones_go_on(here: Bare) -> None:
    here.rpc("evm_setBlockGasLimit", hex(30_000_000))
    outcomes = here.outbox.send_all(calls("huge", gas=90_000_000) + calls("b"))
    assert isinstance(outcomes[0], ChainError)
    assert isinstance(outcomes[1], Sent)


def test_gas_money__too_little__sends_nothing(here: Bare) -> None:
    here.rpc("hardhat_setBalance", here.outbox.account.address, "0x1")
    with pytest.raises(OutOfGasMoney):
        here.outbox.send_all(calls("a"))
    assert here.rows("id") == []


def test_dropped_from_the_pool__is_sent_again_with_the_same_bytes(here: Bare) -> None:
    _waits(here, "a")
    (attempt,) = _attempts(here, 1)
    here.rpc("hardhat_dropTransaction", attempt.hash)
    assert here.again().reconcile().resent == 1
    here.rpc("evm_mine")
    assert here.again().reconcile().mined == 1
    assert here.rows("hash, nonce") == [(attempt.hash, 0)]


def test_node__that_was_stopped__is_not_started_on_an_empty_chain(tmp_path: Path) -> None:
    process = _started(tmp_path)
    assert local.stop(tmp_path)
    with pytest.raises(ConfigError, match=r"kept the chain in .* in memory, and it ended"):
        local.start(tmp_path, "hardhat", process.port, 0)


def test_node__reads_and_writes_nothing_of_its_users_settings(tmp_path: Path) -> None:
    process = _started(tmp_path)
    environment = Path(f"/proc/{process.pid}/environ").read_bytes().decode().split("\0")
    local.stop(tmp_path)
    homes = {line.split("=")[0]: line.split("=")[1] for line in environment if line.startswith("XDG_")}
    assert all(Path(homes[f"XDG_{kind}_HOME"]).is_relative_to(tmp_path) for kind in ("CONFIG", "DATA", "CACHE"))
    assert "HARDHAT_DISABLE_TELEMETRY_PROMPT=true" in environment
    assert not list(tmp_path.rglob("telemetry-consent.json"))
    assert not list(tmp_path.rglob("*solc*"))


def _call(name: str) -> Call:
    return calls(name)[0]


@pytest.mark.parametrize("seed", range(5))
def test_mined_at_once__a_batch_in_any_order__is_handed_over_at_the_first_look(here: Bare, seed: int) -> None:
    """What was refused for its predecessor's sake may be next in turn by the time the chain is asked why."""
    here.rpc("evm_setAutomine", False)
    with pytest.raises(NotMined):
        here.again(replace(PACE, wait_seconds=0.5, window=64)).send_all(
            calls(*(f"call {number}" for number in range(32)))
        )
    made = [_attempts(here, row)[0] for row in range(1, 33)]
    for attempt in made:
        here.rpc("hardhat_dropTransaction", attempt.hash)
    here.rpc("evm_setAutomine", True)
    shuffled = random.Random(seed).sample(made, len(made))
    node = here.chain.batch("eth_sendRawTransaction", [["0x" + attempt.raw.hex()] for attempt in shuffled])
    assert any("error" in answer for answer in node)
    found = deliver(here.chain, here.database, made)
    assert {each.verdict for each in found.values()} == {Verdict.HERE}
    assert here.nonce() == 32
