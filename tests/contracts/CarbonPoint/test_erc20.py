"""The ERC-20 surface: true to read, impossible to write."""

from __future__ import annotations

import json

import pytest
from eth_account.signers.local import LocalAccount

from ..support.city import City
from ..support.clock import at, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events


def test_given_the_token__it_names_itself(city: City) -> None:
    assert (city.book.name(), city.book.symbol(), city.book.decimals()) == ("Carbon Point", "CPT", 3)


@pytest.mark.parametrize("function", ["transfer", "approve"])
def test_given_a_holder__when_it_transfers_or_approves__it_reverts(
    city: City, commuter: LocalAccount, household: LocalAccount, function: str
) -> None:
    with reverts_with(city.book, "CarbonPoint_SpendOnly"):
        getattr(city.book, function)(household.address, 1, {"from": commuter.address})


def test_given_a_holder__when_somebody_transfers_for_it__it_reverts(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    with reverts_with(city.book, "CarbonPoint_SpendOnly"):
        city.book.transferFrom(commuter.address, household.address, 1, {"from": city.roles.rando})


def test_given_a_transfer_of_nothing__it_succeeds_and_is_told(city: City, household: LocalAccount) -> None:
    done = city.book.transfer(household.address, 0, {"from": city.roles.rando})
    assert bare(done.return_value) is True
    assert events(done, "Transfer") == [{"from": city.roles.rando.address, "to": household.address, "value": 0}]


@pytest.mark.parametrize(
    ("interface", "supported"),
    [
        ("0x01ffc9a7", True),  # ERC-165
        ("0x36372b07", True),  # ERC-20
        ("0xa219a025", True),  # ERC-20's metadata
        ("0x84b0196e", True),  # ERC-5267
        ("0xffffffff", False),
        ("0x80ac58cd", False),  # ERC-721
    ],
)
def test_given_an_interface__it_says_whether_it_has_it(city: City, interface: str, supported: bool) -> None:
    assert city.book.supportsInterface(interface) == supported


def test_given_a_wallet__it_finds_the_domain_and_the_description(city: City) -> None:
    fields, name, version, chain_id, contract, salt, extensions = city.book.eip712Domain()
    assert (str(fields), name, version, tuple(extensions)) == ("0x1f", "Carbonbook CarbonPoint", "1", ())
    assert (contract, salt) == (city.book.address, city.book.genesisHash())
    assert chain_id > 0
    kind, _, document = city.book.contractURI().partition(",")
    assert kind == "data:application/json;utf8"
    assert json.loads(document).keys() == {"name", "symbol", "description"}


def test_given_any_two_accounts__it_has_no_allowance(city: City, commuter: LocalAccount) -> None:
    assert city.book.allowance(commuter.address, city.desk) == 0
    assert city.book.allowance(commuter.address, city.vault) == 0


def test_given_points_with_citizens_and_with_a_merchant__it_sums_them_up(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    city.redeem(commuter, 100_000)
    assert city.book.balanceOf(commuter.address) == 127_155
    assert city.book.balanceOf(household.address) == 113_577
    assert city.book.balanceOf(city.roles.merchant) == city.book.heldOf(city.roles.merchant) == 100_000
    assert city.book.totalSupply() == 340_732
    assert city.book.outstandingOf(2035) == 240_732


def test_given_points_of_ten_years_ago__when_the_year_turns__balance_and_supply_drop(
    city: City, commuter: LocalAccount
) -> None:
    city.redeem(commuter, 100_000)
    travel_to(at(2044, 12, 31, 23, 50))
    assert city.book.balanceOf(commuter.address) == 127_155
    assert city.book.totalSupply() == 340_732
    travel_to(at(2045, 1, 1))
    assert city.book.balanceOf(commuter.address) == 0
    assert city.book.totalSupply() == 100_000  # what the merchant holds does not expire
    assert city.book.reductionOf(commuter.address) == 26_900_000
    assert city.book.outstandingOf(2035) == 240_732


def test_given_no_credit_yet__it_reads_as_empty(city: City, newcomer: LocalAccount) -> None:
    assert city.book.balanceOf(newcomer.address) == 0
    assert city.book.reductionOf(newcomer.address) == 0
    assert tuple(city.book.pageOf(newcomer.address, 2035)) == (0, 0, 0, 0, 0)


def test_given_a_fresh_book__it_answers_without_walking_through_the_centuries(city: City, built, commuter) -> None:
    fresh = city.roles.deployer.deploy(built.CarbonPoint, *[city.roles.operator] * 3, b"\1" * 32)
    assert fresh.firstYear() == 0
    assert fresh.totalSupply() == 0
    assert fresh.reductionOf.call(commuter.address, {"gas": 100_000}) == 0
