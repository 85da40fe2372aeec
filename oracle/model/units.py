"""Units, rounding and the civil calendar: the only place off chain that knows them. Twin of `contracts/libraries/UnitsLib.sol`.

Mass is integer milligrams CO2e, quantities are integers of the methodology's unit, factors are integer micrograms CO2e per unit, points
are integer thousandths. No float comes near any of them. Days are numbers: days from 1970-01-01 to the civil date of the act in the
time zone the source declares.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal, DecimalException, localcontext
from enum import IntEnum
from zoneinfo import ZoneInfo

from oracle.model.errors import InputError

UG_PER_MG = 1000
MG_PER_KG = 1_000_000
MG_PER_TONNE = 1_000_000_000
MILLI = 1000
MOST_MILLI = (
    1 << 56
) - 1  # of one order: what a price has room for on chain and in a voucher, far more than there will ever be

# 3800 points = 450 kg, the public conversion rate: 76 / 9000 milli-points per milligram.
POINTS_NUMERATOR = 76
POINTS_DENOMINATOR = 9000

PAGE_YEARS = 10
SECONDS_PER_DAY = 86_400

DEFAULT_ZONE = "Asia/Shanghai"

_EPOCH = date(1970, 1, 1)
_MG_PER = {"t": MG_PER_TONNE, "kg": MG_PER_KG, "g": 1_000, "mg": 1}
_MASS = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(t|kg|g|mg)")
_EASTERNMOST_SECONDS = 14 * 3600


class Unit(IntEnum):
    """What one unit of creditable quantity is, numbered as in `IMethodologyRegistry.Unit`."""

    METRE = 0
    WATT_HOUR = 1
    LITRE = 2
    MILLILITRE = 3
    GRAM = 4
    SECOND = 5
    COUNT = 6
    MILLIGRAM_CO2E = 7


def reduction_mg_down(quantity: int, factor_ug: int) -> int:
    """Reduction in milligrams CO2e of `quantity` units at `factor_ug` micrograms per unit, rounded down."""
    return quantity * factor_ug // UG_PER_MG


def points_milli_down(reduction_mg: int) -> int:
    """Points in thousandths for `reduction_mg` milligrams CO2e, rounded down."""
    return reduction_mg * POINTS_NUMERATOR // POINTS_DENOMINATOR


def to_base_down(value: str | int | Decimal, per_unit: int) -> int:
    """Exact decimal `value` times `per_unit`, rounded down: 1.2345 km with 1000 m each is 1234.

    Raises:
        InputError: `value` is not a finite number.
    """
    return int(_scaled(value, per_unit).to_integral_value(rounding=ROUND_FLOOR))


def to_base_exact(value: str | int | Decimal, per_unit: int) -> int:
    """Exact decimal `value` times `per_unit`, which must be whole.

    Raises:
        InputError: `value` is not a finite number, or has more decimals than `per_unit` allows.
    """
    scaled = _scaled(value, per_unit)
    if scaled != scaled.to_integral_value():
        raise InputError(f"'{value}' has too many decimals; the smallest unit is 1/{per_unit}")
    return int(scaled)


def milli_points(text: str, *, least: int = 1, field: str | None = None) -> int:
    """Thousandths of a point, from points as a person writes them.

    Args:
        least: Fewest thousandths that make sense: 1 for a price, 0 for a share.
        field: Where it was typed.

    Raises:
        InputError: It is no number of points, has more than three decimals, or is out of range.
    """
    milli = to_base_exact(text, MILLI)
    if not least <= milli <= MOST_MILLI:
        raise InputError(f"'{text}' points: must be between {points(least)} and {points(MOST_MILLI)}", field=field)
    return milli


def day_of(when: date) -> int:
    """Day number of a civil date."""
    return (when - _EPOCH).days


def date_of(day: int) -> date:
    """Civil date of a day number."""
    return _EPOCH + timedelta(days=day)


def year_of(day: int) -> int:
    """Civil year in which a day number lies."""
    return date_of(day).year


def day_of_time(seconds: int, zone: str = DEFAULT_ZONE) -> int:
    """Day number of the civil date that clocks in `zone` show at `seconds` UTC."""
    return day_of(datetime.fromtimestamp(seconds, tz=UTC).astimezone(ZoneInfo(zone)).date())


def latest_day_of(seconds: int) -> int:
    """Latest civil date (day number) that any clock on Earth shows at `seconds` UTC: the easternmost zone is 14 hours ahead."""
    return (seconds + _EASTERNMOST_SECONDS) // SECONDS_PER_DAY


def milligrams(text: str, *, field: str | None = None) -> int:
    """Milligrams of a mass as people write it: 1.5t, 300 kg, 20 g or 7 mg.

    Raises:
        InputError: It is no such mass, is not a whole number of milligrams, or is not above zero.
    """
    found = _MASS.fullmatch(text.strip())
    if found is None:
        raise InputError(f"'{text[:40]}' is no mass like 1.5t, 300kg, 20g or 7mg", field=field)
    mg = to_base_exact(found[1], _MG_PER[found[2]])
    if mg < 1:
        raise InputError(f"'{text[:40]}' is no mass above zero", field=field)
    return mg


def tonnes(milligrams: int) -> str:
    """Exact tonnes, for people."""
    return f"{Decimal(milligrams).scaleb(-9):f}"


def money(units: int, decimals: int) -> str:
    """An exact amount of a token with so many decimals, for people."""
    return f"{Decimal(units).scaleb(-decimals):f}"


def kg(milligrams: int) -> str:
    """Exact kilograms, for people."""
    return f"{Decimal(milligrams).scaleb(-6):f}"


def points(milli: int) -> str:
    """Exact points, for people."""
    return f"{Decimal(milli).scaleb(-3):f}"


def _scaled(value: str | int | Decimal, per_unit: int) -> Decimal:
    with localcontext() as context:
        context.prec = 78
        try:
            number = Decimal(value) * per_unit  # inexact beyond 78 digits, which no quantity here has
        except DecimalException as error:
            raise InputError(f"'{str(value)[:40]}' is not a number") from error
    if not number.is_finite():
        raise InputError(f"'{value}' is not a finite number")
    return number
