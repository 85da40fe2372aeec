"""A mapping proposed for a file, by the words of its header and the look of its cells. A person says whether it is right."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from oracle.measure.records.content import is_feed
from oracle.measure.records.shipped import recognised, utf8_start
from oracle.measure.records.table import fields_of
from oracle.measure.records.words import ENERGY_OF_POWER, unit_of
from oracle.model.errors import InputError
from oracle.model.mapping import Columns, Mapping, Wide

_LINES = 60
_NUMBER = re.compile(r"[-+]?[\d.,' \u00a0\u202f]*\d")
_WORDS: dict[str, tuple[str, ...]] = {
    "end": ("end", "fin", "bis", "tot datum", "to", "until", "结束", "截止", "终止", "止"),
    "start": (
        "start",
        "begin",
        "début",
        "debut",
        "von",
        "from",
        "van datum",
        "开始",
        "起始",
        "date",
        "datum",
        "fecha",
        "day",
        "日期",
        "timestamp",
    ),
    "time": ("time", "hora", "uhrzeit", "heure", "tijdstip", "时间", "时刻", "stamp"),
    "value": (
        "value",
        "consumption",
        "usage",
        "valeur",
        "consumo",
        "verbrauch",
        "volume",
        "energy",
        "电量",
        "用量",
        "功率",
        "用气",
        "用水",
        "度",
        "kwh",
        "kw",
        "m3",
    ),
    "meter": ("meter", "表号", "户号", "表计", "电表", "cups", "ean", "serial", "mpan", "customer"),
    "register": ("register", "tariff", "费率", "时段", "tarif"),
    "unit": ("unit", "单位", "eenheid", "einheit", "unité"),
    "quality": ("quality", "status", "质量", "状态", "quelle", "metodo"),
}
_FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d", "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d"),
    *("%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日", "%Y%m%d %H:%M", "%Y%m%d%H%M", "%Y%m%d"),
    *("%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y"),
    *("%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y"),
    *("%m/%d/%Y %I:%M %p", "%d/%m/%Y %I:%M %p"),
)
_UNDERSTOOD = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
_WIDE_COUNTS = (24, 48, 96, 144, 288, 1440)


def propose(path: Path) -> Mapping:
    """A mapping that may explain a file; what it cannot see is left as it is in a plain one.

    Raises:
        InputError: it finds no column of times, or none of values; says what it saw.
    """
    if is_feed(path):
        raise InputError("the file is XML: an ESPI feed explains itself, and other XML no mapping does", file=path.name)
    start = utf8_start(path)
    known = recognised(start, path.name)
    if known is not None:
        return known
    if start[:1] in (b"{", b"["):
        return _of_json(start, path.name)
    lines = start.decode("utf-8", "replace").splitlines()[:_LINES]
    delimiter = max(",;\t|", key=lambda sign: _steadiness(lines, sign))
    rows = [[field.strip() for field in fields_of(line, delimiter) or []] for line in lines]
    at = _header_at(rows)
    names = rows[at] if at is not None else [str(number) for number in range(1, len(rows[0]) + 1)]
    cells = [row for row in rows[0 if at is None else at + 1 :] if len(row) == len(names)]
    return _of_table(names, cells, path.name, delimiter, header=at is not None)


def _steadiness(lines: list[str], sign: str) -> tuple[int, int]:
    """How many lines have the commonest number of fields, where there is more than one; and that number."""
    counted = Counter(len(fields_of(line, sign) or []) for line in lines if line.strip())
    width, many = max(counted.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
    return (many if width > 1 else 0, width)


def _header_at(rows: list[list[str]]) -> int | None:
    """The line that names the columns: the last without numbers before the lines with them; None if the first has some already."""
    width = Counter(len(row) for row in rows).most_common(1)[0][0]
    for number, row in enumerate(rows):
        if len(row) == width and any(_is_number(field) or _is_time(field) for field in row):
            return number - 1 if number else None
    return 0


def _of_table(names: list[str], cells: list[list[str]], file: str, delimiter: str, *, header: bool) -> Mapping:
    if not cells:
        raise InputError("there is no line below the header to look at", file=file)
    columns = list(zip(*cells, strict=True))
    times = [i for i, column in enumerate(columns) if _is_mostly(_is_time, column)]
    numbers = [i for i, column in enumerate(columns) if i not in times and _is_mostly(_is_number, column)]
    kinds = [_word(name) for name in names]
    wide = len(numbers) in _WIDE_COUNTS and numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    starts = [i for i in times if kinds[i] != "end"] or times
    values = [i for i in numbers if kinds[i] == "value"] or [
        i for i in numbers if kinds[i] not in ("meter", "register")
    ]
    if not starts or not (values or wide):
        seen = ", ".join(repr(name) for name in names[:12])
        raise InputError(
            f"no column of times, or none of values, is seen among {seen}; write the mapping by hand (docs/records.md)",
            file=file,
        )
    ends = [i for i in times if i not in starts]
    told = {kind: names[kinds.index(kind)] for kind in ("meter", "register", "unit", "quality") if kind in kinds}
    start, end = _joined(starts, columns), _joined(ends, columns)
    sample = [" ".join(row[i] for i in start) for row in cells]
    unit = next((found for found in map(_unit_in, [names[values[0]] if values else "", *names]) if found), None)
    decimal, thousands = _signs([row[i] for row in cells for i in (numbers if wide else values[:1])])
    only_stamp = not ends and kinds[start[0]] == "end"
    return Mapping(
        delimiter=delimiter,
        header=header,
        decimal=decimal,  # type: ignore[arg-type]  # pydantic reads it
        thousands=thousands,  # type: ignore[arg-type]
        columns=Columns(
            start=tuple(names[i] for i in start),
            end=tuple(names[i] for i in end),
            value=None if wide else names[values[0]],
            **told,
        ),
        wide=Wide(first=names[numbers[0]], count=len(numbers)) if wide else None,
        date=None if all(_UNDERSTOOD.fullmatch(text) for text in sample) else _format(sample),
        stamped="end" if only_stamp or (not ends and _ends_days(sample)) else "start",
        measure="mean power"
        if unit in ENERGY_OF_POWER
        else "register"
        if _only_rises(cells, values, decimal)
        else "energy",
        unit=None if "unit" in told else unit,
    )


def _of_json(start: bytes, file: str) -> Mapping:
    """By the first object that has a time and a number among its members."""
    members: list[tuple[str, str]] = []
    for match in re.finditer(rb"\{[^{}]*\}", start):
        try:
            found = json.loads(match.group(), parse_float=str, parse_int=str)
        except ValueError:
            continue
        members = [(name, str(value)) for name, value in found.items() if isinstance(value, str)]
        if any(_is_time(value) for _, value in members) and any(_is_number(value) for _, value in members):
            break
    above = re.findall(rb'"([^"]+)"\s*:\s*\[\s*\{', start)
    names, cells = [name for name, _ in members], [[value for _, value in members]]
    if not names:
        raise InputError("the JSON has no object with a time and a number", file=file)
    table = _of_table(names, cells, file, ",", header=True)
    return table.model_copy(update={"format": "json", "rows": above[0].decode() if above else ""})


def _joined(found: list[int], columns: list[tuple[str, ...]]) -> list[int]:
    """The column of whole stamps, or those of a date and a time of day beside it."""
    dates = [i for i in found if re.search(r"\d{4}|\d{8}|年", columns[i][0])]
    if not dates or ":" in columns[dates[0]][0]:
        return dates[:1]
    return [dates[0], *(i for i in found if i not in dates and ":" in columns[i][0])][:2]


def _word(name: str) -> str:
    lowered = name.lower()
    for kind in ("end", "unit", "quality", "register", "meter", "value", "start", "time"):
        for word in _WORDS[kind]:
            if (
                word in lowered
                if not word.isascii()
                else re.search(rb"(?<![a-z])%s" % re.escape(word).encode(), lowered.encode())
            ):
                return kind
    return ""


def _unit_in(name: str) -> str | None:
    """The unit that a header names, in brackets or as a word."""
    words = re.split(r"[\s()\[\]（）/_:：,]+", name)
    return next((unit for word in reversed(words) if word and (unit := unit_of(word))), None)


def _is_mostly(test: object, column: tuple[str, ...]) -> bool:
    filled = [cell for cell in column if cell and cell.lower() != "nan"]
    return bool(filled) and sum(map(test, filled)) * 10 >= len(filled) * 9  # type: ignore[call-overload]


def _is_number(text: str) -> bool:
    return bool(_NUMBER.fullmatch(text))


def _is_time(text: str) -> bool:
    return (
        bool(_UNDERSTOOD.fullmatch(text) or re.fullmatch(r"\d{1,2}:\d{2}(:\d{2})?( ?[AP]M)?", text, re.IGNORECASE))
        or _format([text]) is not None
    )


def _format(sample: list[str]) -> str | None:
    """The format of all of a sample; day first where day and month cannot be told apart."""
    dated = [re.sub(r"\b24:00", "00:00", text) for text in sample]
    return next((form for form in _FORMATS if all(_fits(text, form) for text in dated)), None)


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)  # noqa: DTZ007  # only whether it can be read
    except ValueError:
        return False
    return not (form in ("%Y%m%d", "%Y%m%d%H%M") and not re.fullmatch(r"(19|20)\d{6}(\d{4})?", text))


def _ends_days(sample: list[str]) -> bool:
    """Whether stamps are those of ends: hours run to 24:00, or the first is a step after midnight and one is midnight."""
    clocks = [match.group() for text in sample if (match := re.search(r"\d{1,2}:\d{2}", text))]
    if any(clock == "24:00" for clock in clocks):
        return True
    return len(clocks) > 1 and clocks[0] in ("00:15", "0:15", "00:30", "0:30", "01:00", "1:00") and "00:00" in clocks


def _signs(values: list[str]) -> tuple[str, str]:
    """Decimal sign, and sign between thousands."""
    commas, points = (sum(sign in value for value in values) for sign in ",.")
    if commas and points:
        return (",", ".") if any(value.rfind(",") > value.rfind(".") >= 0 for value in values) else (".", ",")
    return (",", "") if commas else (".", "")


def _only_rises(cells: list[list[str]], values: list[int], decimal: str) -> bool:
    if not values or len(cells) < 6:
        return False
    texts = [row[values[0]].replace("." if decimal == "," else ",", "").replace(",", ".") for row in cells]
    if not all(re.fullmatch(r"\d+(\.\d+)?", text) for text in texts):
        return False
    keys = [(len(text.partition(".")[0].lstrip("0")), text.lstrip("0")) for text in texts]
    return all(a < b for a, b in pairwise(keys))


def as_toml(mapping: Mapping) -> str:
    """A mapping as TOML, what differs from a plain file only."""
    data = mapping.model_dump(by_alias=True, exclude_defaults=True)
    columns, wide = data.pop("columns", {}), data.pop("wide", None)
    lines = ["[mapping]", *(f"{name} = {_toml(value)}" for name, value in data.items())]
    lines += [f"wide = {{ first = {_toml(wide['first'])}, count = {wide['count']} }}"] if wide else []
    named = [f"{name} = {_toml(value)}" for name, value in columns.items() if value is not None]
    lines += ["", "[mapping.columns]", *named] if named else []
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_toml, value))}]"
    return json.dumps(value, ensure_ascii=False)
