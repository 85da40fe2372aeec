"""Certificates as the chain has them at one block, and how people name them: series and first milligram, 1-1000000001."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.retirement_registry import SERIES_SHIFT, UNKNOWN, RetirementRegistry
from oracle.ledger.retire.terms import PURPOSES, country_text, period_text
from oracle.model.errors import ContractReverted, InputError, VerificationFailed
from oracle.model.ids import methodology_text
from oracle.model.units import tonnes

_NAME = re.compile(r"(\d{1,10})-(\d{1,16})")
_MOST = 1 << 96
_JSON = "data:application/json;base64,"
_SVG = "data:image/svg+xml;base64,"


@dataclass(frozen=True)
class Certificate:
    """One certificate at a block.

    Attributes:
        number: series << 64 | first milligram.
        holder: Whose it is.
        beneficiary: For whom.
        purpose: One of `PURPOSES`.
        from_day, through_day: The period it is for.
        country: Two letters.
        at: When it was made, UTC seconds.
        mg, first_mg: Milligrams, and the number of the first of them.
        backed_mg: Milligrams that reductions stand behind.
        serial: Serial number.
        methodology, version, vintage, operator: Of the series.
        note: What its sender wrote.
        transaction, made_in: Hash and block of the transaction that made it.
        block: The block of this reading.
    """

    number: int
    series: int
    holder: str
    beneficiary: str
    purpose: str
    from_day: int
    through_day: int
    country: str
    at: int
    mg: int
    first_mg: int
    backed_mg: int
    serial: str
    methodology: str
    version: int
    vintage: int
    operator: str
    note: str
    transaction: str
    made_in: int
    block: int

    @property
    def name(self) -> str:
        """How people name it."""
        return f"{self.series}-{self.first_mg}"

    @property
    def state(self) -> str:
        """`whole`, or `impaired`: reductions stand behind a part of it only."""
        return "whole" if self.backed_mg == self.mg else "impaired"

    @property
    def backing(self) -> str:
        """What stands behind it, for people."""
        return f"{tonnes(self.backed_mg)} of {tonnes(self.mg)} t at block {self.block}"

    @property
    def period(self) -> str:
        """The period it is for."""
        return period_text(self.from_day, self.through_day)

    @property
    def made_at(self) -> str:
        """When it was made, ISO 8601 in UTC."""
        return datetime.fromtimestamp(self.at, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def number_of(text: str) -> int:
    """A certificate's number from its name (1-1000000001) or the number itself.

    Raises:
        InputError: It is neither.
    """
    if found := _NAME.fullmatch(text):
        return int(found[1]) << SERIES_SHIFT | int(found[2])
    if text.isascii() and text.isdecimal() and len(text) < 30 and 1 << SERIES_SHIFT < int(text) < _MOST:
        return int(text)
    raise InputError(f"'{text[:40]}' is no certificate like 1-1000000001", field="certificate")


def certificate_of(chain: Chain, number: int) -> Certificate:
    """A certificate at the chain's latest block.

    Raises:
        InputError: There is none of this number.
    """
    block = chain.head()
    registry = RetirementRegistry(chain, block)
    try:
        stored = registry.certificate_of(number)
    except ContractReverted as refusal:
        if refusal.name == UNKNOWN:
            raise InputError(
                f"there is no certificate {number >> SERIES_SHIFT}-{number & (1 << SERIES_SHIFT) - 1}"
            ) from refusal
        raise
    (made,) = registry.events("Retired", where={"certificate": number})
    claim = ReductionCertifier(chain, block).claim_of(stored.series)
    return Certificate(
        number=number,
        series=stored.series,
        holder=stored.holder,
        beneficiary=registry.name_of(stored.name),
        purpose=PURPOSES[stored.purpose - 1],
        from_day=stored.from_day,
        through_day=stored.through_day,
        country=country_text(stored.country),
        at=stored.at,
        mg=stored.mg,
        first_mg=stored.first_mg,
        backed_mg=registry.backing_of(number),
        serial=registry.serial_of(number),
        methodology=methodology_text(claim.methodology),
        version=claim.version,
        vintage=claim.vintage,
        operator=claim.operator,
        note=made.values["terms"].note,
        transaction=made.transaction,
        made_in=made.block,
        block=block,
    )


def certificates_of(chain: Chain, holder: str | None = None) -> list[int]:
    """Numbers of all certificates, or of one holder's, in the order in which they were made."""
    where = {"holder": holder} if holder else None
    return [event.values["certificate"] for event in RetirementRegistry(chain).events("Retired", where=where)]


def picture_of(chain: Chain, number: int) -> tuple[dict[str, Any], str]:
    """The certificate's data and its picture (SVG), as the contract makes them.

    Raises:
        VerificationFailed: They do not parse.
    """
    uri = RetirementRegistry(chain).token_uri(number)
    try:
        data: dict[str, Any] = json.loads(base64.b64decode(uri.removeprefix(_JSON), validate=True))
        return data, base64.b64decode(data["image"].removeprefix(_SVG), validate=True).decode()
    except (ValueError, KeyError) as error:
        raise VerificationFailed(f"the data of certificate {number} do not parse: {error}") from error
