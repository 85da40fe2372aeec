"""`carbonbook certificate`: what proves a retirement."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption
from oracle.cli.ledger.credential import NumberArgument, OutOption, credential_, key_, short, verify_, written
from oracle.cli.ledger.trade import end
from oracle.installation import Installation
from oracle.ledger.retire.certificate import Certificate, certificate_of, certificates_of, number_of, picture_of
from oracle.ledger.retire.verify import code_of
from oracle.model.units import tonnes

app = typer.Typer(name="certificate", help="Certificates: show, print, sign, verify.", no_args_is_help=True)

app.command("credential")(credential_)
app.command("key")(key_)
app.command("verify")(verify_)


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
    end(json, f"{certificate.state}, {certificate.backing}", then, short(certificate), **_facts(certificate))


@app.command("picture")
def picture_(number: NumberArgument, out: OutOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Write the picture that the contract draws (SVG).

    carbonbook certificate picture 1-1 --out certificate.svg
    """
    here = Installation.at(home)
    certificate = certificate_of(here.chain, number_of(number))
    _, picture = picture_of(here.chain, certificate.number)
    path = written(out or Path(f"{certificate.name}.svg"), picture.encode())
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
    path = written(out or Path(f"{certificate.name}.pdf"), page_of(certificate, code))
    then = f"carbonbook certificate verify {code}"
    end(json, f"page of {certificate.name} in {path}", then, short(certificate), file=str(path), code=code)


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
