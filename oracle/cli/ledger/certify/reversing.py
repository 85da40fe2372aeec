"""`carbonbook certify revoked, hold, freeze, unfreeze, reverse, restore`: when a batch turns out forged."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger.certify.desk import (
    AnyoneOption,
    AuthorityOption,
    BatchOption,
    ClaimArgument,
    Desk,
    GuardianOption,
    NodesOption,
    app,
    batch_of,
)
from oracle.edge.chain.contracts.reversal_desk import ReversalDesk
from oracle.ledger.certify import reversals
from oracle.ledger.certify.frame import recompute
from oracle.ledger.certify.reversing import reversal_of
from oracle.ledger.certify.signing import sign_here
from oracle.ledger.certify.standing import claim_in, when
from oracle.ledger.certify.submission import Submission
from oracle.model.claim_frame import Reversal
from oracle.model.ids import BatchId
from oracle.model.units import tonnes


@app.command()
def revoked(
    claim: ClaimArgument,
    batch: BatchOption,
    key: AnyoneOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Report that a batch is revoked: a claim that is not issued is void, a series is frozen at once. Anyone may.

    carbonbook certify revoked 1 --batch 0x5b0e...
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [reversals.report_revoked(desk.chain, claim, batch_of(batch))])
    desk.tell(claim, done)


@app.command()
def hold(
    claim: ClaimArgument,
    batch: BatchOption,
    key: AnyoneOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Hold a claim whose batch is frozen, or end the hold of one that is closed again. Anyone may.

    carbonbook certify hold 1 --batch 0x5b0e...
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [reversals.report_held(desk.chain, claim, batch_of(batch))])
    desk.tell(claim, {**done, "holds": claim_in(desk.chain, claim).holds})


@app.command()
def freeze(
    claim: ClaimArgument,
    reason: Annotated[str, typer.Option(help="Why, for everybody to read.")],
    key: GuardianOption = "guardian",
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Freeze a series at once: nothing of it is bought, passed on, listed or retired.

    carbonbook certify freeze 1 --reason "the meters of district 4 are being examined"
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [reversals.freeze(desk.chain, claim, reason)])
    desk.tell(claim, done)


@app.command()
def unfreeze(
    claim: ClaimArgument,
    key: AuthorityOption = "authority-1",
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Set a series free, when every reported batch is reversed.

    carbonbook certify unfreeze 1 --key authority-1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [reversals.unfreeze(desk.chain, claim)])
    desk.tell(claim, done)


@app.command()
def reverse(
    claim: ClaimArgument,
    batch: BatchOption,
    key: AuthorityOption = "authority-1",
    nodes: NodesOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Take back what rested on a revoked batch: announced first, made by the same command two days later.

    The committee signs the figure. It comes off the stock, then the series' buffer, then the operator's other buffers; the rest is owed.
    No holder's balance is touched.

        carbonbook certify reverse 1 --batch 0x5b0e... --key authority-1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        claim_in(desk.chain, claim, "issued")
        submission = Submission.load(desk.home, claim)
        claimed = recompute(desk.chain, claim, desk.here.book.bundle_folder, submission.left_out)
        reversal = reversal_of(claimed, batch_of(batch))
        facts: dict[str, object] = {"rests_on_batch_t": tonnes(reversal.mg)}
        if reversals.is_reversed(desk.chain, reversal):
            desk.tell(claim, {"transactions": [], **facts, **_waterfall(desk, claim, reversal.batch)})
            return
        signatures, refused = _signatures(desk, submission, reversal, nodes)
        facts |= {"signatures": len(signatures), "refused": refused}
        call = reversals.cancellation(desk.chain, desk.home, reversal, signatures)
        done = desk.send(key, [reversals.due(desk.chain, desk.address(key), call)])
    moment = reversals.announced(desk.chain, desk.address(key), call)
    facts |= {"can_be_made_from": when(moment)} if moment else _waterfall(desk, claim, reversal.batch)
    desk.tell(claim, {**done, **facts})


@app.command()
def restore(
    claim: ClaimArgument,
    key: AnyoneOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Make good what a series is owed with the operator's other buffers. Anyone may.

    carbonbook certify restore 1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [reversals.restore(desk.chain, claim)])
    desk.tell(claim, {**done, "owed_t": tonnes(ReversalDesk(desk.chain).shortfall_of(claim).mg)})


def _signatures(
    desk: Desk, submission: Submission, reversal: Reversal, nodes: str | None
) -> tuple[dict[str, bytes], dict[str, str]]:
    """Signatures by member, and why nodes refused."""
    if nodes is None:
        return sign_here(desk.chain, reversal, desk.here.members()), {}
    from oracle.serve.node.client import NodeClient
    from oracle.serve.node.gathering import collect

    account = desk.here.keys.account(desk.here.settings.relayer)
    clients, document = [NodeClient(url, account) for url in nodes.split(",")], submission.document()
    found = collect(
        desk.chain, clients, reversal, lambda node: node.reversal(reversal.series, reversal.batch, document)
    )
    return found.signatures, found.refused


def _waterfall(desk: Desk, claim: int, batch: BatchId) -> dict[str, object]:
    """Where a batch's reversals came from."""
    made = ReversalDesk(desk.chain).events("Reversed", where={"series": claim, "batch": bytes.fromhex(batch[2:])})
    parts = {"stock_t": "fromStock", "buffer_t": "fromBuffer", "others_t": "fromOthers", "owed_t": "shortfallMg"}
    rows = [{name: tonnes(event.values[field]) for name, field in parts.items()} for event in made]
    return {"taken_back": rows}
