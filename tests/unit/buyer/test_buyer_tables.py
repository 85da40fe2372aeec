"""The buyer's tables: each bad field is a finding with its row, and spoils no other row."""

from __future__ import annotations

import json

import pytest

from oracle.ledger.buyer.tables import Power, Table, columns_of, read_table
from oracle.model.errors import InputError

INVENTORY = ",".join(columns_of("inventory"))
POWER = ",".join(columns_of("power"))
GOOD = "2021,e,1,fuel,diesel,100,ml,2500,source,2021,250,,"
CERTIFICATES = "c-{n},certificate,GEC{first},GEC{last},{wh},CN,2022,p,yes"


def read(*lines: str) -> Table:
    return read_table(["\n".join([*lines, ""]).encode()], "table.csv")


def found(table: Table) -> list[tuple[str, int, str]]:
    return [(row["code"], row["row"], json.loads(row["values"])["field"]) for row in table.findings.to_dicts()]


def test_table__good_rows_go_on_beside_bad_ones() -> None:
    table = read(
        INVENTORY,
        GOOD,
        GOOD.replace(",100,", ",1e2,"),
        GOOD.replace(",250,", ",249,"),
        GOOD.replace("2021,e,1", "21,e,1"),
        GOOD.replace(",1,fuel", ",4,fuel"),
        GOOD.replace(",2500,", ",,"),
        GOOD.replace("source,2021", ",2021"),
        GOOD.replace(",1,fuel", ",2,fuel"),
        GOOD,
    )
    assert (table.kind, table.rows, len(table.good)) == ("inventory", 9, 2)
    assert found(table) == [
        ("bad_number", 2, "quantity"),
        ("emissions_differ", 3, "emissions_mg"),
        ("unknown_value", 4, "year"),
        ("unknown_value", 5, "scope"),
        ("missing_field", 6, "factor_ug_per_unit"),
        ("missing_field", 7, "factor_source"),
        ("unknown_value", 8, "method"),
    ]


def test_emissions__are_computed_where_a_row_leaves_them_out__rounded_up() -> None:
    (row,) = read(INVENTORY, "2021,e,1,fuel,diesel,101,ml,2501,source,2021,,,").good
    assert row.emissions_mg == 253  # type: ignore[union-attr]  # 252.601


def test_certificate__numbers_count_once() -> None:
    table = read(
        POWER,
        CERTIFICATES.format(n=1, first="001", last="010", wh=10_000_000),
        CERTIFICATES.format(n=2, first="010", last="011", wh=1),
        CERTIFICATES.format(n=3, first="011", last="011", wh=1_000_000),
        CERTIFICATES.format(n=4, first="012", last="012", wh=1_000_001),
        CERTIFICATES.format(n=5, first="020", last="019", wh=1),
        CERTIFICATES.format(n=6, first="-none", last="-none", wh=1),
        "c-7,ppa,,,5,CN,2022,p,yes",
    )
    assert [row.contract_id for row in table.good if isinstance(row, Power)] == ["c-1", "c-3", "c-7"]
    assert found(table) == [
        ("certificate_twice", 2, "certificate_first"),
        ("above_certificates", 4, "wh"),
        ("unknown_value", 5, "certificate_last"),
        ("unknown_value", 6, "certificate_last"),
    ]


def test_table__that_is_none__is_refused() -> None:
    with pytest.raises(InputError, match="has none of the columns scope, contract_id, basis"):
        read("a,b", "1,2")
    with pytest.raises(InputError, match="the header lacks entity"):
        read("year,scope", "2021,1")
