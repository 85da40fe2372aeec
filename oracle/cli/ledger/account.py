"""`carbonbook account`: a citizen's book of points, from custody to an own key."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.cli.ledger.wallet import PassphraseOption, custody_signer
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.keys.keyring import Keyring
from oracle.installation import Installation
from oracle.model.typed_data import MOVE, sign, signable
from oracle.model.units import kg, points

app = typer.Typer(name="account", help="A citizen's account: show it, move it to an own key.", no_args_is_help=True)


@app.command("show")
def show_(
    account: Annotated[str, typer.Argument(help="Account.")], home: HomeOption = None, json: JsonOption = False
) -> None:
    """Show an account's points and reduction, and where its book went.

    carbonbook account show 0x…
    """
    here = Installation.at(home)
    show(_described(here, here.account_of(account)), json)


@app.command("move")
def move_(
    account: Annotated[str, typer.Argument(help="Account in custody here.")],
    key_file: Annotated[Path, typer.Option(help="Keystore file of the citizen's own key.")],
    passphrase_file: PassphraseOption = None,
    minutes: Annotated[int, typer.Option(help="How long the signatures are good.", min=1)] = 10,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Move a citizen's whole book from custody to an own key. Both sign; it is no transfer of points.

    carbonbook account move 0x… --key-file me/key.json
    """
    here = Installation.at(home)
    custody = custody_signer(here, here.account_of(account))
    own = Keyring(key_file.parent, passphrase_file).account(key_file.stem)
    deadline = here.chain.now() + 60 * minutes
    values = {"from": custody.address, "to": own.address, "deadline": deadline}
    book = CarbonPoint(here.chain)
    message = signable(book.domain, "Move", MOVE, values)
    both = (sign(custody, message), sign(own, message))
    sent = here.outbox().send(book.move(custody.address, own.address, deadline, both))
    show({"from": custody.address, **_described(here, own.address), "transaction": sent.hash}, json)


def _described(here: Installation, account: str) -> dict[str, object]:
    book = CarbonPoint(here.chain)
    return {
        "account": account,
        "points": points(book.balance_of(account)),
        "reduction_kg": kg(book.reduction_of(account)),
        "moved_to": book.moved_to(account),
    }
