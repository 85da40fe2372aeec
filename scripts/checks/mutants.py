"""Changes the contracts one small step at a time and counts how many of the changes the tests notice: forge's, then brownie's.

    python scripts/checks/mutants.py                          every mutant that was not judged yet (hours)
    python scripts/checks/mutants.py --minutes 5              as many of them as five minutes allow
    python scripts/checks/mutants.py --contract PointIssuer   one contract or library
    python scripts/checks/mutants.py --forge                  by forge's tests alone: what lives waits for a run with brownie's
    python scripts/checks/mutants.py --report                 the score of what was judged so far

A mutant works in a copy of the tree under build/mutants. The tests must pass there before anything is changed. What was judged is kept in
mutants.jsonl beside this file and committed: a run that was stopped goes on where it was. A mutant is judged again when its contract
changed; one that survived also when a test that looks at it did. More tests kill no less.
Exit codes: 0 if at least 95 % of the judged mutants that change anything are killed and every survivor is explained in mutants.toml; 1 if
not, or if the tests fail on the unchanged tree.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tree import ROOT, fresh_copy

WORK = ROOT / "build" / "mutants"
TREE = WORK / "tree"
BUILT = TREE / "build" / "forge"
LOG = WORK / "mutant.log"
RESULTS = Path(__file__).with_name("mutants.jsonl")
EXPLAINED = Path(__file__).with_name("mutants.toml")
LEAST_KILLED_PERCENT = 95
TIMEOUT_SECONDS = 900
NOT_RUN = ("gas", "symbolic")  # bounds of optimized code, and laws for another tool
_CAMPAIGNS = "^(CarefulCity|HostileCity|CreditCity)$"  # minutes each: for what the other tests let live
CAMPAIGNS = f"--match-contract={_CAMPAIGNS}"
COMPILER = ROOT / "scripts" / "compiler" / "solc-v0.8.30"
COMPILED_AT_ONCE = 8
QUIETLY: dict[str, Any] = {"cwd": ROOT, "capture_output": True, "text": True, "check": True}

# The folders of brownie's tests that look at what forge's let live.
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


class Court:
    """A copy of the tree in which mutants are judged; what forge compiled there before is kept.

    Args:
        forge_only: Whether brownie's tests are not asked: what forge's let live then waits for them.
    """

    def __init__(self, forge_only: bool):
        self._forge_only = forge_only
        self._sound: set[str] = set()  # contracts whose brownie tests pass as they are
        kept = WORK / "forge"
        shutil.rmtree(kept, ignore_errors=True)
        if BUILT.exists():
            BUILT.rename(kept)
        fresh_copy(TREE)
        if kept.exists():
            BUILT.parent.mkdir()
            kept.rename(BUILT)
        if _forge() != 0:
            sys.exit(f"the tests fail without any change: {LOG}")
        if not forge_only and _run(["brownie", "compile"]) != 0:
            sys.exit(f"the tree does not compile: {LOG}")

    def judge(self, mutant: Mutant, code: str | None) -> str:
        """killed, stillborn (does not compile), survived, or waiting.

        Args:
            code: What it compiles to, if that is known: then nothing is compiled for forge.
        """
        if self._found(mutant, _forge) if code is None else _found_in(mutant.contract, code):
            return "stillborn" if "Compiler run failed" in LOG.read_text(errors="replace") else "killed"
        if self._forge_only:
            return "waiting"
        if self._found(mutant, lambda: _forge(CAMPAIGNS)):
            return "killed"
        if mutant.contract not in self._sound and _brownie(mutant.contract) != 0:
            sys.exit(f"the tests of {mutant.contract} fail without any change: {LOG}")
        self._sound.add(mutant.contract)
        return "killed" if self._found(mutant, lambda: _brownie(mutant.contract)) else "survived"

    def _found(self, mutant: Mutant, test: Callable[[], int]) -> bool:
        path = TREE / path_of(mutant.contract)
        source = path.read_text()
        path.write_text(mutant.apply(source))
        try:
            return test() != 0
        finally:
            path.write_text(source)


def _found_in(contract: str, code: str) -> bool:
    """Whether forge's tests notice other code of a contract: they deploy what stands in its artifact (`dynamic_test_linking`)."""
    artifact = BUILT / "out" / f"{contract}.sol" / f"{contract}.json"
    kept = artifact.read_text()
    built = json.loads(kept)
    built["bytecode"]["object"] = f"0x{code}"
    artifact.write_text(json.dumps(built))
    try:
        return _forge() != 0
    finally:
        artifact.write_text(kept)


