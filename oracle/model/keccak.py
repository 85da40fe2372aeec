"""Keccak-256, the hash of the chain: one message at a time, or a whole column.

Large columns go through the vector kernels of `lanes.py`, on all cores. Loading those takes a second or two, as long as a batch of some
`WORTH_LOADING` records takes one by one, so that smaller jobs do not load them. Both ways give the same bytes.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sha3 import keccak_256

Bytes = NDArray[np.uint8]

WORTH_LOADING = 1 << 17
FEW = 8  # rows that are faster one by one even if the kernels are there
BLOCK = 1 << 12  # rows a thread takes at a time: what the steps of a block hand on stays in the processor's cache

_KERNELS = "oracle.model.lanes"


def keccak(data: bytes) -> bytes:
    """Keccak-256 of `data`."""
    digest: bytes = keccak_256(data).digest()
    return digest


def keccak_rows(buffer: Bytes, offsets: NDArray[np.int64]) -> Bytes:
    """Hashes (n, 32) of the n messages buffer[offsets[i]:offsets[i + 1]]: the layout of Arrow's large strings.

    Raises:
        ValueError: The offsets fall, or point outside the buffer.
    """
    if len(offsets) == 0 or offsets[0] < 0 or offsets[-1] > len(buffer) or (offsets[1:] < offsets[:-1]).any():
        raise ValueError("offsets must rise and stay inside the buffer")
    if not _kernels_pay(len(offsets) - 1):
        data, ends = buffer.tobytes(), offsets.tolist()
        return _one_by_one(data[start:end] for start, end in pairwise(ends))
    hash_rows = import_module(_KERNELS).hash_rows
    out = np.empty((len(offsets) - 1, 4), np.uint64)
    over_blocks(len(out), lambda at: hash_rows(buffer, offsets[at.start : at.stop + 1], out[at]))
    return out.view(np.uint8)


def keccak_matrix(rows: Bytes) -> Bytes:
    """Hashes (n, 32) of the rows of a matrix (n, w)."""
    count, width = rows.shape
    return keccak_rows(np.ascontiguousarray(rows).reshape(-1), np.arange(count + 1, dtype=np.int64) * width)


def keccak_pairs(nodes: Bytes) -> Bytes:
    """Parents (n, 32) of the nodes (2n, 32): the hash of nodes 2i and 2i + 1, the smaller first.

    This is `Hashes.commutativeKeccak256` of OpenZeppelin.
    """
    flat, count = np.ascontiguousarray(nodes).reshape(-1), len(nodes) // 2
    if not _kernels_pay(count):
        data = flat.tobytes()
        pairs = ((data[at : at + 32], data[at + 32 : at + 64]) for at in range(0, 64 * count, 64))
        return _one_by_one(min(pair) + max(pair) for pair in pairs)
    hash_pairs = import_module(_KERNELS).hash_pairs
    out = np.empty((count, 4), np.uint64)
    over_blocks(count, lambda at: hash_pairs(flat[64 * at.start : 64 * at.stop], out[at]))
    return out.view(np.uint8)


def over_blocks(count: int, work: Callable[[slice], None]) -> None:
    """Does `work` on slices that cover range(count), on all cores if there are several. The order must not matter to `work`.

    Loads the kernels first if `count` rows are worth it: a block alone would not be.
    """
    if _kernels_pay(count):
        import_module(_KERNELS)
    blocks = [slice(start, min(start + BLOCK, count)) for start in range(0, count, BLOCK)]
    if len(blocks) < 2:
        for block in blocks:
            work(block)
        return
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(work, blocks):
            pass


def _kernels_pay(count: int) -> bool:
    return count >= (FEW if _KERNELS in sys.modules else WORTH_LOADING)


def _one_by_one(messages: Iterator[bytes]) -> Bytes:
    return np.frombuffer(b"".join(map(keccak, messages)), np.uint8).reshape(-1, 32)
