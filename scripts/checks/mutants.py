"""Changes the contracts one small step at a time and counts how many of the changes the tests notice: brownie's, then forge's.

    python scripts/checks/mutants.py                          every mutant that was not judged yet (hours)
    python scripts/checks/mutants.py --minutes 5              as many of them as five minutes allow
    python scripts/checks/mutants.py --contract PointIssuer   one contract or library
    python scripts/checks/mutants.py --report                 the score of what was judged so far

A mutant works in a copy of the tree under build/mutants. The tests must pass there before anything is changed. What was judged is kept in
mutants.jsonl beside this file and committed: a run that was stopped goes on where it was. A mutant is judged again when its contract or the
tests that look at it changed.
Exit codes: 0 if at least 95 % of the judged mutants that change anything are killed and every survivor is explained in mutants.toml; 1 if
not; 2 if the tests fail on the unchanged tree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tree import ROOT, fresh_copy

WORK = ROOT / "build" / "mutants"
TREE = WORK / "tree"
RESULTS = Path(__file__).with_name("mutants.jsonl")
EXPLAINED = Path(__file__).with_name("mutants.toml")
LEAST_KILLED_PERCENT = 95
TIMEOUT_SECONDS = 900

# The folders of brownie's tests that look first; forge's look at whatever these let live.
LOOKED_AT = {
    "CarbonCredit": ["CarbonCredit", "ReversalDesk", "CarbonbookAccess"],
    "CarbonPoint": ["CarbonPoint", "PointIssuer", "RedemptionDesk", "CarbonbookAccess"],
    "CarbonbookAccess": ["CarbonbookAccess"],
    "CertificatePicture": ["RetirementRegistry"],
    "Counter": ["Counter"],
    "CreditMarket": ["CreditMarket", "ReversalDesk", "RetirementRegistry", "CarbonbookAccess"],
    "EvidenceLedger": ["EvidenceLedger", "PointIssuer", "CarbonbookAccess"],
    "InventoryRegistry": ["InventoryRegistry", "CarbonbookAccess"],
    "MethodologyRegistry": ["MethodologyRegistry", "CarbonbookAccess"],
    "OfferBook": ["OfferBook", "RedemptionDesk"],
    "OperatorRegistry": ["OperatorRegistry", "CarbonbookAccess"],
    "OracleCommittee": ["OracleCommittee", "CarbonbookAccess"],
    "PointIssuer": ["PointIssuer", "CarbonbookAccess"],
    "ProceedsPot": ["ProceedsPot", "CarbonbookAccess"],
    "RedemptionDesk": ["RedemptionDesk", "CarbonbookAccess", "clearing"],
    "ReductionCertifier": ["ReductionCertifier", "ReversalDesk", "CarbonbookAccess"],
    "RetirementRegistry": ["RetirementRegistry", "InventoryRegistry", "CarbonbookAccess"],
    "ReversalDesk": ["ReversalDesk", "CreditMarket", "CarbonbookAccess"],
    "SettlementVault": ["SettlementVault", "CarbonbookAccess", "clearing", "RedemptionDesk", "PointIssuer"],
}
# Libraries and the parts that a contract is made of, by the contract whose tests look at them.
LIBRARIES = {
    "CalendarLib": "RetirementRegistry",
    "ChunkLib": "PointIssuer",
    "CreditingBook": "CarbonPoint",
    "LeafLib": "EvidenceLedger",
    "MovingBook": "CarbonPoint",
    "OnceLib": "RedemptionDesk",
    "PageBook": "CarbonPoint",
    "PageLib": "CarbonPoint",
    "ProgressLib": "PointIssuer",
    "ReceiptLib": "RedemptionDesk",
    "RowLib": "CarbonPoint",
    "SaltedDomain": "RedemptionDesk",
    "SeriesLib": "CreditMarket",
    "SignatureLib": "RedemptionDesk",
    "TextLib": "RetirementRegistry",
    "UnitsLib": "CarbonPoint",
}
TARGETS = {**LOOKED_AT, **{name: LOOKED_AT[user] for name, user in LIBRARIES.items()}}

SWAPS = [
    ("compare", r" (<) ", [" <= ", " >= "]),
    ("compare", r" (>) ", [" >= ", " <= "]),
    ("compare", r" (<=) ", [" < ", " > "]),
    ("compare", r" (>=) ", [" > ", " < "]),
    ("equal", r" (==) ", [" != "]),
    ("equal", r" (!=) ", [" == "]),
    ("add", r" (\+) ", [" - "]),
    ("subtract", r" (-) ", [" + "]),
    ("multiply", r" (\*) ", [" / "]),
    ("divide", r" (/) ", [" * "]),
    ("assign-add", r" (\+=) ", [" -= ", " = "]),
    ("assign-subtract", r" (-=) ", [" += ", " = "]),
    ("and", r" (&&) ", [" || "]),
    ("or", r" (\|\|) ", [" && "]),
    ("bits", r" (&) ", [" | "]),
    ("bits", r" (<<) ", [" >> "]),
    ("bits", r" (>>) ", [" << "]),
    ("not", r"(!)[a-zA-Z_]", [""]),
    ("true", r"\b(true)\b", ["false"]),
    ("false", r"\b(false)\b", ["true"]),
    ("modifier", r" (restricted|whenNotPaused|nonReentrant|only\(\w+\))(?= |\n)", [" "]),
]


@dataclass(frozen=True)
class Mutant:
    """One change: `before` at `offset` of the contract's file becomes `after`."""

    contract: str
    kind: str
    offset: int
    line: int
    column: int
    before: str
    after: str

    @property
    def change(self) -> str:
        """What is changed in which line."""
        return f"{self.contract}:{self.kind}:{self.before.strip()}->{self.after.strip()}@{self.line}"

    @property
    def key(self) -> str:
        """And where in the line: one for each mutant."""
        return f"{self.change}:{self.column}"

    def apply(self, source: str) -> str:
        """The source with the change."""
        return source[: self.offset] + self.after + source[self.offset + len(self.before) :]


