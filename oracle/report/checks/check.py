"""One comparison of the reconciliation."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

Value = int | str

COLUMNS = ["check", "scope", "book", "chain", "difference"]


@dataclass(frozen=True)
class Check:
    """Two values that must agree.

    Attributes:
        check: What is compared.
        scope: Of which batch, account, year, merchant, operator or file.
        book: As computed here.
        chain: As the contract says; for files and records, the other way of counting.
        difference: 0 if they agree; else book - chain, or 1 where that is no number.
    """

    check: str
    scope: str
    book: Value
    chain: Value
    difference: int


def compare(check: str, scope: str, book: Value, chain: Value) -> Check:
    """Compares two numbers or two texts."""
    if isinstance(book, int) and isinstance(chain, int):
        return Check(check, scope, book, chain, book - chain)
    return Check(check, scope, book, chain, int(book != chain))


def table(checks: Iterable[Check]) -> pd.DataFrame:
    """Checks as `reconciliation.csv` has them: both sides as text, since hashes stand beside amounts."""
    rows = [(item.check, item.scope, str(item.book), str(item.chain), item.difference) for item in checks]
    return pd.DataFrame(rows, columns=COLUMNS).astype({"difference": object})
