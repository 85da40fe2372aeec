"""A new operator's file, brought in by commands alone: Chinese headers, semicolons, decimal commas, mean power stamped at its end."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from oracle.cli.measure.source import app

FILES = Path(__file__).parents[2] / "data" / "readings"
NEW = FILES / "new_operator.csv"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config.toml").write_text('[sources.grid]\noperator = "operator-1"\n', "utf-8")
    return tmp_path


def run(home: Path, *words: str, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*words, "--home", str(home), "--json"])
    assert (done.exit_code, type(done.exception)) in ((code, type(None)), (1, type(done.exception))), done.output
    told: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
    return told


def test_source_add__a_file_of_a_new_operator__is_read_by_its_mapping(home: Path) -> None:
    told = run(home, "add", "kehu", "--like", str(NEW), "--operator", "operator-1", "--yes")
    assert told["days"] == [
        {"date": "2023-03-01", "scenario": "CI-11", "energy_wh": 9_600, "acts": 1},
        {"date": "2023-03-02", "scenario": "CI-11", "energy_wh": 19_200, "acts": 1},
    ]
    assert (told["findings"], len(told["readings"])) == ({}, 10)
    assert told["readings"][0]["start"] == "2023-03-01 00:00+08:00"
    assert tomllib.loads((home / "mappings" / "kehu.toml").read_text("utf-8"))["mapping"] == {
        "delimiter": ";",
        "decimal": ",",
        "date": "%d.%m.%Y %H:%M",
        "stamped": "end",
        "measure": "mean power",
        "unit": "kW",
        "columns": {
            "start": ["结束时间"],
            "value": "平均功率（千瓦）",
            "meter": "表计编号",
            "quality": "数据状态",
        },
    }
    assert run(home, "check", "kehu", str(NEW))["sound"]
    assert "mean power" in run(home, "show", "kehu")["mapping"]
    listed = {source["source"]: source["mapping"] for source in run(home, "list")["sources"]}
    assert listed == {"grid": "", "kehu": "yes"}


def test_source_add__without_a_yes__saves_nothing(home: Path) -> None:
    run(home, "add", "kehu", "--like", str(NEW), "--operator", "operator-1", code=3)
    assert not (home / "mappings").exists()
    assert "kehu" not in (home / "config.toml").read_text("utf-8")


def test_source_add__an_option__changes_what_is_proposed(home: Path) -> None:
    told = run(home, "add", "grid", "--like", str(NEW), "--times-zone", "UTC", "--yes")
    assert 'zone = "UTC"' in told["mapping"]
    assert told["readings"][0]["start"] == "2023-03-01 08:00+08:00"
