"""Finality: the last final block is stored, so that a rollback past it is noticed before anything is sent.

Re-organisations above that block are normal and repaired. A rollback below it means that the node was restarted from an older state, or
lies:
credits and payments in the book may no longer exist on chain. A person must check, then run `carbonbook reconcile
--accept-rollback`.
"""

from __future__ import annotations

from oracle.edge.chain.client import Chain
from oracle.edge.store import outbox as rows
from oracle.edge.store.batches import set_compared_up_to
from oracle.edge.store.database import Database
from oracle.model.errors import NodesDisagree, RolledBack


def require_sound(chain: Chain, database: Database, depth: int) -> int:
    """Checks the stored final block against the chain, advances it, and compares the witnesses; returns the head.

    Args:
        depth: Blocks on top of a block that make it final.

    Raises:
        RolledBack: The marked block is gone or another.
        NodesDisagree: A witness has another block at the same height, or is far from the head.
    """
    head = chain.head()
    marked = require_standing(chain, database)
    require_agreement(chain, head, depth)
    final = head - depth
    if final >= 0 and (marked is None or final > marked[0]):
        _move(chain, database, final)
    return head


def require_standing(chain: Chain, database: Database) -> tuple[int, str] | None:
    """Checks that the stored final block is unchanged, and returns its number and hash; None if none is stored yet.

    Raises:
        RolledBack: It is gone or another.
    """
    with database.reading() as connection:
        marked = rows.mark(connection)
    if marked is not None:
        _require_standing(chain, *marked)
    return marked


def accept_rollback(chain: Chain, database: Database, depth: int) -> int:
    """Accepts the chain's current state: rows of lost blocks become `undone`, so that their work is repeated; returns their number."""
    head = chain.head()
    with database.begin() as connection:
        lost = [row.id for row in _lost(chain, rows.rows_in(connection, None, rows.STATES), head)]
        rows.set_state(connection, lost, rows.UNDONE, nonce=None, reason="the chain rolled back past finality")
        rows.clear_mark(connection)
        set_compared_up_to(connection, None)
    require_sound(chain, database, depth)
    return len(lost)


def require_agreement(chain: Chain, head: int, depth: int) -> None:
    """Compares every witness with the node; errors as in `require_sound`."""
    for witness in chain.witnesses:
        other = witness.head()
        if abs(head - other) > depth:
            raise NodesDisagree(
                f"{chain.rpc} is at block {head} and {witness.rpc} at {other}: one of them is behind. Nothing is sent until they agree."
            )
        common = min(head, other)
        here, there = chain.block_hash(common), witness.block_hash(common)
        if here != there:
            raise NodesDisagree(
                f"Block {common} is {here} at {chain.rpc} and {there} at {witness.rpc}. Nothing is sent until they agree."
            )


def _require_standing(chain: Chain, number: int, block_hash: str) -> None:
    now = chain.block_hash(number)
    if now != block_hash:
        raise RolledBack(
            f"Block {number} was final as {block_hash}; {chain.rpc}, now at block {chain.head()}, has {now or 'no such block'}. "
            "The chain rolled back. Nothing is sent. Find out why; to continue from the current chain, run "
            "`carbonbook reconcile --accept-rollback`."
        )


def _move(chain: Chain, database: Database, number: int) -> None:
    block_hash = chain.block_hash(number)
    if block_hash is not None:
        with database.begin() as connection:
            rows.set_mark(connection, number, block_hash)


def _lost(chain: Chain, all_rows: list[rows.Row], head: int) -> list[rows.Row]:
    """Rows whose block is gone, and rows that wait behind them: their nonces are allocated anew."""
    numbers = sorted({row.block for row in all_rows if row.block is not None})
    hashes = {number: chain.block_hash(number) if number <= head else None for number in numbers}
    mined = [row for row in all_rows if row.block is not None and row.state != rows.UNDONE]
    gone = [row for row in mined if hashes[row.block or 0] != row.block_hash]
    return gone + [row for row in all_rows if row.state in rows.PENDING]
