"""A batch in parts is the batch, byte for byte, on every engine, whoever dies."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import fsspec
import numpy as np
import polars as pl
import pytest
from distributed import Client

from oracle.measure.evidence.batch import bundle_of
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.evidence.folder import write
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.rule import Rule
from oracle.measure.shards.engines import Cluster, Engine, Here, Pool
from oracle.measure.shards.work import Partition, split, together, work
from oracle.model.columns import column
from oracle.model.errors import MethodologyError
from oracle.model.findings import empty_findings
from oracle.model.keccak import keccak, keccak_matrix
from oracle.model.units import day_of

OPERATOR = "0x5B38Da6a701c568545dCfcB03FcB875f56beddC4"
DAY = day_of(date(2023, 1, 5))
RIDES, RIDERS, SHARDS = 3_000, 800, 7


def rule() -> Rule:
    found = Library.load().rule_for("CI-02", "CN-4403", DAY)
    assert found is not None
    return found


def rides() -> pl.DataFrame:
    """Metro rides, one in fifty of them out of range."""
    chance = np.random.default_rng(5)
    rider = chance.integers(0, RIDERS, RIDES)
    numbers = np.arange(RIDES, dtype=">u8").view(np.uint8).reshape(-1, 8)
    persons = keccak_matrix(rider.astype(">u8").view(np.uint8).reshape(-1, 8))
    start = DAY * 86_400 + chance.integers(0, 80_000, RIDES)
    return pl.DataFrame(
        [
            column("record_id", keccak_matrix(numbers)),
            column("account", persons[:, :20].copy()),
            column("salt", keccak_matrix(persons)),
            pl.Series("consented", rider % 3 > 0),
            pl.Series("record_key", [f"ride-{number}" for number in range(RIDES)]),
            pl.Series("subject", rider.astype(str)),
            pl.Series("region", ["CN-4403"] * RIDES),
            pl.Series("start", start),
            pl.Series("end", start + 1_800),
            pl.Series("day", [DAY] * RIDES, dtype=pl.Int32),
            pl.Series("distance_m", np.where(np.arange(RIDES) % 50 == 0, 130_000, chance.integers(500, 40_000, RIDES))),
            pl.Series("file", ["taps.json"] * RIDES),
            pl.Series("rows", [[2 * number + 1, 2 * number + 2] for number in range(RIDES)]),
        ]
    )


def in_parts(engine: Engine, place: str, shards: int) -> Bundle:
    parts = split(rides(), None, rule(), OPERATOR, DAY, shards, place)
    assert sum(engine.run(parts)) == RIDES - RIDES // 50
    return together(parts, empty_findings(), rule(), 0)


def digests(bundle: Bundle, folder: Path) -> dict[str, str]:
    write(folder, bundle)
    return {path.name: keccak(path.read_bytes()).hex() for path in folder.iterdir()}


@pytest.fixture(scope="module")
def whole() -> Bundle:
    """The batch that was never split, by the functions that closing uses."""
    return in_parts(Here(), "memory://whole", 1)


def test_whole__is_what_closing_makes_of_the_sound_rides(whole: Bundle) -> None:
    from oracle.measure.quantify.engine import quantify

    sound = quantify(rides(), rule(), file="taps.json")
    bundle = bundle_of(sound.acts, sound.findings, rule(), OPERATOR, DAY, 0)
    assert (bundle.document, bundle.tree.root) == (whole.document, whole.tree.root)


@pytest.mark.parametrize("shards", [2, 7, 64])
def test_here__any_number_of_shards__gives_the_same_files(whole: Bundle, shards: int, tmp_path: Path) -> None:
    bundle = in_parts(Here(), f"memory://{shards}", shards)
    assert digests(bundle, tmp_path / "parts") == digests(whole, tmp_path / "whole")
    assert bundle.header == whole.header


def test_pool__two_processes__give_the_same_files(whole: Bundle, tmp_path: Path) -> None:
    bundle = in_parts(Pool(2), str(tmp_path / "place"), SHARDS)
    assert digests(bundle, tmp_path / "parts") == digests(whole, tmp_path / "whole")


def test_work__done_twice__writes_the_same_bytes(tmp_path: Path) -> None:
    parts = split(rides(), None, rule(), OPERATOR, DAY, 3, str(tmp_path))
    Here().run(parts)
    first = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    Here().run(parts)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first


def test_work__under_another_rule_than_the_splitter_had__is_refused() -> None:
    [part] = split(rides(), None, rule(), OPERATOR, DAY, 1, "memory://other")
    changed = replace(part, document_hash=bytes(32))
    said = re.escape(f"{rule().id} version {rule().version}, document 0x{'00' * 32}; the library here has")
    with pytest.raises(MethodologyError, match=said):
        work(changed)
    assert not fsspec.filesystem("memory").exists(changed.table("rows"))


class Dask:
    """A scheduler and two workers, each at a loopback address of its own, as on three hosts."""

    def __init__(self, folder: Path):
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._folder = folder
        address_file = folder / "scheduler.json"
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(address_file))
        for host in ("127.0.0.2", "127.0.0.3"):
            words = (
                "--scheduler-file",
                str(address_file),
                "--host",
                host,
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
            )
            self._start(host, *words, "--local-directory", str(folder / host), program="worker")
        self.client = Client(scheduler_file=str(address_file), timeout=300, set_as_default=False)
        self.client.wait_for_workers(2, timeout=300)
        self.address = self.client.scheduler.address

    def _start(self, name: str, *words: str, program: str = "scheduler") -> None:
        command = [sys.executable, "-m", "distributed.cli.dask_" + program, *words]
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(command, stdout=log, stderr=log)

    def kill(self, host: str) -> None:
        os.kill(self._processes[host].pid, signal.SIGKILL)
        self._processes[host].wait()

    def workers(self) -> set[str]:
        return {address.split("//")[1].split(":")[0] for address in self.client.scheduler_info()["workers"]}

    def close(self) -> None:
        self.client.close()
        for process in self._processes.values():
            process.kill()
            process.wait()


@pytest.fixture
def dask(tmp_path: Path) -> Iterator[Dask]:
    made = Dask(tmp_path)
    yield made
    made.close()


class KilledInTheMiddle:
    """Works on a cluster, and kills one worker when the first partition is done and the worker has others in hand."""

    def __init__(self, dask: Dask):
        self._dask = dask
        self.had: list[str] = []

    def run(self, parts: list[Partition]) -> list[int]:
        client = self._dask.client
        futures = client.map(work, parts, pure=False)
        futures[0].result()
        victim = next(
            host for host in ("127.0.0.2", "127.0.0.3") for w, held in client.processing().items() if held and host in w
        )
        self.had = [str(key) for w, held in client.processing().items() if victim in w for key in held]
        self._dask.kill(victim)
        rows: list[int] = client.gather(futures)
        return rows


def test_cluster__one_of_two_workers_killed_in_the_middle__gives_the_same_files(
    whole: Bundle, dask: Dask, tmp_path: Path
) -> None:
    hasty = KilledInTheMiddle(dask)
    bundle = in_parts(hasty, str(tmp_path / "killed"), 64)
    assert len(hasty.had) > 0
    assert len(dask.workers()) == 1
    assert digests(bundle, tmp_path / "parts") == digests(whole, tmp_path / "whole")
    again = in_parts(Cluster(dask.address), str(tmp_path / "again"), SHARDS)
    assert again.document == whole.document
