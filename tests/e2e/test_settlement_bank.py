"""One payout on chain, one run, one payment at the bank: whatever was cancelled, refunded, paid by others, or lost with the database."""

from __future__ import annotations

import re
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select

from oracle.edge.store.runs import payouts_of, run_named
from oracle.edge.store.schema import bank_payments
from oracle.model.errors import StoreError
from tests.e2e.cli import CHAIN, Carbonbook
from tests.e2e.till import MERCHANTS, Till

PROPOSER, APPROVER = ("--key", "authority-1"), ("--key", "authority-2")
UNITS_PER_MILLI = 50
BANK = """
[settlement.bank]
name = "Carbon Ltd"
account = "DE89370400440532013000"
code = "COBADEFFXXX"
currency = "EUR"
"""
BANKS = """merchant,name,bank_account,bank_code
merchant-1,Bakery,DE89370400440532013000,COBADEFFXXX
merchant-2,Tea House,DE75512108001245126199,SOGEDEFFXXX
merchant-3,Books,DE75512108001245126199,SOGEDEFFXXX
"""


class Office:
    """The settlement runs of a town whose citizens have points, one day after the other."""

    def __init__(self, till: Till):
        self.till = till
        self.carbonbook = till.carbonbook

    def order(self, **points: str) -> str:
        """Orders of so many points at merchants (`one`, `two`, `three`), final by the time this returns; their day."""
        day = datetime.fromtimestamp(self.carbonbook("clock")["seconds"], UTC).date().isoformat()
        merchants = dict(zip(("one", "two", "three"), MERCHANTS, strict=True))
        account = max(self.till.in_custody(), key=self.till.balance)
        rows = [(account, merchants[name], f"{day}-{name}", amount) for name, amount in points.items()]
        assert self.till.buy(rows)["refused"] == []
        self.carbonbook("clock", "--advance", "9")
        return day

    def approved(self, day: str) -> str:
        """A run for a day that two persons signed."""
        name = str(self.carbonbook("settle", "propose", "--period", day, *PROPOSER)["run"])
        self.carbonbook("settle", "approve", name, *APPROVER)
        return name

    def sent(self, day: str) -> str:
        """A run for a day, sent."""
        name = self.approved(day)
        self.carbonbook("settle", "send", name)
        return name

    def state(self, name: str) -> str:
        """Where a run stands, by the list."""
        return next(str(run["state"]) for run in self.carbonbook("settle", "list")["runs"] if run["run"] == name)

    def items(self, name: str) -> dict[str, Any]:
        """A run's payouts by merchant."""
        return {item["merchant"]: item for item in self.carbonbook("settle", "show", name)["payouts"]}

    def file(self, name: str) -> str:
        """A run's bank file."""
        path = self.till.folder / f"{name}.xml"
        self.carbonbook("settle", "file", name, "--out", path)
        return path.read_text()

    def no_file(self, name: str) -> str:
        """Why a run has no bank file."""
        path = self.till.folder / f"{name}.none.xml"
        done = self.carbonbook.run("settle", "file", name, "--out", path)
        assert (done.returncode, path.exists()) == (12, False), done
        return done.stderr

    def keep(self) -> Path:
        """A copy of the database."""
        path = self.till.folder / "kept.sqlite"
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(self.till.home / "book.sqlite")) as book, closing(sqlite3.connect(path)) as copy:
            book.backup(copy)
        return path

    def put_back(self, kept: Path) -> None:
        """Brings it back."""
        for path in self.till.home.glob("book.sqlite*"):
            path.unlink()
        shutil.copy(kept, self.till.home / "book.sqlite")


def amounts(file: str) -> list[str]:
    """What a bank file pays."""
    return re.findall(r"<InstdAmt[^>]*>([^<]*)<", file)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """A town with a bank."""
    till = Till(tmp_path_factory.mktemp("till"), citizens=16)
    till.open()
    config = till.home / "config.toml"
    config.write_text(config.read_text() + BANK)
    banks = till.folder / "banks.csv"
    banks.write_text(BANKS)
    till.carbonbook("merchant", "set", banks)
    yield Office(till)
    till.close()


def test_a_cancelled_run__whose_successor_paid__stays_cancelled_and_has_no_file(office: Office) -> None:
    day = office.order(one="2", two="1")
    first = office.approved(day)
    office.carbonbook("settle", "cancel", first)
    second = office.sent(day)
    assert sorted(amounts(office.file(second))) == ["0.05", "0.10"]
    assert "is cancelled. A bank file needs payouts that are confirmed" in office.no_file(first)
    assert (office.state(first), office.state(second)) == ("cancelled", "confirmed")
    assert office.carbonbook("reconcile")["differences"] == 0


