"""The operators' reserve: what came in, what stands behind points, what is free; and the points it stands behind."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from oracle.report.read.ledger import Ledger

COLUMNS = ["operator", "item", "year", "points_milli", "amount_units", "last_transaction"]

# What changes an operator's free reserve: event, name, sign.
_MOVEMENTS = (
    ("ReserveDeposited", "deposited", 1),
    ("ReserveWithdrawn", "withdrawn", -1),
    ("ReserveLocked", "locked", -1),
    ("ReserveUnlocked", "unlocked", 1),
    ("ReserveReleased", "released", 1),
)


def reserve(ledger: Ledger) -> pd.DataFrame:
    """A row per operator and item; `deposited - withdrawn - locked + unlocked + released = free`, which is the contract's `freeOf`.

    `locked`, `unlocked` and `released` have a row per page year. `points_milli` is filled for `locked` and `unlocked` only.
    """
    movements = reserve_movements(ledger)
    grouped = movements.groupby(["operator", "item", "year"], dropna=False, as_index=False)
    items = grouped.agg({"points_milli": "sum", "amount_units": "sum", "transaction": "last"})
    items["points_milli"] = items["points_milli"].where(items["item"].isin(["locked", "unlocked"]))
    licensed = ledger.table("OperatorLicensed")
    free = pd.DataFrame(
        {
            "operator": licensed["operator"],
            "item": "free",
            "amount_units": [free_of(movements).get(operator, 0) for operator in licensed["operator"]],
            "transaction": licensed["transaction"],
        }
    )
    last = movements.groupby("operator")["transaction"].last()
    free["transaction"] = [
        last.get(operator, licence) for operator, licence in free[["operator", "transaction"]].values
    ]
    table = pd.concat([items, _columned(free)], ignore_index=True)
    return table.rename(columns={"transaction": "last_transaction"})[COLUMNS]


def free_of(movements: pd.DataFrame) -> Mapping[str, int]:
    """Free reserve by operator, in token base units, from `reserve_movements`."""
    signs = {item: sign for _, item, sign in _MOVEMENTS}
    signed = movements["amount_units"] * movements["item"].map(signs)
    return {str(operator): amount for operator, amount in signed.groupby(movements["operator"]).sum().items()}


def reserve_movements(ledger: Ledger) -> pd.DataFrame:
    """operator, item, year, points_milli, amount_units, transaction of everything that changed a free reserve, in chain order."""
    parts = [
        ledger.table(event).rename(columns={"amount": "amount_units", "pointsMilli": "points_milli"}).assign(item=item)
        for event, item, _ in _MOVEMENTS
    ]
    order = pd.concat([_columned(part) for part in parts], ignore_index=True)
    return order.sort_values(["block", "log_index"], ignore_index=True)


def pool(ledger: Ledger, prices: Mapping[int, int], outstanding: Mapping[int, int]) -> pd.DataFrame:
    """A row per page year with a price: points with citizens and the reserve that stands behind them.

    Args:
        prices: Token base units per milli-point, by year.
        outstanding: Points with citizens in thousandths, by year.
    """
    table = ledger.table("PriceSet")[["year", "transaction"]].rename(columns={"transaction": "price_transaction"})
    years = table["year"].tolist()
    table["outstanding_milli"] = pd.Series([outstanding[year] for year in years], dtype=object)
    table["price_units_per_milli"] = pd.Series([prices[year] for year in years], dtype=object)
    table["value_units"] = table["outstanding_milli"] * table["price_units_per_milli"]
    return table[["year", "outstanding_milli", "price_units_per_milli", "value_units", "price_transaction"]]


def _columned(part: pd.DataFrame) -> pd.DataFrame:
    """The columns of a movement; money as Python integers, since it may be larger than int64."""
    part = part.reindex(
        columns=["operator", "item", "year", "points_milli", "amount_units", "transaction", "block", "log_index"]
    )
    return part.astype({"year": "Int64", "points_milli": "Int64", "amount_units": object})
