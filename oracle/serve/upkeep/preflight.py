"""Checks before the first round: what is wrong, and what to do. The checks are independent of each other."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from eth_utils.crypto import keccak

from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.oracle_committee import OracleCommittee
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.chain.fees import fees_now
from oracle.edge.chain.finality import require_sound
from oracle.edge.keys.keyring import CUSTODY, RECORDS
from oracle.edge.store import outbox as rows
from oracle.edge.store.lock import exclusive
from oracle.measure.quantify.figures import Status
from oracle.model.errors import CarbonbookError, ConfigError
from oracle.model.units import day_of_time, year_of
from oracle.sandbox.local import CHAIN_ID

if TYPE_CHECKING:
    from oracle.installation import Installation

_DISK_BYTES = 1 << 30
_GAS = 20_000_000  # a full chunk of accounts
_CLOCK_SECONDS = 3600
_STUCK_SECONDS = 3600
_OTHERS = 0o077
_PRICE_DAYS = 31  # before a year begins, its price must be there


@dataclass(frozen=True)
class Finding:
    """One check.

    Attributes:
        check: What was looked at.
        ok: Whether it is as it should be.
        found: What it is.
        remedy: What to do; empty if nothing.
    """

    check: str
    ok: bool
    found: str
    remedy: str


Check = Callable[["Installation"], tuple[bool, str]]


def preflight(here: Installation) -> Iterator[Finding]:
    """Runs every check. One that cannot be made, because of an earlier one or not, says why."""
    for check, look, remedy in CHECKS:
        try:
            ok, found = look(here)
        except CarbonbookError as error:
            ok, found = False, str(error)
        yield Finding(check, ok, found, "" if ok else remedy)


def _keys(here: Installation) -> tuple[bool, str]:
    names = {here.settings.relayer, CUSTODY, RECORDS, *here.settings.committee}
    for name in sorted(names):
        here.keys.secret(name)
    return True, f"{len(names)} keys open"


def _database(here: Installation) -> tuple[bool, str]:
    with here.book.database.begin() as connection:
        pending = rows.counts(connection)
    return True, f"{here.book.database.place} can be written; pending pending transactions: {pending or 'none'}"


def _mode(path: Path) -> int:
    try:
        return path.lstat().st_mode
    except FileNotFoundError:  # a draft that has become what it was for
        return 0


def _disk(here: Installation) -> tuple[bool, str]:
    home = here.settings.home
    free = shutil.disk_usage(home).free
    open_ = [path for path in (home, *home.rglob("*")) if not path.is_symlink() and _mode(path) & _OTHERS]
    named = f"; others may read {len(open_)} files and folders, such as {open_[0]}" if open_ else ""
    return free >= _DISK_BYTES and not open_, f"{free // (1 << 20)} MiB free{named}"


def _lock(here: Installation) -> tuple[bool, str]:
    with exclusive(here.book.database, "run", 0):
        return True, "no other service is running on this book"


def _chain(here: Installation) -> tuple[bool, str]:
    chain = here.chain
    return True, f"{chain.rpc} is chain {chain.manifest.chain_id} at block {chain.head()}"


def _sound(here: Installation) -> tuple[bool, str]:
    require_sound(here.chain, here.book.database, here.settings.finality)
    return True, f"the last final block is unchanged; {len(here.chain.witnesses)} witnesses agree"


def _code(here: Installation) -> tuple[bool, str]:
    other = []
    for role, entry in here.chain.manifest.contracts.items():
        code = here.chain.code(entry.address)
        if "0x" + keccak(code).hex() != entry.code_hash.lower():
            other.append(role)
    return not other, f"wrong code at {', '.join(other)}" if other else "every contract has the code of the manifest"


def _clock(here: Installation) -> tuple[bool, str]:
    ahead = here.chain.now() - int(time.time())
    is_local = here.chain.manifest.chain_id == CHAIN_ID  # whoever develops sets its clock
    return is_local or abs(ahead) <= _CLOCK_SECONDS, f"the chain's clock is {ahead} s ahead of this machine's"


def _committee(here: Installation) -> tuple[bool, str]:
    committee = OracleCommittee(here.chain)
    quorum, known = committee.quorum(), committee.members()
    held = [here.keys.address(name) for name in here.settings.committee]
    members = [address for address in held if address in known]
    return len(members) >= quorum, f"{len(members)} of {len(held)} keys here are members; {quorum} must sign"


def _gas(here: Installation) -> tuple[bool, str]:
    relayer = here.keys.address(here.settings.relayer)
    balance = here.chain.balance(relayer)
    cap = fees_now(here.chain).cap
    left = balance // (_GAS * cap) if cap else None
    return left is None or left >= 10, f"{relayer} can pay for {'any number of' if left is None else left} full chunks"


def _operators(here: Installation) -> tuple[bool, str]:
    registry = OperatorRegistry(here.chain)
    standing = {name: registry.standing_of(address) for name, address in here.operators().items()}
    other = [name for name, at in standing.items() if at != "active"]
    return (
        not other,
        f"not licensed: {', '.join(other)}" if other else f"operators of {len(standing)} sources are licensed",
    )


def _reserve(here: Installation) -> tuple[bool, str]:
    vault = SettlementVault(here.chain)
    empty = [name for name, address in here.operators().items() if vault.free_of(address) == 0]
    return not empty, f"no free reserve: {', '.join(empty)}" if empty else "every operator has free reserve"


def _prices(here: Installation) -> tuple[bool, str]:
    today = day_of_time(here.chain.now(), "UTC")
    years = sorted({year_of(today), year_of(today + _PRICE_DAYS)})
    vault = SettlementVault(here.chain)
    missing = [str(year) for year in years if vault.price_of(year) == 0]
    return not missing, f"no price for {', '.join(missing)}" if missing else f"points of {years[0]} have a price"


def _methodologies(here: Installation) -> tuple[bool, str]:
    registry = MethodologyRegistry(here.chain)
    other, same = [], 0
    for rule in here.library.rules():
        if rule.status is not Status.ACTIVE:
            continue
        if registry.version_count(rule.id) < rule.version:
            continue  # of another place, or not proposed yet: closing does not need it until an act asks for it
        terms = registry.methodology_of(rule.id, rule.version).terms
        if (terms.document_hash, terms.factor_ug) == (rule.document_hash, rule.factor_ug):
            same += 1
        else:
            other.append(f"{rule.id} v{rule.version}")
    return not other and same > 0, f"differ: {', '.join(other)}" if other else f"{same} versions are the same on chain"


def _stuck(here: Installation) -> tuple[bool, str]:
    with here.book.database.reading() as connection:
        oldest = rows.oldest_pending(connection)
    age = 0 if oldest is None else int(time.time()) - oldest
    return age < _STUCK_SECONDS, f"the oldest pending transaction is {age} s old" if age else "none is pending"


CHECKS: tuple[tuple[str, Check, str], ...] = (
    (
        "keys",
        _keys,
        "Put the keystore files and the passphrase at the paths in config.toml (`keys`, `passphrase_file`).",
    ),
    ("database", _database, "Free the disk, or restore the database from a backup and run `carbonbook rebuild`."),
    (
        "disk",
        _disk,
        "Free at least 1 GiB on the disk of the home folder, and remove other users' access to it: chmod -R go-rwx.",
    ),
    ("one service", _lock, "A service is already running. Stop it before you start another one."),
    ("chain", _chain, "Start the node, or correct `rpc` in config.toml."),
    ("finality", _sound, "Find out why the chain rolled back; then run `carbonbook reconcile --accept-rollback`."),
    ("contracts", _code, "The contracts are not those of the manifest. Correct `manifest` in config.toml."),
    ("clock", _clock, "Set this machine's clock with NTP, and ask the node's operator to check the node's clock."),
    (
        "committee",
        _committee,
        "Ask the authority to add this installation's members, or collect signatures from other nodes.",
    ),
    ("gas money", _gas, "Send the relayer gas money."),
    ("operators", _operators, "Ask the authority to license the sources' operators, or correct config.toml."),
    ("reserve", _reserve, "Ask the operators to deposit reserve. Without it their batches cannot be credited."),
    ("prices", _prices, "Ask the authority to set the price of this year's points."),
    ("methodologies", _methodologies, "Library and chain differ. Install the library version that was activated."),
    (
        "transactions",
        _stuck,
        "Run `carbonbook reconcile`. If they stay pending, see the runbook page transactions-stuck.",
    ),
)


def require(findings: list[Finding]) -> None:
    """Raises if anything is wrong.

    Raises:
        ConfigError: Something is.
    """
    wrong = [finding for finding in findings if not finding.ok]
    if wrong:
        raise ConfigError(f"{len(wrong)} of {len(findings)} checks failed: {', '.join(item.check for item in wrong)}.")
