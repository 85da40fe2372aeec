"""Who is enrolled: every citizen with each of the sources that know them."""

from __future__ import annotations

import numpy as np
import polars as pl

from oracle.sandbox.city import names as source_names
from oracle.sandbox.city.draw import Mask
from oracle.sandbox.city.greenbutton import CITIZEN
from oracle.sandbox.city.households import Households
from oracle.sandbox.city.names import Names
from oracle.sandbox.city.people import People, Way


def enrolment(names: Names, people: People, homes: Households, life: bool) -> pl.DataFrame:
    """Rows `citizen, source, subject, consented, residents` of a shard.

    `residents` is the size of the citizen's household; it matters for meters and bills. `life` says whether the city has a source of other
    acts than rides and a household's, which knows everybody.
    """
    by_app = people.way == Way.BUS_APP
    knows: dict[str, Mask] = {
        source_names.TAPS: ~by_app,
        source_names.BUS_APP: by_app,
        source_names.RIDE_APP: by_app,
        source_names.ELECTRICITY: homes.smart,
        source_names.WATER: homes.bills,
        source_names.GAS: homes.bills,
        source_names.GREEN_BUTTON: people.number == CITIZEN,
        source_names.LIFE: np.full(len(people.number), life),
    }
    consented = pl.Series(people.consented)
    everyone = pl.DataFrame(
        {
            "citizen": names.citizens(people.number),
            "consented": pl.select(pl.when(consented).then(pl.lit("yes")).otherwise(pl.lit("no"))).to_series(),
            "residents": homes.residents,
        }
    )
    columns = ("citizen", "source", "subject", "consented", "residents")
    tables = [
        everyone.with_columns(source=pl.lit(source), subject=names.subjects(source, people.number))
        .filter(pl.Series(known))
        .select(columns)
        for source, known in knows.items()
    ]
    return pl.concat(tables)
