"""Names beside addresses and identifiers: a column `<column>_name` after each column of operators, merchants and methodologies."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

# The columns of each table that get a column of names.
NAMED = {
    "issuance": ("operator", "methodology"),
    "issuance_by_day": ("operator", "methodology"),
    "merchants": ("merchant",),
    "operators": ("operator",),
    "redemptions": ("merchant",),
    "reserve": ("operator",),
    "settlement": ("merchant",),
}


def with_names(table: pd.DataFrame, name: str, names: Mapping[str, str]) -> pd.DataFrame:
    """A table with its columns of names; a cell is empty where no name is known.

    Args:
        name: Name of the table.
        names: By account (checksummed) or methodology id.
    """
    named = table.copy(deep=False)
    for column in NAMED.get(name, ()):
        cells = pd.Series([names.get(cell) for cell in table[column]], index=table.index, dtype="str")
        named.insert(list(named.columns).index(column) + 1, f"{column}_name", cells)
    return named
