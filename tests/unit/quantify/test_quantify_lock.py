from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sha3 import keccak_256

from oracle.measure.quantify.library import FOLDER, Library
from oracle.measure.quantify.lock import differences, hashes, release
from oracle.model.errors import MethodologyError
from tests.unit.quantify.quantify_acts import edited_library


def test_lock__every_released_version__is_what_it_was(library: Library) -> None:
    changed, new = differences(library)
    assert changed == []
    assert new == []
    assert sum(len(versions) for versions in hashes(library).values()) == 728


def test_lock__hash__is_keccak_over_the_canonical_document(library: Library) -> None:
    rule = library.rule("CI-01.CN-4403", 1)
    assert "0x" + keccak_256(rule.canonical).hexdigest() == hashes(library)["CI-01.CN-4403"][0]
    document = json.loads(rule.canonical)
    assert document["parameters"]["erf"]["value"] == "0.0269"
    assert document["parameters"]["erf"]["source"]["title"].startswith("Shenzhen 低碳公共出行碳普惠方法学")
    assert document["rule"] == {
        "id": "CI-01.CN-4403",
        "version": "1",
        "since": "2018-01-01",
        "until": None,
        "notice": [],
        "data_year": None,
    }
    assert document["method"]["quantity"] == "choose(vehicle_type, distance_m * passengers, 0)"
    assert (
        rule.canonical
        == (json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n").encode()
    )


@pytest.mark.parametrize(
    ("name", "old", "new", "touched"),
    [
        (
            "ci-01.toml",
            '"ERF_bus.SZ" = { value = "0.0269"',
            '"ERF_bus.SZ" = { value = "0.0270"',
            ["CI-01.CN-4403 version 1"],
        ),
        (
            "ci-01.toml",
            '"ERF_bus.SZ" = { value = "0.0269"',
            '"ERF_bus.SZ" = { value = "0.02690"',
            ["CI-01.CN-4403 version 1"],
        ),
        ("ci-01.toml", "One mechanism only", "Any mechanism", ["CI-01.CN-4403 version 1"]),
        ("ci-07.toml", 'day_limit = "0.296 kgCO2e"', 'day_limit = "0.3 kgCO2e"', ["CI-07.CN version 1"]),
        ("ci-07.toml", "points = false", "points = true", ["CI-07.CN version 1"]),
        ("ci-26.toml", 'quantity = "orders"', 'quantity = "orders * 2"', ["CI-26.CN version 1"]),
        ("ci-26.toml", 'max = "4"', 'max = "5"', ["CI-26.CN version 1"]),
        ("ci-01-ride.toml", "since = 2023-06-05", "since = 2023-06-06", ["CI-01-RIDE.CN-4201 version 2"]),
        ("ci-34.toml", 'status = "active"', 'status = "draft"\nreason = "withdrawn"', ["CI-34.CN version 1"]),
        (
            "sources.toml",
            "as quoted by 深圳商报 2022-09-23",
            "as quoted by 深圳商报",
            ["CI-01.CN-4403 version 1", "CI-02.CN-4403 version 1", "CI-03.CN-4403 version 1"],
        ),
    ],
)
def test_lock__released_rule_edited__found(tmp_path: Path, name: str, old: str, new: str, touched: list[str]) -> None:
    folder = edited_library(tmp_path, name, old, new)
    library = Library.load(folder)
    assert differences(library, folder)[0] == touched
    with pytest.raises(MethodologyError, match=r"changed after release\. Restore them, and add new versions"):
        release(library, folder)
    assert (folder / "released.json").read_bytes() == (FOLDER / "released.json").read_bytes()


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("ci-01.toml", 'value = "0.052"', 'value = "0.051"'),  # a draft's figure
        ("ci-01.toml", 'value = "0.7"', 'value = "0.6"'),  # a reference set's
        ("ci-01.toml", "[examples.WE-03]", "[examples.WE-03]\n# checked again"),
        ("ci-08.toml", "detour at most 30 %", "detour at most 20 %"),
    ],
)
def test_lock__drafts_references_and_examples__may_change(tmp_path: Path, name: str, old: str, new: str) -> None:
    folder = edited_library(tmp_path, name, old, new)
    assert differences(Library.load(folder), folder) == ([], [])


def test_lock__new_version__is_added_and_the_old_ones_stay(tmp_path: Path) -> None:
    rule = """[[rules]]
region = "CN-4403"
version = 2
method = "distance"
since = 2027-01-01
status = "active"
bind = { erf = "ERF_bus.SZ" }

"""
    folder = edited_library(tmp_path, "ci-01.toml", "[sets.SZ_news]", rule + "[sets.SZ_news]")
    library = Library.load(folder)
    assert differences(library, folder) == ([], ["CI-01.CN-4403 version 2"])
    assert release(library, folder) == ["CI-01.CN-4403 version 2"]
    assert differences(library, folder) == ([], [])
    assert len(json.loads((folder / "released.json").read_text())["CI-01.CN-4403"]) == 2


def test_lock__file__holds_hashes_only() -> None:
    table = json.loads((FOLDER / "released.json").read_text())
    assert list(table) == sorted(table)
    assert all(re.fullmatch(r"0x[0-9a-f]{64}", each) for versions in table.values() for each in versions)
