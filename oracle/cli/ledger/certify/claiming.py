"""`carbonbook certify open, add, report, submit, withdraw`: the operator's part."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger.certify.desk import ClaimArgument, Desk, MyClaimOption, NodesOption, OperatorOption, app
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.store.citizens import without_consent
from oracle.ledger.certify import claims
from oracle.ledger.certify.folder import keep_report
from oracle.ledger.certify.frame import recompute
from oracle.ledger.certify.report import DECLARATIONS, Report
from oracle.ledger.certify.shares import claim_folder
from oracle.ledger.certify.signing import sign_here
from oracle.ledger.certify.standing import claim_in
from oracle.ledger.certify.submission import Submission
from oracle.model.canonical import hexed
from oracle.model.days import between
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.machine import blamed
from oracle.model.strict_json import strict
from oracle.model.units import day_of, tonnes

DeclarationsOption = Annotated[
    Path | None,
    typer.Option("--declarations", help="JSON object with the operator's own.", show_default="the usual ones"),
]


@app.command("open")
def open_(
    methodology: Annotated[str, typer.Option(help="A rule, such as CI-01.CN-4403.")],
    vintage: Annotated[int, typer.Option(help="Year of the acts.", min=1970, max=9999)],
    key: OperatorOption,
    version: Annotated[int, typer.Option(help="Version of the methodology.", min=1)] = 1,
    sequence: Annotated[int, typer.Option(help="1 for the year's first claim, 2 for a late one.", min=1)] = 1,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Open a claim; one that is open already is shown. Says which batches of the year cannot enter, and why.

    Push what is not credited before: a batch enters when it is closed.

        carbonbook certify open --methodology CI-01.CN-4403 --vintage 2023 --key transit
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    operator = desk.address(key)
    call = claims.open_claim(desk.chain, operator, methodology, version, vintage, sequence)
    done = desk.send(key, [call])
    number = ReductionCertifier(desk.chain).claim_by_key(operator, methodology, vintage, sequence)
    if not number:
        desk.tell_only({**done, "state": "none", "next": None, "blocked_by": []})
        return
    year = between(day_of(date(vintage, 1, 1)), day_of(date(vintage, 12, 31)))
    desk.tell(number, {**done, **_offer(claims.offered(desk.chain, number, year.first, year.last))})


@app.command()
def add(
    claim: ClaimArgument,
    key: MyClaimOption = None,
    since: Annotated[str | None, typer.Option("--from", help="First act day.", show_default="1 January")] = None,
    through: Annotated[str | None, typer.Option(help="Last act day.", show_default="31 December")] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Add the closed batches of some days to a draft. Those that cannot enter are named, and left out.

    carbonbook certify add 1 --from 2023-01-01 --through 2023-12-31
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        year = claim_in(desk.chain, claim, "draft").vintage
        days = between(_day(since or f"{year}-01-01"), _day(through or f"{year}-12-31"))
        found = claims.offered(desk.chain, claim, days.first, days.last)
        key = key or desk.operator_key(claim)
        done = desk.send(key, claims.add_batches(desk.chain, desk.address(key), claim, found.free))
    stored = claim_in(desk.chain, claim)
    bound = tonnes(stored.bound_mg)
    desk.tell(
        claim, {**done, "added": len(found.free), **_offer(found), "batches": stored.batch_count, "bound_t": bound}
    )


@app.command()
def report(
    claim: ClaimArgument,
    declarations: DeclarationsOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the monitoring report of a draft, its frame and its shares into the claim's folder. Nothing is signed or sent.

    carbonbook certify report 1
    """
    desk = Desk(home, json=json)
    with desk.telling(claim):
        claim_in(desk.chain, claim, "draft")
        found = _report(desk, claim, declarations)
    keep_report(desk.home, found, desk.named(found.claimed.claim.operator)["name"])
    desk.tell(claim, _described(desk, found))


