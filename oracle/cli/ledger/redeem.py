"""`carbonbook redeem`: points for goods."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from eth_utils.address import is_address, to_checksum_address

from oracle.cli import app
from oracle.cli.console import DryRunOption, HomeOption, JsonOption, err, say, show
from oracle.cli.ledger.credit import open_batches
from oracle.cli.ledger.order import described, read
from oracle.cli.ledger.wallet import custody_signer
from oracle.cli.rows import read_rows
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.installation import Installation
from oracle.ledger.credit.claim import Claim, open_claims
from oracle.ledger.redeem.desk import SignedOrder
from oracle.ledger.redeem.desk import redeem as relay
from oracle.ledger.redeem.order import Order, number_bytes, terms_bytes
from oracle.ledger.redeem.voucher import is_voucher
from oracle.model.errors import CarbonbookError, ConfigError, InputError
from oracle.model.typed_data import sign
from oracle.model.units import milli_points, points

_COLUMNS = ("account", "merchant", "order_number", "points")


@app.command()
def redeem(
    what: Annotated[
        str,
        typer.Argument(
            help="A voucher (CB2:…), a .txt file with one, or a CSV with account, merchant, order_number, points and optionally terms."
        ),
    ],
    minutes: Annotated[int, typer.Option(help="Minutes until a signed order expires.", min=1, max=1_440)] = 10,
    yes: Annotated[bool, typer.Option("--yes", help="Accept the voucher without asking.")] = False,
    claim: Annotated[
        bool, typer.Option("--claim", help="First claim the citizens' uncredited entries, in the same transaction.")
    ] = False,
    home: HomeOption = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
) -> None:
    """Send a citizen's voucher, or sign and send orders for citizens in custody.

    On a terminal you confirm the voucher first. Without a terminal, add --yes.

    `merchant` is an account or the name of a key. A citizen's order number is used once, so repeating the command spends nothing twice.
    Invalid rows are reported and skipped. If there are any, the exit code is 3 after the valid rows are sent.

        carbonbook redeem orders.csv
        carbonbook redeem orders.csv --claim
        carbonbook redeem CB2:… --yes
    """
    here = Installation.at(home)
    bad: list[CarbonbookError] = []
    if is_voucher(what) or what.endswith(".txt"):
        signed = [_voucher(here, what, yes or dry_run)]
    else:
        signed, bad = _table(here, Path(what), here.chain.now() + 60 * minutes)
    claims = _claims(here, signed) if claim else []
    outcomes = [] if dry_run else list(relay(here.outbox(), signed, claims))
    refused = [outcome for outcome in outcomes if not outcome.taken]
    show(
        {
            "orders": len(signed),
            "claims": len(claims),
            "taken": len(outcomes) - len(refused),
            "points": points(sum(outcome.order.points_milli for outcome in outcomes if outcome.taken)),
            "taken_before": sum(outcome.taken and not outcome.fresh for outcome in outcomes),
            "refused": [{"order": item.order.key, "reason": item.reason} for item in refused],
            "bad_rows": [str(error) for error in bad],
        },
        json,
    )
    if bad:
        raise bad[0]


def _table(here: Installation, file: Path, expiry: int) -> tuple[list[SignedOrder], list[CarbonbookError]]:
    """Orders of the rows that can be signed, and what is wrong with the others: a bad row takes no good one with it."""
    return read_rows(file, _COLUMNS, lambda number, row: _signed(here, _order(here, file, number, row, expiry)))


def _voucher(here: Installation, text: str, sure: bool) -> SignedOrder:
    signed = read(here, text)
    if sure:
        return signed
    if not err.is_terminal:
        raise ConfigError(
            "The voucher needs a confirmation, and there is no terminal to ask at. Add --yes to confirm it."
        )
    for name, value in described(signed.order).items():
        say(f"{name}: {value}")
    typer.confirm("Take it?", abort=True, err=True)
    return signed


def _claims(here: Installation, signed: list[SignedOrder]) -> list[Claim]:
    citizens = {bytes.fromhex(item.order.citizen[2:]) for item in signed}
    folders = ((batch.batch, here.book.bundle_folder(batch.batch)) for batch in open_batches(here))
    return list(open_claims(here.chain, folders, citizens))


def _order(here: Installation, file: Path, number: int, row: dict[str, str], expiry: int) -> Order:
    if not is_address(row["account"]):
        raise InputError(
            f"'{row['account']}' is not an account (0x and 40 hex digits)", file=file.name, row=number, field="account"
        )
    try:
        merchant = row["merchant"] if is_address(row["merchant"]) else here.keys.address(row["merchant"])
        milli = milli_points(row["points"])
    except (ConfigError, InputError) as error:
        raise InputError(str(error), file=file.name, row=number) from error
    if not row["order_number"]:
        raise InputError("is empty", file=file.name, row=number, field="order_number")
    return Order(
        citizen=to_checksum_address(row["account"]),
        merchant=to_checksum_address(merchant),
        order_number=number_bytes(row["order_number"]),
        points_milli=milli,
        expiry=expiry,
        terms=terms_bytes(row.get("terms", "")),
    )


def _signed(here: Installation, order: Order) -> SignedOrder:
    return SignedOrder(
        order, sign(custody_signer(here, order.citizen), order.message(RedemptionDesk(here.chain).domain))
    )
