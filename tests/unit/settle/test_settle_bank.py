"""Bank files: whole minor units, the rest carried and never lost; identifiers that stay; what a bank cannot take is refused."""

from __future__ import annotations

import random
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from oracle.ledger.settle.pain import NAMESPACE, Order, Transfer, check_schema, message_id, payment_file, transfer_id
from oracle.model.bank import Party, bank_payments, units_per_minor_of
from oracle.model.errors import InputError, SettlementRefused, VerificationFailed
from oracle.model.settlement_run import Item, ItemState, Run, Signature

SEED = 20230105
PER_FEN = 10_000
SPACE = {"p": NAMESPACE}
YES = Signature("0x" + "11" * 20, bytes(65), 1_675_000_000)
DEBTOR = Party("深圳碳普惠运营中心", "4000012345678901234", "102584000018")


def account(number: int) -> str:
    return "0x" + number.to_bytes(20).hex()


def run_of(amounts: list[int], **changed: object) -> Run:
    items = tuple(
        Item(account(n), account(n), amount // 50, amount, ItemState.PAID, "", "0x" + "ab" * 32)
        for n, amount in enumerate(amounts)
    )
    return Run("2023-01.1", 1, 31, 7, items, YES, replace(YES, signer="0x" + "22" * 20), **changed)  # type: ignore[arg-type]


def order_of(minors: list[int], **changed: object) -> Order:
    transfers = [
        Transfer(account(n), Party(f"商户 {n}", "62220000", "103584000022"), minor, f"run {n}", "0x5d87")
        for n, minor in enumerate(minors)
    ]
    plain = Order(b"\7" * 32, 1_675_000_000, DEBTOR, "CNY", 2, transfers)
    return replace(plain, **changed)  # type: ignore[arg-type]


def test_bank_payments__many_runs__sum_to_what_was_paid_rounded_once_per_merchant() -> None:
    draw = random.Random(SEED)
    owed, told, carried = [0] * 5, [0] * 5, {}
    for _ in range(500):
        amounts = [draw.choice([0, 1, 9_999, 10_000, draw.randrange(10**9)]) for _ in range(5)]
        payments = bank_payments(run_of(amounts), carried, PER_FEN)
        carried |= {payment.merchant: payment.carried for payment in payments}
        owed = [was + amount for was, amount in zip(owed, amounts, strict=True)]
        told = [was + payment.minor for was, payment in zip(told, payments, strict=True)]
        assert told == [total // PER_FEN for total in owed]
        assert all(0 <= payment.carried < PER_FEN for payment in payments)


def test_bank_payments__unconfirmed_or_nothing_paid__is_refused() -> None:
    run = run_of([10_000, 20_000])
    with pytest.raises(SettlementRefused, match=r"is sent\. A bank file needs payouts that are confirmed"):
        bank_payments(run.with_items([replace(run.items[0], state=ItemState.SENT)]), {}, PER_FEN)
    changed = [replace(item, state=ItemState.CHANGED, transaction=None) for item in run.items]
    with pytest.raises(SettlementRefused, match=r"is lapsed\. A bank file needs payouts that are confirmed"):
        bank_payments(run.with_items(changed), {}, PER_FEN)


def test_bank_payments__what_changed_and_was_not_paid__is_not_in_the_file() -> None:
    run = run_of([10_000, 20_000])
    left = run.with_items([replace(run.items[0], state=ItemState.CHANGED)])
    assert [payment.merchant for payment in bank_payments(left, {}, PER_FEN)] == [account(1)]


def test_units_per_minor__a_coarser_token__is_refused() -> None:
    assert [units_per_minor_of(6, 2), units_per_minor_of(2, 2), units_per_minor_of(18, 0)] == [10**4, 1, 10**18]
    with pytest.raises(InputError, match="a token with 1 decimals cannot represent a currency with 2"):
        units_per_minor_of(1, 2)


def test_payment_file__adds_up_exactly__by_another_parser() -> None:
    minors = [1, 99, 100, 12_345_678_901_234, 7]
    root = ElementTree.fromstring(payment_file(order_of(minors)))  # our own file
    amounts = [node.text or "" for node in root.findall(".//p:InstdAmt", SPACE)]
    assert amounts == ["0.01", "0.99", "1.00", "123456789012.34", "0.07"]
    assert {node.text for node in root.findall(".//p:CtrlSum", SPACE)} == {"123456789014.41"}
    assert {node.text for node in root.findall(".//p:NbOfTxs", SPACE)} == {"5"}


def test_payment_file__the_same_run__gives_the_same_bytes() -> None:
    assert payment_file(order_of([5, 6])) == payment_file(order_of([5, 6]))
    other = payment_file(order_of([5, 6], digest=b"\x08" * 32))
    assert message_id(b"\7" * 32) != message_id(b"\x08" * 32)
    assert transfer_id(b"\7" * 32, account(1)).encode() not in other
    assert len({transfer_id(b"\7" * 32, account(n)) for n in range(1_000)}) == 1_000


def test_payment_file__hostile_name__is_text() -> None:
    party = Party("</Nm><IBAN>&\"'<!--", "DE02701500000000594937", "SSKMDEMM").checked()
    made = payment_file(order_of([5], transfers=[Transfer(account(1), party, 5, "x", "0x5d87")]))
    root = ElementTree.fromstring(made)  # our own file
    assert [node.text for node in root.findall(".//p:Cdtr/p:Nm", SPACE)] == [party.name]
    assert [node.text for node in root.findall(".//p:CdtrAcct/p:Id/p:IBAN", SPACE)] == [party.account]
    assert [node.text for node in root.findall(".//p:CdtrAgt//p:BICFI", SPACE)] == [party.code]


@pytest.mark.parametrize(
    "wrong", [{"currency": "yuan"}, {"transfers": []}, {"decimals": 6}], ids=["currency", "nobody", "decimals"]
)
def test_payment_file__not_as_the_schema_says__is_not_handed_out(wrong: dict[str, object]) -> None:
    with pytest.raises(VerificationFailed, match=r"The payment file is not a valid pain\.001\.001\.09"):
        payment_file(order_of([5], **wrong))


def test_check_schema__a_file_somebody_changed__is_refused() -> None:
    text = payment_file(order_of([5])).decode()
    check_schema(text)
    with pytest.raises(VerificationFailed, match="InstdAmt"):
        check_schema(text.replace(">0.05</InstdAmt>", ">five</InstdAmt>"))


@pytest.mark.parametrize(
    ("party", "field"),
    [
        (Party("", "6222", "103584000022"), "name"),
        (Party("x" * 141, "6222", "103584000022"), "name"),
        (Party("a\nb", "6222", "103584000022"), "name"),
        (Party("店", "", "103584000022"), "bank_account"),
        (Party("店", "=1+1", "103584000022"), "bank_account"),
        (Party("店", "6222", "10358400002"), "bank_code"),
        (Party("店", "6222", "=CMD"), "bank_code"),
    ],
)
def test_party__a_bank_cannot_take__is_refused_by_its_field(party: Party, field: str) -> None:
    with pytest.raises(InputError, match=f"merchants.csv, row 3, {field}"):
        party.checked("merchants.csv", 3)


def test_party__an_iban_with_wrong_check_digits__is_an_account_number_of_the_bank() -> None:
    assert Party("x", "DE02701500000000594937", "SSKMDEMM").has_iban
    assert not Party("x", "DE03701500000000594937", "SSKMDEMM").has_iban
