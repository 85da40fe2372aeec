"""At the counter, on a real chain: vouchers, offers, refunds, disputes, statements of all of it, and a book that moves to an own key."""

from __future__ import annotations

import csv
import json
from base64 import b32decode, b32encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import zxingcpp
from eth_account import Account
from eth_keyfile.keyfile import create_keyfile_json
from PIL import Image

from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.ledger.redeem.desk import SignedOrder, redeem
from oracle.ledger.redeem.order import Order, number_bytes, terms_bytes
from oracle.ledger.redeem.voucher import PREFIX, read_voucher, voucher_text
from oracle.model.errors import InputError, VerificationFailed, WrongChain
from oracle.model.typed_data import Domain, sign
from tests.e2e.till import MERCHANTS, Till, own_key

SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>'


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """A town of eight with points; nothing bought yet."""
    opened = Till(tmp_path_factory.mktemp("counter"), citizens=8)
    opened.open()
    yield opened
    opened.close()


def key_file(till: Till, number: int) -> Path:
    """Keystore file of the citizen's own key."""
    folder = till.folder / f"citizen-{number}"
    folder.mkdir(exist_ok=True)
    (folder / "passphrase").write_text("a bus and a metro")
    keystore = create_keyfile_json(own_key(number).key, "a bus and a metro", kdf="scrypt", iterations=2)
    (folder / "me.json").write_text(json.dumps(keystore))
    return folder / "me.json"


def voucher_of(till: Till, number: str, *more: str | Path) -> Any:
    """A voucher of the citizen with key 1 for half a point at merchant-1."""
    who = () if "--account" in more else ("--key-file", key_file(till, 1))
    return till.carbonbook(
        "order", "sign", *who, "--merchant", "merchant-1", "--number", number, "--points", "0.5", *more
    )


def test_a_voucher__of_an_own_key__as_a_qr_picture__is_scanned_taken_once(
    till: Till,
) -> None:
    picture = till.folder / "voucher.png"
    made = voucher_of(till, "1", "--out", picture, "--terms", "one tea")
    with Image.open(picture) as image:
        scanned = zxingcpp.read_barcode(image)
    assert scanned is not None
    assert scanned.text == made["voucher"]
    before = till.balance(own_key(1).address)
    taken = till.carbonbook("redeem", scanned.text, "--yes")
    assert (taken["taken"], taken["points"], taken["refused"]) == (1, "0.500", [])
    assert till.balance(own_key(1).address) == before - 500
    assert till.carbonbook("redeem", scanned.text, "--yes")["refused"] == []
    other = voucher_of(till, "1", "--terms", "another tea")
    refused = till.carbonbook("redeem", other["voucher"], "--yes")
    assert [row["reason"] for row in refused["refused"]] == [
        "this citizen already used the order number for another order"
    ]
    assert till.balance(own_key(1).address) == before - 500


def test_a_voucher__of_a_citizen_in_custody__in_a_text_file__is_shown_and_taken(till: Till) -> None:
    citizen, path = till.in_custody()[0], till.folder / "voucher.txt"
    voucher_of(till, "2", "--account", citizen, "--out", path)
    shown = till.carbonbook("order", "show", path)
    assert (shown["citizen"], shown["merchant"], shown["points"], shown["number"]) == (
        citizen,
        till.address("merchant-1"),
        "0.500",
        "2",
    )
    unsure = till.carbonbook.run("redeem", path)
    assert (unsure.returncode, "Add --yes to confirm it" in unsure.stderr) == (4, True), unsure.stderr
    assert till.carbonbook("redeem", path, "--yes")["taken"] == 1


