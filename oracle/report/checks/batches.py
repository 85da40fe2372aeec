"""Batches: every header as the records give it, and every credit as the bundle gives it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import pandas as pd

from oracle.report.checks.check import Check, Value, compare
from oracle.report.read.holdings import Bundled, Holdings
from oracle.report.read.rests import Rests
from oracle.report.read.state import State


def check_headers(holdings: Holdings, state: State) -> Iterator[Check]:
    """The header and factor of every attested batch, and whether its bundle is here. A batch that waits to be attested is no difference."""
    for batch, header in state.headers.items():
        bundle = holdings.bundles.get(batch)
        if bundle is None:
            yield compare("bundle", batch, "missing", "attested")
            continue
        factor = state.terms[header.methodology_name, header.version].factor_ug
        here, there = _fields(bundle, bundle.factor_ug), {**asdict(header), "factor_ug": factor}
        wrong = [name for name, value in here.items() if value != there[name]]
        yield from (compare("header", f"{batch} {name}", _shown(here[name]), _shown(there[name])) for name in wrong)
        if not wrong:
            yield compare("header", batch, _shown(here["bundle_hash"]), _shown(there["bundle_hash"]))


def check_credits(credits: pd.DataFrame, rests: Rests, holdings: Holdings, state: State) -> Iterator[Check]:
    """What the bundle says was credited so far, against `progressOf`."""
    table = credits.assign(
        consented_mg=credits["reduction_mg"].where(credits["consented"].fillna(False), 0), accounts=~credits["rest"]
    )
    sums = table.groupby("batch")[["quantity", "reduction_mg", "points_milli", "consented_mg", "accounts"]].sum()
    sums["rests"] = [rests.count().get(str(batch), 0) for batch in sums.index]
    recomputed = {str(batch): row for batch, row in sums.to_dict("index").items()}
    for batch, progress in state.progress.items():
        if batch in holdings.bundles:
            for name, credited in asdict(progress).items():
                yield compare(f"credited_{name}", batch, recomputed.get(batch, {}).get(name, 0), credited)


def _fields(bundle: Bundled, factor_ug: int) -> dict[str, object]:
    return {**asdict(bundle.header), "factor_ug": factor_ug}


def _shown(value: object) -> Value:
    if isinstance(value, bytes):
        return "0x" + value.hex()
    return value if isinstance(value, int) else str(value)
