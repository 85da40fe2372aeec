"""Rows in quarantine: shown without who it was, released by a correction that is valid itself, or rejected for good."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.edge.store.quarantine import Case, case_of, cases, decision_of
from oracle.measure.masked import masked_rows
from oracle.measure.records.meters import Household
from oracle.measure.release import reject, release
from oracle.model.errors import InputError
from tests.unit.node.books import HEADER, NOW, Place, trip, trips

TAPS = (
    '{"data":[{"card_no":"CBEHFCFCG","deal_date":"2018-08-31 22:14:50","deal_type":"地铁入站","station":"布吉",'
    '"equ_no":"263032105"}]}'
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A book with one trip, and two that are too fast."""
    made = Place(tmp_path / "home", b"r" * 32)
    lines = (trip(1, "rider-one"), trip(2, "rider-two", distance=90_000), trip(3, "rider-three", distance=80_000))
    made.ingest(trips(tmp_path / "f.csv", *lines))
    return made


def _cases(place: Place, *, decided: bool = False) -> list[Case]:
    with place.book.database.reading() as connection:
        return cases(connection, decided=decided)


def _release(place: Place, case: Case, path: Path) -> int:
    source = place.settings.source("bus-app")
    done = release(place.book, case, path, source, Household(), "Li Wei", "typed wrongly", NOW)
    return done.file.accepted


def test_case__shows_the_row_and_not_whose_it_is(place: Place) -> None:
    first, second = _cases(place)
    assert (first.row, first.code, first.file) == (2, "implausible_speed", "f.csv")
    assert second.row == 3
    assert first.text is not None
    assert '"distance": "90000"' in first.text
    assert '"mode": "metro"' in first.text
    for told in (first.text, first.values, first.name):
        assert "rider-two" not in told
        assert "trip-2" not in told
    with place.book.database.reading() as connection:
        assert case_of(connection, first.name) == first


def test_release__a_correction_without_fault__is_read_and_the_case_is_decided(place: Place, tmp_path: Path) -> None:
    case, other = _cases(place)
    assert _release(place, case, trips(tmp_path / "fixed.csv", trip(2, "rider-two", distance=9_000))) == 1
    assert _cases(place) == [other]
    (decided,) = _cases(place, decided=True)
    assert (decided.name, decided.decision) == (case.name, "released")
    with place.book.database.reading() as connection:
        decision = decision_of(connection, case)
    assert decision is not None
    assert (decision.who, decision.reason, decision.decided_at) == ("Li Wei", "typed wrongly", NOW)
    (closed,) = place.close()
    assert closed.records == 2


def test_release__a_correction_with_a_fault__is_refused_and_nothing_is_stored(place: Place, tmp_path: Path) -> None:
    case, _ = _cases(place)
    path = trips(tmp_path / "worse.csv", trip(2, "rider-two", distance=9_000), trip(9, "x", distance=95_000))
    with pytest.raises(InputError, match=r"worse\.csv: the correction still has findings \(implausible_speed: 1\)"):
        _release(place, case, path)
    assert len(_cases(place)) == 2
    (closed,) = place.close()
    assert closed.records == 1


@pytest.mark.parametrize("text", [HEADER + "\n", "nothing"])
def test_release__a_correction_with_no_act__is_refused(place: Place, tmp_path: Path, text: str) -> None:
    (tmp_path / "empty.csv").write_text(text)
    with pytest.raises(InputError, match=r"empty\.csv"):
        _release(place, _cases(place)[0], tmp_path / "empty.csv")
    assert len(_cases(place)) == 2


def test_reject__is_final(place: Place, tmp_path: Path) -> None:
    case, other = _cases(place)
    reject(place.book, case, "Li Wei", "test card", NOW)
    assert _cases(place) == [other]
    final = rf"{case.name} was already rejected by Li Wei \(test card\)\. Decisions are final\."
    with pytest.raises(InputError, match=final):
        _release(place, case, trips(tmp_path / "fixed.csv", trip(2, "rider-two", distance=9_000)))
    with pytest.raises(InputError, match=final):
        reject(place.book, case, "Li Wei", "again", NOW)
    (closed,) = place.close()
    assert closed.records == 1


def test_decision__stays_when_days_are_closed_again(place: Place, tmp_path: Path) -> None:
    """Overlaps between files are found by closing, which replaces its findings: what was decided about them is not asked again."""
    place.ingest(trips(tmp_path / "second.csv", trip(20, "rider-one", minute=5)))
    place.close()
    case = next(case for case in _cases(place) if case.code == "overlap")
    reject(place.book, case, "Li Wei", "double booking", NOW)
    place.ingest(trips(tmp_path / "third.csv", trip(30, "rider-nine")))
    place.close()
    assert "overlap" not in [found.code for found in _cases(place)]
    assert "overlap" in [found.code for found in _cases(place, decided=True)]


def test_case__that_is_none__is_told(place: Place) -> None:
    with (
        place.book.database.reading() as connection,
        pytest.raises(InputError, match="no case 'x' in quarantine"),
    ):
        case_of(connection, "x")


def test_rows__of_taps__are_masked(tmp_path: Path) -> None:
    path = tmp_path / "taps.json"
    path.write_text(TAPS)
    (text,) = masked_rows(path, [1], None).values()
    assert "CBEHFCFCG" not in text
    assert "263032105" not in text
    assert "布吉" in text


def test_rows__with_unknown_columns__are_masked_whatever_they_are_called(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    path.write_text(HEADER + ",phone2,备注\n" + trip(1, "r") + ",13800138000,张三丰先生\n" + '"broken,rider-x\n')
    texts = masked_rows(path, [1, 2], "trips")
    assert "13800138000" not in texts[1]
    assert "张三丰" not in texts[1]
    assert "rider-x" not in texts[2]
