"""A committee of five processes, three of whom must agree: one lies, one is down, one is stale.

Each has its own home folder, key and copies of the inputs, and recomputes what the operator's installation closed.
"""

from __future__ import annotations

import json
import random
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import requests

from oracle.config import Settings
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.batches import all_batches
from oracle.installation import Installation
from oracle.ledger.certify.submission import Submission
from oracle.measure.evidence.folder import read
from oracle.model.ids import BatchId
from oracle.sandbox.city.generate import generate
from oracle.sandbox.city.plan import Plan
from oracle.serve.node.client import NodeClient, NodeFails
from oracle.serve.node.coordinator import bring_forward, gather
from oracle.serve.node.invite import invite
from tests.e2e.cli import CHAIN, ROOT, Carbonbook, free_port
from tests.e2e.servers import Service
from tests.services import lying_node, signer

CLOCK = "2023-01-10T08:00:00+08:00"
PLAN = Plan(seed=5, citizens=40, first_day=date(2023, 1, 5), days=2)
SOURCES = {"taps": "szt", "trips-bus-app": "bus-app", "trips-ride-app": "ride-app"}
BUS = "CI-02.CN-4403"
PROFILE = ROOT / "scripts" / "profiles" / "committee-of-five.toml"


class Committee:
    """An installation that closes, and five nodes."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.city = folder / "city"
        self.leader = Carbonbook(folder / "leader")
        self.nodes: dict[int, Service] = {}
        generate(PLAN, self.city)

    def begin(self) -> None:
        """The first day's files are read and closed; five nodes get copies of them."""
        self.leader("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK, "--profile", PROFILE)
        self.leader("enrol", self.city / "citizens.csv")
        self.read_and_close("2023-01-05")
        self.leader("node", "invite", "oracle-1", self.home(1))
        settings = Settings.load(self.leader.home)
        keys = Keyring(settings.path(settings.keys))
        operators = {name: keys.address(source.operator) for name, source in settings.sources.items()}
        for number in range(1, 6):
            if number > 1:
                invite(settings, keys, f"oracle-{number}", self.home(number), settings.rpc, operators)
            for path, source in self.files("2023-01-05"):
                shutil.copy(path, self.home(number) / "inputs" / source)

    def read_and_close(self, day: str) -> None:
        """Reads a day's files and closes."""
        for source in SOURCES.values():
            self.leader("ingest", *(path for path, of in self.files(day) if of == source), "--source", source)
        assert self.leader("close")["batches"] > 0

    def files(self, day: str) -> list[tuple[Path, str]]:
        """Files of a day and their sources."""
        listed = [(path, source) for prefix, source in SOURCES.items() for path in sorted(self.city.glob(f"{prefix}*"))]
        return [(path, source) for path, source in listed if day in path.name]

    def home(self, number: int) -> Path:
        """Home folder of a node."""
        return self.folder / f"node-{number}"

    def member(self, number: int) -> str:
        """Account of a node."""
        return str(requests.get(f"{self.nodes[number].url}/v1/member", timeout=60).json()["address"])

    def key_elsewhere(self, number: int, url: str) -> None:
        """Takes a node's key out of its keystore; an external signer has it."""
        keys, config = Keyring(self.home(number) / "keys"), self.home(number) / "config.toml"
        name = f"oracle-{number}"
        signing = f'\n[signers.{name}]\nurl = "{url}"\naddress = "{keys.address(name)}"\n'
        config.write_text(config.read_text() + signing)
        (self.home(number) / "keys" / f"{name}.json").unlink()

    def start(self, *numbers: int) -> None:
        """Starts nodes."""
        for number in numbers:
            words = ["node", "run", "--home", str(self.home(number))]
            self.nodes[number] = Service(words, self.folder / f"node-{number}.log", "/v1/member")
        for number in numbers:
            self.nodes[number].start()

    def attest(self, *numbers: int, down: bool = False) -> tuple[int, Any]:
        """Exit code and answer of gathering signatures from some nodes, and from one that is not there."""
        urls = [self.nodes[number].url for number in numbers] + ([f"http://127.0.0.1:{free_port()}"] if down else [])
        done = self.leader.run("attest", "--nodes", ",".join(urls))
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def committee(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Committee]:
    """Five nodes; the second has another distance in one trip, the third's key is at an external signer, the fifth lacks a file."""
    made = Committee(tmp_path_factory.mktemp("committee"))
    made.begin()
    lengthen_first_trip(next(made.home(2).glob("inputs/bus-app/trips-*")))
    next(made.home(5).glob("inputs/bus-app/trips-*")).unlink()
    with signer(Keyring(made.home(3) / "keys").secret("oracle-3")) as url:
        made.key_elsewhere(3, url)
        made.start(1, 2, 3, 5)
        yield made
    for node in made.nodes.values():
        node.stop()
    made.leader("down")


def lengthen_first_trip(path: Path) -> None:
    """Makes the first trip of a file ten metres longer."""
    lines = path.read_text().split("\n")
    column = lines[0].split(",").index("trip_distance" if "trip_distance" in lines[0] else "distance")
    fields = lines[1].split(",")
    fields[column] = str(int(fields[column].split(".")[0]) + 10)
    path.write_text("\n".join([lines[0], ",".join(fields), *lines[2:]]))


def test_committee__one_lies_one_down_one_stale__attests_only_when_a_third_agrees(
    committee: Committee,
) -> None:
    code, answer = committee.attest(1, 2, 3, 5, down=True)
    said = {item["node"]: item for item in answer["nodes"]}
    one, liar, three, stale = (said[committee.nodes[number].url] for number in (1, 2, 3, 5))
    disputed = set(liar["differences"]) | set(stale["differences"])

    # Two honest nodes are no quorum: what the others found otherwise is not on chain, the rest is.
    assert code == 7
    assert (one["differences"], three["differences"]) == ({}, {})
    assert {row["batch"] for row in answer["batches"] if row["transaction"] is None} <= disputed
    assert answer["short"] == len([row for row in answer["batches"] if row["signatures"] < 3]) > 0

    # The node with other bytes says which record, which field, and what it has instead.
    assert liar["other_bytes"] == [f"bus-app/{next(committee.home(2).glob('inputs/bus-app/trips-*')).name}"]
    listed = [item for found in liar["differences"].values() for item in found["listed"] if item["what"] == "record"]
    distance = next(item for item in listed if item["field"] == "distance_m")
    assert int(distance["here"]) == int(distance["there"]) + 10
    assert distance["name"].startswith("0x")

    # The node without a file says which, and that the records of it are missing.
    assert stale["lacking"] == [f"bus-app/{next(committee.home(1).glob('inputs/bus-app/trips-*')).name}"]
    missing = [item for found in stale["differences"].values() if isinstance(found, dict) for item in found["listed"]]
    assert all(item["here"] == "missing" for item in missing if item["field"] == "presence")

    # The node that is down is told as such.
    (down,) = (item for item in answer["nodes"] if item["failure"])
    assert "does not answer" in down["failure"]

    # The stale node gets its file: three agree, one still lies, one is still down.
    path, source = next((path, source) for path, source in committee.files("2023-01-05") if source == "bus-app")
    shutil.copy(path, committee.home(5) / "inputs" / source)
    code, answer = committee.attest(1, 2, 3, 5, down=True)
    assert (code, answer["short"]) == (0, 0)
    assert all(row["signatures"] == 3 for row in answer["batches"] if row["batch"] in disputed)


def test_committee__the_next_day__the_node_that_lied_takes_over_what_the_chain_has(
    committee: Committee,
) -> None:
    committee.read_and_close("2023-01-06")
    for number in (1, 2, 3, 5):
        for path, source in committee.files("2023-01-06"):
            shutil.copy(path, committee.home(number) / "inputs" / source)
    code, answer = committee.attest(1, 2, 5)
    assert (code, answer["short"]) == (0, 0)
    assert all(row["signatures"] == 3 for row in answer["batches"])
    assert not any(item["differences"] for item in answer["nodes"])


def late_batch(committee: Committee, name: str) -> None:
    """One more batch, by a file that came late; the first, third and fifth node get it."""
    late = committee.folder / f"{name}.csv"
    path = next(path for path, source in committee.files("2023-01-06") if source == "ride-app")
    header, first, *_ = path.read_text().split("\n")
    columns, fields = header.split(","), first.split(",")
    fields[columns.index("trip_id")] = name
    fields[columns.index("rider")] = f"{name}-rider"
    late.write_text("\n".join([header, ",".join(fields), ""]))
    committee.leader("ingest", late, "--source", "ride-app")
    assert committee.leader("close")["batches"] == 1
    for number in (1, 3, 5):
        shutil.copy(late, committee.home(number) / "inputs" / "ride-app")


FORGED = {
    "malleated": "signature rejected: need 65 bytes, v 27 or 28, low s",
    "short-v": "signature rejected: need 65 bytes, v 27 or 28, low s",
    "cut": "signature rejected: need 65 bytes, v 27 or 28, low s",
    "no-point": "signature rejected: need 65 bytes, v 27 or 28, low s",
    "another-key": "the signature is not by",
    "stranger": "is not a member of the committee",
    "old-epoch": "its node's chain is behind",
    "more": "signed total_quantity 999999999, but the batch has",
    "another-batch": "the approval is for another batch, 0xabab",
    "no-header": "an invalid approval",
    "list": "an invalid approval",
    "nothing": "an invalid approval",
}
NONSENSE = ("below-zero", "no-number", "a-path", "no-keys", "no-list")


def test_node__that_forges_signatures__adds_none_and_keeps_nobody_elses_away(committee: Committee) -> None:
    """Two honest nodes and one that lies are no quorum of three, whatever it says; three honest ones are, whatever it says beside them."""
    late_batch(committee, "forged")
    assert committee.attest(1, 3)[0] == 7
    here = Installation.at(committee.leader.home)
    account = here.keys.account(here.settings.relayer)
    with here.book.database.reading() as connection:
        stored = [item.batch for item in all_batches(connection)]
    (batch,) = (item for item in stored if EvidenceLedger(here.chain).phase_of(item).name == "none")
    known = {batch: read(here.book.bundle_folder(batch)).header}
    one, three = (NodeClient(committee.nodes[number].url, account) for number in (1, 3))
    with lying_node(committee.nodes[1].url) as url:
        for lie, said in FORGED.items():
            liar = NodeClient(f"{url}/{lie}", account)
            (alone,) = (found for found in gather(here.chain, [liar, three], known) if found.batch == batch)
            assert (len(alone.signatures), said in alone.refused[liar.url]) == (1, True), (lie, alone.refused)
            (beside,) = (found for found in gather(here.chain, [one, three, liar], known) if found.batch == batch)
            assert beside.signatures.keys() == {committee.member(1), committee.member(3)}, lie
        for lie in NONSENSE:
            liar = NodeClient(f"{url}/{lie}", account)
            said = list(bring_forward(here.book, here.chain.manifest.genesis_hash, liar))
            assert said[-1].failure is not None, lie
            found = {item.batch: len(item.signatures) for item in gather(here.chain, [one, three, liar], known)}
            assert found == {batch: 2}, lie
        short = committee.leader.run("attest", "--nodes", f"{one.url},{three.url},{url}/another-key")
        assert short.returncode == 7, short.stderr
        assert EvidenceLedger(here.chain).phase_of(batch).name == "none"
        urls = [committee.nodes[number].url for number in (1, 3, 5)]
        done = committee.leader("attest", "--nodes", ",".join([*urls, f"{url}/malleated", f"{url}/a-path"]))
    assert (done["attested"], done["short"]) == (1, 0)
    here.book.database.close()


def test_committee__gathered_by_anyone_without_a_book__is_attested(committee: Committee, tmp_path: Path) -> None:
    """A late file makes one more batch; whoever has a key for gas, and no records at all, can put it on chain."""
    late_batch(committee, "late")
    code, answer = committee.attest(1, 3)
    assert (code, answer["short"]) == (7, 1)

    stranger = Carbonbook(tmp_path / "stranger")
    stranger.home.mkdir()
    home = committee.leader.home
    shutil.copy(home / "deployment.json", stranger.home)
    (stranger.home / "config.toml").write_text((home / "config.toml").read_text())
    (stranger.home / "keys").mkdir()
    for name in ("relayer.json", "passphrase"):
        shutil.copy(home / "keys" / name, stranger.home / "keys")
    code, answer = committee.attest(5)  # the fifth looks at the close, and two are still too few for the leader
    assert (code, answer["short"]) == (7, 1)
    urls = ",".join(committee.nodes[number].url for number in (1, 3, 5))
    assert stranger("attest", "--nodes", urls)["attested"] == 1
    assert committee.leader("attest")["attested"] == 0


def test_committee__a_node_killed_again_and_again__signs_when_it_is_back(committee: Committee) -> None:
    """F56: what a killed node had half done it does anew; its two neighbours alone are no quorum, and nothing is attested twice."""
    late_batch(committee, "killed")
    moments = random.Random(56)
    with ThreadPoolExecutor(1) as pool:
        for _ in range(4):
            asked = pool.submit(committee.attest, 1, 3, 5)
            time.sleep(moments.uniform(0.5, 3))  # the moment is the test's subject; nothing is waited for
            committee.nodes[5].kill()
            code, answer = asked.result()
            assert code == (7 if answer["short"] else 0)
            committee.nodes[5].start()
    code, answer = committee.attest(1, 3, 5)
    assert (code, answer["short"]) == (0, 0)
    here = Installation.at(committee.leader.home)
    attested = [event.values["batch"] for event in here.chain.events("EvidenceLedger", "BatchAttested")]
    with here.book.database.reading() as connection:
        stored = [bytes.fromhex(item.batch[2:]) for item in all_batches(connection)]
    assert sorted(attested) == sorted(stored)
    here.book.database.close()


def test_leader__that_lost_database_bundles_and_closings__gets_them_from_nodes(
    committee: Committee,
) -> None:
    home, urls = committee.leader.home, ",".join(committee.nodes[number].url for number in (1, 3, 5))
    kept = {path.parent.name: path.read_bytes() for path in home.glob("bundles/*/bundle.json")}
    for path in home.glob("book.sqlite*"):
        path.unlink()
    for name in ("bundles", "closings", "acts"):
        shutil.rmtree(home / name)
    refused = committee.leader.run("enrol", committee.city / "citizens.csv")
    assert (refused.returncode, f"the chain has {len(kept)} batches" in refused.stderr) == (8, True), refused.stderr
    alone = committee.leader.run("rebuild")
    assert alone.returncode == 8
    assert {row["batch"][2:] for row in json.loads(alone.stdout)["lost"]} == kept.keys()
    done = committee.leader("rebuild", "--nodes", urls)
    assert (len(done["bundles_from_nodes"]), done["lost"], done["differ"]) == (len(kept), [], [])
    assert {path.parent.name: path.read_bytes() for path in home.glob("bundles/*/bundle.json")} == kept
    committee.leader("enrol", committee.city / "citizens.csv")
    for source in SOURCES.values():
        files = [path for day in ("2023-01-05", "2023-01-06") for path, of in committee.files(day) if of == source]
        committee.leader("ingest", *files, "--source", source)
    for name in ("forged", "late", "killed"):
        committee.leader("ingest", committee.folder / f"{name}.csv", "--source", "ride-app")
    assert committee.leader("close")["batches"] == 0
    late_batch(committee, "after")
    code, answer = committee.attest(1, 3, 5)
    assert (code, answer["attested"], answer["short"]) == (0, 1, 0)
    assert committee.leader("reconcile")["differences"] == 0


def test_committee__a_claim_on_credits__is_signed_by_three_that_recomputed_it(committee: Committee) -> None:
    """Two signatures are no quorum; a node that finds something else says where, and one without a batch says so."""
    committee.leader("clock", "--advance", "1")
    committee.leader("credit")
    opened = committee.leader("certify", "open", "--methodology", BUS, "--vintage", "2023", "--key", "transit")
    assert committee.leader("certify", "add", str(opened["claim"]))["batches"] == 2
    committee.leader("certify", "report", "1")
    here = Installation.at(committee.leader.home)
    account, kept = here.keys.account(here.settings.relayer), Submission.load(committee.leader.home, 1)
    one, three, five = (NodeClient(committee.nodes[number].url, account) for number in (1, 3, 5))
    forged = json.loads(json.dumps(kept.report))
    forged["batches"][0]["records"] = "1"
    with pytest.raises(NodeFails, match=r"the reports differ in 1 places: batches\[0\]\.records is \d+ here, 1 there"):
        one.frame(1, Submission(1, (), forged).document())
    with pytest.raises(NodeFails, match="this is claim 1, not 2"):
        one.frame(2, kept.document())
    with pytest.raises(NodeFails, match="not a claim as it is submitted"):
        one.frame(1, b"[]")
    with pytest.raises(NodeFails, match=r"request \(401\)"):
        NodeClient(one.url, here.keys.account("buyer-1")).frame(1, kept.document())
    short = committee.leader.run("certify", "submit", "1", "--nodes", f"{one.url},{three.url}")
    assert (short.returncode, "2 of 3 signatures" in short.stderr) == (7, True), short.stderr
    batch = BatchId(forged["batches"][0]["batch"])
    other = NodeClient(committee.nodes[2].url, account)
    shutil.rmtree(committee.home(2) / "bundles" / batch[2:])
    with pytest.raises(NodeFails, match="bundle\\.json: cannot be read"):
        other.frame(1, kept.document())
    done = committee.leader("certify", "submit", "1", "--nodes", ",".join([one.url, other.url, three.url, five.url]))
    assert (done["signatures"], list(done["refused"]), done["state"]) == (3, [other.url], "submitted")
    signed = one.reversal(1, batch, kept.document())
    assert (signed.subject["series"], signed.subject["batch"], signed.member) == ("1", batch, committee.member(1))
    here.book.database.close()
