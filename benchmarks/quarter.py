"""A simulated quarter: 200 merchants, 50,000 citizens, a million orders, weekly settlement; do all statements foot, how long does it take?

The million goes through the statement code off chain: orders, refunds, disputes and their decisions, and what a plain model of the desk's
daily buckets pays every week. Statements of every week, month and of the quarter must foot to zero, close where the next opens, pay what
the model paid, and leave open what the model leaves.

A sample goes through a real chain: orders signed, relayed in batches, made final, settled. Its gas per order is exact; its time per order,
multiplied, is what a million would take on this machine and this node.

    python benchmarks/quarter.py [--orders 1000000] [--chain-orders 2000]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))  # the chain's sample uses the town of the end-to-end tests

from oracle.model.units import date_of, day_of  # noqa: E402
from oracle.report.tables.clearing import COLUMNS, DISPUTED, DUE, Account, misfooted, statement  # noqa: E402
from oracle.report.tables.period import Period  # noqa: E402

FIRST, LAST = date(2023, 1, 1), date(2023, 3, 31)
WINDOW = 7  # IRedemptionDesk.REFUND_WINDOW_DAYS
PRICES = (50, 60)  # of the two page years that orders draw on, token base units per milli-point
REFUNDS_IN_10_000, DISPUTES_IN_10_000 = 300, 20
SEED = 20230101


@dataclass(frozen=True)
class Quarter:
    """What happened.

    Attributes:
        entries: As `merchant_entries` gives them.
        merchants: Their accounts.
        paid: Money that the model paid each merchant.
        open_units: Money that the model leaves due to each merchant.
        disputed_units: Money that the model leaves in dispute, all merchants.
    """

    entries: pd.DataFrame
    merchants: list[str]
    paid: list[int]
    open_units: list[int]
    disputed_units: int


def simulated(orders: int, merchants: int, citizens: int) -> Quarter:
    """Draws a quarter and works out with plain sums what it comes to."""
    draw = np.random.default_rng(SEED)
    first, last = day_of(FIRST), day_of(LAST)
    table = pd.DataFrame(
        {
            "merchant": draw.integers(0, merchants, orders),
            "citizen": draw.integers(0, citizens, orders),
            "day": draw.integers(first, last + 1, orders),
            "milli": draw.integers(100, 20_000, orders),
        }
    )
    old = (table["milli"] * draw.integers(0, 101, orders)) // 100
    table["units"] = old * PRICES[0] + (table["milli"] - old) * PRICES[1]
    chance: NDArray[np.int64] = draw.integers(0, 10_000, orders)
    back = chance < REFUNDS_IN_10_000
    doubted = (chance >= REFUNDS_IN_10_000) & (chance < REFUNDS_IN_10_000 + DISPUTES_IN_10_000)
    share = draw.integers(1, 101, orders)
    table["after"] = table["day"] + draw.integers(0, WINDOW + 1, orders)
    table["decided"] = table["after"] + draw.integers(0, 31, orders)
    part_milli, part_units = table["milli"] * share // 100, table["units"] * share // 100
    refunds = _part(table, back, "after", part_milli, part_units).query("day <= @last and milli > 0")
    disputes = _part(table, doubted, "after", table["milli"], table["units"]).query("day <= @last")
    ended = doubted & (table["decided"].to_numpy() <= last)
    given = _part(table, ended, "decided", part_milli, part_units)
    kept = _part(table, ended, "decided", table["milli"] - part_milli, table["units"] - part_units)

    buckets = np.zeros((merchants, last + 1 - first), dtype=np.int64)  # of money, by merchant and day
    millis = np.zeros_like(buckets)
    for rows, sign in (
        (table.assign(due=table["day"]), 1),
        (refunds, -1),
        (disputes, -1),
        (kept.assign(due=kept["day"]), 1),
    ):
        places = (rows["merchant"].to_numpy(), rows["due"].to_numpy() - first)
        np.add.at(buckets, places, sign * rows["units"].to_numpy())
        np.add.at(millis, places, sign * rows["milli"].to_numpy())
    payouts = _weekly(buckets, millis, first, last)
    paid = payouts.groupby("merchant")["units"].sum().reindex(range(merchants), fill_value=0).tolist()
    left = (buckets.sum(axis=1) - np.array(paid)).tolist()
    parts = {
        "taken": table,
        "refunded": refunds,
        "disputed": disputes,
        "given_back": given,
        "kept": kept,
        "paid": payouts,
    }
    names = [f"0x{number:040x}" for number in range(merchants)]
    disputed = int(disputes["units"].sum() - given["units"].sum() - kept["units"].sum())
    return Quarter(_entries(parts, names), names, paid, left, disputed)


def _part(table: pd.DataFrame, rows: NDArray[np.bool_], when: str, milli: pd.Series, units: pd.Series) -> pd.DataFrame:
    """Some orders again, as what became of a part of them; `due` is the order's own day."""
    chosen = table[rows]
    return pd.DataFrame(
        {
            "merchant": chosen["merchant"],
            "day": chosen[when],
            "due": chosen["day"],
            "milli": milli[rows],
            "units": units[rows],
        }
    )


