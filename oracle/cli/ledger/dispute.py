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

MerchantOption = Annotated[str, typer.Option(help="The order's merchant: an account or the name of a key.")]


@app.command("open")
def open_(
    number: NumberArgument,
    merchant: MerchantOption,
    reason: Annotated[str, typer.Option(help="Reason in words; its hash goes on chain.")],
    account: AccountOption = None,
    key_file: KeyFileOption = None,
    passphrase_file: PassphraseOption = None,
    minutes: Annotated[int, typer.Option(help="Minutes until the signature expires.", min=1)] = 10,
    citizen: CitizenOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Dispute the remaining points of an order that is not final. Other orders are settled as usual.

    The current holder of the citizen's book signs. After a move, that is the new account.

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
    to_citizen: Annotated[str, typer.Option(help="Points to return to the citizen. The merchant keeps the rest.")],
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
    """Close a dispute that was not decided in time. The merchant keeps the points.

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
    """Show the state of an order.

    carbonbook dispute show A-17 --merchant merchant-1
    """
    here = Installation.at(home)
    show(described(_order(here, merchant, number, citizen)), json, names=here.names)


def _order(here: Installation, merchant: str, number: str, citizen: str | None) -> TakenOrder:
    return order_at(
        here.chain, here.account_of(merchant), number_bytes(number), here.account_of(citizen) if citizen else None
    )


def _show(here: Installation, order: TakenOrder, json: bool) -> None:
    show(described(taken_order(here.chain, order.key)), json, names=here.names)
