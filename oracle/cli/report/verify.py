"""`carbonbook verify`: prove one record against the chain, step by step."""

from __future__ import annotations

import json as jsonlib
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.chain.contracts.evidence_ledger import EvidenceLedger
from oracle.edge.store.batches import all_batches
from oracle.edge.store.citizens import salt_of
from oracle.edge.store.outputs import write_file
from oracle.installation import Installation
from oracle.measure.evidence.proof import check_proof
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.header import Header
from oracle.model.machine import blamed
from oracle.report.index.proofs import ProofIndex


@app.command()
def verify(
    record: Annotated[str, typer.Argument(help="Record id (0x and 64 hex digits), or a proof file written by --save.")],
    opened: Annotated[
        bool, typer.Option("--open", help="Also open the record's commitment with the citizen's salt.")
    ] = False,
    save: Annotated[Path | None, typer.Option(help="File to write the proof to, for others to check.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Prove that a record is in an attested batch, and print every step of the proof.

    The steps are recomputed with a hash function only. The resulting root is compared with the root on chain.

        carbonbook verify 0x5b0e...
        carbonbook verify proof.json
    """
    here = Installation.at(home)
    document = saved_proof(Path(record)) if is_file(record) else _proof(here, record_id_of(record), opened)
    if save:
        write_file(save, (jsonlib.dumps(document, indent=2) + "\n").encode())
    checks = [
        {"check": check.what, "said": check.said, "found": check.found, "holds": check.holds}
        for check in check_proof(document)
    ]
    ledger, said = EvidenceLedger(here.chain), Header.from_json(document["header"])
    checks.append(_on_chain(said, ledger.header_of(said.batch)))
    holds = all(check["holds"] for check in checks)
    phase = ledger.phase_of(said.batch).name
    show({"batch": said.batch, "phase": phase, "holds": holds, "steps": checks}, json)
    if not holds:
        raise VerificationFailed("The proof is invalid; see the steps above.")


def _on_chain(header: Header, stored: Header | None) -> dict[str, object]:
    """The last step: the whole header, with the root that the others ended in, is the one the chain has."""
    said, found = header.to_json(), stored.to_json() if stored else {}
    differing = [name for name in said if said[name] != found.get(name)]
    shown = differing or ["recordsRoot"]
    return {
        "check": "header on chain",
        "said": ", ".join(f"{name} {said[name]}" for name in shown),
        "found": ", ".join(f"{name} {found.get(name, 'none')}" for name in shown),
        "holds": not differing,
    }


def _proof(here: Installation, record_id: bytes, opened: bool) -> dict[str, Any]:
    with here.book.database.reading() as connection:
        folders = {batch.batch: here.book.bundle_folder(batch.batch) for batch in all_batches(connection)}
        proofs = ProofIndex(here.book.home)
        found = proofs.find(folders, record_id)
        if found:
            batch, account = found
            salt = salt_of(connection, account) if opened else None
            return proofs.proof(batch, folders[batch], record_id, salt)
    raise InputError(f"no bundle in this installation contains the record 0x{record_id.hex()}")


def is_file(text: str) -> bool:
    """Whether a word of a command names a file; one that is too long for a name names none."""
    try:
        return Path(text).is_file()
    except OSError:
        return False


def saved_proof(path: Path) -> dict[str, Any]:
    """A proof document from a file.

    Raises:
        InputError: It cannot be read, or is not JSON.
    """
    try:
        document: dict[str, Any] = jsonlib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    except (ValueError, RecursionError) as error:
        raise InputError("not JSON", file=str(path)) from error
    return document


def record_id_of(text: str) -> bytes:
    """A record id as somebody typed it.

    Raises:
        InputError: It is none.
    """
    try:
        record_id = bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise InputError(f"'{text[:80]}' is neither a record id nor a file") from error
    if len(record_id) != 32:
        raise InputError(f"a record id has 64 hex digits; this one has {2 * len(record_id)}")
    return record_id
