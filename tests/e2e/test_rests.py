"""Rests, moves and closing on a real chain: what a day's cap cuts off comes later, credits follow a book that moved, reserve comes back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_keyfile import create_keyfile_json
from eth_utils.address import to_checksum_address

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.store.batches import all_batches
from oracle.installation import Installation
from oracle.ledger.credit.rests import rests_of
from oracle.measure.evidence.folder import read_entries
from oracle.model.ids import BatchId
from oracle.model.units import reduction_mg_down
from tests.e2e.cli import DATA, Carbonbook

TRIPS = "trip_id,rider,mode,start_time,end_time,trip_distance\n"
LOW_MG, HIGH_MG = 60_000, 10_000_000_000


class City:
    """Ten riders of one day, attested, with a low cap, one of whom moved to an own key before anything was credited."""

    def __init__(self, carbonbook: Carbonbook, folder: Path):
        self.carbonbook = carbonbook
        carbonbook("ingest", DATA / "szt_taps_100.json", "--source", "szt")
        carbonbook("close")
        carbonbook("attest")
        self.rider = max(self.asked(), key=self.asked().__getitem__)
        self.own = self._moved(folder)
        self.set_cap(LOW_MG)

    @property
    def here(self) -> Installation:
        return Installation.at(self.carbonbook.home)

    @property
    def batches(self) -> list[BatchId]:
        with self.here.book.database.reading() as connection:
            return [batch.batch for batch in all_batches(connection)]

    def asked(self) -> dict[str, int]:
        """What every account has in the batches, in milligrams."""
        sums: dict[str, int] = {}
        for batch in self.batches:
            folder = self.here.book.bundle_folder(batch)
            factor = int(json.loads((folder / "bundle.json").read_text())["factorUg"])
            for row in read_entries(folder).table.iter_rows(named=True):
                account = to_checksum_address(row["account"])
                sums[account] = sums.get(account, 0) + reduction_mg_down(row["quantity"], factor)
        return sums

    def set_cap(self, mg: int) -> None:
        set_cap(self.carbonbook, mg)

    def differences(self) -> list[dict[str, Any]]:
        rows = self.carbonbook("report", "reconciliation")["rows"]
        assert len(rows) > 50
        return [row for row in rows if row["difference"] != 0]

    def _moved(self, folder: Path) -> LocalAccount:
        own = own_key(folder)
        self.carbonbook("account", "move", self.rider, "--key-file", folder / "key.json")
        self.carbonbook("clock", "--advance", "2")
        moved = self.carbonbook("account", "complete-move", self.rider)
        assert moved["account"] == own.address
        return own


def set_cap(carbonbook: Carbonbook, mg: int) -> None:
    """The authority sets the cap of days, after the delay of what cannot be undone."""
    here = Installation.at(carbonbook.home)
    sender, chain = here.sender("authority-1"), here.chain
    data = bytes.fromhex(chain.call_data("PointIssuer", "setAccountDayCap", mg)[2:])
    issuer = chain.address("PointIssuer")
    for function, arguments in (("schedule", (issuer, data, 0)), ("execute", (issuer, data))):
        call = chain.call_data("CarbonbookAccess", function, *arguments)
        sender.send(Call(chain.address("CarbonbookAccess"), call, f"{function} {mg}"))
        carbonbook("clock", "--advance", "2")


def own_key(folder: Path) -> LocalAccount:
    """A key of a citizen's own, in `key.json`."""
    own: LocalAccount = Account.create()
    (folder / "passphrase").write_text("my own")
    (folder / "key.json").write_text(json.dumps(create_keyfile_json(own.key, b"my own", kdf="scrypt", iterations=2)))
    return own


def _trip(name: str, start: int) -> str:
    return f"{TRIPS}{name},rider-late,metro,{start},{start + 1_200_000},9000\n"


