"""What is typed for a retirement: masses, periods, purposes, names."""

from __future__ import annotations

import pytest

from oracle.ledger.market.once import order
from oracle.ledger.retire.certificate import number_of
from oracle.ledger.retire.terms import Purpose, period_of, period_text
from oracle.model.errors import InputError
from oracle.model.units import milligrams, tonnes

YEAR = period_of("2022")


@pytest.mark.parametrize(
    ("text", "mg"),
    [("1.5t", 1_500_000_000), ("0.000000001 t", 1), ("300kg", 300_000_000), ("20 g", 20_000), ("7mg", 7)],
)
def test_mass__as_typed(text: str, mg: int) -> None:
    assert milligrams(text) == mg


@pytest.mark.parametrize("text", ["1.5", "t", "-1t", "0t", "1e3t", "1.0000000001t", "١t", "1 000t", "", "nant"])
def test_mass__that_is_none__is_refused(text: str) -> None:
    with pytest.raises(InputError):
        milligrams(text)


def test_tonnes__are_exact() -> None:
    assert tonnes(1) == "0.000000001"


@pytest.mark.parametrize(
    ("text", "both"),
    [
        ("2022", "2022-01-01/2022-12-31"),
        ("2022-02", "2022-02-01/2022-02-28"),
        ("2022-01-10", "2022-01-10/2022-01-10"),
        ("2022-01-01/2022-06-30", "2022-01-01/2022-06-30"),
    ],
)
def test_period__as_typed(text: str, both: str) -> None:
    days = period_of(text)
    assert period_text(days.first, days.last) == both


@pytest.mark.parametrize("text", ["2022-06-30/2022-01-01", "0000", "22", "2022-13", "2022-01-01/2022-02-30"])
def test_period__that_is_none__is_refused(text: str) -> None:
    with pytest.raises(InputError):
        period_of(text)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"purpose": "fun"}, "--purpose"),
        ({"purpose": "compliance"}, "--scheme"),
        ({"scheme": "GD"}, "--scheme"),
        ({"country": "cn"}, "--country"),
        ({"beneficiary": "a" * 200}, "--for"),
        ({"beneficiary": ""}, "--for"),
        ({"beneficiary": "\udc80"}, "--for"),
        ({"note": "注" * 94}, "--note"),
    ],
)
def test_purpose__wrong__names_the_field(changed: dict[str, str], field: str) -> None:
    values = {"beneficiary": "A", "purpose": "voluntary", "country": "CN", "scheme": "", "note": ""} | changed
    with pytest.raises(InputError) as refused:
        Purpose(values["beneficiary"], values["purpose"], YEAR, values["country"], values["scheme"], values["note"])
    assert str(refused.value).startswith(field)


def test_certificate__case_34__has_a_name_and_a_number() -> None:
    assert number_of("1-1000000001") == number_of("18446744074709551617") == 18_446_744_074_709_551_617


@pytest.mark.parametrize("text", ["1", "1-", "-1", "a-b", "1-1-1", "9" * 40, ""])
def test_certificate__that_is_none__is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no certificate"):
        number_of(text)


@pytest.mark.parametrize("number", ["", "a" * 65, "a\nb", "\u202e1"])
def test_order_number__that_cannot_be_seen__is_refused(number: str) -> None:
    with pytest.raises(InputError, match="--order"), order(None, "buy", number):  # type: ignore[arg-type]
        pass