def _weekly(buckets: np.ndarray, millis: np.ndarray, first: int, last: int) -> pd.DataFrame:
    """Each Monday pays every day that is final and not paid yet."""
    rows, done = [], first
    for day in range(first, last + 1):
        final = day - WINDOW - 1
        if date_of(day).weekday() != 0 or final < done:
            continue
        units = buckets[:, done - first : final + 1 - first].sum(axis=1)
        milli = millis[:, done - first : final + 1 - first].sum(axis=1)
        rows += [{"merchant": at, "day": day, "milli": milli[at], "units": units[at]} for at in np.flatnonzero(units)]
        done = final + 1
    return pd.DataFrame(rows)


def _entries(parts: dict[str, pd.DataFrame], names: Sequence[str]) -> pd.DataFrame:
    kinds = []
    for kind, rows in parts.items():
        times = rows["day"].map({day: f"{date_of(int(day))}T12:00:00Z" for day in rows["day"].unique()})
        kinds.append(
            pd.DataFrame(
                {
                    "party": np.array(names, dtype=object)[rows["merchant"].to_numpy()],
                    "kind": kind,
                    "points_milli": rows["milli"].to_numpy(),
                    "amount_units": rows["units"].to_numpy(),
                    "block": rows["day"].to_numpy(),
                    "time_utc": times.to_numpy(),
                }
            )
        )
    table = pd.concat(kinds, ignore_index=True).sort_values("block", kind="stable", ignore_index=True)
    table = table.assign(log_index=np.arange(len(table)), transaction="", order_key=None)
    return table.astype({"amount_units": object, "kind": object, "time_utc": object})[COLUMNS]


def periods() -> list[Period]:
    """The quarter's weeks, months, and itself."""
    weeks, day = [], FIRST
    while day <= LAST:
        end = min(day + timedelta(days=6 - day.weekday()), LAST)
        weeks.append(Period(day, end))
        day = end + timedelta(days=1)
    months = [
        Period(FIRST, date(2023, 1, 31)),
        Period(date(2023, 2, 1), date(2023, 2, 28)),
        Period(date(2023, 3, 1), LAST),
    ]
    return [*weeks, *months, Period(FIRST, LAST)]


def check(quarter: Quarter) -> tuple[int, int]:
    """Statements made, and the sum of all differences."""
    made = differences = 0
    for account in (DUE, DISPUTED):
        for unit in ("points_milli", "amount_units"):
            suffix, closing = unit.rsplit("_", 1)[1], None
            for period in periods():
                table = statement(quarter.entries, quarter.merchants, account, period, unit)
                made += len(table)
                differences += misfooted(table, account, suffix)
                if period.first != FIRST:  # the last one's closing is this one's opening
                    differences += int((table[f"opening_{account.name}_{suffix}"] != closing).sum())
                closing = table[f"closing_{account.name}_{suffix}"]
            differences += against_model(table, account, unit, quarter)
    return made, differences


def against_model(table: pd.DataFrame, account: Account, unit: str, quarter: Quarter) -> int:
    """Differences of the whole quarter's statements from the model's money."""
    if unit != "amount_units":
        return 0
    if account is DISPUTED:
        return abs(int(table["closing_disputed_units"].sum()) - quarter.disputed_units)
    pairs = [(table["paid_units"], quarter.paid), (table["closing_due_units"], quarter.open_units)]
    return sum(int((column != pd.Series(model, dtype=object)).sum()) for column, model in pairs)


