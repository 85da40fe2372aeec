"""A node's replay of another's closes: from its own files alone, it finds the same headers, or says where it does not."""

from __future__ import annotations

from pathlib import Path

import pytest

from oracle.model.errors import InputError
from oracle.serve.node.archive import pack, unpack
from oracle.serve.node.compare import compare
from oracle.serve.node.proposal import Proposal
from tests.unit.node.books import MORNING, Node, Place, trip, trips

RECORDS = b"r" * 32


@pytest.fixture
def leader(tmp_path: Path) -> Place:
    return Place(tmp_path / "leader", RECORDS)


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return Node(tmp_path / "node", RECORDS)


@pytest.fixture
def first(tmp_path: Path) -> Path:
    return trips(tmp_path / "first.csv", trip(1, "a"), trip(2, "b", minute=5), trip(3, "c", mode="bus", distance=6_000))


def _closed(leader: Place, node: Node, *files: Path) -> list[str]:
    """The leader reads and closes, the node gets copies; keys of the batches."""
    for file in files:
        leader.ingest(file)
        node.copy(file)
    return [item.batch.batch for item in leader.close()]


def test_close__with_the_same_files__finds_the_same_headers(leader: Place, node: Node, first: Path) -> None:
    made = _closed(leader, node, first)
    outcome = node.replay.close(*leader.proposal(1))
    assert len(made) == 2
    assert outcome.agreed == tuple(sorted(made))
    assert outcome.settled
    assert node.replay.settled == 1
    assert [node.bundle(batch).header for batch in made] == [leader.bundle(batch).header for batch in made]


def test_close__the_bundles__are_the_same_bytes(leader: Place, node: Node, first: Path) -> None:
    (batch, *_) = _closed(leader, node, first)
    node.replay.close(*leader.proposal(1))
    here, there = leader.book.bundle_folder(batch), node.book.bundle_folder(batch)
    assert {path.name: path.read_bytes() for path in here.iterdir()} == {
        path.name: path.read_bytes() for path in there.iterdir()
    }


def test_close__files_that_say_the_same_trip__are_read_in_the_proposed_order(
    leader: Place, node: Node, tmp_path: Path
) -> None:
    one = trips(tmp_path / "z-first.csv", trip(1, "a"), trip(2, "b"))
    two = trips(tmp_path / "a-second.csv", trip(1, "a"), trip(3, "c"))
    made = _closed(leader, node, one, two)
    assert node.replay.close(*leader.proposal(1)).agreed == tuple(sorted(made))


def test_close__people_known_by_several_cards__are_grouped_as_the_proposer_says(
    leader: Place, node: Node, tmp_path: Path
) -> None:
    """Two cards of one person overlap in time: one trip goes; a node that knows only cards would keep both."""
    from oracle.edge.store.citizens import Enrolment

    with leader.book.database.begin() as connection:
        people = [Enrolment("person", "bus-app", card, consented=True) for card in ("a", "b")]
        leader.book.register.enrol(connection, people)
    made = _closed(leader, node, trips(tmp_path / "f.csv", trip(1, "a"), trip(2, "b", minute=5)))
    outcome = node.replay.close(*leader.proposal(1))
    assert outcome.agreed == tuple(made)
    assert node.bundle(made[0]).header.record_count == 1
    assert node.bundle(made[0]).header.consented_quantity > 0


def test_close__with_other_bytes__differs_and_names_record_and_field(leader: Place, node: Node, tmp_path: Path) -> None:
    made = _closed(leader, node, trips(tmp_path / "f.csv", trip(1, "a"), trip(2, "b"), trip(3, "c")))
    trips(node.book.home / "inputs" / "bus-app" / "f.csv", trip(1, "a"), trip(2, "b", distance=8_010), trip(3, "c"))
    outcome = node.replay.close(*leader.proposal(1))
    assert outcome.differing == tuple(made)
    assert outcome.other_bytes == ("bus-app/f.csv",)
    assert node.replay.settled == 0

    from oracle.measure.evidence.folder import read

    found = compare(read(node.replay.aside(made[0])), leader.bundle(made[0]))
    assert found.records == 1
    assert {item.field for item in found.listed} == {"distance_m", "quantity"}
    distance = next(item for item in found.listed if item.field == "distance_m")
    assert (distance.here, distance.there) == ("8010", "8000")
    rows = leader.bundle(made[0]).records.rows(named=True)
    assert distance.name in {"0x" + row["record_id"].hex() for row in rows if row["distance_m"] == 8_000}


