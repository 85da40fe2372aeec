"""Which column of a file of trips says what, and what the modes are called."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from types import MappingProxyType

import polars as pl

from oracle.measure.records.meters import Household
from oracle.model.acts import BICYCLE, BUS_KM, E_BIKE, METRO, NEV_TAXI, TRAM, WALK

# What each mode is called, in small letters with `_` for blanks and dashes.
_WORDS = {
    BUS_KM: ("bus", "公交", "巴士"),
    METRO: ("metro", "subway", "地铁"),
    TRAM: ("tram", "light_rail", "有轨电车"),
    BICYCLE: ("bicycle", "bike", "cycling", "classic_bike", "docked_bike", "自行车", "单车", "骑行"),
    E_BIKE: ("e_bike", "ebike", "electric_bike", "electric_bicycle", "电动自行车", "电单车"),
    WALK: ("walking", "walk", "步行"),
    NEV_TAXI: ("nev_taxi", "ev_taxi", "新能源出租车", "新能源网约车"),
}
SCENARIO_OF_MODE = MappingProxyType({word: scenario for scenario, words in _WORDS.items() for word in words})

# Those whose methodology asks for more than a distance (`oracle.measure.records.asking`).
_ASKING = {
    "CI-04": ("rail", "train", "high_speed_rail", "高铁", "火车"),
    "CI-08": ("carpool", "合乘", "拼车", "顺风车"),
    "CI-09": ("nev", "ev", "electric_car", "新能源汽车"),
}
ASKING_OF_MODE = MappingProxyType({word: scenario for scenario, words in _ASKING.items() for word in words})

# One word for each, to tell people: of all, and of those that a distance is enough for.
MODES = ", ".join(words[0] for words in (*_WORDS.values(), *_ASKING.values()))
TRACK_MODES = ", ".join(words[0] for words in _WORDS.values())


def mode_word(text: str) -> str:
    """A mode as `SCENARIO_OF_MODE` writes it."""
    return text.strip().lower().replace(" ", "_").replace("-", "_")


@dataclass(frozen=True)
class Layout:
    """The columns of one kind of file.

    Attributes:
        key: What together names a trip.
        start, end: Times.
        rider: Who travelled; None where the file does not say.
        mode: How; None where it does not say.
        always: The mode of every trip, where the kind of file says it.
        distance: Metres; None where places stand for it.
        places: Latitude and longitude of start and end.
        local: Times are local times, not numbers.
    """

    key: tuple[str, ...]
    start: str
    end: str
    rider: str | None = None
    mode: str | None = None
    always: str | None = None
    distance: str | None = None
    places: tuple[str, ...] = ()
    local: bool = False

    @property
    def record_key(self) -> pl.Expr:
        """The source's own key of a trip."""
        return pl.format("/".join(["{}"] * len(self.key)), *self.key)

    def subject(self, given: str | None) -> pl.Expr:
        """Who travelled; a ride whose rider neither file nor caller names is its own subject."""
        return pl.col(self.rider) if self.rider else pl.lit(given, pl.String).fill_null(self.record_key)

    def in_file(self, names: Collection[str]) -> Layout:
        """The layout as a file has it: MDS 1.x calls the distance otherwise, and rider and mode may be there or not."""
        rider = "rider" if "rider" in names else self.rider if self.rider in names else None
        mode = self.mode if self.mode in names else None
        older = self.distance and "distance" not in names and "trip_distance" in names
        return replace(self, rider=rider, mode=mode, distance="trip_distance" if older else self.distance)

    def required(self, given: Household) -> tuple[str, ...]:
        """Columns that a file must have, where the caller says the rest."""
        rider = self.rider if given.meter is None else None
        mode = self.mode if given.service is None else None
        told = (rider, mode, self.start, self.end, self.distance, *self.places)
        return (*self.key, *(name for name in told if name is not None))


MDS = Layout(("trip_id",), "start_time", "end_time", rider="rider", mode="mode", distance="distance")
_BIKE_SHARE = (
    # Citi Bike and the other systems of Lyft, from 2021
    Layout(
        ("ride_id",),
        "started_at",
        "ended_at",
        mode="rideable_type",
        places=("start_lat", "start_lng", "end_lat", "end_lng"),
        local=True,
    ),
    # the same until January 2021
    Layout(
        ("bikeid", "starttime"),
        "starttime",
        "stoptime",
        always="bicycle",
        places=(
            "start station latitude",
            "start station longitude",
            "end station latitude",
            "end station longitude",
        ),
        local=True,
    ),
    # Mobike, Shanghai 2016
    Layout(
        ("orderid",),
        "start_time",
        "end_time",
        rider="userid",
        always="bicycle",
        places=("start_location_y", "start_location_x", "end_location_y", "end_location_x"),
        local=True,
    ),
)


def layout_of(names: Collection[str]) -> Layout | None:
    """The layout of a header; None if there is none like it."""
    if {"trip_id", "start_time", "end_time"} <= set(names):
        return MDS
    return next((layout for layout in _BIKE_SHARE if set(layout.required(Household())) <= set(names)), None)