def on_chain(orders: int) -> dict[str, object]:
    """A sample of real orders: relayed, made final, settled, stated."""
    from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
    from oracle.edge.keys.custody import citizen_account
    from oracle.edge.keys.keyring import CUSTODY
    from oracle.edge.store.citizens import custody_ref
    from oracle.ledger.redeem.desk import SignedOrder, redeem
    from oracle.ledger.redeem.order import Order, number_bytes, terms_bytes
    from oracle.model.typed_data import sign
    from tests.e2e.till import MERCHANTS, Till

    with tempfile.TemporaryDirectory() as folder:
        till = Till(Path(folder), citizens=40)
        till.open()
        chain, here, outbox = till.chain, till.here, till.sender("relayer")
        desk, accounts = RedemptionDesk(chain).domain, till.in_custody()
        with here.book.database.reading() as connection:
            refs = [custody_ref(connection, bytes.fromhex(account[2:])) or b"" for account in accounts]
        keys = [citizen_account(here.keys.secret(CUSTODY), ref) for ref in refs]
        merchants, expiry = [till.address(name) for name in MERCHANTS], chain.now() + 3_600
        begun = perf_counter()
        signed = []
        for number in range(orders):
            key, merchant = keys[number % len(keys)], merchants[number % len(merchants)]
            order = Order(key.address, merchant, number_bytes(str(1 + number // 3)), 10, expiry, terms_bytes("tea"))
            signed.append(SignedOrder(order, sign(key, order.message(desk))))
        signing = perf_counter() - begun
        begun, start = perf_counter(), chain.head()
        taken = sum(outcome.taken for outcome in redeem(outbox, signed))
        relaying = perf_counter() - begun
        gas = _gas(till, start)
        till.carbonbook("clock", "--advance", "9")
        start, begun = chain.head(), perf_counter()
        paid = till.carbonbook("settle")["paid_amount"]
        settling = perf_counter() - begun
        settle_gas = _gas(till, start)
        stated = till.carbonbook("statement", "--period", "2023-01", "--out", Path(folder) / "statements")
        differences = till.carbonbook("report", "reconciliation")["differences"]
        till.close()
    million = {"million_gas": gas * 10**6 // taken, "million_relay_s": round(relaying * 10**6 / taken)}
    return {
        "chain_orders": taken,
        "chain_gas_per_order": gas // taken,
        "chain_sign_ms_per_order": round(1000 * signing / taken, 2),
        "chain_relay_ms_per_order": round(1000 * relaying / taken, 2),
        "chain_settle_gas_per_merchant": settle_gas // len(MERCHANTS),
        "chain_settle_s": round(settling, 2),
        "chain_paid_units": paid,
        "chain_statement_differences": len(stated["do_not_foot"]) + abs(stated["paid_units"] - paid) + differences,
        **million,
    }


def _gas(till: object, start: int) -> int:
    """Gas of all blocks after `start`."""
    eth = till.chain.web3.eth  # type: ignore[attr-defined]
    return sum(eth.get_block(number)["gasUsed"] for number in range(start + 1, eth.block_number + 1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1_000_000)
    parser.add_argument("--merchants", type=int, default=200)
    parser.add_argument("--citizens", type=int, default=50_000)
    parser.add_argument("--chain-orders", type=int, default=2_000, help="0 for none")
    options = parser.parse_args()
    begun = perf_counter()
    quarter = simulated(options.orders, options.merchants, options.citizens)
    drawn = perf_counter() - begun
    begun, worked = perf_counter(), process_time()
    made, differences = check(quarter)
    stating, working = perf_counter() - begun, process_time() - worked
    result: dict[str, object] = {
        "orders": options.orders,
        "merchants": options.merchants,
        "citizens": options.citizens,
        "entries": len(quarter.entries),
        "paid_units": sum(quarter.paid),
        "statements": made,
        "differences": differences,
        "simulate_s": round(drawn, 2),
        "statements_s": round(stating, 2),
        "statements_cpu_s": round(working, 2),
    }
    result |= on_chain(options.chain_orders) if options.chain_orders else {}
    sys.stdout.write(json.dumps(result, indent=2) + "\n")
    if differences or result.get("chain_statement_differences"):
        sys.exit("statements do not foot")


if __name__ == "__main__":
    main()