def test_vouchers__altered_expired_or_made_for_elsewhere__are_all_refused(till: Till) -> None:
    """F33: none of them passes the reader, and none of them the desk."""
    chain, key = till.chain, own_key(3)
    desk, now = RedemptionDesk(chain).domain, till.chain.now()
    order = Order(key.address, till.address("merchant-1"), number_bytes("3"), 500, now + 120, terms_bytes("tea"))

    def signed(by: Domain, **changed: object) -> SignedOrder:
        return SignedOrder(replace(order, **changed), sign(key, order.message(by)))  # type: ignore[arg-type]

    good = signed(desk)
    r, s, v = good.signature[:32], int.from_bytes(good.signature[32:64]), good.signature[64]
    twin = r + (SECP256K1_ORDER - s).to_bytes(32) + bytes([55 - v])
    old = replace(order, expiry=now - 1)
    matrix: dict[str, tuple[SignedOrder, type[Exception]]] = {
        "other chain id": (signed(replace(desk, chain_id=1)), VerificationFailed),
        "other genesis": (signed(replace(desk, genesis_hash="0x" + "11" * 32)), VerificationFailed),
        "other contract": (signed(replace(desk, address=chain.address("CarbonPoint"))), VerificationFailed),
        "other citizen": (signed(desk, citizen=own_key(1).address), VerificationFailed),
        "other merchant": (signed(desk, merchant=till.address("merchant-2")), VerificationFailed),
        "other number": (signed(desk, order_number=number_bytes("4")), VerificationFailed),
        "more points": (signed(desk, points_milli=501), VerificationFailed),
        "fewer points": (signed(desk, points_milli=499), VerificationFailed),
        "longer": (signed(desk, expiry=now + 3_600), VerificationFailed),
        "other terms": (signed(desk, terms=terms_bytes("champagne")), VerificationFailed),
        "other offer": (signed(desk, offer=number_bytes("1")), VerificationFailed),
        "malleable": (SignedOrder(order, twin), VerificationFailed),
        "another's key": (SignedOrder(order, sign(own_key(1), order.message(desk))), VerificationFailed),
        "expired": (SignedOrder(old, sign(key, old.message(desk))), InputError),
    }
    for name, (forged, error) in matrix.items():
        with pytest.raises(error):
            read_voucher(voucher_text(forged, desk), desk, now)
        outcome = next(redeem(till.sender("relayer"), [forged]))
        assert (name, outcome.taken) == (name, False)
        expected = "RedemptionDesk_OrderExpired" if name == "expired" else "RedemptionDesk_BadSignature"
        assert outcome.reason.startswith(expected), f"{name}: {outcome.reason}"
    with pytest.raises(WrongChain):
        read_voucher(voucher_text(good, replace(desk, genesis_hash="0x" + "22" * 32)), desk, now)
    assert next(redeem(till.sender("relayer"), [good])).taken


def test_points_and_numbers__that_do_not_fit_the_chain__are_refused_with_a_sentence(till: Till) -> None:
    account = till.in_custody()[0]
    sign = ("order", "sign", "--account", account, "--merchant", "merchant-1")
    offer = ("offer", "add", "z", "--key", "merchant-1", "--terms", "x")
    wrong: list[tuple[str, ...]] = [
        *((*sign, "--number", "50", f"--points={points}") for points in ("-5", "0", "1e999999999", "99999999999999")),
        (*sign, "--number", "", "--points", "1"),
        (*sign, "--number", "51", "--points", "1", "--out", str(till.folder / "none" / "v.png")),
        (*offer, "--points=-5", "--stock", "5"),
        (*offer, "--points=5", "--stock", "99999999999999999999"),
    ]
    for words in wrong:
        done = till.carbonbook.run(*words)
        assert (done.returncode in (2, 3), done.stdout) == (True, ""), (words, done.stderr)


def test_a_voucher__cut_short_or_misread__is_refused_with_what_is_wrong(till: Till) -> None:
    text = voucher_of(till, "5")["voucher"]
    raw = b32decode(text.removeprefix(PREFIX) + "=" * (-len(text.removeprefix(PREFIX)) % 8))
    for wrong, why in (
        (PREFIX + b32encode(raw[:-9]).decode().rstrip("="), "scan it again"),
        ("CB1:" + text[4:], "has the old format CB1:"),
        ("CBX:" + text[4:], "is neither a voucher"),
        (PREFIX + "0189", "is not Base32"),
        (text[:60] + ("A" if text[60] != "A" else "B") + text[61:], "scan it again"),
    ):
        refused = till.carbonbook.run("order", "show", wrong)
        assert (refused.returncode, why in refused.stderr) == (3, True), refused.stderr


