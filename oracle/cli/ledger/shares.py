"""`carbonbook shares`: citizens' part of what their reductions brought."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.console import DryRunOption, HomeOption, JsonOption
from oracle.cli.ledger.trade import Money, SeriesArgument, end, moment
from oracle.cli.ledger.wallet import KeyFileOption, PassphraseOption, citizen_signer, custody_signer
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.chain.contracts.proceeds_pot import ProceedsPot
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.installation import Installation
from oracle.ledger.certify.shares import FILE, SharesTree
from oracle.ledger.market.asks import issued_series
from oracle.ledger.shares import pay, rounds
from oracle.model.errors import InputError
from oracle.model.units import tonnes

app = typer.Typer(name="shares", help="Citizens' shares: rounds, pushes, claims, payouts.", no_args_is_help=True)

_AccountOption = Annotated[str, typer.Option("--account", help="The citizen's account, as the claim has it.")]


@app.command("round")
def round_(
    series: SeriesArgument, home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False
) -> None:
    """Open a round: everybody's share of what came in since the last becomes due. Once a day at most.

    carbonbook shares round 1
    """
    here = Installation.at(home)
    money, outbox = Money.of(here.chain), None if dry_run else here.outbox()
    before = rounds.standing_of(here.chain, series)
    sent = None if outbox is None or before.blocked_by else rounds.open_round(outbox, series)
    now = rounds.standing_of(here.chain, series)
    end(
        json,
        f"round {now.head.rounds}: {money.text(now.pot)} in all, {money.text(now.waiting)} not read yet",
        f"carbonbook shares push {series}" if now.head.rounds else None,
        [] if sent else now.blocked_by,
        series=series,
        round=now.head.rounds,
        pot_units=str(now.pot),
        paid_units=str(now.head.paid_out),
        transaction=sent.hash if sent else None,
    )


@app.command("push")
def push_(
    series: SeriesArgument, home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False
) -> None:
    """Pay every share that is due, in chunks. Running it again pays nothing twice.

    carbonbook shares push 1
    """
    here = Installation.at(home)
    money, tree, outbox = Money.of(here.chain), _tree(here, series), None if dry_run else here.outbox()
    leaves = [(index, share.mg) for index, share in enumerate(tree.shares)]
    dues = ProceedsPot(here.chain).dues_of(series, leaves)
    sent = [] if outbox is None or not any(dues) else pay.push(outbox, series, tree)
    head = ProceedsPot(here.chain).head_of(series)
    blocked = [] if head.rounds else ["no round is open"]
    end(
        json,
        f"{money.text(sum(dues))} {'would be' if dry_run else 'were' if sent else 'are'} due to {sum(map(bool, dues))} accounts"
        + (" and are paid" if sent else ""),
        None if head.rounds else f"carbonbook shares round {series}",
        blocked,
        series=series,
        accounts=sum(map(bool, dues)),
        units=str(sum(dues)),
        paid_units=str(head.paid_out),
        transactions=[each.hash for each in sent],
    )


@app.command("claim")
def claim_(
    account: _AccountOption,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Pay one account what it is due of every series, each share by its proof. It needs no signature: the money is its own.

    carbonbook shares claim --account 0x…
    """
    here = Installation.at(home)
    citizen, money = here.account_of(account), Money.of(here.chain)
    outbox = None if dry_run else here.outbox()
    found = [(due, tree) for due, tree in _dues(here, citizen) if due.due]
    shown = sum(due.due for due, tree in found if outbox is None or pay.claim(outbox, due.series, tree, citizen))
    said = "would be paid" if dry_run else "paid"
    then = f"carbonbook shares show {citizen}"
    end(
        json,
        f"{money.text(shown)} {said}",
        then,
        account=citizen,
        units=str(shown),
        series=[due.series for due, _ in found],
    )


