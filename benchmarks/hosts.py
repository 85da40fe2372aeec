"""A batch on two hosts, one of which dies in the middle: the same root as in this process, and what the death costs.

A host is a network namespace with an address of its own, where one Dask worker runs; all reach each other over a bridge and nothing
else. Making namespaces needs root and the commands `ip`, `unshare` and `nsenter` of Linux; they vanish with their processes.

    python -m benchmarks.hosts [--acts 240000] [--shards 24]
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from distributed import Client, as_completed

from benchmarks.engines import counted, divided
from benchmarks.parts import REGION
from benchmarks.table import Row, print_rows, require, timed
from oracle.measure.evidence.bundle import Bundle
from oracle.measure.quantify.library import Library
from oracle.measure.shards.engines import Here
from oracle.measure.shards.work import ROWS, Partition, together
from oracle.model.findings import empty_findings

HERE, HOSTS = "10.117.0.1", ("10.117.0.2", "10.117.0.3")
BRIDGE, PORT = "cb-bridge", 8786
WAIT_SECONDS = 120


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--acts", type=int, default=240_000)
    parser.add_argument("--shards", type=int, default=24)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        parts = divided(options.acts, options.shards, temporary)
        Here().run(parts)
        alone = bundle_of(parts)
        stack.enter_context(bridge())
        run(
            stack,
            [
                sys.executable,
                "-m",
                "distributed.cli.dask_scheduler",
                "--host",
                HERE,
                "--port",
                str(PORT),
                "--no-dashboard",
            ],
        )
        pids = {host: worker(stack, host, f"{temporary}/{host}") for host in HOSTS}
        client = stack.enter_context(Client(f"tcp://{HERE}:{PORT}", timeout=WAIT_SECONDS))  # type: ignore[no-untyped-call]
        client.wait_for_workers(len(HOSTS), timeout=WAIT_SECONDS)
        all_of(client, parts)  # the workers load what the work needs
        whole, _ = timed(lambda: all_of(client, parts))
        require(bundle_of(parts).document == alone.document, "bundle of two hosts")
        for part in parts:
            os.unlink(part.table(ROWS))
        cut, left = timed(lambda: all_of(client, parts, lambda: os.kill(pids[HOSTS[0]], signal.SIGKILL)))
        bundle = bundle_of(parts)
        require(left == {HOSTS[1]}, "one host left")
        require(
            (bundle.tree.root, bundle.document) == (alone.tree.root, alone.document), "bundle of the host that is left"
        )
    print_rows(
        [
            Row(
                f"{options.acts:,} acts on two hosts, one killed in the middle",
                f"{cut:.1f} s",
                f"none killed {whole:.1f} s",
                cut / whole,
            )
        ]
    )


def all_of(client: Any, parts: list[Partition], at_first: Callable[[], None] | None = None) -> set[str]:
    """Does all partitions, and something when the first is done; the hosts that are there in the end."""
    futures = client.map(counted, parts, pure=False)
    for _ in as_completed(futures):  # type: ignore[no-untyped-call]
        if at_first is not None:
            at_first()
            at_first = None
    client.gather(futures)
    return {address.split("//")[1].split(":")[0] for address in client.scheduler_info()["workers"]}


def bundle_of(parts: list[Partition]) -> Bundle:
    """The bundle of partitions that are done."""
    rule = Library.load().rule_for(parts[0].scenario, REGION, parts[0].day)
    if rule is None:
        sys.exit(f"no rule for {parts[0].scenario} in {REGION}")
    return together(parts, empty_findings(), rule, 0)


@contextmanager
def bridge() -> Iterator[None]:
    """What the hosts are plugged into."""
    ip("link", "add", BRIDGE, "type", "bridge")
    try:
        ip("address", "add", f"{HERE}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        yield
    finally:
        ip("link", "delete", BRIDGE)


def worker(stack: ExitStack, host: str, folder: str) -> int:
    """A worker in a network namespace of its own; its process."""
    cable = f"cb-{host.rsplit('.', 1)[1]}"
    command = [
        sys.executable,
        "-m",
        "distributed.cli.dask_worker",
        f"tcp://{HERE}:{PORT}",
        "--host",
        host,
        "--nthreads",
        "1",
    ]
    command += ["--no-nanny", "--no-dashboard", "--local-directory", folder]
    # It waits for a line, which says that its network is there, and becomes the worker.
    held = run(stack, ["unshare", "--net", "sh", "-c", 'echo; read line; exec "$@"', "sh", *command], talk=True)
    if held.stdin is None or held.stdout is None:
        sys.exit("the worker has no pipes")
    held.stdout.readline()
    ip("link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", str(held.pid))
    ip("link", "set", cable, "master", BRIDGE, "up")
    inside = ["nsenter", "--net", "--target", str(held.pid), "ip"]
    for words in (
        ("link", "set", "lo", "up"),
        ("address", "add", f"{host}/24", "dev", "eth0"),
        ("link", "set", "eth0", "up"),
    ):
        subprocess.run([*inside, *words], check=True)
    held.stdin.write(b"\n")
    held.stdin.flush()
    return held.pid


def run(stack: ExitStack, command: list[str], talk: bool = False) -> subprocess.Popen[bytes]:
    """A process that ends with the stack."""
    pipe, quiet = subprocess.PIPE if talk else None, {**os.environ, "DASK_LOGGING__DISTRIBUTED": "warning"}
    process = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe or sys.stderr, env=quiet))
    stack.callback(process.kill)
    return process


def ip(*words: str) -> None:
    """One change to the network."""
    subprocess.run(["ip", *words], check=True)


if __name__ == "__main__":
    main()
