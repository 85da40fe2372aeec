"""`carbonbook methodology propose, notice, activate, supersede, suspend, resume, status, dry-run`: the authority's work on chain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import polars as pl
import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption, show
from oracle.cli.ledger.methodology import app, parsed_date
from oracle.installation import Installation
from oracle.measure.quantify.diff import diff
from oracle.measure.quantify.library import Library
from oracle.measure.quantify.lock import differences
from oracle.measure.quantify.rule import Rule
from oracle.model.canonical import hexed
from oracle.model.errors import MethodologyError
from oracle.model.units import date_of, day_of, kg, points

if TYPE_CHECKING:  # looking at the library does not wait for web3
    from oracle.edge.chain.contracts.methodology_registry import Version
    from oracle.edge.chain.sender import Sender, Sent

    Step = Callable[[Sender, Rule], Sent | None]

NameArgument = Annotated[str, typer.Argument(help="A rule, for example CI-02.CN-4403.")]
VersionArgument = Annotated[int, typer.Argument(help="Version of the rule in the library.", min=1)]
LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", help="Folder with the methodology documents.", show_default="the installation's"),
]
ProposerOption = Annotated[str, typer.Option("--key", help="Name of the authority's key.")]
ActivatorOption = Annotated[
    str, typer.Option("--key", help="Name of an authority key of another person than the proposer.")
]


@app.command()
def propose(
    name: NameArgument,
    version: VersionArgument,
    uri: Annotated[str, typer.Option(help="Where the document can be read.")] = "",
    key: ProposerOption = "authority-1",
    library: LibraryOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Write a rule of the library to the chain as a draft: its terms and the hash of its document.

    carbonbook methodology propose CI-02.CN-4403 2 --library city/methodologies --uri https://city.example/ci-02.json
    """
    from oracle.ledger.govern import registry

    desk = _Desk(home, library, name, version)
    desk.require_released()
    desk.take(key, dry_run, json, lambda sender, rule: registry.propose(sender, rule, uri, dry_run=dry_run))


