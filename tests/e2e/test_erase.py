"""`carbonbook erase` on a real chain: it waits for what still needs the person; then the links are gone, and every total stays proven."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from eth_utils.address import to_checksum_address
from sqlalchemy import Connection

from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.citizens import salt_of
from oracle.edge.store.erasure import account_of, citizen_by_tag
from oracle.installation import Installation
from oracle.measure.evidence.folder import read
from tests.e2e.cli import Carbonbook
from tests.e2e.test_rests import own_key

HEADER = "trip_id,rider,mode,start_time,end_time,trip_distance\n"
MORNING_MS, HOUR_MS = 1_672_876_800_000, 3_600_000


def _trip(rider: int, hour: int) -> str:
    start = MORNING_MS + HOUR_MS * hour
    return f"t-{rider}-{hour},rider-{rider},metro,{start},{start + HOUR_MS // 3},{9_000 + 100 * hour + rider}\n"


@contextmanager
def _book(carbonbook: Carbonbook) -> Iterator[tuple[Book, Connection]]:
    book = Book(carbonbook.home, Keyring(carbonbook.home / "keys"))
    with closing(book.database) as database, database.reading() as connection:
        yield book, connection


def _account(carbonbook: Carbonbook, rider: int) -> str:
    with _book(carbonbook) as (book, connection):
        number = citizen_by_tag(connection, book.register.tag("bus-app", f"rider-{rider}"))
        assert number is not None
        return to_checksum_address(account_of(connection, number))


def _refused(carbonbook: Carbonbook, who: str) -> tuple[int, str]:
    done = carbonbook.run("erase", who, "--who", "request 7")
    return done.returncode, done.stderr


def _records(carbonbook: Carbonbook, account: str) -> list[str]:
    (folder,) = (carbonbook.home / "bundles").iterdir()
    rows = read(folder).records.select("record_id", "account").iter_rows()
    return ["0x" + record.hex() for record, owner in rows if to_checksum_address(owner) == account]


def _steps(carbonbook: Carbonbook, record: str) -> list[str]:
    """Steps of a record's proof, which holds, with the commitment opened if it still can be."""
    done = carbonbook("verify", record, "--open")
    assert done["holds"]
    return [step["check"] for step in done["steps"]]


def _tables(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.csv")}


def test_erase__waits__then_forgets_the_person_and_keeps_every_total(carbonbook: Carbonbook, tmp_path: Path) -> None:
    trips = tmp_path / "trips.csv"
    trips.write_text(HEADER + "".join(_trip(rider, hour) for rider in (1, 2, 3) for hour in range(3)))
    carbonbook("ingest", trips, "--source", "bus-app")
    assert carbonbook("close")["batches"] == 1
    person, other = _account(carbonbook, 1), _account(carbonbook, 2)

    code, said = _refused(carbonbook, "bus-app:rider-1")
    assert (code, "contains records of the person and is not attested" in said) == (4, True)
    carbonbook("attest")
    carbonbook("clock", "--advance", "1")
    code, said = _refused(carbonbook, person)
    assert (code, "is not credited. Its points could never be spent" in said) == (4, True), said
    carbonbook("credit")
    code, said = _refused(carbonbook, person)
    points = carbonbook("account", "show", person)["points"]
    assert (code, f"The account holds {points} points, and its key would be destroyed" in said) == (4, True), said
    records = _records(carbonbook, person)
    assert len(records) == 3
    assert "commitment" in _steps(carbonbook, records[0])
    carbonbook("report", "--out", tmp_path / "before")

    done = carbonbook("erase", "bus-app:rider-1", "--who", "request 7", "--forfeit")
    assert (done["account"], done["forfeited_milli"] > 0) == (person, True)

    # Totals, statements and the comparison with the chain are what they were, byte for byte; every record is still proven.
    assert carbonbook("report", "--out", tmp_path / "after")["differences"] == 0
    assert _tables(tmp_path / "after") == _tables(tmp_path / "before")
    assert all("commitment" not in _steps(carbonbook, record) for record in records)
    assert "commitment" in _steps(carbonbook, _records(carbonbook, other)[0])
    assert carbonbook("account", "show", person)["points"] == points

    # Neither the card nor the account leads to a person any more, and nobody can spend in its name.
    for name in ("bus-app:rider-1", person):
        code, said = _refused(carbonbook, name)
        assert (code, "no such person is known here, or the person was already erased" in said) == (3, True)
    with _book(carbonbook) as (_, connection):
        assert salt_of(connection, bytes.fromhex(person[2:])) is None
        assert salt_of(connection, bytes.fromhex(other[2:])) is not None
    orders = tmp_path / "orders.csv"
    orders.write_text(f"account,merchant,order_number,points\n{person},merchant-1,A-1,0.1\n")
    spent = carbonbook.run("redeem", orders)
    assert (spent.returncode, f"{person} is not in custody here. Its owner must sign" in spent.stderr) == (3, True), (
        spent.stderr
    )
    assert carbonbook("account", "show", person)["points"] == points

    # Whoever comes again with the card is somebody else.
    later = tmp_path / "later.csv"
    later.write_text(HEADER + _trip(1, 5))
    carbonbook("ingest", later, "--source", "bus-app")
    again = _account(carbonbook, 1)
    assert again not in (person, other)
    carbonbook("close")
    carbonbook("attest")
    carbonbook("clock", "--advance", "1")
    carbonbook("credit")
    assert carbonbook("account", "show", person)["points"] == points
    assert float(carbonbook("account", "show", again)["points"]) > 0
    assert carbonbook("report", "reconciliation")["differences"] == 0


def test_close__a_move_that_a_stranger_completed__is_known_to_the_book_and_to_erase(
    carbonbook: Carbonbook, tmp_path: Path
) -> None:
    here = Installation.at(carbonbook.home)
    trips = tmp_path / "before.csv"
    trips.write_text(HEADER + _trip(9, 0))
    carbonbook("ingest", trips, "--source", "bus-app")
    assert carbonbook("close")["batches"] == 1
    former, own = _account(carbonbook, 9), own_key(tmp_path)
    carbonbook("account", "move", former, "--key-file", tmp_path / "key.json")
    carbonbook("clock", "--advance", "2")
    here.sender("merchant-3").send(CarbonPoint(here.chain).complete_move(former))
    assert carbonbook("close")["batches"] == 0
    assert _account(carbonbook, 9) == own.address
    code, said = _refused(carbonbook, own.address)
    assert (code, "contains records of the person and is not attested" in said) == (4, True), said

    carbonbook("clock", "--advance", "2")
    start = 1000 * (here.chain.now() - 86_400)
    trips = tmp_path / "after.csv"
    trips.write_text(f"{HEADER}t-after,rider-9,metro,{start},{start + HOUR_MS // 3},9000\n")
    carbonbook("ingest", trips, "--source", "bus-app")
    (made,) = carbonbook("close")["bundles"]
    entries = read(here.book.bundle_folder(made["batch"])).accounts.table
    assert [to_checksum_address(account) for account in entries["account"]] == [own.address]
