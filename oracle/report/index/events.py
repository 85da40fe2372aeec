"""The event index: every event of the deployment on disk, brought up to the head, found by account.

Logs are taken from the node as they are and turned into columns; nothing is decoded until somebody asks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import polars as pl
from eth_abi.abi import decode
from eth_utils.crypto import keccak
from polars.exceptions import PolarsError

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.manifest import abi_of
from oracle.model.errors import ChainError
from oracle.report.index.segments import SCHEMA, Segment, Segments

SETTLED_BLOCKS = 64  # as deep as a re-organisation is cheap: deeper ones read a merged segment again

# A range is as wide as its logs are few, so that memory is that of an answer or two whatever the chain holds.
_LOGS_AT_ONCE = 50_000
_FIRST_BLOCKS, _MOST_BLOCKS, _GROWTH = 16, 2_000, 4

_NOBODY = bytes(20)
_LOG = {name: pl.String() for name in ("address", "blockNumber", "logIndex", "transactionHash", "data")} | {
    "topics": pl.List(pl.String)
}
_ANSWER = {"result": pl.List(pl.Struct(_LOG)), "error": pl.Struct({"message": pl.String})}


@dataclass(frozen=True)
class Updated:
    """What bringing the index up to date did.

    Attributes:
        head: Last block in the index.
        added: Rows added.
        dropped: Segments that the chain had replaced.
    """

    head: int
    added: int
    dropped: int


@dataclass(frozen=True)
class Kind:
    """An event of a contract.

    Attributes:
        contract: Role of the contract.
        event: Name of the event.
        inputs: As the ABI has them.
    """

    contract: str
    event: str
    inputs: tuple[Mapping[str, Any], ...]

    @property
    def topic(self) -> str:
        """First topic of its logs, 0x hex."""
        return "0x" + keccak(text=f"{self.event}({','.join(map(_type, self.inputs))})").hex()

    @property
    def indexed(self) -> list[Mapping[str, Any]]:
        """Values among the topics."""
        return [item for item in self.inputs if item["indexed"]]

    @property
    def plain(self) -> list[Mapping[str, Any]]:
        """Values among the data."""
        return [item for item in self.inputs if not item["indexed"]]

    def decoded(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of the index with its values by name."""
        topics = [row["topics"][at : at + 32] for at in range(0, len(row["topics"]), 32)]
        values = {
            item["name"]: decode([_type(item)], topic)[0] for item, topic in zip(self.indexed, topics, strict=True)
        }
        plain = decode([_type(item) for item in self.plain], row["data"])
        values |= dict(zip([item["name"] for item in self.plain], plain, strict=True))
        place = {"block": row["block"], "log_index": row["log_index"], "transaction": "0x" + row["transaction"].hex()}
        return {**place, "contract": row["contract"], "event": row["event"], "values": values}


def kinds_of(role: str, contract: str) -> list[Kind]:
    """The events of a contract."""
    return [Kind(role, item["name"], tuple(item["inputs"])) for item in abi_of(contract) if item["type"] == "event"]


