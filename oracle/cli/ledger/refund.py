"""`carbonbook refund`: a merchant gives points of an order back."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.installation import Installation
from oracle.ledger.redeem.after import TakenOrder, day_to_net, order_at, taken_order
from oracle.ledger.redeem.after import refund as give_back
from oracle.ledger.redeem.order import number_bytes
from oracle.model.units import date_of, milli_points, points

NumberArgument = Annotated[str, typer.Argument(help="The merchant's order number.")]
CitizenOption = Annotated[
    str | None, typer.Option(help="The order's citizen. Needed if several citizens have this order number.")
]


@app.command()
def refund(
    number: NumberArgument,
    key: Annotated[str, typer.Option(help="Name of the merchant's key.")],
    amount: Annotated[
        str | None, typer.Option("--points", help="Points to refund.", show_default="all that is left")
    ] = None,
    citizen: CitizenOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Refund all or part of an order. The points return to the years from which they were spent.

    Before the order is final, the refund lowers the amount due for its day. After that, it is deducted from the
    merchant's earliest final, unpaid day that is large enough.

        carbonbook refund A-17 --key merchant-1
        carbonbook refund A-17 --key merchant-1 --points 2.5
    """
    here = Installation.at(home)
    merchant = here.keys.address(key)
    order = order_at(here.chain, merchant, number_bytes(number), here.account_of(citizen) if citizen else None)
    milli = order.left_milli if amount is None else milli_points(amount, field="--points")
    day = day_to_net(here.chain, merchant, milli) if order.phase == "final" else None
    sent = give_back(here.sender(key), order, milli, day)
    netted = date_of(day).isoformat() if day is not None else None
    show(
        {
            **described(taken_order(here.chain, order.key)),
            "given_back": points(milli),
            "netted_against": netted,
            "transaction": sent.hash,
        },
        json,
        names=here.names,
    )


def described(order: TakenOrder) -> dict[str, object]:
    """An order that was taken, for people and for JSON."""
    return {
        "order": order.key,
        "phase": order.phase,
        "citizen": order.proven.receipt.citizen,
        "merchant": order.proven.receipt.merchant,
        "points": points(order.points_milli),
        "refunded": points(order.refunded_milli),
    }
