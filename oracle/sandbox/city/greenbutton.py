"""One household's hourly electricity as Green Button data: an Atom feed of ESPI resources (NAESB REQ.21)."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import polars as pl

from oracle.model.units import SECONDS_PER_DAY, date_of, day_of
from oracle.sandbox.city.draw import Draw, Part
from oracle.sandbox.city.electricity import HOURS, day_wh, hour_wh
from oracle.sandbox.city.households import Households, households
from oracle.sandbox.city.names import GREEN_BUTTON, Names
from oracle.sandbox.city.plan import HISTORY_DAYS, Plan
from oracle.sandbox.city.text import midnight, midnight_utc

HOUR_S = 3_600
CITIZEN = 0  # number of the citizen who brings the file

_LOCAL_TIME_HREF = "LocalTimeParameters/1"
_TYPE_HREF = "ReadingType/1"

_FEED = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
  <id>urn:uuid:{id}</id>
  <title>Green Button data of a synthetic household</title>
  <updated>{published}</updated>
{entries}</feed>
"""
_ENTRY = """  <entry>
    <id>urn:uuid:{id}</id>
    <link rel="self" href="{href}"/>
{related}    <title>{title}</title>
    <content>
{content}
    </content>
    <published>{published}</published>
    <updated>{published}</updated>
  </entry>
"""
_USAGE_POINT = """      <UsagePoint xmlns="http://naesb.org/espi">
        <ServiceCategory><kind>0</kind></ServiceCategory>
      </UsagePoint>"""
_LOCAL_TIME = """      <LocalTimeParameters xmlns="http://naesb.org/espi">
        <dstEndRule>00000000</dstEndRule>
        <dstOffset>0</dstOffset>
        <dstStartRule>00000000</dstStartRule>
        <tzOffset>28800</tzOffset>
      </LocalTimeParameters>"""
_METER_READING = """      <MeterReading xmlns="http://naesb.org/espi"/>"""
# Energy of each interval (accumulation 4, kind 12), delivered to the household (flow 1), in Wh (uom 72) without a power of ten.
_READING_TYPE = f"""      <ReadingType xmlns="http://naesb.org/espi">
        <accumulationBehaviour>4</accumulationBehaviour>
        <commodity>1</commodity>
        <currency>156</currency>
        <dataQualifier>12</dataQualifier>
        <flowDirection>1</flowDirection>
        <intervalLength>{HOUR_S}</intervalLength>
        <kind>12</kind>
        <phase>769</phase>
        <powerOfTenMultiplier>0</powerOfTenMultiplier>
        <timeAttribute>0</timeAttribute>
        <uom>72</uom>
      </ReadingType>"""
_INTERVAL_BLOCK = f"""      <IntervalBlock xmlns="http://naesb.org/espi">
        <interval><duration>{SECONDS_PER_DAY}</duration><start>{{start}}</start></interval>
{{readings}}
      </IntervalBlock>"""
_INTERVAL_READING = (
    f"        <IntervalReading><timePeriod><duration>{HOUR_S}</duration><start>{{start}}</start></timePeriod>"
    "<value>{wh}</value></IntervalReading>"
)


def green_button(plan: Plan, names: Names) -> tuple[bytes, pl.DataFrame]:
    """The file, from a week before the plan's first day to its last, and `kind` and `act` of its readings: all are honest."""
    home = households(plan, 0)
    first = day_of(plan.first_day)
    days = range(first - HISTORY_DAYS, first + plan.days)
    point = names.subjects(GREEN_BUTTON, home.number)[CITIZEN]
    reading = f"{point}/MeterReading/1"
    published = midnight(days[-1] + 1).isoformat()
    entries = [
        _entry(published, point, (reading, _LOCAL_TIME_HREF), "Household", _USAGE_POINT),
        _entry(published, _LOCAL_TIME_HREF, (), "China Standard Time", _LOCAL_TIME),
        _entry(published, reading, (f"{reading}/IntervalBlock", _TYPE_HREF), "Hourly electricity", _METER_READING),
        _entry(published, _TYPE_HREF, (), "Energy delivered (Wh)", _READING_TYPE),
    ]
    for day in days:
        block = _block(midnight_utc(day), _hours(plan, home, day))
        entries.append(_entry(published, f"{reading}/IntervalBlock/{day}", (), f"{date_of(day)}", block))
    feed = _FEED.format(id=uuid5(NAMESPACE_URL, point), published=published, entries="".join(entries))
    acts = [day * plan.citizens + CITIZEN for day in days for _ in range(HOURS)]
    told = pl.DataFrame({"kind": [0] * len(acts), "act": acts}, schema={"kind": pl.UInt8, "act": pl.Int64})
    return feed.encode(), told


def _entry(published: str, href: str, related: tuple[str, ...], title: str, content: str) -> str:
    links = "".join(f'    <link rel="related" href="{other}"/>\n' for other in related)
    name = uuid5(NAMESPACE_URL, f"{href}#entry")
    return _ENTRY.format(id=name, href=href, related=links, title=title, content=content, published=published)


def _hours(plan: Plan, homes: Households, day: int) -> list[int]:
    """Wh of the 24 hours of the citizen's household."""
    draw = Draw(plan.seed, Part.GREEN_BUTTON, day)
    return [int(wh) for wh in hour_wh(draw, day_wh(plan, draw, homes, day))[CITIZEN]]


def _block(start: int, energy: list[int]) -> str:
    readings = (_INTERVAL_READING.format(start=start + hour * HOUR_S, wh=wh) for hour, wh in enumerate(energy))
    return _INTERVAL_BLOCK.format(start=start, readings="\n".join(readings))
