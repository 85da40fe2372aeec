"""Files of GPS tracks: what they say, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from benchmarks.trackmaker import Made, honest, simulated
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import read, sniff
from oracle.measure.records.subjects import subjects
from oracle.model.acts import Reading
from oracle.model.errors import InputError
from tests.unit.records.record_files import assert_every_row_once, found

MODES = "bus, metro, tram, bicycle, e_bike, walking, nev_taxi"
GPX = '<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">{}</gpx>'


def made(seed: int = 1, mode: str = "bicycle") -> Made:
    return honest(np.random.default_rng(seed), mode)


def stamps(track: Made) -> list[str]:
    return [datetime.fromtimestamp(second, UTC).isoformat().replace("+00:00", "Z") for second in track.seconds.tolist()]


def trk(track: Made, kind: str = "cycling", rider: str = "U7", fix: str = "", extra: str = "") -> str:
    points = zip(stamps(track), track.latitude, track.longitude, strict=True)
    text = "".join(f'<trkpt lat="{n}" lon="{e}"><time>{t}</time>{fix}</trkpt>' for t, n, e in points)
    return (
        f"<trk><type>{kind}</type><extensions><rider>{rider}</rider>{extra}</extensions><trkseg>{text}</trkseg></trk>"
    )


def feature(track: Made, **said: object) -> dict[str, object]:
    places = [[float(e), float(n), 12.5] for n, e in zip(track.latitude, track.longitude, strict=True)]
    properties = {"rider": "U7", "mode": "bicycle", "coordTimes": stamps(track), **said}
    return {"type": "Feature", "properties": properties, "geometry": {"type": "LineString", "coordinates": places}}


def plt(track: Made) -> str:
    head = ["Geolife trajectory", "WGS 84", "Altitude is in Feet", "Reserved 3", "0,2,255,My Track,0,0,2,8421376", "0"]
    rows = [
        f"{n},{e},0,492,39744.1,{t[:10]},{t[11:19]}"
        for t, n, e in zip(stamps(track), track.latitude, track.longitude, strict=True)
    ]
    return "\r\n".join([*head, *rows]) + "\r\n"


def reading(folder: Path, text: str, given: Household | None = None) -> Reading:
    path = folder / "tracks"
    path.write_text(text)
    assert sniff(path) == "tracks"
    made = read(path, source="app", region="CN", household=given)
    assert_every_row_once(made)
    return made


def test_read__one_ride_in_three_formats__is_the_same_act(tmp_path: Path) -> None:
    ride = made()
    texts = [GPX.format(trk(ride)), json.dumps(feature(ride)), plt(ride)]
    acts = [
        reading(tmp_path, text, Household(service="bicycle", meter="U7")).acts["CI-05"].to_dicts() for text in texts
    ]
    assert acts[0] == acts[1] == acts[2]
    (act,) = acts[0]
    assert act["subject"] == "U7"
    assert 0.9 * ride.true_m < act["distance_m"] < 1.02 * ride.true_m
    assert act["duration_s"] == act["end"] - act["start"]


def test_read__several_tracks__each_is_a_row(tmp_path: Path) -> None:
    text = GPX.format(trk(made(1)) + trk(made(2, "bus"), "bus") + "<trk/>" + trk(made(4), "ferry"))
    done = reading(tmp_path, text)
    assert {name: acts["rows"].to_list() for name, acts in done.acts.items()} == {"CI-01": [[2]], "CI-05": [[1]]}
    assert found(done) == [
        (3, "missing_field", {"field": "mode", "known": MODES}),
        (4, "unknown_kind", {"field": "mode", "value": "ferry", "known": MODES}),
    ]
    assert subjects(tmp_path / "tracks", None, Household()).rows() == [(1, "U7"), (2, "U7"), (4, "U7")]


@pytest.mark.parametrize("where", ["fix", "extra"])
def test_read__positions_that_the_file_calls_mock__are_refused(tmp_path: Path, where: str) -> None:
    flag = {where: "<extensions><isMock>true</isMock></extensions>"}
    assert found(reading(tmp_path, GPX.format(trk(made(), **flag)))) == [
        (1, "mock_location", {"reason": "the file says so"})
    ]
    beside = feature(made(), coordinateProperties={"mock": [False, True]})
    assert found(reading(tmp_path, json.dumps(beside)))[0][1] == "mock_location"
    real = feature(made(), coordinateProperties={"mock": [False, False]})
    assert found(reading(tmp_path, json.dumps(real))) == []


def test_read__the_positions_of_another_track__are_refused(tmp_path: Path) -> None:
    ride = made()
    again = Made(ride.seconds + 86_400, ride.latitude, ride.longitude, ride.true_m)
    done = reading(tmp_path, GPX.format(trk(ride) + trk(again, rider="U8")))
    assert found(done) == [(2, "mock_location", {"reason": "positions of another track", "row": 1})]


def test_read__a_route_app__is_refused(tmp_path: Path) -> None:
    app = simulated(np.random.default_rng(3), "bicycle")
    assert found(reading(tmp_path, json.dumps(feature(app))))[0][1] == "mock_location"


def test_read__a_jump_that_stays__is_a_teleport_with_its_metres(tmp_path: Path) -> None:
    ride = made()
    half = len(ride.seconds) // 2
    moved = [f"{float(n) + 0.03:.7f}" if i >= half else n for i, n in enumerate(ride.latitude)]
    ((_, code, values),) = found(reading(tmp_path, json.dumps(feature(Made(ride.seconds, moved, ride.longitude, 0)))))
    assert code == "teleport"
    assert 3_000 < int(str(values["metres"])) < 3_700


def test_read__a_bus_that_is_called_a_bicycle__is_too_fast(tmp_path: Path) -> None:
    assert found(reading(tmp_path, GPX.format(trk(made(2, "bus")))))[0][1] == "implausible_speed"


def test_read__wild_fixes__change_the_distance_little(tmp_path: Path) -> None:
    ride = made()
    wild = [f"{float(n) + 0.004:.7f}" if i % 40 == 20 else n for i, n in enumerate(ride.latitude)]
    plain, spoiled = (
        reading(tmp_path, json.dumps(feature(track))).acts["CI-05"]["distance_m"][0]
        for track in (ride, Made(ride.seconds, wild, ride.longitude, 0))
    )
    assert abs(plain - spoiled) < 0.02 * plain


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"rider": None}, "missing_field"),
        ({"coordTimes": ["2023-05-01T08:00:00Z"]}, "malformed_row"),
        ({"coordTimes": 7}, "malformed_row"),
    ],
)
def test_read__geojson_that_lacks_something__is_a_finding(tmp_path: Path, change: dict[str, object], code: str) -> None:
    collection = {"type": "FeatureCollection", "features": [feature(made(), **change), 3, {"geometry": {}}]}
    done = found(reading(tmp_path, json.dumps(collection)))
    assert [(row, why) for row, why, _ in done] == [(1, code), (2, "malformed_row"), (3, "malformed_row")]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE gpx [<!ENTITY a "b">]><gpx>&a;</gpx>',
        GPX.format("<trk>"),
        '{"type": "FeatureCollection", "features": [',
    ],
)
def test_read__a_broken_or_hostile_file__is_an_error_that_names_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError, match=r"^tracks: (the XML|not valid JSON)"):
        reading(tmp_path, text)


def test_read__a_track_with_numbers_no_degree_has__loses_those_fixes(tmp_path: Path) -> None:
    ride = made()
    bad = ["1e999999999", "nan", "91.0", "+-3", "", "0x1", *ride.latitude[6:]]
    act = reading(tmp_path, GPX.format(trk(Made(ride.seconds, bad, ride.longitude, 0)))).acts["CI-05"]
    assert act.height == 1
