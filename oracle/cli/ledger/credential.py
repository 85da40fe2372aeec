"""The signed half of `carbonbook certificate`: credentials, the key they are signed with, and checking them."""

from __future__ import annotations

import json as jsonlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger.trade import end, moment
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.edge.store.disk import disk
from oracle.installation import Installation
from oracle.ledger.retire.authority import key_step
from oracle.ledger.retire.certificate import Certificate, certificate_of, number_of
from oracle.ledger.retire.code import is_code
from oracle.ledger.retire.credential import KEY, did_key, public_key, signed
from oracle.ledger.retire.verify import Step, check_code, check_credential, facts_on_chain
from oracle.model.errors import ConfigError, InputError, VerificationFailed
from oracle.model.machine import blamed
from oracle.model.units import tonnes

NumberArgument = Annotated[str, typer.Argument(help="Certificate, like 1-1000000001.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write it here.", show_default="a file of its name here")]


def credential_(
    number: NumberArgument,
    out: OutOption = None,
    key: Annotated[str, typer.Option("--key", help="Name of the authority's key for credentials.")] = KEY,
    issuer: Annotated[
        str | None, typer.Option(help="did:web of the authority.", show_default="the key's did:key")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign a certificate as a W3C verifiable credential. Only the authority, whose key stands on chain, can.

    carbonbook certificate credential 1-1 --out credential.json
    """
    here = Installation.at(home)
    certificate = certificate_of(here.chain, number_of(number))
    secret = here.keys.secret(key)
    if RetirementRegistry(here.chain).credential_key() != public_key(secret):
        raise ConfigError(
            f"The key '{key}' is not the one that signs credentials on this chain (`RetirementRegistry`)."
        )
    created = datetime.fromtimestamp(here.chain.now(), tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    document = signed(facts_on_chain(here.chain, certificate), secret, created, issuer)
    text = jsonlib.dumps(document, ensure_ascii=False, indent=2) + "\n"
    path = written(out or Path(f"{certificate.name}.json"), text.encode())
    then = f"carbonbook certificate verify {path}"
    end(json, f"credential of {certificate.name} in {path}", then, short(certificate), file=str(path))


def key_(
    by: Annotated[str, typer.Option("--by", help="Key of the authority's delayed role.")],
    key: Annotated[str, typer.Option("--key", help="Name of the key for credentials; made if it is not there.")] = KEY,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Put the authority's key for credentials on chain: announced first, and set by the same command when the delay is over.

    carbonbook certificate key --by authority-1
    """
    here = Installation.at(home)
    if not dry_run:
        here.keys.store(key, random_passphrase=here.keys.has_random_passphrase)
    outbox, public = here.outbox(by), public_key(here.keys.secret(key))
    call, _ = key_step(here.chain, outbox.account.address, public)
    sent = None if call is None or dry_run else outbox.send(call)
    left, since = key_step(here.chain, outbox.account.address, public)
    done = left is None and not since
    state = (
        "the key is set" if done else f"the key is announced for {moment(since)}" if since else "it is not announced"
    )
    then = "carbonbook certificate credential …" if done else f"carbonbook certificate key --by {by}"
    blocked = [f"its delay ends {moment(since)}"] if since and left is None else []
    end(json, state, then, blocked, did=did_key(public), transaction=sent.hash if sent else None)


def verify_(
    what: Annotated[str, typer.Argument(help="A credential's file, or the code of a page: CBR1:…")],
    rpc: Annotated[str | None, typer.Option(help="Any node of the chain.", show_default="that of the settings")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Check a credential or a page against any node of the chain. Exit code 7 if it does not hold, or is not whole.

    carbonbook certificate verify credential.json
    carbonbook certificate verify CBR1:…
    """
    here = Installation.at(home)
    chain = here.chain if rpc is None else Chain(rpc, here.manifest)
    certificate, steps = check_code(chain, what) if is_code(what) else check_credential(chain, _document(Path(what)))
    failed = [step for step in steps if not step.holds]
    state = f"{certificate.state}, {certificate.backing}"
    end(
        json,
        state if not failed else f"does not hold: {', '.join(step.check for step in failed)}",
        None,
        [f"{step.check}: said {step.said}, found {step.found}" for step in failed],
        certificate=certificate.name,
        tonnes=tonnes(certificate.mg),
        beneficiary=certificate.beneficiary,
        steps=[_step(step) for step in steps],
    )
    if failed:
        raise VerificationFailed(f"Certificate {certificate.name} does not hold as it is said to: see the steps above.")


def short(certificate: Certificate) -> list[str]:
    """What a certificate lacks."""
    missing = certificate.mg - certificate.backed_mg
    return [f"nothing stands behind {tonnes(missing)} t until they are restored"] if missing else []


def written(path: Path, content: bytes) -> Path:
    """Writes a file and gives its path."""
    with disk(path):
        path.write_bytes(content)
    return path


def _step(step: Step) -> dict[str, object]:
    return {"check": step.check, "said": step.said, "found": step.found, "holds": step.holds}


def _document(path: Path) -> dict[str, Any]:
    try:
        document = jsonlib.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise InputError("no such file, and no code like CBR1:…", file=str(path)[:80]) from error
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path)[:80])) from error
    except (ValueError, RecursionError) as error:
        raise InputError("is no JSON", file=str(path)) from error
    if not isinstance(document, dict):
        raise InputError("is no credential", file=str(path))
    return document
