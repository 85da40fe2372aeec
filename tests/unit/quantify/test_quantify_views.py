"""What the command line shows: list, show, check, diff, catalogue."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from oracle.cli.commands import main
from oracle.cli.ledger.authority import app
from oracle.measure.quantify.catalogue import pages
from oracle.measure.quantify.check import HIGHEST_FACTOR_UG, HIGHEST_STEP, check
from oracle.measure.quantify.diff import diff
from oracle.measure.quantify.library import Library
from oracle.model.units import Unit
from tests.unit.quantify.quantify_acts import edited_library

ROOT = Path(__file__).parents[3]


def run(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 0, (result.output, result.exception)
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_list__json__every_scenario_with_status_and_rules() -> None:
    scenarios = run("list")["scenarios"]
    assert isinstance(scenarios, list)
    by_id = {row["id"]: row for row in scenarios}
    assert len(by_id) == 45
    assert by_id["CI-01"]["status"] == "active"
    assert by_id["CI-01"]["factor"] == "26.9 g/km"
    assert by_id["CI-01"]["name_zh"] == "公交出行（按里程）"
    assert by_id["CI-19"]["status"] == "draft"
    assert by_id["CI-19"]["reason"].startswith("Disabled")
    assert by_id["EQUIV"]["status"] == "reference"
    assert by_id["CI-07"]["points"] == "growth only"


def test_list__in_a_pipe__lines_of_at_most_eighty_characters() -> None:
    result = CliRunner().invoke(app, ["list"])
    assert "26.9 g/km" in result.stdout
    assert max(len(line) for line in result.stdout.splitlines()) <= 80


def test_show__scenario__formula_figures_sources() -> None:
    shown = run("show", "CI-13")
    figures = shown["figures"]
    assert isinstance(figures, list)
    refused = [row["figure"] for row in figures if row["confidence"] == "REFUSED"]
    assert refused == ["EF_gas.WRONG"]
    assert CliRunner().invoke(app, ["show", "CI-13"]).stdout.count("2.184") > 0


def test_show__on_a_terminal__cuts_nothing_off() -> None:
    shown = CliRunner().invoke(app, ["compute", "CI-01", "--record", '{"distance_km": 10}', "--region", "SZ"]).stdout
    digest = str(run("compute", "CI-01", "--record", '{"distance_km": 10}', "--region", "SZ")["document_hash"])
    assert digest in "".join(line[16:].strip() for line in shown.splitlines())
    assert "…" not in shown


def test_show__rule__terms_as_the_chain_holds_them() -> None:
    shown = run("show", "CI-11.CN-44", "--version", "2")
    assert shown["terms"] == {
        "unit": "watt_hour",
        "earns_points": True,
        "creditable": True,
        "factor_ug": 440_300,
        "day_cap_mg": 60_000_000,
        "record_limit": 136_270,
        "from_day": 18_993,
        "to_day": 19_357,
    }
    assert shown["place"] == "CN-44 广东 Guangdong"


def test_check__library_shipped__all_passed() -> None:
    shown = run("check")
    assert shown["failed"] == []
    assert int(str(shown["checked"])) > 850


@pytest.mark.parametrize(
    ("name", "old", "new", "subject"),
    [
        ("ci-01.toml", 'expected = "26.9"', 'expected = "27.9"', "CI-01 WE-03 (flat)"),
        ("ci-02.toml", 'set = "BJ2019"', 'set = "BJ2018"', "CI-02 WE-01 (independent)"),
        ("ci-05.toml", 'of = "diesel_g"', 'of = "petrol_g"', "CI-05 WE-26 (independent)"),
        ("ci-05.toml", 'unit = "t"\n', 'unit = "kWh"\n', "CI-05 WE-26 (independent)"),
        ("ci-26.toml", 'typical = { orders = "1" }', 'typical = { orders = "0" }', "CI-26 typical record"),
        ("ci-34.toml", '"f_bag.WH" = { value = "0.005"', '"f_bag.WH" = { value = "100.5"', "CI-34.CN-4201 version 1"),
        (
            "ci-01-ride.toml",
            '"f_ride.WH_2023" = { value = "0.15"',
            '"f_ride.WH_2023" = { value = "1.051"',
            "CI-01-RIDE.CN-4201 version 2",
        ),
        ("ci-26.toml", 'max = "4"', 'max = "9000000000000000000000"', "CI-26.CN version 1"),
    ],
)
def test_check__document_that_does_not_hold__named(tmp_path: Path, name: str, old: str, new: str, subject: str) -> None:
    folder = edited_library(tmp_path, name, old, new, name)
    failed = [outcome.subject for outcome in check(Library.load(folder), folder) if not outcome.passed]
    assert subject in failed


def test_check__limits__are_those_of_the_contract() -> None:
    source = (ROOT / "contracts" / "MethodologyRegistry.sol").read_text(encoding="utf-8")
    for limit in ("2_000_000", "10_000_000", "10_000", "50_000_000", "2_777_777", "100_000_000_000"):
        assert f"highest = {limit};" in source
    assert "return (1000, 1000);" in source
    assert f"MAX_FACTOR_STEP = {HIGHEST_STEP};" in source
    assert sorted(HIGHEST_FACTOR_UG) == sorted(Unit)
    assert HIGHEST_FACTOR_UG[Unit.LITRE] == 10_000_000
    assert HIGHEST_FACTOR_UG[Unit.GRAM] == 50_000_000


def test_diff__two_factor_years__figure_window_and_typical_act(library: Library) -> None:
    changes = {change.what: (change.before, change.after) for change in diff(library, "CI-11.CN-44", 1, 3)}
    assert changes["factor (ug per unit)"] == ("471500", "441900")
    assert changes["window"] == ("from 2021-01-01 to 2021-12-31", "from 2023-01-01 to no end")
    assert changes["typical act (kwh_day=6, residents=3, baseline_kwh_day=7.5), mg"] == ("707250", "662850")
    assert "unit" not in changes


def test_diff__command__one_object() -> None:
    shown = run("diff", "CI-01-RIDE.CN-4201", "1", "2")
    changes = shown["changes"]
    assert isinstance(changes, list)
    assert changes[-1] == {"what": "typical act (rides=1), mg", "before": "105000", "after": "150000"}


def test_catalogue__pages_in_the_repository__are_what_the_documents_say(library: Library) -> None:
    folder = ROOT / "docs" / "methodologies"
    made = pages(library)
    assert {path.name for path in folder.glob("*.md")} == set(made)
    for name, text in made.items():
        assert (folder / name).read_text(encoding="utf-8") == text, f"run 'carbonbook methodology catalogue' for {name}"


def test_catalogue__page__both_languages_and_the_arithmetic(library: Library) -> None:
    page = pages(library)["ci-01.md"]
    assert "# CI-01 City bus ride, by distance 公交出行（按里程）" in page
    assert "reduction = 10000 × 26900 // 1000 = 269000 mg = 0.269 kg" in page
    assert "深圳商报" in page
    assert "| CN-44 广东 Guangdong | 0.4715 | 0.4403 | 0.4419 |" in pages(library)["grid.md"]


def test_catalogue__command__writes_every_page(tmp_path: Path) -> None:
    assert run("catalogue", "--folder", str(tmp_path / "pages"))["pages"] == 47
    assert len(list((tmp_path / "pages").glob("*.md"))) == 47


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["compute", "CI-99", "--record", "{}"], 5, "no scenario 'CI-99'"),
        (["compute", "CI-01", "--record", '{"distance_km": -1}', "--region", "SZ"], 3, "is negative"),
        (["compute", "CI-01", "--record", "{distance"], 3, "--record: is not valid JSON"),
        (["compute", "CI-01", "--record", "[1]"], 3, "a record must be a JSON object"),
        (["compute", "CI-01", "--record", "{}", "--date", "May"], 3, "--date: 'May' is not a date"),
        (["compute", "CI-01"], 2, "--record"),
        (["show", "CI-11.CN-44", "--version", "9"], 5, "has versions 1 to 3, not 9"),
        (["check", "--library", "/nowhere"], 5, "does not exist"),
    ],
)
def test_command__goes_wrong__exit_code_and_one_sentence(
    words: list[str], code: int, says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["carbonbook", "methodology", *words])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = capsys.readouterr()
    assert stopped.value.code == code
    assert says in said.err
    assert said.out == ""


def test_command__help_of_every_subcommand__shows_an_example() -> None:
    names = [
        command.name or command.callback.__name__.rstrip("_") for command in app.registered_commands if command.callback
    ]
    assert {"compute", "propose", "supersede", "dry-run"} <= set(names)
    for name in names:
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0
        assert f"carbonbook methodology {name}" in result.output, name


def test_command__list__shows_the_factor_in_force() -> None:
    rows = {row["id"]: row["factor"] for row in run("list")["scenarios"]}  # type: ignore[attr-defined]  # JSON
    assert (rows["CI-11"], rows["CI-26"], rows["CI-07"]) == ("530.6 g/kWh", "20 g/order", "0.02 g/step")


def test_command__as_a_program__runs() -> None:
    words = [
        str(Path(sys.executable).with_name("carbonbook")),
        "methodology",
        "compute",
        "CI-26",
        "--record",
        '{"orders": 2}',
        "--json",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=True, cwd=ROOT)  # our own module
    assert json.loads(done.stdout)["reduction_mg"] == 40_000


def test_command__compute__one_json_object_with_what_was_asked() -> None:
    shown = run("compute", "CI-01", "--record", '{"distance_km": 10}', "--region", "SZ", "--date", "2023-05-01")
    assert (shown["reduction_mg"], shown["points_milli"], shown["version"]) == (269_000, 2_271, 1)
    assert shown["parameters"] == {
        "erf": {
            "key": "ERF_bus.SZ",
            "value": "0.0269",
            "unit": "kgCO2/pkm",
            "region": "CN-4403",
            "year": 2021,
            "confidence": "published",
            "source": "Shenzhen 低碳公共出行碳普惠方法学 (Shenzhen MEE) as quoted by 深圳商报 2022-09-23",
            "where": "https://www.citysz.net/guonei/2022/0923/2022107136.html",
            "note": "net reduction factor for battery-electric bus vs general travel",
        }
    }


def test_command__compute__decimals_are_never_floats() -> None:
    shown = run("compute", "CI-02", "--record", '{"distance_km": 8.565}', "--region", "SZ")
    assert (shown["quantity"], shown["reduction_mg"]) == (8_565, 399_985)
    tiny = run("compute", "CI-02", "--record", '{"distance_km": 4.35}', "--region", "SZ")
    assert tiny["quantity"] == 4_350  # 4.35 * 1000 is 4349.999... in floats


def test_creditable__what_is_forged_easily_or_claimed_elsewhere__is_never_certified() -> None:
    library = Library.load()
    never = {name for name, document in library.documents.items() if not document.creditable}
    assert never == {"CI-07", "CI-07-TRACE", "CI-14", "CI-16", "CI-30", "CI-32", "EQUIV", "POINTS"}
    assert all(library.documents[name].creditable_reason for name in never)
    growth_only = {name for name, document in library.documents.items() if not document.points}
    assert growth_only <= never
    assert run("show", "CI-14")["creditable"] == f"no: {library.documents['CI-14'].creditable_reason}"
