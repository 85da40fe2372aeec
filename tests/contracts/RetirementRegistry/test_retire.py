"""Retirements and their certificates: who, what, and how they look (I46, I47)."""

from __future__ import annotations

import base64
import json
import re
from datetime import UTC, date, datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from eth_utils.crypto import keccak

from ..support.city import YESTERDAY, City
from ..support.clock import now, travel_to
from ..support.credits import BILL, NO_PERMIT, NOTE, TONNE, Flow, Series
from ..support.reverts import reverts_with
from ..support.values import bare, events

PRICE = 60_000_000
SVG = "{http://www.w3.org/2000/svg}"
SERIAL = re.compile(r"^[A-Z0-9]{4}-[A-Z]{2}\d{0,6}-[A-Z0-9]+-v\d+-\d{4,}-\d{4}-\d+-\d+-\d+$")


@pytest.fixture
def ask(flow: Flow, series: Series) -> int:
    return flow.list(series.number, 400 * TONNE, PRICE)


@pytest.fixture
def bought(flow: Flow, series: Series, ask: int) -> Series:
    """The buyer holds 10 t."""
    flow.buy(ask, 10 * TONNE)
    return series


def metadata(city: City, certificate: int) -> tuple[dict[str, Any], ElementTree.Element]:
    """The certificate's JSON and its picture, parsed."""
    head, body = city.retirements.tokenURI(certificate).split(",")
    assert head == "data:application/json;base64"
    data = json.loads(base64.b64decode(body))
    head, body = data["image"].split(",")
    assert head == "data:image/svg+xml;base64"
    return data, ElementTree.fromstring(base64.b64decode(body))


def attributes(data: dict[str, Any]) -> dict[str, str]:
    return {item["trait_type"]: item["value"] for item in data["attributes"]}


def texts(picture: ElementTree.Element) -> list[str]:
    return [element.text or "" for element in picture.iter(f"{SVG}text")]


def test_given_credits__when_they_are_retired__the_certificate_says_so_for_ever(
    city: City, flow: Flow, bought: Series
) -> None:
    terms = flow.retirement()
    done = city.retirements.retire(bought.number, 1_500_000_000, terms, {"from": flow.buyer})
    certificate = bought.number << 64 | 1
    holder = flow.buyer.address
    assert done.return_value == certificate
    assert events(done, "Locked") == [{"tokenId": certificate}]
    [event] = events(done, "Retired")
    assert (event["certificate"], event["holder"], event["name"], event["mg"]) == (
        certificate,
        holder,
        1,
        1_500_000_000,
    )
    assert bare(event["terms"])[7] == NOTE
    mints = [e for e in done.events["Transfer"] if "tokenId" in e]
    assert [(e["from"], e["to"], e["tokenId"]) for e in mints] == [("0x" + "00" * 20, holder, certificate)]
    assert bare(city.retirements.certificateOf(certificate)) == (
        holder,
        done.timestamp,
        YESTERDAY - 30,
        YESTERDAY,
        1,
        1_500_000_000,
        1,
        bought.number,
        1,
        0x434E,
        True,
    )
    assert city.retirements.ownerOf(certificate) == holder
    assert city.retirements.balanceOf(holder) == 1
    assert city.retirements.locked(certificate) is True
    assert city.retirements.backingOf(certificate) == 1_500_000_000
    assert bought.token.retiredMg() == 1_500_000_000


def test_given_the_second_tonne_of_series_1__its_number_is_the_one_of_the_design(
    city: City, flow: Flow, bought: Series
) -> None:
    """Case 34."""
    flow.retire(bought.number, TONNE)
    certificate = flow.retire(bought.number, 500_000_001)
    assert certificate == 18_446_744_074_709_551_617
    retirements, buyer = city.retirements, flow.buyer
    calls = [
        lambda: retirements.transferFrom(buyer, flow.roles.rando, certificate, {"from": buyer}),
        lambda: retirements.approve(flow.roles.rando, certificate, {"from": buyer}),
        lambda: retirements.safeTransferFrom["address,address,uint256"](
            buyer, flow.roles.rando, certificate, {"from": buyer}
        ),
        lambda: retirements.safeTransferFrom["address,address,uint256,bytes"](
            buyer, flow.roles.rando, certificate, b"", {"from": buyer}
        ),
    ]
    for call in calls:
        with reverts_with(retirements, "RetirementRegistry_Soulbound", certificate):
            call()
    with reverts_with(retirements, "RetirementRegistry_Soulbound", 0):
        retirements.setApprovalForAll(flow.roles.rando, True, {"from": buyer})
    assert retirements.getApproved(certificate) == "0x" + "00" * 20
    assert retirements.isApprovedForAll(buyer, flow.roles.rando) is False
    serial = retirements.serialOf(certificate)
    assert serial == "SZ01-CN4403-EL01-v1-0001-2035-1-1000000001-1500000001"
    assert SERIAL.match(serial)


