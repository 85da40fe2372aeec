"""The days a report is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import pandas as pd


@dataclass(frozen=True)
class Period:
    """A run of civil days, both ends included.

    Attributes:
        first: First day.
        last: Last day.
    """

    first: date
    last: date

    def of(self, table: pd.DataFrame, column: str) -> pd.DataFrame:
        """Rows whose date or time (ISO 8601, UTC) in `column` lies in the period."""
        days = table[column].str[:10]
        return table[(days >= self.first.isoformat()) & (days <= self.last.isoformat())]

    def __str__(self) -> str:
        return f"{self.first}_{self.last}"