def codes_of(contract: str, mutants: list[Mutant]) -> dict[Mutant, str]:
    """What mutants of one contract compile to, in one run of the compiler; without those that do not compile."""
    source = source_of(contract)
    files = {f"contracts/{contract}_{number}.sol": mutant for number, mutant in enumerate(mutants)}
    while files:
        request = {
            "language": "Solidity",
            "sources": {name: {"content": mutant.apply(source)} for name, mutant in files.items()},
            "settings": {
                "remappings": ["@openzeppelin/=node_modules/@openzeppelin/"],
                "evmVersion": "paris",
                "outputSelection": {name: {contract: ["evm.bytecode.object"]} for name in files},
            },
        }
        done = subprocess.run([COMPILER, "--standard-json"], input=json.dumps(request), **QUIETLY)
        answer = json.loads(done.stdout)
        wrong = {error["sourceLocation"]["file"] for error in answer.get("errors", ()) if error["severity"] == "error"}
        if not wrong:
            return {
                mutant: answer["contracts"][name][contract]["evm"]["bytecode"]["object"]
                for name, mutant in files.items()
            }
        files = {name: mutant for name, mutant in files.items() if name not in wrong}
    return {}


def _forge(*suites: str) -> int:
    """Tests of forge, all but the campaigns unless told."""
    chosen = suites or (f"--no-match-path=tests/fuzz/{{{','.join(NOT_RUN)}}}/*", f"--no-match-contract={_CAMPAIGNS}")
    return _run(["forge", "test", "--fail-fast", *chosen])


def _brownie(contract: str) -> int:
    paths = [f"tests/contracts/{name}" for name in TARGETS[contract]]
    return _run(["brownie", "test", *paths, "--network", "development", "-q", "-x"])


def _run(command: list[str]) -> int:
    """Exit code; the whole group is ended when the time is over: a mutant may loop for ever."""
    with LOG.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=TREE,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=os.environ | {"FOUNDRY_PROFILE": "mutants"},
        )
        try:
            return process.wait(TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return 1


def known() -> dict[str, dict[str, str]]:
    """What was judged before, on this very contract, and by these very tests if it was let live."""
    if not RESULTS.exists():
        return {}
    rows = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    sources = {contract: _hash(source_of(contract).encode()) for contract in TARGETS}
    tests = {contract: tests_of(contract) for contract in TARGETS}
    return {
        row["key"]: row
        for row in rows
        if row["source"] == sources.get(row["contract"])
        and (row["outcome"] in ("killed", "stillborn") or row["tests"] == tests.get(row["contract"]))
    }


def path_of(contract: str) -> Path:
    """File of a contract or library, from the root of the tree."""
    return Path("contracts", "libraries" if contract in LIBRARIES else "", f"{contract}.sol")


def source_of(contract: str) -> str:
    """The contract as it stands."""
    return (ROOT / path_of(contract)).read_text()


def tests_of(contract: str) -> str:
    """Hash of the tests that look at a contract."""
    brownie = [path for name in TARGETS[contract] for path in (ROOT / "tests" / "contracts" / name).rglob("*.py")]
    forge = [path for path in (ROOT / "tests" / "fuzz").rglob("*.sol") if path.parent.name not in NOT_RUN]
    return _hash(*(path.read_bytes() for path in sorted(brownie + forge)))


def _hash(*contents: bytes) -> str:
    return hashlib.sha256(b"".join(contents)).hexdigest()[:16]


def _portions(mutants: list[Mutant]) -> Iterator[list[Mutant]]:
    """Mutants of one contract each, some at a time, by turns."""
    of = {contract: [mutant for mutant in mutants if mutant.contract == contract] for contract in TARGETS}
    for start in range(0, max(map(len, of.values())), COMPILED_AT_ONCE):
        yield from (some for each in of.values() if (some := each[start : start + COMPILED_AT_ONCE]))


def _keep(mutant: Mutant, outcome: str) -> None:
    row = asdict(mutant) | {"key": mutant.key, "outcome": outcome}
    row |= {"source": _hash(source_of(mutant.contract).encode()), "tests": tests_of(mutant.contract)}
    with RESULTS.open("a") as results:
        results.write(json.dumps(row) + "\n")
    print(f"{outcome:9} {mutant.key}", file=sys.stderr, flush=True)


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
            print(
                f"{line} ({equivalent} of the survivors equivalent; {counts['stillborn']} did not compile, {counts['waiting']} wait)"
            )
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
    parser.add_argument("--forge", action="store_true", help="leave what forge's tests let live for another run")
    parser.add_argument("--report", action="store_true")
    arguments = parser.parse_args()
    if arguments.report:
        return report()

    until = time.monotonic() + 60 * arguments.minutes if arguments.minutes else float("inf")
    done = {key for key, row in known().items() if arguments.forge or row["outcome"] != "waiting"}
    waiting = [
        mutant
        for contract in arguments.contract or TARGETS
        for mutant in mutants_of(contract, source_of(contract))
        if mutant.key not in done
    ]
    court = Court(arguments.forge)
    for some in _portions(in_order(waiting)):
        contract = some[0].contract
        codes = {} if contract in LIBRARIES else codes_of(contract, some)
        for mutant in some:
            if time.monotonic() > until:
                return report()
            stillborn = contract not in LIBRARIES and mutant not in codes
            _keep(mutant, "stillborn" if stillborn else court.judge(mutant, codes.get(mutant)))
    return report()


if __name__ == "__main__":
    sys.exit(main())
