"""What operators are given fits together: every alert watches a metric that there is and has its page, and the board draws real ones."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from oracle.serve.loop.metrics import Metrics
from tests.e2e.cli import ROOT

RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "docs/ops/alerts.yml").read_text())["groups"][0]["rules"]
BOARD = json.loads((ROOT / "docs/ops/dashboard.json").read_text())
_NAME = re.compile(r"carbonbook_[a-z_]+")


def _metrics() -> set[str]:
    """Names as Prometheus has them."""
    names = set()
    for family in Metrics().registry.collect():
        suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_count", "_sum")}.get(family.type, ("",))
        names |= {family.name + suffix for suffix in suffixes}
    return names


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_alert__watches_metrics_that_there_are_and_has_its_page(rule: dict[str, Any]) -> None:
    watched = set(_NAME.findall(rule["expr"]))
    assert watched
    assert watched <= _metrics()
    page = (ROOT / rule["annotations"]["runbook"]).read_text()
    assert page.startswith(f"# {rule['alert']}\n")
    assert rule["expr"] in page
    assert rule["labels"]["severity"] in ("warning", "critical")


def test_runbook__has_a_page_for_each_alert_and_for_what_commands_stop_at() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs/runbook").glob("*.md")}
    told_by_a_command = {"docs/runbook/book-restored.md"}  # whoever types one is stopped with exit code 8
    assert pages == {rule["annotations"]["runbook"] for rule in RULES} | {"docs/runbook/README.md"} | told_by_a_command


def test_runbook__names_only_commands_that_there_are() -> None:
    from oracle.cli.commands import MODULES

    for path in (ROOT / "docs/runbook").glob("*.md"):
        commands = set(re.findall(r"`carbonbook ([a-z]+)", path.read_text()))
        assert commands <= set(MODULES), path.name


def test_board__draws_only_metrics_that_there_are() -> None:
    drawn = {name for panel in BOARD["panels"] for target in panel["targets"] for name in _NAME.findall(target["expr"])}
    assert drawn <= _metrics()


def test_metrics__are_all_watched_or_drawn() -> None:
    text = json.dumps(BOARD) + json.dumps(RULES)
    families = {name.removesuffix("_bucket").removesuffix("_count").removesuffix("_sum") for name in _metrics()}
    assert {name for name in families if name not in text} == set()
