"""Keccak-256: published vectors, and every way of hashing gives the same bytes."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.model import keccak as step
from oracle.model import lanes  # loads the vector kernels for this process
from oracle.model.keccak import BLOCK, Bytes, keccak, keccak_matrix, keccak_pairs, keccak_rows, over_blocks
from tests.unit.evidence.evidence_batches import LAW

# Keccak team's ShortMsgKAT_256 (lengths 0, 8, 16 bit), and the messages of NIST's SHA examples under the original padding.
VECTORS = [
    (b"", "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"),
    (b"\xcc", "eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a"),
    (b"\x41\xfb", "a8eaceda4d47b3281a795ad9e1ea2122b407baf9aabcb9e18b5717b7873537d2"),
    (b"abc", "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"),
    (
        b"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
        "45d3b367a6904e6e8d502ee04999a7c27647f91fa845d456525fd352ae3d7371",
    ),
    (
        b"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
        "f519747ed599024f3882238e5ab43960132572b7345fbeb9a90769dafd21ad67",
    ),
    (b"a" * 1_000_000, "fadae6b49f129bbb812be8407b7b2894f34aecf6dbd1f9b0f0c7e9853098fc96"),
    (b"transfer(address,uint256)", "a9059cbb2ab09eb219583f4a59a5d0623ade346d962bcd4e46b11da047c9049b"),
]


def as_rows(messages: list[bytes]) -> tuple[Bytes, np.ndarray]:
    """Messages in the layout of `keccak_rows`."""
    offsets = np.cumsum([0, *map(len, messages)])
    return np.frombuffer(b"".join(messages), np.uint8), offsets.astype(np.int64)


@pytest.mark.parametrize(("message", "digest"), VECTORS)
def test_keccak__published_message__published_digest(message: bytes, digest: str) -> None:
    assert keccak(message).hex() == digest


def test_keccak_rows__published_messages__published_digests() -> None:
    messages, digests = zip(*VECTORS, strict=True)
    assert [row.tobytes().hex() for row in keccak_rows(*as_rows(list(messages)))] == list(digests)


def test_keccak_rows__every_length_up_to_three_blocks__same_as_one_by_one() -> None:
    messages = [bytes(n * i & 0xFF for i in range(n)) for n in range(3 * 136 + 2)]
    assert [row.tobytes() for row in keccak_rows(*as_rows(messages))] == [keccak(m) for m in messages]


@LAW
@given(st.lists(st.binary(max_size=300), max_size=40))
def test_keccak_rows__any_messages__same_as_one_by_one(messages: list[bytes]) -> None:
    assert [row.tobytes() for row in keccak_rows(*as_rows(messages))] == [keccak(m) for m in messages]


def test_keccak_rows__first_offset_not_zero__reads_from_there() -> None:
    offsets = np.arange(3, 100, 5)
    data = bytes(range(100))
    found = keccak_rows(np.frombuffer(data, np.uint8), offsets)
    assert [row.tobytes() for row in found] == [keccak(data[at : at + 5]) for at in range(3, 98, 5)]


@pytest.mark.parametrize("offsets", [[], [0, 5, 3], [0, 11], [-1, 5]])
def test_keccak_rows__offsets_outside_or_falling__refused(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match="offsets must rise"):
        keccak_rows(np.zeros(10, np.uint8), np.array(offsets, np.int64))


@pytest.mark.parametrize("count", [0, 1, 7, 8, 15, 16, 17, 3 * BLOCK + 5])
@pytest.mark.parametrize("width", [32, 45, 64, 135, 136, 192])
def test_keccak_matrix__any_shape__same_as_one_by_one(count: int, width: int) -> None:
    rows = np.random.default_rng(count).integers(0, 256, (count, width), dtype=np.uint8)
    assert keccak_matrix(rows).tobytes() == b"".join(keccak(row.tobytes()) for row in rows)


def test_keccak_matrix__columns_of_a_wider_matrix__hashes_the_rows_seen() -> None:
    wide = np.arange(20 * 64, dtype=np.uint8).reshape(20, 64)
    assert keccak_matrix(wide[:, 8:40])[11].tobytes() == keccak(wide[11, 8:40].tobytes())


@pytest.mark.parametrize("count", [0, 1, 7, 8, 33, 2 * BLOCK + 1])
def test_keccak_pairs__any_nodes__smaller_first(count: int) -> None:
    nodes = np.random.default_rng(count).integers(0, 256, (2 * count, 32), dtype=np.uint8)
    halves = [(nodes[i].tobytes(), nodes[i + 1].tobytes()) for i in range(0, 2 * count, 2)]
    assert keccak_pairs(nodes).tobytes() == b"".join(keccak(min(pair) + max(pair)) for pair in halves)


@pytest.mark.parametrize("byte", range(32))
def test_keccak_pairs__nodes_differ_in_one_byte_only__compared_there(byte: int) -> None:
    low, high = bytearray(b"\x80" * 32), bytearray(b"\x80" * 32)
    low[byte], high[byte] = 0x7F, 0x81
    nodes = np.frombuffer((bytes(low + high) + bytes(high + low)) * 8, np.uint8).reshape(-1, 32)
    assert {row.tobytes() for row in keccak_pairs(nodes)} == {keccak(bytes(low + high))}


def test_all__kernels_not_loaded__same_bytes_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.random.default_rng(3).integers(0, 256, (100, 64), dtype=np.uint8)
    with_kernels = keccak_matrix(rows), keccak_pairs(rows.reshape(-1, 32))
    monkeypatch.delitem(sys.modules, "oracle.model.lanes")
    one_by_one = keccak_matrix(rows), keccak_pairs(rows.reshape(-1, 32))
    assert [a.tobytes() for a in with_kernels] == [b.tobytes() for b in one_by_one]


def test_kernels__run_as_plain_python__same_bytes() -> None:
    """What the kernels say is keccak, not only what the compiler makes of them."""
    messages = [bytes(range(length)) for length in (0, 1, 7, 8, 31, 64, 135, 136, 137)]
    digests, parents = np.empty((9, 4), np.uint64), np.empty((9, 4), np.uint64)
    nodes = np.random.default_rng(5).integers(0, 256, (18, 32), dtype=np.uint8)
    nodes[2:4] = nodes[3]
    lanes.hash_rows.py_func(*as_rows(messages), digests)
    lanes.hash_pairs.py_func(nodes.reshape(-1), parents)
    assert [row.tobytes() for row in digests] == [keccak(message) for message in messages]
    assert parents.tobytes() == keccak_pairs(nodes).tobytes()


@pytest.mark.parametrize(("rows", "loaded"), [(2000, False), (step.WORTH_LOADING, True)])
def test_keccak_matrix__fresh_process__loads_numba_only_for_large_jobs(rows: int, loaded: bool) -> None:
    code = (
        "import sys, numpy\n"
        "from oracle.model.keccak import keccak_matrix\n"
        f"keccak_matrix(numpy.zeros(({rows}, 32), numpy.uint8))\n"
        "print('numba' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)


@pytest.mark.parametrize("count", [0, 1, BLOCK, BLOCK + 1, 10 * BLOCK - 1])
def test_over_blocks__any_count__every_row_once(count: int) -> None:
    seen = np.zeros(count, np.int64)

    def work(at: slice) -> None:
        seen[at] += 1

    over_blocks(count, work)
    assert (seen == 1).all()


def test_over_blocks__a_block_fails__error_reaches_the_caller() -> None:
    def work(at: slice) -> None:
        if at.start == 2 * BLOCK:
            raise ValueError("row 8192")

    with pytest.raises(ValueError, match="row 8192"):
        over_blocks(4 * BLOCK, work)
