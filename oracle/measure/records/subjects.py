"""Whose the rows of a file are, as the source names them: sound rows and others, so that a person's rows can be found to be forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO, cast

import polars as pl

from oracle.measure.records.content import MAX_BYTES, Limited, is_json, open_file, text_blocks
from oracle.measure.records.espi import read_feed
from oracle.measure.records.greenbutton import meter_of
from oracle.measure.records.json_rows import json_rows
from oracle.measure.records.layouts import MDS, layout_of
from oracle.measure.records.mds import is_mds, mds_trips
from oracle.measure.records.meters import Household
from oracle.measure.records.reader import kind_of
from oracle.measure.records.sheets import sheets
from oracle.measure.records.shipped import meter_tables
from oracle.measure.records.table import Table, header_of, parse
from oracle.measure.tracks.files import tracks
from oracle.model.units import DEFAULT_ZONE

SCHEMA = {"row": pl.Int64(), "subject": pl.String()}

_CARD = "card_no"
_SUBJECT = "subject"


def subjects(path: Path, kind: str | None, household: Household, most: int = MAX_BYTES) -> pl.DataFrame:
    """Row and subject of every row of a file that names one, whatever else is wrong with the row.

    Args:
        kind: One of `reader.KINDS` or a methodology; None to tell by the content.
        household: For meter readings, what the file does not say.
        most: Bytes of it, unpacked, that are read.

    Raises:
        InputError: the file cannot be read as a whole.
    """
    name = kind_of(path, kind)
    match name:
        case "greenbutton":
            found = [_of_feed(path, household, most)]
        case "szt":
            text = text_blocks(path, most=most)
            found = list(
                _of_taps(text, path.name) if is_json(path) else _of_tables(parse(text, path.name), _CARD, None)
            )
        case "acts":
            found = list(_of_tables(sheets(path, most), _SUBJECT, None))
        case "tracks":
            found = [_of_tracks(path, household, most)]
        case "trips":
            found = list(_of_trips(path, household, most))
        case _:
            found = list(_of_tables(meter_tables(path, household.mapping, most), "meter", household.meter))
    return pl.concat([pl.DataFrame(schema=SCHEMA), *found]).drop_nulls()


def _of_taps(blocks: Iterable[bytes], file: str) -> Iterable[pl.DataFrame]:
    for part in json_rows(blocks, [_CARD], file):
        yield part.plain.select("row", pl.col(_CARD).str.strip_chars(" ").alias("subject"))
        named = [(row, record[_CARD]) for row, record in part.objects if isinstance(record, dict) and _CARD in record]
        texts = [(row, str(card).strip()) for row, card in named if isinstance(card, str | int)]
        yield pl.DataFrame(texts, schema=SCHEMA, orient="row")


def _of_tracks(path: Path, given: Household, most: int) -> pl.DataFrame:
    named = [(row, None if track is None else track.rider) for row, track in tracks(path, DEFAULT_ZONE, given, most)]
    return pl.DataFrame(named, schema=SCHEMA, orient="row")


def _of_trips(path: Path, given: Household, most: int) -> Iterable[pl.DataFrame]:
    text = text_blocks(path, most=most)
    if is_mds(path):
        tables, layout = iter([mds_trips(text, path.name)]), MDS
    else:
        names, blocks = header_of(text, path.name)
        tables, layout = parse(blocks, path.name), (layout_of(names) or MDS).in_file(names)
    for table in tables:
        yield table.frame.select("row", layout.subject(given.meter).alias("subject"))


def _of_tables(tables: Iterable[Table], name: str, given: str | None) -> Iterable[pl.DataFrame]:
    for table in tables:
        named = pl.col(name) if name in table.frame.columns else pl.lit(given, pl.String)
        yield table.frame.select("row", named.alias("subject"))


def _of_feed(path: Path, household: Household, most: int) -> pl.DataFrame:
    with open_file(path) as stream:
        feed = read_feed(cast(BinaryIO, Limited(stream, path.name, most)), path.name)
    meters = [household.meter or meter_of(feed, address) for address in feed.blocks]
    sound = pl.DataFrame({"row": pl.Series(feed.row, dtype=pl.Int64), "block": pl.Series(feed.block, dtype=pl.Int64)})
    known = sound.select("row", subject=pl.Series(meters, dtype=pl.String)[sound["block"]])
    # A reading that cannot be read is in no block any more: in a feed of one meter it is still that meter's.
    named = {name for name in meters if name}
    only = named.pop() if len(named) == 1 else None
    return pl.concat([known, pl.DataFrame([(row, only) for row, *_ in feed.bad], schema=SCHEMA, orient="row")])
