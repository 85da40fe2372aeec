"""The main job end to end, on a real chain: it foots, it can be repeated, and it can be killed."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from oracle.edge.chain.client import Chain
from oracle.edge.chain.manifest import Manifest
from oracle.measure.evidence.proof import RECORD
from oracle.measure.evidence.tree import RECORD_ENCODING
from tests.e2e.cli import CHAIN, DATA, ROOT
from tests.e2e.story import AT_ONCE, Story
from tests.parity.test_leaf_merkle_tree import ask

KILL_SEED = 20230105


# Hardhat keeps a queue of transactions only while it mines in intervals; while it mines at once it refuses what comes out of turn.
MINING = (AT_ONCE, "in intervals") if CHAIN == "hardhat" else (AT_ONCE,)


@pytest.fixture(scope="module", params=MINING)
def mining(request: pytest.FixtureRequest) -> str:
    """How the chain mines."""
    return str(request.param)


@pytest.fixture(scope="module")
def story(mining: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """The job, done once for each way that the chain mines."""
    told = Story(tmp_path_factory.mktemp("story"))
    told.up(mining)
    told.run()
    yield told
    told.carbonbook("down")


@pytest.fixture(scope="module")
def totals(story: Story) -> dict[str, int]:
    """What it came to."""
    return story.totals()


def test_the_real_taps__ten_bus_rides_and_ninety_findings(story: Story) -> None:
    again = story.carbonbook("ingest", DATA / "szt_taps_100.json", "--source", "szt")
    assert (again["rows"], again["accepted"], again["quarantined"]) == (100, 10, 90)


def test_reconciliation__finds_no_difference(story: Story) -> None:
    assert story.carbonbook("report", "reconciliation")["differences"] == 0


def test_totals__are_those_of_an_independent_recomputation(story: Story, totals: dict[str, int]) -> None:
    files = [f"{source}={path}" for paths, source in story.inputs() for path in paths]
    command = [sys.executable, str(ROOT / "tests" / "independent" / "recompute.py"), *files]
    command += ["--report", str(story.folder / "reports"), "--people", str(story.city / "citizens.csv")]
    command += ["--config", str(story.carbonbook.home / "config.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = f"{totals['records']} acts, {totals['reduction_mg']} mg CO2e recomputed; 0 differences\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr


def test_every_record__has_a_proof_that_the_contract_accepts(story: Story, totals: dict[str, int]) -> None:
    chain = Chain(story.carbonbook("status")["rpc"], Manifest.load(story.carbonbook.home / "deployment.json"))
    proven = 0
    for bundle in story.bundles():
        head = bundle.header
        batch = chain.read("EvidenceLedger", "batchIdOf", head.operator, head.methodology, head.day, head.sequence)
        for row in bundle.records.iter_rows(named=True):
            siblings = bundle.tree.proof(bundle.tree.position(row["leaf"]))
            record = tuple(row[name] for name in RECORD.values())
            proven += chain.read("EvidenceLedger", "verifyRecord", batch, record, siblings)
    assert proven == totals["records"]


def test_a_saved_proof__is_accepted_by_a_third_partys_verifier(story: Story, tmp_path: Path) -> None:
    bundle = max(story.bundles(), key=lambda each: len(each.records))
    path = tmp_path / "proof.json"
    story.carbonbook("verify", "0x" + bundle.records["record_id"][0].hex(), "--save", path)
    document = json.loads(path.read_text())
    proof = {
        "root": document["header"]["recordsRoot"],
        "encoding": RECORD_ENCODING,
        "value": list(document["record"].values()),
        "proof": [step["sibling"] for step in document["steps"]],
    }
    assert ask(proofs=[proof])["proofs"] == [True]

    document["record"]["quantity"] = proof["value"][2] = str(int(document["record"]["quantity"]) + 1)
    path.write_text(json.dumps(document))
    assert ask(proofs=[proof])["proofs"] == [False]
    done = story.carbonbook.run("verify", path)
    assert done.returncode == 7
    assert next(step["check"] for step in json.loads(done.stdout)["steps"] if not step["holds"]) == "leaf"


def test_merchants__are_paid_for_ten_orders_at_the_price_of_a_point(totals: dict[str, int]) -> None:
    assert totals["orders"] == 10
    assert totals["paid_milli"] == 10 * 2_500
    assert totals["paid_units"] == 10 * 2_500 * 50


def test_every_step__repeated__changes_nothing(story: Story, totals: dict[str, int]) -> None:
    for command in story.before_credit():
        story.carbonbook(*command)
    assert story.carbonbook("close")["batches"] == 0
    assert story.carbonbook("attest")["attested"] == 0
    assert story.carbonbook("credit")["credited"] == []
    assert story.carbonbook("redeem", story.folder / "orders.csv")["taken"] == 10
    assert story.carbonbook("settle")["payments"] == []
    assert story.totals() == totals


def test_the_oracle__killed_again_and_again__ends_in_the_same_totals(
    mining: str, tmp_path: Path, totals: dict[str, int]
) -> None:
    """Each command is killed at three moments of its run and then run to its end."""
    moments = random.Random(KILL_SEED)
    killed = Story(tmp_path)
    killed.up(mining)

    def hard(*command: str | Path) -> None:
        for _ in range(3):
            killed.carbonbook.killed(*command, after=moments.uniform(1.0, 5.0))
        killed.carbonbook(*command)

    for command in killed.before_credit():
        hard(*command)
    killed.carbonbook("clock", "--advance", "1")
    hard("credit")
    hard("redeem", killed.write_orders())
    killed.carbonbook("clock", "--advance", "9")
    hard("settle")
    found = killed.totals()
    killed.carbonbook("down")
    assert found == totals
