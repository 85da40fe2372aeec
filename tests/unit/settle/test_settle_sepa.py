"""SEPA payment files: what the rulebook asks of parties, characters, charges and the day."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.ledger.settle.pain import NAMESPACE, Order, Transfer, sepa_file
from oracle.ledger.settle.sepa import execution_day, latin, require_party
from oracle.model.bank import Party
from oracle.model.errors import ConfigError

SPACE = {"p": NAMESPACE}
PAYER = Party("Carbon Ltd", "DE89370400440532013000", "COBADEFFXXX")
BAKER = Party("Bäckerei Müller & Söhne", "DE75512108001245126199", "SOGEDEFFXXX")
MERCHANT = "0x" + "11" * 20
FRIDAY = 1_675_382_489  # 2023-02-03 08:01 in Shenzhen


def order_of(to: Party = BAKER, debtor: Party = PAYER) -> Order:
    transfers = [Transfer(MERCHANT, to, 40, "2023-02-01_2023-02-04.1", "0x5d87")]
    return Order(b"\1" * 32, FRIDAY, debtor, "EUR", 2, transfers)


def texts(order: Order, *paths: str) -> list[str | None]:
    root = ElementTree.fromstring(sepa_file(order))  # our own file
    return [node.text for path in paths for node in root.findall(f".//p:{path}", SPACE)]


def test_sepa_file__level_charges_and_day__are_those_of_the_rulebook() -> None:
    assert texts(order_of(), "SvcLvl/p:Cd", "ChrgBr", "ReqdExctnDt/p:Dt") == ["SEPA", "SLEV", "2023-02-06"]


def test_sepa_file__names_and_remarks__are_in_characters_every_bank_takes() -> None:
    assert texts(order_of(), "Cdtr/p:Nm", "Ustrd") == [
        "Baeckerei Mueller + Soehne",
        "Carbonbook 2023-02-01-2023-02-04.1 0x5d87",
    ]


def test_sepa_file__no_bic__names_no_bank_of_the_merchant() -> None:
    order = order_of(replace(BAKER, code=""), replace(PAYER, code=""))
    assert texts(order, "CdtrAgt//p:BICFI", "DbtrAgt//p:BICFI") == []
    assert texts(order, "DbtrAgt//p:Id", "CdtrAcct//p:IBAN") == ["NOTPROVIDED", BAKER.account]


@pytest.mark.parametrize(
    ("party", "problem"),
    [
        (replace(BAKER, account="DE76512108001245126199"), "is not an IBAN with valid check digits"),
        (replace(BAKER, account="62220000"), "is not an IBAN"),
        (replace(BAKER, code="102584000018"), "is not a BIC"),
        (replace(BAKER, name="茶馆"), "has no Latin letter"),
    ],
    ids=["check digits", "number", "cnaps", "chinese"],
)
def test_sepa_file__a_party_that_sepa_cannot_pay__is_refused_by_name(party: Party, problem: str) -> None:
    with pytest.raises(ConfigError, match=f"of merchant {MERCHANT} {problem}"):
        sepa_file(order_of(to=party))
    with pytest.raises(ConfigError, match=rf"of whoever pays \(\[settlement.bank\] in config.toml\) {problem}"):
        sepa_file(order_of(debtor=party))


@pytest.mark.parametrize(
    ("approved", "settles"),
    [
        ("2023-02-02", "2023-02-03"),  # Thursday
        ("2023-02-03", "2023-02-06"),  # over a weekend
        ("2024-03-28", "2024-04-02"),  # Good Friday and Easter Monday
        ("2025-04-30", "2025-05-02"),  # Labour Day
        ("2024-12-24", "2024-12-27"),  # Christmas
        ("2025-12-31", "2026-01-02"),
    ],
)
def test_execution_day__is_the_next_on_which_target_settles(approved: str, settles: str) -> None:
    assert execution_day(date.fromisoformat(approved)) == date.fromisoformat(settles)


@given(st.text())
def test_latin__any_text__has_only_characters_of_sepa(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9/\-?:().,'+ ]*", latin(text))


def test_latin__letters_with_marks__keep_the_letter() -> None:
    assert latin("Łódź Çağrı Ñandú Straße Œuvre Åse") == "Lodz Cagri Nandu Strasse OEuvre Ase"


def test_require_party__an_iban_as_people_write_it__passes_once_checked() -> None:
    written = replace(BAKER, account="de75 5121 0800 1245 1261 99").checked()
    require_party(written, "a merchant")
    assert written == BAKER
