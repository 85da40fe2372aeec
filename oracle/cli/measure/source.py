"""`carbonbook source`: who may send records, and with which secret."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.edge.keys.keyring import write_private
from oracle.installation import Installation
from oracle.model.errors import InputError
from oracle.serve.intake.desk import secret_name

app = typer.Typer(name="source", help="Sources of records: list them, create their secrets.", no_args_is_help=True)


@app.command()
def secret(
    name: Annotated[str, typer.Argument(help="Registered source.")],
    out: Annotated[Path, typer.Option(help="File to write the secret to; only its owner can read it.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the secret with which a source signs its requests. An existing secret is kept.

    carbonbook source secret bus-app --out bus-app.secret
    """
    here = Installation.at(home)
    here.settings.source(name)
    here.keys.store(secret_name(name), random_passphrase=here.keys.has_random_passphrase)
    try:
        write_private(out, here.keys.secret(secret_name(name)).hex() + "\n")
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(out)) from error
    show({"source": name, "written": str(out)}, json)


@app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """List the registered sources and how each one signs.

    carbonbook source list
    """
    here = Installation.at(home)
    names = here.keys.names()
    rows = [
        {
            "source": name,
            "operator": source.operator,
            "signs": "by account" if source.signer else "by secret" if secret_name(name) in names else "cannot send",
            "daily_rows": source.daily_rows,
        }
        for name, source in here.settings.sources.items()
    ]
    show({"sources": rows}, json)
