"""Tables that people write: the encodings of spreadsheets, rows that are too short or long, good rows beside bad ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.cli.rows import Row, read_rows
from oracle.model.errors import CarbonbookError, InputError


def read(tmp_path: Path, content: bytes) -> tuple[list[Row], list[CarbonbookError]]:
    path = tmp_path / "shops.csv"
    path.write_bytes(content)
    return read_rows(path, ("shop", "name"), _row)


def _row(number: int, row: Row) -> Row:
    if row["name"] == "bad":
        raise InputError("'bad' is not a name", file="shops.csv", row=number, field="name")
    return row


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_read_rows__encodings_of_spreadsheets__give_the_same_text(tmp_path: Path, encoding: str) -> None:
    good, bad = read(tmp_path, "shop,name\r\n1,茶馆\r\n2,镕记 水果店\r\n".encode(encoding))
    assert (good, bad) == ([{"shop": "1", "name": "茶馆"}, {"shop": "2", "name": "镕记 水果店"}], [])


@pytest.mark.parametrize("text", ["shop,name\n1,Bäckerei Müller\n", "shop,name\n1,Crêpes à l'étage\n"])
def test_read_rows__western_encoding__is_not_taken_for_chinese(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match="is neither UTF-8 nor GB18030: save it as CSV UTF-8") as caught:
        read(tmp_path, text.encode("cp1252"))
    assert "shops.csv, row 1:" in str(caught.value)


def test_read_rows__rows_too_short_too_long_or_wrong__leave_the_good_ones(tmp_path: Path) -> None:
    good, bad = read(tmp_path, b"shop,name\n1,a\n2\n3,b,c\n4,bad\n5,e\n")
    assert [row["shop"] for row in good] == ["1", "5"]
    assert [str(error) for error in bad] == [
        "shops.csv, row 2: has fewer fields than the header: no name",
        "shops.csv, row 3: has more fields than the header",
        "shops.csv, row 4, name: 'bad' is not a name",
    ]


def test_read_rows__a_column_missing_or_broken_quotes__is_told(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match="columns missing in the header: shop, name; columns are separated by ',', not ';'"
    ):
        read(tmp_path, b"shop;name\n1;a\n")
    with pytest.raises(InputError, match="is not a valid CSV file"):
        read(tmp_path, b'shop,name\n1,"a"b\n')
