"""A voucher: a citizen's signed order as text for a QR code, shown at the counter and sent once.

The text is `CB2:` and Base32 (RFC 4648) without padding, which QR codes hold in their alphanumeric mode: 5.5 bits a character. In it, one
after the other: first four bytes of the genesis hash; citizen and merchant, 20 bytes each; order number, 32; thousandths of a point, 7;
expiry, 5; terms, 32; offer, 32; signature, 65; checksum, the first four bytes of the SHA-256 of `CB2:` and all bytes before. Whoever types
or scans it wrong is told so by the checksum, not by a signature that does not fit. Nothing in it is secret: who copies it can only send
the same order, which is taken once.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path

import segno
from eth_utils.address import to_checksum_address

from oracle.edge.store.outputs import write_file
from oracle.ledger.redeem.desk import SignedOrder
from oracle.ledger.redeem.order import Order
from oracle.model.errors import InputError, VerificationFailed, WrongChain
from oracle.model.typed_data import Domain, signer_of

PREFIX = "CB2:"
_FORMER = "CB1:"
_ANY_FORMAT = re.compile(r"CB[0-9]+:", re.IGNORECASE)
_WIDTHS = (4, 20, 20, 32, 7, 5, 32, 32, 65, 4)
_CHAIN_BYTES = 4
_CHECK_BYTES = 4
# Half the order of secp256k1: a signature with a larger s has a twin that is good for the same message, and contracts refuse it.
_HALF_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0


def voucher_text(signed: SignedOrder, domain: Domain) -> str:
    """The voucher of a signed order."""
    order = signed.order
    parts = (
        bytes.fromhex(domain.genesis_hash[2:])[:_CHAIN_BYTES],
        bytes.fromhex(order.citizen[2:]),
        bytes.fromhex(order.merchant[2:]),
        order.order_number,
        order.points_milli.to_bytes(7),
        order.expiry.to_bytes(5),
        order.terms,
        order.offer,
        signed.signature,
    )
    content = b"".join(parts)
    return PREFIX + _base32(content + _checksum(content))


def is_voucher(text: str) -> bool:
    """Whether a text calls itself a voucher, of this format or another."""
    return _ANY_FORMAT.match(text.strip()) is not None


def read_voucher(text: str, domain: Domain, now: int) -> SignedOrder:
    """The signed order of a voucher, checked as the desk will check it, save for what only the chain knows.

    Raises:
        InputError: The text is no voucher, one of another format, misread, or too old.
        WrongChain: It is for another chain.
        VerificationFailed: It is not signed by the citizen it names, for this desk on this chain.
    """
    genesis, *fields, signature, _ = _split(_bytes(text.strip()))
    if genesis != bytes.fromhex(domain.genesis_hash[2:])[:_CHAIN_BYTES]:
        raise WrongChain(
            f"The voucher is for another chain: its genesis hash begins with {genesis.hex()}, this chain has {domain.genesis_hash}."
        )
    citizen, merchant = (to_checksum_address(field) for field in fields[:2])
    milli, expiry = (int.from_bytes(field) for field in fields[3:5])
    order = Order(citizen, merchant, fields[2], milli, expiry, fields[5], fields[6])
    if now > expiry:
        raise InputError(f"the voucher expired {now - expiry} seconds ago (at {expiry}); ask for a new one")
    check_signature(SignedOrder(order, signature), domain)
    return SignedOrder(order, signature)


def check_signature(signed: SignedOrder, domain: Domain) -> None:
    """That an order is signed by its citizen's own key.

    Raises:
        VerificationFailed: It is not.
    """
    if int.from_bytes(signed.signature[32:64]) > _HALF_ORDER:
        raise VerificationFailed("Signature rejected: its s value must be the low one. The voucher was tampered with.")
    if signer_of(signed.order.message(domain), signed.signature) != signed.order.citizen:
        raise VerificationFailed(
            f"The signature is not by {signed.order.citizen} for this order and this contract. The voucher was "
            "altered or is for another deployment."
        )


def write_qr(text: str, path: Path) -> None:
    """Writes the voucher as a QR code: PNG or SVG by the file's name, or plain text.

    Raises:
        InputError: The file's name ends otherwise, or it cannot be written.
    """
    if path.suffix not in (".txt", ".png", ".svg"):
        raise InputError(f"the file must end in .png, .svg or .txt, not '{path.suffix}'", field="--out")
    try:
        write_file(path, f"{text}\n".encode() if path.suffix == ".txt" else _picture(text, path.suffix[1:]))
    except OSError as error:
        raise InputError(f"cannot be written: {error.strerror}", file=str(path), field="--out") from error


def _picture(text: str, kind: str) -> bytes:
    picture = io.BytesIO()
    _code(text).save(picture, kind=kind, scale=6, border=4)
    return picture.getvalue()


def terminal_qr(text: str) -> str:
    """The QR code in half-block characters."""
    rows = [list(row) for row in _code(text).matrix_iter(border=2)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    lines = []
    for upper, lower in zip(rows[::2], rows[1::2], strict=True):
        lines.append("".join(" ▄▀█"[2 * (not top) + (not bottom)] for top, bottom in zip(upper, lower, strict=True)))
    return "\n".join(lines)


def _code(text: str) -> segno.QRCode:
    return segno.make(text, error="m", micro=False)


def _bytes(given: str) -> bytes:
    if not given.isascii():
        at = next(at for at, letter in enumerate(given) if not letter.isascii())
        raise InputError(f"a voucher has ASCII letters and digits only; character {at + 1} is U+{ord(given[at]):04X}")
    text = given.upper()
    if text.startswith(_FORMER):
        raise InputError(
            f"the voucher has the old format {_FORMER}, which is not supported any more; sign the order again"
        )
    if not text.startswith(PREFIX):
        raise InputError(f"a voucher must begin with {PREFIX}, not {text[:8]!r}")
    body = text.removeprefix(PREFIX)
    try:
        raw = base64.b32decode(body + "=" * (-len(body) % 8))
    except ValueError as error:
        raise InputError(f"the voucher is not Base32: {error}") from error
    if _base32(raw) != body:  # bits of the last character that mean nothing
        raise InputError("the voucher's last character is wrong; scan it again")
    return raw


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")


def _checksum(content: bytes) -> bytes:
    return hashlib.sha256(PREFIX.encode() + content).digest()[:_CHECK_BYTES]


def _split(raw: bytes) -> list[bytes]:
    if len(raw) != sum(_WIDTHS):
        raise InputError(f"the voucher has {len(raw)} bytes instead of {sum(_WIDTHS)}; scan it again")
    expected, found = _checksum(raw[:-_CHECK_BYTES]), raw[-_CHECK_BYTES:]
    if found != expected:
        raise InputError(f"the voucher's checksum is {found.hex()} instead of {expected.hex()}; scan it again")
    parts, at = [], 0
    for width in _WIDTHS:
        parts.append(raw[at : at + width])
        at += width
    return parts
