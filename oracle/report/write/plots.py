"""Two pictures: reductions by act day and methodology, and where the points are over time. The same data gives the same bytes."""

from __future__ import annotations

from io import BytesIO

import pandas as pd
from matplotlib import style
from matplotlib.figure import Figure
from matplotlib.font_manager import fontManager

from oracle.model.units import MG_PER_KG, MILLI
from oracle.report.read.ledger import Ledger
from oracle.report.read.transfers import transfers
from oracle.report.report import Report

# Fonts with Chinese characters, as distributions and systems call them.
_CJK = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Arial Unicode MS",
)
_MOST_LABELS = 12

# What each kind of event adds to where the points are.
_CHANGES = {
    "citizens_milli": {"credit": 1, "spend": -1, "refund": 1, "settle": 0, "move": 0, "expire": -1},
    "merchants_milli": {"credit": 0, "spend": 1, "refund": -1, "settle": -1, "move": 0, "expire": 0},
    "settled_milli": {"credit": 0, "spend": 0, "refund": 0, "settle": 1, "move": 0, "expire": 0},
}


def plots(report: Report) -> dict[str, bytes]:
    """PNG by file name."""
    chinese = next((name for name in _CJK if name in {font.name for font in fontManager.ttflist}), None)
    fonts = [*([chinese] if chinese else []), "DejaVu Sans"]
    by_day = report.table("issuance_by_day")
    flows = report.period.of(points_over_time(report.ledger), "date")
    # "default" first: a matplotlibrc of the user must not change the bytes.
    with style.context(["default", "tableau-colorblind10", {"font.family": fonts}]):
        return {
            "reductions.png": _png(_reductions(by_day, chinese is not None)),
            "points.png": _png(_points(flows, chinese is not None)),
        }


def points_over_time(ledger: Ledger) -> pd.DataFrame:
    """Points after each day with a change (UTC), in thousandths: date; with citizens, with merchants, settled so far."""
    moved = transfers(ledger)
    expired = ledger.table("YearExpired").rename(columns={"pointsMilli": "value"}).assign(kind="expire")
    every = pd.concat([moved, expired], ignore_index=True)
    for column, signs in _CHANGES.items():
        every[column] = every["value"] * every["kind"].map(signs)
    daily = every.groupby(every["time_utc"].str[:10].rename("date"))[list(_CHANGES)].sum()
    return daily.cumsum().reset_index()


def _reductions(by_day: pd.DataFrame, chinese: bool) -> Figure:
    known = by_day["methodology_name"].radd(" ").fillna("")
    names = by_day["methodology"] + " v" + by_day["version"].astype("str") + known
    table = by_day.assign(name=names).pivot_table(
        index="act_date", columns="name", values="reduction_mg", aggfunc="sum", fill_value=0
    )
    heights = {str(name): [mg / MG_PER_KG for mg in table[name].tolist()] for name in table.columns}
    title, unit = ("Reductions by act day", "每日减排量"), ("kg CO2e", "千克二氧化碳当量")
    return _stacked(heights, table.index.tolist(), _both(*title, chinese), _both(*unit, chinese))


def _points(flows: pd.DataFrame, chinese: bool) -> Figure:
    kinds = {
        "citizens_milli": ("with citizens", "公众持有"),
        "merchants_milli": ("with merchants", "商户待结算"),
        "settled_milli": ("settled", "已结算"),
    }
    heights = {
        _both(*names, chinese): [milli / MILLI for milli in flows[column].tolist()] for column, names in kinds.items()
    }
    title, unit = ("Points after each day", "每日积分余额"), ("points", "积分")
    return _stacked(heights, flows["date"].tolist(), _both(*title, chinese), _both(*unit, chinese))


def _stacked(heights: dict[str, list[float]], days: list[str], title: str, unit: str) -> Figure:
    """Stacked bars, one for each day that has something. Heights are floats: they are drawn and nothing else."""
    figure = Figure(figsize=(10, 5), dpi=120, layout="constrained")
    axes = figure.add_subplot()
    below = [0.0] * len(days)
    for label, values in heights.items():
        axes.bar(range(len(days)), values, bottom=below, label=label)
        below = [low + height for low, height in zip(below, values, strict=True)]
    step = -(-len(days) // _MOST_LABELS) or 1
    axes.set_xticks(range(0, len(days), step), days[::step], rotation=30, ha="right")
    axes.set_title(title)
    axes.set_ylabel(unit)
    if heights and days:
        axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure


def _both(english: str, chinese: str, has_chinese: bool) -> str:
    return f"{english} {chinese}" if has_chinese else english


def _png(figure: Figure) -> bytes:
    buffer = BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()
