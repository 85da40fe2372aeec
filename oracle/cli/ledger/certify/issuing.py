"""`carbonbook certify notice, object, issue`: the public's and the authority's part."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger.certify.desk import (
    AnyoneOption,
    AuthorityOption,
    ClaimArgument,
    Desk,
    SecondOption,
    app,
    hash_of,
)
from oracle.edge.chain.contracts.credit_market import CreditMarket
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.ledger.certify import offices
from oracle.ledger.certify.standing import claim_in, when
from oracle.model.canonical import hexed
from oracle.model.units import tonnes


@app.command()
def notice(
    claim: ClaimArgument,
    key: AuthorityOption = "authority-1",
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Put a verified claim on public notice, for eleven days.

    carbonbook certify notice 1 --key authority-1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [offices.start_notice(desk.chain, desk.address(key), claim)])
    ends = claim_in(desk.chain, claim).notice_ends
    desk.tell(claim, {**done, "notice_ends": when(ends) if ends else None})


@app.command("object")
def object_(
    claim: ClaimArgument,
    text: Annotated[Path, typer.Option(help="File with the objection; its hash goes on chain.")],
    key: AnyoneOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Object to a claim while its notice runs. Anyone may; it is not issued before the objection is answered.

    carbonbook certify object 1 --text objection.txt --key buyer-1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    digest = hash_of(text)
    with desk.telling(claim):
        done = desk.send(key, [offices.object_to(desk.chain, desk.address(key), claim, digest)])
    desk.tell(claim, {**done, "objections": claim_in(desk.chain, claim).objections, "text_hash": hexed(digest)})


@app.command()
def issue(
    claim: ClaimArgument,
    key: SecondOption = "authority-2",
    answers: Annotated[
        Path | None, typer.Option(help="File with the answers to objections; its hash goes on chain.")
    ] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Issue the series into the market, after its notice. Cannot be undone.

    Another person than who started the notice does it. The ledger is asked first: nothing is issued while a batch is revoked or frozen.

        carbonbook certify issue 1 --key authority-2
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    digest = None if answers is None else hash_of(answers)
    with desk.telling(claim):
        done = desk.send(key, [offices.issue(desk.chain, desk.address(key), claim, digest)])
    stored, stock = claim_in(desk.chain, claim), CreditMarket(desk.chain).stock_of(claim)
    issued = {
        "issued_t": tonnes(stored.certified_mg),
        "stock_t": tonnes(stock.available_mg),
        "buffer_t": tonnes(stock.buffer_mg),
        "token": ReductionCertifier(desk.chain).token_of(claim),
    }
    desk.tell(claim, {**done, **(issued if stored.state == "issued" else {})})
