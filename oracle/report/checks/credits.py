"""Credits: every milligram of every series, every unit of its proceeds, and every share, counted from events and asked of the contracts."""

from __future__ import annotations

from collections.abc import Iterator

from oracle.report.checks.check import Check, compare
from oracle.report.read.claims import SecondFlow, Series
from oracle.report.read.ledger import Ledger
from oracle.report.tables.claims import by, held_mg, resale_mg
from oracle.report.tables.shares import paid_units


def check_series(ledger: Ledger, flow: SecondFlow) -> Iterator[Check]:
    """certified = issued = stock + buffer + held + retired + cancelled; the market has what it should; serials run without a gap."""
    issued = by(ledger, "SeriesIssued", "series")
    for number, of in flow.series.items():
        scope, mg = f"series {number}", issued[number].values["mg"]
        kept = of.stock.available_mg + of.stock.buffer_mg
        parts = kept + held_mg(flow, of) + of.retired_mg + of.cancelled_mg
        yield compare("issued_mg", f"{scope} = stock + buffer + held + retired + cancelled", mg, parts)
        yield compare("certified_mg", scope, mg, flow.claims[number].certified_mg)
        yield compare("supply_mg", scope, sum(of.balances.values()), of.supply_mg)
        yield compare("market_mg", scope, kept + resale_mg(flow, number), of.market_mg)
        yield compare("retired_mg", scope, _retired(ledger, number), of.retired_mg)
        yield compare("serials_with_a_gap", scope, _gaps(flow, number), 0)
        yield compare("serial_prefix", scope, _prefixes(flow, of), of.serial_prefix)
        short = _sum(ledger, "Reversed", number, "shortfallMg") - _sum(ledger, "Restored", number, "mg")
        yield compare("shortfall_mg", scope, short, of.shortfall_mg)


def check_proceeds(ledger: Ledger, flow: SecondFlow) -> Iterator[Check]:
    """gross = what primary sales cost = fee + citizens + operator; paid = drawn; market and pot have what they owe."""
    unpaid = 0
    for number, of in flow.series.items():
        scope = f"series {number}"
        yield compare("gross_units", scope, _primary(ledger, flow, number), of.stock.gross)
        yield compare("split_units", f"{scope}, gross", of.stock.gross, of.due.fee + of.due.citizens + of.due.operator)
        for kind, name in enumerate(("fee", "operator", "citizens")):
            drawn = sum(
                event.values["amount"]
                for event in ledger.events["Drawn"]
                if (event.values["series"], event.values["kind"]) == (number, kind)
            )
            yield compare(f"{name}_paid_units", scope, drawn, getattr(of.paid, name))
            unpaid += getattr(of.due, name) - getattr(of.paid, name)
    if flow.series:
        owed = unpaid + flow.owed_units
        yield Check("market_units", "unpaid parts + resales", owed, flow.market_units, max(0, owed - flow.market_units))


def check_shares(ledger: Ledger, flow: SecondFlow) -> Iterator[Check]:
    """The pot: what came in, what was paid, and that each leaf was paid what its rounds bring; only where the shares are here."""
    kept = 0
    for number, of in flow.series.items():
        scope = f"series {number}"
        yield compare("pot_units", scope, of.pots[-1], of.paid.citizens)
        paid = sum(_sum(ledger, name, number, "amount") for name in ("SharesPaid", "Swept"))
        scattered = [event for event in ledger.events["ScatteredSharesPaid"] if event.values["series"] == number]
        paid += sum(sum(event.values["amounts"]) for event in scattered)
        yield compare("shares_paid_units", scope, paid, of.head.paid_out)
        kept += of.pots[-1] - of.head.paid_out
        if of.shares is not None:
            yield compare("shares_mg", scope, of.shares.total_mg, of.shares_mg)
            if not of.head.base_round:
                leaves = zip(of.shares.shares, of.paid_rounds, strict=True)
                due = sum(paid_units(of, share.mg, round_) or 0 for share, round_ in leaves)
                yield compare("leaves_paid_units", f"{scope}, {len(of.shares.shares)} leaves", due, of.head.paid_out)
    if flow.series:
        yield Check("pot_money_units", "not yet paid", kept, flow.pot_units, max(0, kept - flow.pot_units))


def _retired(ledger: Ledger, number: int) -> int:
    return sum(event.values["mg"] for event in ledger.events["Retired"] if event.values["certificate"] >> 64 == number)


def _gaps(flow: SecondFlow, number: int) -> int:
    """Certificates of a series that do not begin where the one before ended."""
    runs = sorted(
        (item.stored.first_mg, item.stored.mg) for item in flow.certificates.values() if item.stored.series == number
    )
    expected, gaps = 1, 0
    for first, mg in runs:
        gaps += first != expected
        expected = first + mg
    return gaps


def _prefixes(flow: SecondFlow, of: Series) -> str:
    """What stands before the milligrams in the serials of a series' certificates; its own if it has none."""
    serials = [item.serial for item in flow.certificates.values() if item.stored.series == of.number]
    return ", ".join(sorted({serial.rsplit("-", 2)[0] for serial in serials})) or of.serial_prefix


def _primary(ledger: Ledger, flow: SecondFlow, number: int) -> int:
    return sum(
        event.values["cost"]
        for event in ledger.events["Filled"]
        if event.values["series"] == number and not flow.asks[event.values["ask"]].resale
    )


def _sum(ledger: Ledger, event: str, series: int, field: str) -> int:
    return sum(item.values[field] for item in ledger.events[event] if item.values["series"] == series)
