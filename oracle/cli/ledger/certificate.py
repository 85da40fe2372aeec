"""`carbonbook certificate`: what proves a retirement."""

from __future__ import annotations

import json as jsonlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.console import HomeOption, JsonOption
from oracle.cli.ledger.trade import end
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.edge.store.disk import disk
from oracle.installation import Installation
from oracle.ledger.retire.certificate import Certificate, certificate_of, certificates_of, number_of, picture_of
from oracle.ledger.retire.code import is_code
from oracle.ledger.retire.credential import KEY, public_key, signed
from oracle.ledger.retire.verify import Step, check_code, check_credential, code_of, facts_on_chain
from oracle.model.errors import ConfigError, InputError, VerificationFailed
from oracle.model.machine import blamed
from oracle.model.units import tonnes

app = typer.Typer(name="certificate", help="Certificates: show, print, sign, verify.", no_args_is_help=True)

NumberArgument = Annotated[str, typer.Argument(help="Certificate, like 1-1000000001.")]
OutOption = Annotated[Path | None, typer.Option("--out", help="Write it here.", show_default="a file of its name here")]


@app.command("list")
def list_(
    holder: Annotated[str | None, typer.Option(help="Account or key.", show_default="everybody's")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """List certificates, eldest first.

    carbonbook certificate list --holder buyer-1
    """
    here = Installation.at(home)
    numbers = certificates_of(here.chain, here.account_of(holder) if holder else None)
    found = [certificate_of(here.chain, number) for number in numbers]
    rows = [
        {"certificate": each.name, "tonnes": tonnes(each.mg), "for": each.beneficiary, "state": each.state}
        for each in found
    ]
    then = f"carbonbook certificate show {found[0].name}" if found else None
    end(json, f"{len(found)} certificates", then, certificates=rows)


@app.command("show")
def show_(number: NumberArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show a certificate and what stands behind it now.

    carbonbook certificate show 1-1
    """
    here = Installation.at(home)
    certificate = certificate_of(here.chain, number_of(number))
    then = f"carbonbook certificate pdf {certificate.name}"
    end(json, f"{certificate.state}, {certificate.backing}", then, _short(certificate), **_facts(certificate))


@app.command("picture")
def picture_(number: NumberArgument, out: OutOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Write the picture that the contract draws (SVG).

    carbonbook certificate picture 1-1 --out certificate.svg
    """
    here = Installation.at(home)
    certificate = certificate_of(here.chain, number_of(number))
    _, picture = picture_of(here.chain, certificate.number)
    path = _written(out or Path(f"{certificate.name}.svg"), picture.encode())
    end(
        json,
        f"picture of {certificate.name} in {path}",
        f"carbonbook certificate pdf {certificate.name}",
        file=str(path),
    )


@app.command("pdf")
def pdf_(number: NumberArgument, out: OutOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Write a certificate as one page that prints, with a code by which anyone can check it.

    carbonbook certificate pdf 1-1 --out certificate.pdf
    """
    from oracle.ledger.retire.page import page_of

    here = Installation.at(home)
    certificate = certificate_of(here.chain, number_of(number))
    code = code_of(here.chain, certificate).text
    path = _written(out or Path(f"{certificate.name}.pdf"), page_of(certificate, code))
    then = f"carbonbook certificate verify {code}"
    end(json, f"page of {certificate.name} in {path}", then, _short(certificate), file=str(path), code=code)


@app.command("credential")
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
    path = _written(out or Path(f"{certificate.name}.json"), text.encode())
    then = f"carbonbook certificate verify {path}"
    end(json, f"credential of {certificate.name} in {path}", then, _short(certificate), file=str(path))


@app.command("verify")
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


def _step(step: Step) -> dict[str, object]:
    return {"check": step.check, "said": step.said, "found": step.found, "holds": step.holds}


def _short(certificate: Certificate) -> list[str]:
    missing = certificate.mg - certificate.backed_mg
    return [f"nothing stands behind {tonnes(missing)} t until they are restored"] if missing else []


def _facts(certificate: Certificate) -> dict[str, object]:
    return {
        "certificate": certificate.name,
        "number": str(certificate.number),
        "tonnes": tonnes(certificate.mg),
        "mg": str(certificate.mg),
        "backed_mg": str(certificate.backed_mg),
        "serial": certificate.serial,
        "beneficiary": certificate.beneficiary,
        "purpose": certificate.purpose,
        "period": certificate.period,
        "country": certificate.country,
        "retired_at": certificate.made_at,
        "methodology": f"{certificate.methodology} v{certificate.version}",
        "vintage": certificate.vintage,
        "operator": certificate.operator,
        "holder": certificate.holder,
        "note": certificate.note,
        "transaction": certificate.transaction,
    }


def _written(path: Path, content: bytes) -> Path:
    with disk(path):
        path.write_bytes(content)
    return path


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
