"""Recomputes an issuance report from the input files, with nothing but Python's own library and the published rules, and compares.

    python tests/independent/recompute.py --report reports/2018-09-01_2023-01-20 --config .carbonbook/config.toml \
        --people citizens.csv szt=taps.json transit-app=trips.csv meters=readings.csv.gz,meter=flat-1,unit=kWh

Each file is named with the source it was ingested from, in the order of its ingestion. From the report it takes which rows have
a finding (findings.csv), and then compares every batch of issuance.csv and every credit of statements.csv. Exit code 0: they
agree; 1: they do not, or something in the report cannot be recomputed here.
"""

from __future__ import annotations

import argparse
import csv
import sys
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import rules
from inputs import EPOCH, Act, File, acts_of

KNOWN = ("CI-01", "CI-01-RIDE", "CI-02", "CI-11", "CI-11-BILL", "CI-12", "CI-13")
HOUSEHOLD = ("CI-11", "CI-11-BILL", "CI-12", "CI-13")
# Findings from closing that this program must come to by itself: the household's baseline.
OWN_FINDINGS = ("no_baseline", "no_reduction")
# Findings from closing after which a reading is no history either.
NO_HISTORY = ("out_of_range", "overlap", "duplicate")

Row = dict[str, str]


@dataclass
class Group:
    """What one operator's acts of one scenario and day come to."""

    records: int = 0
    quantity: int = 0
    consented: int = 0
    reductions: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class People:
    """Enrolled citizens: person, consent and residents by source and subject."""

    enrolled: dict[tuple[str, str], Row]
    residents: dict[str, int]

    @classmethod
    def read(cls, path: Path | None) -> People:
        rows = _rows(path) if path else []
        known = {(row["source"], row["subject"]): row for row in rows}
        return cls(known, {row["citizen"]: int(row["residents"]) for row in rows if row.get("residents")})

    def person(self, act: Act) -> str:
        row = self.enrolled.get((act.source, act.subject))
        return row["citizen"] if row else f"{act.source}/{act.subject}"

    def consented(self, act: Act) -> bool:
        row = self.enrolled.get((act.source, act.subject))
        return row is not None and row["consented"] == "yes"

    def residents_of(self, act: Act) -> int:
        return self.residents.get(self.person(act), act.residents)


class Findings:
    """Rows with a finding, by file."""

    def __init__(self, rows: Iterable[Row]):
        self.reading: dict[str, set[int]] = defaultdict(set)
        self.closing: dict[tuple[str, int], set[str]] = defaultdict(set)
        for row in rows:
            if not row["row"]:
                continue
            if row["scenario"]:
                self.closing[row["file_sha256"], int(row["row"])].add(row["code"])
            else:
                self.reading[row["file_sha256"]].add(int(row["row"]))


def compute(
    files: list[File], found: Findings, people: People, operators: dict[str, str]
) -> dict[tuple[str, int, str], Group]:
    """Groups by scenario, day and operator."""
    acts: list[tuple[Act, set[str]]] = []
    for file in files:
        sha256 = file.sha256()
        for act in acts_of(file, found.reading[sha256]):
            acts.append((act, set().union(*(found.closing[sha256, row] for row in act.rows))))
    quantities = defaultdict(int)
    consents: dict[tuple[str, int, str, str], bool] = defaultdict(lambda: True)
    groups: dict[tuple[str, int, str], Group] = defaultdict(Group)
    history = _history(acts, people)
    for act, codes in acts:
        quantity = _quantity(act, history, people) if not codes - set(OWN_FINDINGS) else 0
        if quantity:
            key = act.scenario, act.day, operators[act.source]
            groups[key].records += 1
            quantities[*key, people.person(act)] += quantity
            consents[*key, people.person(act)] &= people.consented(act)
    for (*key, person), quantity in quantities.items():
        scenario, day, operator = key
        rule = _rule(scenario, day)
        credited = min(quantity, rule.most())
        group = groups[scenario, day, operator]
        group.quantity += credited
        group.consented += credited if consents[scenario, day, operator, person] else 0
        group.reductions.append(int(credited * rule.mg_per_unit))
    return groups


def _rule(scenario: str, day: int) -> rules.Rule:
    year = (EPOCH + timedelta(days=day)).year
    match scenario:
        case "CI-01":
            return rules.BUS_KM
        case "CI-01-RIDE":
            return rules.BUS_RIDE
        case "CI-02":
            return rules.METRO
        case "CI-11":
            return rules.electricity(year, rules.ELECTRICITY_DAY_LIMIT_MG)
        case "CI-11-BILL":
            return rules.electricity(year, rules.ELECTRICITY_BILL_LIMIT_MG)
        case "CI-12":
            return rules.WATER
        case _:
            return rules.GAS


def _history(acts: list[tuple[Act, set[str]]], people: People) -> dict[tuple[str, str], dict[int, rules.Use]]:
    """Uses of every household by scenario and day; of two for one day neither counts."""
    sound = [act for act, codes in acts if act.scenario in HOUSEHOLD and not codes & set(NO_HISTORY)]
    times = Counter((act.scenario, people.person(act), act.day) for act in sound)
    history: dict[tuple[str, str], dict[int, rules.Use]] = defaultdict(dict)
    for act in sound:
        if times[act.scenario, people.person(act), act.day] == 1:
            use = rules.Use(act.day, act.quantity, people.residents_of(act), act.days)
            history[act.scenario, people.person(act)][act.day] = use
    return history


