"""Settlement runs on a real chain with real processes: two persons, payments that fail, and death at every request."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import update

from oracle.edge.store.lock import exclusive
from oracle.edge.store.schema import settlement_items
from tests.e2e.cli import CARBONBOOK
from tests.e2e.proxy import AFTER, BEFORE, Wire
from tests.e2e.till import MERCHANTS, Till

UNITS_PER_MILLI = 50
PROPOSER, APPROVER = ("--key", "authority-1"), ("--key", "authority-2")


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """A town with orders of one day at each merchant, final by now."""
    opened = Till(tmp_path_factory.mktemp("till"))
    opened.open()
    yield opened
    opened.close()


def final_orders(till: Till, name: str, points: str = "0.5") -> None:
    """An order of half a point at each merchant, and the days until it is final."""
    till.buy_everywhere(name, points)
    till.carbonbook("clock", "--advance", "9")


def proposed(till: Till) -> str:
    """The name of a run over everything that is final."""
    return str(till.carbonbook("settle", "propose", *PROPOSER)["run"])


def evenly(first: int, last: int, count: int) -> list[int]:
    """So many numbers from `first` to below `last`, the ends among them."""
    return sorted({first + (last - 1 - first) * step // (count - 1) for step in range(count)})


def states(run: dict[str, object]) -> list[str]:
    payouts = run["payouts"]
    assert isinstance(payouts, list)
    return [payout["state"] for payout in payouts]


def test_a_run__proposed_shown_approved_and_sent__pays_each_merchant_what_was_signed(till: Till) -> None:
    final_orders(till, "plain")
    before = {merchant: till.paid(merchant) for merchant in MERCHANTS}
    run = till.carbonbook("settle", "propose", *PROPOSER)
    assert (run["state"], run["points_milli"], run["amount"]) == ("proposed", 1_500, 1_500 * UNITS_PER_MILLI)
    assert till.carbonbook("settle", "show", run["run"])["payouts"] == run["payouts"]
    assert till.carbonbook("settle", "approve", run["run"], *APPROVER)["state"] == "approved"
    sent = till.carbonbook("settle", "send", run["run"])
    assert (sent["state"], states(sent)) == ("confirmed", ["paid"] * 3)
    assert {merchant: till.paid(merchant) - before[merchant] for merchant in MERCHANTS} == dict.fromkeys(
        MERCHANTS, 500 * UNITS_PER_MILLI
    )
    again = till.carbonbook("settle", "send", run["run"])
    assert again == sent
    listed = till.carbonbook("settle", "list")["runs"][-1]
    assert (listed["run"], listed["paid"], listed["failed"]) == (run["run"], 3, 0)


def test_a_run__approved_by_its_proposer_or_by_a_stranger__cannot_be_sent(till: Till) -> None:
    final_orders(till, "one-person")
    run = proposed(till)
    for key, why in (("authority-1", "another person must approve it"), ("merchant-1", "is not a settlement officer")):
        refused = till.carbonbook.run("settle", "approve", run, "--key", key)
        assert (refused.returncode, why in refused.stderr) == (12, True), refused.stderr
    unsent = till.carbonbook.run("settle", "send", run)
    assert (unsent.returncode, "A second person must approve it before it is sent" in unsent.stderr) == (12, True), (
        unsent.stderr
    )
    stranger = till.carbonbook.run("settle", "propose", "--key", "merchant-1")
    assert (stranger.returncode, "is not a settlement officer" in stranger.stderr) == (12, True), stranger.stderr
    assert till.carbonbook("settle", "cancel", run)["state"] == "cancelled"
    assert till.carbonbook("settle")["failed"] == 0


def test_proposing_approving_cancelling__while_another_process_does__wait_for_it(till: Till) -> None:
    """Two who propose the same days at once would give both runs one name, and a merchant to both."""
    final_orders(till, "at-once")
    run = proposed(till)
    config = till.carbonbook.home / "config.toml"
    kept = config.read_text()
    config.write_text("lock_seconds = 0.2\n" + kept)
    with exclusive(till.here.book.database, "settlement-runs", 0):
        for words in (("propose", *PROPOSER), ("approve", run, *APPROVER), ("cancel", run)):
            refused = till.carbonbook.run("settle", *words)
            assert (refused.returncode, "holds the lock 'settlement-runs'" in refused.stderr) == (10, True), words
    config.write_text(kept)
    assert till.carbonbook("settle", "cancel", run)["state"] == "cancelled"
    assert till.carbonbook("settle")["failed"] == 0


def test_a_run__whose_rows_were_altered_after_it_was_signed__is_not_sent(till: Till) -> None:
    final_orders(till, "altered")
    run = proposed(till)
    till.carbonbook("settle", "approve", run, *APPROVER)
    with till.here.book.database.begin() as connection:
        table = settlement_items
        where = (table.c.run == run, table.c.merchant == till.address("merchant-1"))
        connection.execute(update(table).where(*where).values(payout=till.address("relayer")))
    refused = till.carbonbook.run("settle", "send", run)
    assert (refused.returncode, "changed after it was signed" in refused.stderr) == (7, True), refused.stderr
    assert till.carbonbook("settle", "cancel", run)["state"] == "cancelled"
    assert till.carbonbook("settle")["failed"] == 0


def test_a_payout__to_an_address_that_changed_after_approval__is_left_out_and_told(till: Till) -> None:
    final_orders(till, "payout")
    run = proposed(till)
    till.carbonbook("settle", "approve", run, *APPROVER)
    thief, merchant = till.address("merchant-2"), till.address("merchant-1")
    till.send("merchant-1", "OperatorRegistry", "setMerchantPayout", thief)
    sent = till.carbonbook("settle", "send", run)
    changed = next(item for item in sent["payouts"] if item["merchant"] == merchant)
    assert (changed["state"], changed["problem"]) == ("changed", f"payout: signed {merchant}, now {thief}")
    assert sorted(states(sent)) == ["changed", "paid", "paid"]
    till.send("merchant-1", "OperatorRegistry", "setMerchantPayout", merchant)
    assert [item["merchant"] for item in till.carbonbook("settle")["payments"]] == [merchant]


def test_a_payout__of_a_merchant_suspended_after_approval__fails_alone(till: Till) -> None:
    final_orders(till, "suspended")
    run = proposed(till)
    till.carbonbook("settle", "approve", run, *APPROVER)
    merchant, before = till.address("merchant-3"), till.paid("merchant-3")
    till.send("authority-1", "OperatorRegistry", "setMerchantStanding", merchant, 2, "complaint")
    sent = till.carbonbook("settle", "send", run)
    failed = next(item for item in sent["payouts"] if item["merchant"] == merchant)
    assert (sent["state"], failed["state"]) == ("sent", "failed")
    assert failed["problem"] == f"OperatorRegistry_MerchantNotActive(merchant={merchant}, standing=2)".replace(
        merchant, merchant.lower()
    )
    assert sorted(states(sent)) == ["failed", "paid", "paid"]
    assert till.paid("merchant-3") == before
    till.send("authority-1", "OperatorRegistry", "setMerchantStanding", merchant, 1, "settled")
    resent = till.carbonbook("settle", "send", run)
    assert (resent["state"], states(resent)) == ("confirmed", ["paid"] * 3), resent["payouts"]
    assert till.paid("merchant-3") == before + 500 * UNITS_PER_MILLI


def test_a_period__that_is_not_final__or_no_period__is_refused(till: Till) -> None:
    early = till.carbonbook.run("settle", "propose", "--period", "2099-01", *PROPOSER)
    assert (early.returncode, "can be settled" in early.stderr) == (3, True), early.stderr
    wrong = till.carbonbook.run("settle", "propose", "--period", "January", *PROPOSER)
    assert (wrong.returncode, "is not a day (2023-01-10), week" in wrong.stderr) == (3, True), wrong.stderr


def test_settle__killed_around_its_payment_and_all_along__pays_exactly_what_was_due(till: Till) -> None:
    """F38. Killed at one request of a run after the other, before or after it got through; what was left, the same command finishes."""
    wire = Wire(till.here.settings.rpc)
    command = [CARBONBOOK, "settle", "--home", str(till.home), "--json"]
    final_orders(till, "count", "0.1")
    before = {merchant: till.paid(merchant) for merchant in MERCHANTS}
    assert wire.run(command) == 0
    methods = list(wire.methods)
    (send,) = (number for number, method in enumerate(methods) if "eth_sendRawTransaction" in method)
    moments = [(send, BEFORE), (send, AFTER)]
    moments += [(number, AFTER) for number in evenly(send + 1, len(methods), 6)]
    moments += [(number, BEFORE) for number in evenly(0, send, 5)]
    for number, when in moments:
        final_orders(till, f"dead-{number}-{when}", "0.1")
        assert wire.run(command, (number, when)) == -9
        assert till.carbonbook("settle")["failed"] == 0
    wire.close()
    orders = len(moments) + 1
    assert {merchant: till.paid(merchant) - before[merchant] for merchant in MERCHANTS} == dict.fromkeys(
        MERCHANTS, orders * 100 * UNITS_PER_MILLI
    )
    assert {run["state"] for run in till.carbonbook("settle", "list")["runs"]} <= {"confirmed", "cancelled"}
    assert till.carbonbook("report", "reconciliation")["differences"] == 0
