"""A home folder without a chain, and a day of trips for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from oracle.config import Source
from oracle.edge.keys.keyring import Keyring
from oracle.edge.store.book import Book
from oracle.edge.store.citizens import Enrolment
from oracle.sandbox import seed

OPERATOR = "0x5B38Da6a701c568545dCfcB03FcB875f56beddC4"
SOURCE = Source(operator="transit")
FIRST_SECOND = 1_672_848_000  # 2023-01-05 00:00 in Shanghai
TRIPS_A_DAY = 3


def new_book(home: Path) -> Book:
    """A book with keys of its own."""
    keys = Keyring(home / "keys")
    seed.create_keys(keys)
    return Book(home, keys)


def enrol(book: Book, people: int) -> None:
    """Enrols riders r0000000 and so on; two of three consented."""
    with book.database.begin() as connection:
        book.register.enrol(connection, [Enrolment(None, "bus-app", f"r{n:07}", n % 3 > 0) for n in range(people)])


def write_trips(path: Path, acts: int, a_day: int = TRIPS_A_DAY) -> None:
    """A day of bus and metro trips, three for each rider unless told, twelve at most, and none at the same time; sound all of them."""
    number = np.arange(acts)
    rider, turn = number // a_day, number % a_day
    start = FIRST_SECOND + 6 * 3_600 + turn * (12 // a_day) * 3_600 + rider * 7_919 % 9_000
    seconds = 1_200 + number * 104_729 % 900
    metres = 6_500 + number * 15_485_863 % 5_000
    pl.DataFrame(
        {
            "trip_id": pl.Series(number).cast(pl.String).str.zfill(9),
            "rider": "r" + pl.Series(rider).cast(pl.String).str.zfill(7),
            "mode": pl.Series(np.where(number % 2 == 0, "bus", "metro")),
            "start_time": start * 1000,
            "end_time": (start + seconds) * 1000,
            "distance": metres,
        }
    ).write_csv(path)
