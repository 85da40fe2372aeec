"""Write a city: everybody, every day, every meter; then the truth and the manifest."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from oracle.measure.records.metro import Network
from oracle.model.units import DEFAULT_ZONE, date_of, day_of
from oracle.sandbox.city import bills, electricity, life, taps, trips
from oracle.sandbox.city.enrolment import enrolment
from oracle.sandbox.city.files import Folder, Written, new_folder
from oracle.sandbox.city.greenbutton import green_button
from oracle.sandbox.city.households import households
from oracle.sandbox.city.names import ELECTRICITY, GREEN_BUTTON, LIFE, TAPS, Names
from oracle.sandbox.city.people import people
from oracle.sandbox.city.plan import BILL_MONTHS, HISTORY_DAYS, Plan
from oracle.sandbox.city.rides import rides
from oracle.sandbox.city.stations import Stations

MANIFEST = "manifest.json"

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Manifest:
    """What a city's folder holds. `manifest.json` is this, and is written last.

    Attributes:
        plan: The plan.
        files: Every file but the manifest, by name.
    """

    plan: Plan
    files: tuple[Written, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Rows by kind in all files together."""
        total: Counter[str] = Counter()
        for file in self.files:
            total.update(file.kinds)
        return dict(total)

    def to_json(self) -> str:
        """Canonical JSON: sorted keys, two spaces, newline at the end."""
        plan = {**asdict(self.plan), "first_day": self.plan.first_day.isoformat(), "zone": DEFAULT_ZONE}
        content = {"plan": plan, "files": [asdict(file) for file in self.files], "counts": self.counts}
        return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True) + "\n"


def generate(plan: Plan, folder: Path, progress: Progress | None = None) -> Manifest:
    """Write the city of a plan into an empty folder. Equal plans make equal bytes.

    Args:
        plan: What the city should be.
        folder: Where it goes; made if it is not there.
        progress: Told what is being written, how many shards of it are done, and of how many.

    Raises:
        InputError: the folder is not empty or cannot be made.
    """
    tell = progress or (lambda what, done, total: None)
    with new_folder(folder) as files:
        city = _City(plan, files, tell)
        city.citizens()
        first = day_of(plan.first_day)
        for day in range(first, first + plan.days):
            city.day(day)
            city.life(day)
        for day in range(first - HISTORY_DAYS, first + plan.days):
            city.electricity(day)
        for service in bills.SERVICES:
            city.bills(service)
        city.green_button()
    manifest = Manifest(plan, files.written())
    (folder / MANIFEST).write_text(manifest.to_json(), encoding="utf-8")
    return manifest


class _City:
    """The parts of a city, written shard by shard. A city of several shards is a large one, and has its largest files split."""

    def __init__(self, plan: Plan, files: Folder, tell: Progress):
        self._plan = plan
        self._files = files
        self._tell = tell
        self._large = plan.shards > 1
        self._stations = Stations(Network.load())
        self._names = Names(plan)

    def citizens(self) -> None:
        """`citizens.csv`."""
        for shard in self._shards("citizens"):
            here = people(self._plan, self._stations, shard)
            self._files.csv(
                "citizens.csv",
                None,
                enrolment(self._names, here, households(self._plan, shard), self._plan.life_bps > 0),
            )

    def day(self, day: int) -> None:
        """Taps and trips of a day; `.json` if one page holds the taps, else `.jsonl`."""
        plan, names, when = self._plan, self._names, date_of(day)
        ending = "jsonl" if self._large else "json"
        tap_quotas = taps.quotas(plan)
        trip_quotas = {operator: trips.quotas(plan, operator) for operator in trips.OPERATORS}
        for shard in self._shards(f"rides {when}"):
            here = people(plan, self._stations, shard)
            made = rides(plan, self._stations, here, day, shard)
            sent, resent = taps.taps(plan, self._stations, names, here, made, day, shard, tap_quotas)
            self._files.json(f"taps-{when}.{ending}", TAPS, sent)
            self._files.json(f"taps-{when}-resent.{ending}", TAPS, resent)
            for operator, sold in trips.trips(plan, names, here, made, day, shard, trip_quotas).items():
                self._files.csv(f"trips-{operator}-{when}.csv", operator, sold.sent)
                self._files.csv(f"trips-{operator}-{when}-resent.csv", operator, sold.resent)

    def life(self, day: int) -> None:
        """All other acts of a day, in `acts-SCENARIO.csv`."""
        if self._plan.life_bps == 0:
            return
        for index, wanted in enumerate(life.scenarios(self._plan, day)):
            scenario = wanted.document.id
            for shard in self._shards(f"{scenario} {date_of(day)}"):
                here = people(self._plan, self._stations, shard)
                rows = life.acts(self._plan, self._names, here, wanted, index, day, shard)
                self._files.csv(f"acts-{scenario}.csv", LIFE, rows)

    def electricity(self, day: int) -> None:
        """Readings of a day, in `meters-electricity.csv` or in a file of its own."""
        when = date_of(day)
        name = f"meters-electricity-{when}.csv" if self._large else "meters-electricity.csv"
        quotas = electricity.quotas(self._plan)
        for shard in self._shards(f"electricity {when}"):
            homes = households(self._plan, shard)
            rows = electricity.readings(self._plan, self._names, homes, day, shard, quotas)
            self._files.csv(name, ELECTRICITY, rows)

    def bills(self, service: bills.Service) -> None:
        """Bills of a service, month after month."""
        for shard in self._shards(f"{service.source} bills"):
            homes = households(self._plan, shard)
            for index in range(BILL_MONTHS):
                rows = bills.bills(self._plan, self._names, service, homes, index, shard)
                self._files.csv(f"meters-{service.source}.csv", service.source, rows)

    def green_button(self) -> None:
        """`greenbutton.xml`."""
        text, rows = green_button(self._plan, self._names)
        self._files.append("greenbutton.xml", GREEN_BUTTON, text, rows)

    def _shards(self, what: str) -> Iterator[int]:
        """Numbers of the shards, with progress."""
        for shard in range(self._plan.shards):
            self._tell(what, shard, self._plan.shards)
            yield shard
        self._tell(what, self._plan.shards, self._plan.shards)
