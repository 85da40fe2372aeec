"""A second flow without a chain: one series of one operator, of which things were retired and cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace

from oracle.edge.chain.client import Event
from oracle.edge.chain.contracts.credit_market import SeriesTerms, Split, Stock
from oracle.edge.chain.contracts.proceeds_pot import Head
from oracle.edge.chain.contracts.reduction_certifier import Claim
from oracle.edge.chain.contracts.retirement_registry import StoredCertificate
from oracle.edge.chain.contracts.told import CONTRACT_OF
from oracle.model.ids import Address, methodology_word
from oracle.report.export.projects import Exported, Named, projects_of
from oracle.report.export.runs import runs_of
from oracle.report.read.claims import Certificate, SecondFlow, Series
from oracle.report.read.ledger import Block, Ledger

OPERATOR, HOLDER, MARKET = (Address(f"0x{number:040x}") for number in (1, 2, 3))
PREFIX = "SZ01-CN4403-CI02-v1-0001-2023-1"
NAME = "=Example <A&B>"
METHODOLOGY = "CI-02.CN-4403"
_BATCH = bytes(31) + b"\1"
_WORD = bytes(32)
_TIME = 1_700_000_000
KNOWN = {(METHODOLOGY, 1): Named("Metro rides", "travel")}


def exported(
    issued_mg: int,
    retired: Sequence[int] = (),
    cancelled: Sequence[int] = (),
    buffer_mg: int = 0,
    *,
    supply_off: int = 0,
) -> Exported:
    """What formats are made of, with amounts in milligrams.

    Args:
        supply_off: How much more the token says it has than it can have.
    """
    events: dict[str, list[Event]] = {name: [] for name in CONTRACT_OF}

    def tell(name: str, **values: object) -> Event:
        index = sum(map(len, events.values()))
        event = Event(name, name, 7, f"0x{index:064x}", index, values)
        events.setdefault(name, []).append(event)
        return event

    tell("ClaimOpened", claim=1)
    header = SimpleNamespace(
        day=19_362,
        sequence=0,
        version=1,
        recordCount=9,
        accountCount=3,
        totalQuantity=9,
        consentedQuantity=9,
        methodology=methodology_word(METHODOLOGY),
    )
    word = methodology_word(METHODOLOGY)
    tell("BatchAttested", batch=_BATCH, operator=OPERATOR, methodology=word, epoch=1, opensAt=0, header=header)
    tell("BatchesAdded", claim=1, batches=[_BATCH])
    tell("ClaimSubmitted", claim=1, frame=SimpleNamespace(recordCount=9))
    tell("SeriesIssued", series=1, mg=issued_mg)
    certificates, first = {}, 1
    for mg in retired:
        number = (1 << 64) + first
        tell("Retired", certificate=number, mg=mg, terms=SimpleNamespace(note="-1+1"))
        stored = StoredCertificate(HOLDER, _TIME, 19_358, 19_722, 1, mg, first, 1, 1, 0x434E, True)
        certificates[number] = Certificate(stored, f"{PREFIX}-{first}-{first + mg - 1}", NAME, mg)
        first += mg
    top, cancellations = issued_mg, []
    for mg in cancelled:
        cancellations.append(tell("Cancelled", firstMg=top - mg + 1, lastMg=top))
        top -= mg
    held = top - buffer_mg - sum(retired)
    series = _series(issued_mg, sum(retired), sum(cancelled), buffer_mg, held, tuple(cancellations), supply_off)
    flow = SecondFlow(
        claims={1: _claim(issued_mg)},
        series={1: series},
        certificates=certificates,
        names={OPERATOR: "transit"},
        market=MARKET,
    )
    ledger = Ledger(Block(9, "0x" + "ab" * 32, _TIME), events, {7: _TIME})
    return Exported(ledger, flow, "SZ01", projects_of(flow, KNOWN), tuple(runs_of(ledger, flow)))


def _claim(mg: int) -> Claim:
    nobody = Address("0x" + "00" * 20)
    return Claim(
        operator=OPERATOR,
        state="issued",
        vintage=2023,
        sequence=1,
        version=1,
        holds=0,
        seed_round=1,
        bound_mg=mg,
        reduction_mg=mg,
        certified_mg=mg,
        batch_count=1,
        account_count=3,
        methodology=methodology_word(METHODOLOGY),
        batches_hash=_WORD,
        shares_root=_WORD,
        verifier=nobody,
        notice_ends=0,
        seed_block=0,
        objections=0,
        noticed_by=nobody,
        record_quantity=9,
        series_before=0,
    )


def _series(
    issued: int, retired: int, cancelled: int, buffer: int, held: int, cancellations: tuple[Event, ...], off: int
) -> Series:
    return Series(
        number=1,
        serial_prefix=PREFIX,
        token=Address(f"0x{4:040x}"),
        balances={HOLDER: held, MARKET: buffer},
        supply_mg=issued - retired - cancelled + off,
        retired_mg=retired,
        cancelled_mg=cancelled,
        frozen=False,
        market_mg=buffer,
        stock=Stock(0, buffer, 0, 0, 0),
        terms=SeriesTerms(6_000, 100, 500, 1),
        due=Split(0, 0, 0),
        paid=Split(0, 0, 0),
        head=Head(0, 0, 0, 0, 0),
        cancellations=cancellations,
        pots=(0,),
        shares_mg=issued,
        shortfall_mg=0,
        shares=None,
        paid_rounds=(),
    )
