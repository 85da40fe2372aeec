"""What every part of a methodology document is made of: numbers, units, formulas, and figures with their sources.

Numbers are decimal strings, so that a factor is what was printed and never what a float makes of it.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from oracle.measure.quantify import formula
from oracle.measure.quantify.dimensions import measure


class Status(StrEnum):
    """What may be done with a rule."""

    ACTIVE = "active"  # may be proposed for a chain and credited
    DRAFT = "draft"  # can be computed, never credited: a number is missing or unverified
    REFERENCE = "reference"  # another place's or period's figures, for comparison and examples


class Confidence(StrEnum):
    """How good the carrier of a figure is."""

    PUBLISHED = "published"  # seen in a source and quotable
    DERIVED = "derived"  # arithmetic on published figures
    JUDGEMENT = "judgement"  # chosen by this library, for the authority to set
    RECALLED = "recalled"  # known, not located; never a default


def _decimal(text: str) -> str:
    try:
        finite = Decimal(text).is_finite()
    except InvalidOperation as error:
        raise ValueError(f"'{text}' is not a decimal number") from error
    if not finite:
        raise ValueError(f"'{text}' is not a finite number")
    return text


def _unit(text: str) -> str:
    measure(text)
    return text


def _formula(text: str) -> str:
    formula.parse(text)
    return text


Number = Annotated[str, AfterValidator(_decimal)]
UnitName = Annotated[str, AfterValidator(_unit)]
Formula = Annotated[str, AfterValidator(_formula)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
FieldName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
ScenarioId = Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9-]*$", max_length=16)]


class Model(BaseModel):
    """Base of every part: frozen, strict, no unknown keys."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class Text(Model):
    """The same sentence in both languages."""

    en: str
    zh: str


class Source(Model):
    """Who printed a figure, and where that can be read."""

    title: str
    where: str = ""


class Parameter(Model):
    """One figure with its origin.

    Attributes:
        region: Where the figure is from: a region code, or GB, FR, US, TW, DE for figures of other places.
        year: Year the figure stands for.
        rejected: A wrong value in circulation: kept so that it is refused, with the reason in `note`.
    """

    value: Number
    unit: UnitName
    region: str = "CN"
    year: int
    source: str
    confidence: Annotated[Confidence, Field(strict=False)]
    note: str = ""
    rejected: bool = False

    @property
    def exact(self) -> Fraction:
        """The figure in base units of its dimensions."""
        return Fraction(self.value) * measure(self.unit).scale

    @property
    def unverified(self) -> bool:
        """Whether the figure must not be the default of anything."""
        return self.confidence is Confidence.RECALLED or self.note.startswith("SECONDARY-UNVERIFIED")
