"""The outbox on a real chain: rows before acts, nonces kept, and every way a transaction can go astray."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from oracle.edge.chain.call import Call
from oracle.edge.chain.fees import Fees, fees_now
from oracle.edge.chain.sender import Sender, Sent
from oracle.edge.store import outbox as rows
from oracle.edge.store.lock import exclusive
from oracle.model.errors import Busy, ChainError, ChainUnreachable, NotMined, OutOfGasMoney, RolledBack
from oracle.sandbox.local import local_account
from tests.faults.bare import PACE, SOMEBODY, Bare, bare, calls

HASTY = replace(PACE, wait_seconds=0.5)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Bare]:
    """A chain and an outbox."""
    with bare(tmp_path) as made:
        yield made


def test_send_all__many_calls__have_consecutive_nonces_and_are_mined(here: Bare) -> None:
    names = [f"call {number}" for number in range(20)]
    outcomes = here.outbox.send_all(calls(*names))
    assert all(isinstance(outcome, Sent) for outcome in outcomes)
    assert here.rows("act, nonce, status") == [(name, nonce, 1) for nonce, name in enumerate(names)]
    assert here.nonce() == 20


def test_send_all__a_window_at_a_time__never_has_more_in_flight(here: Bare) -> None:
    here.rpc("evm_setAutomine", False)
    with pytest.raises(NotMined, match="4 of 4 transactions are still pending"):
        here.again(HASTY).send_all(calls(*(f"call {number}" for number in range(20))))
    assert len(here.rows("id")) == PACE.window


def test_not_mined_in_time__asked_again__adopts_the_same_transactions(here: Bare) -> None:
    here.rpc("evm_setAutomine", False)
    for _ in range(3):
        with pytest.raises(NotMined):
            here.again(HASTY).send_all(calls("a", "b"))
    assert here.rows("act, nonce, state") == [("a", 0, "sent"), ("b", 1, "sent")]
    here.rpc("evm_setAutomine", True)
    here.rpc("evm_mine")
    assert here.again().reconcile().mined == 2
    assert here.nonce() == 2


def test_dropped_from_the_pool__is_sent_again_with_the_same_bytes(here: Bare) -> None:
    here.rpc("evm_setAutomine", False)
    with pytest.raises(NotMined):
        here.again(HASTY).send_all(calls("a", "b"))
    before = here.pool()
    assert len(before) == 2
    for hash_ in before:
        here.rpc("anvil_dropTransaction", hash_)
    assert here.pool() == []
    here.again().reconcile()
    assert here.pool() == before


def test_signed_and_never_sent__the_next_process_sends_the_same_bytes(here: Bare) -> None:
    """As a kill between signing and sending leaves it."""
    here.rpc("evm_setAutomine", False)
    with pytest.raises(NotMined):
        here.again(HASTY).send_all(calls("a"))
    with here.database.begin() as connection:
        rows.set_state(connection, [1], rows.SIGNED)
        (attempt,) = rows.attempts_of(connection, 1)
    here.rpc("anvil_dropTransaction", attempt.hash)
    here.rpc("evm_setAutomine", True)
    found = here.again().reconcile()
    assert (found.resent, found.mined) == (1, 1)
    assert here.rows("hash, state, nonce") == [(attempt.hash, "mined", 0)]


def test_planned_and_never_signed__is_undone_and_takes_no_nonce(here: Bare) -> None:
    planned = {"sender": here.outbox.account.address, "act": "a", "to": SOMEBODY, "data": b"a", "gas": 30_000}
    with here.database.begin() as connection:
        rows.add_planned(connection, [planned | {"state": rows.PLANNED, "planned_at": 0}])
    here.outbox.send_all(calls("a"))
    assert here.rows("state, nonce") == [("undone", None), ("mined", 0)]


@pytest.mark.parametrize("depth", range(1, 6))
def test_reorganisation__of_any_depth_to_finality__is_healed(here: Bare, depth: int) -> None:
    here.outbox.send_all(calls("a"))
    for _ in range(depth - 1):
        here.rpc("evm_mine")
    here.rpc("anvil_reorg", depth, [])
    assert here.nonce() == 0
    found = here.again().reconcile()
    assert found.reorganised == 1
    assert here.nonce() == 1
    assert here.rows("nonce, block_hash") == [(0, here.chain.block_hash(here.chain.head()))]


def test_reorganisation__of_blocks_with_several_transactions__keeps_every_nonce(here: Bare) -> None:
    for name in "abcd":
        here.outbox.send_all(calls(name))
    before = here.rows("act, nonce")
    here.rpc("anvil_reorg", 3, [])
    here.again().reconcile()
    assert here.rows("act, nonce") == before
    assert here.nonce() == 4


def test_confirmed__by_depth__and_its_bytes_are_dropped(here: Bare) -> None:
    here.outbox.send_all(calls("a"))
    here.rpc("anvil_mine", PACE.finality - 1)
    assert here.outbox.reconcile().confirmed == 0
    here.rpc("evm_mine")
    assert here.outbox.reconcile().confirmed == 1
    assert here.rows("state, length(data)") == [("confirmed", 0)]


def test_roll_back_past_finality__stops_everything_until_accepted(here: Bare) -> None:
    snapshot = here.rpc("evm_snapshot")
    here.outbox.send_all(calls("a"))
    here.rpc("anvil_mine", PACE.finality + 3)
    here.outbox.reconcile()
    here.rpc("evm_revert", snapshot)
    with pytest.raises(RolledBack, match=r"Block \d+ was final as 0x[0-9a-f]{64}; .* no such block"):
        here.again().send_all(calls("b"))
    with pytest.raises(RolledBack):
        here.again().reconcile()
    assert here.nonce() == 0
    assert here.pool() == []
    assert here.again().accept_rollback() == 1
    here.again().send_all(calls("a", "b"))
    assert here.rows("act, state, nonce") == [("a", "undone", None), ("a", "mined", 0), ("b", "mined", 1)]


def test_another_transaction_takes_the_nonce__the_call_is_planned_anew(here: Bare) -> None:
    """A second installation with the same key."""
    here.rpc("evm_setAutomine", False)
    with pytest.raises(NotMined):
        here.again(HASTY).send_all(calls("a"))
    for hash_ in here.pool():
        here.rpc("anvil_dropTransaction", hash_)
    here.rpc("evm_setAutomine", True)
    Sender(here.chain, local_account(0)).send(Call(SOMEBODY, "0xffff", "nonsense"))
    assert isinstance(here.again().send_all(calls("a"))[0], Sent)
    here.again().reconcile()
    here.again().reconcile()
    assert here.rows("state, nonce, reason")[0] == ("replaced", None, "another transaction used its nonce")
    assert here.rows("state, nonce")[-1] == ("mined", 1)


def test_base_fee_above_the_offer__is_raised_by_an_eighth_under_the_same_nonce(here: Bare) -> None:
    here.rpc("evm_setAutomine", False)
    with pytest.raises(NotMined):
        here.again(HASTY).send_all(calls("a"))
    with here.database.reading() as connection:
        (first,) = rows.attempts_of(connection, 1)
    here.rpc("anvil_setNextBlockBaseFeePerGas", hex(first.fee_cap * 3))
    waiting = here.again()
    waiting.reconcile()
    here.rpc("evm_setAutomine", True)
    here.rpc("evm_mine")
    waiting.reconcile()
    with here.database.reading() as connection:
        made = rows.attempts_of(connection, 1)
    assert 2 <= len(made) <= 6
    assert all(8 * later.fee_cap >= 9 * sooner.fee_cap for sooner, later in pairwise(made))
    assert here.rows("nonce, state") == [(0, "mined")]


def test_blocks_that_pass_by__raise_the_first_transaction(here: Bare) -> None:
    here.rpc("evm_setAutomine", False)
    outbox = here.again(HASTY)
    with pytest.raises(NotMined):
        outbox.send_all(calls("a", "b", "c"))
    here.rpc("evm_setBlockGasLimit", "0x7530")  # 30,000: none of them fits
    here.rpc("anvil_mine", "0x2")
    deadline = time.monotonic() + 10
    while not outbox.reconcile().raised:
        assert time.monotonic() < deadline
    with here.database.reading() as connection:
        first, *others = (len(rows.attempts_of(connection, row)) for row in (1, 2, 3))
    assert first > 1
    assert others == [1, 1]
    here.rpc("evm_setBlockGasLimit", "0x1c9c380")
    here.rpc("evm_mine")
    assert outbox.reconcile().mined == 3


@pytest.mark.parametrize("cap", [1, 7, 8, 1_000_000_007])
def test_raised_fees__are_an_eighth_more_rounded_up(cap: int) -> None:
    raised = Fees(cap, cap).raised(Fees(0, 0))
    assert 8 * raised.cap >= 9 * cap
    assert raised.tip is not None
    assert 8 * raised.tip >= 9 * cap


def test_raised_fees__when_the_chain_asks_more__are_what_it_asks() -> None:
    assert Fees(100, 10).raised(Fees(400, 20)) == Fees(400, 20)
    assert Fees(100, None).raised(Fees(400, None)) == Fees(400, None)


def test_no_node_takes_it__its_nonce_is_filled_and_the_next_ones_go_on(here: Bare) -> None:
    """A gas limit above the block's can never be mined."""
    here.rpc("evm_setBlockGasLimit", hex(30_000_000))
    outcomes = here.outbox.send_all(calls("huge", gas=90_000_000) + calls("b"))
    assert isinstance(outcomes[0], ChainError)
    assert isinstance(outcomes[1], Sent)
    assert here.nonce() == len([state for (state,) in here.rows("state") if state == "mined"])


