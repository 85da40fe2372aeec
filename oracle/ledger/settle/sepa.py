"""What a SEPA credit transfer asks of a payment file: euro, IBANs, Latin characters, a day on which TARGET settles.

Sources: EPC115-06, SEPA Credit Transfer Rulebook; EPC217-08, SEPA Requirements for an Extended Character Set (conversion table);
European Central Bank, closing days of TARGET since 2002.
"""

from __future__ import annotations

import unicodedata
from datetime import date, timedelta

from dateutil.easter import easter

from oracle.model.bank import Party
from oracle.model.errors import ConfigError

CURRENCY = "EUR"
_LATIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ ")
# What has no decomposition into a Latin letter and a mark, or is written otherwise by custom.
_LETTERS = "ä=ae ö=oe ü=ue Ä=AE Ö=OE Ü=UE ß=ss æ=ae Æ=AE ø=o Ø=O đ=d Đ=D ð=d Ð=D þ=th Þ=TH ł=l Ł=L ı=i œ=oe Œ=OE"
_SIGNS = {"&": "+", "_": "-", "€": "E", "’": "'", "‘": "'", "–": "-", "—": "-", "@": "(at)"}
_WRITTEN = _SIGNS | dict(pair.split("=") for pair in _LETTERS.split())


def latin(text: str) -> str:
    """A text in the characters that every SEPA bank takes: accents dropped, the rest as EPC217-08 converts it, else a full stop."""
    return "".join(_latin(character) for character in unicodedata.normalize("NFC", text))


def require_party(party: Party, of: str) -> None:
    """That a party can pay or be paid by SEPA.

    Raises:
        ConfigError: Its account is not an IBAN with right check digits, its bank is not named by a BIC, or its name has no Latin letter.
    """
    if not party.has_iban:
        raise ConfigError(f"The account of {of} is not an IBAN with valid check digits, which SEPA asks for.")
    if party.code and not party.has_bic:
        raise ConfigError(f"The bank code of {of} is not a BIC. Leave it empty: the IBAN names the bank.")
    if not any(character.isalnum() for character in latin(party.name)):
        raise ConfigError(f"The name of {of} has no Latin letter. SEPA banks take no other script.")


def execution_day(approved: date) -> date:
    """The first day after the approval on which TARGET settles."""
    day = approved + timedelta(days=1)
    while _is_closed(day):
        day += timedelta(days=1)
    return day


def _is_closed(day: date) -> bool:
    sunday = easter(day.year)
    moving = {sunday - timedelta(days=2), sunday + timedelta(days=1)}
    return day.weekday() >= 5 or (day.month, day.day) in {(1, 1), (5, 1), (12, 25), (12, 26)} or day in moving


def _latin(character: str) -> str:
    if character in _LATIN:
        return character
    if character in _WRITTEN:
        return _WRITTEN[character]
    base = unicodedata.normalize("NFKD", character)[0]
    return base if base in _LATIN else "."
