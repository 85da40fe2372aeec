"""All tables of one installation at one block, each made when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

import pandas as pd

from oracle.config import FlagLimits
from oracle.edge.chain.client import Chain
from oracle.edge.store.book import Book
from oracle.model.errors import InputError
from oracle.model.units import date_of
from oracle.report import checks
from oracle.report.checks import batches, clearing, money, payouts, points, rows
from oracle.report.checks import credits as second
from oracle.report.checks.check import Check
from oracle.report.read.claims import SecondFlow, read_second_flow
from oracle.report.read.credits import credits
from oracle.report.read.holdings import Holdings, read_holdings
from oracle.report.read.ledger import Ledger, read_ledger, utc
from oracle.report.read.pages import Page, Pages, turn_pages
from oracle.report.read.rests import Rests, follow_rests
from oracle.report.read.state import State, read_pages, read_state
from oracle.report.tables.claims import claim_batches, claims, samples, series
from oracle.report.tables.findings import findings
from oracle.report.tables.flags import flags
from oracle.report.tables.issuance import issuance, issuance_by_day
from oracle.report.tables.market import asks, prices, proceeds, trades
from oracle.report.tables.named import with_names
from oracle.report.tables.period import Period
from oracle.report.tables.redemptions import redemptions
from oracle.report.tables.reserve import pool, reserve
from oracle.report.tables.retirements import retirements, reversal_certificates, reversals
from oracle.report.tables.settlement import merchants, operators, settlement
from oracle.report.tables.shares import shares
from oracle.report.tables.statements import statements

# The names of reports, and the CSV files of each.
REPORTS = {
    "issuance": ("issuance", "issuance_by_day"),
    "statements": ("statements",),
    "redemptions": ("redemptions",),
    "settlement": ("settlement", "merchants", "operators"),
    "reserve": ("reserve", "pool"),
    "findings": ("findings",),
    "flags": ("flags",),
    "credits": ("claims", "claim_batches", "samples", "series"),
    "market": ("asks", "trades", "prices", "proceeds"),
    "shares": ("shares",),
    "retirements": ("retirements", "reversals", "reversal_certificates"),
    "reconciliation": ("reconciliation",),
}
TABLES = tuple(name for names in REPORTS.values() for name in names)

PageKey = tuple[str, int]


@dataclass(frozen=True)
class Report:
    """What the tables are made of.

    Attributes:
        ledger: Events up to the block.
        holdings: The book.
        state: The contracts' own numbers at the block.
        flow: Those of the second flow.
        chain_pages: Reads pages at the block.
        period: Days that the tables of issuance, statements, redemptions and settlement are about.
        limits: From which numbers on patterns among orders are flagged.
        names: Names of accounts and methodologies.
    """

    ledger: Ledger
    holdings: Holdings
    state: State
    flow: SecondFlow
    chain_pages: Callable[[Iterable[PageKey]], dict[PageKey, Page]]
    period: Period
    limits: FlagLimits
    names: Mapping[str, str]

    def table(self, name: str) -> pd.DataFrame:
        """Makes one of `TABLES`.

        Rows outside the period are removed after all rows are computed, so that balances carry over.

        Raises:
            KeyError: There is no table of this name.
        """
        return with_names(_MAKERS[name](self), name, self.names)

    @cached_property
    def issuance(self) -> pd.DataFrame:
        """Issuance of all days."""
        units = {version: terms.unit for version, terms in self.state.terms.items()}
        return issuance(self.ledger, self.state.phases, units)

    @cached_property
    def statements(self) -> pd.DataFrame:
        """Statements of all days."""
        return statements(self.ledger, self.credits, self.pages)

    @cached_property
    def credits(self) -> pd.DataFrame:
        """Every credited entry."""
        used = self.ledger.batches[["batch", "methodology", "version"]].itertuples(index=False, name=None)
        growth_only = {batch for batch, *version in used if not self.state.terms[tuple(version)].earns_points}
        return credits(self.ledger, self.holdings.bundles, self.rests, growth_only)

    @cached_property
    def rests(self) -> Rests:
        """What the caps of days left of entries."""
        return follow_rests(self.ledger)

    @cached_property
    def pages(self) -> Pages:
        """The citizens' pages, computed anew."""
        return turn_pages(self.ledger, self.credits)

    @cached_property
    def reconciliation(self) -> tuple[Check, ...]:
        """Every comparison of book and chain."""
        ledger, state, holdings = self.ledger, self.state, self.holdings
        chain_pages = self.chain_pages(points.pages_to_read(self.pages))
        all_days = Period(date.min, date.max)
        return (
            *batches.check_headers(holdings, state),
            *batches.check_credits(self.credits, self.rests, holdings, state),
            *points.check_pages(self.pages, chain_pages),
            *points.check_supply(ledger, self.pages, state),
            *points.check_held(ledger, state),
            *points.check_statements(self.statements, self.pages, state),
            *money.check_reserve(ledger, state),
            *money.check_locks(ledger, state),
            *money.check_vault(ledger, state),
            *money.check_merchants(ledger, merchants(ledger, all_days), state),
            *payouts.check_payouts(ledger, holdings.payouts),
            *clearing.check_footing(ledger, self.period),
            *clearing.check_outflow(ledger, state),
            *second.check_series(ledger, self.flow),
            *second.check_proceeds(ledger, self.flow),
            *second.check_shares(ledger, self.flow),
            *rows.check_files(holdings),
            *rows.check_records(holdings),
        )

    @property
    def differences(self) -> int:
        """Number of comparisons that do not agree."""
        return sum(check.difference != 0 for check in self.reconciliation)


