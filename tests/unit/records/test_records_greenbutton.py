"""Green Button feeds: the sample of the standard's authors, and feeds built from it."""

from __future__ import annotations

import gzip
import io
import re
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from oracle.measure.records.espi import read_feed
from oracle.measure.records.greenbutton import read_greenbutton
from oracle.measure.records.meters import Household, read_meters
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from oracle.model.units import date_of
from tests.unit.records.record_files import DATA, assert_every_row_once, codes, found, origin, rows_of_acts

SAMPLE = (DATA / "greenbutton_sample.xml").read_bytes()
ZONE = "America/Los_Angeles"


def read(feed: bytes, household: Household | None = None, zone: str = ZONE) -> Reading:
    reading = read_greenbutton(io.BytesIO(feed), origin("feed.xml", zone), household or Household())
    assert_every_row_once(reading)
    return reading


def test_read__the_sample__is_fifteen_whole_days_and_two_hours() -> None:
    reading = read(SAMPLE)
    days = reading.acts["CI-11"]
    assert reading.rows == 362
    assert {name: acts.height for name, acts in reading.acts.items()} == {"CI-11": 15}
    assert str(date_of(days["day"].min())) == "2011-01-01"
    assert set(days["subject"]) == {"RetailCustomer/9b6c7063/UsagePoint/01"}
    assert codes(reading) == [(361, "incomplete_day"), (362, "incomplete_day")]


def test_read__the_sample__has_the_watt_hours_of_its_hours() -> None:
    values = [int(value) for value in re.findall(rb"<value>(\d+)</value>\s*</IntervalReading>", SAMPLE)]
    days = read(SAMPLE).acts["CI-11"]["energy_wh"].to_list()
    assert days == [sum(values[day * 24 : day * 24 + 24]) for day in range(15)]
    assert days[0] == 19_779


def test_read__the_same_numbers_as_csv__are_the_same_acts_and_findings() -> None:
    hours = re.findall(
        rb"<duration>(\d+)</duration>\s*<start>(\d+)</start>\s*</timePeriod>\s*<value>(\d+)</value>", SAMPLE
    )
    lines = [b"meter,start,end,value,unit"]
    for duration, start, value in hours:
        times = [iso(int(start)), iso(int(start) + int(duration))]
        lines.append(b"home,%b,%b,%b,Wh" % (*times, value))
    as_csv = read_meters([b"\n".join(lines)], origin("feed.xml", ZONE), Household(residents=2))
    as_xml = read(SAMPLE, Household(meter="home", residents=2))
    assert as_xml.rows == as_csv.rows == 362
    assert as_xml.acts["CI-11"].equals(as_csv.acts["CI-11"])
    assert as_xml.findings.equals(as_csv.findings)


def iso(seconds: int) -> bytes:
    return datetime.fromtimestamp(seconds, UTC).isoformat().encode()


def test_read__the_zone_of_the_caller__must_be_that_of_the_feed() -> None:
    with pytest.raises(
        InputError, match=r"feed.xml, LocalTimeParameters: the feed's local time is not that of Asia/Shanghai in "
    ):
        read(SAMPLE, zone="Asia/Shanghai")
    with pytest.raises(InputError, match="declare the zone of the feed"):
        read(SAMPLE, zone="Etc/GMT+8")  # the right offset, but no summer time
    assert read(SAMPLE, zone="America/Tijuana").rows == 362


# feeds built by hand

ENTRY = '<entry><link rel="self" href="{self}"/>{links}<content>{content}</content></entry>'
INTERVAL = (
    "<IntervalReading>{quality}<timePeriod><duration>{seconds}</duration><start>{start}</start></timePeriod>"
    "<value>{value}</value></IntervalReading>"
)
DAY = 1714492800  # 2024-05-01 in Shanghai


@dataclass(frozen=True)
class Kind:
    service: str = "0"
    uom: str = "72"
    power: str = "0"
    flow: str = "1"
    accumulation: str = "4"


def interval(value: object = 10_000, start: object = DAY, seconds: object = 86_400, quality: str = "") -> str:
    shown = f"<ReadingQuality><quality>{quality}</quality></ReadingQuality>" if quality else ""
    return INTERVAL.format(value=value, start=start, seconds=seconds, quality=shown)


def entry(address: str, content: str, up: str = "", related: str = "") -> str:
    links = "".join(f'<link rel="{rel}" href="{href}"/>' for rel, href in (("up", up), ("related", related)) if href)
    return ENTRY.format(self=address, links=links, content=content)


