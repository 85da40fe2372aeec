"""`carbonbook settle`: pay merchants for final orders."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from oracle.chain.client import Chain
from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, Installation, JsonOption, show
from oracle.errors import InputError
from oracle.settle.pay import due, last_final_day, merchants_of, pay
from oracle.units import date_of, day_of, day_of_time


@app.command()
def settle(
    through: Annotated[str | None, typer.Option(help="Last day to pay for.", show_default="the last final day")] = None,
    since: Annotated[str | None, typer.Option("--from", help="First day.", show_default="the first of all")] = None,
    merchant: Annotated[list[str] | None, typer.Option(help="Only this merchant's account; can be repeated.")] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Pay merchants what is final and not yet paid, from the operators' reserve.

    An order is final when its refund window of seven days is over. Running it again pays nothing twice.

        carbonbook settle --from 2023-01-01 --through 2023-01-31
    """
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox()
    chain = here.chain
    last = last_final_day(chain)
    first_day = _day(since, _first_day(chain))
    through_day = _day(through, last)
    if through_day > last:
        raise InputError(f"orders are final through {date_of(last)} only", field="--through")
    owed = due(chain, merchant or merchants_of(chain), first_day, through_day)
    merchants = [item.merchant for item in owed]
    payments = [] if outbox is None else list(pay(outbox, merchants, first_day, through_day))
    show(
        {
            "from": date_of(first_day).isoformat(),
            "through": date_of(through_day).isoformat(),
            "due": [vars(item) for item in owed],
            "payments": [vars(payment) for payment in payments],
            "paid_points_milli": sum(payment.points_milli for payment in payments),
            "paid_amount": sum(payment.amount for payment in payments),
            "failed": sum(bool(payment.problem) for payment in payments),
        },
        json,
    )


def _first_day(chain: Chain) -> int:
    return day_of_time(chain.now(chain.manifest.first_block), "UTC")


def _day(text: str | None, default: int) -> int:
    if text is None:
        return default
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        raise InputError(f"'{text}' is not a date like 2023-01-31") from error