@app.command("payout")
def payout_(
    account: _AccountOption,
    to: Annotated[str, typer.Option("--to", help="Where the money goes.")],
    key_file: KeyFileOption = None,
    passphrase_file: PassphraseOption = None,
    minutes: Annotated[int, typer.Option(help="How long the signed order is good.", min=1, max=1_440)] = 10,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Pay a citizen's shares to where the citizen asks, by an order signed in custody or with the citizen's own key.

    Of an account in custody it pays both what is due in the pot and what the account was paid before.

        carbonbook shares payout --account 0x… --to 0x…
    """
    here = Installation.at(home)
    citizen, receiver, money = here.account_of(account), here.account_of(to), Money.of(here.chain)
    signer = (
        custody_signer(here, citizen) if key_file is None else citizen_signer(here, None, key_file, passphrase_file)
    )
    payee, outbox = pay.Payee(citizen, signer, receiver, 60 * minutes), None if dry_run else here.outbox()
    found = _dues(here, citizen)
    if outbox is None:
        kept = 0 if key_file else SettlementToken(here.chain).balance_of(citizen)
        amount = kept + sum(due.due for due, _ in found)
    else:
        amount = sum(pay.pay_out(outbox, due.series, tree, payee) for due, tree in found)
        amount += 0 if key_file else pay.pass_on(outbox, payee)
    said = "would go" if dry_run else "went"
    end(json, f"{money.text(amount)} {said} to {receiver}", None, account=citizen, to=receiver, units=str(amount))


@app.command("show")
def show_(
    account: Annotated[str, typer.Argument(help="The citizen's account.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show an account's shares: what is due, up to which round it is paid, where its money is.

    carbonbook shares show 0x…
    """
    here = Installation.at(home)
    citizen, money = here.account_of(account), Money.of(here.chain)
    found = [due for due, _ in _dues(here, citizen)]
    total = sum(due.due for due in found)
    end(
        json,
        f"{money.text(total)} due of {len(found)} series",
        f"carbonbook shares claim --account {citizen}" if total else None,
        account=citizen,
        moved_to=CarbonPoint(here.chain).moved_to(citizen),
        at_account_units=str(SettlementToken(here.chain).balance_of(citizen)),
        owed_units=str(ProceedsPot(here.chain).owed_to(citizen)),
        due_units=str(total),
        shares=[
            {
                "series": due.series,
                "tonnes": tonnes(due.mg),
                "paid_up_to_round": due.paid_round,
                "due": money.text(due.due),
            }
            for due in found
        ],
    )


@app.command("sweep")
def sweep_(
    series: SeriesArgument, home: HomeOption = None, dry_run: DryRunOption = False, json: JsonOption = False
) -> None:
    """Announce that what nobody claims goes to the public good, or carry it out 90 days later; before that say from when on.

    carbonbook shares sweep 1
    """
    here = Installation.at(home)
    outbox = None if dry_run else here.outbox()
    since = rounds.sweepable_from(here.chain, series)
    early = since is None or here.chain.now() < since
    sent = None if outbox is None or early else rounds.sweep(outbox, series)
    head = ProceedsPot(here.chain).head_of(series)
    blocked = ["no round is open"] if since is None else [f"possible from {moment(since)} on"]
    state = f"announced for {moment(head.sweeps_at)}" if head.sweeps_at else "nothing is announced"
    if sent and not head.sweeps_at:
        state = f"swept up to round {head.base_round}"
    end(json, state, None, blocked if early else [], series=series, transaction=sent.hash if sent else None)


def _tree(here: Installation, series: int) -> SharesTree:
    return pay.shares_of(here.chain, here.settings.home, series)


def _dues(here: Installation, account: str) -> list[tuple[pay.Due, SharesTree]]:
    """What an account has of every issued series whose shares are here.

    Raises:
        InputError: It has a share of none of them.
    """
    found = []
    for series in issued_series(here.chain):
        if (here.settings.home / "claims" / str(series) / FILE).exists():
            tree = _tree(here, series)
            if tree.has(account):
                found.append((pay.due_of(here.chain, series, tree, account), tree))
    if not found:
        raise InputError(f"{account} has no share in a series whose shares are here", field="account")
    return found
