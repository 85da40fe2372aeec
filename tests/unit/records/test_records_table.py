"""CSV as a table: a damaged line is one finding, and no line is lost."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from oracle.measure.records.table import header, parse, require
from oracle.model.errors import InputError

WHOLE = 1 << 25


def blocks(content: bytes, size: int) -> Iterator[bytes]:
    """Whole lines, at least `size` bytes of them at a time."""
    stream = io.BytesIO(content)
    while block := stream.read(size) + stream.readline():
        yield block


def parsed(text: str | bytes, chunk: int = WHOLE) -> tuple[int, list[tuple[object, ...]], list[tuple[object, ...]]]:
    """Rows counted, rows read, and findings, of all pieces together."""
    content = text.encode() if isinstance(text, str) else text
    pieces = list(parse(blocks(content, chunk), "file"))
    read = [row for piece in pieces for row in piece.frame.iter_rows()]
    findings = pl.concat(piece.findings for piece in pieces).sort("row").select("row", "code", "values")
    return sum(piece.rows for piece in pieces), read, findings.rows()


THREE, FIVE = (("malformed_row", f'{{"columns":{count}}}') for count in (3, 5))
QUOTES = ("malformed_row", '{"quotes":"do not match"}')


@pytest.mark.parametrize(
    ("text", "read", "findings"),
    [
        pytest.param("a,b\n1,2\n3,4\n", [(1, "1", "2"), (2, "3", "4")], [], id="plain"),
        pytest.param("a,b\n1,2", [(1, "1", "2")], [], id="no line end at the end"),
        pytest.param("a,b\r\n1,2\r\n3,4\r\n", [(1, "1", "2"), (2, "3", "4")], [], id="windows line ends"),
        pytest.param("a,b\n\n1,2\n\n", [(2, "1", "2")], [], id="blank lines are no rows and keep their numbers"),
        pytest.param("a,b\n,\n , \n1,2\n", [(3, "1", "2")], [], id="lines of commas and blanks are no rows"),
        pytest.param("a,b\n 1 ,\t2\n", [(1, "1", "2")], [], id="blanks around a field"),
        pytest.param("a,b\n1\n", [(1, "1", None)], [], id="short line"),
        pytest.param("a,b\n1,2,\n", [(1, "1", "2")], [], id="comma at the end"),
        pytest.param("a,b\n1,2,3\n4,5\n", [(2, "4", "5")], [(1, *THREE)], id="long line"),
        pytest.param("a,b\n1,2,,,5\n4,5,,,\n", [(2, "4", "5")], [(1, *FIVE)], id="long line with a gap"),
        pytest.param("a,b\n4,5\n1,2,3,4,5\n", [(1, "4", "5")], [(2, *FIVE)], id="very long line"),
        pytest.param('a,b\n"1,5","say ""x"""\r\n3,4', [(1, "1,5", 'say "x"'), (2, "3", "4")], [], id="quoted"),
        pytest.param('a,b\n"1","2","3"\n', [], [(1, *THREE)], id="long quoted line"),
        pytest.param('a,b\n"1\n3,4\n', [(2, "3", "4")], [(1, *QUOTES)], id="quote that is never closed"),
        pytest.param('a,b\n1,"2\nx"\n3,4\n', [(2, 'x"', None), (3, "3", "4")], [(1, *QUOTES)], id="line end in quotes"),
        pytest.param('a,b\n1"x,2\n', [(1, '1"x', "2")], [], id="quote inside a field"),
        pytest.param("a,b\n", [], [], id="header only"),
        pytest.param("a,b", [], [], id="header without line end"),
        pytest.param('"a", B \n1,2', [(1, "1", "2")], [], id="quoted header"),
        pytest.param("a,b\n深圳,2\n", [(1, "深圳", "2")], [], id="chinese"),
    ],
)
@pytest.mark.parametrize("chunk", [1, 7, WHOLE])
def test_parse__lines_of_all_sorts__reads_the_good_and_finds_the_bad(
    text: str, read: list[tuple[object, ...]], findings: list[tuple[object, ...]], chunk: int
) -> None:
    assert parsed(text, chunk) == (len(read) + len(findings), read, findings)


cells = st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=6)


@given(st.lists(st.lists(cells, min_size=1, max_size=4), max_size=12), st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_parse__what_a_csv_writer_wrote__comes_back(lines: list[list[str]], chunk: int) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([["a", "b"], *lines])
    rows, read, findings = parsed(text.getvalue(), chunk)
    stripped = [[cell.strip() or None for cell in line] for line in lines]
    numbered = [(row, *[*line, None][:2]) for row, line in enumerate(stripped, 1) if not any(line[2:]) and any(line)]
    assert read == numbered
    assert [row for row, *_ in findings] == [row for row, line in enumerate(stripped, 1) if any(line[2:])]
    assert rows == len(read) + len(findings)


@given(st.binary(max_size=80).filter(lambda body: b"\0" not in body), st.integers(1, 30))
@settings(max_examples=300, deadline=None)
def test_parse__any_text__accounts_for_every_line_that_says_something(body: bytes, chunk: int) -> None:
    text = body.decode("utf-8", "ignore")
    rows, read, findings = parsed(f"a,b\n{text}", chunk)
    assert rows == len(read) + len(findings) == len({row for row, *_ in [*read, *findings]})
    said = [row for row, line in enumerate(text.split("\n"), 1) if line.strip(' ,"\r\t')]
    assert {row for row, *_ in [*read, *findings]} >= set(said) - {row for row in said if blank(text, row)}


def blank(text: str, row: int) -> bool:
    """Whether a line has only white space of some sort in its fields."""
    return not any(cell.strip() for cell in text.split("\n")[row - 1].replace('"', "").split(","))


def test_header__with_a_name_twice__is_an_error_that_says_which() -> None:
    with pytest.raises(InputError, match="file: the header has its column 1 twice"):
        header(b"start,value,Start\n", "file")


def test_require__a_missing_column__says_which_and_what_is_there() -> None:
    with pytest.raises(InputError, match="file: the header lacks end, value; it has 2 columns, known of which start"):
        require(["start", "unit"], ("start", "end", "value"), "file")
