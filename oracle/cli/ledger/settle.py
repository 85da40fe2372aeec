"""`carbonbook settle`: pay merchants for final orders, in runs that two persons sign."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from eth_account.signers.base import BaseAccount

from oracle.cli.console import DryRunOption, HomeOption, JsonOption, say, show
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.store.runs import all_runs
from oracle.installation import Installation
from oracle.ledger.settle.book import Proposal, described
from oracle.ledger.settle.due import first_order_day, last_day_for_anyone, merchants_of
from oracle.model.bank import Payer, units_per_minor_of
from oracle.model.days import Days, between, period
from oracle.model.errors import ConfigError, InputError
from oracle.model.settlement_run import Item, ItemState, Run
from oracle.model.units import date_of, day_of

app = typer.Typer(name="settle", invoke_without_command=True)

ThroughOption = Annotated[
    str | None, typer.Option(help="Last day to pay for.", show_default="the day before the last final day")
]
SinceOption = Annotated[str | None, typer.Option("--from", help="First day.", show_default="day of the first order")]
PeriodOption = Annotated[
    str | None, typer.Option("--period", help="A day (2023-01-10), a week (2023-W02) or a month (2023-01).")
]
MerchantOption = Annotated[
    list[str] | None, typer.Option(help="Only this merchant: an account or the name of a key. Can be repeated.")
]
KeyOption = Annotated[
    str | None, typer.Option(help="Name of the officer's key.", show_default="the only officer's key here")
]
RunArgument = Annotated[str, typer.Argument(help="Name of a settlement run, for example 2023-01.1.")]


class Office:
    """The settlement runs of one installation, with the keys that are here."""

    def __init__(self, home: Path | None):
        self.here = Installation.at(home)
        self.chain = self.here.chain
        self.book = self.here.settlements

    def show(self, data: Mapping[str, object], json: bool) -> None:
        """Prints a result, with the names of merchants and officers."""
        show(data, json, names=self.here.names)

    def merchants(self, named: Sequence[str] | None) -> list[str]:
        """The merchants that are named; all of them if none is."""
        return [self.here.account_of(name) for name in named] if named else merchants_of(self.chain)

    def days(self, of: str | None, since: str | None, through: str | None) -> Days:
        """The days that are asked for; all of them must be anybody's to settle."""
        if of is not None and (since or through):
            raise InputError("add --period, or --from and --through", field="--period")
        last = last_day_for_anyone(self.chain)
        days = period(of) if of else self._asked(since, through, last)
        if days.last > last:
            raise InputError(
                f"only days up to {date_of(last)} can be settled. The last final day stays unpaid, so that the merchant has "
                "points to deduct refunds from",
                field="--period" if of else "--through",
            )
        return days

    def _asked(self, since: str | None, through: str | None, last: int) -> Days:
        first_day = min(first_order_day(self.chain), last) if since is None else _day(since)
        return between(first_day, last if through is None else _day(through))

    def signers(self) -> list[BaseAccount]:
        """The officers whose keys are here."""
        addresses = {self.here.keys.address(name): name for name in self.here.keys.names()}
        return [self.here.keys.account(addresses[each]) for each in self.here.officers if each in addresses]

    def signer(self, key: str | None) -> BaseAccount:
        """Who signs: the named key, or the only officer's key that is here."""
        if key is not None:
            return self.here.keys.account(key)
        present = self.signers()
        if len(present) != 1:
            raise ConfigError(
                f"This keystore holds {len(present)} officers' keys ({', '.join(each.address for each in present) or '-'}). "
                "Choose one with --key."
            )
        return present[0]

    def payer(self) -> Payer:
        """Whose account pays merchants at the bank.

        Raises:
            ConfigError: The settings name none.
        """
        bank = self.here.settings.settlement.bank
        if bank is None:
            raise ConfigError(
                "No paying account is configured. Set name, account and code under [settlement.bank] in config.toml."
            )
        per_minor = units_per_minor_of(SettlementToken(self.chain).decimals(), bank.decimals)
        return Payer(bank.party, bank.currency, bank.decimals, per_minor, bank.profile)


