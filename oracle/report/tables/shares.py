"""Citizens' shares of the series whose shares this installation has: pseudonymous accounts, what is theirs and what they were paid."""

from __future__ import annotations

import pandas as pd

from oracle.report.read.claims import SecondFlow, Series
from oracle.report.tables.claims import table

SHARES = ["series", "index", "account", "share_mg", "paid_round", "paid_units"]


def shares(flow: SecondFlow) -> pd.DataFrame:
    """A row per series and leaf. What a leaf was paid is empty once a sweep has changed what rounds count from."""
    rows = []
    for number, of in flow.series.items():
        for index, share in enumerate(of.shares.shares if of.shares else ()):
            rows.append(
                {
                    "series": number,
                    "index": index,
                    "account": share.account,
                    "share_mg": share.mg,
                    "paid_round": of.paid_rounds[index],
                    "paid_units": paid_units(of, share.mg, of.paid_rounds[index]),
                }
            )
    return table(rows, SHARES)


def paid_units(of: Series, mg: int, round_: int) -> int | None:
    """What a leaf that is paid up to a round has had in all: floor(pot * mg / total)."""
    return None if of.head.base_round else of.pots[round_] * mg // of.shares_mg
