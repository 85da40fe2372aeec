"""CSV as spreadsheets, databases and people can read it, with nothing lost and nothing executed.

UTF-8 with a byte order mark, a header row, lines that end in LF, text always in double quotes and numbers never (RFC 4180). Amounts are
whole numbers of the unit in the column's name. A text cell that a spreadsheet would take for a formula gets a single quote in front.
"""

from __future__ import annotations

import csv
from typing import Any

import pandas as pd

from oracle.report.tables.schema import INTEGER, Schema, conform

BOM = "\ufeff".encode()

# What makes a spreadsheet compute a cell (OWASP, CSV Injection): the full-width forms count where the input method is East Asian.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def csv_bytes(frame: pd.DataFrame, schema: Schema) -> bytes:
    """A table as the bytes of its CSV.

    Raises:
        VerificationFailed: The table is not as its schema says.
    """
    table = conform(frame, schema)
    for column in schema.columns:
        if column.type != INTEGER:
            table[column.name] = table[column.name].map(harmless, na_action="ignore")
    text = table.to_csv(index=False, lineterminator="\n", quoting=csv.QUOTE_NONNUMERIC)
    return BOM + text.encode()


def harmless(cell: Any) -> str:
    """A text cell that no spreadsheet takes for a formula."""
    text = str(cell)
    return f"'{text}" if text.startswith(_FORMULA) else text
