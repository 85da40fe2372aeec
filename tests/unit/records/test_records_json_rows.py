"""JSON and JSON Lines as rows."""

from __future__ import annotations

import json

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings

from oracle.measure.records.json_rows import Doubtful, json_rows
from oracle.model.errors import InputError

# A row that says something twice: parsers differ in what it says.
TWICE = "twice"


def numbered(text: bytes, lines_a_block: int) -> list[tuple[int, object]]:
    """Rows with their numbers, in order; values as text, as plain lines have them."""
    lines = text.splitlines(keepends=True)
    blocks = [b"".join(lines[at : at + lines_a_block]) for at in range(0, len(lines), lines_a_block)]
    found: list[tuple[int, object]] = []
    for some in json_rows(blocks, ["a"], "file"):
        found += [(row, as_text(item)) for row, item in some.objects]
        found += [(row, {"a": value}) for row, value in some.plain.iter_rows()]
    return sorted(found, key=lambda item: item[0])


def as_text(item: object) -> object:
    if isinstance(item, Doubtful):
        return TWICE
    return {name: str(value) for name, value in item.items()} if isinstance(item, dict) else item


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        pytest.param(b'[{"a": 1}, {"a": 2}]', [{"a": 1}, {"a": 2}], id="list"),
        pytest.param(b'[{"a": 1}]\n', [{"a": 1}], id="list in one line"),
        pytest.param(b'[\n{"a": 1}\n]', [{"a": 1}], id="list in lines that look like rows"),
        pytest.param(b'{"data": [{"a": 1}]}', [{"a": 1}], id="page"),
        pytest.param(b'{\n "data": [\n  {"a": 1}\n ]\n}', [{"a": 1}], id="indented page"),
        pytest.param(b'{"a": 1}', [{"a": 1}], id="one row"),
        pytest.param(b'{"a": 1}\n{"a": 2}', [{"a": 1}, {"a": 2}], id="lines"),
        pytest.param(b'\r\n{"a": 1}\r\n\r\n{"a": 2}\r\n', [{"a": 1}, {"a": 2}], id="blank lines"),
        pytest.param(b'{"data": [1, 2]}\n{"data": [3]}', [1, 2, 3], id="lines of pages"),
        pytest.param(b'{"a": 1}\n{"a": \n{"a": 3}', [{"a": 1}, None, {"a": 3}], id="damaged line"),
        pytest.param(b'{"a": \n{"a": 2}', [None, {"a": 2}], id="damaged first line"),
        pytest.param(b'{"a": 1}\n[[[[', [{"a": 1}, None], id="damaged last line"),
        pytest.param(b'{"a": 1}\n' + b"[" * 100_000, [{"a": 1}, None], id="line too deep"),
        pytest.param(b'{"a": 1}\n' + b"9" * 5_000, [{"a": 1}, None], id="line with too long a number"),
        pytest.param(b"17", [17], id="something else"),
        pytest.param(b'[{"a": 1},{"a": 2},{"a": 3}]', [{"a": 1}, {"a": 2}, {"a": 3}], id="list without blanks"),
        pytest.param(b'{"total":2,"page":1,"data":[{"a":1},{"a":2}]}\r\n', [{"a": 1}, {"a": 2}], id="page in a line"),
        pytest.param(b'[{"a": "},{"},{"a": "}, {"}]', [{"a": "},{"}, {"a": "}, {"}], id="a seam in a text"),
        pytest.param(
            b'[{"a": 1},{"a": {"b": 2}},{"a": 3}]', [{"a": 1}, {"a": {"b": 2}}, {"a": 3}], id="an object in an object"
        ),
        pytest.param(
            b'[{"a": 1},{"b": [{"a": 2},{"a": 3}]}]', [{"a": 1}, {"b": [{"a": 2}, {"a": 3}]}], id="a list in an object"
        ),
        pytest.param(b'{"data":[{"a": 1},{"a": 2}],"total":2}', [{"a": 1}, {"a": 2}], id="more after the rows"),
        pytest.param(b'{"data":[{"a": 1}],"data":[{"a": 2},{"a": 3}]}', [TWICE, TWICE, TWICE], id="rows twice"),
        pytest.param(b'[{"a": 1,"a": 2},{"a": 3}]', [TWICE, {"a": 3}], id="a field twice in a list"),
        pytest.param(b'{"a": 1,"a": 2}\n{"a": 3}', [TWICE, {"a": 3}], id="a field twice in a line"),
        pytest.param(b'[{"a": 1},{"a": 2},7]', [{"a": 1}, {"a": 2}, 7], id="no object at the end"),
        pytest.param('[{"a": "罗湖"},{"a": "\u00e9"}]'.encode(), [{"a": "罗湖"}, {"a": "\u00e9"}], id="other letters"),
        pytest.param(
            b'[{"a": 1},{"data": [{"a": 2}]}]', [{"a": 1}, {"data": [{"a": 2}]}], id="a row that looks like a page"
        ),
    ],
)
@pytest.mark.parametrize("lines_a_block", [1, 2, 100])
def test_json_rows__of_a_file__are_its_rows(text: bytes, rows: list[object], lines_a_block: int) -> None:
    assert numbered(text, lines_a_block) == list(enumerate(map(as_text, rows), 1))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b'{"total": 3, "data": [{"a": 1}, {"a"', r"file: not valid JSON, or cut off: .* \(line 1, column 37\)"),
        (b'{"data": [{"a": 1}', r"file: not valid JSON, or cut off: .* \(line 1, column 19\)"),
        (b'{\n "data": [\n  {"a": 1},\n', r"file: not valid JSON, or cut off: .* \(line 4, column 1\)"),
        (b'[\n{"a": 1},\n{"a": 2}', r"file: not valid JSON, or cut off: .* \(line 3, column 9\)"),
        (b'[{"a":1},{"a":2},]', r"file: not valid JSON, or cut off: .* \(line 1, column 1[78]\)"),
        (b'[{"a":1}\n{"a":2}]', r"file: not valid JSON, or cut off: .* \(line 2, column 1\)"),
        (b'{"data":[{"a":1},{"a":2}]', r"file: not valid JSON, or cut off: .* \(line 1, column 26\)"),
        (b"[" * 100_000, "file: not usable JSON: maximum recursion depth"),
        (b"[" + b"9" * 5_000 + b"]", "file: not usable JSON: Exceeds the limit"),
    ],
)
def test_json_rows__of_a_damaged_document__is_an_error_that_says_where(text: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        list(json_rows([text], ["a"], "file"))


VALUES = st.one_of(
    st.integers(0, 10**6),
    st.none(),
    st.text(st.sampled_from('ab "},{[]:\\罗\n'), max_size=6),
    st.just({"a": 1}),
    st.just([{"a": "x"}]),
)


@given(
    st.lists(st.dictionaries(st.sampled_from(["a", "data", "c"]), VALUES, min_size=1), min_size=1, max_size=6),
    st.sampled_from([(",", ":"), (", ", ": ")]),
    st.booleans(),
)
@settings(max_examples=300)
def test_json_rows__of_any_list__are_those_of_the_standard_library(
    rows: list[dict[str, object]], separators: tuple[str, str], page: bool
) -> None:
    document = {"total": len(rows), "data": rows} if page else rows
    text = json.dumps(document, separators=separators, ensure_ascii=False).encode()
    expected = [row.get("a") for row in rows]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("oracle.measure.records.json_rows.BLOCK_BYTES", 7)
        found: dict[int, object] = {}
        for some in json_rows([text], ["a"], "file"):
            found |= {row: item.get("a") if isinstance(item, dict) else item for row, item in some.objects}
            found |= dict(some.plain.iter_rows())
    assert sorted(found) == list(range(1, len(rows) + 1))
    assert [as_text({"a": found[number]}) for number in sorted(found)] == [as_text({"a": value}) for value in expected]
