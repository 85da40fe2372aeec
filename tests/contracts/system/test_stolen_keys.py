"""What a stolen key of each role could do in the worst hour: the table in docs/security.md, row by row.

Points and reserve are counted before and after; what the thief cannot reach must be as it was.
"""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from oracle.model.ids import methodology_word

from ..support.batches import Entry, approvals, batch_of
from ..support.city import ADMIN_DELAY, AUTHORITY_DELAY, BUS, METRO, MOVE_DELAY, RESERVE, TODAY, City, Terms, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.typed_data import sign

HOUR = 3_600
LOCKED = 340_732 * 50  # points of the founding batch, at the price of 2035


def nothing_moved(city: City) -> bool:
    supply, reserve = city.book.totalSupply(), city.token.balanceOf(city.vault)
    return bool(supply == 340_732 and reserve == 2 * RESERVE)


@pytest.mark.parametrize(
    ("role", "delay", "target", "function", "arguments"),
    [
        ("admin", ADMIN_DELAY, "access", "grantRole", (2, "thief", 0)),
        ("admin", ADMIN_DELAY, "access", "setTargetFunctionRole", ("committee", ["0x00000000"], 1)),
        ("admin", ADMIN_DELAY, "access", "updateAuthority", ("committee", "manager")),
        ("board", AUTHORITY_DELAY, "committee", "setCommittee", (["thief"], 1)),
        ("board", AUTHORITY_DELAY, "issuer", "setAccountDayCap", (1,)),
    ],
    ids=["grant", "rewire", "replace the manager", "committee", "cap"],
)
def test_a_stolen_key_with_a_delay__waits_to_the_second(
    city: City, role: str, delay: int, target: str, function: str, arguments: tuple[object, ...]
) -> None:
    names = {"thief": city.roles.rando.address, "committee": city.committee.address, "manager": city.access.address}

    def named(value: object) -> object:
        if isinstance(value, list):
            return [named(item) for item in value]
        return names.get(value, value) if isinstance(value, str) else value

    thief, contract = getattr(city.roles, role), getattr(city, target)
    data = getattr(contract, function).encode_input(*(named(value) for value in arguments))
    operation = city.access.hashOperation(thief, contract, data)
    with reverts_with(city.access, "AccessManagerNotScheduled", operation):
        city.access.execute(contract, data, {"from": thief})
    announced = city.access.schedule(contract, data, 0, {"from": thief})
    travel_to(announced.timestamp + delay - 30)
    with reverts_with(city.access, "AccessManagerNotReady", operation):
        city.access.execute(contract, data, {"from": thief})
    assert nothing_moved(city)
    travel_to(announced.timestamp + delay)
    city.access.execute(contract, data, {"from": thief})


def test_a_stolen_key_of_the_authority__can_stop_and_license_but_not_mint_or_pay(city: City) -> None:
    thief = {"from": city.roles.authority}
    accomplice = city.roles.rando
    city.operators.licenseOperator(accomplice, 2**63, keccak(b"bought"), thief)
    city.operators.setOperatorStanding(city.roles.operator, 2, "", thief)
    city.methodologies.suspend(methodology_word(BUS), 1, "", thief)
    city.draft(METRO, Terms(factor_ug=500_000, from_day=TODAY + 20))
    batch = batch_of(accomplice, METRO, TODAY, [Entry(person("thief").address, 900_000)])
    own = approvals(city.ledger, 1, [person("thief"), person("accomplice")], batch.header)
    first = sorted((person("thief").address, person("accomplice").address), key=str.lower)[0]
    with reverts_with(city.committee, "OracleCommittee_NotMember", first, 1):
        city.ledger.attest(batch.header, own, {"from": accomplice})
    with reverts_with(city.vault, "SettlementVault_PriceFixed", 2036, 60):
        city.vault.setPrice(2036, 10**9, thief)
    assert nothing_moved(city)


def test_a_stolen_key_of_the_guardian__can_stop_everything_and_the_authority_goes_on(
    city: City, commuter: LocalAccount
) -> None:
    redeemed = city.redeem(commuter, 100_000)
    day = redeemed.timestamp // 86_400
    for contract in (city.ledger, city.issuer, city.desk, city.vault):
        contract.pause({"from": city.roles.guardian})
    travel_to((day + 9) * 86_400)
    with reverts_with(city.vault, "EnforcedPause"):
        city.vault.settle(city.roles.merchant, day, day, {"from": city.roles.rando})
    for contract in (city.ledger, city.issuer, city.desk, city.vault):
        contract.unpause({"from": city.roles.authority})
    city.vault.settle(city.roles.merchant, day, day, {"from": city.roles.rando})
    assert city.token.balanceOf(city.vault) == 2 * RESERVE - 100_000 * 50