@app.callback()
def settle(
    context: typer.Context,
    through: ThroughOption = None,
    since: SinceOption = None,
    merchant: MerchantOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Pay merchants what is final and not yet paid, from the operators' reserve.

    An order is final when its refund window is over; a day later anyone can settle it. Without a command, runs that two persons approved
    are finished, and what else is due is proposed, approved and sent at once: that needs two officers' keys in one keystore, as on a
    local chain. Elsewhere one person types `propose`, another `show` and `approve`, and anyone `send`. Running it again pays nothing twice.

        carbonbook settle --from 2023-01-01 --through 2023-01-31
        carbonbook settle propose --period 2023-01 --key authority-1
    """
    if context.invoked_subcommand is not None:
        return
    office = Office(home)
    days, merchants = office.days(None, since, through), office.merchants(merchant)
    if dry_run:
        draft = office.book.drafted(merchants, days)
        _show_at_once(office, days, draft, [], json)
        return
    outbox = office.here.outbox()
    runs = [office.book.send(outbox, name) for name in office.book.waiting()]
    proposal = office.book.drafted(merchants, days)
    if proposal.run is not None:
        proposer, approver = _two(office)
        proposal = office.book.propose(proposer, merchants, days, approver)
        runs += [office.book.send(outbox, run.name) for run in (proposal.run,) if run is not None]
    _show_at_once(office, days, proposal, runs, json)


@app.command("propose")
def propose_(
    of: PeriodOption = None,
    through: ThroughOption = None,
    since: SinceOption = None,
    merchant: MerchantOption = None,
    key: KeyOption = None,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Propose the payouts for a day, a week, a month, or for all final days.

    The amounts are read from the vault contract. Nothing is paid until a second person approves.

        carbonbook settle propose --period 2023-01 --key authority-1
        carbonbook settle propose --from 2023-01-03 --through 2023-01-09 --dry-run
    """
    office = Office(home)
    days, merchants = office.days(of, since, through), office.merchants(merchant)
    book = office.book
    proposal = book.drafted(merchants, days) if dry_run else book.propose(office.signer(key), merchants, days)
    run = described(proposal.run) if proposal.run is not None else {"run": None, "payouts": []}
    office.show({**run, **_beside(proposal)}, json)


@app.command("show")
def show_(run: RunArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Show a run: its signers, each merchant's amount, and the payment status on chain.

    carbonbook settle show 2023-01.1
    """
    office = Office(home)
    office.show(described(office.book.refreshed(run)), json)


@app.command("approve")
def approve_(run: RunArgument, key: KeyOption = None, home: HomeOption = None, json: JsonOption = False) -> None:
    """Approve a run as the second person. First it is compared with the amounts due on chain.

    carbonbook settle approve 2023-01.1 --key authority-2
    """
    office = Office(home)
    office.show(described(office.book.approve(run, office.signer(key))), json)


@app.command("send")
def send_(run: RunArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Pay the open payouts of an approved run. Repeat to retry failed payouts. Anyone may send, because two persons have signed.

    carbonbook settle send 2023-01.1
    """
    office = Office(home)
    sent = office.book.send(office.here.outbox(), run)
    for item in sent.items:
        if item.problem:
            say(f"{office.here.named(item.merchant)} {item.state}: {item.problem}")
    office.show(described(sent), json)


@app.command("cancel")
def cancel_(run: RunArgument, home: HomeOption = None, json: JsonOption = False) -> None:
    """Cancel a run of which nothing was paid. Its merchants can then be proposed again.

    carbonbook settle cancel 2023-01.1
    """
    office = Office(home)
    office.show(described(office.book.cancel(run)), json)


@app.command("list")
def list_(home: HomeOption = None, json: JsonOption = False) -> None:
    """List the runs and their states.

    carbonbook settle list
    """
    office = Office(home)
    with office.here.book.database.reading() as connection:
        names = [run.name for run in all_runs(connection)]
    office.show({"runs": [_listed(office.book.refreshed(name)) for name in names]}, json)


def _two(office: Office) -> tuple[BaseAccount, BaseAccount]:
    signers = office.signers()
    if len(signers) < 2:
        raise ConfigError(
            f"Two officers must sign, and this keystore holds the keys of {len(signers)}. Run `carbonbook settle propose` with one "
            "person's keystore, then `carbonbook settle approve` with another's."
        )
    return signers[0], signers[1]


def _listed(run: Run) -> dict[str, object]:
    row = {name: value for name, value in described(run).items() if name != "payouts"}
    return {**row, **{str(state): sum(item.state is state for item in run.items) for state in ItemState}}


def _beside(proposal: Proposal) -> dict[str, object]:
    return {
        "held_back": [{"merchant": due.merchant, "problem": due.problem} for due in proposal.held_back],
        "in_other_runs": proposal.elsewhere,
    }


def _show_at_once(office: Office, days: Days, proposal: Proposal, runs: Sequence[Run], json: bool) -> None:
    items = [item for run in runs for item in run.items]
    paid = [item for item in items if item.state in (ItemState.SENT, ItemState.PAID)]
    office.show(
        {
            "from": days.first_date.isoformat(),
            "through": days.last_date.isoformat(),
            "due": [_owed(item) for item in proposal.run.items] if proposal.run else [],
            "runs": [run.name for run in runs],
            "payments": [{**vars(item), "state": str(item.state)} for item in items],
            "paid_points_milli": sum(item.points_milli for item in paid),
            "paid_amount": sum(item.amount for item in paid),
            "failed": len(items) - len(paid),
            **_beside(proposal),
        },
        json,
    )


def _owed(item: Item) -> dict[str, object]:
    return {"merchant": item.merchant, "points_milli": item.points_milli, "amount": item.amount}


def _day(text: str) -> int:
    try:
        return day_of(date.fromisoformat(text))
    except ValueError as error:
        raise InputError(f"'{text}' is not a date. Example: 2023-01-31") from error
