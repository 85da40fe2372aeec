"""A report in a dozen lines."""

from __future__ import annotations

from decimal import Decimal

from oracle.measure.quantify.library import Library
from oracle.model.units import kg, points, tonnes
from oracle.report.checks.rows import outcomes
from oracle.report.read.ledger import utc
from oracle.report.report import Report

LABELS = {
    "period": ("Period", "期间"),
    "block": ("Block", "区块"),
    "files": ("Files read", "读取文件"),
    "rows": ("Rows in these files", "文件中的数据行"),
    "rows_quarantined": ("Rows with a finding", "有问题的行"),
    "rows_excluded": ("Rows excluded at close", "关账时排除的行"),
    "rows_waiting": ("Rows pending close", "待关账的行"),
    "acts": ("Acts attested", "已核证行为"),
    "batches": ("Batches", "批次"),
    "batches_waiting": ("Batches pending signatures", "待签名批次"),
    "citizens": ("Citizens credited", "获得积分或减排量的公众"),
    "reduction": ("Reduction", "减排量"),
    "points_credited": ("Points credited", "发放积分"),
    "points_spent": ("Points spent, net of refunds", "消费积分（扣除退款）"),
    "merchants_paid": ("Merchants paid", "已结算商户"),
    "paid": ("Paid to merchants", "已付商户"),
    "credits": ("Credits certified", "核证减排量"),
    "credits_sold": ("Credits sold by operators", "运营方已售减排量"),
    "shares_paid": ("Paid to citizens for credits", "公众已得收益"),
    "differences": ("Differences between book and chain", "账本与链上差异"),
}


def summary(report: Report) -> dict[str, int | str]:
    """What the report says, by the keys of `LABELS`. Files and rows are of the whole book; the rest is of the period."""
    issued, orders, paid = (report.table(name) for name in ("issuance", "redemptions", "settlement"))
    entries = report.table("statements")
    credited = entries[entries["kind"] == "credit"]
    spent = int(orders["points_milli"].sum()) - int(orders["refunded_milli"].sum())
    symbol, decimals = report.state.token
    became = outcomes(report.holdings)
    return {
        "period": f"{report.period.first} to {report.period.last}",
        "block": f"{report.ledger.block.number}, {utc(report.ledger.block.time)}",
        "files": len(report.holdings.files),
        "rows": sum(file.rows for file in report.holdings.files),
        "rows_quarantined": sum(file.quarantined for file in report.holdings.files),
        "rows_excluded": became["excluded"],
        "rows_waiting": became["waiting"],
        "acts": int(issued["records"].sum()),
        "batches": len(issued),
        "batches_waiting": sum(batch.batch not in report.state.headers for batch in report.holdings.batches),
        "citizens": int(credited["account"].nunique()),
        "reduction": f"{kg(int(issued['reduction_mg'].sum()))} kg CO2e",
        "points_credited": points(int(issued["points_milli"].sum())),
        "points_spent": points(spent),
        "merchants_paid": int(paid["merchant"].nunique()),
        "paid": f"{Decimal(int(paid['amount_units'].sum())).scaleb(-decimals):f} {symbol}",
        **_credits(report),
        "differences": report.differences,
    }


def _credits(report: Report) -> dict[str, int | str]:
    """The line that closes, for all series together at the block; nothing where there is none."""
    series, proceeds = report.table("series"), report.table("proceeds")
    if series.empty:
        return {}
    symbol, decimals = report.state.token
    parts = ("stock", "buffer", "held", "retired", "cancelled")
    sums = " + ".join(f"{tonnes(sum(series[f'{part}_mg']))} {part}" for part in parts)
    paid = sum(proceeds["shares_paid_units"])
    return {
        "credits": f"{tonnes(sum(series['issued_mg']))} t = {sums}",
        "credits_sold": f"{Decimal(sum(proceeds['gross_units'])).scaleb(-decimals):f} {symbol}",
        "shares_paid": f"{Decimal(paid).scaleb(-decimals):f} {symbol}",
    }


def scenarios(report: Report) -> list[dict[str, int | str]]:
    """A row per scenario that brought something in the period: its acts, kilograms and points."""
    issued = report.table("issuance")
    documents = Library.load().documents
    rows: list[dict[str, int | str]] = []
    for scenario, batches in issued.groupby(issued["methodology"].str.split(".").str[0], sort=True):
        name = documents[str(scenario)].name if str(scenario) in documents else None
        rows.append(
            {
                "scenario": str(scenario),
                "name": f"{name.en} {name.zh}" if name else "",
                "acts": int(batches["records"].sum()),
                "kg": kg(int(batches["reduction_mg"].sum())),
                "points": points(int(batches["points_milli"].sum())),
            }
        )
    return rows


def summary_text(facts: dict[str, int | str], rows: list[dict[str, int | str]]) -> str:
    """The summary as lines, in both languages, and a line for each scenario."""
    lines = [f"{LABELS[key][0]} {LABELS[key][1]}: {value}" for key, value in facts.items()]
    lines += ["", "Scenarios 场景: acts 行为, kg CO2e, points 积分"]
    lines += [f"{row['scenario']} {row['name']}: {row['acts']}, {row['kg']}, {row['points']}" for row in rows]
    return "\n".join(lines) + "\n"
