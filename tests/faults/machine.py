"""Faults of the machine: disks that are full or damage what they hold, clocks that jump, open files that run out."""

from __future__ import annotations

import os
import random
import resource
import shutil
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from tests.faults.child import Ended
from tests.faults.delivery import noted
from tests.faults.recovery import problem, recovered
from tests.faults.table import Trial
from tests.faults.world import World
from tests.services import until

_CAP_SYS_ADMIN = 21
# How many kilobytes are left: for no page of the database; for some of them; for some files too; for nearly all of the work.
_LEVELS_KIB = ((0, 4), (4, 40), (40, 160), (160, 480))
_PAGE = 4096
_YEAR = 365 * 86_400


def disk_full(world: World, step: str, seed: int) -> Trial:
    """F12: the disk is full after some more kilobytes, at four levels; when there is room again, the work goes on."""
    kept = world.back_to(step)
    home = world.folder / f"small-{step.replace(' ', '-')}-{seed}"
    with _small_disk(home, world.home, _left(step, seed)) as grow:
        ended = world.ends(*kept.words, home=home)
        grow()
        began = time.monotonic()
        again = world.ends(*kept.words, home=home)
        seconds = time.monotonic() - began
        found = world.facts(home)
    expected = kept.after
    note = problem(again.code == 0, f"after there was room: {again.err[-300:]}") or _told(ended, 0, 11)
    injected = ["disk full"] if ended.code else []
    return Trial(f"seed {seed}", injected, found.doubled(expected), found.lost(expected) + found.waiting, seconds, note)


def files_limited(world: World, step: str, seed: int) -> Trial:
    """F12: no file of the process can grow past some kilobytes, at four levels; when it can again, the work goes on."""
    words = world.back_to(step).words
    most = max(_PAGE, _left(step, seed) << 10)
    command = world.start(*words)
    resource.prlimit(command.pid, resource.RLIMIT_FSIZE, (most, most))
    ended = command.wait()
    trial = recovered(world, step, f"seed {seed}", ["files limited"] if ended.code else [])
    return noted(trial, _told(ended, 0, 11))


def damaged_book(world: World, step: str, seed: int) -> Trial:
    """F53: bytes of the database's file are others, or it is cut; the command says so, and the copy from before makes it good."""
    chance = random.Random(f"{step} damaged {seed}")
    words = world.back_to(step).words
    path = world.home / "book.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = path.read_bytes()
    content = bytearray(whole)
    how = ("header", "pages", "cut", "other file")[seed % 4]
    if how == "header":
        content[: 1 + chance.randrange(100)] = bytes(100)[: 1 + chance.randrange(100)]
    elif how == "pages":
        for page in range(len(content) // _PAGE):
            content[page * _PAGE : page * _PAGE + 64] = chance.randbytes(64) if page else content[:64]
    elif how == "cut":
        del content[chance.randrange(_PAGE, len(content)) :]
    else:
        content = bytearray(b"account,merchant\n" * 1000)
    path.write_bytes(content)
    ended = world.ends(*words)
    path.write_bytes(whole)
    for suffix in ("-wal", "-shm"):
        (world.home / f"book.sqlite{suffix}").unlink(missing_ok=True)
    return noted(recovered(world, step, f"seed {seed}", [how]), _told(ended, 0, 11))


def clock_jumps(world: World, step: str, seed: int) -> Trial:
    """F54: the clock of the machine jumps in the middle of the work: by a minute or ten years, forward or back."""
    chance = random.Random(f"{step} clock {seed}")
    words = world.back_to(step).words
    jump = chance.choice((60, 3_600, 86_400, 10 * _YEAR)) * (1 if seed % 2 else -1)
    ended = world.start(*words, clock=(chance.randrange(40), jump)).wait()
    trial = recovered(world, step, f"seed {seed}", [f"clock jumped by {jump} s"])
    return noted(trial, _told(ended, 0))


def no_descriptors(world: World, step: str, seed: int) -> Trial:
    """F55: the process may open some more files and connections, and then none; with enough of them, the work goes on."""
    chance = random.Random(f"{step} descriptors {seed}")
    words = world.back_to(step).words
    command = world.start(*words)
    until(lambda: command.ended() or _speaks(command.pid))
    most = 6 + chance.randrange(24)
    if not command.ended():
        resource.prlimit(command.pid, resource.RLIMIT_NOFILE, (most, most))
    ended = command.wait()
    trial = recovered(world, step, f"seed {seed}", ["no descriptors"] if ended.code else [])
    return noted(trial, _told(ended, 0, 6, 11))


def may_mount() -> bool:
    """Whether a disk of a test's own can be mounted here: a container often forbids it, even to root."""
    status = Path("/proc/self/status").read_text()
    effective = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("CapEff:"))
    return bool(effective >> _CAP_SYS_ADMIN & 1)


def _told(ended: Ended, *codes: int) -> str:
    """Nothing, or that a command ended otherwise than it says it may."""
    good = ended.code in codes and "Traceback" not in ended.err
    return problem(good, f"exit code {ended.code}: {ended.err[-400:]}")


def _speaks(pid: int) -> bool:
    """Whether a process has the files open that it says everything to."""
    return os.readlink(f"/proc/{pid}/fd/2").endswith(".err")


def _left(step: str, seed: int) -> int:
    low, high = _LEVELS_KIB[seed % len(_LEVELS_KIB)]
    return random.Random(f"{step} full {seed}").randint(low, high)


@contextmanager
def _small_disk(mount: Path, home: Path, spare_kib: int) -> Iterator[Any]:
    """A copy of a home folder on a disk of its own with little room; what it yields makes the disk larger."""
    mount.mkdir()
    files = [path for path in home.rglob("*") if path.is_file() and not path.name.startswith("chain")]
    size = sum(-(-path.stat().st_size // 4096) * 4 for path in files) + spare_kib
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(mount)], check=True)
    try:
        shutil.copytree(home, mount, ignore=shutil.ignore_patterns("chain*"), dirs_exist_ok=True)
        yield lambda: subprocess.run(["mount", "-o", f"remount,size={size + 20_000}k", str(mount)], check=True)
    finally:
        subprocess.run(["umount", str(mount)], check=True)
