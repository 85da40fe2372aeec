"""The authority's work on a real chain: a city's own version of a rule, from draft over public notice into force, suspended and resumed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.sender import Sender
from oracle.installation import Installation
from oracle.ledger.govern.authority import terms_of
from oracle.ledger.govern.registry import entries
from oracle.measure.quantify.library import FOLDER, Library
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Plan
from oracle.sandbox.seed import seed_methodologies
from tests.e2e.cli import CHAIN, Carbonbook, free_port

RULE = "CI-02.CN-4403"
CLOCK = "2023-01-10T08:00:00+08:00"
OLD_UG, NEW_UG = 46_700, 40_000
SUCCESSOR = """
[[rules]]
region = "CN-4403"
version = 2
method = "distance"
since = 2023-03-01
status = "active"
bind = { erf = "ERF_metro.SZ2023" }

[parameters]
"ERF_metro.SZ2023" = { value = "0.04", unit = "kgCO2/pkm", region = "CN-4403", year = 2023, source = "LIBRARY", confidence = "judgement" }
"""


class Authority:
    """An installation with acts of January, and a library with a second version of the metro rule."""

    def __init__(self, folder: Path):
        self.home = folder / "home"
        self.library = folder / "library"
        self.carbonbook = Carbonbook(self.home)
        shutil.copytree(FOLDER, self.library)
        document = self.library / "ci-02.toml"
        text = document.read_text(encoding="utf-8")
        document.write_text(text.replace("[parameters]\n", SUCCESSOR.lstrip(), 1), encoding="utf-8")
        self.carbonbook("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
        self.bring(folder / "january", date(2023, 1, 5))

    def bring(self, folder: Path, first_day: date) -> Any:
        """Two days of a small city's metro taps, closed."""
        generate(Plan(seed=7, citizens=40, first_day=first_day, days=2), folder)
        self.carbonbook("ingest", *sorted(folder.glob("taps*")), "--source", "szt")
        return self.carbonbook("close")

    def use_library(self) -> None:
        """Makes the city's library the installation's."""
        config = self.home / "config.toml"
        config.write_text(f'library = "{self.library}"\n' + config.read_text())

    def step(self, step: str, version: int, *words: str | Path) -> Any:
        """A step that must succeed."""
        return self.carbonbook("methodology", step, RULE, str(version), "--library", self.library, *words)

    def refused(self, step: str, version: int, *words: str | Path) -> tuple[int, str]:
        """A step that must fail: exit code and sentence."""
        done = self.carbonbook.run("methodology", step, RULE, str(version), "--library", self.library, *words)
        assert done.returncode != 0, done.stdout
        return done.returncode, done.stderr.strip()

    def standing(self) -> list[tuple[str, str, str | None, str]]:
        """Version, status, end and likeness of what stands on chain."""
        rows = self.carbonbook("methodology", "status", RULE, "--library", self.library)["versions"]
        return [(row["rule"], row["status"], row["to"], row["library"]) for row in rows]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authority]:
    """Told in the order of the tests below."""
    told = Authority(tmp_path_factory.mktemp("authority"))
    yield told
    told.carbonbook("down")


def metro_accounts(authority: Authority) -> pl.DataFrame:
    """Quantity by account and day in the bundles of the metro rule, read from their files."""
    tables = []
    for folder in (authority.home / "bundles").iterdir():
        if json.loads((folder / "bundle.json").read_text())["methodology"] == RULE:
            tables.append(pl.read_parquet(folder / "accounts.parquet"))
    return pl.concat(tables)