def mutants_of(contract: str, source: str) -> list[Mutant]:
    """Every mutant of a contract, in the order of the source."""
    code = _without_prose(source)
    start = re.search(rf"^(?:abstract contract|contract|library) {contract} ", code, re.MULTILINE)
    if start is None:
        sys.exit(f"{path_of(contract)} defines no {contract}")
    found = [
        Mutant(
            contract,
            kind,
            offset,
            source.count("\n", 0, offset) + 1,
            offset - code.rfind("\n", 0, offset),
            before,
            after,
        )
        for kind, offset, before, after in _changes(code, start.start())
    ]
    return sorted(set(found), key=lambda mutant: (mutant.offset, mutant.after))


def _changes(code: str, start: int) -> Iterator[tuple[str, int, str, str]]:
    for kind, pattern, replacements in SWAPS:
        for match in re.compile(pattern).finditer(code, start):
            text = match.group(0) if pattern.startswith(" ") else match.group(1)
            offset = match.start() if pattern.startswith(" ") else match.start(1)
            for replacement in replacements:
                yield kind, offset, text, replacement
    yield from _removed_statements(code, start)


def _removed_statements(code: str, start: int) -> Iterator[tuple[str, int, str, str]]:
    """Reverts, events, and plain calls and assignments, each taken out whole."""
    for match in re.compile(r"^ +(if \([^;{]*?\)\s*\{?\s*revert [^;]*;(?:\s*\})?)", re.MULTILINE).finditer(code, start):
        yield "no-revert", match.start(1), match.group(1), ""
    for match in re.compile(r"^ +(emit [^;]*;)", re.MULTILINE).finditer(code, start):
        yield "no-event", match.start(1), match.group(1), ""
    statement = re.compile(
        r"^ {8,}((?!emit |if |else|revert |return|for |\}|assembly|unchecked)[a-z_][^;{}]*;)", re.MULTILINE
    )
    for match in statement.finditer(code, start):
        text = match.group(1)
        declares = re.match(r"(?:uint|bytes|address|bool|I[A-Z]|[A-Z]\w* )", text)
        if not declares and not re.match(r"\w+ (?:storage|memory|calldata) ", text):
            yield "no-statement", match.start(1), text, ""


def _without_prose(source: str) -> str:
    """Comments, strings and assembly blanked, so that offsets stay."""

    def blank(match: re.Match[str]) -> str:
        return re.sub(r"[^\n]", " ", match.group(0))

    source = re.sub(r"//[^\n]*|/\*.*?\*/|\"[^\"\n]*\"", blank, source, flags=re.DOTALL)
    return re.sub(r"assembly \(.*?\) \{.*?\n        \}", blank, source, flags=re.DOTALL)


def in_order(mutants: list[Mutant]) -> list[Mutant]:
    """The order in which mutants are judged, the same every time, so that the first few are spread over the file."""
    return sorted(mutants, key=lambda mutant: hashlib.sha256(mutant.key.encode()).digest())


def prepare() -> None:
    """A fresh copy of the tree, compiled once, so that each mutant compiles one contract."""
    fresh_copy(TREE)
    if _run(["brownie", "compile"], WORK / "compile.log") != 0:
        sys.exit(f"the tree does not compile: {WORK / 'compile.log'}")


