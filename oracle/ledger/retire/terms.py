"""What a retirement is for: for whom, why, for which period and country."""

from __future__ import annotations

import re
from dataclasses import dataclass

from oracle.edge.chain.contracts.retirement_registry import RetirementTerms
from oracle.model.days import Days, between, period
from oracle.model.errors import InputError
from oracle.model.units import date_of

PURPOSES = ("voluntary", "event", "product", "compliance", "public-good")
COMPLIANCE = "compliance"
MOST_NAME_BYTES = 120
MOST_NOTE_BYTES = 280

_YEAR = re.compile(r"\d{4}")
_RANGE = re.compile(r"(\d{4}-\d\d-\d\d)/(\d{4}-\d\d-\d\d)")
_COUNTRY = re.compile("[A-Z]{2}")
_WORD = 32


@dataclass(frozen=True)
class Purpose:
    """What somebody retires credits for.

    Attributes:
        beneficiary: For whom, as the certificate says.
        purpose: One of `PURPOSES`.
        days: The period it is for.
        country: Two capital letters.
        scheme: For compliance, the scheme; else empty.
        note: At most 280 bytes, public.
        holder: Who gets the certificate; None for who retires.
    """

    beneficiary: str
    purpose: str
    days: Days
    country: str
    scheme: str = ""
    note: str = ""
    holder: str | None = None

    def __post_init__(self) -> None:
        if self.purpose not in PURPOSES:
            raise InputError(f"'{self.purpose}' is none of {', '.join(PURPOSES)}", field="--purpose")
        if (self.purpose == COMPLIANCE) != bool(self.scheme):
            raise InputError("a scheme belongs to the purpose compliance, and only to it", field="--scheme")
        if not _COUNTRY.fullmatch(self.country):
            raise InputError(f"'{self.country[:20]}' is not two capital letters (ISO 3166-1)", field="--country")
        if not (self.scheme.isascii() and len(self.scheme) <= _WORD):
            raise InputError(f"'{self.scheme[:40]}' is not at most {_WORD} ASCII characters", field="--scheme")
        _require_short("--for", self.beneficiary, MOST_NAME_BYTES)
        _require_short("--note", self.note, MOST_NOTE_BYTES)
        if not self.beneficiary:
            raise InputError("is empty", field="--for")

    def terms(self, name: int, sender: str) -> RetirementTerms:
        """The terms as the registry takes them, with the beneficiary's number in its list of names."""
        return RetirementTerms(
            holder=self.holder or sender,
            name=name,
            from_day=self.days.first,
            through_day=self.days.last,
            purpose=PURPOSES.index(self.purpose) + 1,
            country=ord(self.country[0]) << 8 | ord(self.country[1]),
            scheme=self.scheme.encode().ljust(_WORD, b"\0"),
            note=self.note,
        )


def period_of(text: str) -> Days:
    """The days of a period: a year (2022), a month, a week, a day, or both ends of any run (2022-01-01/2022-06-30).

    Raises:
        InputError: It is none of these.
    """
    if _YEAR.fullmatch(text):
        return period_of(f"{text}-01-01/{text}-12-31")
    if found := _RANGE.fullmatch(text):
        return between(period(found[1]).first, period(found[2]).last)
    return period(text)


def period_text(first: int, last: int) -> str:
    """A period as certificates write it: both ends, ISO 8601."""
    return f"{date_of(first).isoformat()}/{date_of(last).isoformat()}"


def country_text(country: int) -> str:
    """The two letters of a country."""
    return chr(country >> 8) + chr(country & 0xFF)


def _require_short(field: str, text: str, most: int) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError as error:
        raise InputError("is not UTF-8", field=field) from error
    if size > most:
        raise InputError(f"has {size} bytes; at most {most} fit", field=field)
