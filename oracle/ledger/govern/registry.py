"""The methodology registry as the authority works with it: where each version stands, and the steps from draft to suspension.

Every step looks first. What stands on chain must be the library's document, hash for hash; a step that is done already is not sent
again, so that a command whose answer was lost can be repeated.
"""

from __future__ import annotations

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.methodology_registry import OPEN_END, MethodologyRegistry, Version
from oracle.edge.chain.sender import Sender, Sent
from oracle.ledger.govern.authority import terms_of
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.rule import Rule
from oracle.model.canonical import hexed
from oracle.model.errors import MethodologyError
from oracle.model.units import date_of, latest_day_of


def entries(chain: Chain, identifier: str) -> list[Version]:
    """Every version of a methodology on chain, in order."""
    registry = MethodologyRegistry(chain)
    return [registry.methodology_of(identifier, number + 1) for number in range(registry.version_count(identifier))]


def entry_of(chain: Chain, rule: Rule) -> Version:
    """The version on chain that is a library rule.

    Raises:
        MethodologyError: It is not there, or other terms stand under its number.
    """
    registry = MethodologyRegistry(chain)
    count = registry.version_count(rule.id)
    if rule.version > count:
        raise MethodologyError(
            f"{rule.id} version {rule.version} is not on chain; the chain has {count} versions. "
            f"Run `carbonbook methodology propose {rule.id}` to add the next."
        )
    entry = registry.methodology_of(rule.id, rule.version)
    if entry.terms.document_hash != rule.document_hash:
        raise MethodologyError(
            f"{rule.id} version {rule.version} differs between chain and library: the chain has document "
            f"{hexed(entry.terms.document_hash)}, the library {hexed(rule.document_hash)}"
        )
    return entry


def ended_by(existing: list[Version], rule: Rule) -> Version | None:
    """The version whose open window ends when `rule` comes into force."""
    standing = [
        entry for entry in existing if entry.status in ("active", "suspended") and entry.version != rule.version
    ]
    return next(
        (entry for entry in standing if entry.terms.to_day == OPEN_END and entry.terms.from_day < rule.from_day), None
    )


def propose(authority: Sender, rule: Rule, uri: str, *, dry_run: bool = False) -> Sent | None:
    """Drafts a library rule as the next version of its id; nothing is sent if it stands there already.

    Raises:
        MethodologyError: The rule is a draft or not the next version, or could not come into force after its notice.
        ContractReverted: The registry refuses.
    """
    if rule.status is not Status.ACTIVE:
        raise MethodologyError(f"{rule.id} version {rule.version} is {rule.status} in the library: {rule.reason}")
    existing = entries(authority.chain, rule.id)
    if rule.version <= len(existing):
        entry_of(authority.chain, rule)
        return None
    if rule.version != len(existing) + 1:
        raise MethodologyError(
            f"the next version of {rule.id} on chain must be {len(existing) + 1}, not {rule.version}; propose versions in order"
        )
    _require_time_for_notice(authority.chain, existing, rule)
    return _step(authority, dry_run, MethodologyRegistry(authority.chain).propose(rule.id, terms_of(rule, uri)))


def start_notice(authority: Sender, rule: Rule, *, dry_run: bool = False) -> Sent | None:
    """Puts a draft on public notice; nothing is sent if its notice has begun."""
    if entry_of(authority.chain, rule).status != "draft":
        return None
    return _step(authority, dry_run, MethodologyRegistry(authority.chain).start_notice(rule.id, rule.version))


def activate(authority: Sender, rule: Rule, *, successor: bool, dry_run: bool = False) -> Sent | None:
    """Brings a version into force after its notice; nothing is sent if it is in force.

    Args:
        successor: Whether the window of a version in force shall end. It must be said, because it cannot be undone.

    Raises:
        MethodologyError: `successor` is not what activating would do.
    """
    entry = entry_of(authority.chain, rule)
    if entry.status not in ("draft", "public notice"):
        return None
    ended = ended_by(entries(authority.chain, rule.id), rule)
    if ended is not None and not successor:
        raise MethodologyError(
            f"activating {rule.id} version {rule.version} would end the window of version {ended.version} on "
            f"{date_of(rule.from_day - 1)}. If you want that, run `carbonbook methodology supersede`"
        )
    if ended is None and successor:
        raise MethodologyError(
            f"{rule.id} version {rule.version} supersedes no version; run `carbonbook methodology activate` instead"
        )
    return _step(authority, dry_run, MethodologyRegistry(authority.chain).activate(rule.id, rule.version))


def suspend(authority: Sender, rule: Rule, reason: str, *, dry_run: bool = False) -> Sent | None:
    """Stops attesting and crediting under a version; nothing is sent if they are stopped."""
    if entry_of(authority.chain, rule).status == "suspended":
        return None
    return _step(authority, dry_run, MethodologyRegistry(authority.chain).suspend(rule.id, rule.version, reason))


def resume(authority: Sender, rule: Rule, *, dry_run: bool = False) -> Sent | None:
    """Ends a suspension; nothing is sent if the version is in force."""
    if entry_of(authority.chain, rule).status in ("active", "superseded"):
        return None
    return _step(authority, dry_run, MethodologyRegistry(authority.chain).resume(rule.id, rule.version))


def _require_time_for_notice(chain: Chain, existing: list[Version], rule: Rule) -> None:
    """An open window can only be ended from a day on that nobody can have attested when the notice is over."""
    ended = ended_by(existing, rule)
    over = chain.now() + MethodologyRegistry(chain).notice_period()
    if ended is not None and rule.from_day <= latest_day_of(over):
        raise MethodologyError(
            f"{rule.id} version {rule.version} would end version {ended.version} from {date_of(rule.from_day)} on, but "
            f"its public notice lasts longer; let it begin after {date_of(latest_day_of(over))}"
        )


def _step(authority: Sender, dry_run: bool, call: Call) -> Sent | None:
    if not dry_run:
        return authority.send(call)
    authority.chain.simulate(call.to, call.data, authority.account.address)
    return None