def test_an_offers_last_item__wanted_by_all__goes_to_one(till: Till) -> None:
    """F47. The orders of four citizens are sent by four relayers at the same moment."""
    offer = till.carbonbook(
        "offer", "add", "1", "--key", "merchant-2", "--points", "0.25", "--stock", "1", "--terms", "the last bun"
    )
    assert (offer["left"], offer["points"]) == (1, "0.250")
    vouchers = [
        till.carbonbook(
            "order", "sign", "--account", account, "--merchant", "merchant-2", "--number", str(number), "--offer", "1"
        )["voucher"]
        for number, account in enumerate(till.in_custody(), 100)
    ]
    relayers = ["relayer", "transit", "living", "merchant-1"]
    desk = RedemptionDesk(till.chain).domain
    orders = [read_voucher(text, desk, till.chain.now()) for text in vouchers]

    def relayed(by: str, order: SignedOrder) -> tuple[bool, str]:
        outcome = next(redeem(till.sender(by), [order]))
        return outcome.taken, outcome.reason

    assert len(orders) == len(relayers)
    with ThreadPoolExecutor(len(orders)) as pool:
        results = list(pool.map(relayed, relayers, orders))
    assert sorted(taken for taken, _ in results) == [False] * (len(orders) - 1) + [True]
    assert all("OfferBook_SoldOut" in reason for taken, reason in results if not taken), results
    assert till.carbonbook("offer", "list")["offers"][0]["left"] == 0
    restocked = till.carbonbook("offer", "restock", "1", "--key", "merchant-2", "--items", "2")
    assert (restocked["left"], till.carbonbook("offer", "end", "1", "--key", "merchant-2")["left"]) == (2, 0)


def test_refunds_and_disputes__through_their_commands__move_points(till: Till) -> None:
    citizen = till.in_custody()[1]
    before = till.balance(citizen)
    till.buy([(citizen, "merchant-3", number, "1") for number in ("A-1", "A-2", "A-3", "A-4")])
    part = till.carbonbook("refund", "A-1", "--key", "merchant-3", "--points", "0.25")
    assert (part["phase"], part["refunded"], part["netted_against"]) == ("held", "0.250", None)
    dispute = ("--merchant", "merchant-3", "--account", citizen, "--reason", "cold")
    assert till.carbonbook("dispute", "open", "A-2", *dispute)["phase"] == "disputed"
    assert till.carbonbook("dispute", "open", "A-3", *dispute)["phase"] == "disputed"
    resolve = ("--merchant", "merchant-3", "--key", "authority-1")
    decided = till.carbonbook("dispute", "resolve", "A-2", *resolve, "--to-citizen", "0.4")
    assert (decided["phase"], decided["refunded"]) == ("held", "0.400")
    assert till.balance(citizen) == before - 4_000 + 250 + 400
    month = ("statement", "merchant-3", "--period", "2023-01", "--out", till.folder / "open")
    row = till.carbonbook(*month)["merchants"][0]
    assert [
        row[name] for name in ("taken_milli", "refunded_milli", "disputed_milli", "kept_milli", "given_back_milli")
    ] == [
        4_000,
        250,
        2_000,
        600,
        400,
    ]
    assert (row["closing_due_milli"], row["closing_disputed_milli"]) == (2_350, 1_000)
    too_much = till.carbonbook.run("refund", "A-4", "--key", "merchant-3", "--points", "1.001")
    assert (too_much.returncode, "RedemptionDesk_RefundTooLarge" in too_much.stderr) == (6, True), too_much.stderr
    assert till.carbonbook("report", "reconciliation")["differences"] == 0


def test_a_refund_after_payment__is_netted_on_a_later_final_day__never_below_nothing(till: Till) -> None:
    """F39."""
    citizen = till.in_custody()[2]
    till.buy([(citizen, "merchant-1", "N-1", "0.6")])
    till.carbonbook("clock", "--advance", "9")
    till.carbonbook("settle")
    nothing = till.carbonbook.run("refund", "N-1", "--key", "merchant-1")
    assert (nothing.returncode, "no final, unpaid day" in nothing.stderr) == (3, True), nothing.stderr
    till.buy([(citizen, "merchant-1", "N-2", "1")])
    till.carbonbook("clock", "--advance", "9")
    before, paid = till.balance(citizen), till.paid("merchant-1")
    back = till.carbonbook("refund", "N-1", "--key", "merchant-1")
    assert (back["given_back"], back["netted_against"] is None) == ("0.600", False)
    assert till.balance(citizen) == before + 600
    till.carbonbook("settle")
    assert till.paid("merchant-1") == paid + 400 * 50
    assert till.carbonbook("report", "reconciliation")["differences"] == 0


