"""`carbonbook certify appoint, draw, check, extend, attest, reject`: from the appointed verifier to its statement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption, tracked
from oracle.cli.ledger.certify.desk import (
    AnyoneOption,
    AuthorityOption,
    ClaimArgument,
    Desk,
    VerifierOption,
    app,
    hash_of,
)
from oracle.cli.rows import Row, read_rows
from oracle.ledger.certify import offices
from oracle.ledger.certify.evidence import Evidence, evidence_of
from oracle.ledger.certify.folder import STATEMENT, hits_of, keep_sample, keep_statement, statement_of
from oracle.ledger.certify.sample import STEPS
from oracle.ledger.certify.sampled import SignedFrame
from oracle.ledger.certify.shares import claim_folder
from oracle.ledger.certify.standing import claim_in
from oracle.ledger.certify.submission import Submission
from oracle.ledger.certify.verification import FINDING_COLUMNS, Checked, checked
from oracle.model.canonical import hexed
from oracle.model.errors import InputError
from oracle.model.units import tonnes

FindingsOption = Annotated[
    Path | None,
    typer.Option(
        "--findings", help=f"CSV of what the verifier found: {', '.join(FINDING_COLUMNS)}.", show_default="none"
    ),
]


@app.command()
def appoint(
    claim: ClaimArgument,
    verifier: Annotated[str, typer.Option(help="A licensed verifier: an account or a key's name.")],
    key: AuthorityOption = "authority-1",
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Appoint the verifier of a submitted claim, for good. The hash of the tenth block from here makes the seed of the sample.

    carbonbook certify appoint 1 --verifier verifier-1 --key authority-1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [offices.appoint(desk.chain, desk.address(key), claim, desk.address(verifier))])
    stored = claim_in(desk.chain, claim)
    desk.tell(claim, {**done, "verifier": desk.named(stored.verifier), "seed_block": stored.seed_block})


@app.command()
def draw(
    claim: ClaimArgument,
    key: AnyoneOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Draw the seed, and the first hits from it. Anyone may; nobody can hold a seed back.

    256 blocks after the seed block its hash is gone: then a new seed block is named, and the draw is repeated.

        carbonbook certify draw 1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [offices.draw_seed(desk.chain, desk.address(key), claim)])
    state = claim_in(desk.chain, claim).state
    facts: dict[str, object] = {}
    if state == "drawn" and _is_submitted_here(desk, claim) and not hits_of(desk.home, claim):
        facts = _shown(desk, _looked_at(desk, claim, STEPS[0], None))
    desk.tell(claim, {**done, **facts})


@app.command()
def check(
    claim: ClaimArgument,
    findings: FindingsOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check the sample, evaluate it with what the verifier found, and write the statement.

    Of each sampled record the proof, the opened commitment, the source row and the formula are checked here, and its evidence is written
    for the verifier. A row of --findings stands above that. Nothing is sent.

        carbonbook certify check 1 --findings found.csv
    """
    desk = Desk(home, json=json)
    with desk.telling(claim):
        claim_in(desk.chain, claim, "drawn")
        found = _looked_at(desk, claim, max(STEPS[0], hits_of(desk.home, claim)), findings)
    statement = found.statement()
    file = keep_statement(desk.home, statement, desk.named(statement["verifier"])["name"])
    desk.tell(claim, {**_shown(desk, found), "statement": str(file)}, _following(claim, found))


