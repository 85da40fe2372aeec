"""Regions: `CN` plus GB/T 2260 digits, so that a prefix is the parent, and the names that people use for them.

Regional grids, which are no administrative divisions, have letters: CN-SG is the southern grid. GZ is Guangzhou; Guizhou has no short
alias, because its own, GZ too, would be taken for the city.
"""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path

from oracle.model.errors import InputError

NATION = "CN"

_TABLE = Path(__file__).parent / "library" / "regions.csv"


@dataclass(frozen=True)
class Region:
    """A region that has a name here."""

    code: str
    zh: str
    en: str


@cache
def regions() -> dict[str, Region]:
    """Named regions by code."""
    return {row["code"]: Region(row["code"], row["zh"], row["en"]) for row in _rows()}


@cache
def _codes() -> dict[str, str]:
    """Codes by every name that people use, in lower case."""
    names: dict[str, str] = {}
    for row in _rows():
        for name in (row["code"], row["zh"], row["en"], *row["aliases"].split("|")):
            names[name.casefold()] = row["code"]
    return names


def _rows() -> list[dict[str, str]]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def resolve(text: str) -> str:
    """The code of a region that a person names: SZ, 深圳, Shenzhen, CN-4403 and 4403 are one.

    Raises:
        InputError: no region is called that; the nearest names are given.
    """
    name = text.strip().casefold()
    if name in _codes():
        return _codes()[name]
    found = re.fullmatch(r"(?:cn-)?(\d{2}(?:\d{2}){0,2})", name)
    if found and f"{NATION}-{found[1][:2]}" in regions():
        return f"{NATION}-{found[1]}"
    near = dict.fromkeys(_codes()[match] for match in get_close_matches(name, _codes(), n=3))
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise InputError(
        f"'{text}' is not a region{hint} (a code such as CN-4403, or a name such as SZ, 深圳 or GD)", field="region"
    )


def lineage(code: str) -> list[str]:
    """The region and its parents, nearest first: CN-4403, CN-44, CN."""
    digits = code.removeprefix(f"{NATION}-")
    if not digits.isdigit():
        return [code, NATION] if code != NATION else [NATION]
    return [f"{NATION}-{digits[:length]}" for length in range(len(digits), 0, -2)] + [NATION]


def label(code: str) -> str:
    """Code and names, for people."""
    region = regions().get(code)
    return f"{code} {region.zh} {region.en}" if region else code
