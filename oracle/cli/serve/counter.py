"""`carbonbook counter`: the HTTP interface for merchants."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated

import typer
from eth_utils.address import is_address, to_checksum_address

from oracle.cli import app
from oracle.cli.console import HomeOption, say
from oracle.edge.chain.client import Chain
from oracle.installation import Installation
from oracle.ledger.redeem.desk import Outcome, SignedOrder, redeem
from oracle.model.days import period as days_of
from oracle.model.errors import InputError


@app.command()
def counter(
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any.")] = 8710,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    home: HomeOption = None,
) -> None:
    """Serve merchants over HTTP: POST /orders accepts a voucher, GET /merchants/ACCOUNT/statement returns a statement.

    Vouchers that arrive while a transaction is pending are sent together in the next one. Put a gateway that authenticates merchants in
    front of it before you open it to a network.

        carbonbook counter --port 8710
        curl -X POST localhost:8710/orders -H 'content-type: application/json' -d '{"voucher": "CB2:…"}'
    """
    from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
    from oracle.ledger.redeem.voucher import read_voucher
    from oracle.serve.http.server import run  # the web takes a second that other commands need not wait
    from oracle.serve.till.relay import Relay
    from oracle.serve.till.service import service

    here = Installation.at(home)
    chain, desk = here.chain, RedemptionDesk(here.chain).domain

    def send(orders: Sequence[SignedOrder]) -> Iterable[Outcome]:
        return redeem(here.outbox(), orders)

    relay = Relay(send)
    made = service(
        read=lambda text: read_voucher(text, desk, chain.now()),
        relay=relay,
        statement=lambda account, of: _statement(chain, account, of),
    )
    say(f"listening on {host}:{port}")
    try:
        run(made, host, port)
    finally:
        relay.close()


def _statement(chain: Chain, account: str, of: str) -> Mapping[str, object]:
    from oracle.report.read.ledger import read_ledger
    from oracle.report.tables.period import Period
    from oracle.report.write.statement_files import statements

    if not is_address(account):
        raise InputError(f"'{account}' is not an account: expected 0x and 40 hex digits")
    days = days_of(of)
    ledger = read_ledger(chain)
    merchant = to_checksum_address(account)
    for made in statements(chain, ledger, Period(days.first_date, days.last_date), {}, only=merchant):
        if made.role == "merchant":
            return {"merchant": merchant, "period": of, "block": ledger.block.number, **made.totals}
    raise InputError(f"{merchant} is not an admitted merchant")