@app.command()
def extend(
    claim: ClaimArgument,
    to: Annotated[int, typer.Option("--to", help=f"Hits in all: {STEPS[1]} or {STEPS[2]}.")],
    findings: FindingsOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Draw more hits from the same seed. The first ones stay: an extension never discards.

    carbonbook certify extend 1 --to 120
    """
    if to not in STEPS[1:]:
        raise InputError(f"{to} is neither {STEPS[1]} nor {STEPS[2]}", field="--to")
    desk = Desk(home, json=json)
    with desk.telling(claim):
        claim_in(desk.chain, claim, "drawn")
        found = _looked_at(desk, claim, max(to, hits_of(desk.home, claim)), findings)
    desk.tell(claim, _shown(desk, found))


@app.command()
def attest(
    claim: ClaimArgument,
    key: VerifierOption = "verifier-1",
    mg: Annotated[
        int | None, typer.Option(help="Milligrams to certify.", min=1, show_default="what the statement allows")
    ] = None,
    statement: Annotated[
        Path | None, typer.Option(help="The verifier's statement.", show_default="the one that check wrote")
    ] = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Certify all or part of a claim. Never more than the evaluated sample allows.

    carbonbook certify attest 1 --mg 446250000000 --statement s.pdf --key verifier-1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        claim_in(desk.chain, claim, "drawn", "verified", "notice", "issued")
        amount = _certified(desk, claim, mg)
        digest = hash_of(statement or claim_folder(desk.home, claim) / STATEMENT)
        done = desk.send(key, [offices.certify(desk.chain, desk.address(key), claim, amount, digest)])
    desk.tell(claim, {**done, "certified_t": tonnes(amount), "statement_hash": hexed(digest)})


@app.command()
def reject(
    claim: ClaimArgument,
    reason: Annotated[str, typer.Option(help="Why, for everybody to read.")],
    key: VerifierOption = "verifier-1",
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Reject a claim, for good; its batches are free again. The verifier may until it certified, the authority until issue.

    carbonbook certify reject 1 --reason "the meters of district 4 are not calibrated" --key verifier-1
    """
    desk = Desk(home, json=json, dry_run=dry_run)
    with desk.telling(claim):
        done = desk.send(key, [offices.reject(desk.chain, claim, reason)])
    desk.tell(claim, done)


def _is_submitted_here(desk: Desk, claim: int) -> bool:
    return (claim_folder(desk.home, claim) / "submission.json").exists()


def _looked_at(desk: Desk, claim: int, hits: int, findings: Path | None) -> Checked:
    """Draws the hits, checks their records, and writes sample and evidence."""
    found = [] if findings is None else _found(findings)
    book = desk.here.book
    frame = SignedFrame(desk.chain, claim, Submission.load(desk.home, claim), book.bundle_folder)
    sample = frame.sample(hits)
    with book.database.reading() as connection:
        evidence: list[Evidence] = [
            evidence_of(connection, book.acts, desk.here.library, each)
            for each in tracked(sample, "checking records", len(sample))
        ]
    looked = checked(frame, evidence, found, findings.name if findings else None)
    keep_sample(desk.home, looked, evidence)
    return looked


def _found(path: Path) -> list[Row]:
    """Rows of the verifier's findings: all of them or none, for one that is passed over would favour the claim.

    Raises:
        InputError: A row cannot be read; names each.
    """
    good, bad = read_rows(path, FINDING_COLUMNS, lambda _, row: row)
    if bad:
        raise InputError("; ".join(map(str, bad)))
    return good


def _shown(desk: Desk, found: Checked) -> dict[str, object]:
    result = found.evaluation
    return {
        "hits": result.hits,
        "records": len(found.sample),
        "errors": result.errors,
        "limit_ppm": result.limit_ppm,
        "tolerable": result.is_tolerable,
        "certifiable_mg": result.certifiable_mg,
        "certifiable_t": tonnes(result.certifiable_mg),
        "samples": str(claim_folder(desk.home, found.frame.number) / "samples.csv"),
    }


def _following(claim: int, found: Checked) -> str:
    """What an evaluation leads to."""
    result = found.evaluation
    certify = f"certify attest {claim} --mg {result.certifiable_mg}"
    if result.is_tolerable:
        return certify
    if result.extend_to:
        return f"certify extend {claim} --to {result.extend_to}"
    return f"{certify} (the lower bound), or certify reject {claim}"


def _certified(desk: Desk, claim: int, mg: int | None) -> int:
    """How much is certified.

    Raises:
        InputError: The sample was not evaluated here and no amount is named, or it allows less.
    """
    stored = statement_of(desk.home, claim)
    if stored is None:
        if mg is None:
            raise InputError(
                f"no sample was evaluated here: run `carbonbook certify check {claim}`, or name the amount",
                field="--mg",
            )
        return mg
    if int(stored["hits"]) != hits_of(desk.home, claim):
        raise InputError(
            f"the sample was extended since it was evaluated: run `carbonbook certify check {claim}` again"
        )
    most = int(stored["certifiableMg"])
    if mg is not None and mg > most:
        raise InputError(f"the evaluated sample allows {most} mg, not {mg}", field="--mg")
    return most if mg is None else mg