def test_dry_run__before_a_proposal__day_by_day_difference_of_the_stored_acts(authority: Authority) -> None:
    found = authority.step("dry-run", 2)
    quantities = metro_accounts(authority)["quantity"].to_list()
    assert len(quantities) > 20
    assert found["against"] == [f"{RULE} v1"]
    assert found["reduction_mg_before"] == sum(quantity * OLD_UG // 1000 for quantity in quantities)
    assert found["reduction_mg_after"] == sum(quantity * NEW_UG // 1000 for quantity in quantities)
    assert found["points_milli_after"] == sum(quantity * NEW_UG // 1000 * 76 // 9000 for quantity in quantities)
    assert (found["accounts_with_more"], found["accounts_with_less"] > 0) == (0, True)
    assert [day["act_date"] for day in found["days"]] == ["2023-01-05", "2023-01-06"]
    assert authority.refused("dry-run", 2, "--since", "2024-01-01") == (
        3,
        "Error: the book has no acts of CI-02 in these days",
    )


def test_propose__version_whose_hash_is_not_kept__refused_until_it_is(authority: Authority) -> None:
    code, said = authority.refused("propose", 2)
    assert code == 5
    assert "CI-02.CN-4403 version 2 is not in released.json" in said
    done = authority.carbonbook.run_plain("methodology", "check", "--lock", "--library", authority.library, "--json")
    assert json.loads(done.stdout)["newly_released"] == 1


def test_propose__key_without_the_role__refused_by_the_contract_even_in_a_dry_run(authority: Authority) -> None:
    for words in (("--key", "guardian"), ("--key", "guardian", "--dry-run")):
        code, said = authority.refused("propose", 2, *words)
        assert code == 6
        assert said.startswith("Error: AccessManagedUnauthorized(caller=0x")
    assert authority.standing() == [(f"{RULE} v1", "active", None, "same")]


def test_propose__twice__drafts_once(authority: Authority) -> None:
    trial = authority.step("propose", 2, "--dry-run")
    assert (trial["status"], trial["dry_run"], trial["transaction"]) == ("not on chain", True, None)
    first = authority.step("propose", 2, "--uri", "https://city.example/ci-02-v2.json")
    assert (first["status"], first["factor_ug"], first["from"]) == ("draft", NEW_UG, "2023-03-01")
    assert first["transaction"].startswith("0x")
    assert authority.step("propose", 2)["transaction"] is None
    assert [row[1] for row in authority.standing()] == ["active", "draft"]


def test_supersede__before_the_notice_is_over__refused_with_the_time(authority: Authority) -> None:
    code, said = authority.refused("supersede", 2)
    assert (code, "MethodologyRegistry_WrongStatus" in said, "status=1" in said) == (6, True, True)
    put = authority.step("notice", 2)
    assert put["status"] == "public notice"
    assert put["notice_ends"].startswith("2023-01-21T")
    assert authority.step("notice", 2)["transaction"] is None
    code, said = authority.refused("supersede", 2)
    assert (code, "MethodologyRegistry_NoticeRunning" in said) == (6, True)


def test_activate__version_that_ends_another__wants_the_word_supersede(authority: Authority) -> None:
    authority.carbonbook("clock", "--advance", "11")
    code, said = authority.refused("activate", 2)
    assert code == 5
    assert said.endswith(
        "would end the window of version 1 on 2023-02-28. If you want that, run `carbonbook methodology supersede`"
    )


def test_supersede__by_the_proposer__refused(authority: Authority) -> None:
    code, said = authority.refused("supersede", 2, "--key", "authority-1")
    assert (code, said.startswith("Error: MethodologyRegistry_SamePerson(person=0x")) == (6, True)


def test_supersede__by_a_second_person__shows_what_changes_and_ends_the_open_window(authority: Authority) -> None:
    trial = authority.step("supersede", 2, "--dry-run")
    assert (trial["ends_version"], trial["status"], trial["transaction"]) == (1, "public notice", None)
    assert trial["changes"][-1] == {
        "what": "typical act (distance_km=10), mg",
        "before": "467000",
        "after": "400000",
    }
    done = authority.step("supersede", 2)
    assert (done["status"], done["ends_version"]) == ("active", 1)
    assert authority.standing() == [
        (f"{RULE} v1", "superseded", "2023-02-28", "same"),
        (f"{RULE} v2", "active", None, "same"),
    ]
    assert authority.step("supersede", 2)["transaction"] is None


def test_suspend__version_of_pending_batches__attesting_is_refused_until_resumed(authority: Authority) -> None:
    assert authority.step("suspend", 1, "--reason", "meters of line 7 examined")["status"] == "suspended"
    assert authority.step("suspend", 1, "--reason", "again")["transaction"] is None
    refused = authority.carbonbook.run("attest")
    assert refused.returncode == 6
    assert "MethodologyRegistry_WrongStatus" in refused.stderr
    assert "version=1, status=5" in refused.stderr
    assert authority.step("resume", 1)["status"] == "superseded"
    assert authority.carbonbook("attest")["attested"] > 0


def test_close__acts_of_both_windows__each_day_under_the_version_that_held_it(
    authority: Authority, tmp_path: Path
) -> None:
    authority.use_library()
    authority.carbonbook("clock", "--advance", "45")
    february = authority.bring(tmp_path / "february", date(2023, 2, 28))
    versions = {(row["act_date"], row["methodology"]) for row in february["bundles"] if RULE in row["methodology"]}
    assert versions == {("2023-02-28", f"{RULE} v1"), ("2023-03-01", f"{RULE} v2")}
    assert authority.carbonbook("attest")["attested"] == february["batches"]


def test_seeding__interrupted_between_draft_and_notice__is_finished_by_a_second_run(authority: Authority) -> None:
    here = Installation.at(authority.home)
    rule = Library.load().rule("CI-12.CN", 1)
    terms = replace(terms_of(rule), document_hash=bytes(31) + b"\1")
    proposal = MethodologyRegistry(here.chain).propose("CI-99.CN", terms)
    Sender(here.chain, here.keys.account("authority-1")).send(proposal)
    assert [entry.status for entry in entries(here.chain, "CI-99.CN")] == ["draft"]
    for _ in range(2):
        seed_methodologies(here.chain, here.keys, [("CI-99.CN", 1, terms)], lambda line: None)
        assert [entry.status for entry in entries(here.chain, "CI-99.CN")] == ["active"]
