"""What was retired, for whom and what it rests on; and what was taken back after issue."""

from __future__ import annotations

import pandas as pd

from oracle.model.ids import methodology_text
from oracle.model.units import MG_PER_TONNE, date_of
from oracle.report.read.claims import SecondFlow
from oracle.report.read.ledger import Ledger, utc
from oracle.report.tables.claims import acts_of, days_of, hexed, place, table

PURPOSES = ("", "voluntary", "event", "product", "compliance", "public good")
RETIREMENTS = [
    "time_utc",
    "certificate",
    "serial",
    "series",
    "first_mg",
    "last_mg",
    "holder",
    "holder_name",
    "beneficiary",
    "mg",
    "tonnes",
    "purpose",
    "period_from",
    "period_through",
    "country",
    "note",
    "methodology",
    "version",
    "vintage",
    "operator",
    "operator_name",
    "acts",
    "acts_from",
    "acts_through",
    "backed_mg",
    "block",
    "transaction",
    "log_index",
]
REVERSALS = [
    "time_utc",
    "series",
    "batch",
    "mg",
    "from_stock_mg",
    "from_buffer_mg",
    "from_others_mg",
    "shortfall_mg",
    "block",
    "transaction",
    "log_index",
]
REVERSAL_CERTIFICATES = ["series", "certificate", "serial", "holder", "holder_name", "beneficiary", "mg", "backed_mg"]


def retirements(ledger: Ledger, flow: SecondFlow) -> pd.DataFrame:
    """A row per certificate, with the acts behind its series. No person is named, and none can be found from it."""
    rows = []
    for event in ledger.events["Retired"]:
        number = event.values["certificate"]
        certificate = flow.certificates[number]
        stored, claim = certificate.stored, flow.claims[certificate.stored.series]
        last_mg = stored.first_mg + stored.mg - 1
        rows.append(
            {
                "time_utc": utc(ledger.times[event.block]),
                "certificate": str(number),
                "serial": certificate.serial,
                "series": stored.series,
                "first_mg": stored.first_mg,
                "last_mg": last_mg,
                "holder": stored.holder,
                "holder_name": flow.names.get(stored.holder),
                "beneficiary": certificate.beneficiary,
                "mg": stored.mg,
                "tonnes": whole_tonnes(stored.first_mg, last_mg),
                "purpose": PURPOSES[stored.purpose],
                "period_from": date_of(stored.from_day).isoformat(),
                "period_through": date_of(stored.through_day).isoformat(),
                "country": stored.country.to_bytes(2).decode("ascii"),
                "note": event.values["terms"].note or None,
                "methodology": methodology_text(claim.methodology),
                "version": claim.version,
                "vintage": claim.vintage,
                "operator": claim.operator,
                "operator_name": flow.names.get(claim.operator),
                "acts": acts_of(ledger, stored.series),
                **days_of(ledger, stored.series),
                "backed_mg": certificate.backed_mg,
                **place(event),
            }
        )
    return table(rows, RETIREMENTS)


def whole_tonnes(first_mg: int, last_mg: int) -> int:
    """Whole tonnes of a run of milligrams: tonne k is milligrams (k - 1) * 10^9 + 1 to k * 10^9 and belongs to who completes it."""
    return last_mg // MG_PER_TONNE - (first_mg - 1) // MG_PER_TONNE


def reversals(ledger: Ledger) -> pd.DataFrame:
    """A row per figure that the committee signed for a revoked batch."""
    rows = [
        {
            "time_utc": utc(ledger.times[event.block]),
            "series": event.values["series"],
            "batch": hexed(event.values["batch"]),
            "mg": event.values["mg"],
            "from_stock_mg": event.values["fromStock"],
            "from_buffer_mg": event.values["fromBuffer"],
            "from_others_mg": event.values["fromOthers"],
            "shortfall_mg": event.values["shortfallMg"],
            **place(event),
        }
        for event in ledger.events["Reversed"]
    ]
    return table(rows, REVERSALS)


def reversal_certificates(ledger: Ledger, flow: SecondFlow) -> pd.DataFrame:
    """A row per certificate of a series that something was taken back from."""
    hit = {event.values["series"] for event in ledger.events["Reversed"]}
    rows = [
        {
            "series": certificate.stored.series,
            "certificate": str(number),
            "serial": certificate.serial,
            "holder": certificate.stored.holder,
            "holder_name": flow.names.get(certificate.stored.holder),
            "beneficiary": certificate.beneficiary,
            "mg": certificate.stored.mg,
            "backed_mg": certificate.backed_mg,
        }
        for number, certificate in flow.certificates.items()
        if certificate.stored.series in hit
    ]
    return table(rows, REVERSAL_CERTIFICATES)