def test_given_wrong_terms__when_credits_are_retired__it_reverts_and_names_the_field(
    city: City, flow: Flow, bought: Series
) -> None:
    wrong: list[tuple[str, dict[str, Any]]] = [
        ("holder", {"holder": "0x" + "00" * 20}),
        ("period", {"from_day": YESTERDAY + 1}),
        ("purpose", {"purpose": 0}),
        ("purpose", {"purpose": 6}),
        ("country", {"country": 0}),
        ("country", {"country": 0x634E}),
        ("country", {"country": 0x435B}),
        ("country", {"country": 0x4340}),
        ("scheme", {"scheme": keccak(b"GD")}),
        ("scheme", {"purpose": 4}),
        ("note", {"note": "x" * 281}),
    ]
    for field, changed in wrong:
        with reverts_with(city.retirements, "RetirementRegistry_BadTerms", field):
            flow.retire(bought.number, 1, **changed)
    with reverts_with(city.retirements, "RetirementRegistry_BadTerms", "mg"):
        flow.retire(bought.number, 0)
    for name in (0, 2):
        with reverts_with(city.retirements, "RetirementRegistry_UnknownName", name):
            flow.retire(bought.number, 1, name=name)
    for number in (0, 9, 2**200):
        with reverts_with(city.retirements, "RetirementRegistry_UnknownSeries", number):
            flow.retire(number, 1)
    with reverts_with(bought.token, "CarbonCredit_Short", flow.buyer.address, 10 * TONNE, 10 * TONNE + 1):
        flow.retire(bought.number, 10 * TONNE + 1)
    assert city.retirements.balanceOf(flow.buyer) == bought.token.retiredMg() == 0
    flow.retire(bought.number, 1, note="", country=0x415A, from_day=YESTERDAY)
    flow.retire(bought.number, 1, note="x" * 280, purpose=5)
    assert city.retirements.certificateOf(bought.number << 64 | 1)["noted"] is False


def test_given_a_certificate_that_is_none__it_is_unknown(city: City) -> None:
    for function in ("ownerOf", "getApproved", "tokenURI", "serialOf", "backingOf", "locked", "certificateOf"):
        with reverts_with(city.retirements, "RetirementRegistry_Unknown", 7):
            getattr(city.retirements, function)(7)
    with reverts_with(city.retirements, "RetirementRegistry_NoHolder"):
        city.retirements.balanceOf("0x" + "00" * 20)