def meter(kind: Kind, *intervals: str, number: int = 1) -> str:
    """Entries of one usage point with its readings; the readings come before what explains them, as the standard allows."""
    point, reading, type_ = f"UsagePoint/{number}", f"UsagePoint/{number}/MeterReading/1", f"ReadingType/{number}"
    tags = {
        "accumulationBehaviour": kind.accumulation,
        "flowDirection": kind.flow,
        "powerOfTenMultiplier": kind.power,
        "uom": kind.uom,
    }
    typed = "".join(f"<{tag}>{value}</{tag}>" for tag, value in tags.items() if value)
    block = f'<IntervalBlock xmlns="http://naesb.org/espi">{"".join(intervals)}</IntervalBlock>'
    category = f"<ServiceCategory><kind>{kind.service}</kind></ServiceCategory>"
    return "".join(
        [
            entry(f"{reading}/IntervalBlock/1", block, up=f"{reading}/IntervalBlock"),
            entry(reading, '<MeterReading xmlns="http://naesb.org/espi"/>', up=f"{point}/MeterReading", related=type_),
            entry(type_, f'<ReadingType xmlns="http://naesb.org/espi">{typed}</ReadingType>'),
            entry(point, f'<UsagePoint xmlns="http://naesb.org/espi">{category}</UsagePoint>'),
        ]
    )


def feed(*meters: str) -> bytes:
    return f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom">{"".join(meters)}</feed>'.encode()


def read_here(*meters: str) -> Reading:
    return read(feed(*meters), zone="Asia/Shanghai")


@pytest.mark.parametrize(
    ("kind", "scenario", "quantity"),
    [
        (Kind(), "CI-11", 10_000),
        (Kind(power="3"), "CI-11", 10_000_000),
        (Kind(power="-3"), "CI-11", 10),
        (Kind(power="-6"), "CI-11", 0),  # 0.01 Wh
        (Kind(power=""), "CI-11", 10_000),
        (Kind(service="1", uom="42", power="-3"), "CI-13", 10_000),
        (Kind(service="1", uom="169", power="-3"), "CI-13", 24_391),  # 10 therms
        (Kind(service="1", uom="119", power="-2"), "CI-13", 2_832),  # 100 cubic feet
        (Kind(service="2", uom="134"), "CI-12", 10_000),
        (Kind(service="2", uom="128", power="-1"), "CI-12", 3_785),  # 1000 gallons
    ],
)
def test_read__units_and_powers_of_ten__become_watt_hours_and_litres(kind: Kind, scenario: str, quantity: int) -> None:
    (act,) = read_here(meter(kind, interval())).acts[scenario].to_dicts()
    assert act["energy_wh" if scenario == "CI-11" else "volume_l"] == quantity
    assert act["record_key"] == f"UsagePoint/1/{DAY}"


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        (Kind(flow="19"), "flowDirection", "19"),  # fed in
        (Kind(flow=""), "flowDirection", ""),
        (Kind(accumulation="3"), "accumulationBehaviour", "3"),  # a register
        (Kind(uom="38"), "uom", "38"),  # watts
        (Kind(uom="42"), "uom", "42"),  # cubic metres of electricity
        (Kind(service="9"), "uom", "72"),
        (Kind(power="99"), "powerOfTenMultiplier", "99"),
        (Kind(power="x"), "powerOfTenMultiplier", "x"),
    ],
)
def test_read__readings_of_another_kind__are_findings(kind: Kind, field: str, value: str) -> None:
    reading = read_here(meter(kind, interval()), meter(Kind(), interval(), number=2))
    assert found(reading) == [(1, "unknown_kind", {"field": field, "value": value})]
    assert rows_of_acts(reading) == [2]


@pytest.mark.parametrize(
    ("bad", "code", "values"),
    [
        (interval(start=""), "missing_field", {"field": "start", "value": ""}),
        (interval(start="soon"), "bad_time", {"field": "start", "value": "soon"}),
        (interval(start="99999999999"), "bad_time", {"field": "start", "value": "99999999999"}),
        (interval(seconds="-1"), "bad_number", {"field": "duration", "value": "-1"}),
        (interval(value="1.5"), "bad_number", {"field": "value", "value": "1.5"}),
        (interval(value="9" * 19), "bad_number", {"field": "value", "value": "9" * 19}),
        (interval(value="9" * 18), "bad_number", {"field": "value", "value": "9" * 18}),
        ("<IntervalReading/>", "missing_field", {"field": "start", "value": ""}),
    ],
)
def test_read__a_reading_that_cannot_be_used__is_a_finding_and_the_next_is_read(
    bad: str, code: str, values: dict[str, object]
) -> None:
    reading = read_here(meter(Kind(), bad, interval(start=DAY + 86_400)))
    assert found(reading) == [(1, code, values)]
    assert rows_of_acts(reading) == [2]


@pytest.mark.parametrize(
    ("quality", "code"),
    [("0", None), ("14", None), ("17", None), ("19", None), ("8", "estimated_reading"), ("99", "unknown_quality")],
)
def test_read__qualities__are_measured_or_estimated(quality: str, code: str | None) -> None:
    assert codes(read_here(meter(Kind(), interval(quality=quality)))) == ([(1, code)] if code else [])