@app.command()
def submit(
    claim: ClaimArgument,
    nodes: NodesOption = None,
    declarations: DeclarationsOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Have the committee recompute and sign a draft's frame, and submit it. A frame never changes afterwards.

    Who withdrew consent until now is left out. Exit code 7, and nothing is sent, if fewer members sign than the quorum; a node that finds
    something else says where.

        carbonbook certify submit 1
        carbonbook certify submit 1 --nodes http://10.0.0.4:8701,http://10.0.0.5:8701
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    if claim_in(desk.chain, claim).state == "draft" and not dry_run:
        desk.here.outbox()  # one that is on its way may arrive with another consent
    with desk.telling(claim):
        if claim_in(desk.chain, claim).state != "draft":
            claim_in(desk.chain, claim, "submitted", "drawn", "verified", "notice", "issued")
            desk.tell(claim, {"transactions": [], "folder": str(claim_folder(desk.home, claim))})
            return
        found = _report(desk, claim, declarations)
        signatures, refused = _signatures(desk, found, nodes)
        facts = {**_described(desk, found), "signatures": len(signatures), "refused": refused}
        try:
            call = claims.submit(desk.chain, found.frame, signatures)
        except VerificationFailed:
            desk.tell(claim, {"transactions": [], **facts})
            raise
        keep_report(desk.home, found, desk.named(found.claimed.claim.operator)["name"])
        done = desk.send(None, [call])
    desk.tell(claim, {**done, **facts})


@app.command()
def withdraw(
    claim: ClaimArgument,
    key: MyClaimOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Give a claim up; its batches are free again. Possible until a verifier is appointed.

    carbonbook certify withdraw 1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        key = key or desk.operator_key(claim)
        done = desk.send(key, [claims.withdraw(desk.chain, desk.address(key), claim)])
    desk.tell(claim, done)


def _report(desk: Desk, claim: int, declarations: Path | None) -> Report:
    with desk.here.book.database.reading() as connection:
        withdrawn = without_consent(connection)
    claimed = recompute(desk.chain, claim, desk.here.book.bundle_folder, withdrawn)
    return Report(claimed, DECLARATIONS if declarations is None else _declared(declarations))


def _signatures(desk: Desk, found: Report, nodes: str | None) -> tuple[dict[str, bytes], dict[str, str]]:
    """Signatures by member, and why nodes refused."""
    if nodes is None:
        return sign_here(desk.chain, found.frame, desk.here.members()), {}
    from oracle.serve.node.client import NodeClient
    from oracle.serve.node.gathering import collect

    account = desk.here.keys.account(desk.here.settings.relayer)
    clients = [NodeClient(url, account) for url in nodes.split(",")]
    document = Submission.of(found).document()
    collected = collect(desk.chain, clients, found.frame, lambda node: node.frame(found.frame.claim, document))
    return collected.signatures, collected.refused


def _described(desk: Desk, found: Report) -> dict[str, object]:
    frame, claimed = found.frame, found.claimed
    return {
        "folder": str(claim_folder(desk.home, frame.claim)),
        "batches": frame.batch_count,
        "accounts": frame.account_count,
        "records": frame.record_count,
        "claimed_t": tonnes(frame.reduction_mg),
        "withdrawn_accounts": len(claimed.withdrawn),
        "withdrawn_t": tonnes(claimed.left_out_mg),
        "report_hash": hexed(frame.report_hash),
    }


def _offer(found: claims.Offered) -> dict[str, object]:
    rows = [{"batch": batch, "reason": reason} for batch, reason in found.left_out.items()]
    return {"can_enter": len(found.free), "left_out": rows}


def _day(text: str) -> int:
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        raise InputError(f"'{text}' is not a date like 2023-01-31") from error


def _declared(path: Path) -> dict[str, Any]:
    try:
        found = strict(path.read_bytes())
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    except ValueError as error:
        raise InputError(str(error), file=str(path)) from error
    if not isinstance(found, dict) or not found:
        raise InputError("the declarations are no JSON object", file=str(path))
    return found
