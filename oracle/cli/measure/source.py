"""`carbonbook source`: who may send records, with which secret, and what their files mean."""

from __future__ import annotations

import json as jsonlib
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.config import MAPPINGS, Settings, Source
from oracle.edge.keys.keyring import write_private
from oracle.edge.store.disk import disk
from oracle.installation import Installation
from oracle.measure.records.explain import explain
from oracle.measure.records.meters import Household
from oracle.measure.records.origin import Origin
from oracle.measure.records.propose import as_toml, propose
from oracle.measure.records.shipped import changed, mapping_of, shipped
from oracle.model.errors import ConfigError, InputError
from oracle.model.mapping import Mapping
from oracle.serve.intake.desk import secret_name

app = typer.Typer(
    name="source",
    help="Sources of records: list, show, add with a mapping, create their secrets.",
    no_args_is_help=True,
)


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


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="Name of the source, new or registered.")],
    like: Annotated[Path, typer.Option(help="A file as the source writes them.")],
    mapping: Annotated[
        str | None,
        typer.Option(
            help=f"A mapping that comes along ({', '.join(shipped())}), or a TOML file.", show_default="proposed"
        ),
    ] = None,
    operator: Annotated[str | None, typer.Option(help="Of a new source: key or address of its operator.")] = None,
    region: Annotated[str | None, typer.Option(help="Of a new source: where its meters are, such as CN-4403.")] = None,
    zone: Annotated[str | None, typer.Option(help="Of a new source: time zone of the civil day.")] = None,
    times_zone: Annotated[
        str | None, typer.Option(help="Time zone of local times in the file, where it is another: UTC, ...")
    ] = None,
    stamped: Annotated[str | None, typer.Option(help="What the one stamp of a row is: start or end.")] = None,
    measure: Annotated[str | None, typer.Option(help='What values are: energy, "mean power" or register.')] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of the values: kWh, kW, m3, ...")] = None,
    service: Annotated[
        str | None, typer.Option(help="electricity, gas or water, where the unit does not tell.")
    ] = None,
    export: Annotated[
        str | None, typer.Option(help="What negative values are: refused, or negative for fed in.")
    ] = None,
    meter: Annotated[str | None, typer.Option(help="For a file of one meter: its name, to try with.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Save without asking.")] = False,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Look at a file, propose what its columns, signs and times mean, show it read, and save that on a yes.

        carbonbook source add grid --like readings.csv
        carbonbook source add grid --like readings.csv --stamped end --times-zone UTC --yes

    The mapping is `mappings/NAME.toml` beside config.toml: change it there, and try it with `source check`.
    """
    here = Installation.at(home)
    given = {
        "zone": times_zone,
        "stamped": stamped,
        "measure": measure,
        "unit": unit,
        "service": service,
        "export": export,
    }
    found = changed(_told(mapping) if mapping else propose(like), {key: value for key, value in given.items() if value})
    known = here.settings.sources.get(name)
    if known is None and operator is None:
        raise ConfigError(f"Source '{name}' is not registered yet: name the key or address of its --operator.")
    source = known or _new({"operator": operator, "region": region, "zone": zone})
    household = Household(source.service, None, meter or "meter", source.residents, found)
    told = explain(
        like, Origin(name, like.name, source.region, source.zone), _of_file(household, found, meter), "meters"
    )
    text = as_toml(found)
    show({"source": name, "mapping": text, **vars(told)}, json, title=f"{like.name} as it would be read")
    if not (yes or (not json and typer.confirm("Save this mapping?"))):
        raise InputError("nothing was saved: say --yes, or change what is proposed with the options", file=like.name)
    _save(here.settings, name, None if known else source, text)
    say(f"saved as {here.settings.path(MAPPINGS) / f'{name}.toml'}")


@app.command()
def check(
    name: Annotated[str, typer.Argument(help="Registered source.")],
    path: Annotated[Path, typer.Argument(help="A file as the source writes them.")],
    meter: Annotated[str | None, typer.Option(help="For a file of one meter: its name.")] = None,
    unit: Annotated[str | None, typer.Option(help="Unit of readings that have none.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Try a source's settings on a file: its first readings, what each day adds up to, and findings. Nothing is stored.

    Exit code 3 if a row would wait in quarantine, or there is no act.

        carbonbook source check grid readings.csv
    """
    source = Installation.at(home).settings.source(name)
    household = Household(source.service, unit, meter, source.residents, source.mapping)
    told = explain(path, Origin(name, path.name, source.region, source.zone), household, None)
    show({"source": name, **vars(told)}, json)
    if not told.sound:
        raise InputError(f"not every row would be an act: {told.findings or 'there is none'}", file=path.name)


@app.command("show")
def show_(
    name: Annotated[str, typer.Argument(help="Registered source.")], home: HomeOption = None, json: JsonOption = False
) -> None:
    """Show the settings of a source, with its mapping.

    carbonbook source show grid
    """
    source = Installation.at(home).settings.source(name)
    mapping = as_toml(source.mapping) if source.mapping else None
    show({"source": name, **source.model_dump(exclude={"mapping"}), "mapping": mapping}, json)


def _new(given: dict[str, str | None]) -> Source:
    """A source with what was given of it."""
    try:
        return Source.model_validate({key: value for key, value in given.items() if value})
    except ValidationError as error:
        problems = "; ".join(f"--{item['loc'][0]}: {item['msg']}" for item in error.errors(include_url=False))
        raise InputError(problems) from error


def _told(mapping: str) -> Mapping:
    """A mapping by its name, or from a file."""
    if mapping in shipped():
        return shipped()[mapping]
    path = Path(mapping)
    if not path.is_file():
        raise InputError(f"'{mapping}' is neither a mapping that comes along ({', '.join(shipped())}) nor a file")
    return mapping_of(path.read_text("utf-8"), path.name)


def _of_file(household: Household, mapping: Mapping, meter: str | None) -> Household:
    """The household to try with: a file that names its meters needs no name."""
    names = mapping.columns.meter is not None or mapping.format == "nem12"
    return replace(household, meter=meter if names else household.meter)


def _save(settings: Settings, name: str, new: Source | None, mapping: str) -> None:
    target = settings.path(MAPPINGS) / f"{name}.toml"
    with disk(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(mapping, "utf-8")
        if new is not None:
            lines = [f"{key} = {jsonlib.dumps(value)}" for key, value in new.model_dump(exclude_unset=True).items()]
            config = settings.path("config.toml")
            table = "\n".join(["", f"[sources.{jsonlib.dumps(name)}]", *lines, ""])
            config.write_text(config.read_text("utf-8").rstrip("\n") + "\n" + table, "utf-8")


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
            "mapping": "yes" if source.mapping else "",
            "daily_rows": source.daily_rows,
        }
        for name, source in here.settings.sources.items()
    ]
    show({"sources": rows}, json)
