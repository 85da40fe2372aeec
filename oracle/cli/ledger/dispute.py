"""`carbonbook dispute`: a citizen disputes an order, the authority decides."""

from __future__ import annotations

from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.cli.ledger.refund import CitizenOption, NumberArgument, described
from oracle.cli.ledger.wallet import AccountOption, KeyFileOption, PassphraseOption, citizen_signer
from oracle.installation import Installation
from oracle.ledger.redeem.after import TakenOrder, dispute, lapse, order_at, resolve, taken_order
from oracle.ledger.redeem.order import number_bytes
from oracle.model.units import milli_points

app = typer.Typer(name="dispute", help="Disputes: open, resolve, lapse, show.", no_args_is_help=True)

MerchantOption = Annotated[str, typer.Option(help="The order's merchant: an account or a key's name.")]


@app.command("open")
def open_(
    number: NumberArgument,
    merchant: MerchantOption,
    reason: Annotated[str, typer.Option(help="Why, in words; its hash goes on chain.")],
    account: AccountOption = None,
    key_file: KeyFileOption = None,
    passphrase_file: PassphraseOption = None,
    minutes: Annotated[int, typer.Option(help="How long the signature is good.", min=1)] = 10,
    citizen: CitizenOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Dispute what is left of a held order. Only that order waits; everything else is settled.

    Who has the citizen's book now signs: after a move, the account it went to.

    carbonbook dispute open A-17 --merchant merchant-1 --account 0x… --reason "the tea was cold"
    """
    here = Installation.at(home)
    signer = citizen_signer(here, account, key_file, passphrase_file)
    order = _order(here, merchant, number, citizen)
    dispute(here.outbox(), signer, order, reason, here.chain.now() + 60 * minutes)
    _show(here, order, json)


@app.command("resolve")
def resolve_(
    number: NumberArgument,
    merchant: MerchantOption,
    to_citizen: Annotated[str, typer.Option(help="Points that go back to the citizen; the rest is the merchant's.")],
    key: Annotated[str, typer.Option(help="Name of the authority's key.")],
    citizen: CitizenOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Decide a dispute, as the authority.

    carbonbook dispute resolve A-17 --merchant merchant-1 --to-citizen 2.5 --key authority-1
    """
    here = Installation.at(home)
    order = _order(here, merchant, number, citizen)
    resolve(here.sender(key), order, milli_points(to_citizen, least=0, field="--to-citizen"))
    _show(here, order, json)


@app.command("lapse")
def lapse_(
    number: NumberArgument,
    merchant: MerchantOption,
    citizen: CitizenOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """End a dispute that nobody decided in time, for the merchant.

    carbonbook dispute lapse A-17 --merchant merchant-1
    """
    here = Installation.at(home)
    order = _order(here, merchant, number, citizen)
    lapse(here.outbox(), order)
    _show(here, order, json)


@app.command("show")
def show_(
    number: NumberArgument,
    merchant: MerchantOption,
    citizen: CitizenOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show where an order stands.

    carbonbook dispute show A-17 --merchant merchant-1
    """
    here = Installation.at(home)
    show(described(_order(here, merchant, number, citizen)), json)


def _order(here: Installation, merchant: str, number: str, citizen: str | None) -> TakenOrder:
    return order_at(
        here.chain, here.account_of(merchant), number_bytes(number), here.account_of(citizen) if citizen else None
    )


def _show(here: Installation, order: TakenOrder, json: bool) -> None:
    show(described(taken_order(here.chain, order.key)), json)