_MAKERS: Mapping[str, Callable[[Report], pd.DataFrame]] = {
    "issuance": lambda report: report.period.of(report.issuance, "act_date"),
    "issuance_by_day": lambda report: issuance_by_day(report.period.of(report.issuance, "act_date")),
    "statements": lambda report: report.period.of(report.statements, "time_utc"),
    "redemptions": lambda report: report.period.of(redemptions(report.ledger, report.state.last_final_day), "time_utc"),
    "settlement": lambda report: report.period.of(settlement(report.ledger), "time_utc"),
    "merchants": lambda report: merchants(report.ledger, report.period),
    "operators": lambda report: operators(report.ledger, report.period),
    "reserve": lambda report: reserve(report.ledger),
    "pool": lambda report: pool(report.ledger, report.state.prices, report.state.outstanding),
    "findings": lambda report: findings(report.holdings),
    "flags": lambda report: flags(report.ledger, report.limits),
    "claims": lambda report: claims(report.ledger, report.flow),
    "claim_batches": lambda report: claim_batches(report.ledger),
    "samples": lambda report: samples(report.flow),
    "series": lambda report: series(report.ledger, report.flow),
    "asks": lambda report: asks(report.ledger, report.flow),
    "trades": lambda report: report.period.of(trades(report.ledger, report.flow), "time_utc"),
    "prices": lambda report: prices(report.table("trades")),
    "proceeds": lambda report: proceeds(report.ledger, report.flow),
    "shares": lambda report: shares(report.flow),
    "retirements": lambda report: report.period.of(retirements(report.ledger, report.flow), "time_utc"),
    "reversals": lambda report: report.period.of(reversals(report.ledger), "time_utc"),
    "reversal_certificates": lambda report: reversal_certificates(report.ledger, report.flow),
    "reconciliation": lambda report: checks.check.table(report.reconciliation),
}


def read_report(
    chain: Chain,
    book: Book,
    *,
    first: date | None = None,
    last: date | None = None,
    block: int | None = None,
    limits: FlagLimits | None = None,
    names: Mapping[str, str] | None = None,
) -> Report:
    """Reads everything a report is made of.

    Args:
        first: First day of the period; the day of the first act or block unless told.
        last: Its last day; the day of the block, or of a later act (east of Greenwich it may be), unless told.
        block: The block to report on; the head unless told.
        limits: From which numbers on patterns among orders are flagged; the defaults unless told.
        names: Names of accounts and methodologies, for the columns of names.

    Raises:
        InputError: There is no such block, or the period ends before it begins.
    """
    ledger = read_ledger(chain, block)
    days = [date_of(day) for day in ledger.batches["day"]]
    begun, ends = (
        date.fromisoformat(utc(time)[:10]) for time in (chain.now(chain.manifest.first_block), ledger.block.time)
    )
    period = Period(first or min([begun, *days]), last or max([ends, *days]))
    if period.last < period.first:
        raise InputError(f"the period ends on {period.last}, before it begins on {period.first}", field="--through")
    return Report(
        ledger=ledger,
        holdings=read_holdings(book),
        state=read_state(chain, ledger),
        flow=read_second_flow(chain, ledger, book),
        chain_pages=lambda keys: read_pages(chain, ledger, keys),
        period=period,
        limits=limits or FlagLimits(),
        names=names or {},
    )
