"""Points and reductions: pages, supply, points with merchants, and whether statements agree with the pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from oracle.model.units import PAGE_YEARS
from oracle.report.checks.check import Check, compare
from oracle.report.read.ledger import NOBODY, Ledger
from oracle.report.read.pages import Page, Pages
from oracle.report.read.state import State

MOST_ACCOUNTS = 1000  # above it a sample is read, evenly spread over the accounts in the order of their addresses

PageKey = tuple[str, int]


def pages_to_read(pages: Pages) -> list[PageKey]:
    """Account and year of the pages to compare: all, or those of the sample."""
    accounts = sorted(pages.of)
    step = -(-len(accounts) // MOST_ACCOUNTS) or 1
    return [(account, year) for account in accounts[::step] for year in sorted(pages.of[account])]


def check_pages(pages: Pages, chain: Mapping[PageKey, Page]) -> Iterator[Check]:
    """A row per year with the sums of the pages that were read, and one for each page that differs."""
    sampled = len({account for account, _ in chain})
    for year in sorted({year for _, year in chain}):
        read = {account: page for (account, at), page in chain.items() if at == year}
        scope = f"{year}, {len(read)} pages, {sampled} of {len(pages.of)} accounts"
        for field in ("points_milli", "reduction_mg"):
            pairs = {
                account: (getattr(pages.of[account][year], field), getattr(page, field))
                for account, page in read.items()
            }
            yield compare(
                f"page_{field}",
                scope,
                sum(book for book, _ in pairs.values()),
                sum(there for _, there in pairs.values()),
            )
            for account, (book, there) in pairs.items():
                if book != there:
                    yield compare(f"page_{field}", f"{account} {year}", book, there)


def check_supply(ledger: Ledger, pages: Pages, state: State) -> Iterator[Check]:
    """Outstanding points of every year, points with every merchant, and supply == credited - settled - expired."""
    outstanding = pages.outstanding()
    for year, there in state.outstanding.items():
        yield compare("outstanding_milli", str(year), outstanding.get(year, 0), there)
    moved = ledger.table("Transfer")
    credited = int(moved.loc[moved["from"] == NOBODY, "value"].sum())
    settled = int(moved.loc[moved["to"] == NOBODY, "value"].sum())
    expired = int(ledger.table("YearExpired")["pointsMilli"].sum())
    ended = [year for year in state.outstanding if year <= state.current_year - PAGE_YEARS and year not in pages.over]
    gone = sum(state.outstanding[year] for year in ended)  # expired, and nobody told of it yet
    yield compare("supply_milli", "credited - settled - expired", credited - settled - expired, state.supply + gone)


def check_held(ledger: Ledger, state: State) -> Iterator[Check]:
    """Points with every merchant: taken - refunded - settled."""
    held = dict.fromkeys(state.held, 0)
    for event, sign in (("OrderRedeemed", 1), ("OrderRefunded", -1), ("PointsCollected", -1)):
        for merchant, milli in ledger.table(event).groupby("merchant")["pointsMilli"].sum().items():
            held[str(merchant)] = held.get(str(merchant), 0) + sign * int(milli)
    for merchant, there in state.held.items():
        yield compare("held_milli", merchant, held[merchant], there)


def check_statements(statements: pd.DataFrame, pages: Pages, state: State) -> Iterator[Check]:
    """The last balance and the reductions of every statement against the account's pages, and all together against the contracts."""
    last = statements.groupby("account")["balance_milli"].last()
    reductions = statements.groupby("account")["reduction_mg"].sum()
    for account, balance, reduction_mg in zip(last.index.tolist(), last.tolist(), reductions.tolist(), strict=True):
        if balance != pages.balance(account):
            yield compare("statement_milli", account, balance, pages.balance(account))
        if reduction_mg != pages.reduction_mg(account):
            yield compare("statement_reduction_mg", account, reduction_mg, pages.reduction_mg(account))
    there = sum(milli for year, milli in state.outstanding.items() if year not in pages.over)
    yield compare("statement_milli", f"{len(last)} accounts", int(last.sum()), there)
    lowered = int(statements.loc[statements["kind"] == "lower", "reduction_mg"].sum())
    issued = sum(progress.reduction_mg for progress in state.progress.values())
    yield compare("statement_reduction_mg", f"{len(last)} accounts", int(reductions.sum()), issued + lowered)
