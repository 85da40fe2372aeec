"""Formats of other registries: whole tonnes, sums, schemas, and cells that no spreadsheet computes or rounds."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.model.errors import DifferencesFound, InputError, VerificationFailed
from oracle.model.units import MG_PER_TONNE
from oracle.report.export import aef, cadtrust, offsetsdb, undp
from oracle.report.export.cadtrust_schema import schema, validate
from oracle.report.export.package import Cell, Resource, write_package
from oracle.report.export.runs import is_whole
from tests.unit.export.export_flows import HOLDER, PREFIX, exported

TONNE = MG_PER_TONNE
BODY, LINK = "China Quality Certification Center", "https://registry.example"
SPLIT = {
    "issued_mg": 9 * TONNE,
    "retired": (TONNE // 2, TONNE * 7 // 10, 1_800_000_001, 2 * TONNE),
    "cancelled": (TONNE,),
    "buffer_mg": TONNE,
}


def files(resources: list[Resource]) -> dict[str, list[dict[str, str]]]:
    return {each.name: list(csv.DictReader(io.StringIO(each.csv().decode()))) for each in resources}


def grant(number: int) -> dict[int, aef.Authorization]:
    return {number: aef.Authorization("CN", "CA-1", "A-1", "2024-01-01", "NDC", "", "Authorization")}


def test_case_33__retirements__complete_whole_tonnes() -> None:
    of = exported(**SPLIT)  # type: ignore[arg-type]  # by name
    retired = [run for run in of.runs if run.status == "Retired"]
    assert [run.first_mg for run in retired] == [1, 500_000_001, 1_200_000_001, 3_000_000_002]
    assert [run.tonnes for run in retired] == [0, 1, 2, 2]


def test_case_37__cancelled_from_the_top__is_tonnes_four_and_five() -> None:
    of = exported(5_000_000_001, cancelled=(1_200_000_000,))
    (run,) = (run for run in of.runs if run.status == "Cancelled")
    assert of.serial_of(run) == f"{PREFIX}-3800000002-5000000001"
    assert (run.first_tonne, run.last_tonne) == (4, 5)


@given(
    retired=st.lists(st.integers(1, 3 * TONNE), max_size=6),
    cancelled=st.lists(st.integers(1, 3 * TONNE), max_size=3),
    buffer_mg=st.integers(0, 3 * TONNE),
    held=st.integers(0, 3 * TONNE),
)
def test_runs__are_every_milligram_once__and_their_tonnes_all_whole_ones(
    retired: list[int], cancelled: list[int], buffer_mg: int, held: int
) -> None:
    issued = sum(retired) + sum(cancelled) + buffer_mg + held
    if not issued:
        return
    of = exported(issued, retired, cancelled, buffer_mg)
    assert is_whole(of.runs, issued)
    assert not is_whole(of.runs, issued + 1)
    assert not is_whole(of.runs[1:], issued)
    units = files(cadtrust.resources(of, BODY, LINK))["unit"]
    counts = [int(unit["unit_end_block"]) - int(unit["unit_start_block"]) + 1 for unit in units]
    assert sum(counts) == issued // TONNE
    assert all(count > 0 for count in counts)


def test_sums__that_the_chain_does_not_have__stop_the_export() -> None:
    with pytest.raises(
        DifferencesFound, match=r"supply_mg of series 1 is 8000000000 .* and 8000000001 by the contracts"
    ):
        exported(9 * TONNE, (TONNE,), supply_off=1)


def test_cadtrust__each_tonne__traces_to_methodology_period_operator_and_acts() -> None:
    made = files(cadtrust.resources(exported(**SPLIT), BODY, LINK))  # type: ignore[arg-type]  # by name
    assert list(made) == [*schema()["insert_order"], "cadtrust_fractions"]
    assert [(unit["unit_status"], unit["unit_start_block"], unit["unit_end_block"]) for unit in made["unit"]] == [
        ("Retired", "1", "1"),
        ("Retired", "2", "3"),
        ("Retired", "4", "5"),
        ("Held", "6", "7"),
        ("Buffer", "8", "8"),
        ("Cancelled", "9", "9"),
    ]
    detail = made["unit"][0]["unit_retirement_detail"]
    assert detail.startswith("9 acts of 2023-01-05 to 2023-01-05, CI-02.CN-4403 version 1, operator transit")
    assert made["unit"][0]["unit_retirement_beneficiary"] == "'=Example <A&B>"
    assert made["unit"][0]["unit_status_reason"] == "'-1+1"
    assert [row["status"] for row in made["cadtrust_fractions"]] == ["Retired"]


@pytest.mark.parametrize(
    ("table", "column", "value", "problem"),
    [
        ("unit", "unit_status", "Active", "not on the list of unit_status"),
        ("unit", "unit_metric", None, "unit_metric: is missing"),
        ("project", "project_sector", "Transport", "is no list"),
        ("project", "project_status_date", "5/1/2023", "is no date"),
        ("issuance", "cad_trust_location_id", "x", "names no row of location"),
        ("unit", "unit_vintage_year", 23, "is no year"),
        ("unit", "unitStatus", "Held", "has unitStatus, which it has not"),
    ],
)
def test_cadtrust__a_row_that_its_schema_refuses__is_named(table: str, column: str, value: Cell, problem: str) -> None:
    resources = cadtrust.resources(exported(**SPLIT), BODY, LINK)  # type: ignore[arg-type]  # by name
    rows = {each.name: [dict(row) for row in each.rows] for each in resources if each.name in schema()["tables"]}
    validate(rows)
    rows[table][0][column] = value
    with pytest.raises(VerificationFailed, match=rf"{table}: row 1.*{problem}"):
        validate(rows)


def test_cadtrust__a_body_that_is_not_on_the_list__is_refused() -> None:
    of = exported(TONNE)
    with pytest.raises(InputError, match="is not one of the 58 bodies"):
        cadtrust.resources(of, "Somebody", LINK)
    with pytest.raises(InputError, match="is no address"):
        cadtrust.resources(of, BODY, "registry")


def test_offsetsdb__issued_and_retired__are_whole_tonnes() -> None:
    made = files(offsetsdb.resources(exported(**SPLIT), LINK))  # type: ignore[arg-type]  # by name
    assert [(row["issued"], row["retired"]) for row in made["projects"]] == [("9", "5")]
    kinds = [(row["transaction_type"], row["quantity"]) for row in made["credits"]]
    assert kinds == [
        ("issuance", "9"),
        ("retirement", "1"),
        ("retirement", "2"),
        ("retirement", "2"),
        ("cancellation", "1"),
    ]
    assert {row["acts"] for row in made["credits"]} == {"9"}


def test_undp__retirements__are_exact() -> None:
    made = files(undp.resources(exported(**SPLIT)))["transfers"]  # type: ignore[arg-type]  # by name
    assert [row["Credit Requested (ITMO)"] for row in made] == [
        "0.500000000",
        "0.700000000",
        "1.800000001",
        "2.000000000",
    ]
    assert {row["Initiator"] for row in made} == {HOLDER}


def test_aef__only_authorised_series() -> None:
    of = exported(**SPLIT)  # type: ignore[arg-type]  # by name
    made = files(aef.resources(of, grant(1)))
    assert [row["Quantity (t CO2 eq)"] for row in made["actions"]] == ["1", "2", "2"]
    assert [row["Quantity (t CO2 eq)"] for row in made["holdings"]] == ["2"]
    assert {row["Action type"] for row in made["actions"]} == {"Cancellation"}
    assert files(aef.resources(of, {})) == {"actions": [], "holdings": [], "fractions": []}


def test_package__is_whole_and_says_what_its_bytes_are(tmp_path: Path) -> None:
    of, folder = exported(**SPLIT), tmp_path / "out"  # type: ignore[arg-type]  # by name
    for _ in range(2):  # an earlier export is replaced
        write_package(folder, "CAD Trust", of.ledger.block, cadtrust.resources(of, BODY, LINK), {"sums": of.sums()})
    manifest = json.loads((folder / "datapackage.json").read_text())
    for resource in manifest["resources"]:
        content = (folder / resource["path"]).read_bytes()
        assert (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}") == (resource["bytes"], resource["hash"])
        fields = [field["name"] for field in resource["schema"]["fields"]]
        assert next(csv.reader(io.StringIO(content.decode()))) == fields
    assert manifest["sums"]["Retired"] == {"mg": "5000000001", "tonnes": "5"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_package__that_cannot_be_written__leaves_what_was_there(tmp_path: Path) -> None:
    of, folder = exported(TONNE), tmp_path / "out"
    resources = undp.resources(of)
    folder.mkdir()
    (folder / "diary.txt").write_text("mine")
    with pytest.raises(InputError, match="has other things in it"):
        write_package(folder, "UNDP", of.ledger.block, resources, {})
    broken = [Resource("transfers", resources[0].columns, [{"Request Id": "1"}])]
    with pytest.raises(VerificationFailed, match="row 1 has no Project Id"):
        write_package(tmp_path / "new", "UNDP", of.ledger.block, broken, {})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]
    assert [path.name for path in folder.iterdir()] == ["diary.txt"]
