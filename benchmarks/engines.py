"""Dask and Ray on the same partitions: what each installs, how long it takes to be there, what a partition costs, what a dead worker costs.

Both start two worker processes on this machine and are given the same list of partitions and the same function,
`oracle.measure.shards.work`;
their tables must be those of one process. Ray is measured if an interpreter is named that can import it: it is no dependency here. The
figures are kept in benchmarks/results/engines.json.

    python3.11 -m venv build/ray && build/ray/bin/pip install ray
    python -m benchmarks.engines [--ray build/ray/bin/python] [--acts 240000] [--shards 24]
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import psutil  # type: ignore[import-untyped]  # Dask brings it
from packaging.requirements import Requirement

from benchmarks.parts import REGION, rides
from benchmarks.run import ROOT, circumstances, write_result
from benchmarks.table import Row, require, shown
from benchmarks.world import FIRST_SECOND, OPERATOR
from oracle.measure.quantify.library import Library
from oracle.measure.shards.work import ROWS, Partition, split, work
from oracle.model.units import day_of_time

WORKERS = 2
TRIVIAL = 500  # tasks that do nothing
PACKAGES = {"Dask": "distributed", "Ray": "ray"}

Submit = Callable[[Callable[..., Any], list[Any]], Iterator[Any]]  # results as they come


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ray", type=Path, help="an interpreter that can import ray")
    parser.add_argument("--acts", type=int, default=240_000)
    parser.add_argument("--shards", type=int, default=24)
    parser.add_argument("--of", choices=ENGINES, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.of:
        json.dump(measured(options.of, options.acts, options.shards), sys.stdout)
        return
    interpreters = {"Dask": Path(sys.executable)} | ({"Ray": options.ray} if options.ray else {})
    found = {name: in_child(name, python, options.acts, options.shards) for name, python in interpreters.items()}
    first = found["Dask"]
    rows = [
        Row(
            f"{name}: {what}",
            f"{figure:,.4g}",
            *((f"Dask {first[what]:,.4g}", figure / first[what]) if name != "Dask" else ()),
        )
        for name, figures in found.items()
        for what, figure in figures.items()
    ]
    print(shown(rows))
    write_result("engines.json", circumstances() | {"acts": options.acts, "shards": options.shards, "engines": found})


def in_child(name: str, python: Path, acts: int, shards: int) -> dict[str, float]:
    """`measured` by an interpreter of its own, which finds everything but the engine where this one does."""
    here = os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")])
    command = [str(python), "-m", "benchmarks.engines", "--of", name, "--acts", str(acts), "--shards", str(shards)]
    environment = {**os.environ, "PYTHONPATH": here, "RAY_USAGE_STATS_ENABLED": "0"}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def measured(name: str, acts: int, shards: int) -> dict[str, float]:
    """The figures of one engine, in this process."""
    packages = closure(PACKAGES[name])
    beside = {each: size for each, size in packages.items() if each not in closure("carbonbook")}
    figures = {"packages beside ours": float(len(beside)), "MB of them": sum(beside.values()) / 1e6}
    with tempfile.TemporaryDirectory() as temporary:
        parts = divided(acts, shards, temporary)
        expected = [work(part) for part in parts]
        tables = [Path(part.table(ROWS)).read_bytes() for part in parts]
        begun = perf_counter()
        with ENGINES[name](temporary) as submit:
            require(len(list(submit(process_of, list(range(WORKERS))))) == WORKERS, "workers")
            figures["seconds until it answers"] = perf_counter() - begun
            figures["MB of its processes, idle"] = memory()
            figures["ms a task that does nothing"] = (
                1000 * median(_seconds(submit, process_of, range(TRIVIAL))) / TRIVIAL
            )
            _seconds(submit, counted, parts, 1)  # the workers load what the work needs
            whole = figures["seconds of all partitions"] = median(_seconds(submit, counted, parts))
            begun = perf_counter()
            rows: dict[int, int] = {}
            killed = 0
            for shard, count, pid in submit(counted, parts):
                rows[shard] = count
                if not killed:
                    killed = pid
                    os.kill(pid, signal.SIGKILL)
            figures["seconds more if a worker is killed"] = perf_counter() - begun - whole
        require([rows[part.shard] for part in parts] == expected, "rows")
        require([Path(part.table(ROWS)).read_bytes() for part in parts] == tables, "tables")
    return figures


def divided(acts: int, shards: int, place: str) -> list[Partition]:
    """A batch of metro rides in parts."""
    day = day_of_time(FIRST_SECOND + 20_000, "Asia/Shanghai")
    rule = Library.load().rule_for("CI-02", REGION, day)
    if rule is None:
        sys.exit(f"no rule for CI-02 in {REGION}")
    return split(rides(acts, day), None, rule, OPERATOR, day, shards, place)


def counted(part: Partition) -> tuple[int, int, int]:
    """Works on a partition; its shard, its rows, and the process that did it."""
    return part.shard, work(part), os.getpid()


def process_of(_number: int) -> int:
    """The process that does a task."""
    return os.getpid()


def _seconds(submit: Submit, task: Callable[..., Any], items: Any, runs: int = 3) -> list[float]:
    found = []
    for _ in range(runs):
        begun = perf_counter()
        require(len(list(submit(task, list(items)))) == len(items), "tasks")
        found.append(perf_counter() - begun)
    return found


@contextmanager
def dask(folder: str) -> Iterator[Submit]:
    """A scheduler and two workers."""
    from distributed import Client, LocalCluster, as_completed

    cluster = LocalCluster(  # type: ignore[no-untyped-call]  # it has no types
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None, local_directory=folder
    )
    with cluster, Client(cluster) as client:  # type: ignore[no-untyped-call]

        def submit(task: Callable[..., Any], items: list[Any]) -> Iterator[Any]:
            futures = client.map(task, items, pure=False)
            return (future.result() for future in as_completed(futures))  # type: ignore[no-untyped-call]

        yield submit


@contextmanager
def ray(folder: str) -> Iterator[Submit]:
    """A head with two workers."""
    import ray as engine  # type: ignore[import-not-found]  # in an environment of its own

    engine.init(
        num_cpus=WORKERS,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="error",
        _node_ip_address="127.0.0.1",
        _temp_dir=f"{folder}/ray",
        object_store_memory=100_000_000,
    )

    def submit(task: Callable[..., Any], items: list[Any]) -> Iterator[Any]:
        remote = engine.remote(task)
        waiting = [remote.remote(item) for item in items]
        while waiting:
            [done], waiting = engine.wait(waiting, num_returns=1)
            yield engine.get(done)

    try:
        yield submit
    finally:
        engine.shutdown()


ENGINES = {"Dask": dask, "Ray": ray}


def memory() -> float:
    """Megabytes that the processes below this one have for themselves."""
    return float(sum(each.memory_full_info().uss for each in psutil.Process().children(recursive=True))) / 1e6


def closure(package: str) -> dict[str, int]:
    """A package and all it needs that is installed here, with the bytes of each."""
    sizes: dict[str, int] = {}
    waiting = [package]
    while waiting:
        name = re.sub("[-_.]+", "-", waiting.pop()).lower()
        if name in sizes:
            continue
        try:
            found = distribution(name)
        except PackageNotFoundError:
            continue
        sizes[name] = _bytes(found)
        needs = (Requirement(each) for each in found.requires or [])
        waiting += [need.name for need in needs if need.marker is None or need.marker.evaluate({"extra": ""})]
    return sizes


def _bytes(found: Distribution) -> int:
    paths = (Path(str(each.locate())) for each in found.files or [] if each.suffix != ".pyc")
    return sum(path.stat().st_size for path in paths if path.is_file())


if __name__ == "__main__":
    main()