def _quantity(act: Act, history: dict[tuple[str, str], dict[int, rules.Use]], people: People) -> int:
    if act.scenario not in HOUSEHOLD:
        return act.quantity
    own = history[act.scenario, people.person(act)]
    if act.day not in own:
        return 0
    if act.scenario == "CI-11":
        return rules.saved_against_week(own[act.day], own, _rule(act.scenario, act.day))
    return rules.saved_against_year(act.scenario, own[act.day], own, _rule(act.scenario, act.day))


def reported(folder: Path) -> dict[tuple[str, int], list[tuple[Group, int]]]:
    """Groups of the report by scenario and day, one per operator, each with its number of batches."""
    credits: dict[str, dict[str, int]] = defaultdict(dict)
    for row in _rows(folder / "statements.csv"):
        if row["kind"] == "credit":
            credits[row["batch"]][row["account"]] = int(row["reduction_mg"])
    batches: dict[tuple[str, int, str], list[Row]] = defaultdict(list)
    for row in _rows(folder / "issuance.csv"):
        day = _day(row["act_date"])
        batches[row["methodology"].split(".")[0], day, row["operator"]].append(row)
    found: dict[tuple[str, int], list[tuple[Group, int]]] = defaultdict(list)
    for (scenario, day, _), rows in batches.items():
        sums: Counter[str] = Counter()
        for row in rows:
            sums.update(credits[row["batch"]])
            total = sum(credits[row["batch"]].values())
            if total != int(row["reduction_mg"]):
                raise ValueError(
                    f"batch {row['batch']}: issuance.csv says {row['reduction_mg']} mg, its statements {total} mg"
                )
        totals = [sum(int(row[name]) for row in rows) for name in ("records", "quantity", "consented_quantity")]
        found[scenario, day].append((Group(*totals, list(sums.values())), len(rows)))
    return found


def compare(
    mine: dict[tuple[str, int, str], Group], theirs: dict[tuple[str, int], list[tuple[Group, int]]]
) -> list[str]:
    """What does not agree, in words."""
    problems = [f"{scenario} cannot be recomputed here" for scenario, _ in theirs if scenario not in KNOWN]
    by_day: dict[tuple[str, int], list[Group]] = defaultdict(list)
    for (scenario, day, _), group in mine.items():
        by_day[scenario, day].append(group)
    for scenario, day in sorted(by_day.keys() | theirs.keys()):
        here = sorted(by_day[scenario, day], key=_order)
        there = sorted(theirs.get((scenario, day), []), key=lambda pair: _order(pair[0]))
        where = f"{scenario} on {EPOCH + timedelta(days=day)}"
        if len(here) != len(there):
            problems.append(f"{where}: {len(here)} operators recomputed, {len(there)} reported")
            continue
        for group, (other, batches) in zip(here, there, strict=True):
            problems += [f"{where}: {problem}" for problem in _differences(group, other, batches)]
    return problems


def _differences(mine: Group, theirs: Group, batches: int) -> list[str]:
    pairs = {name: (getattr(mine, name), getattr(theirs, name)) for name in ("records", "quantity", "consented")}
    pairs["accounts"] = len(mine.reductions), len(theirs.reductions)
    problems = [
        f"{name}: {here} recomputed, {there} reported" for name, (here, there) in pairs.items() if here != there
    ]
    lost = batches - 1  # each batch rounds an account's reduction down once
    for here, there in zip(sorted(mine.reductions), sorted(theirs.reductions), strict=False):
        if not here - lost <= there <= here:
            return [*problems, f"an account: {here} mg recomputed, {there} mg reported"]
    return problems


def _order(group: Group) -> tuple[int, int]:
    return group.quantity, group.records


def _day(text: str) -> int:
    return (type(EPOCH).fromisoformat(text) - EPOCH).days


def _rows(path: Path) -> list[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _file(text: str) -> File:
    source, _, rest = text.partition("=")
    path, *options = rest.split(",")
    return File(Path(path), source, dict(option.split("=", 1) for option in options))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, required=True, help="folder that carbonbook report wrote")
    parser.add_argument("--config", type=Path, required=True, help="config.toml: which operator a source belongs to")
    parser.add_argument("--people", type=Path, help="citizens.csv, if people were enrolled")
    parser.add_argument("files", nargs="+", type=_file, help="SOURCE=FILE[,meter=NAME][,unit=UNIT][,residents=N]...")
    arguments = parser.parse_args()
    sources = tomllib.loads(arguments.config.read_text(encoding="utf-8"))["sources"]
    operators = {name: source["operator"] for name, source in sources.items()}
    found = Findings(_rows(arguments.report / "findings.csv"))
    mine = compute(arguments.files, found, People.read(arguments.people), operators)
    theirs = reported(arguments.report)
    problems = compare(mine, theirs)
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    total = sum(sum(group.reductions) for group in mine.values())
    records = sum(group.records for group in mine.values())
    sys.stdout.write(f"{records} acts, {total} mg CO2e recomputed; {len(problems)} differences\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
