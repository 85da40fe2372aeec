"""`carbonbook export`: credits as other registries write them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.cli.rows import read_rows
from oracle.installation import Installation
from oracle.model.errors import InputError

if TYPE_CHECKING:
    from oracle.report.export.aef import Authorization
    from oracle.report.export.package import Resource
    from oracle.report.export.projects import Exported

app = typer.Typer(
    name="export", help="Credits for other registries: cadtrust, undp, aef, offsetsdb.", no_args_is_help=True
)

OutOption = Annotated[Path, typer.Option("--out", help="Folder to write; an earlier export there is replaced.")]
BlockOption = Annotated[int | None, typer.Option("--block", help="Block to export at.", show_default="the head")]
LinkOption = Annotated[
    str | None, typer.Option("--link", help="Where projects can be read.", show_default="[cadtrust] link")
]


@app.command()
def cadtrust(
    out: OutOption,
    block: BlockOption = None,
    body: Annotated[
        str | None,
        typer.Option(help="Validation and verification body.", show_default="[cadtrust] verification_body"),
    ] = None,
    link: LinkOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write CAD Trust's twelve tables, checked against its schema 2.0.2, and what completes no whole tonne.

    Exit code 8 if sums differ from the chain's, 7 if a row is not as the schema says; then nothing is written.

        carbonbook export cadtrust --out cadtrust --body "China Quality Certification Center" --link https://registry.example
    """
    from oracle.report.export.cadtrust import resources

    here = Installation.at(home)
    settings = here.settings.cadtrust
    of = _read(here, block)
    made = resources(of, body or settings.verification_body or "", link or settings.link or "")
    _write(here, of, out, "CAD Trust 2.0.2", made, json)


@app.command()
def undp(out: OutOption, block: BlockOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Write purchases and retirements in the columns of UNDP's carbon registry.

    carbonbook export undp --out undp
    """
    from oracle.report.export.undp import resources

    here = Installation.at(home)
    of = _read(here, block)
    _write(here, of, out, "UNDP carbon registry, transfers", resources(of), json)


@app.command()
def aef(
    out: OutOption,
    authorizations: Annotated[
        Path | None, typer.Option(help="CSV of the series that a Party authorised.", show_default="none are")
    ] = None,
    block: BlockOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write Article 6.2 actions and holdings of authorised series; without an authorisation there is nothing to write.

    carbonbook export aef --out aef --authorizations authorizations.csv
    """
    from oracle.report.export.aef import resources

    here = Installation.at(home)
    of = _read(here, block)
    granted = {} if authorizations is None else _granted(authorizations, of)
    if not granted:
        why = "no series has an authorisation of a Party: credits are domestic"
        show({"state": "nothing to export", "blocked_by": [why], "next": "carbonbook export cadtrust --out DIR"}, json)
        return
    _write(here, of, out, "Article 6.2, agreed electronic format", resources(of, granted), json)


@app.command()
def offsetsdb(
    out: OutOption,
    block: BlockOption = None,
    link: LinkOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write projects and credits in the shape of OffsetsDB.

    carbonbook export offsetsdb --block 230 --out offsetsdb
    """
    from oracle.report.export.offsetsdb import resources

    here = Installation.at(home)
    of = _read(here, block)
    _write(here, of, out, "OffsetsDB", resources(of, link or here.settings.cadtrust.link or ""), json)


def _granted(path: Path, of: Exported) -> dict[int, Authorization]:
    """Authorisations by series.

    Raises:
        InputError: The first row that is none.
    """
    from oracle.report.export.aef import AUTHORIZATION, Authorization

    def parse(number: int, row: dict[str, str]) -> tuple[int, Authorization]:
        if not row["series"].isdecimal() or int(row["series"]) not in of.flow.series:
            raise InputError(f"'{row['series']}' is no issued series", file=path.name, row=number, field="series")
        return int(row["series"]), Authorization(*(row[name] for name in AUTHORIZATION[1:]))

    good, bad = read_rows(path, AUTHORIZATION, parse)
    if bad:
        raise bad[0]
    return dict(good)


def _read(here: Installation, block: int | None) -> Exported:
    """What formats are made of, at a block; sums are checked here, before anything is written."""
    from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
    from oracle.report.export.projects import Exported, Named, projects_of
    from oracle.report.export.runs import runs_of
    from oracle.report.read.claims import read_second_flow
    from oracle.report.read.ledger import read_ledger

    ledger = read_ledger(here.chain, block)
    flow = read_second_flow(here.chain, ledger, here.book)
    known = {
        (rule.id, rule.version): Named(rule.document.name.en, rule.document.sector) for rule in here.library.rules()
    }
    registry = RetirementRegistry(here.chain, ledger.block.number).registry_code()
    return Exported(ledger, flow, registry, projects_of(flow, known), tuple(runs_of(ledger, flow)))


def _write(here: Installation, of: Exported, out: Path, title: str, made: list[Resource], json: bool) -> None:
    from oracle.report.export.package import write_package

    manifest = here.chain.manifest
    facts = {
        "chainId": manifest.chain_id,
        "genesisHash": manifest.genesis_hash,
        "registry": of.registry,
        "sums": of.sums(),
    }
    files = write_package(out, f"Carbonbook {of.registry}: {title}", of.ledger.block, made, facts)
    show(
        {
            "folder": str(out),
            "block": of.ledger.block.number,
            "block_hash": of.ledger.block.hash,
            "series": len(of.flow.series),
            "sums": of.sums(),
            "files": [{"file": file["path"], "rows": file["rows"], "hash": file["hash"]} for file in files],
            "state": "exported",
            "next": f"validate {out / 'datapackage.json'} with any Frictionless tool",
            "blocked_by": [],
        },
        json,
    )