def test_given_a_purchase__when_it_is_retired_at_once__the_buyer_never_holds_it(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    flow.pay(flow.buyer, 90_000_000)
    fill = (ask, 1_500_000_000, PRICE)
    with reverts_with(city.market, "CreditMarket_Cost", 90_000_000, 89_999_999):
        city.market.buyAndRetire(fill, 89_999_999, NO_PERMIT, flow.retirement(), {"from": flow.buyer})
    with reverts_with(city.retirements, "RetirementRegistry_BadTerms", "purpose"):
        city.market.buyAndRetire(fill, 90_000_000, NO_PERMIT, flow.retirement(purpose=9), {"from": flow.buyer})
    done = city.market.buyAndRetire(fill, 90_000_000, NO_PERMIT, flow.retirement(), {"from": flow.buyer})
    certificate = series.number << 64 | 1
    assert bare(done.return_value) == (90_000_000, certificate)
    assert city.retirements.ownerOf(certificate) == flow.buyer.address
    assert series.token.balanceOf(flow.buyer) == 0
    assert series.token.balanceOf(city.market) == 448_500_000_000
    assert city.token.allowance(flow.buyer, city.market) == 0
    with reverts_with(city.retirements, "RetirementRegistry_NotMarket", flow.buyer.address):
        city.retirements.retireBought(series.number, 1, flow.retirement(), {"from": flow.buyer})


@pytest.mark.parametrize(
    "name",
    [
        '<A&B "x">',
        "O'Neill \\ Söhne",
        "示例数据中心有限公司",
        "x" * 120,
        "中" * 40,
        "a]]>b<!--c-->&lt;",
        "🌳 Wald",
        '{"name":1}',
    ],
)
def test_given_a_hostile_name__the_data_and_the_picture_parse_and_say_it(
    city: City, flow: Flow, bought: Series, name: str
) -> None:
    """Case 40."""
    done = city.retirements.addName(name, {"from": flow.roles.rando})
    assert events(done, "Named") == [{"number": 2, "by": flow.roles.rando.address, "name": name}]
    assert city.retirements.nameOf(2) == name
    certificate = flow.retire(bought.number, 1_500_000_000, name=2)
    data, picture = metadata(city, certificate)
    assert attributes(data)["beneficiary"] == name
    assert name in texts(picture)
    assert (picture.attrib["width"], picture.attrib["height"]) == ("600", "400")


@pytest.mark.parametrize(
    ("name", "position"),
    [
        (b"", 0),
        (b"x" * 121, 121),
        ("中".encode() * 41, 123),
        (b"a\nb", 1),
        (b"a\x00", 1),
        (b"\x1b[31m", 0),
        (b"\x7f", 0),
        ("a\x85b".encode(), 1),
        ("ab\u202ecd".encode(), 2),
        ("\u200fx".encode(), 0),
        ("x\u2066y".encode(), 1),
        ("x\u061cy".encode(), 1),
        ("x\u200by".encode(), 1),
        ("x\u2028y".encode(), 1),
        ("x\ufeff".encode(), 1),
        ("x\uffff".encode(), 1),
        ("x\ufdd0".encode(), 1),
        ("x\U000e0041".encode(), 1),
        ("x\U0001fffe".encode(), 1),
        (b"x\xff", 1),
        (b"x\x80", 1),
        (b"x\xc3", 1),
        (b"x\xc3(", 1),
        (b"x\xc0\xaf", 1),
        (b"x\xe0\x80\xaf", 1),
        (b"x\xed\xa0\x80", 1),
        (b"x\xf0\x80\x80\x80", 1),
        (b"x\xf4\x90\x80\x80", 1),
        (b"x\xf8\x88\x80\x80\x80", 1),
        (b"x\xe4\xb8", 1),
    ],
)
def test_given_a_name_that_cannot_be_shown__when_added__it_reverts_with_its_place(
    city: City, flow: Flow, name: bytes, position: int
) -> None:
    padded = name + bytes(-len(name) % 32)
    data = keccak(text="addName(string)")[:4] + (32).to_bytes(32, "big") + len(name).to_bytes(32, "big") + padded
    with reverts_with(city.retirements, "RetirementRegistry_BadName", len(name), position):
        flow.roles.rando.transfer(city.retirements, data=data.hex())
    assert city.retirements.nameCount() == 1


def test_given_a_certificate__its_data_and_picture_say_what_was_retired(city: City, flow: Flow, bought: Series) -> None:
    flow.retire(bought.number, TONNE)
    certificate = flow.retire(
        bought.number, 500_000_001, from_day=day_of("2034-02-28"), through_day=day_of("2036-02-29")
    )
    at = city.retirements.certificateOf(certificate)["at"]
    data, picture = metadata(city, certificate)
    serial = "SZ01-CN4403-EL01-v1-0001-2035-1-1000000001-1500000001"
    assert data["name"] == "Carbonbook retirement 1-1000000001"
    assert data["description"] == "0.500000001 t CO2e retired. Final; cannot be transferred."
    assert attributes(data) == {
        "quantity_mg": "500000001",
        "serial": serial,
        "methodology": f"{BILL} v1",
        "vintage": "2035",
        "operator": flow.roles.operator.address.lower(),
        "beneficiary": "Example Data Centre Ltd",
        "purpose": "voluntary",
        "period": "2034-02-28/2036-02-29",
        "country": "CN",
        "retired_at": utc(at),
        "backed_mg": "500000001",
    }
    for text in ("0.500000001 t CO2e", "Example Data Centre Ltd", "2034-02-28 – 2036-02-29", serial, utc(at)):
        assert text in texts(picture)
    bars = [element.attrib["width"] for element in picture.iter(f"{SVG}rect")][-2:]
    assert bars == ["520", "520"]


def test_given_a_shortfall__the_bar_and_the_data_show_what_stands_behind(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    flow.buy(ask, 400 * TONNE)
    certificate = flow.retire(series.number, 1_500_000_000)
    flow.revoke(series.batch)
    flow.cancel(series.number, series.batch, 90 * TONNE)
    data, picture = metadata(city, certificate)
    assert attributes(data)["backed_mg"] == "1350000000"
    assert [element.attrib["width"] for element in picture.iter(f"{SVG}rect")][-2:] == ["520", "468"]


@pytest.mark.parametrize("purpose", [(2, "event"), (3, "product"), (5, "public good")])
def test_given_a_purpose__the_certificate_names_it(
    city: City, flow: Flow, bought: Series, purpose: tuple[int, str]
) -> None:
    certificate = flow.retire(bought.number, 1, purpose=purpose[0])
    assert attributes(metadata(city, certificate)[0])["purpose"] == purpose[1]


def test_given_wallets__they_are_told_what_the_contract_is(city: City) -> None:
    supported = {"0x01ffc9a7": True, "0x80ac58cd": True, "0x5b5e139f": True, "0xb45a3c0e": True, "0xffffffff": False}
    assert {name: city.retirements.supportsInterface(name) for name in supported} == supported
    assert (city.retirements.name(), city.retirements.symbol()) == ("Carbonbook Retirement Certificate", "CBRC")


def test_given_the_board__when_it_names_a_credential_key__it_is_kept_and_told(city: City) -> None:
    key = keccak(b"ed25519")
    done = city.decide(city.retirements, "setCredentialKey", key)
    assert events(done, "CredentialKeySet") == [{"former": "0x" + "00" * 32, "key": "0x" + key.hex()}]
    assert bytes(city.retirements.credentialKey()) == key


def test_given_a_later_time__a_certificate_does_not_change(city: City, flow: Flow, bought: Series) -> None:
    certificate = flow.retire(bought.number, 1)
    before = city.retirements.tokenURI(certificate)
    travel_to(now() + 86_400 * 400)
    flow.retire(bought.number, 1)
    assert city.retirements.tokenURI(certificate) == before


def day_of(text: str) -> int:
    return (date.fromisoformat(text) - date(1970, 1, 1)).days


def utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
