"""The methodology library: every document, and every rule that follows from them."""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache, cached_property
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from oracle.config import Settings
from oracle.measure.quantify import build
from oracle.measure.quantify.build import GridFactor
from oracle.measure.quantify.figures import Confidence, Parameter, Source, Status
from oracle.measure.quantify.regions import lineage
from oracle.measure.quantify.rule import Rule
from oracle.measure.quantify.schema import Document
from oracle.model.errors import MethodologyError

M = TypeVar("M", bound=BaseModel)

FOLDER = Path(__file__).parent / "library"


@cache
def library_at(folder: Path) -> Library:
    """The library in `folder` as this process read it first: for whoever meets it file by file."""
    return Library.load(folder)


def folder_of(settings: Settings) -> Path:
    """Where an installation's documents are: the folder that its settings name, or those that come with the package."""
    return FOLDER if settings.library is None else settings.path(settings.library)


class Library:
    """Documents and rules of one folder. Build it with `load`.

    Attributes:
        documents: Every document by scenario.
        references: Reference sets by scenario and name, as rules that no chain may hold.
    """

    def __init__(
        self, documents: Mapping[str, Document], grid: list[GridFactor], sources: Mapping[str, Source]
    ) -> None:
        self.documents = dict(documents)
        self.grid = grid
        self.sources = dict(sources)
        self._rules = {name: build.rules(document, grid, sources) for name, document in self.documents.items()}
        self.references = {name: build.references(document, sources) for name, document in self.documents.items()}

        _require_agreement(self.documents)

    @classmethod
    def load(cls, folder: Path = FOLDER) -> Library:
        """The library in `folder`: a TOML file per scenario, `grid.csv`, `sources.toml`.

        Raises:
            MethodologyError: a document is not valid; file and field are named.
        """
        sources = {
            key: _model(Source, value, folder / "sources.toml") for key, value in _toml(folder / "sources.toml").items()
        }
        documents: dict[str, Document] = {}
        for path in sorted(folder.glob("*.toml")):
            if path.name == "sources.toml":
                continue
            document = _model(Document, _toml(path), path)
            if path.stem != document.id.lower():
                raise MethodologyError(f"{path.name} contains {document.id}; rename it to {document.id.lower()}.toml")
            documents[document.id] = document
        documents = dict(sorted(documents.items()))
        return cls(documents, _grid(folder / "grid.csv"), sources)

    def rules(self) -> list[Rule]:
        """All rules, drafts included, by scenario, region and version."""
        return [rule for rules in self._rules.values() for rule in rules]

    def rules_of(self, scenario: str) -> list[Rule]:
        """Rules of one scenario, drafts included."""
        return self._rules[self.document(scenario).id]

    def rule(self, identity: str, version: int) -> Rule:
        """The rule with an identity such as CI-01.CN-4403 and a version.

        Raises:
            MethodologyError: there is none.
        """
        scenario = identity.split(".")[0]
        versions = [rule for rule in self.rules_of(scenario) if rule.id == identity]
        for rule in versions:
            if rule.version == version:
                return rule
        if versions:
            raise MethodologyError(f"{identity} has versions 1 to {len(versions)}, not {version}")
        ids = [rule.id for rule in self.rules_of(scenario)]
        near = get_close_matches(identity, ids, n=3) or sorted(set(ids))[:3]
        raise MethodologyError(f"no rule {identity}; did you mean {', '.join(near)}?")

    def rule_for(self, scenario: str, region: str, day: int) -> Rule | None:
        """The active rule for an act: of its region or the nearest parent, with the act's day in the window."""
        rules = self._active.get(scenario, {})
        for code in lineage(region):
            for rule in rules.get(code, ()):
                if rule.holds(day):
                    return rule
        return None

    def document(self, scenario: str) -> Document:
        """A scenario's document; upper or lower case.

        Raises:
            MethodologyError: there is none; the nearest are named.
        """
        found = self.documents.get(scenario.upper())
        if found is None:
            near = get_close_matches(scenario.upper(), self.documents, n=3)
            hint = f"did you mean {', '.join(near)}?" if near else "see 'carbonbook methodology list'"
            raise MethodologyError(f"no scenario '{scenario}'; {hint}")
        return found

    @cached_property
    def _active(self) -> dict[str, dict[str, list[Rule]]]:
        index: dict[str, dict[str, list[Rule]]] = {}
        for rule in self.rules():
            if rule.status is Status.ACTIVE:
                index.setdefault(rule.scenario, {}).setdefault(rule.region, []).append(rule)
        return index


def _require_agreement(documents: Mapping[str, Document]) -> None:
    """Members of an exclusion group must mean the same by it."""
    meant: dict[str, tuple[str, str]] = {}
    for document in documents.values():
        for member in document.claims:
            if meant.setdefault(member.group, (member.over, member.equals)) != (member.over, member.equals):
                raise MethodologyError(
                    f"{document.id}: group '{member.group}' must have the same 'over' and 'equals' in every document"
                )


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MethodologyError(
            f"{path} does not exist. A library needs grid.csv, sources.toml and one file per scenario"
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MethodologyError(f"{path.name} is not valid TOML: {error}") from error


def _model(model: type[M], value: object, path: Path) -> M:
    try:
        return model.model_validate(_frozen(value))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise MethodologyError(f"{path.name}: {where}: {first['msg']} ({error.error_count()} in all)") from error
    except MethodologyError as error:
        raise MethodologyError(f"{path.name}: {error}") from error


def _frozen(value: object) -> object:
    """TOML's arrays as tuples, which is what frozen documents hold."""
    if isinstance(value, dict):
        return {key: _frozen(item) for key, item in value.items()}
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value


def _grid(path: Path) -> list[GridFactor]:
    with path.open(encoding="utf-8", newline="") as file:
        return [_grid_factor(row) for row in csv.DictReader(file)]


def _grid_factor(row: dict[str, str]) -> GridFactor:
    note = f"SECONDARY: average grid factor of data year {row['year']}, published {row['published']}"
    parameter = Parameter(
        value=row["kg_co2_per_kwh"],
        unit="kgCO2/kWh",
        region=row["region"],
        year=int(row["year"]),
        source=row["source"],
        confidence=Confidence.PUBLISHED,
        note=note,
    )
    return GridFactor(row["region"], int(row["year"]), parameter)