def test_gas_money__too_little__sends_nothing_and_says_so(here: Bare) -> None:
    here.rpc("anvil_setBalance", here.outbox.account.address, "0x1")
    with pytest.raises(OutOfGasMoney, match=rf"{here.outbox.account.address} has 1 wei and may need \d+"):
        here.outbox.send_all(calls("a"))
    assert here.rows("id") == []
    here.rpc("anvil_setBalance", here.outbox.account.address, hex(10**20))
    assert isinstance(here.outbox.send_all(calls("a"))[0], Sent)


def test_gas_money__for_less_than_what_is_on_its_way_too__sends_no_more(here: Bare) -> None:
    """The last block's balance knows nothing of the half of a window that waits."""
    here.rpc("evm_setAutomine", False)
    each = 100_000 * fees_now(here.chain).cap
    here.rpc("anvil_setBalance", here.outbox.account.address, hex(6 * each))
    with pytest.raises(
        OutOfGasMoney, match=f"has {6 * each} wei and may need {8 * each} for new and pending transactions"
    ):
        here.outbox.send_all(calls(*(f"call {number}" for number in range(8))))
    assert here.rows("nonce, state") == [(nonce, "sent") for nonce in range(4)]
    here.rpc("evm_mine")
    assert here.again().reconcile().mined == 4


