"""Where partitions are worked on: here, in processes of this machine, or on a Dask cluster. One method, three engines.

Dask and not Ray: both take a function and a list, and both do again what a dead worker had in hand; Dask is plain Python, a tenth of
Ray's size, and its workers are started with one command on any host. `python -m benchmarks.engines` measures both.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from typing import Protocol

from oracle.measure.shards.work import Partition, work
from oracle.model.errors import CarbonbookError

ATTEMPTS = 3  # deaths of workers that one batch survives


class WorkersDied(CarbonbookError):
    """Workers died again and again; the batch was not made."""


class Engine(Protocol):
    """Something that works on partitions."""

    def run(self, parts: Sequence[Partition]) -> list[int]:
        """Does `work` on every partition; rows of each, in their order."""


class Here:
    """This process, one partition after the other: memory is that of one."""

    def run(self, parts: Sequence[Partition]) -> list[int]:
        """As `Engine.run`."""
        return [work(part) for part in parts]


class Pool:
    """Processes of this machine.

    Args:
        workers: How many.
    """

    def __init__(self, workers: int):
        self._workers = workers

    def run(self, parts: Sequence[Partition]) -> list[int]:
        """As `Engine.run`; what a process that died had in hand is done again.

        Raises:
            WorkersDied: That happened too often.
        """
        done: dict[int, int] = {}
        for _ in range(ATTEMPTS):
            waiting = [at for at in range(len(parts)) if at not in done]
            with (
                ProcessPoolExecutor(self._workers, mp_context=get_context("spawn")) as pool,
                suppress(BrokenProcessPool),
            ):
                futures = [(at, pool.submit(work, parts[at])) for at in waiting]
                for at, future in futures:
                    done[at] = future.result()
            if len(done) == len(parts):
                return [done[at] for at in range(len(parts))]
        raise WorkersDied(
            f"Worker processes died in {ATTEMPTS} attempts, perhaps because memory ran out. Use more shards or fewer workers."
        )


class Cluster:
    """A Dask cluster whose workers have this version of the package and can open the partitions' URLs.

    Args:
        address: Of its scheduler, such as tcp://10.0.0.5:8786.
    """

    def __init__(self, address: str):
        self._address = address

    def run(self, parts: Sequence[Partition]) -> list[int]:
        """As `Engine.run`; the scheduler gives the partitions of a worker that died to another one."""
        from distributed import Client

        with Client(self._address, set_as_default=False) as client:  # type: ignore[no-untyped-call]  # it has no types
            futures = client.map(work, parts, pure=False)
            rows: list[int] = client.gather(futures)
        return rows
