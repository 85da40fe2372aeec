"""What the commands of `carbonbook certify` share: their options, how they send, and how they tell the state and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import typer

from oracle.cli.console import show
from oracle.edge.chain.call import Call
from oracle.installation import Installation
from oracle.ledger.certify.standing import Standing, claim_in, standing, when
from oracle.model.errors import CarbonbookError, ClaimRefused, InputError
from oracle.model.ids import Address, BatchId, methodology_text
from oracle.model.keccak import keccak
from oracle.model.machine import blamed
from oracle.model.units import tonnes

app = typer.Typer(
    name="certify",
    help="Claims: from closed batches to a series of credits, and back when a batch turns out forged.",
    no_args_is_help=True,
)

ClaimArgument = Annotated[int, typer.Argument(help="Number of the claim, and of its series.", min=1)]
OperatorOption = Annotated[str, typer.Option("--key", help="Key of the operator.")]
MyClaimOption = Annotated[
    str | None, typer.Option("--key", help="Key of the operator.", show_default="that of who opened the claim")
]
AuthorityOption = Annotated[str, typer.Option("--key", help="Key of a person of the authority.")]
SecondOption = Annotated[str, typer.Option("--key", help="Key of another person of the authority.")]
VerifierOption = Annotated[str, typer.Option("--key", help="Key of the verifier.")]
GuardianOption = Annotated[str, typer.Option("--key", help="Key of the guardian.")]
AnyoneOption = Annotated[str | None, typer.Option("--key", help="Whose account sends.", show_default="the relayer's")]
BatchOption = Annotated[str, typer.Option("--batch", help="Key of the batch.")]
NodesOption = Annotated[
    str | None,
    typer.Option(
        "--nodes", help="Ask these nodes to sign, URLs with commas between.", show_default="sign with the keys here"
    ),
]

_BATCH_DIGITS = 64


class Desk:
    """The claims of one installation."""

    def __init__(self, home: Path | None, *, json: bool, dry_run: bool = False):
        self.here = Installation.at(home)
        self.home = self.here.settings.home
        self.chain = self.here.chain
        self._json = json
        self._dry_run = dry_run

    def address(self, key: str | None) -> Address:
        """Account of a key; the relayer's unless one is named."""
        return Address(self.here.account_of(key or self.here.settings.relayer))

    def operator_key(self, number: int) -> str:
        """Name of the key that opened a claim.

        Raises:
            ClaimRefused: It is not here.
        """
        operator = claim_in(self.chain, number).operator
        name = self._names.get(operator)
        if name is None:
            raise ClaimRefused(f"The key of {operator}, who opened claim {number}, is not here.")
        return name

    def send(self, key: str | None, calls: Sequence[Call | None]) -> dict[str, object]:
        """Sends what has to be sent, one after the other; a dry run only asks the contracts.

        Raises:
            ContractReverted: A contract refuses; what went before stands.
        """
        wanted = [call for call in calls if call is not None]
        if self._dry_run:
            for call in wanted:
                self.chain.simulate(call.to, call.data, self.address(key))
            return {"would_send": len(wanted), "transactions": []}
        outbox = self.here.sender(key)
        return {"transactions": [outbox.send(call).hash for call in wanted]}

    def tell(self, number: int, facts: Mapping[str, object], following: str | None = None) -> None:
        """Prints facts, the state, and what comes next: `following`, where more is known than the chain says."""
        found = standing(self.chain, number)
        found = found if following is None else replace(found, next=following)
        show({"claim": number, **facts, **ending(found)}, self._json)

    def tell_only(self, facts: Mapping[str, object]) -> None:
        """Prints facts of which no claim is the subject."""
        show(facts, self._json)

    @contextmanager
    def telling(self, number: int) -> Iterator[None]:
        """What is refused is told with the state that the claim is in."""
        try:
            yield
        except ClaimRefused as refusal:
            try:
                found = ending(standing(self.chain, number))
            except CarbonbookError:
                raise refusal from None  # there is no such claim
            told = self._with_names(str(refusal))
            known = [each for each in found["blocked_by"] if each not in told]
            show({"claim": number, **found, "blocked_by": [told, *known]}, self._json)
            raise ClaimRefused(told) from refusal

    def named(self, account: str) -> dict[str, str]:
        """An account with the name it has here."""
        return {"name": self._names.get(account, "-"), "account": account}

    def described(self, found: Standing) -> dict[str, object]:
        """A claim for people."""
        claim = found.claim
        return {
            "claim": found.number,
            "operator": self.named(claim.operator),
            "methodology": methodology_text(claim.methodology),
            "version": claim.version,
            "vintage": claim.vintage,
            "sequence": claim.sequence,
            "batches": claim.batch_count,
            "accounts": claim.account_count,
            "bound_t": tonnes(claim.bound_mg),
            "claimed_t": tonnes(claim.reduction_mg),
            "certified_t": tonnes(claim.certified_mg),
            "verifier": self.named(claim.verifier) if claim.has_verifier else None,
            "notice_ends": when(claim.notice_ends) if claim.notice_ends else None,
            "objections": claim.objections,
            "holds": claim.holds,
            **ending(found),
        }

    def _with_names(self, text: str) -> str:
        """A sentence with names beside the accounts in it."""
        for account, name in self._names.items():
            text = text.replace(account, f"{name} ({account})")
        return text

    @cached_property
    def _names(self) -> dict[str, str]:
        keys = self.here.keys
        return {
            keys.address(name): name for name in (*keys.names(), *self.here.settings.signers) if name not in _SECRETS
        }


_SECRETS = ("custody", "records")


def ending(found: Standing) -> dict[str, Any]:
    """State, what comes next, what is in the way: the last lines of every command."""
    following = f"carbonbook {found.next}" if found.next else None
    return {"state": found.state, "next": following, "blocked_by": list(found.blocked_by)}


def batch_of(text: str) -> BatchId:
    """A batch's key as somebody typed it.

    Raises:
        InputError: It is none.
    """
    digits = text.lower().removeprefix("0x")
    if len(digits) != _BATCH_DIGITS or set(digits) - set("0123456789abcdef"):
        raise InputError(f"'{text[:80]}' is not 0x and {_BATCH_DIGITS} hex digits", field="--batch")
    return BatchId(f"0x{digits}")


def hash_of(path: Path) -> bytes:
    """Keccak-256 of a file's bytes: what stands for it on chain.

    Raises:
        InputError: It cannot be read, or is empty.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=str(path))) from error
    if not content:
        raise InputError("is empty", file=str(path))
    return keccak(content)
