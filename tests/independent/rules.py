"""The published rules, written down a second time from the documents that the methodologies name, with no look at how they are computed.

Factors are exact fractions of milligrams CO2e per unit of quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

MG_PER_KG = 1_000_000


@dataclass(frozen=True)
class Rule:
    """A linear rule.

    Attributes:
        mg_per_unit: Milligrams CO2e per metre, ride, watt-hour or litre.
        day_limit_mg: Most that one person is credited for one act day.
    """

    mg_per_unit: Fraction
    day_limit_mg: int

    def most(self) -> int:
        """Most quantity that the day limit leaves."""
        return int(self.day_limit_mg / self.mg_per_unit)


# 深圳市低碳公共出行碳普惠方法学（试行）: 26.9 g a passenger-kilometre by electric bus, 46.7 g by metro; 100 and 200 km a person-day.
BUS_KM = Rule(Fraction(269, 10), 2_690_000)
METRO = Rule(Fraction(467, 10), 9_340_000)
# 武碳江湖, 2023-06-05: 150 g a bus ride; 8 rides a person-day.
BUS_RIDE = Rule(Fraction(150_000), 1_200_000)
# 0.194 kg a cubic metre of tap water; 60 m3. JS/T 303-2026: 2.184 kg a cubic metre of natural gas; 1000 m3.
WATER = Rule(Fraction(194), 11_640_000)
GAS = Rule(Fraction(2184), 2_184_000_000)

# Average grid factors of Guangdong, kg CO2 a kWh, by data year (MEE and NBS); the newest applies until the next is published.
GUANGDONG_KG_PER_KWH = {2021: Fraction("0.4715"), 2022: Fraction("0.4403"), 2023: Fraction("0.4419")}


def electricity(year: int, day_limit_mg: int) -> Rule:
    """Guangdong's electricity in the year of the act."""
    newest = max(known for known in GUANGDONG_KG_PER_KWH if known <= year)
    return Rule(GUANGDONG_KG_PER_KWH[newest] * 1000, day_limit_mg)


ELECTRICITY_DAY_LIMIT_MG = 60 * MG_PER_KG
ELECTRICITY_BILL_LIMIT_MG = 6000 * MG_PER_KG

VACANT = Fraction(1, 5)  # below this share of what is usual nobody is at home
SHARE = {"CI-11": Fraction(1, 2), "CI-11-BILL": Fraction(1, 2), "CI-12": Fraction(3, 10), "CI-13": Fraction(2, 5)}
PERSON_DAY_MG = 3 * MG_PER_KG  # most that electricity brings a person a day
PERSON_DAY_WATER_L = 150

BASELINE_DAYS = 7
LIVED_DAYS = 4
USUAL_DAYS = 365
YEAR_DAYS = 365
TOLERANCE_DAYS = 20


@dataclass(frozen=True)
class Use:
    """What a household used from one day on.

    Attributes:
        day: First day (number).
        amount: Watt-hours or litres.
        residents: Persons.
        days: Length.
    """

    day: int
    amount: int
    residents: int
    days: int = 1


def saved_against_week(use: Use, history: dict[int, Use], rule: Rule) -> int:
    """Watt-hours saved against the household's own mean of the previous 7 days (深圳市居民低碳用电碳普惠方法学（试行）, 2022-06-21).

    All seven days must be known, and four of them lived in. No city baseline is published, so the second branch of the rule applies.
    """
    usual = _usual(use.day, history)
    if Fraction(use.amount) < VACANT * usual:
        return 0
    week = [history.get(use.day - back) for back in range(1, BASELINE_DAYS + 1)]
    lived = [day for day in week if day is not None and day.amount >= VACANT * _usual(day.day, history)]
    if None in week or len(lived) < LIVED_DAYS:
        return 0
    per_person = sum((Fraction(day.amount, day.residents) for day in lived), Fraction())
    baseline = int(per_person * use.residents / len(lived))
    most = min(SHARE["CI-11"] * baseline, use.residents * PERSON_DAY_MG / rule.mg_per_unit)
    return int(max(Fraction(), min(Fraction(baseline - use.amount), most)))


def _usual(day: int, history: dict[int, Use]) -> int:
    before = [use.amount for at, use in history.items() if day - USUAL_DAYS <= at < day]
    return sum(before) // len(before) if before else 0


def saved_against_year(scenario: str, use: Use, history: dict[int, Use], rule: Rule) -> int:
    """Watt-hours or litres saved against the household's own period that began nearest to a year before, per person and day."""
    near = [then for then in history.values() if abs(then.day - use.day + YEAR_DAYS) <= TOLERANCE_DAYS]
    if not near:
        return 0
    then = min(near, key=lambda other: (abs(other.day - use.day + YEAR_DAYS), other.day))
    baseline = then.amount * use.residents * use.days // (then.residents * then.days)
    if Fraction(use.amount) < VACANT * baseline:
        return 0
    most = SHARE[scenario] * baseline
    if scenario == "CI-11-BILL":
        most = min(most, use.residents * use.days * PERSON_DAY_MG / rule.mg_per_unit)
    if scenario == "CI-12":
        most = min(most, Fraction(use.residents * use.days * PERSON_DAY_WATER_L))
    return int(max(Fraction(), min(Fraction(baseline - use.amount), most)))
