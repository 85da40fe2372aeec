"""The ledger: every event of the deployment up to one block. What the tables are made of depends on no clock and no later block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pandas as pd

from oracle.edge.chain.client import Chain, Event
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.told import CONTRACT_OF, FIRST_FLOW
from oracle.edge.chain.manifest import abi_of
from oracle.model.errors import ChainError, InputError
from oracle.model.ids import methodology_text

NOBODY = "0x0000000000000000000000000000000000000000"

PLACE = ["block", "log_index", "transaction", "time_utc"]


@dataclass(frozen=True)
class Block:
    """The block that a report is about.

    Attributes:
        number: Its number.
        hash: 0x hex.
        time: UTC seconds.
    """

    number: int
    hash: str
    time: int


@dataclass(frozen=True)
class Ledger:
    """Every event up to a block.

    Attributes:
        block: The block.
        events: Events by name, in chain order.
        times: UTC seconds of every block with an event.
    """

    block: Block
    events: Mapping[str, Sequence[Event]]
    times: Mapping[int, int]

    def table(self, name: str) -> pd.DataFrame:
        """Events of one name in chain order: `PLACE`, then the event's own values; 32-byte values as 0x hex."""
        inputs = _inputs_of(name)
        events = self.events[name]
        columns: dict[str, pd.Series[Any]] = {
            "block": _integers([event.block for event in events]),
            "log_index": _integers([event.index for event in events]),
            "transaction": pd.Series([event.transaction for event in events], dtype="str"),
            "time_utc": pd.Series([utc(self.times[event.block]) for event in events], dtype="str"),
        }
        for field, kind in inputs.items():
            values = [event.values[field] for event in events]
            if kind.startswith("uint") and not kind.endswith("]"):
                columns[field] = _integers(values)
            elif kind in ("address", "bytes32"):
                columns[field] = pd.Series([_text(value) for value in values], dtype="str")
            else:
                columns[field] = pd.Series(values, dtype=object)
        return pd.DataFrame(columns)

    @cached_property
    def batches(self) -> pd.DataFrame:
        """Attested batches: `PLACE`, `batch`, and the fields of the header by name, `methodology` as text."""
        table = self.table("BatchAttested")
        headers = table["header"].tolist()
        fields: dict[str, pd.Series[Any]] = {
            field: _integers([getattr(header, field) for header in headers]) for field in _HEADER_NUMBERS
        }
        names = [methodology_text(header.methodology) for header in headers]
        return table[[*PLACE, "batch", "operator"]].assign(methodology=pd.Series(names, dtype="str"), **fields)

    @cached_property
    def claim_days(self) -> Mapping[int, tuple[int, int]]:
        """First and last act day (number) of the batches of each claim that has any."""
        days = dict(zip(self.batches["batch"], self.batches["day"], strict=True))
        found: dict[int, list[int]] = {}
        for event in self.events["BatchesAdded"]:
            added = [days["0x" + batch.hex()] for batch in event.values["batches"]]
            found.setdefault(event.values["claim"], []).extend(added)
        return {claim: (min(added), max(added)) for claim, added in found.items()}


_HEADER_NUMBERS = (
    "day",
    "sequence",
    "version",
    "recordCount",
    "accountCount",
    "totalQuantity",
    "consentedQuantity",
)


def read_ledger(chain: Chain, number: int | None = None) -> Ledger:
    """Every event up to a block; the head unless told.

    Raises:
        InputError: There is no such block yet.
        ChainError: The chain was re-organised while it was read.
    """
    block = block_of(chain, number)
    has_claims = ReductionCertifier(chain, block.number).claim_count() > 0
    told = CONTRACT_OF if has_claims else FIRST_FLOW
    events = {name: tuple(told[name](chain, block.number).events(name)) if name in told else () for name in CONTRACT_OF}
    with_events = sorted({event.block for listed in events.values() for event in listed})
    times = {number: chain.now(number) for number in with_events}
    if block_of(chain, block.number).hash != block.hash:
        raise ChainError(f"Block {block.number} was replaced while it was read. Repeat the command.")
    return Ledger(block, events, times)


def utc(seconds: int) -> str:
    """A time as the tables write it: 2023-01-10T00:00:00Z."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def block_of(chain: Chain, number: int | None) -> Block:
    """A block of the deployment; the head unless told.

    Raises:
        InputError: There is no such block yet.
    """
    head = chain.head()
    if number is not None and not chain.manifest.first_block <= number <= head:
        raise InputError(f"block {number} is not between {chain.manifest.first_block} and the head, {head}")
    block = chain.block(head if number is None else number)
    return Block(block["number"], block["hash"].to_0x_hex(), block["timestamp"])


def _inputs_of(event: str) -> dict[str, str]:
    entries = (
        entry for entry in abi_of(CONTRACT_OF[event].role) if entry["type"] == "event" and entry["name"] == event
    )
    return {item["name"]: item["type"] for item in next(entries)["inputs"]}


def _integers(values: list[int]) -> pd.Series[Any]:
    fits = all(-(2**63) <= value < 2**63 for value in values)
    return pd.Series(values, dtype="int64" if fits else object)


def _text(value: str | bytes) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else value
