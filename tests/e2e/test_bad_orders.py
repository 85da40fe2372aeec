"""Order tables with bad rows, and commands on a chain that began anew: good rows go on, and every command says the same."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest
import requests
from eth_utils.address import to_checksum_address

from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.erasure import account_of, citizen_by_tag
from tests.e2e.cli import CHAIN, Carbonbook, free_port
from tests.e2e.conftest import CLOCK

HEADER = "trip_id,rider,mode,start_time,end_time,trip_distance\n"
MORNING_MS = 1_672_876_800_000
BAD_POINTS = ("-5", "1e308", "0", "nan", "1.2345", "", "１０" * 40, "9" * 400)


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def carbonbook(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Carbonbook]:
    """An installation whose chain can be taken back to its first block; one rider has points."""
    command = Carbonbook(tmp_path_factory.mktemp("installation") / "home")
    began = int(datetime.fromisoformat(CLOCK).timestamp()) - 30 * 86_400
    start = (
        "import sys; from pathlib import Path; from oracle.sandbox import local;"
        "local.start(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))"
    )
    subprocess.run([sys.executable, "-c", start, str(command.home), CHAIN, str(port), str(began)], check=True)
    snapshot = _asked(f"http://127.0.0.1:{port}", "evm_snapshot")
    command("up", "--chain", CHAIN, "--port", str(port), "--clock", CLOCK)
    (command.home / "snapshot").write_text(str(snapshot))
    trips = command.home.parent / "trips.csv"
    rows = [
        f"t-{n},rider,metro,{MORNING_MS + n * 3_600_000},{MORNING_MS + n * 3_600_000 + 1_200_000},9000\n"
        for n in range(3)
    ]
    trips.write_text(HEADER + "".join(rows))
    command("ingest", trips, "--source", "bus-app")
    command("close")
    command("attest")
    command("clock", "--advance", "1")
    command("credit")
    yield command
    command("down")


def _asked(rpc: str, method: str, *parameters: object) -> object:
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}
    answer = requests.post(rpc, json=body, timeout=60).json()
    assert "error" not in answer, answer
    return answer["result"]


@pytest.fixture(scope="module")
def account(carbonbook: Carbonbook) -> str:
    book = Book(carbonbook.home, Keyring(carbonbook.home / "keys"))
    with closing(book.database) as database, database.reading() as connection:
        number = citizen_by_tag(connection, book.register.tag("bus-app", "rider"))
        assert number is not None
        return to_checksum_address(account_of(connection, number))


def test_rows__that_cannot_be_read__are_told_and_the_good_ones_are_taken(
    carbonbook: Carbonbook, account: str, tmp_path: Path
) -> None:
    nobody = to_checksum_address("0x" + "ab" * 20)
    bad = [f"{account},merchant-1,B-{n},{points}" for n, points in enumerate(BAD_POINTS)]
    bad += ["0x12,merchant-1,B-20,1", f"{account},nobody,B-21,1", f"{account},../keys/relayer,B-22,1"]
    bad += [f"{account},merchant-1,,1", f"{account},merchant-1", f"{nobody},merchant-1,B-23,1"]
    path = tmp_path / "orders.csv"
    rows = [f"{account},merchant-1,G-1,0.1", *bad, f"{account},merchant-1,G-2,0.1"]
    path.write_text("\n".join(["account,merchant,order_number,points", *rows, ""]))
    done = carbonbook.run("redeem", path)
    assert done.returncode == 3, done.stderr
    told = json.loads(done.stdout)
    assert (told["orders"], told["taken"], told["points"], told["refused"]) == (2, 2, "0.200", [])
    assert len(told["bad_rows"]) == len(bad)
    for number, (row, problem) in enumerate(zip(bad, told["bad_rows"], strict=True), 2):
        assert f"orders.csv, row {number}" in problem or nobody in row
    assert "orders.csv, row 2" in done.stderr
    assert "'-5' points: must be between 0.001 and" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    again = json.loads(carbonbook.run("redeem", path).stdout)
    assert (again["orders"], again["taken"]) == (2, 2)
    assert carbonbook("report", "reconciliation")["differences"] == 0


@pytest.mark.parametrize("points", BAD_POINTS)
def test_order__of_no_points__is_not_signed(carbonbook: Carbonbook, account: str, points: str) -> None:
    words = ("--merchant", "merchant-1", "--number", "1", f"--points={points}", "--account", account)
    done = carbonbook.run("order", "sign", *words)
    assert (done.returncode, done.stdout) == (3, ""), done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("voucher", ["CB1:ÄÖ", "CB1:1", "CB1:" + "A" * 400, "x" * 300, "CB1:"])
def test_voucher__that_is_none__is_told(carbonbook: Carbonbook, voucher: str) -> None:
    done = carbonbook.run("order", "show", voucher)
    assert (done.returncode, done.stdout, done.stderr[:7]) == (3, "", "Error: ")


@pytest.mark.parametrize("command", ["verify", "duplicate"])
def test_proof__that_is_none__is_told(carbonbook: Carbonbook, tmp_path: Path, command: str) -> None:
    path = tmp_path / "proof.json"
    for content in (b"", b"\xff", b"[" * 100_000, b"{}", b"[]", b"9" * 5_000):
        path.write_bytes(content)
        done = carbonbook.run(command, path)
        assert (done.returncode, done.stdout, done.stderr[:7]) == (3, "", "Error: "), (content[:20], done.stderr)
    done = carbonbook.run(command, "x" * 300)
    assert (done.returncode, "is neither a record id nor a file" in done.stderr) == (3, True), done.stderr


def test_chain__that_began_anew__is_told_alike_by_every_command(
    carbonbook: Carbonbook, account: str, port: int, tmp_path: Path
) -> None:
    """Last: it takes the chain's contracts away."""
    orders = tmp_path / "orders.csv"
    orders.write_text(f"account,merchant,order_number,points\n{account},merchant-1,Z-1,0.1\n")
    carbonbook("clock", "--advance", "1")
    carbonbook("reconcile", "--no-compare")
    _asked(f"http://127.0.0.1:{port}", "evm_revert", (carbonbook.home / "snapshot").read_text())
    commands: list[tuple[str | Path, ...]] = [
        ("status",),
        ("settle",),
        ("settle", "--dry-run"),
        ("settle", "list"),
        ("attest",),
        ("credit",),
        ("redeem", orders),
        ("account", "show", account),
        ("merchant", "list"),
        ("report", "reconciliation"),
        ("order", "sign", "--merchant", "merchant-1", "--number", "9", "--points", "1", "--account", account),
        ("erase", "bus-app:rider", "--who", "request", "--forfeit"),
        ("reconcile",),
        ("rebuild",),
    ]
    ended = {}
    for words in commands:
        done = carbonbook.run(*words)
        ended[" ".join(map(str, words[:2]))] = (done.returncode, "was final as" in done.stderr, done.stderr.count("\n"))
    assert {name: each for name, each in ended.items() if each != (9, True, 1)} == {}
