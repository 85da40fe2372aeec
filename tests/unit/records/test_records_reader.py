"""Any file a person may bring: told by its content, in any of the usual encodings, or refused in one clear sentence."""

from __future__ import annotations

import gzip
import shutil
from pathlib import Path

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from oracle.measure.records import content
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import KINDS, read, sniff
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from tests.unit.records.record_files import DATA, assert_every_row_once, codes

HOME = Household(unit="kWh", meter="home")
THERMS = Household(unit="therm", meter="home")

# Every sample: file, kind, zone, household, rows, acts by scenario.
SAMPLES = [
    ("szt_taps_100.json", "szt", "Asia/Shanghai", None, 100, {"CI-01-RIDE": 10}),
    ("greenbutton_sample.xml", "greenbutton", "America/Los_Angeles", None, 362, {"CI-11": 15}),
    ("il-electricity-cdd-hdd-billing_monthly.csv.gz", "meters", "America/Chicago", HOME, 27, {"CI-11-BILL": 26}),
    ("il-electricity-cdd-hdd-daily.csv.gz", "meters", "America/Chicago", HOME, 810, {"CI-11": 809}),
    ("il-gas-hdd-only-billing_monthly.csv.gz", "meters", "America/Chicago", THERMS, 27, {"CI-13": 26}),
    ("uk-electricity-hdd-only-hourly-sample-0.csv.gz", "meters", "Europe/London", HOME, 23_508, {"CI-11": 978}),
]

TRIPS = "trip_id,rider,mode,start_time,end_time,distance\nT1,骑手,bus,1535751550000,1535753350000,5230\n"


def read_file(path: Path, kind: str | None = None, household: Household | None = None) -> Reading:
    reading = read(path, source="operator", region="CN-4403", kind=kind, household=household)
    assert_every_row_once(reading)
    return reading


def test_samples__of_the_test_data__are_all_read() -> None:
    assert sorted(file for file, *_ in SAMPLES) == sorted(
        path.name for path in DATA.iterdir() if path.is_file() and path.suffix != ".md"
    )


@pytest.mark.parametrize(("file", "kind", "zone", "household", "rows", "acts"), SAMPLES)
def test_read__a_real_file__is_told_by_its_content_and_read(
    file: str, kind: str, zone: str, household: Household | None, rows: int, acts: dict[str, int]
) -> None:
    assert sniff(DATA / file) == kind
    reading = read(DATA / file, source="operator", region="CN-44", zone=zone, household=household)
    assert_every_row_once(reading)
    assert (reading.source, reading.file, reading.rows) == ("operator", file, rows)
    assert {name: frame.height for name, frame in reading.acts.items()} == acts
    assert set(reading.findings["file"]) <= {file}


@pytest.mark.parametrize(
    "encoded",
    [
        pytest.param(TRIPS.encode(), id="UTF-8"),
        pytest.param(TRIPS.encode("utf-8-sig"), id="UTF-8 with a mark"),
        pytest.param(TRIPS.encode("gb18030"), id="GB18030"),
        pytest.param(TRIPS.encode("gbk"), id="GBK"),
        pytest.param(TRIPS.replace("\n", "\r\n").encode(), id="windows line ends"),
        pytest.param(TRIPS.replace("\n", "\r\n").encode("utf-8-sig"), id="as Excel writes it"),
        pytest.param(gzip.compress(TRIPS.encode("gb18030")), id="gzip"),
    ],
)
def test_read__a_chinese_name_in_any_encoding__is_that_name(encoded: bytes, tmp_path: Path) -> None:
    file = tmp_path / "trips.csv"
    file.write_bytes(encoded)
    assert read_file(file).acts["CI-01"]["subject"].to_list() == ["骑手"]


def test_read__taps_in_gb18030__are_taps(tmp_path: Path) -> None:
    file = tmp_path / "taps.json"
    file.write_bytes((DATA / "szt_taps_100.json").read_text(encoding="utf-8").encode("gb18030"))
    assert read_file(file).acts["CI-01-RIDE"].height == 10


