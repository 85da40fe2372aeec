"""Vouchers: what goes in comes out, whatever is drawn from the picture; nothing that was tampered with comes out."""

from __future__ import annotations

import base64
import hashlib
import random
from pathlib import Path

import pytest
import zxingcpp
from eth_account import Account
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st
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


def test_voucher__of_the_former_format__is_refused_and_says_so() -> None:
    with pytest.raises(InputError, match="old format CB1:, which is not supported any more; sign the order again"):
        read_voucher("CB1:" + voucher_text(signed(), DESK).removeprefix("CB2:"), DESK, NOW)


def test_voucher__read_by_its_description__has_its_fields() -> None:
    text = voucher_text(signed(), DESK)
    raw = base64.b32decode(text.removeprefix("CB2:") + "=" * (-len(text.removeprefix("CB2:")) % 8))
    order, signature = signed().order, signed().signature
    assert raw[:-4] == (
        bytes.fromhex("22" * 4)
        + bytes.fromhex(KEY.address[2:])
        + bytes.fromhex(MERCHANT[2:])
        + order.order_number
        + (12_500).to_bytes(7)
        + (NOW + 120).to_bytes(5)
        + order.terms
        + order.offer
        + signature
    )
    assert raw[-4:] == hashlib.sha256(b"CB2:" + raw[:-4]).digest()[:4]


def test_voucher__misread_anywhere_in_its_bytes__is_told_by_the_checksum() -> None:
    text = voucher_text(signed(), DESK)
    raw = base64.b32decode(text.removeprefix("CB2:") + "=" * (-len(text.removeprefix("CB2:")) % 8))
    for at in range(len(raw)):
        changed = raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        with pytest.raises(InputError, match=r"checksum is [0-9a-f]{8} instead of [0-9a-f]{8}; scan it again"):
            read_voucher("CB2:" + base64.b32encode(changed).decode().rstrip("="), DESK, NOW)


@pytest.mark.parametrize(
    "odd", ["CB2:\u00e4", "\uff23\uff22\uff12\uff1a", "\ud800", "CB2:\u0131", "\u516c\u4ea4", "CB2:A\u2028BC"]
)
def test_voucher__with_other_than_ascii__is_refused_with_the_character(odd: str) -> None:
    with pytest.raises(InputError, match=r"character \d+ is U\+[0-9A-F]{4}"):
        read_voucher(odd, DESK, NOW)


@given(st.text(max_size=80))
def test_voucher__any_text__is_a_voucher_or_refused_in_words(text: str) -> None:
    for given_ in (text, "CB2:" + text):
        with pytest.raises(InputError):
            read_voucher(given_, DESK, NOW)


def test_voucher__written_as_something_else__is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"\.png, \.svg or \.txt, not '\.pdf'"):
        write_qr("CB2:", tmp_path / "voucher.pdf")


def test_voucher__any_character_changed__is_refused() -> None:
    text, draw = voucher_text(signed(), DESK), random.Random(SEED)
    for number in range(400):
        at = number if number < len(text) else draw.randrange(len(text))
        other = draw.choice([character for character in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" if character != text[at]])
        changed = text[:at] + other + text[at + 1 :]
        with pytest.raises((InputError, VerificationFailed, WrongChain)):
            read_voucher(changed, DESK, NOW)


def test_voucher__expired__says_since_when() -> None:
    with pytest.raises(InputError, match=rf"expired 30 seconds ago \(at {NOW + 120}\)"):
        read_voucher(voucher_text(signed(), DESK), DESK, NOW + 150)