def test_read__two_usage_points__are_two_meters() -> None:
    reading = read_here(
        meter(Kind(), interval()),
        meter(Kind(service="1", uom="42"), interval(5), number=2),
        meter(Kind(), interval(7), number=10),
    )
    assert reading.acts["CI-11"]["subject"].to_list() == ["UsagePoint/1", "UsagePoint/10"]
    assert reading.acts["CI-13"]["subject"].to_list() == ["UsagePoint/2"]


def test_read__a_block_that_nothing_explains__is_findings() -> None:
    block = f'<IntervalBlock xmlns="http://naesb.org/espi">{interval()}</IntervalBlock>'
    reading = read_here(entry("X/IntervalBlock/1", block, up="X/IntervalBlock"))
    assert found(reading) == [(1, "unknown_kind", {"field": "accumulationBehaviour", "value": ""})]


def test_read__a_reading_outside_any_block__is_a_finding() -> None:
    loose = interval().replace("<IntervalReading", '<IntervalReading xmlns="http://naesb.org/espi"')
    reading = read_here(entry("X", loose))
    assert codes(reading) == [(1, "unknown_kind")]


def test_read__hours_and_their_daily_sum_in_one_feed__count_once() -> None:
    hours = [interval(500, DAY + hour * 3600, 3600) for hour in range(24)]
    reading = read_here(meter(Kind(), *hours, interval(12_000)))
    assert reading.acts["CI-11"]["energy_wh"].to_list() == [12_000]
    assert codes(reading) == [(row, "duplicate") for row in range(1, 25)]


def test_read__hours_and_another_daily_sum__are_in_conflict() -> None:
    hours = [interval(500, DAY + hour * 3600, 3600) for hour in range(24)]
    reading = read_here(meter(Kind(), *hours, interval(9_000)))
    assert reading.acts == {}
    assert codes(reading) == [(row, "conflict") for row in range(1, 26)]


@pytest.mark.parametrize(
    ("damaged", "message"),
    [
        (SAMPLE[: len(SAMPLE) // 2], "feed.xml: the XML is not well-formed, or cut off: .* line "),
        (b"", "not well-formed, or cut off: no element found"),
        (SAMPLE.replace(b"</feed>", b"</food>"), "mismatched tag"),
        (SAMPLE.replace(b"<title/>", b"<title>\xff\xfe</title>", 1), "not well-formed"),
        (SAMPLE.replace(b'encoding="UTF-8"', b'encoding="GB18030"', 1), "cannot be decoded, save it as UTF-8"),
        (SAMPLE.replace(b'encoding="UTF-8"', b'encoding="klingon"', 1), "unknown encoding"),
    ],
)
def test_read__a_damaged_feed__is_an_error_that_names_the_file(damaged: bytes, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(damaged)


def test_read__a_feed_with_entities__is_refused_before_they_grow() -> None:
    laughs = '<!DOCTYPE feed [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    bomb = SAMPLE.decode().replace("<feed", f"{laughs}<feed", 1).encode()
    with pytest.raises(InputError, match=r"feed.xml: the XML declares entities or outside references"):
        read(bomb)


def test_read_feed__of_a_cut_gzip_stream__is_an_error() -> None:
    with (
        gzip.open(io.BytesIO(gzip.compress(SAMPLE)[:4000])) as stream,
        pytest.raises(InputError, match=r"feed.xml: the gzip file is damaged or cut off"),
    ):
        read_feed(stream, "feed.xml")


def one_block(hours: int) -> bytes:
    return feed(meter(Kind(), *(interval(1, DAY + hour * 3600, 3600) for hour in range(hours))))


def a_block_an_hour(hours: int) -> bytes:
    return feed(*(meter(Kind(), interval(1, DAY + hour * 3600, 3600)) for hour in range(hours)))


@pytest.mark.parametrize("form", [one_block, a_block_an_hour])
def test_read_feed__of_ten_times_as_many_readings__takes_little_more_memory(form: Callable[[int], bytes]) -> None:
    def peak(hours: int) -> int:
        xml = form(hours)
        tracemalloc.start()
        assert read_feed(io.BytesIO(xml), "feed.xml").rows == hours
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    few, many = 200, 2_000
    assert (peak(many) - peak(few)) / (
        many - few
    ) < 500  # bytes a reading: kept as XML, it and its entries would take 2,000


def test_read__a_block_below_an_address_that_only_begins_the_same__is_not_its_own() -> None:
    reading = read_here(
        meter(Kind(), interval()),
        meter(Kind(), interval(), number=10).replace('self" href="UsagePoint/10"', 'self" href="Y"'),
    )
    assert reading.acts["CI-11"]["subject"].to_list() == ["UsagePoint/1"]
    assert found(reading) == [(2, "unknown_kind", {"field": "uom", "value": "72"})]
