"""A statement as a page that prints, in Chinese and English, and reads on a phone: one file, no script, nothing fetched.

Names come from people: whatever stands in them is text on the page, never markup.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from oracle.model.units import points
from oracle.report.tables.clearing import Account

KINDS = {
    "taken": ("Orders", "订单"),
    "refunded": ("Refunds", "退款"),
    "disputed": ("Disputed", "争议中"),
    "kept": ("Disputes decided for the merchant", "争议裁决归商户"),
    "given_back": ("Disputes decided for the citizen", "争议裁决退还公众"),
    "paid": ("Paid out", "已付款"),
    "deposited": ("Deposited", "缴存"),
    "withdrawn": ("Withdrawn", "提取"),
    "locked": ("Locked for issued points", "为已发积分锁定"),
    "unlocked": ("Unlocked when batches closed", "批次关闭后解锁"),
    "released": ("Released from expired points", "过期积分释放"),
}
BALANCES = {
    "due": ("Due to the merchant", "应付商户"),
    "disputed": ("In dispute", "争议金额"),
    "free": ("Free reserve", "可用备付金"),
}
_STYLE = """
body{font:16px/1.5 system-ui,"PingFang SC","Noto Sans CJK SC","Microsoft YaHei",sans-serif;margin:0 auto;max-width:60rem;padding:1rem}
h1{font-size:1.3rem;margin:.2rem 0}h2{font-size:1.05rem;margin:1.2rem 0 .3rem}p{margin:.2rem 0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}th,td{padding:.3rem .4rem;border-bottom:1px solid #ccc;text-align:left;vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tr.sum td{font-weight:600;border-bottom:2px solid #000}
.scroll{overflow-x:auto}.small{font-size:.8rem;color:#444}
@media print{body{max-width:none;padding:0;font-size:11px}.scroll{overflow:visible}thead{display:table-header-group}tr{break-inside:avoid}}
"""


@dataclass(frozen=True)
class Sheet:
    """What a page says.

    Attributes:
        title: Who the statement is of: a name, or an account.
        party: The account.
        period: First and last day, ISO.
        block: Number and hash of the block it was read at.
        token: Symbol and decimals of the settlement token.
        balances: By account: opening, sums by kind, closing, each as (points in thousandths or None, money in base units).
        entries: time, kind, points, money, balance of money, transaction.
    """

    title: str
    party: str
    period: tuple[str, str]
    block: tuple[int, str]
    token: tuple[str, int]
    balances: Sequence[tuple[Account, Sequence[tuple[str, int | None, int]]]]
    entries: Sequence[tuple[str, str, int, int, int, str]]


def page(sheet: Sheet) -> str:
    """The page."""
    first, last = sheet.period
    number, block_hash = sheet.block
    return "\n".join(
        [
            '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width,initial-scale=1">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(sheet.title)} {first} {last}</title><style>{_STYLE}</style></head><body>",
            f"<h1>对账单 Statement: {escape(sheet.title)}</h1>",
            f"<p>{escape(sheet.party)}</p><p>{first} – {last} (UTC)</p>",
            *(_balance(account, lines, sheet.token) for account, lines in sheet.balances),
            _entries(sheet),
            f'<p class="small">区块 Block {number}, {escape(block_hash)}</p></body></html>\n',
        ]
    )


def money(units: int, token: tuple[str, int]) -> str:
    """Exact money, for people."""
    symbol, decimals = token
    whole, rest = divmod(abs(units), 10**decimals)
    sign, fraction = "-" if units < 0 else "", f".{rest:0{decimals}}" if decimals else ""
    return f"{sign}{whole:,}{fraction} {symbol}"


def _balance(account: Account, lines: Sequence[tuple[str, int | None, int]], token: tuple[str, int]) -> str:
    english, chinese = BALANCES[account.name]
    rows = [_line(account, *line, token) for line in lines]
    head = '<tr><th></th><th class="n">积分 Points</th><th class="n">金额 Money</th></tr>'
    return f'<h2>{chinese} {english}</h2><div class="scroll"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'


def _line(account: Account, name: str, milli: int | None, units: int, token: tuple[str, int]) -> str:
    ends = {"opening": ("Opening", "期初"), "closing": ("Closing", "期末")}
    english, chinese = ends.get(name) or KINDS[name]
    sign = {1: "+ ", -1: "− "}.get(account.signs.get(name, 0), "")
    css = ' class="sum"' if name in ends else ""
    shown = "" if milli is None else escape(points(milli))
    amount = escape(money(units, token))
    return f'<tr{css}><td>{sign}{chinese} {english}</td><td class="n">{shown}</td><td class="n">{amount}</td></tr>'


def _entries(sheet: Sheet) -> str:
    head = (
        '<tr><th>时间 Time</th><th>事项 Entry</th><th class="n">积分 Points</th><th class="n">金额 Money</th>'
        '<th class="n">余额 Balance</th><th>交易 Transaction</th></tr>'
    )
    rows = [
        f'<tr><td>{escape(time)}</td><td>{KINDS[kind][1]} {KINDS[kind][0]}</td><td class="n">{escape(points(milli))}</td>'
        f'<td class="n">{escape(money(units, sheet.token))}</td><td class="n">{escape(money(balance, sheet.token))}</td>'
        f'<td class="small">{escape(transaction[:10])}…</td></tr>'
        for time, kind, milli, units, balance, transaction in sheet.entries
    ]
    return f'<h2>明细 Entries</h2><div class="scroll"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'
