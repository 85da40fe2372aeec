"""Statements of merchants and operators: each balances, all together balance, and the vault paid out no more than they say."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from oracle.report.checks.check import Check, compare
from oracle.report.read.ledger import Ledger
from oracle.report.read.state import State
from oracle.report.tables.clearing import misfooted
from oracle.report.tables.period import Period
from oracle.report.tables.settlement import accounts_of, merchants, operators

_TABLES = {"merchants": merchants, "operators": operators}


def check_footing(ledger: Ledger, period: Period) -> Iterator[Check]:
    """Checks that all statements of the period balance, and that each closing is the next period's opening."""
    after = Period(period.last + timedelta(days=1), date.max) if period.last < date.max else period
    for name, make in _TABLES.items():
        table, following = make(ledger, period), make(ledger, after)
        for account in accounts_of(name):
            suffixes = ("units",) if name == "operators" else ("milli", "units")
            for suffix in suffixes:
                scope = f"{len(table)} {name}, {account.name}_{suffix}"
                yield compare("statements_that_do_not_foot", scope, misfooted(table, account, suffix), 0)
                if after is not period:
                    closing = sum(table[f"closing_{account.name}_{suffix}"])
                    opening = sum(following[f"opening_{account.name}_{suffix}"])
                    yield compare("closing_is_next_opening", scope, int(closing), int(opening))


def check_outflow(ledger: Ledger, state: State) -> Iterator[Check]:
    """What statements say was paid and withdrawn == settlement tokens that left the vault, by the token's own log."""
    all_days = Period(date.min, date.max)
    paid = sum(merchants(ledger, all_days)["paid_units"])
    withdrawn = sum(operators(ledger, all_days)["withdrawn_units"])
    yield compare("vault_outflow_units", "paid + withdrawn", int(paid + withdrawn), state.vault_out)
