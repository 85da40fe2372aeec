"""Columns of names beside operators, merchants and methodologies, as each table's schema has them."""

from __future__ import annotations

import pandas as pd
import pytest

from oracle.report.tables.named import NAMED, with_names
from oracle.report.tables.schema import Schema

SHOP, OTHER = "0x" + "1" * 40, "0x" + "2" * 40


@pytest.mark.parametrize("name", NAMED)
def test_schema__of_a_table_with_names__has_each_name_after_its_column(name: str) -> None:
    columns = [column.name for column in Schema.load(name).columns]
    for column in NAMED[name]:
        assert columns[columns.index(column) + 1] == f"{column}_name"
    assert [each for each in columns if each.endswith("_name")] == [f"{column}_name" for column in NAMED[name]]


def test_with_names__known_and_unknown__are_a_name_and_an_empty_cell() -> None:
    table = pd.DataFrame({"block": [3, 4], "merchant": [SHOP, OTHER], "amount_units": [5, 6]})
    named = with_names(table, "settlement", {SHOP: "Tea 茶"})
    assert list(named.columns) == ["block", "merchant", "merchant_name", "amount_units"]
    assert named["merchant_name"].tolist()[0] == "Tea 茶"
    assert named["merchant_name"].isna().tolist() == [False, True]
    assert list(table.columns) == ["block", "merchant", "amount_units"]


def test_with_names__table_without_parties__is_unchanged() -> None:
    table = pd.DataFrame({"merchant": [SHOP]})
    assert with_names(table, "pool", {SHOP: "Tea"}).equals(table)


def test_with_names__no_rows__has_the_column() -> None:
    assert list(with_names(pd.DataFrame({"operator": []}), "reserve", {}).columns) == ["operator", "operator_name"]