def test_a_refund_between_approval_and_sending__moves_one_merchant_to_the_next_run(
    office: Office,
) -> None:
    day = office.order(one="2", two="2")
    first = office.approved(day)
    office.carbonbook("refund", f"{day}-two", "--key", "merchant-2", "--points", "1")
    office.carbonbook("settle", "send", first)
    second = office.sent(day)
    one, two = office.till.address("merchant-1"), office.till.address("merchant-2")
    assert {merchant: item["state"] for merchant, item in office.items(first).items()} == {one: "paid", two: "changed"}
    assert {merchant: item["state"] for merchant, item in office.items(second).items()} == {two: "paid"}
    assert (amounts(office.file(first)), amounts(office.file(second))) == (["0.10"], ["0.05"])
    assert office.carbonbook("reconcile")["differences"] == 0


def test_a_run__that_paid_nothing__is_never_confirmed(office: Office) -> None:
    day = office.order(three="2")
    first = office.approved(day)
    office.carbonbook("refund", f"{day}-three", "--key", "merchant-3", "--points", "1")
    assert office.carbonbook("settle", "send", first)["state"] == "lapsed"
    assert "is lapsed" in office.no_file(first)
    second = office.sent(day)
    assert (office.state(first), amounts(office.file(second))) == ("lapsed", ["0.05"])


def test_a_payout__that_somebody_else_made__goes_to_a_run_that_two_persons_sign(office: Office) -> None:
    day = office.order(one="3")
    asked = office.approved(day)
    number = office.items(asked)[office.till.address("merchant-1")]
    first_day = office.carbonbook("settle", "show", asked)
    assert number["state"] == "waiting"
    vault_days = _day_number(first_day["from"])
    office.till.send(
        "merchant-2", "SettlementVault", "settle", office.till.address("merchant-1"), vault_days, vault_days
    )
    other = office.order(two="3")
    other_day = _day_number(other)
    office.till.send("merchant-1", "SettlementVault", "settle", office.till.address("merchant-2"), other_day, other_day)
    assert office.carbonbook("settle", "send", asked)["state"] == "lapsed"
    told = office.carbonbook.run("reconcile")
    assert (told.returncode, '"differences": 3' in told.stdout) == (8, True), told.stdout
    found = {item["merchant"]: item for item in office.carbonbook("rebuild")["payouts_found"]}
    assert found[office.till.address("merchant-1")]["run"] == asked
    assert amounts(office.file(asked)) == ["0.15"]
    name = found[office.till.address("merchant-2")]["run"]
    assert (name, office.state(name)) == (f"{other}.1", "found")
    assert "is found" in office.no_file(name)
    assert office.carbonbook("settle", "approve", name, *PROPOSER)["state"] == "proposed"
    same = office.carbonbook.run("settle", "approve", name, *PROPOSER)
    assert (same.returncode, "another person must approve it" in same.stderr) == (12, True)
    refused = office.carbonbook.run("settle", "cancel", name)
    assert (refused.returncode, "cannot be cancelled: part of it was paid" in refused.stderr) == (12, True)
    assert office.carbonbook("settle", "approve", name, *APPROVER)["state"] == "confirmed"
    assert amounts(office.file(name)) == ["0.15"]
    assert office.carbonbook("rebuild")["payouts_found"] == []
    assert office.carbonbook("reconcile")["differences"] == 0


def test_a_restored_book__finds_the_payouts_of_the_lost_run(
    office: Office,
) -> None:
    day = office.order(one="2", two="2")
    kept = office.keep()
    lost = office.sent(day)
    before = office.file(lost)
    office.put_back(kept)
    told = office.carbonbook.run("reconcile")
    assert (told.returncode, '"differences": 3' in told.stdout) == (8, True), told.stdout
    found = office.carbonbook("rebuild")["payouts_found"]
    assert {(item["run"], item["amount"]) for item in found} == {(lost, 2_000 * UNITS_PER_MILLI)}
    for key in (PROPOSER, APPROVER):
        office.carbonbook("settle", "approve", lost, *key)
    again = office.file(lost)
    assert sorted(amounts(again)) == ["0.10", "0.10"]
    identifiers = [re.findall(r"<(?:MsgId|EndToEndId)>([^<]*)<", text) for text in (before, again)]
    assert identifiers[0] == identifiers[1]
    assert office.carbonbook("settle", "propose", "--period", day, *PROPOSER)["run"] is None
    assert office.carbonbook("reconcile")["differences"] == 0


def test_a_restored_book__with_the_approved_run__gives_it_its_payouts(office: Office) -> None:
    day = office.order(one="2", two="2")
    run = office.approved(day)
    kept = office.keep()
    office.carbonbook("settle", "send", run)
    before = office.file(run)
    office.put_back(kept)
    assert {item["run"] for item in office.carbonbook("rebuild")["payouts_found"]} == {run}
    assert office.state(run) == "confirmed"
    assert office.file(run) == before


def test_settle_file__after_the_merchants_bank_changed__is_as_it_was_made(office: Office) -> None:
    run = office.sent(office.order(two="2"))
    before = office.file(run)
    moved = office.till.folder / "moved.csv"
    moved.write_text(
        "merchant,name,bank_account,bank_code\nmerchant-2,Other,DE89 3704 0044 0532 0130 00,\nnobody,X,1,1\n"
    )
    done = office.carbonbook.run("merchant", "set", moved)
    assert (done.returncode, "moved.csv, row 2" in done.stderr) == (3, True), done.stderr
    assert office.file(run) == before
    assert "<IBAN>DE89370400440532013000</IBAN>" in office.file(office.sent(office.order(two="2")))