BROKEN = [
    pytest.param(b"", "the file is empty", id="empty"),
    pytest.param(b" \n\n", "the file is empty", id="blank"),
    pytest.param(gzip.compress(b""), "the file is empty", id="empty gzip"),
    pytest.param(gzip.compress(TRIPS.encode())[:-9], "the gzip file is damaged or cut off", id="cut gzip"),
    pytest.param(b"\x1f\x8b rubbish", "the gzip file is damaged or cut off", id="no gzip"),
    pytest.param(b"PK\x03\x04 sheet", "it is not a valid Excel workbook: File is not a zip file", id="xlsx"),
    pytest.param(b"\xd0\xcf\x11\xe0 sheet", "it is an old Excel workbook: save the sheet as CSV", id="xls"),
    pytest.param(TRIPS.encode("utf-16"), "it is UTF-16: save it as UTF-8", id="UTF-16"),
    pytest.param(b"PAR1 columns", "it is no sound Parquet file", id="parquet"),
    pytest.param(b"\x7fELF\0\0\0", "it is a binary file, not text", id="binary"),
    pytest.param(
        TRIPS.encode() + "骑".encode()[:2], "the file is cut off in the middle of a character", id="cut UTF-8"
    ),
    pytest.param(TRIPS.encode() + b"caf\xe9 \xff\xff\n", "neither UTF-8 nor GB18030 text: line 3", id="no encoding"),
    pytest.param(
        b"<html><body>login</body></html>",
        "found XML that is neither an ESPI feed nor GPX; name one of szt, trips",
        id="html",
    ),
    pytest.param(
        b"name,date\nx,y\n",
        "cannot tell what kind of file this is: found a first line of 2 columns, known of which none",
        id="other csv",
    ),
    pytest.param(b"dear sir or madam", "found a first line of 1 columns, known of which none", id="prose"),
    pytest.param(b'{"data": [{"card_no": "1"', "not valid JSON, or cut off: .*line 1, column 2", id="cut json"),
    pytest.param(b'{"message": "quota"}', "no row is a tap", id="json of something else"),
    pytest.param(
        b"start,value\n2024-05-01,1\n", "neither a column 'meter' nor the caller says the meter", id="no meter"
    ),
    pytest.param(
        b'<feed xmlns="http://www.w3.org/2005/Atom"><x xmlns="http://naesb.org/espi">',
        "the XML is not well-formed",
        id="cut xml",
    ),
]


@pytest.mark.parametrize(("broken", "message"), BROKEN)
def test_read__a_file_that_is_no_records__is_one_clear_error(broken: bytes, message: str, tmp_path: Path) -> None:
    file = tmp_path / "brought.dat"
    file.write_bytes(broken)
    with pytest.raises(InputError, match=f"^brought.dat: .*{message}") as caught:
        read_file(file)
    assert caught.value.exit_code == 3


def test_read__what_is_no_file__is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere.csv: the file cannot be opened: No such file"):
        read_file(tmp_path / "nowhere.csv")
    with pytest.raises(InputError, match="the file cannot be opened: Is a directory"):
        read_file(tmp_path)


def test_read__a_kind_that_does_not_exist__is_an_error_that_lists_them() -> None:
    with pytest.raises(
        InputError, match="'parquet' is no kind of file; there are: szt, trips, tracks, meters, greenbutton, acts, or"
    ):
        read_file(DATA / "szt_taps_100.json", "parquet")


@pytest.mark.parametrize("zone", ["Shanghai", "", "../etc", "Asia", "CST6"])
def test_read__a_zone_that_does_not_exist__is_an_error(zone: str) -> None:
    with pytest.raises(InputError, match="is not an IANA time zone, such as Asia/Shanghai"):
        read(DATA / "szt_taps_100.json", source="operator", region="CN-4403", zone=zone)


@pytest.mark.parametrize("kind", KINDS)
def test_read__a_file_named_as_another_kind__is_an_error_or_findings(kind: str) -> None:
    for file, is_kind, *_ in SAMPLES:
        if kind != is_kind:
            with pytest.raises(InputError, match=f"^{file}: "):
                read_file(DATA / file, kind, HOME)


def test_text_blocks__a_file_above_the_limit__is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    file = tmp_path / "bomb.csv.gz"
    file.write_bytes(gzip.compress(TRIPS.encode() + b"," * 10_000_000))
    with pytest.raises(InputError, match="the file has more than 1000 bytes unpacked: split it"):
        list(content.text_blocks(file, most=1_000))


def test_read__one_bad_line_among_many__costs_only_itself(tmp_path: Path) -> None:
    lines = TRIPS.splitlines()
    good = [lines[1].replace("T1", f"T{i}") for i in range(500)]
    good[250] = good[250].replace("骑手", '"骑手')
    file = tmp_path / "trips.csv"
    file.write_text("\n".join([lines[0], *good]), encoding="utf-8")
    reading = read_file(file)
    assert reading.acts["CI-01"].height == 499
    assert codes(reading) == [(251, "malformed_row")]


def chewed(path: Path, at: int, length: int, instead: bytes) -> bytes:
    whole = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    at = at % len(whole)
    return whole[:at] + instead + whole[at + length :]


@given(
    st.sampled_from([sample for sample in SAMPLES if sample[4] < 1_000]),
    st.integers(0, 100_000),
    st.integers(0, 2_000),
    st.binary(max_size=8),
    st.booleans(),
)
@settings(max_examples=100, deadline=None, suppress_health_check=HealthCheck.all())
def test_read__a_chewed_file__loses_no_row_or_is_one_clear_error(
    tmp_path_factory: pytest.TempPathFactory,
    sample: tuple[str, str, str, Household | None, int, dict[str, int]],
    at: int,
    length: int,
    instead: bytes,
    cut: bool,
) -> None:
    file, kind, zone, household, *_ = sample
    folder = tmp_path_factory.mktemp("chewed")
    damaged = chewed(DATA / file, at, 10**9 if cut else length, instead)
    (folder / "file").write_bytes(damaged)
    try:
        reading = read(folder / "file", source="operator", region="CN", kind=kind, zone=zone, household=household)
    except InputError as error:
        assert str(error).startswith("file")  # noqa: PT017
    else:
        assert_every_row_once(reading)
    finally:
        shutil.rmtree(folder)
