"""Reports, exports and the buyer's account on a chain with two series: sums, names, traces; and nothing where no claim was ever made."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from oracle.edge.chain.contracts.inventory_registry import SCOPE_1, InventoryRegistry, OffsetRule
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Plan
from tests.e2e.cli import ROOT, Carbonbook, Inside
from tests.e2e.credits import BUYER, NAME, NOTE, Credits

Row = dict[str, str]
PLAN = Plan(seed=11, citizens=60, first_day=date(2023, 1, 5), days=1)
BUYER_FILES = sorted((ROOT / "tests" / "data" / "buyer").glob("*.csv"))
TABLES = {
    "claims",
    "claim_batches",
    "samples",
    "series",
    "asks",
    "trades",
    "prices",
    "proceeds",
    "shares",
    "retirements",
    "reversals",
    "reversal_certificates",
}


@pytest.fixture(scope="module")
def inside(carbonbook: Carbonbook) -> Inside:
    """Commands in this process: dozens of them need not wait for an interpreter each."""
    return Inside(carbonbook.home)


@pytest.fixture(scope="module")
def before(inside: Inside, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reports after acts were credited and before any claim was opened."""
    city = tmp_path_factory.mktemp("city")
    generate(PLAN, city)
    inside("enrol", city / "citizens.csv")
    inside("ingest", *sorted(city.glob("taps*")), "--source", "szt")
    inside("ingest", *sorted(city.glob("trips-bus-app*")), "--source", "bus-app")
    inside("close")
    inside("attest")
    inside("clock", "--advance", "1")
    inside("credit")
    folder = tmp_path_factory.mktemp("before")
    inside("report", "--out", folder)
    return folder


@pytest.fixture(scope="module")
def credits(inside: Inside, before: Path) -> Credits:
    """Two series; the first is sold out, in part resold and retired, and shared."""
    flow = Credits(inside.home, [("transit", "CI-02.CN-4403", 1, 2023), ("transit", "CI-01.CN-4403", 1, 2023)])
    flow.run()
    return flow


