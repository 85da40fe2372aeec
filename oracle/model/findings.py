"""Findings: what is wrong with a row, with the values that show it.

A finding is one line of a table: code, file, row (1-based data row; null if it is about the whole file) and `values`, a JSON object of
the numbers and words that reproduce the decision. `values` never holds who the act belongs to. The sentence belongs to the code, once,
here, in English and Chinese.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import polars as pl

FINDING_SCHEMA: dict[str, pl.DataType] = {
    "code": pl.String(),
    "file": pl.String(),
    "row": pl.Int64(),
    "values": pl.String(),
}

# Findings about an act before it is known which rows of which file it was made of.
ACT_FINDING_SCHEMA: dict[str, pl.DataType] = {"code": pl.String(), "act": pl.Int64(), "values": pl.String()}


class Kind(StrEnum):
    """What happens to the row."""

    QUARANTINED = "quarantined"  # kept aside: a person may correct, release or reject it
    EXCLUDED = "excluded"  # sound data, but a rule gives it no reduction


@dataclass(frozen=True)
class Code:
    """A kind of finding."""

    kind: Kind
    en: str
    zh: str


_Q, _X = Kind.QUARANTINED, Kind.EXCLUDED

CODES: dict[str, Code] = {
    # the row itself
    "malformed_row": Code(_Q, "The row cannot be read.", "该行无法解析。"),
    "missing_field": Code(_Q, "A required field is empty.", "缺少必填字段。"),
    "bad_number": Code(_Q, "A field is not a number.", "字段不是数字。"),
    "bad_time": Code(_Q, "A time is invalid.", "时间格式无效。"),
    "unknown_field": Code(_Q, "The methodology has no such field.", "方法学中没有该字段。"),
    "unknown_choice": Code(_Q, "The word is none of the methodology's.", "该词不在方法学的选项中。"),
    "not_whole": Code(_Q, "What is counted must be a whole number.", "计数必须为整数。"),
    "rounded_number": Code(
        _Q, "The spreadsheet has rounded a long number: make the column text.", "长数字已被表格舍入：请将该列设为文本。"
    ),
    "wrong_period": Code(_Q, "The given length is not the time from start to end.", "所填时长与起止时间不符。"),
    "unknown_kind": Code(_Q, "The kind of act is unknown.", "行为类型未知。"),
    # one act
    "end_before_start": Code(_Q, "The act ends before it begins.", "结束时间早于开始时间。"),
    "in_the_future": Code(_Q, "The act is in the future.", "行为时间晚于当前时间。"),
    "out_of_range": Code(_Q, "A value is outside the range of the methodology.", "数值超出方法学允许的范围。"),
    "negative": Code(_Q, "A meter reading or quantity is negative.", "读数或数量为负。"),
    "implausible_speed": Code(_Q, "The speed is not plausible for this mode of travel.", "速度与出行方式不符。"),
    # GPS tracks
    "track_gap": Code(
        _Q, "The track has too few sound positions, or too long a time without one.", "轨迹定位点过少或中断过久。"
    ),
    "teleport": Code(_Q, "The track goes on somewhere else: nobody moves so fast.", "轨迹位置突变，不可能如此移动。"),
    "mock_location": Code(
        _Q, "The positions are not those of a receiver: a program made them up.", "定位点并非来自接收机，系软件模拟。"
    ),
    # metro taps
    "exit_without_entry": Code(_Q, "An exit tap has no entry tap before it.", "出站记录没有对应的进站记录。"),
    "entry_without_exit": Code(_Q, "An entry tap has no exit tap after it.", "进站记录没有对应的出站记录。"),
    "same_station": Code(_X, "Entry and exit are at the same station.", "进站与出站为同一车站。"),
    "unknown_station": Code(_Q, "The station is not in the network.", "车站不在线网内。"),
    # meters
    "incomplete_day": Code(_Q, "Readings are missing for this day.", "当日读数不完整。"),
    "estimated_reading": Code(_Q, "The reading is an estimate.", "读数为估算值。"),
    "unknown_quality": Code(
        _Q, "It is not known whether a value of this quality was measured.", "无法判断该数据质量标识是否表示实测值。"
    ),
    "register_reading": Code(
        _Q,
        "The values only rise, as a meter's register does: they are no consumption.",
        "数值持续上升，应为表底示数而非用量。",
    ),
    "after_gap": Code(
        _Q, "The reading follows a gap and may hold what was used in it.", "该读数前有缺口，可能包含缺口期间的用量。"
    ),
    "incomplete_month": Code(
        _X,
        "Short readings are compared by whole months, and this month is not whole.",
        "不足一个账期的读数按整月比较，该月尚不完整。",
    ),
    "part_of_month": Code(_X, "The record of the whole month holds this reading.", "该读数已计入当月整月记录。"),
    "fed_in": Code(_X, "Energy fed into the grid is no consumption.", "上网电量不是用电量。"),
    "part_of_total": Code(_X, "The meter's total holds this register already.", "总示数已包含该分时示数。"),
    "meter_reset": Code(_Q, "The meter ran backwards or was reset.", "电表读数回退或被重置。"),
    "outlier": Code(
        _Q, "The value differs too much from the household's other values.", "数值与该户历史数据相差过大。"
    ),
    # several acts
    "duplicate": Code(_X, "The same record is in this file or an earlier one.", "该记录在本文件或先前文件中已出现。"),
    "conflict": Code(
        _Q,
        "Two values stand for one time: neither counts until a person or a later delivery decides.",
        "同一时间有两个不同数值，须由人工或后续数据裁定，此前均不计入。",
    ),
    "corrected": Code(_X, "A later delivery gave another value, which counts.", "后续数据已更正该数值，以后者为准。"),
    "credited_before": Code(
        _Q,
        "A later delivery gives another value than the one that was credited.",
        "后续数据与已入账的数值不一致。",
    ),
    "overlap": Code(_Q, "Another act of the same person overlaps in time.", "同一人的两次行为时间重叠。"),
    "claimed_elsewhere": Code(
        _X, "Another record already claims the same act or reduction.", "同一行为或减排量已由其他记录申报。"
    ),
    # a buyer's tables
    "unknown_value": Code(_Q, "A field is not one of the values it can have.", "字段不在允许取值之内。"),
    "emissions_differ": Code(
        _Q, "The emissions are not the quantity times the factor, rounded up.", "排放量不等于数量乘以因子（向上取整）。"
    ),
    "certificate_twice": Code(_Q, "A certificate number stands in another row, too.", "同一绿证编号在其他行中出现。"),
    "above_certificates": Code(_Q, "There are fewer certificates than megawatt-hours.", "绿证张数少于兆瓦时数。"),
    # who and under which rule
    "unknown_subject": Code(_Q, "The person or meter is not enrolled.", "用户或表计未登记。"),
    "no_methodology": Code(
        _X, "No methodology is active for this kind of act, place and day.", "该地区当日没有适用于此行为的有效方法学。"
    ),
    "no_baseline": Code(_X, "There is not enough earlier data for a baseline.", "历史数据不足，无法计算基准线。"),
    "no_reduction": Code(_X, "The act brings no reduction against its baseline.", "与基准线相比没有减排量。"),
    "above_day_cap": Code(_X, "The daily cap of the methodology is reached.", "已达到该方法学的每日上限。"),
}


def findings(code: str, file: str, rows: Iterable[tuple[int | None, Mapping[str, object]]]) -> pl.DataFrame:
    """A table of findings of one code, from pairs of row and values."""
    if code not in CODES:
        raise KeyError(code)
    listed = [(code, file, row, values_json(values)) for row, values in rows]
    return pl.DataFrame(listed, schema=FINDING_SCHEMA, orient="row")


def about_acts(code: str, acts: pl.DataFrame, values: list[str]) -> pl.DataFrame:
    """Findings of one code about numbered acts (`act`); `values` are the columns that show what was wrong."""
    if code not in CODES:
        raise KeyError(code)
    shown = pl.struct(sorted(values)).struct.json_encode() if values else pl.lit("{}")
    return acts.select(pl.lit(code).alias("code"), pl.col("act").cast(pl.Int64), shown.alias("values"))


def about_rows(found: pl.DataFrame, acts: pl.DataFrame) -> pl.DataFrame:
    """Findings about acts as findings about rows.

    Args:
        found: `ACT_FINDING_SCHEMA`.
        acts: act, file, rows, and any other columns, which are kept.

    Returns:
        `FINDING_SCHEMA` and the other columns of `acts`, one line per finding and row.
    """
    return found.join(acts, on="act").explode("rows").rename({"rows": "row"}).drop("act")


def values_json(values: Mapping[str, object]) -> str:
    """Canonical JSON of a finding's values: sorted keys, no spaces, integers and strings only."""
    return json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def empty_findings() -> pl.DataFrame:
    """A table without findings."""
    return pl.DataFrame(schema=FINDING_SCHEMA)


def counts(table: pl.DataFrame) -> dict[str, int]:
    """Findings per code, most first."""
    counted = table.group_by("code").len().sort(["len", "code"], descending=[True, False])
    return dict(counted.iter_rows())