def judge(mutant: Mutant, source: str) -> str:
    """killed, stillborn (does not compile), or survived."""
    path = TREE / path_of(mutant.contract)
    path.write_text(mutant.apply(source))
    try:
        outcome = _test(mutant.contract)
    finally:
        path.write_text(source)
    return {"passed": "survived", "failed": "killed", "broken": "stillborn"}[outcome]


def _test(contract: str) -> str:
    paths = [f"tests/contracts/{name}" for name in TARGETS[contract]]
    log = WORK / "mutant.log"
    code = _run(["brownie", "test", *paths, "--network", "development", "-q", "-x"], log)
    if "CompilerError" in log.read_text(errors="replace"):
        return "broken"
    return "passed" if code == 0 and _run(["forge", "test"], log) == 0 else "failed"


def _run(command: list[str], log: Path) -> int:
    """Exit code; the whole group is ended when the time is over: a mutant may loop for ever."""
    with log.open("w") as output:
        process = subprocess.Popen(command, cwd=TREE, stdout=output, stderr=output, start_new_session=True)
        try:
            return process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 1


def known() -> dict[str, dict[str, str]]:
    """What was judged before, on this very contract by these very tests."""
    if not RESULTS.exists():
        return {}
    rows = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    present = {contract: state_of(contract) for contract in TARGETS}
    return {row["key"]: row for row in rows if row["state"] == present.get(row["contract"])}


def path_of(contract: str) -> Path:
    """File of a contract or library, from the root of the tree."""
    return Path("contracts", "libraries" if contract in LIBRARIES else "", f"{contract}.sol")


def source_of(contract: str) -> str:
    """The contract as it stands."""
    return (ROOT / path_of(contract)).read_text()


def state_of(contract: str) -> str:
    """Hash of the contract and of the brownie tests that look at it first."""
    tests = sorted(path for name in TARGETS[contract] for path in (ROOT / "tests" / "contracts" / name).rglob("*.py"))
    digest = hashlib.sha256(source_of(contract).encode())
    for path in tests:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def report() -> int:
    """Prints score and survivors; 1 if too many live or one is not explained."""
    explained = tomllib.loads(EXPLAINED.read_text()) if EXPLAINED.exists() else {}
    rows = list(known().values())
    failed = False
    for contract in TARGETS:
        ran = [row for row in rows if row["contract"] == contract]
        counts = Counter(row["outcome"] for row in ran)
        equivalent = sum(
            row["outcome"] == "survived" and explained.get(row["key"], "").startswith("equivalent") for row in ran
        )
        tried = counts["killed"] + counts["survived"]
        percent = 100 * counts["killed"] / max(1, tried - equivalent)
        line = f"{contract:20} {tried:4} mutants, {counts['killed']} killed, {counts['survived']} survived: {percent:.1f} %"
        if tried:
            print(f"{line} ({equivalent} of the survivors equivalent, {counts['stillborn']} did not compile)")
        failed |= percent < LEAST_KILLED_PERCENT and tried > 0
    for row in rows:
        if row["outcome"] == "survived":
            why = explained.get(row["key"])
            print(f"  survived {row['key']}: {why or 'NOT EXPLAINED in scripts/checks/mutants.toml'}")
            failed |= why is None
    return int(failed)


def main() -> int:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contract", choices=sorted(TARGETS), action="append")
    parser.add_argument("--minutes", type=int, help="judge no further mutant after so many minutes")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if arguments.report:
        return report()

    until = time.monotonic() + 60 * arguments.minutes if arguments.minutes else float("inf")
    seen = known()
    waiting = [
        mutant
        for contract in arguments.contract or TARGETS
        for mutant in mutants_of(contract, source_of(contract))
        if mutant.key not in seen
    ]
    prepare()
    sound: set[str] = set()
    for mutant in in_order(waiting):
        if time.monotonic() > until:
            break
        if mutant.contract not in sound and _test(mutant.contract) != "passed":
            print(f"the tests of {mutant.contract} fail without any change: {WORK / 'mutant.log'}", file=sys.stderr)
            return 2
        sound.add(mutant.contract)
        outcome = judge(mutant, source_of(mutant.contract))
        row = asdict(mutant) | {"key": mutant.key, "state": state_of(mutant.contract), "outcome": outcome}
        with RESULTS.open("a") as results:
            results.write(json.dumps(row) + "\n")
        print(f"{outcome:9} {mutant.key}", file=sys.stderr, flush=True)
    return report()


if __name__ == "__main__":
    sys.exit(main())