def test_a_stolen_key_of_an_operator__takes_its_free_reserve_and_no_more(city: City) -> None:
    free = city.vault.freeOf(city.roles.operator)
    assert free == RESERVE - LOCKED
    with reverts_with(city.vault, "SettlementVault_ReserveShort", city.roles.operator, free, free + 1):
        city.vault.withdraw(free + 1, city.roles.rando, {"from": city.roles.operator})
    city.vault.withdraw(free, city.roles.rando, {"from": city.roles.operator})
    assert city.token.balanceOf(city.vault) == LOCKED + RESERVE  # what stands behind points, and the other operator's


def test_a_stolen_key_of_one_oracle_member__attests_nothing(city: City) -> None:
    batch = batch_of(city.roles.operator, METRO, TODAY, [Entry(person("thief").address, 900_000)], sequence=5)
    alone = approvals(city.ledger, 1, city.members[:1], batch.header)
    with reverts_with(city.committee, "OracleCommittee_BelowQuorum", 1, 2):
        city.ledger.attest(batch.header, alone, {"from": city.roles.rando})
    assert nothing_moved(city)


def test_a_stolen_key_of_a_merchant__diverts_its_own_dues_until_it_is_suspended(
    city: City, commuter: LocalAccount
) -> None:
    redeemed = city.redeem(commuter, 100_000)
    day = redeemed.timestamp // 86_400
    city.operators.setMerchantPayout(city.roles.rando, {"from": city.roles.merchant})
    city.operators.suspendMerchant(city.roles.merchant, "stolen", {"from": city.roles.operator})
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", city.roles.merchant, 2):
        city.operators.setMerchantPayout(city.roles.rando, {"from": city.roles.merchant})
    travel_to((day + 8) * 86_400)
    with reverts_with(city.operators, "OperatorRegistry_MerchantNotActive", city.roles.merchant, 2):
        city.vault.settle(city.roles.merchant, day, day, {"from": city.roles.rando})
    assert nothing_moved(city)  # the refund window is longer than it takes to notice


def test_a_stolen_key_of_a_citizen__spends_its_own_points_only(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 227_156)
    with reverts_with(city.book, "CarbonPoint_TooFewPoints", commuter.address, 227_155, 227_156):
        city.redeem(commuter, 227_156)
    city.redeem(commuter, 227_155, "order 2")
    assert city.book.balanceOf(person("household").address) == 113_577
    assert order.citizen == commuter.address


def test_a_stolen_key_of_a_citizen__moves_no_book_while_the_citizen_looks(city: City, commuter: LocalAccount) -> None:
    city.announce_move(commuter, person("thief"))
    ready = int(city.book.moveOf(commuter.address)[1])
    with reverts_with(city.book, "CarbonPoint_MoveWaits", commuter.address, ready):
        city.book.completeMove(commuter.address, {"from": city.roles.rando})
    stop = sign(commuter, "CancelMove", city.book, commuter.address, person("thief").address, 0)
    city.book.cancelMove(commuter.address, commuter.address, stop, {"from": city.roles.rando})
    city.move(commuter, person("the citizen's next key"))
    assert city.book.balanceOf(person("the citizen's next key").address) == 227_155
    assert nothing_moved(city)


def test_a_stolen_custody_secret__announces_for_everybody(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    kept = (commuter, household)  # whose keys the operator holds
    for citizen in kept:
        city.announce_move(citizen, person(f"thief of {citizen.address}"))
    travel_to(now() + MOVE_DELAY - HOUR)
    for citizen in kept:
        target = person(f"thief of {citizen.address}").address
        stop = sign(citizen, "CancelMove", city.book, citizen.address, target, 0)
        city.book.cancelMove(citizen.address, citizen.address, stop, {"from": city.roles.operator})
    travel_to(now() + MOVE_DELAY)
    for citizen in kept:
        with reverts_with(city.book, "CarbonPoint_NoMove", citizen.address):
            city.book.completeMove(citizen.address, {"from": city.roles.rando})
    assert nothing_moved(city)


def test_a_stolen_key_of_whoever_relays__can_do_what_anybody_can(city: City) -> None:
    travel_to(now() + HOUR)
    assert nothing_moved(city)
    with reverts_with(city.access, "AccessManagerUnauthorizedAccount", city.roles.rando, 0):
        city.access.grantRole(1, city.roles.rando, 0, {"from": city.roles.rando})
