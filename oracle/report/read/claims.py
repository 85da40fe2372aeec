"""The second flow as the contracts have it at one block: claims, series, proceeds, certificates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from oracle.edge.chain.client import Chain, Event
from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.credit_market import CreditMarket, SeriesTerms, Split, Stock, StoredAsk
from oracle.edge.chain.contracts.proceeds_pot import Head, ProceedsPot
from oracle.edge.chain.contracts.reduction_certifier import Claim, ReductionCertifier
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry, StoredCertificate
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.store.book import Book
from oracle.ledger.certify.folder import samples_of
from oracle.ledger.certify.shares import FILE, SharesTree, claim_folder, load_shares
from oracle.model.ids import methodology_text
from oracle.report.read.ledger import NOBODY, Ledger


@dataclass(frozen=True)
class Series:
    """An issued series. Mass in milligrams, money in token base units.

    Attributes:
        balances: By holder, the market among them, from the token's own Transfer events.
        supply_mg, retired_mg, cancelled_mg, frozen: As the token has them.
        market_mg: The market's balance, by the token.
        due, paid: Parts of the proceeds.
        cancellations: The token's `Cancelled` events.
        pots: What had come in at each round, from round 0 on.
        pot_mg: What the shares are of.
        shortfall_mg: What nothing stands behind.
        shares: The shares, if this installation has them; `paid_rounds` in their order.
    """

    number: int
    serial_prefix: str
    token: str
    balances: Mapping[str, int]
    supply_mg: int
    retired_mg: int
    cancelled_mg: int
    frozen: bool
    market_mg: int
    stock: Stock
    terms: SeriesTerms
    due: Split
    paid: Split
    head: Head
    cancellations: tuple[Event, ...]
    pots: tuple[int, ...]
    shares_mg: int
    shortfall_mg: int
    shares: SharesTree | None
    paid_rounds: tuple[int, ...]


@dataclass(frozen=True)
class Certificate:
    """A certificate with its serial, its beneficiary's name and the milligrams that something stands behind."""

    stored: StoredCertificate
    serial: str
    beneficiary: str
    backed_mg: int


@dataclass(frozen=True)
class SecondFlow:
    """All of it; empty where no claim was ever opened.

    Attributes:
        claims, seeds: By number.
        series, certificates: By number.
        asks: In their order.
        samples: Rows of `claims/<claim>/samples.csv`, of the claims that were looked at here.
        names: Of accounts whose keys are here.
        market, pot: Addresses.
        market_units, pot_units: Their settlement tokens.
        owed_units: What the market owes of resales, to those that ever sold one and to the fee's receiver.
    """

    claims: Mapping[int, Claim] = field(default_factory=dict)
    seeds: Mapping[int, bytes] = field(default_factory=dict)
    series: Mapping[int, Series] = field(default_factory=dict)
    certificates: Mapping[int, Certificate] = field(default_factory=dict)
    asks: Sequence[StoredAsk] = ()
    samples: Sequence[Mapping[str, str]] = ()
    names: Mapping[str, str] = field(default_factory=dict)
    market: str = NOBODY
    pot: str = NOBODY
    market_units: int = 0
    pot_units: int = 0
    owed_units: int = 0


def read_second_flow(chain: Chain, ledger: Ledger, book: Book) -> SecondFlow:
    """Reads everything that the ledger knows numbers of."""
    if not ledger.events["ClaimOpened"]:
        return SecondFlow()
    at = ledger.block.number
    certifier, market, pot = ReductionCertifier(chain, at), CreditMarket(chain, at), ProceedsPot(chain, at)
    token = SettlementToken(chain, at)
    claims = {
        event.values["claim"]: certifier.claim_of(event.values["claim"]) for event in ledger.events["ClaimOpened"]
    }
    sellers = {event.values["seller"] for event in ledger.events["Resold"]} | {market.fee_receiver()}
    issued = [event.values["series"] for event in ledger.events["SeriesIssued"]]
    return SecondFlow(
        claims=claims,
        seeds={claim: seed for claim in claims if (seed := certifier.seed_of(claim))},
        series={number: _series(chain, at, book, number, claims[number]) for number in issued},
        certificates=_certificates(chain, at, ledger.events["Retired"]),
        asks=market.asks_of(range(market.ask_count())),
        samples=[row for claim in claims for row in samples_of(book.home, claim)],
        names=book.named_accounts(),
        market=market.address,
        pot=pot.address,
        market_units=token.balance_of(market.address),
        pot_units=token.balance_of(pot.address),
        owed_units=sum(market.owed_to(seller) for seller in sellers),
    )


def _series(chain: Chain, at: int, book: Book, number: int, claim: Claim) -> Series:
    credit, market, pot = CarbonCredit(chain, number, at), CreditMarket(chain, at), ProceedsPot(chain, at)
    certifier, stock, head = ReductionCertifier(chain, at), market.stock_of(number), pot.head_of(number)
    due, paid = market.proceeds_of(number)
    shares = load_shares(book.home, number) if (claim_folder(book.home, number) / FILE).exists() else None
    return Series(
        number=number,
        serial_prefix=_prefix(chain, at, claim),
        token=credit.address,
        balances=_balances(credit),
        supply_mg=credit.total_supply(),
        retired_mg=credit.retired_mg(),
        cancelled_mg=credit.cancelled_mg(),
        frozen=credit.is_frozen(),
        market_mg=credit.balance_of(market.address),
        stock=stock,
        terms=market.terms_of(stock.terms_id),
        due=due,
        paid=paid,
        head=head,
        cancellations=tuple(credit.events("Cancelled")),
        pots=tuple(pot.pot_of(number, round_) for round_ in range(head.rounds + 1)),
        shares_mg=certifier.shares_of(number)[1],
        shortfall_mg=ReversalDesk(chain, at).shortfall_of(number).mg,
        shares=shares,
        paid_rounds=tuple(pot.paid_rounds_of(number, len(shares.shares))) if shares else (),
    )


def _balances(credit: CarbonCredit) -> dict[str, int]:
    """Milligrams of every holder, by the token's events."""
    balances: dict[str, int] = {}
    for event in credit.events("Transfer"):
        values = event.values
        balances[values["from"]] = balances.get(values["from"], 0) - values["value"]
        balances[values["to"]] = balances.get(values["to"], 0) + values["value"]
    return {holder: mg for holder, mg in balances.items() if holder != NOBODY}


def _certificates(chain: Chain, at: int, retired: Sequence[Event]) -> dict[int, Certificate]:
    registry, found = RetirementRegistry(chain, at), {}
    names: dict[int, str] = {}
    for event in retired:
        number = event.values["certificate"]
        stored = registry.certificate_of(number)
        if stored.name not in names:
            names[stored.name] = registry.name_of(stored.name)
        serial, backed_mg = registry.serial_of(number), registry.backing_of(number)
        found[number] = Certificate(stored, serial, names[stored.name], backed_mg)
    return found


def _prefix(chain: Chain, at: int, claim: Claim) -> str:
    """What stands before the first milligram in the serials of a series: twin of `CertificatePicture`."""
    name, _, region = methodology_text(claim.methodology).partition(".")
    parts = [
        RetirementRegistry(chain, at).registry_code(),
        region.replace("-", ""),
        name.replace("-", ""),
        f"v{claim.version}",
        f"{ReductionCertifier(chain, at).operator_number_of(claim.operator):04}",
        str(claim.vintage),
        str(claim.sequence),
    ]
    return "-".join(parts)
