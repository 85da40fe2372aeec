"""The intake against its own OpenAPI document: whatever comes, signed or not, the answer is one that the document names."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from http.client import HTTPConnection
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from oracle.serve.http.signed import FORMS, KEY, Request
from tests.e2e.intake import TRIPS_HEADER, Intake, trip_file

# Of the pinned hypothesis, when it reads a regular expression.
pytestmark = pytest.mark.filterwarnings("ignore:module 'sre_:DeprecationWarning")

PATH = "/v1/sources/{source}/files/{name}"
EXAMPLES = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
ANSWERS = {200, 401, 404, 409, 413, 422, 429, 503}
ANYTHING = st.text(max_size=40)
LINES = st.lists(st.one_of(st.text(max_size=60), st.sampled_from(trip_file(1, 6).decode().split("\n"))), max_size=8)
NAMES = st.one_of(
    st.from_regex(r"[ab]\.csv", fullmatch=True), st.from_regex(r"[a-z]{4}\.csv", fullmatch=True), ANYTHING
)
BODIES = st.one_of(
    st.builds(trip_file, st.integers(1, 50), st.integers(1, 4)),
    st.binary(max_size=200),
    LINES.map("\n".join).map(str.encode),
    LINES.map(lambda lines: "\n".join([TRIPS_HEADER, *lines]).encode()),
    st.recursive(
        st.none() | st.booleans() | st.integers() | ANYTHING,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANYTHING, inner, max_size=3),
        max_leaves=8,
    ).map(lambda value: json.dumps(value).encode()),
)


@pytest.fixture(scope="module")
def answered() -> Counter[int]:
    """How often signed requests got which answer."""
    return Counter()


@pytest.fixture(scope="module")
def operation(intake: Intake) -> dict[str, Any]:
    """What the document says of sending a file."""
    found: dict[str, Any] = requests.get(f"{intake.service.url}/openapi.json", timeout=60).json()["paths"][PATH]["put"]
    return found


def values(schema: dict[str, Any]) -> st.SearchStrategy[str | None]:
    """What a parameter may be as the document has it, and what it may not be."""
    kinds = [_string(each) for each in schema.get("anyOf", [schema])]
    return st.one_of(*kinds, ANYTHING)


def _string(schema: dict[str, Any]) -> st.SearchStrategy[str | None]:
    if schema["type"] == "null":
        return st.none()
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    return st.text(max_size=schema.get("maxLength", 40))


def sent(intake: Intake, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, Any]]:
    """Status and document of an answer; headers as bytes, as anybody can send them."""
    connection = HTTPConnection("127.0.0.1", intake.service.port, timeout=60)
    try:
        connection.putrequest("PUT", path, skip_accept_encoding=True)
        for name, value in (headers | {"Content-Length": str(len(body))}).items():
            connection.putheader(name, value.encode("utf-8"))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_document__names_every_answer_and_the_form_of_every_header(operation: dict[str, Any]) -> None:
    assert {int(status) for status in operation["responses"]} == ANSWERS
    forms = {item["name"]: item["schema"]["pattern"] for item in operation["parameters"] if item["in"] == "header"}
    assert forms == {name: f"^({form.pattern})$" for name, form in FORMS.items()}


@EXAMPLES
@given(data=st.data())
def test_request__that_nobody_signed__is_refused_and_stores_nothing(
    intake: Intake, operation: dict[str, Any], data: st.DataObject
) -> None:
    drawn = {item["name"]: (item["in"], data.draw(values(item["schema"]))) for item in operation["parameters"]}
    path, _ = _path(drawn)
    printable = {name: value for name, (where, value) in drawn.items() if where == "header" and _is_header(value)}
    status, answer = sent(intake, path, printable, data.draw(BODIES))
    assert status in (401, 404, 405, 422), answer
    assert answer["detail"]
    assert intake.rows() == 0 or status != 200


@EXAMPLES
@given(data=st.data())
def test_request__signed__is_answered_as_the_document_says(
    intake: Intake, operation: dict[str, Any], answered: Counter[int], data: st.DataObject
) -> None:
    drawn = {item["name"]: (item["in"], data.draw(values(item["schema"]))) for item in operation["parameters"]}
    drawn["source"] = ("path", data.draw(st.sampled_from(sorted(intake.secrets))))
    drawn["name"] = ("path", data.draw(NAMES))
    if data.draw(st.booleans()):
        drawn["kind"] = ("query", None)  # most senders leave it to the content
    path, source = _path(drawn)
    body = data.draw(BODIES)
    key = drawn[KEY][1]
    named = key if key is not None and FORMS[KEY].fullmatch(key) else hashlib.sha256(body).hexdigest()
    request = Request("PUT", path, source, int(time.time()), named, hashlib.sha256(body).hexdigest())
    before = intake.rows()
    status, answer = sent(intake, path, request.headers(intake.secrets[source].sign(request.text)), body)
    answered[status] += 1
    assert status in ANSWERS, answer
    if status == 200:
        assert answer["rows"] == answer["accepted"] + answer["quarantined"]
    else:
        assert answer["detail"]
        assert intake.rows() == before


def test_requests__that_were_signed__met_every_answer_but_those_of_a_full_house(answered: Counter[int]) -> None:
    """Else the test before proves little."""
    assert {200, 404, 409, 422, 429} <= answered.keys()


def _path(drawn: dict[str, tuple[str, str | None]]) -> tuple[str, str]:
    """The path with its query, and the source in it."""
    source, name = (str(drawn[part][1]) for part in ("source", "name"))
    query = urlencode({key: value for key, (where, value) in drawn.items() if where == "query" and value is not None})
    path = PATH.format(source=quote(source, safe=""), name=quote(name, safe=""))
    return path + (f"?{query}" if query else ""), source


def _is_header(value: str | None) -> bool:
    """Whether it can stand in a header at all: what cannot is no HTTP."""
    return value is not None and all(letter >= " " and letter != "\x7f" for letter in value)