def test_close__without_a_file__differs_and_names_it__and_agrees_once_it_has_come(
    leader: Place, node: Node, first: Path, tmp_path: Path
) -> None:
    second = trips(tmp_path / "second.csv", trip(9, "z"))
    made = _closed(leader, node, first, second)
    missing = node.book.home / "inputs" / "bus-app" / "second.csv"
    missing.unlink()
    outcome = node.replay.close(*leader.proposal(1))
    assert outcome.lacking == ("bus-app/second.csv",)
    assert len(outcome.differing) == 1
    assert len(outcome.agreed) == 1
    node.copy(second)
    assert node.replay.close(*leader.proposal(1)).agreed == tuple(sorted(made))


def test_close__a_file_that_cannot_be_read__is_lacking_with_the_reason(leader: Place, node: Node, first: Path) -> None:
    _closed(leader, node, first)
    (node.book.home / "inputs" / "bus-app" / "first.csv").write_bytes(b"PK\x03\x04")
    (lacking,) = node.replay.close(*leader.proposal(1)).lacking
    assert "it is not a valid Excel workbook" in lacking


def test_close__settled_by_the_chain__takes_over_its_bundle_and_goes_on(
    leader: Place, node: Node, first: Path, tmp_path: Path
) -> None:
    made = _closed(leader, node, first)
    lines = first.read_text().split("\n")
    (node.book.home / "inputs" / "bus-app" / "first.csv").write_text("\n".join([lines[0], *lines[2:]]))
    differing = node.replay.close(*leader.proposal(1)).differing
    assert differing
    for batch in differing:
        pack(leader.book.bundle_folder(batch), tmp_path / "b.tar")
        unpack(tmp_path / "b.tar", node.replay.claim(batch), 1 << 20)
    assert node.replay.close(*leader.proposal(1)).differing == differing, "a claim alone settles nothing"
    node.chain.update({batch: leader.bundle(batch).header for batch in made})
    outcome = node.replay.close(*leader.proposal(1))
    assert outcome.adopted == differing
    assert node.replay.settled == 1
    later = _closed(leader, node, trips(tmp_path / "later.csv", trip(11, "k"), trip(1, "a")))
    assert node.replay.close(*leader.proposal(2)).agreed == tuple(later)


def test_close__a_batch_the_proposer_left_out__is_told(leader: Place, node: Node, first: Path) -> None:
    made = _closed(leader, node, first)
    proposal, people = leader.proposal(1)
    kept = {made[0]: proposal.headers[made[0]]}
    censored = Proposal(1, proposal.genesis_hash, proposal.files, kept, proposal.people_sha256)
    outcome = node.replay.close(censored, people)
    assert outcome.differing == (made[1],)


def test_close__another_number_than_the_next__is_refused(
    leader: Place, node: Node, first: Path, tmp_path: Path
) -> None:
    _closed(leader, node, first)
    _closed(leader, node, trips(tmp_path / "s.csv", trip(5, "e")))
    with pytest.raises(InputError, match="close 2 is proposed, but 1 is the next one"):
        node.replay.close(*leader.proposal(2))


def test_close__meters__unit_goes_along_with_the_proposal(leader: Place, node: Node, tmp_path: Path) -> None:
    """Kilowatt-hours are not in the file, and a baseline of seven days looks back over several closes."""
    for day in range(9):
        start = MORNING - 8 * 3600 + 86_400 * day
        file = tmp_path / f"meters-{day}.csv"
        file.write_text(f"meter,start,end,value\nm-1,{_iso(start)},{_iso(start + 86_400)},{5 if day < 8 else 1}\n")
        leader.ingest(file, "grid", unit="kWh")
        node.copy(file, "grid")
        made = [item.batch.batch for item in leader.close()]
        assert node.replay.close(*leader.proposal(day + 1)).agreed == tuple(made)
    assert made


def test_node__keeps_no_salt_of_anybody(leader: Place, node: Node, first: Path) -> None:
    _closed(leader, node, first)
    _, people = leader.proposal(1)
    node.replay.close(*leader.proposal(1))
    node.book.database.scrub()
    everything = b"".join(path.read_bytes() for path in node.book.home.rglob("*") if path.is_file())
    assert len(people) == 3
    for salt in people["salt"]:
        assert salt not in everything
        assert salt.hex().encode() not in everything


@pytest.mark.parametrize("name", ["../config.toml", "a/b", "..", ""])
def test_proposal__a_file_name_that_is_a_path__is_refused(leader: Place, node: Node, first: Path, name: str) -> None:
    _closed(leader, node, first)
    document = leader.proposal(1)[0].document().replace(b'"first.csv"', f'"{name}"'.encode())
    with pytest.raises(InputError, match="not a valid name of a file or source"):
        Proposal.parse(document)


def _iso(seconds: int) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(seconds, UTC).isoformat()
