"""Crediting: what goes through the outbox beside raw transactions, signed beforehand, to the same node in the same run. Then the events of
all that are indexed, beside the node's answer alone.

The chunks of one batch are dealt in turns, so that both meet the same state. The node mines every second, with blocks that hold them all.

    python -m benchmarks.chain [--accounts 102400]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import requests

from benchmarks.table import Row, print_rows, require, timed
from benchmarks.world import FIRST_SECOND, SOURCE, TRIPS_A_DAY, enrol, write_trips
from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.point_issuer import PointIssuer
from oracle.edge.chain.outbox import Outbox, Pace
from oracle.edge.chain.sender import Sent
from oracle.installation import Installation
from oracle.ledger.attest.committee import attest_all
from oracle.ledger.credit.push import call_of, chunks
from oracle.measure.close.close import close
from oracle.measure.evidence import folder
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.ingest import ingest
from oracle.measure.quantify.library import Library
from oracle.measure.records.meters import Household
from oracle.model.ids import BatchId
from oracle.report.index.events import EventIndex
from oracle.sandbox.local import advance

CLOCK = "2023-01-10T08:00:00+08:00"
BLOCK_GAS = 4_000_000_000
PEOPLE, SPENDERS, ORDERS = (
    1_000_000,
    100_000,
    24,
)  # of a city; those who claim and spend; orders of each, with two events
CITY_YEAR = {
    "everybody pushed daily": PEOPLE * 365 + 2 * SPENDERS * ORDERS,
    "spenders claim each day": SPENDERS * 365 + 2 * SPENDERS * ORDERS,
}
TURNS = 4  # raw, outbox, raw, outbox
RAW_AT_ONCE = 50
WAIT_SECONDS = 600


def started(home: Path, port: int) -> Installation:
    """A local chain with everything deployed."""
    command = [
        str(Path(sys.executable).parent / "carbonbook"),
        "up",
        "--home",
        str(home),
        "--port",
        str(port),
        "--clock",
        CLOCK,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    require(done.returncode == 0, done.stderr)
    return Installation.at(home)


def batch_of(here: Installation, accounts: int) -> tuple[BatchId, Bundle]:
    """An open batch with one entry for each of some new accounts."""
    csv = here.book.home / "trips.csv"
    write_trips(csv, accounts * TRIPS_A_DAY)
    enrol(here.book, accounts)
    ingest(here.book, csv, "bus-app", SOURCE, kind="trips", household=Household(), now=FIRST_SECOND + 86_400)
    first = close(here.book, Library.load(), here.operators())[0].batch.batch
    bundle = folder.read(here.book.bundle_folder(first))
    attest_all(here.sender(), [(first, bundle)], here.members())
    advance(here.chain.rpc, 86_400)
    return first, bundle


def asked(here: Installation, method: str, *arguments: object) -> Any:
    """What the node answers."""
    answer = requests.post(
        here.chain.rpc,
        json={"jsonrpc": "2.0", "id": 1, "method": method, "params": list(arguments)},
        timeout=WAIT_SECONDS,
    ).json()
    require("error" not in answer, f"{method}: {answer}")
    return answer["result"]


def signed(here: Installation, calls: Sequence[Call]) -> list[str]:
    """Raw transactions of an account of their own."""
    account = here.keys.account("merchant-3")
    nonce = here.chain.web3.eth.get_transaction_count(account.address)
    fees: dict[str, Any] = {
        "maxFeePerGas": 10**11,
        "maxPriorityFeePerGas": 10**9,
        "chainId": here.chain.manifest.chain_id,
        "value": 0,
    }
    made = (
        account.sign_transaction(fees | {"to": call.to, "data": call.data, "gas": call.gas, "nonce": nonce + at})
        for at, call in enumerate(calls)
    )
    return ["0x" + each.raw_transaction.hex() for each in made]


def send_raw(here: Installation, transactions: Sequence[str]) -> None:
    """Sends them in JSON arrays and waits until the last has a block: the least that anybody does."""
    account = here.keys.account("merchant-3")
    wanted = here.chain.web3.eth.get_transaction_count(account.address) + len(transactions)
    with requests.Session() as session:
        for at in range(0, len(transactions), RAW_AT_ONCE):
            some = transactions[at : at + RAW_AT_ONCE]
            body = [
                {"jsonrpc": "2.0", "id": n, "method": "eth_sendRawTransaction", "params": [each]}
                for n, each in enumerate(some)
            ]
            answers = session.post(here.chain.rpc, json=body, timeout=WAIT_SECONDS).json()
            require(all("result" in answer for answer in answers), f"raw: {answers[-1]}")
    deadline = time.monotonic() + WAIT_SECONDS
    while here.chain.web3.eth.get_transaction_count(account.address) < wanted:
        require(time.monotonic() < deadline, "raw: not mined")
        time.sleep(0.02)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=102_400)
    parser.add_argument("--port", type=int, default=8599)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        here = started(home, options.port)
        try:
            rows = [*measured(here, options.accounts), *indexed(here, options.accounts)]
        finally:
            subprocess.run(
                [str(Path(sys.executable).parent / "carbonbook"), "down", "--home", str(home)],
                capture_output=True,
                check=False,
            )
    print_rows(rows)


def measured(here: Installation, accounts: int) -> list[Row]:
    """Credits one batch by turns."""
    batch, bundle = batch_of(here, accounts)
    issuer = PointIssuer(here.chain)
    listed = list(chunks(bundle.accounts, bundle.accounts.chunk))
    calls = [call_of(issuer, batch, each) for each in listed]
    asked(here, "evm_setBlockGasLimit", hex(BLOCK_GAS))
    asked(here, "evm_setIntervalMining", 1)
    outbox = Outbox(
        here.chain, here.keys.account(here.settings.relayer), here.book.database, Pace(wait_seconds=WAIT_SECONDS)
    )
    size = -(-len(calls) // TURNS)
    seconds, credited = [0.0, 0.0], [0, 0]
    for turn in range(TURNS):
        mine, through = calls[turn * size : (turn + 1) * size], turn % 2
        if through:
            took, outcomes = timed(partial(outbox.send_all, mine))
            require(all(isinstance(each, Sent) for each in outcomes), "outbox")
        else:
            took, _ = timed(partial(send_raw, here, signed(here, mine)))
        seconds[through] += took
        credited[through] += sum(
            min(bundle.accounts.chunk, accounts - chunk.first) for chunk in listed[turn * size : (turn + 1) * size]
        )
    progress = issuer.progress_of(batch)
    require(progress.accounts == sum(credited) == accounts, "accounts credited")
    raw, ours = (count / took for count, took in zip(credited, seconds, strict=True))
    return [
        Row(
            "accounts credited through the outbox",
            f"{ours:,.0f} a second",
            f"raw transactions {raw:,.0f} a second",
            ours / raw,
            ">= 0.8",
        )
    ]


def indexed(here: Installation, accounts: int) -> list[Row]:
    """Rebuilds the event index; what a city's year would take at that rate."""
    index = EventIndex(here.chain, here.book.home)
    seconds, done = timed(index.rebuild, 3)
    contracts = [here.chain.address(role) for role in here.chain.manifest.contracts]
    whole = {"fromBlock": hex(here.chain.manifest.first_block), "toBlock": hex(done.head), "address": contracts}
    reading, answer = timed(partial(here.chain.raw, "eth_getLogs", whole), 3)
    counts, logs = index.counts(), len(json.loads(answer)["result"])
    require(counts["Transfer"] >= accounts and sum(counts.values()) == logs, "events in the index")
    ours, raw = logs / seconds, logs / reading
    rows = [
        Row(
            "events indexed from the node",
            f"{ours:,.0f} a second",
            f"the node's answer {raw:,.0f} a second",
            ours / raw,
        )
    ]
    for how, events in CITY_YEAR.items():
        rows.append(Row(f"rebuilding a city's year, {events:,} events: {how}", f"{events / ours / 60:,.0f} min"))
    return rows


if __name__ == "__main__":
    main()