def test_statements_and_bank_file__of_merchants_with_hostile_names__balance(till: Till) -> None:
    """F44, F47: a name is text in the page, in the CSV and in the XML; the bank file adds up by another parser."""
    config = till.home / "config.toml"
    config.write_text(
        config.read_text()
        + '\n[settlement.bank]\nname = "运营中心"\naccount = "4000012345678901234"\ncode = "102584000018"\n'
    )
    path = till.folder / "merchants.csv"
    with path.open("w", newline="") as file:
        rows = [(name, HOSTILE, f"62220000111122{number}", "103584000022") for number, name in enumerate(MERCHANTS)]
        csv.writer(file).writerows([("merchant", "name", "bank_account", "bank_code"), *rows])
    till.carbonbook("merchant", "set", path)
    till.buy_everywhere("bank", "0.777")
    till.carbonbook("clock", "--advance", "9")
    settled = till.carbonbook("settle")
    run, paid = settled["runs"][-1], settled["paid_amount"]
    first = till.carbonbook("settle", "file", run, "--out", till.folder / "one.xml")
    again = till.carbonbook("settle", "file", run, "--out", till.folder / "two.xml")
    content = (till.folder / "one.xml").read_bytes()
    assert content == (till.folder / "two.xml").read_bytes()
    assert first["message_id"] == again["message_id"]
    space = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    root = ElementTree.fromstring(content)  # our own file
    amounts = [node.text or "" for node in root.findall(".//p:InstdAmt", space)]
    minor = sum(int(amount.replace(".", "")) for amount in amounts)
    assert {node.text for node in root.findall(".//p:CtrlSum", space)} == {f"{minor // 100}.{minor % 100:02}"}
    assert minor * 10_000 + sum(payment["carried"] for payment in first["payments"]) == paid
    assert {node.text for node in root.findall(".//p:Cdtr/p:Nm", space)} == {HOSTILE}
    identifiers = [node.text for node in root.findall(".//p:EndToEndId", space)]
    assert len(set(identifiers)) == len(amounts) == 3
    for period in ("2023-01", "2023-02"):
        stated = till.carbonbook("statement", "--period", period, "--out", till.folder / "all")
        assert stated["do_not_foot"] == []
    pages = [page.read_text() for page in (till.folder / "all").glob("*.html")]
    assert len(pages) == 2 * (3 + 2)
    assert not any("<script" in page or "<img" in page for page in pages)
    assert sum("&lt;script&gt;alert(2)" in page for page in pages) == 2 * 3


def test_a_book_in_custody__moved_to_an_own_key__spends_there_and_no_longer_here(till: Till) -> None:
    citizen = till.in_custody()[3]
    before = till.balance(citizen)
    folder = till.folder / "moved"
    folder.mkdir()
    (folder / "passphrase").write_text("my own")
    own = Account.create()
    (folder / "key.json").write_text(json.dumps(create_keyfile_json(own.key, "my own", kdf="scrypt", iterations=2)))
    announced = till.carbonbook("account", "move", citizen, "--key-file", folder / "key.json")
    assert (announced["moves_to"], till.balance(citizen)) == (own.address, before)
    early = till.carbonbook.run("account", "complete-move", citizen)
    assert (early.returncode, "CarbonPoint_MoveWaits" in early.stderr) == (6, True)
    cancelled = till.carbonbook("account", "cancel-move", citizen, "--key-file", folder / "key.json")
    assert (cancelled["cancelled_by"], till.carbonbook("account", "show", citizen)["moves_to"]) == (own.address, None)
    assert till.carbonbook.run("account", "complete-move", citizen).returncode == 3
    till.carbonbook("account", "move", citizen, "--key-file", folder / "key.json")
    till.carbonbook("clock", "--advance", "2")
    moved = till.carbonbook("account", "complete-move", citizen)
    assert (moved["account"], till.balance(own.address), till.balance(citizen)) == (own.address, before, 0)
    assert till.carbonbook("account", "show", citizen)["moved_to"] == own.address
    sign_own = ("order", "sign", "--key-file", folder / "key.json", "--merchant", "merchant-1", "--number", "77")
    voucher = till.carbonbook(*sign_own, "--points", "0.1")["voucher"]
    assert till.carbonbook("redeem", voucher, "--yes")["taken"] == 1
    assert till.balance(own.address) == before - 100
