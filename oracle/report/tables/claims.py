"""Claims, the batches in them, and the series that came of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from oracle.edge.chain.client import Event
from oracle.model.ids import methodology_text
from oracle.model.units import date_of
from oracle.report.read.claims import SecondFlow, Series
from oracle.report.read.ledger import Ledger, utc

CLAIMS = [
    "claim",
    "operator",
    "operator_name",
    "methodology",
    "version",
    "vintage",
    "sequence",
    "state",
    "batches",
    "acts",
    "accounts",
    "acts_from",
    "acts_through",
    "bound_mg",
    "reduction_mg",
    "certified_mg",
    "verifier",
    "verifier_name",
    "seed",
    "notice_ends",
    "report_hash",
    "statement_hash",
    "block",
    "transaction",
    "log_index",
]
CLAIM_BATCHES = ["claim", "batch", "act_date", "acts", "block", "transaction", "log_index"]
SAMPLES = ["claim", "round", "hit", "record_id", "batch", "quantity", "supported_quantity", "taint_ppm", "reason"]
SERIES = [
    "series",
    "serial_prefix",
    "operator",
    "operator_name",
    "methodology",
    "version",
    "vintage",
    "sequence",
    "acts",
    "acts_from",
    "acts_through",
    "token",
    "issued_mg",
    "stock_mg",
    "buffer_mg",
    "held_mg",
    "retired_mg",
    "cancelled_mg",
    "shortfall_mg",
    "frozen",
    "block",
    "transaction",
    "log_index",
]


def claims(ledger: Ledger, flow: SecondFlow) -> pd.DataFrame:
    """A row per claim; what is not known of it yet is empty."""
    submitted, certified = by(ledger, "ClaimSubmitted", "claim"), by(ledger, "Certified", "claim")
    rows = []
    for event in ledger.events["ClaimOpened"]:
        number = event.values["claim"]
        claim, frame, verdict = flow.claims[number], submitted.get(number), certified.get(number)
        rows.append(
            {
                "claim": number,
                **_subject(flow, number),
                "state": claim.state,
                "batches": claim.batch_count,
                "acts": acts_of(ledger, number),
                "accounts": claim.account_count if frame else None,
                **days_of(ledger, number),
                "bound_mg": claim.bound_mg,
                "reduction_mg": claim.reduction_mg if frame else None,
                "certified_mg": claim.certified_mg if verdict else None,
                "verifier": claim.verifier if claim.has_verifier else None,
                "verifier_name": flow.names.get(claim.verifier),
                "seed": hexed(flow.seeds.get(number)),
                "notice_ends": utc(claim.notice_ends) if claim.notice_ends else None,
                "report_hash": hexed(frame.values["frame"].reportHash) if frame else None,
                "statement_hash": hexed(verdict.values["statementHash"]) if verdict else None,
                **place(event),
            }
        )
    return table(rows, CLAIMS)


def claim_batches(ledger: Ledger) -> pd.DataFrame:
    """A row per claim and batch, of whatever became of the claim."""
    headers = {row["batch"]: row for row in ledger.batches.to_dict("records")}
    rows = [
        {
            "claim": event.values["claim"],
            "batch": hexed(batch),
            "act_date": date_of(headers[hexed(batch)]["day"]).isoformat(),
            "acts": headers[hexed(batch)]["recordCount"],
            **place(event),
        }
        for event in ledger.events["BatchesAdded"]
        for batch in event.values["batches"]
    ]
    return table(rows, CLAIM_BATCHES)


def samples(flow: SecondFlow) -> pd.DataFrame:
    """A row per hit of the samples that were looked at in this installation."""
    words = ("record_id", "batch", "reason")
    rows = [
        {name: (row[name] or None) if name in words else int(row[name]) for name in SAMPLES} for row in flow.samples
    ]
    return table(rows, SAMPLES)


def series(ledger: Ledger, flow: SecondFlow) -> pd.DataFrame:
    """A row per issued series; issued = stock + buffer + held + retired + cancelled."""
    rows = []
    for event in ledger.events["SeriesIssued"]:
        number = event.values["series"]
        of = flow.series[number]
        rows.append(
            {
                "series": number,
                "serial_prefix": of.serial_prefix,
                **_subject(flow, number),
                "acts": acts_of(ledger, number),
                **days_of(ledger, number),
                "token": of.token,
                "issued_mg": event.values["mg"],
                "stock_mg": of.stock.available_mg,
                "buffer_mg": of.stock.buffer_mg,
                "held_mg": held_mg(flow, of),
                "retired_mg": of.retired_mg,
                "cancelled_mg": of.cancelled_mg,
                "shortfall_mg": of.shortfall_mg,
                "frozen": "yes" if of.frozen else "no",
                **place(event),
            }
        )
    return table(rows, SERIES)


def held_mg(flow: SecondFlow, of: Series) -> int:
    """With holders, what they offer for resale among it: by the token's own Transfer events, and what asks have left."""
    holders = sum(mg for holder, mg in of.balances.items() if holder != flow.market)
    return holders + resale_mg(flow, of.number)


def resale_mg(flow: SecondFlow, number: int) -> int:
    """What the market keeps of a series for those who resell."""
    return sum(ask.left_mg for ask in flow.asks if ask.resale and ask.series == number)


def acts_of(ledger: Ledger, claim: int) -> int | None:
    """Acts of consenting citizens that a claim rests on; None before the committee signed it."""
    frame = by(ledger, "ClaimSubmitted", "claim").get(claim)
    return frame.values["frame"].recordCount if frame else None


def by(ledger: Ledger, event: str, field: str) -> dict[int, Event]:
    """The last event of a name for each number."""
    return {item.values[field]: item for item in ledger.events[event]}


def table(rows: Sequence[Mapping[str, object]], columns: Iterable[str]) -> pd.DataFrame:
    """Rows as a table; cells stay what they are."""
    return pd.DataFrame(list(rows), columns=list(columns), dtype=object)


def place(event: Event) -> dict[str, object]:
    """Where an event is told."""
    return {"block": event.block, "transaction": event.transaction, "log_index": event.index}


def hexed(value: bytes | None) -> str | None:
    """32 bytes as tables write them."""
    return None if value is None else "0x" + value.hex()


def _subject(flow: SecondFlow, number: int) -> dict[str, object]:
    claim = flow.claims[number]
    return {
        "operator": claim.operator,
        "operator_name": flow.names.get(claim.operator),
        "methodology": methodology_text(claim.methodology),
        "version": claim.version,
        "vintage": claim.vintage,
        "sequence": claim.sequence,
    }


def days_of(ledger: Ledger, claim: int) -> dict[str, str | None]:
    """First and last act day of a claim's batches."""
    first, last = ledger.claim_days.get(claim, (None, None))
    return {
        "acts_from": None if first is None else date_of(int(first)).isoformat(),
        "acts_through": None if last is None else date_of(int(last)).isoformat(),
    }
