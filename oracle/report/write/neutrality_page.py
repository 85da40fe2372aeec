"""The statement of a buyer's year as a page, in Chinese and English: HTML in one file without a script, or PDF; the same words in both."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from oracle.ledger.buyer.rules import percent, tonnes
from oracle.ledger.retire.page import Paper
from oracle.report.neutrality import STANDARD, Statement, power_text
from oracle.report.read.ledger import utc

Rows = list[tuple[str, str]]

_HEADING_ROOM = 20  # millimetres: a heading stands on the page of its first row
_STYLE = """
body{font:16px/1.5 system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
h1{font-size:1.3rem}h2{font-size:1.05rem;margin:1.2rem 0 .3rem}table{border-collapse:collapse;width:100%}
th,td{padding:.3rem .4rem;border-bottom:1px solid #ccc;text-align:left;vertical-align:top;overflow-wrap:anywhere}
th{width:34%;font-weight:400;color:#444}
@media print{body{max-width:none;padding:0;font-size:11px}tr{break-inside:avoid}}
"""


def title_of(statement: Statement) -> str:
    """The title."""
    return f"碳排放与抵消声明 Statement on emissions and offsets, {statement.figures.year}"


def sections(statement: Statement) -> Iterator[tuple[str, Rows]]:
    """Headings, each with labels and what they say."""
    of, figures = statement.standing, statement.figures
    plan = "未附 none attached" if statement.plan is None else f"{statement.plan[0]}, SHA-256 {statement.plan[1]}"
    attested = (
        f"第 {statement.attested} 版 version {statement.attested}" if statement.attested else "未上链 not on chain"
    )
    yield (
        "主体 Subject",
        [
            ("名称 Name", statement.subject),
            ("账户 Account", statement.account),
            ("边界 Boundary", statement.boundary),
            ("期间 Period", f"{figures.year}-01-01 – {figures.year}-12-31"),
            ("标准 Standard", STANDARD),
            ("链上清单 Inventory on chain", attested),
            ("减排计划 Plan of reductions", plan),
        ],
    )
    yield (
        "排放 Emissions",
        [
            ("范围一 Scope 1", _t(figures.scope1_mg)),
            ("范围二（基于位置）Scope 2, location-based", _t(figures.scope2_location_mg)),
            ("范围二（基于市场）Scope 2, market-based", _t(figures.scope2_market_mg)),
            ("范围三 Scope 3", _t(figures.scope3_mg)),
            ("合计（基于位置）Total, location-based", _t(figures.total_location_mg)),
            ("合计（基于市场）Total, market-based", _t(figures.total_market_mg)),
        ],
    )
    yield (
        "自身减排 Own reductions",
        [(row.project, _saving(row.basis, row.year, row.saved_mg)) for row in figures.savings],
    )
    yield "绿电 Green power", [_power(statement, at) for at in range(len(figures.power))]
    yield (
        "注销 Retired for the year",
        [(each.serial, _retired(each.mg, each.counted_mg, each.period, each.why_not)) for each in statement.retired],
    )
    yield (
        "结果 Result",
        [
            ("计入注销量 Retired, counted", _t(statement.counted_mg)),
            ("剩余排放 Remains", _t(of.remains_mg)),
            ("占比 Covered", f"{percent(of.covered_hundredths)} %"),
        ],
    )
    yield "可以声明 May be said", [("", sentence) for sentence in statement.may_be_said()]
    yield "不得声明 May not be said", [("", sentence) for sentence in statement.may_not_be_said()]


def page(statement: Statement) -> str:
    """The statement as HTML."""
    title, block = escape(title_of(statement)), statement.block
    return "\n".join(
        [
            '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{title}</title><style>{_STYLE}</style></head><body><h1>{title}</h1>",
            *(_section(heading, rows) for heading, rows in sections(statement)),
            f"<p>区块 Block {block.number}, {escape(block.hash)}, {utc(block.time)}</p></body></html>\n",
        ]
    )


def pdf(statement: Statement) -> bytes:
    """The statement to print: the same bytes whenever it is made of the same facts."""
    block = statement.block
    paper = Paper(title_of(statement), block.time)
    paper.write_line(title_of(statement), 15)
    for heading, rows in sections(statement):
        paper.pdf.ln(3)
        if paper.pdf.will_page_break(_HEADING_ROOM):
            paper.pdf.add_page()
        paper.write_line(heading, 12)
        for label, text in rows or [("", "无 none")]:
            if label:
                paper.write_line(label, 8)
            paper.write_line(text, 9.5)
    paper.pdf.ln(4)
    paper.write_line(f"区块 Block {block.number}, {block.hash}, {utc(block.time)}", 8)
    return bytes(paper.pdf.output())


def _section(heading: str, rows: Rows) -> str:
    cells = "".join(
        f"<tr><th>{escape(label)}</th><td>{escape(text)}</td></tr>"
        if label
        else f'<tr><td colspan="2">{escape(text)}</td></tr>'
        for label, text in rows or [("", "无 none")]
    )
    return f"<h2>{escape(heading)}</h2><table><tbody>{cells}</tbody></table>"


def _t(mg: int) -> str:
    return f"{tonnes(mg)} t CO2e"


def _saving(basis: str, year: int, mg: int) -> str:
    told = "已计入清单 in the inventory already" if basis == "in_inventory" else "预测，未计 forecast, not counted"
    return f"{year}: {_t(mg)}, {told}"


def _power(statement: Statement, at: int) -> tuple[str, str]:
    item = statement.figures.power[at]
    why = f"; {item.why_not}" if item.why_not else ""
    return power_text(item.row), f"{item.row.wh:,} Wh, 计入 counted {item.counted_wh:,} Wh{why}"


def _retired(mg: int, counted_mg: int, period: str, why_not: str) -> str:
    return f"{_t(mg)}, {period}, 计入 counted {_t(counted_mg)}{f'; {why_not}' if why_not else ''}"
