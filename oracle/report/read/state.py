"""What the contracts say of themselves at the ledger's block: the other side of the reconciliation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.point_issuer import PointIssuer, Progress
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.model.header import Header
from oracle.model.ids import BatchId
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
class State:
    """The contracts' own numbers at one block. Points are in thousandths, money in token base units.

    Attributes:
        headers, phases, progress: By batch.
        locked_for: Points that a batch can bring at most, by batch; 0 once it is closed or revoked.
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
    progress: Mapping[BatchId, Progress]
    locked_for: Mapping[BatchId, int]
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
    at = ledger.block.number
    evidence, issuer, book = EvidenceLedger(chain, at), PointIssuer(chain, at), CarbonPoint(chain, at)
    desk, vault, token = RedemptionDesk(chain, at), SettlementVault(chain, at), SettlementToken(chain, at)
    batches = [BatchId(batch) for batch in ledger.batches["batch"]]
    merchants = ledger.table("MerchantAdmitted")["merchant"].tolist()
    operators = ledger.table("OperatorLicensed")["operator"].tolist()
    years = ledger.table("PriceSet")["year"].tolist()
    days = _order_days(ledger)
    return State(
        headers={batch: header for batch in batches if (header := evidence.header_of(batch))},
        phases={batch: phase.name for batch, phase in evidence.phases_of(batches).items()},
        progress=issuer.progresses_of(batches),
        locked_for=vault.locked_for(batches),
        terms=_terms(MethodologyRegistry(chain, at), ledger),
        supply=book.total_supply(),
        outstanding={year: book.outstanding_of(year) for year in years},
        prices={year: vault.price_of(year) for year in years},
        held={merchant: book.held_of(merchant) for merchant in merchants},
        due={merchant: _due(desk, merchant, days.get(merchant, [])) for merchant in merchants},
        disputed={merchant: desk.disputed_of(merchant) for merchant in merchants},
        free={operator: vault.free_of(operator) for operator in operators},
        locked={key: vault.locked_of(*key) for key in _pairs(ledger.table("ReserveLocked"), "operator", "year")},
        vault_balance=token.balance_of(vault.address),
        vault_out=_left(token, vault),
        current_year=book.current_year(),
        last_final_day=desk.last_final_day(),
        token=(token.symbol(), token.decimals()),
    )


def read_pages(chain: Chain, ledger: Ledger, keys: Iterable[tuple[str, int]]) -> dict[tuple[str, int], Page]:
    """The pages of some accounts and years as the contract has them."""
    asked = list(keys)
    found = zip(asked, CarbonPoint(chain, ledger.block.number).pages_of(asked), strict=True)
    return {key: Page(page.points_milli, page.reduction_mg) for key, page in found}


def _terms(registry: MethodologyRegistry, ledger: Ledger) -> dict[Version, Terms]:
    found = {}
    for methodology, version in _pairs(ledger.batches, "methodology", "version"):
        terms = registry.methodology_of(methodology, version).terms
        found[methodology, version] = Terms(Unit(terms.unit).name.lower(), terms.factor_ug, terms.earns_points)
    return found


def _pairs(table: pd.DataFrame, *columns: str) -> list[tuple[str, int]]:
    """Distinct pairs of two columns, sorted."""
    return sorted(set(zip(*(table[name].tolist() for name in columns), strict=True)))


def _due(desk: RedemptionDesk, merchant: str, days: list[int]) -> tuple[int, int]:
    sums = [desk.due_of(merchant, day) for day in days]
    return sum(points for points, _ in sums), sum(value for _, value in sums)


def _left(token: SettlementToken, vault: SettlementVault) -> int:
    name = "from"  # a keyword of Python, and the argument of an ERC-20's event
    return sum(event.values["value"] for event in token.events("Transfer", where={name: vault.address}))


def _order_days(ledger: Ledger) -> dict[str, list[int]]:
    days: dict[str, set[int]] = {}
    for event in ledger.events["OrderRedeemed"]:
        days.setdefault(event.values["merchant"], set()).add(ledger.times[event.block] // SECONDS_PER_DAY)
    for event in ledger.events["DisputeEnded"]:
        if event.values["keptMilli"]:
            days.setdefault(event.values["merchant"], set()).add(event.values["dueDay"])
    return {merchant: sorted(found) for merchant, found in days.items()}