def test_follower__of_what_is_mined__remembers_nothing(here: Bare) -> None:
    """A service runs for years."""
    told = [replace(call, told_by=(SOMEBODY, ("0x" + 64 * "0",))) for call in calls("a", "b")]
    here.outbox.send_all(told)
    follower = here.outbox._follower
    assert (follower.told_by, vars(follower._memory)) == ({}, {"sent": {}, "taken": {}, "refused": {}, "short": set()})


def test_node_hangs__the_command_ends_within_its_time_and_loses_nothing(tmp_path: Path) -> None:
    with bare(tmp_path, timeout_seconds=1) as here:
        here.rpc("evm_setAutomine", False)
        with pytest.raises(NotMined):
            here.again(HASTY).send_all(calls("a"))
        here.stop_answering()
        began, busy = time.monotonic(), time.process_time()
        with pytest.raises(ChainUnreachable, match="No answer from the chain"):
            here.again().send_all(calls("a"))
        assert time.monotonic() - began < 10
        assert time.process_time() - busy < 2
        here.answer()
        here.rpc("evm_setAutomine", True)
        here.rpc("evm_mine")
        here.again().reconcile()
        assert here.rows("nonce, state") == [(0, "mined")]


@pytest.mark.parametrize("options", [("--hardfork", "berlin", "--gas-price", "0"), ("--hardfork", "berlin")])
def test_chain_without_base_fee__legacy_transactions_zero_price_too(tmp_path: Path, options: tuple[str, ...]) -> None:
    with bare(tmp_path, *options) as here:
        if "0" in options:
            here.rpc("anvil_setBalance", here.outbox.account.address, "0x0")
        here.outbox.send_all(calls("a", "b"))
        sent = [here.rpc("eth_getTransactionByHash", hash_) for (hash_,) in here.rows("hash")]
        assert [item["type"] for item in sent] == ["0x0", "0x0"]
        assert {int(item["gasPrice"], 16) for item in sent} == (
            {0} if "0" in options else {int(sent[0]["gasPrice"], 16)}
        )


def test_chain_stands_still__zero_price__nothing_is_raised_or_lost(tmp_path: Path) -> None:
    """More than a third of the validators are down: the queue grows, and goes on when they are back."""
    with bare(tmp_path, "--hardfork", "berlin", "--gas-price", "0") as here:
        here.rpc("evm_setAutomine", False)
        for name in "abc":
            with pytest.raises(NotMined):
                here.again(HASTY).send_all(calls(name))
        assert here.rows("nonce, state") == [(0, "sent"), (1, "sent"), (2, "sent")]
        here.rpc("evm_setAutomine", True)
        here.rpc("evm_mine")
        here.again().reconcile()
        assert here.rows("nonce, state") == [(0, "mined"), (1, "mined"), (2, "mined")]


def test_two_outboxes__at_once__wait_for_each_other_and_leave_no_gap(here: Bare) -> None:
    def send(first: int) -> None:
        here.again().send_all(calls(*(f"call {first + number}" for number in range(10))))

    threads = [threading.Thread(target=send, args=(first,)) for first in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [nonce for (nonce,) in here.rows("nonce")] == list(range(20))
    assert here.nonce() == 20


def test_lock__held_by_another__is_refused_in_time_with_the_holder(here: Bare) -> None:
    name = f"sender-{here.outbox.account.address.lower()}"
    with exclusive(here.database, name, 0), pytest.raises(Busy, match="holds the lock 'sender-0x"):
        here.again(replace(PACE, lock_seconds=0.2)).send_all(calls("a"))
    assert isinstance(here.outbox.send_all(calls("a"))[0], Sent)