@pytest.fixture(scope="module")
def city(carbonbook: Carbonbook, tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(carbonbook, tmp_path_factory.mktemp("own"))


def test_credit__a_low_cap__says_what_was_cut_and_until_when_it_can_come(city: City) -> None:
    asked = city.asked()
    assert sum(mg > LOW_MG for mg in asked.values()) > 1
    done = city.carbonbook("credit")
    cut = {account: mg - LOW_MG for account, mg in asked.items() if mg > LOW_MG}
    told: dict[str, int] = {}
    for rest in done["rests"]:
        told[rest["account"]] = told.get(rest["account"], 0) + rest["reduction_mg"]
    assert told == cut
    closable = {batch: EvidenceLedger(city.here.chain).closable_from(batch) for batch in city.batches}
    assert all(rest["until"] > "2024-01-0" for rest in done["rests"])
    assert min(closable.values()) > city.here.chain.now()
    assert city.differences() == []


def test_credit__for_a_book_that_moved__goes_to_its_holder(city: City) -> None:
    book = CarbonPoint(city.here.chain)
    assert book.reduction_of(city.own.address) == min(LOW_MG, city.asked()[city.rider])
    assert book.reduction_of(city.rider) == 0
    rows = city.carbonbook("report", "statements")["rows"]
    assert [row["kind"] for row in rows if row["account"] == city.own.address] == ["move", "credit"]


def test_credit__the_cap_still_low__sends_nothing(city: City) -> None:
    again = city.carbonbook("credit")
    assert (again["rests_sent"], len(again["rests"]) > 0) == (0, True)
    claimed = city.carbonbook("claim", city.rider)
    assert (claimed["claims"], claimed["transactions"], len(claimed["rests"])) == ([], 0, 1)


def test_credit__the_cap_raised__brings_the_rests_and_closes_the_batches(city: City) -> None:
    city.set_cap(HIGH_MG)
    before = city.carbonbook("claim", city.rider)
    assert (before["transactions"], before["rests"]) == (1, [])
    done = city.carbonbook("credit")
    assert (done["rests_sent"] > 0, done["rests"]) == (True, [])
    book = CarbonPoint(city.here.chain)
    asked = city.asked()
    held = {account: book.reduction_of(city.own.address if account == city.rider else account) for account in asked}
    assert held == asked
    assert {phase.name for phase in EvidenceLedger(city.here.chain).phases_of(city.batches).values()} == {"closed"}
    assert all(rests_of(city.here.chain, batch) == [] for batch in city.batches)
    assert city.differences() == []


def test_attest__the_reserve_too_short__says_how_much_is_missing(city: City) -> None:
    here = city.here
    vault, transit = SettlementVault(here.chain), here.sender("transit")
    free = vault.free_of(transit.account.address)
    take = here.chain.call_data("SettlementVault", "withdraw", free, transit.account.address)
    transit.send(Call(vault.address, take, "withdraw all"))
    trips = here.settings.home / "short.csv"
    trips.write_text(_trip("t2", 1_673_136_000_000))  # 8 January 2023
    city.carbonbook("ingest", trips, "--source", "bus-app")
    city.carbonbook("close")
    refused = city.carbonbook.run("attest")
    assert refused.returncode == 6
    assert f"{transit.account.address} has 0 token base units of free reserve" in refused.stderr
    assert "Deposit" in refused.stderr
    for contract, function, arguments in (
        ("SettlementToken", "approve", (vault.address, free)),
        ("SettlementVault", "deposit", (transit.account.address, free)),
    ):
        call = here.chain.call_data(contract, function, *arguments)
        transit.send(Call(here.chain.address(contract), call, f"{function} again"))
    assert city.carbonbook("attest")["attested"] == 1
    city.carbonbook("clock", "--advance", "1")
    city.carbonbook("credit")


def test_unlock__a_year_later__closes_what_nobody_credited_and_frees_its_reserve(city: City, tmp_path: Path) -> None:
    trips = tmp_path / "late.csv"
    trips.write_text(_trip("t1", 1_673_222_400_000))  # 9 January 2023, 08:00 in Shenzhen
    city.carbonbook("ingest", trips, "--source", "bus-app")
    city.carbonbook("close")
    chain, operator = city.here.chain, city.here.keys.address("transit")
    before = SettlementVault(chain).free_of(operator)
    city.carbonbook("attest")
    (late,) = (batch for batch in city.batches if EvidenceLedger(chain).phase_of(batch).name == "attested")
    locked = SettlementVault(chain).locked_for([late])[late]
    assert locked > 0
    assert SettlementVault(chain).free_of(operator) == before - locked * SettlementVault(chain).price_of(2023)
    city.carbonbook("clock", "--advance", "360")
    assert city.carbonbook("unlock")["overdue"] == []
    city.carbonbook("clock", "--advance", "6")
    assert [row["batch"] for row in city.carbonbook("unlock", "--dry-run")["overdue"]] == [late]
    assert city.carbonbook("unlock")["closed"] == 1
    assert EvidenceLedger(chain).phase_of(late).name == "closed"
    assert SettlementVault(chain).free_of(operator) == before
    assert city.differences() == []


def test_attest__a_year_without_a_price__says_so(city: City, tmp_path: Path) -> None:
    trips = tmp_path / "unpriced.csv"
    trips.write_text(_trip("t3", 1_704_412_800_000))  # 5 January 2024
    city.carbonbook("ingest", trips, "--source", "bus-app")
    city.carbonbook("close")
    refused = city.carbonbook.run("attest")
    assert (refused.returncode, "points of 2024 have no price" in refused.stderr) == (6, True)