class EventIndex:
    """The index of one deployment.

    Args:
        chain: The deployment.
        home: Folder of the installation; the index is in `index/` and the chain's genesis.
    """

    def __init__(self, chain: Chain, home: Path):
        self._chain = chain
        self._segments = Segments(home / "index" / chain.manifest.genesis_hash[2:18])

    def update(self) -> Updated:
        """Drops what the chain replaced and reads what is missing, up to the head.

        Raises:
            ChainError: The chain was re-organised while it was read; what was read before is kept.
        """
        dropped = self._drop_replaced()
        listed = self._segments.listed()
        head, added = self._chain.head(), 0
        vars(self).pop("_deployed", None)  # series that were claimed since have tokens of their own
        vars(self).pop("_kinds", None)
        for segment, logs in self._read(listed[-1] if listed else None, head):
            rows = self._columns(logs)
            self._segments.add(segment, rows)
            added += len(rows)
        self._segments.merge(head - SETTLED_BLOCKS)
        return Updated(head, added, dropped)

    def rebuild(self) -> Updated:
        """The same from nothing."""
        self._segments.clear()
        return self.update()

    def of_account(self, account: bytes) -> list[dict[str, Any]]:
        """Every event that names an account, in chain order, with its values by name."""
        rows, kinds = self._segments.of_account(account), self._by_name
        return [kinds[row["contract"], row["event"]].decoded(row) for row in rows.iter_rows(named=True)]

    def counts(self) -> dict[str, int]:
        """Events by name; one that names two accounts counts once."""
        rows = self._segments.rows().select("event", "block", "log_index").unique()
        return dict(rows.group_by("event").len().sort("event").collect().iter_rows())

    def _drop_replaced(self) -> int:
        dropped = 0
        for segment in reversed(self._segments.listed()):
            if self._chain.block_hash(segment.last) == segment.hash:
                break
            self._segments.drop(segment)
            dropped += 1
        return dropped

    def _read(self, before: Segment | None, head: int) -> Iterator[tuple[Segment, pl.DataFrame]]:
        """The logs after a segment up to the head, range by range; while one is worked on, the next is on its way."""
        blocks = _FIRST_BLOCKS
        with ThreadPoolExecutor(1) as thread:

            def ahead(read: Segment | None) -> Future[tuple[Segment, pl.DataFrame]] | None:
                first = self._chain.manifest.first_block if read is None else read.last + 1
                last = min(first + blocks - 1, head)
                return thread.submit(self._range, read, first, last) if first <= head else None

            coming = ahead(before)
            while coming is not None:
                segment, logs = coming.result()
                blocks = segment.last - segment.first + 1
                blocks = max(1, min(_MOST_BLOCKS, blocks * _GROWTH, blocks * _LOGS_AT_ONCE // (len(logs) + 1)))
                coming = ahead(segment)
                yield segment, logs

    def _range(self, before: Segment | None, first: int, last: int) -> tuple[Segment, pl.DataFrame]:
        """The deployment's logs in a range of blocks; in the first half of it, and so on, if the node refuses so many."""
        hash_ = self._chain.block_hash(last)
        addresses = list(self._deployed)
        asked = {"fromBlock": hex(first), "toBlock": hex(last), "address": addresses}
        logs, fault = _parsed(self._chain.raw("eth_getLogs", asked))
        if hash_ is None or self._chain.block_hash(last) != hash_:
            raise ChainError(f"Block {last} was replaced while it was read. Repeat the command.")
        if before is not None and self._chain.block_hash(before.last) != before.hash:
            raise ChainError(f"Block {before.last} was replaced after it was read. Repeat the command.")
        if fault and first < last:
            return self._range(before, first, (first + last) // 2)
        if fault:
            raise ChainError(f"The node at {self._chain.rpc} returned no logs for block {first}: {fault}")
        return Segment(first, last, hash_), logs

    def _columns(self, raw: pl.DataFrame) -> pl.DataFrame:
        """Rows of logs.

        Raises:
            ChainError: One is of no contract that was asked for, or has a field that is no hex.
        """
        try:
            return self._columned(raw)
        except (PolarsError, KeyError) as error:
            raise ChainError(f"The node at {self._chain.rpc} returned invalid logs: {error!r}") from error

    def _columned(self, raw: pl.DataFrame) -> pl.DataFrame:
        topics = pl.col("topics")
        raw = raw.with_columns(
            first=topics.list.first(), topics=topics.list.slice(1).list.join("").str.replace_all("0x", "", literal=True)
        )
        return pl.concat([pl.DataFrame(schema=SCHEMA), *self._rows(raw)])

    def _rows(self, raw: pl.DataFrame) -> Iterator[pl.DataFrame]:
        """Rows of raw logs, event by event; one for each account that an event names."""
        for (address, topic), logs in raw.partition_by("address", "first", as_dict=True).items():
            kind = self._kinds[str(address).lower(), str(topic)]
            rows = logs.select(
                block=pl.col("blockNumber").str.slice(2).str.to_integer(base=16),
                log_index=pl.col("logIndex").str.slice(2).str.to_integer(base=16),
                transaction=pl.col("transactionHash").str.slice(2).str.decode("hex"),
                contract=pl.lit(kind.contract),
                event=pl.lit(kind.event),
                topics=pl.col("topics").str.decode("hex"),
                data=pl.col("data").str.slice(2).str.decode("hex"),
            )
            named = [at for at, item in enumerate(kind.indexed) if item["type"] == "address"]
            accounts = [pl.col("topics").bin.slice(32 * at + 12, 20) for at in named]
            parts = [rows.with_columns(account=account).filter(pl.col("account") != _NOBODY) for account in accounts]
            parts = parts or [rows.with_columns(account=pl.lit(None, pl.Binary))]
            yield pl.concat(parts).unique(["account", "block", "log_index"]).select(*SCHEMA)

    @cached_property
    def _deployed(self) -> dict[str, tuple[str, str]]:
        """Role and name of every contract by address: the manifest's, and the token of each series that was ever claimed."""
        chain = self._chain
        found = {chain.address(role): (role, entry.name) for role, entry in chain.manifest.contracts.items()}
        tokens = (CarbonCredit(chain, claim) for claim in range(1, ReductionCertifier(chain).claim_count() + 1))
        return found | {token.address: (token.role, "CarbonCredit") for token in tokens}

    @cached_property
    def _kinds(self) -> dict[tuple[str, str], Kind]:
        """Events by address and first topic."""
        return {
            (address.lower(), kind.topic): kind
            for address, (role, name) in self._deployed.items()
            for kind in kinds_of(role, name)
        }

    @property
    def _by_name(self) -> dict[tuple[str, str], Kind]:
        return {(kind.contract, kind.event): kind for kind in self._kinds.values()}


def _parsed(answer: bytes) -> tuple[pl.DataFrame, str]:
    """Logs of the node's answer, and what it says if it refuses. Columns from the first byte: as objects, logs take thrice the time."""
    try:
        read = pl.read_json(answer, schema=_ANSWER)
    except PolarsError as error:
        return pl.DataFrame(schema=_LOG), f"not a valid answer: {error}"
    if read.height != 1:
        return pl.DataFrame(schema=_LOG), f"{read.height} answers instead of one"
    if read["result"][0] is None:
        return pl.DataFrame(schema=_LOG), str(read["error"][0])
    if read["result"].list.len()[0] == 0:
        return pl.DataFrame(schema=_LOG), ""
    logs = read.select(pl.col("result").explode()).unnest("result")
    if any(logs.null_count().row(0)):
        return pl.DataFrame(schema=_LOG), "a log without a required field"
    return logs, ""


def _type(item: Mapping[str, Any]) -> str:
    """The canonical type of an ABI entry; a struct is its fields in brackets."""
    if "components" not in item:
        return str(item["type"])
    return f"({','.join(map(_type, item['components']))}){item['type'].removeprefix('tuple')}"
