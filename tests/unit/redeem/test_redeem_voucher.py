"""Vouchers: what goes in comes out, whatever is drawn from the picture; nothing that was tampered with comes out."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import zxingcpp
from eth_account import Account
from eth_utils.crypto import keccak
from PIL import Image

from oracle.ledger.redeem.desk import SignedOrder
from oracle.ledger.redeem.order import Order, number_bytes, terms_bytes
from oracle.ledger.redeem.voucher import read_voucher, terminal_qr, voucher_text, write_qr
from oracle.model.errors import InputError, VerificationFailed, WrongChain
from oracle.model.typed_data import Domain, sign

DESK = Domain("RedemptionDesk", 31337, "0x" + "11" * 20, "0x" + "22" * 32)
KEY = Account.from_key(keccak(text="carbonbook test key of a buyer"))
MERCHANT = Account.from_key(keccak(text="carbonbook test key of a shop")).address
NOW = 1_675_000_000
SEED = 20230105


def signed(points_milli: int = 12_500, number: str = "17") -> SignedOrder:
    order = Order(
        KEY.address, MERCHANT, number_bytes(number), points_milli, NOW + 120, terms_bytes("tea"), number_bytes("1")
    )
    return SignedOrder(order, sign(KEY, order.message(DESK)))


@pytest.mark.parametrize("milli", [1, 999, 12_500, 2**56 - 1])
def test_voucher__read__is_what_was_signed(milli: int) -> None:
    assert read_voucher(voucher_text(signed(milli), DESK), DESK, NOW) == signed(milli)


def test_voucher__lower_case_and_blanks__is_read_too() -> None:
    assert read_voucher(f" {voucher_text(signed(), DESK).lower()}\n", DESK, NOW) == signed()


def test_voucher__as_a_picture__is_read_by_another_program(tmp_path: Path) -> None:
    text = voucher_text(signed(), DESK)
    write_qr(text, tmp_path / "voucher.png")
    with Image.open(tmp_path / "voucher.png") as image:
        scanned = zxingcpp.read_barcode(image)
    assert scanned is not None
    assert scanned.text == text
    assert len(text) <= 366  # a QR code of version 11 with error correction M: what a phone reads from a phone


def test_voucher__on_a_terminal__is_read_by_another_program() -> None:
    lines = terminal_qr(voucher_text(signed(), DESK)).splitlines()
    dark = {"█": (0, 0), "▀": (0, 1), "▄": (1, 0), " ": (1, 1)}
    rows = [[dark[character][half] for character in line] for line in lines for half in (0, 1)]
    image = Image.new("L", (len(rows[0]), len(rows)))
    image.putdata([0 if cell else 255 for row in rows for cell in row])
    scanned = zxingcpp.read_barcode(image.resize((image.width * 4, image.height * 4), Image.Resampling.NEAREST))
    assert scanned is not None
    assert scanned.text == voucher_text(signed(), DESK)


def test_voucher__written_as_something_else__is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.png, \.svg or \.txt, not as '\.pdf'"):
        write_qr("CB1:", tmp_path / "voucher.pdf")


def test_voucher__any_character_changed__is_refused() -> None:
    text, draw = voucher_text(signed(), DESK), random.Random(SEED)
    for _ in range(300):
        at = draw.randrange(len(text) - 1)  # of the last character Base32 leaves bits unused
        other = draw.choice([character for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if character != text[at]])
        changed = text[:at] + other + text[at + 1 :]
        with pytest.raises((InputError, VerificationFailed, WrongChain)):
            read_voucher(changed, DESK, NOW)


def test_voucher__expired__says_since_when() -> None:
    with pytest.raises(InputError, match=f"was good until {NOW + 120}, 30 seconds ago"):
        read_voucher(voucher_text(signed(), DESK), DESK, NOW + 150)