@app.command()
def notice(
    name: NameArgument,
    version: VersionArgument,
    key: ProposerOption = "authority-1",
    library: LibraryOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Start the public notice of a draft and show when the notice ends.

    carbonbook methodology notice CI-02.CN-4403 2
    """
    from oracle.ledger.govern import registry

    desk = _Desk(home, library, name, version)
    desk.take(key, dry_run, json, lambda sender, rule: registry.start_notice(sender, rule, dry_run=dry_run))


@app.command()
def activate(
    name: NameArgument,
    version: VersionArgument,
    key: ActivatorOption = "authority-2",
    library: LibraryOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Activate a version after its public notice. A person other than the proposer must do this. An active version can never be changed.

    carbonbook methodology activate CI-02.CN-4403 1
    """
    from oracle.ledger.govern import registry

    desk = _Desk(home, library, name, version)
    desk.take(
        key, dry_run, json, lambda sender, rule: registry.activate(sender, rule, successor=False, dry_run=dry_run)
    )


@app.command()
def supersede(
    name: NameArgument,
    version: VersionArgument,
    key: ActivatorOption = "authority-2",
    library: LibraryOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Activate a successor. The previous version's window ends the day before. This cannot be undone.

    With --dry-run, only show what would change for a typical act.

        carbonbook methodology supersede CI-02.CN-4403 2 --dry-run
    """
    from oracle.ledger.govern import registry

    desk = _Desk(home, library, name, version)
    before = desk.ended_version()
    changes = [vars(change) for change in diff(desk.library, name, before, version)] if before else []
    desk.take(
        key,
        dry_run,
        json,
        lambda sender, rule: registry.activate(sender, rule, successor=True, dry_run=dry_run),
        {"ends_version": before, "changes": changes},
    )


@app.command()
def suspend(
    name: NameArgument,
    version: VersionArgument,
    reason: Annotated[str, typer.Option(help="Reason; it is public.")],
    key: ProposerOption = "authority-1",
    library: LibraryOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Suspend a version: no batch is attested or credited under it until it is resumed.

    carbonbook methodology suspend CI-02.CN-4403 2 --reason "the meter series 7 is being examined"
    """
    from oracle.ledger.govern import registry

    desk = _Desk(home, library, name, version)
    desk.take(key, dry_run, json, lambda sender, rule: registry.suspend(sender, rule, reason, dry_run=dry_run))


@app.command()
def resume(
    name: NameArgument,
    version: VersionArgument,
    key: ProposerOption = "authority-1",
    library: LibraryOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Resume a suspended version.

    carbonbook methodology resume CI-02.CN-4403 2
    """
    from oracle.ledger.govern import registry

    desk = _Desk(home, library, name, version)
    desk.take(key, dry_run, json, lambda sender, rule: registry.resume(sender, rule, dry_run=dry_run))


@app.command()
def status(
    names: Annotated[list[str] | None, typer.Argument(help="Rules.", show_default="all of the library")] = None,
    library: LibraryOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show the versions on chain: their status, their windows, and whether the library has the same documents.

    carbonbook methodology status CI-02.CN-4403
    """
    from oracle.ledger.govern.registry import entries

    here = Installation.at(home)
    loaded = here.library if library is None else Library.load(library)
    known = {(rule.id, rule.version): rule for rule in loaded.rules()}
    wanted = names or sorted({rule.id for rule in loaded.rules()})
    rows = [
        {
            "rule": f"{name} v{entry.version}",
            **_shown(entry),
            "library": _likeness(entry, known.get((name, entry.version))),
        }
        for name in wanted
        for entry in entries(here.chain, name)
    ]
    show({"on_chain": len(rows), "versions": rows}, json)


@app.command("dry-run")
def dry_run_(
    name: NameArgument,
    version: VersionArgument,
    since: Annotated[str | None, typer.Option(help="First act day.", show_default="all")] = None,
    until: Annotated[str | None, typer.Option(help="Last act day.", show_default="all")] = None,
    library: LibraryOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Quantify the stored acts again with a version and show what would change on each day. Nothing is written or sent.

    carbonbook methodology dry-run CI-02.CN-4403 2 --library city/methodologies --since 2023-01-01
    """
    from oracle.measure.close.dry_run import dry_run

    here = Installation.at(home)
    loaded = here.library if library is None else Library.load(library)
    days = [
        None if day is None else day_of(day) for day in (parsed_date(since, "--since"), parsed_date(until, "--until"))
    ]
    found = dry_run(here.book, loaded, loaded.rule(name, version), days[0], days[1])
    accounts = found.accounts.group_by("subject").agg(
        change=pl.col("reduction_mg_after").sum() - pl.col("reduction_mg_before").sum()
    )
    rows = [_day(row) for row in found.days.iter_rows(named=True)]
    show(
        {
            "rule": f"{name} v{version}",
            "against": list(found.against),
            "reduction_mg_before": found.days["reduction_mg_before"].sum(),
            "reduction_mg_after": found.days["reduction_mg_after"].sum(),
            "points_milli_before": found.days["points_milli_before"].sum(),
            "points_milli_after": found.days["points_milli_after"].sum(),
            "accounts_with_more": accounts.filter(pl.col("change") > 0).height,
            "accounts_with_less": accounts.filter(pl.col("change") < 0).height,
            "bring_nothing": found.refused,
            "days": rows,
        },
        json,
    )


class _Desk:
    """One rule of one library at one installation's chain."""

    def __init__(self, home: Path | None, library: Path | None, name: str, version: int):
        self._here = Installation.at(home)
        self._folder = self._here.library_folder if library is None else library
        self.library = self._here.library if library is None else Library.load(library)
        self._rule = self.library.rule(name, version)

    def require_released(self) -> None:
        """Refuses a rule whose hash is not kept: what is proposed must not change any more.

        Raises:
            MethodologyError: The lock does not hold it, or holds another hash.
        """
        changed, new = differences(self.library, self._folder)
        this = f"{self._rule.id} version {self._rule.version}"
        if this in changed:
            raise MethodologyError(f"{this} was changed after its release. Restore it, and add a new version instead.")
        if this in new:
            raise MethodologyError(
                f"{this} is not in released.json. Run `carbonbook methodology check --lock --library {self._folder}`."
            )

    def ended_version(self) -> int | None:
        """The version in force whose open window this one ends."""
        from oracle.ledger.govern.registry import ended_by, entries

        ended = ended_by(entries(self._here.chain, self._rule.id), self._rule)
        return None if ended is None else ended.version

    def take(self, key: str, dry_run: bool, json: bool, step: Step, beside: Mapping[str, object] | None = None) -> None:
        """Takes a step with a key and shows where the version stands then."""
        from oracle.ledger.govern.registry import entries

        sent = step(self._here.sender(key), self._rule)
        rule = self._rule
        standing = {entry.version: entry for entry in entries(self._here.chain, rule.id)}.get(rule.version)
        facts = {"status": "not on chain"} if standing is None else _shown(standing)
        outcome = {
            "rule": rule.id,
            "version": rule.version,
            **facts,
            "document_hash": hexed(rule.document_hash),
            **(beside or {}),
            "dry_run": dry_run,
            "transaction": None if sent is None else sent.hash,
        }
        show(outcome, json)


def _shown(entry: Version) -> dict[str, object]:
    from oracle.edge.chain.contracts.methodology_registry import OPEN_END

    terms = entry.terms
    return {
        "status": entry.status,
        "factor_ug": terms.factor_ug,
        "from": date_of(terms.from_day).isoformat(),
        "to": None if terms.to_day == OPEN_END else date_of(terms.to_day).isoformat(),
        "notice_ends": datetime.fromtimestamp(entry.notice_ends, tz=UTC).isoformat() if entry.notice_ends else None,
    }


def _likeness(entry: Version, rule: Rule | None) -> str:
    if rule is None:
        return "absent"
    return "same" if rule.document_hash == entry.terms.document_hash else "another document"


def _day(row: Mapping[str, int]) -> dict[str, object]:
    change = row["reduction_mg_after"] - row["reduction_mg_before"]
    return {
        "act_date": date_of(row["day"]).isoformat(),
        "acts_before": row["acts_before"],
        "acts_after": row["acts_after"],
        "kg_before": kg(row["reduction_mg_before"]),
        "kg_after": kg(row["reduction_mg_after"]),
        "kg_change": kg(change),
        "points_change": points(row["points_milli_after"] - row["points_milli_before"]),
    }
