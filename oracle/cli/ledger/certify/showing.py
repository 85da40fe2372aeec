"""`carbonbook certify show, list`: where claims stand."""

from __future__ import annotations

from oracle.cli.console import HomeOption, JsonOption
from oracle.cli.ledger.certify.desk import ClaimArgument, Desk, app
from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.ledger.certify.standing import in_the_way, standing
from oracle.model.ids import methodology_text
from oracle.model.units import tonnes


@app.command("show")
def show_(claim: ClaimArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show a claim, what comes next, and what is in the way.

    carbonbook certify show 1
    """
    desk = Desk(home, json=json)
    found = standing(desk.chain, claim)
    facts = desk.described(found)
    if found.claim.state == "issued":
        facts = {**_series(desk, claim), **facts}
    elif found.claim.state in ("draft", "submitted", "drawn", "verified", "notice"):
        facts["blocked_by"] = [*found.blocked_by, *in_the_way(desk.chain, claim)]
    desk.tell_only(facts)


@app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """Show every claim there is.

    carbonbook certify list
    """
    desk = Desk(home, json=json)
    found = [standing(desk.chain, number) for number in range(1, ReductionCertifier(desk.chain).claim_count() + 1)]
    rows = [
        {
            "claim": each.number,
            "operator": desk.named(each.claim.operator)["name"],
            "methodology": f"{methodology_text(each.claim.methodology)} v{each.claim.version}",
            "vintage": f"{each.claim.vintage}-{each.claim.sequence}",
            "state": each.state,
            "claimed_t": tonnes(each.claim.reduction_mg),
            "certified_t": tonnes(each.claim.certified_mg),
            "next": f"carbonbook {each.next}" if each.next else None,
        }
        for each in found
    ]
    desk.tell_only({"claims": rows, "state": f"{len(rows)} claims", "next": None, "blocked_by": []})


def _series(desk: Desk, series: int) -> dict[str, object]:
    token, stock = CarbonCredit(desk.chain, series), CreditMarket(desk.chain).stock_of(series)
    held = token.total_supply() - stock.available_mg - stock.buffer_mg
    return {
        "stock_t": tonnes(stock.available_mg),
        "buffer_t": tonnes(stock.buffer_mg),
        "held_t": tonnes(held),
        "retired_t": tonnes(token.retired_mg()),
        "cancelled_t": tonnes(token.cancelled_mg()),
        "owed_t": tonnes(ReversalDesk(desk.chain).shortfall_of(series).mg),
    }
