"""What the contracts say of themselves at the ledger's block: the other side of the reconciliation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from oracle.edge.chain.client import Chain
from oracle.ledger.attest.committee import PHASES
from oracle.measure.evidence.leaf import methodology_word
from oracle.model.header import Header
from oracle.model.units import SECONDS_PER_DAY, Unit
from oracle.report.read.ledger import Ledger
from oracle.report.read.pages import Page

Version = tuple[str, int]  # methodology id and version


@dataclass(frozen=True)
class Terms:
    """Of a methodology version: unit of quantity, micrograms CO2e per unit, whether it earns points."""

    unit: str
    factor_ug: int
    earns_points: bool


@dataclass(frozen=True)
class Progress:
    """How far a batch is credited: `IPointIssuer.Progress`."""

    quantity: int
    reduction_mg: int
    points_milli: int
    accounts: int


@dataclass(frozen=True)
class State:
    """The contracts' own numbers at one block. Points are in thousandths, money in token base units.

    Attributes:
        headers, phases, progress: By batch.
        terms: By methodology and version.
        supply: Live points with citizens and all points with merchants.
        outstanding, prices: By page year.
        held, due, disputed: By merchant; `due` is points and money over all days with orders or decisions of disputes.
        free: By operator.
        locked: Points by operator and page year.
        vault_balance: Settlement tokens of the vault.
        vault_out: Settlement tokens that ever left the vault, by the token's own log.
        current_year: Of the chain's clock.
        last_final_day: Last day whose orders can no longer be refunded.
        token: Symbol and decimals of the settlement token.
    """

    headers: Mapping[str, Header]
    phases: Mapping[str, str]
    progress: Mapping[str, Progress]
    terms: Mapping[Version, Terms]
    supply: int
    outstanding: Mapping[int, int]
    prices: Mapping[int, int]
    held: Mapping[str, int]
    due: Mapping[str, tuple[int, int]]
    disputed: Mapping[str, tuple[int, int]]
    free: Mapping[str, int]
    locked: Mapping[tuple[str, int], int]
    vault_balance: int
    vault_out: int
    current_year: int
    last_final_day: int
    token: tuple[str, int]


def read_state(chain: Chain, ledger: Ledger) -> State:
    """Reads everything that the ledger knows keys of."""

    def read(contract: str, function: str, *args: object) -> Any:
        return chain.read(contract, function, *args, block=ledger.block.number)

    batches = ledger.batches
    merchants = ledger.table("MerchantAdmitted")["merchant"].tolist()
    operators = ledger.table("OperatorLicensed")["operator"].tolist()
    locks = ledger.table("ReserveLocked")
    years = ledger.table("PriceSet")["year"].tolist()
    keys = {batch: bytes.fromhex(batch[2:]) for batch in batches["batch"]}
    days = _order_days(ledger)
    return State(
        headers={batch: _header(read("EvidenceLedger", "headerOf", key)) for batch, key in keys.items()},
        phases={batch: PHASES[read("EvidenceLedger", "phaseOf", key)[0]] for batch, key in keys.items()},
        progress={batch: _progress(read("PointIssuer", "progressOf", key)) for batch, key in keys.items()},
        terms={
            (methodology, version): _terms(read, methodology, version)
            for methodology, version in sorted(set(zip(batches["methodology"], batches["version"], strict=True)))
        },
        supply=read("CarbonPoint", "totalSupply"),
        outstanding={year: read("CarbonPoint", "outstandingOf", year) for year in years},
        prices={year: read("SettlementVault", "priceOf", year) for year in years},
        held={merchant: read("CarbonPoint", "heldOf", merchant) for merchant in merchants},
        due={merchant: _due(read, merchant, days.get(merchant, [])) for merchant in merchants},
        disputed={merchant: tuple(read("RedemptionDesk", "disputedOf", merchant)) for merchant in merchants},
        free={operator: read("SettlementVault", "freeOf", operator) for operator in operators},
        locked={
            (operator, year): read("SettlementVault", "lockedOf", operator, year)
            for operator, year in sorted(set(zip(locks["operator"], locks["year"], strict=True)))
        },
        vault_balance=read("SettlementToken", "balanceOf", chain.address("SettlementVault")),
        vault_out=_left(chain, ledger.block.number),
        current_year=read("CarbonPoint", "currentYear"),
        last_final_day=read("RedemptionDesk", "lastFinalDay"),
        token=(read("SettlementToken", "symbol"), read("SettlementToken", "decimals")),
    )


def read_pages(chain: Chain, ledger: Ledger, keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]:
    """The pages of some accounts and years as the contract has them."""
    pages = {}
    for account, year in keys:
        page = chain.read("CarbonPoint", "pageOf", account, year, block=ledger.block.number)
        pages[account, year] = Page(page.pointsMilli, page.reductionMg)
    return pages


def _header(header: Any) -> Header:
    return Header(
        operator=header.operator,
        day=header.day,
        sequence=header.sequence,
        version=header.version,
        methodology=header.methodology,
        record_count=header.recordCount,
        account_count=header.accountCount,
        total_quantity=header.totalQuantity,
        consented_quantity=header.consentedQuantity,
        records_root=header.recordsRoot,
        accounts_root=header.accountsRoot,
        bundle_hash=header.bundleHash,
    )


def _progress(progress: Any) -> Progress:
    return Progress(progress.quantity, progress.reductionMg, progress.pointsMilli, progress.accounts)


def _terms(read: Any, methodology: str, version: int) -> Terms:
    terms, *_ = read("MethodologyRegistry", "methodologyOf", methodology_word(methodology), version)
    return Terms(Unit(terms.unit).name.lower(), terms.factorUg, terms.earnsPoints)


def _due(read: Any, merchant: str, days: list[int]) -> tuple[int, int]:
    sums = [read("RedemptionDesk", "dueOf", merchant, day) for day in days]
    return sum(points for points, _ in sums), sum(value for _, value in sums)


def _left(chain: Chain, block: int) -> int:
    vault = chain.address("SettlementVault")
    name = "from"  # a keyword of Python, and the argument of an ERC-20's event
    moved = chain.events("SettlementToken", "Transfer", to_block=block, where={name: vault})
    return sum(event.values["value"] for event in moved)


def _order_days(ledger: Ledger) -> dict[str, list[int]]:
    days: dict[str, set[int]] = {}
    for event in ledger.events["OrderRedeemed"]:
        days.setdefault(event.values["merchant"], set()).add(ledger.times[event.block] // SECONDS_PER_DAY)
    for event in ledger.events["DisputeEnded"]:
        if event.values["keptMilli"]:
            days.setdefault(event.values["merchant"], set()).add(event.values["dueDay"])
    return {merchant: sorted(found) for merchant, found in days.items()}