@pytest.fixture(scope="module")
def reports(inside: Inside, credits: Credits, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reports")
    inside("report", "--out", folder)
    return folder


@pytest.fixture
def draft(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "export"
    assert [path for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def total(table: list[Row], column: str) -> int:
    return sum(int(row[column]) for row in table)


def test_report__where_no_claim_was_made__has_the_tables_and_no_difference(before: Path) -> None:
    assert {name for name in TABLES if rows(before / f"{name}.csv")} == set()
    assert {row["difference"] for row in rows(before / "reconciliation.csv")} == {"0"}


def test_reconciliation__after_everything__has_no_difference(reports: Path) -> None:
    checks = rows(reports / "reconciliation.csv")
    assert [row for row in checks if row["difference"] != "0"] == []
    names = {row["check"] for row in checks}
    assert {"issued_mg", "market_mg", "gross_units", "split_units", "pot_units", "leaves_paid_units"} <= names


def test_series__issued_is_stock_buffer_held_retired_and_cancelled(reports: Path, credits: Credits) -> None:
    series = rows(reports / "series.csv")
    for row in series:
        parts = ("stock_mg", "buffer_mg", "held_mg", "retired_mg", "cancelled_mg")
        assert int(row["issued_mg"]) == sum(int(row[part]) for part in parts)
        assert int(row["issued_mg"]) == credits.certifier.claim_of(int(row["series"])).certified_mg
    assert [row["operator_name"] for row in series] == ["transit", "transit"]
    assert int(series[0]["retired_mg"]) == total(rows(reports / "retirements.csv"), "mg")


def test_retirement__traces_to_methodology_period_operator_and_acts__to_no_person(
    reports: Path, inside: Inside
) -> None:
    retired = rows(reports / "retirements.csv")
    assert len(retired) == 3
    for row in retired:
        assert (row["methodology"], row["version"], row["operator_name"]) == ("CI-02.CN-4403", "1", "transit")
        assert (row["acts_from"], row["acts_through"]) == ("2023-01-05", "2023-01-05")
        assert int(row["acts"]) > 0
        assert (row["beneficiary"], row["note"]) == (NAME, f"'{NOTE}")
    assert [row["holder_name"] for row in retired] == ["buyer-1", "buyer-1", "buyer-2"]
    citizens = {row["account"] for row in rows(reports / "statements.csv")}
    told = "".join((reports / f"{name}.csv").read_text() for name in ("retirements", "series", "claims", "trades"))
    assert [account for account in citizens if account in told] == []


def test_trades__fees_and_shares__sum_to_the_proceeds(reports: Path) -> None:
    trades, (first, second) = rows(reports / "trades.csv"), rows(reports / "proceeds.csv")
    primary = [row for row in trades if row["kind"] == "primary"]
    assert total(primary, "cost_units") == int(first["gross_units"])
    assert total(primary, "fee_units") == int(first["fee_units"])
    parts = ("fee_units", "citizens_units", "operator_units")
    assert sum(int(first[part]) for part in parts) == int(first["gross_units"])
    shares = [row for row in rows(reports / "shares.csv") if row["series"] == "1"]
    assert total(shares, "paid_units") == int(first["shares_paid_units"])
    assert 0 <= int(first["pot_units"]) - total(shares, "paid_units") < len(shares)  # rounding keeps under a unit each
    assert second["gross_units"] == "0"
    (price,) = rows(reports / "prices.csv")
    assert (total(primary, "mg"), len(primary)) == (int(price["volume_mg"]), int(price["trades"]))


def test_events__of_a_series_token__are_in_the_index(inside: Inside, reports: Path) -> None:
    found = inside("index", "--account", BUYER.address)["entries"]
    assert {"CarbonCredit 1", "CreditMarket", "RetirementRegistry"} <= {entry["contract"] for entry in found}
    (terms, *_) = (entry["values"]["terms"] for entry in found if entry["event"] == "Retired")
    assert terms[-2:] == ["0x" + "00" * 32, NOTE]


def test_conservation__recomputed_from_raw_logs__holds_and_notices_what_is_missing(
    inside: Inside, reports: Path
) -> None:
    here = ROOT / "tests" / "independent"
    manifest, rpc = inside.home / "deployment.json", Credits(inside.home, []).chain.rpc
    command = [sys.executable, "conservation.py", "--manifest", str(manifest), "--rpc", rpc]
    done = subprocess.run(command, capture_output=True, text=True, cwd=here, check=False)
    assert done.returncode == 0, done.stdout
    assert "series 1: issued = stock + buffer + held + retired + cancelled" in done.stdout
    without = (
        "import logs, conservation as c\n"
        "of = logs.Logs.of\n"
        "logs.Logs.of = lambda self, who, told: of(self, who, told)[told == c.RETIRED:]\n"
        "c.main()\n"
    )
    lost = subprocess.run(
        [sys.executable, "-c", without, *command[2:]], capture_output=True, text=True, cwd=here, check=False
    )
    assert lost.returncode == 1
    assert "DIFFERS series 1: burned = retired + cancelled" in lost.stdout


@pytest.mark.parametrize("name", ["cadtrust", "undp", "offsetsdb"])
def test_export__is_a_package_with_the_chains_sums(inside: Inside, reports: Path, draft: Path, name: str) -> None:
    about = ("--body", "GHD Limited", "--link", "https://registry.example") if name == "cadtrust" else ()
    shown = inside("export", name, "--out", draft, *about)
    manifest = json.loads((draft / "datapackage.json").read_text())
    series = rows(reports / "series.csv")
    assert {kind: int(sums["mg"]) for kind, sums in manifest["sums"].items()} == {
        "Held": total(series, "held_mg") + total(series, "stock_mg"),
        "Buffer": total(series, "buffer_mg"),
        "Retired": total(series, "retired_mg"),
    }
    assert shown["block"] == manifest["block"]["number"]
    assert {resource["path"] for resource in manifest["resources"]} | {"datapackage.json"} == {
        path.name for path in draft.iterdir()
    }


def test_export__without_what_it_needs__says_so_and_leaves_no_folder(
    inside: Inside, reports: Path, draft: Path, tmp_path: Path
) -> None:
    refused = inside.run("export", "cadtrust", "--out", draft)
    assert (refused.returncode, "is not one of the 58 bodies" in refused.stderr) == (3, True)
    assert inside("export", "aef", "--out", draft)["state"] == "nothing to export"
    granted = tmp_path / "granted.csv"
    granted.write_text(
        "series,party,cooperative_approach,authorization_id,authorization_date,purposes,oimp,first_transfer_definition\n"
        "7,CN,CA-1,A-1,2024-01-01,NDC,,Authorization\n"
    )
    refused = inside.run("export", "aef", "--out", draft, "--authorizations", granted)
    assert (refused.returncode, "granted.csv, row 1, series: '7' is no issued series" in refused.stderr) == (3, True)
    granted.write_text(granted.read_text().replace("\n7,", "\n1,"))
    assert inside("export", "aef", "--out", draft, "--authorizations", granted)["state"] == "exported"


def test_buyer__imports_attests_and_plans(inside: Inside, credits: Credits) -> None:
    """Case 39's year: 5,111,000 t, of which 10 % are 511,100 t."""
    shown = inside("buyer", "import", *BUYER_FILES, "--key", "buyer-1", "--attest", "2021", "--dry-run")
    assert shown["to_sign"]["scope1Mg"] == str(19_000 * 10**9)
    assert not (inside.home / "buyers").exists()
    shown = inside("buyer", "import", *BUYER_FILES, "--key", "buyer-1")
    assert shown["rows_taken"] == {"inventory": 8, "power": 1, "reductions": 2}
    asked = inside("buyer", "import", *BUYER_FILES, "--key", "buyer-1", "--attest", "2021")
    assert asked["to_sign"]["scope3Mg"] == str(2_743_000 * 10**9)
    signed = ("--attest", "2021", "--verifier", "verifier-1")
    assert inside("buyer", "import", *BUYER_FILES, "--key", "buyer-1", *signed)["attested"] == 1
    assert inside("buyer", "import", *BUYER_FILES, "--key", "buyer-1", *signed)["transaction"] is None
    registry = InventoryRegistry(credits.chain)
    inventory, number = registry.inventory_of(BUYER.address, 2021)
    assert (number, inventory.scope1_mg, inventory.scope2_market_mg) == (1, 19_000 * 10**9, 2_349_000 * 10**9)
    credits.send("authority-1", registry.set_rule(b"GD-PHCER".ljust(32, b"\0"), OffsetRule(1_000, SCOPE_1)))
    assert registry.used_of(BUYER.address, 2021, b"GD-PHCER".ljust(32, b"\0")) == (0, 1_900 * 10**9)
    plan = inside("buyer", "plan", "2021", "--key", "buyer-1")
    assert (plan["cap_t"], plan["local_at_least_t"], plan["covered_percent"]) == ("511,100", "357,770", "10.00")
    assert plan["of_it_citizens_units"] == 18_215_604_000_000
    assert inside("buyer", "plan", "2022", "--key", "buyer-1")["covered_percent"] == "10.58"


def test_buyer__a_bad_row__is_a_finding_and_the_others_go_on(inside: Inside, credits: Credits, tmp_path: Path) -> None:
    path = tmp_path / "reductions.csv"
    path.write_text("project,wh,saved_mg,year,basis,source\nroof,1,1,2021,forecast,s\nroof,x,1,2021,forecast,s\n")
    done = inside.run("buyer", "import", path, "--key", "buyer-1")
    shown = json.loads(done.stdout)
    assert (done.returncode, shown["rows_taken"]) == (3, {"reductions": 1})
    (finding,) = shown["findings"]
    assert (finding["file"], finding["row"], json.loads(finding["values"])["field"]) == ("reductions.csv", 2, "wh")


def test_buyer__statement__says_what_may_be_said_and_what_not(inside: Inside, credits: Credits, tmp_path: Path) -> None:
    """The buyer retired for 2023; of 2021 nothing may be said, whatever plan is attached."""
    inventory = tmp_path / "inventory.csv"
    retired_mg = sum(credits.retirements.backing_of(number) for number in credits.certificates(BUYER.address))
    header = BUYER_FILES[0].read_text().splitlines()[0]
    inventory.write_text(
        f"{header}\n2023,shop,1,fuel,diesel,,,,source,,{retired_mg},,\n2021,shop,1,fuel,diesel,,,,source,,1,,\n"
    )
    (tmp_path / "plan.txt").write_text("less of everything")
    inside("buyer", "import", inventory, "--key", "buyer-1")
    about = ("--key", "buyer-1", "--name", NAME, "--out", tmp_path / "out")
    without = inside("buyer", "statement", "2023", *about)
    assert (without["state"], without["covered_percent"]) == ("not neutral", "100.00")
    assert without["blocked_by"] == ["'carbon neutral': no plan of reductions is attached"]
    with_plan = inside("buyer", "statement", "2023", *about, "--plan", tmp_path / "plan.txt")
    assert with_plan["may_be_said"][0] == f"{NAME} was carbon neutral in 2023 within the boundary stated here"
    html = (tmp_path / "out" / "statement-2023.html").read_text()
    assert "Example &lt;A&amp;B &quot;x&quot;&gt; Ltd" in html
    assert "<A&B" not in html
    assert (tmp_path / "out" / "statement-2023.pdf").read_bytes().startswith(b"%PDF-")
    other = inside("buyer", "statement", "2021", *about, "--plan", tmp_path / "plan.txt")
    assert (other["state"], other["retired_mg"], other["may_be_said"]) == ("not neutral", 0, [])
    assert len([each for each in other["may_not_be_said"] if "its period is not in this year" in each]) == 2


def test_buyer__own_boundary__counts_for_nothing(inside: Inside, credits: Credits, tmp_path: Path) -> None:
    """Case 39's other half: what an operator of the buyer's own boundary reduced offsets nothing, for any purpose."""
    registry, operator = InventoryRegistry(credits.chain), credits.here.account_of("transit")
    credits.send("authority-1", registry.set_boundary(operator, BUYER.address))
    shown = inside("buyer", "statement", "2023", "--key", "buyer-1", "--out", tmp_path)
    assert (shown["retired_mg"], shown["may_be_said"]) == (0, [])
    assert len([each for each in shown["may_not_be_said"] if "from inside the own boundary" in each]) == 2
    asked = ("retire", "1mg", "--for", "Shop", "--period", "2023", "--order", "own-1", "--key", "buyer-1")
    refused = inside.run(*asked)
    assert (refused.returncode, "inside the boundary of" in refused.stderr) == (3, True)