def test_returned_transfer__is_paid_again_once_under_new_identifiers(office: Office) -> None:
    run = office.sent(office.order(one="2", two="2"))
    identifiers = re.findall(r"<EndToEndId>([^<]*)<", office.file(run))
    told = office.till.folder / "camt054.xml"
    told.write_text(_sent_back(identifiers[0], "0.10", "AC04"))
    for _ in range(2):  # a bank may send a message twice
        (back,) = office.carbonbook("settle", "returned", told)["transfers"]
        assert (back["run"], back["attempt"], back["minor"], back["returned"]) == (run, 0, 10, "AC04")
    again = office.till.folder / "again.xml"
    words = ("settle", "again", run, "--who", "Li Na: by phone", "--out", again)
    office.carbonbook(*words)
    assert amounts(again.read_text()) == ["0.10"]
    fresh = re.findall(r"<(?:MsgId|EndToEndId)>([^<]*)<", again.read_text())
    assert set(fresh).isdisjoint(re.findall(r"<(?:MsgId|EndToEndId)>([^<]*)<", office.file(run)))
    refused = office.carbonbook.run(*words)
    assert (refused.returncode, "waits to be paid again" in refused.stderr) == (12, True), refused.stderr
    told.write_text(_sent_back(identifiers[0], "0.11", "AC04"))
    wrong = office.carbonbook.run("settle", "returned", told)
    assert (wrong.returncode, "the bank says 0.11, the file says 0.10" in wrong.stdout) == (8, True), wrong.stdout


def test_booked_transfers__are_compared_with_what_was_told(office: Office) -> None:
    run = office.sent(office.order(one="2"))
    message = re.findall(r"<MsgId>([^<]*)<", office.file(run))[0]
    statement = office.till.folder / "camt053.xml"
    statement.write_text(_statement(message, "0.10"))
    (paid,) = office.carbonbook("settle", "booked", statement)["transfers"]
    assert (paid["run"], paid["minor"], paid["booked"]) == (run, 10, "2023-02-06")
    statement.write_text(_statement(message, "0.20") + "<!-- changed -->")
    wrong = office.carbonbook.run("settle", "booked", statement)
    assert (wrong.returncode, "the bank says 0.20, the file says 0.10" in wrong.stdout) == (8, True), wrong.stdout


def test_settle_file__for_sepa__is_what_the_rulebook_asks(office: Office) -> None:
    config = office.till.home / "config.toml"
    config.write_text(config.read_text() + 'profile = "sepa"\n')
    assert "<ChrgBr>SLEV</ChrgBr>" in office.file(office.sent(office.order(one="2")))


def test_up__again__keeps_the_edited_settings(office: Office) -> None:
    config, port = office.till.home / "config.toml", office.till.here.settings.rpc.rpartition(":")[2]
    before = config.read_bytes()
    office.carbonbook("down")
    Carbonbook(office.till.home)("up", "--chain", CHAIN, "--port", port)
    assert config.read_bytes() == before
    assert office.carbonbook("reconcile")["differences"] == 0


def test_a_bank_payment__for_a_payout_that_has_one__is_refused_by_the_database(office: Office) -> None:
    day = office.order(one="2")
    name = office.sent(day)
    office.file(name)
    database = office.till.here.book.database
    with database.reading() as connection:
        (payout,) = payouts_of(run_named(connection, name)).values()
        other = connection.execute(select(bank_payments.c.run).where(bank_payments.c.run != name)).scalars().first()
    row = {"run": other, "merchant": "0x" + "11" * 20, "number": 99, "minor": "1", "carried": "0", "payout": payout}
    with pytest.raises(StoreError, match=r"bank_payments[._]payout"), database.begin() as connection:
        connection.execute(insert(bank_payments).values(row))


def _sent_back(identifier: str, amount: str, reason: str) -> str:
    details = (
        f'<TxDtls><Refs><EndToEndId>{identifier}</EndToEndId></Refs><Amt Ccy="EUR">{amount}</Amt>'
        f"<RtrInf><Rsn><Cd>{reason}</Cd></Rsn></RtrInf></TxDtls>"
    )
    entry = f"<Ntry><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls>{details}</NtryDtls></Ntry>"
    return f"<Document><BkToCstmrDbtCdtNtfctn><Ntfctn>{entry}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"


def _statement(message: str, amount: str) -> str:
    entry = (
        f'<Ntry><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>'
        f"<BookgDt><Dt>2023-02-06</Dt></BookgDt>"
        f"<NtryDtls><Btch><PmtInfId>{message}</PmtInfId></Btch></NtryDtls></Ntry>"
    )
    return f"<Document><BkToCstmrStmt><Stmt>{entry}</Stmt></BkToCstmrStmt></Document>"


def _day_number(day: str) -> int:
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()) // 86_400
