"""The register, few people or many at a time, on both databases."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from oracle.edge.keys.custody import citizen_address
from oracle.edge.store import citizens
from oracle.edge.store.bulk import insert_frame
from oracle.edge.store.citizens import Enrolment, Register, people
from oracle.edge.store.database import Database
from oracle.edge.store.files import StoredFile, add_file, all_findings
from oracle.edge.store.schema import subjects
from oracle.model.findings import empty_findings, findings
from oracle.model.keccak import keccak

CUSTODY, RECORDS = b"c" * 32, b"r" * 32
REGISTER = Register(CUSTODY, RECORDS)
OWN = bytes(range(20))
FAMILY = [
    Enrolment("u1", "szt", "card-1", consented=True, residents=3),
    Enrolment("u1", "grid", "表-1", consented=True, residents=3),
    Enrolment(None, "szt", "card-2"),
    Enrolment("u3", "szt", "card-3", account=OWN),
]


@pytest.fixture(params=[0, 20_000], ids=["whole table", "asked for"])
def asked_limit(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways of looking people up."""
    monkeypatch.setattr(citizens, "_ASKED_LIMIT", request.param)


def test_tag__is_keccak_of_the_secret_and_what_it_names() -> None:
    said = RECORDS + b"carbonbook/subject/2" + b"\0\3" + b"szt" + "卡-1".encode()
    assert REGISTER.tag("szt", "卡-1") == keccak(said)


@pytest.mark.usefixtures("asked_limit")
def test_enrol__people_with_several_subjects__are_one_citizen_each(store: Database) -> None:
    with store.begin() as connection:
        assert REGISTER.enrol(connection, FAMILY) == 4
        assert REGISTER.enrol(connection, FAMILY) == 0
        found = REGISTER.resolve(connection, "szt", pl.Series(["card-3", "card-1", "card-2", "card-1"]))
        meter = REGISTER.resolve(connection, "grid", pl.Series(["表-1"]))
        table = people(connection)
    numbers = dict(found.iter_rows())
    assert meter["citizen"].to_list() == [numbers["card-1"]]
    known = {row["citizen"]: row for row in table.iter_rows(named=True)}
    ref = REGISTER.tag("", "u1")
    assert len(known) == 3
    assert known[numbers["card-1"]]["account"] == citizen_address(CUSTODY, ref)
    assert known[numbers["card-3"]]["account"] == OWN
    assert (known[numbers["card-1"]]["consented"], known[numbers["card-1"]]["residents"]) == (True, 3)
    assert (known[numbers["card-2"]]["consented"], known[numbers["card-2"]]["residents"]) == (False, None)
    assert len({row["salt"] for row in known.values()}) == 3


@pytest.mark.usefixtures("asked_limit")
def test_enrol__again_with_another_consent__keeps_account_and_salt(store: Database) -> None:
    with store.begin() as connection:
        REGISTER.enrol(connection, FAMILY[:1])
        before = people(connection).row(0, named=True)
        REGISTER.enrol(connection, [replace(FAMILY[0], consented=False, residents=2)])
        after = people(connection).row(0, named=True)
    assert after == before | {"consented": False, "residents": 2}


@pytest.mark.usefixtures("asked_limit")
def test_resolve__somebody_nobody_enrolled__becomes_a_citizen_once(store: Database) -> None:
    names = pl.Series([f"card-{number}" for number in range(1_200)])
    with store.begin() as connection:
        REGISTER.enrol(connection, FAMILY)
        first = REGISTER.resolve(connection, "szt", names)
        again = REGISTER.resolve(connection, "szt", names.reverse())
        assert people(connection).height == 1_200 - 3 + 3
    assert first.sort("subject").equals(again.sort("subject"))
    assert first["citizen"].n_unique() == 1_200


def test_insert_frame__more_rows_than_go_at_once__are_all_there(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("oracle.edge.store.bulk.ROWS_AT_ONCE", 7)
    with store.begin() as connection:
        REGISTER.enrol(connection, FAMILY[:1])
        number = people(connection)["citizen"][0]
        tags = [bytes([at]) * 32 for at in range(50)]
        insert_frame(connection, subjects, pl.DataFrame({"citizen": [number] * 50, "tag": tags}))
        known = dict(citizens._known(connection, tags).iter_rows())
        assert known == dict.fromkeys(tags, number)


def test_add_file__with_findings__gives_them_back(store: Database) -> None:
    found = findings("same_station", "taps.json", [(7, {"station": "深圳北"}), (None, {})])
    with store.begin() as connection:
        add_file(connection, StoredFile("ab" * 32, "taps.json", "szt", 9, 7, 2, 1_700_000_000), found)
        add_file(connection, StoredFile("cd" * 32, "none.json", "szt", 1, 1, 0, 1_700_000_000), empty_findings())
        assert sorted(all_findings(connection).rows(), key=str) == sorted(found.rows(), key=str)
