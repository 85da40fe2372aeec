"""`carbonbook account`: a citizen's book of points, from custody to an own key."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, show
from oracle.cli.ledger.wallet import KeyFileOption, PassphraseOption, citizen_signer, custody_signer
from oracle.edge.chain.contracts.carbon_point import CarbonPoint
from oracle.edge.keys.keyring import Keyring
from oracle.installation import Installation
from oracle.ledger.credit.move import announce, cancel, complete, learn
from oracle.model.units import date_of, kg, points

app = typer.Typer(
    name="account", help="A citizen's account: show it, or move it to the citizen's own key.", no_args_is_help=True
)


@app.command("show")
def show_(
    account: Annotated[str, typer.Argument(help="Account.")], home: HomeOption = None, json: JsonOption = False
) -> None:
    """Show the points and the reduction of an account, and the account that its book moved to.

    carbonbook account show 0x…
    """
    here = Installation.at(home)
    show(_described(here, here.account_of(account)), json)


@app.command("move")
def move_(
    account: Annotated[str, typer.Argument(help="Account whose key this installation holds.")],
    key_file: Annotated[Path, typer.Option(help="Keystore file of the citizen's own key.")],
    passphrase_file: PassphraseOption = None,
    minutes: Annotated[int, typer.Option(help="Minutes until the signatures expire.", min=1)] = 10,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Announce that a citizen's whole book moves from custody to the citizen's own key. Both keys sign. No points are transferred.

    The move is pending for two days. Either key can cancel it with `cancel-move`. After that, `complete-move` executes it.

        carbonbook account move 0x… --key-file me/key.json
    """
    here = Installation.at(home)
    custody = custody_signer(here, here.account_of(account))
    own = Keyring(key_file.parent, passphrase_file).account(key_file.stem)
    sent = announce(here.outbox(), custody, own, here.chain.now() + 60 * minutes)
    show(
        {"from": custody.address, "to": own.address, **_pending(here, custody.address), "transaction": sent.hash}, json
    )


@app.command("cancel-move")
def cancel_move_(
    account: Annotated[str, typer.Argument(help="Account with a pending move.")],
    key_file: KeyFileOption = None,
    passphrase_file: PassphraseOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Cancel a pending move with the key in custody, or with the citizen's own key (--key-file).

    carbonbook account cancel-move 0x…
    carbonbook account cancel-move 0x… --key-file me/key.json
    """
    here = Installation.at(home)
    former = here.account_of(account)
    by = custody_signer(here, former) if key_file is None else citizen_signer(here, None, key_file, passphrase_file)
    sent = cancel(here.outbox(), former, by)
    show({"from": former, "cancelled_by": by.address, "transaction": sent.hash}, json)


@app.command("complete-move")
def complete_move_(
    account: Annotated[str, typer.Argument(help="Account with a pending move.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Execute a move that was pending for two days. This cannot be undone.

    Later credits for acts up to this day go to the new account too. Acts of later days are recorded for the new account.

        carbonbook account complete-move 0x…
    """
    here = Installation.at(home)
    former = here.account_of(account)
    sent = complete(here.outbox(), former)
    through = learn(here.chain, here.book.database, former)
    present = str(CarbonPoint(here.chain).moved_to(former))
    facts = {**_described(here, present), "follows_through": date_of(through).isoformat()}
    show({"from": former, **facts, "transaction": sent.hash if sent else None}, json)


def _described(here: Installation, account: str) -> dict[str, object]:
    book = CarbonPoint(here.chain)
    return {
        "account": account,
        "points": points(book.balance_of(account)),
        "reduction_kg": kg(book.reduction_of(account)),
        "moved_to": book.moved_to(account),
        **_pending(here, account),
    }


def _pending(here: Installation, account: str) -> dict[str, object]:
    move = CarbonPoint(here.chain).move_of(account)
    ready = datetime.fromtimestamp(move.ready_at, tz=UTC).isoformat() if move.to else None
    return {"moves_to": move.to, "move_ready": ready}
