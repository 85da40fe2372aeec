"""`carbonbook order`: a citizen's order as a voucher to show at the counter."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, err, show
from oracle.cli.ledger.wallet import AccountOption, KeyFileOption, PassphraseOption, citizen_signer
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.installation import Installation
from oracle.ledger.redeem.after import cancel
from oracle.ledger.redeem.desk import SignedOrder
from oracle.ledger.redeem.offer import NO_OFFER, offer_of
from oracle.ledger.redeem.order import Order, key_of, number_bytes, number_text, terms_bytes
from oracle.model.errors import InputError
from oracle.model.machine import blamed
from oracle.model.typed_data import sign
from oracle.model.units import milli_points, points

app = typer.Typer(name="order", help="Vouchers: sign, show, cancel.", no_args_is_help=True)

_LONGEST_NAME = 255  # of a file, on common systems


@app.command("sign")
def sign_(
    merchant: Annotated[str, typer.Option(help="Merchant that receives the points: an account or the name of a key.")],
    number: Annotated[str, typer.Option(help="The merchant's order number. Consecutive numbers cost least gas.")],
    price: Annotated[
        str | None, typer.Option("--points", help="Price in points.", show_default="the offer's price")
    ] = None,
    offer: Annotated[str | None, typer.Option(help="Number of the merchant's offer to accept.")] = None,
    terms: Annotated[str, typer.Option(help="Description of the purchase. With --offer: the offer's terms.")] = "",
    account: AccountOption = None,
    key_file: KeyFileOption = None,
    passphrase_file: PassphraseOption = None,
    minutes: Annotated[int, typer.Option(help="Minutes until the voucher expires.", min=1, max=60)] = 2,
    out: Annotated[Path | None, typer.Option(help="File for the QR code: .png, .svg or .txt.")] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Sign one order and show it as a QR code (a voucher). Points are spent only when the merchant sends it.

    carbonbook order sign --account 0x… --merchant merchant-1 --number 17 --points 12.5 --out voucher.png
    carbonbook order sign --key-file keys/me.json --merchant merchant-1 --number 18 --offer 1
    """
    from oracle.ledger.redeem.voucher import terminal_qr, voucher_text, write_qr

    here = Installation.at(home)
    signer = citizen_signer(here, account, key_file, passphrase_file)
    milli, hashed, offer_number = _bought(here, here.account_of(merchant), price, terms, offer)
    order = Order(
        citizen=signer.address,
        merchant=here.account_of(merchant),
        order_number=number_bytes(number),
        points_milli=milli,
        expiry=here.chain.now() + 60 * minutes,
        terms=hashed,
        offer=offer_number,
    )
    desk = RedemptionDesk(here.chain).domain
    text = voucher_text(SignedOrder(order, sign(signer, order.message(desk))), desk)
    if out is not None:
        write_qr(text, out)
    elif err.is_terminal:
        err.print(terminal_qr(text), highlight=False)
    show({"voucher": text, **described(order), "file": str(out) if out else None}, json, names=here.names)


@app.command("cancel")
def cancel_(
    merchant: Annotated[str, typer.Option(help="Merchant of the order: an account or the name of a key.")],
    number: Annotated[str, typer.Option(help="The merchant's order number.")],
    account: AccountOption = None,
    key_file: KeyFileOption = None,
    passphrase_file: PassphraseOption = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Cancel an order that was signed but not sent. This citizen can never use its number again.

    carbonbook order cancel --account 0x… --merchant merchant-1 --number 17
    """
    here = Installation.at(home)
    signer = citizen_signer(here, account, key_file, passphrase_file)
    shop, word = here.account_of(merchant), number_bytes(number)
    sent = cancel(here.outbox(), signer, shop, word)
    cancelled = {"order": key_of(shop, signer.address, word), "number": number}
    show({**cancelled, "citizen": signer.address, "merchant": shop, "transaction": sent.hash}, json, names=here.names)


@app.command("show")
def show_(
    voucher: Annotated[str, typer.Argument(help="Text of a voucher, or a file that contains it.")],
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Read a voucher and check its signature. Nothing is sent.

    carbonbook order show voucher.txt
    """
    here = Installation.at(home)
    show(described(read(here, voucher).order), json, names=here.names)


def read(here: Installation, voucher: str) -> SignedOrder:
    """The signed order of a voucher, given as text or as a file."""
    from oracle.ledger.redeem.voucher import PREFIX, is_voucher, read_voucher

    if not is_voucher(voucher):
        path = Path(voucher)
        try:
            if len(os.fsencode(path.name)) > _LONGEST_NAME or not path.is_file():
                raise InputError(f"'{voucher}' is neither a voucher (it would begin with {PREFIX}) nor a file")
            voucher = path.read_text("ascii")
        except OSError as error:
            raise blamed(error, InputError(f"cannot be read: {error.strerror}", file=voucher)) from error
        except UnicodeDecodeError as error:
            raise InputError("is not a voucher: it contains characters outside ASCII", file=voucher) from error
    return read_voucher(voucher, RedemptionDesk(here.chain).domain, here.chain.now())


def described(order: Order) -> dict[str, object]:
    """An order for people and for JSON."""
    return {
        "order": order.key,
        "number": number_text(order.order_number) or "0x" + order.order_number.hex(),
        "citizen": order.citizen,
        "merchant": order.merchant,
        "points": points(order.points_milli),
        "expiry": order.expiry,
        "offer": None if order.offer == NO_OFFER else number_text(order.offer) or "0x" + order.offer.hex(),
    }


def _bought(
    here: Installation, merchant: str, price: str | None, terms: str, offer: str | None
) -> tuple[int, bytes, bytes]:
    """Price in thousandths, hash of the terms, number of the offer."""
    if offer is not None:
        found = offer_of(here.chain, merchant, number_bytes(offer))
        milli = found.price_milli if price is None else milli_points(price, field="--points")
        return milli, found.terms, number_bytes(offer)
    if price is None:
        raise InputError("add --points, or an --offer that has a price")
    return milli_points(price, field="--points"), terms_bytes(terms), NO_OFFER
