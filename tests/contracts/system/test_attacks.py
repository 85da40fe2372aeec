"""Attacks on the contracts, each under its number in docs/security.md: what is tried, what stops it, what is left to lose."""

from __future__ import annotations

from typing import Any

import pytest
from brownie import Token__MockForSettlement, accounts, web3
from eth_account.signers.local import LocalAccount

from oracle.model.ids import methodology_word

from ..support.batches import Batch, Entry, approvals, batch_of
from ..support.city import (
    ADMIN_DELAY,
    BUS,
    CHALLENGE_WINDOW,
    DAY_LIMIT_MG,
    METRO,
    RESERVE,
    TODAY,
    YESTERDAY,
    City,
    Terms,
    person,
)
from ..support.clock import now, travel_to
from ..support.credits import ISSUED, Flow, Series
from ..support.receipts import receipt_in
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

HALF_OF_CURVE_ORDER = 0x7FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF5D576E7357A4501DDFE92F46681B20A0
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
REVOKED = 4
DELEGATECALL = 0xF4


def forged(city: City, quantity: int = 1_000_000, accounts_: int = 1, sequence: int = 9) -> Batch:
    """A batch of acts that never were."""
    entries = [Entry(person(f"thief {number}").address, quantity) for number in range(accounts_)]
    return batch_of(city.roles.operator, METRO, TODAY, entries, sequence=sequence)


def test_f24_one_person_with_several_accounts__gets_the_day_cap_of_each(
    city: City,
) -> None:
    city.fund(city.roles.operator, 4 * RESERVE)
    people = [person(f"account {number} of one person") for number in range(3)]
    entries = [Entry(one.address, 2_000_000) for one in people]
    city.earn(entries, methodology=METRO)  # cut to the methodology's 50 kg
    city.earn(entries, methodology=BUS)  # to what the account day cap of 80 kg leaves
    earned = 422_222 + 253_333
    assert [city.book.reductionOf(one.address) for one in people] == [80_000_000] * 3  # the loss: three times the cap
    assert [city.book.balanceOf(one.address) for one in people] == [earned] * 3
    with reverts_with(city.book, "CarbonPoint_BookNotEmpty", people[1].address, 2035):
        city.move(people[0], people[1])
    with reverts_with(city.book, "CarbonPoint_TooFewPoints", people[0].address, earned, earned + 1):
        city.redeem(people[0], earned + 1)


def test_f26_a_factor_a_thousand_times_too_large__is_refused(city: City) -> None:
    slip = Terms(factor_ug=26_900_000)
    with reverts_with(city.methodologies, "MethodologyRegistry_FactorOutOfRange", 26_900_000, 1, 269_000):
        city.draft(BUS, slip)


def test_f26_a_wrong_factor_within_the_range__needs_two_people_and_eleven_days(city: City) -> None:
    version = city.draft(BUS, Terms(factor_ug=269_000, from_day=TODAY + 30))
    word = methodology_word(BUS)
    city.methodologies.startNotice(word, version, {"from": city.roles.authority})
    ends = city.methodologies.methodologyOf(word, version)[2]
    with reverts_with(city.methodologies, "MethodologyRegistry_NoticeRunning", word, version, ends):
        city.methodologies.activate(word, version, {"from": city.roles.second_authority})
    travel_to(ends)
    with reverts_with(city.methodologies, "MethodologyRegistry_SamePerson", city.roles.authority):
        city.methodologies.activate(word, version, {"from": city.roles.authority})


def test_f27_the_same_reduction_in_a_second_batch_of_the_key__is_refused(city: City, commuter: LocalAccount) -> None:
    again = batch_of(city.roles.operator, BUS, YESTERDAY, [Entry(commuter.address, 1_000_000)])
    with reverts_with(city.ledger, "EvidenceLedger_KeyUsed", again.id):
        city.attest(again)


def test_f28_a_batch_invalidated_half_credited__credits_nobody_more(city: City) -> None:
    batch = city.open(forged(city, quantity=100_000, accounts_=4))
    city.credit(batch, 0, 2)
    city.ledger.revoke(batch.id, "forged", {"from": city.roles.authority})
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, REVOKED):
        city.credit(batch, 2, 2)
    brought = city.issuer.progressOf(batch.id)[1]
    taken = city.decide(city.issuer, "revokeReductions", *batch.chunk(0, 2), [5_000_000, 5_000_000])
    assert sum(event["reductionMg"] for event in events(taken, "ReductionRevoked")) == brought == 10_000_000
    assert [city.book.reductionOf(entry.account) for entry in batch.entries[:2]] == [0, 0]


def test_f29_a_stolen_quorum__is_stopped_by_one_other_key_before_a_point_exists(city: City) -> None:
    supply = city.book.totalSupply()
    batch = forged(city)
    city.attest(batch)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, 1):
        city.credit(batch)
    city.ledger.revoke(batch.id, "stolen keys", {"from": city.roles.authority})
    travel_to(now() + CHALLENGE_WINDOW)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, REVOKED):
        city.credit(batch)
    assert city.book.totalSupply() == supply


def test_f29_a_stolen_quorum__binds_free_reserve_until_its_batch_is_revoked(city: City) -> None:
    free = city.vault.freeOf(city.roles.operator)
    batch = forged(city, quantity=2_000_000)
    city.attest(batch)
    assert city.vault.freeOf(city.roles.operator) == free - 844_444 * 50
    city.ledger.revoke(batch.id, "stolen keys", {"from": city.roles.authority})
    assert city.vault.freeOf(city.roles.operator) == free


def test_f29_an_unnoticed_stolen_quorum__takes_no_more_than_the_operators_day_limit(city: City) -> None:
    city.fund(city.roles.operator, 8 * RESERVE)
    left = DAY_LIMIT_MG - city.issuer.issuedOn(city.roles.operator, now() // 86_400)
    first = city.open(forged(city, accounts_=16, sequence=10))
    second = city.open(forged(city, accounts_=16, sequence=11))
    city.credit(first)  # 16 accounts at the methodology's cap of 50 kg
    with reverts_with(city.issuer, "PointIssuer_DayLimit", city.roles.operator, 480_000_000, left - 800_000_000):
        city.credit(second)  # what the account day cap of 80 kg leaves
    assert city.issuer.issuedOn(city.roles.operator, now() // 86_400) <= DAY_LIMIT_MG


def test_f30_a_stolen_admin_key__reaches_nothing_inside_its_delay(city: City) -> None:
    thief = city.roles.admin
    data = city.access.grantRole.encode_input(2, thief, 0)
    city.access.schedule(city.access, data, 0, {"from": thief})
    operation = city.access.hashOperation(thief, city.access, data)
    travel_to(now() + ADMIN_DELAY - 60)
    with reverts_with(city.access, "AccessManagerNotReady", operation):
        city.access.execute(city.access, data, {"from": thief})
    city.access.cancel(thief, city.access, data, {"from": city.roles.guardian})
    travel_to(now() + 60)
    with reverts_with(city.access, "AccessManagerNotScheduled", operation):
        city.access.execute(city.access, data, {"from": thief})


def test_f31_a_minority_of_the_committee__attests_nothing(city: City) -> None:
    batch = forged(city)
    minority = approvals(city.ledger, city.committee.epoch(), city.members[:1], batch.header)
    with reverts_with(city.committee, "OracleCommittee_BelowQuorum", 1, 2):
        city.ledger.attest(batch.header, minority, {"from": city.roles.rando})
    with reverts_with(city.committee, "OracleCommittee_Unordered", city.members[0].address, city.members[0].address):
        city.ledger.attest(batch.header, minority * 2, {"from": city.roles.rando})


def test_f31_a_committee_that_signs_two_truths__gets_one_of_them_in(city: City) -> None:
    city.attest(forged(city, quantity=1_000))
    other = forged(city, quantity=2_000)
    with reverts_with(city.ledger, "EvidenceLedger_KeyUsed", other.id):
        city.attest(other)


def test_f32_an_inner_node_passed_off_as_an_entry__is_not_in_the_tree(city: City) -> None:
    batch = city.open(forged(city, quantity=100_000, accounts_=4))
    identity, _, _, proof = batch.chunk(0, 2)
    inner = int.from_bytes(batch.tree.subtree_proof(2, 2)[0], "big")
    with reverts_with(city.issuer, "PointIssuer_BadProof", identity, 0):
        city.issuer.credit(identity, 0, [inner], proof, {"from": city.roles.rando})


def test_f32_entries_that_sum_to_more_than_the_header__stop_at_the_header(city: City) -> None:
    batch = city.open(forged(city, quantity=100_000, accounts_=4).claiming(total_quantity=250_000))
    city.credit(batch, 0, 2)
    with reverts_with(city.issuer, "PointIssuer_AboveAttested", batch.id, 400_000, 250_000):
        city.credit(batch, 2, 2)


@pytest.mark.parametrize(
    "domain",
    [
        {"chainId": 1},
        {"verifyingContract": "0x" + "11" * 20},
        {"salt": b"\1" * 32},
        {"version": "2"},
        {"name": "Carbonbook CarbonPoint"},
    ],
    ids=["chain", "contract", "genesis", "version", "name"],
)
def test_f33_an_order_signed_for_another_domain__is_refused(
    city: City, commuter: LocalAccount, domain: dict[str, Any]
) -> None:
    order = city.order(commuter, 1_000)
    key = city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number)
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key, commuter.address):
        city.desk.redeem(order, sign(commuter, "Order", city.desk, *order, **domain), {"from": city.roles.rando})


def test_f33_an_order_with_the_mirrored_signature__is_refused(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 1_000)
    good = sign(commuter, "Order", city.desk, *order)
    s = int.from_bytes(good[32:64], "big")
    assert s <= HALF_OF_CURVE_ORDER
    mirrored = good[:32] + (CURVE_ORDER - s).to_bytes(32, "big") + bytes([27 + 28 - good[64]])
    key = city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number)
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key, commuter.address):
        city.desk.redeem(order, mirrored, {"from": city.roles.rando})


def test_f33_an_order_sent_again__is_refused(city: City, commuter: LocalAccount) -> None:
    city.redeem(commuter, 1_000)
    order = city.order(commuter, 1_000)
    key = city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number)
    with reverts_with(city.desk, "RedemptionDesk_OrderUsed", key):
        city.redeem(commuter, 1_000)
    assert city.book.balanceOf(commuter.address) == 226_155


def test_f34_an_order_somebody_else_sends_first__is_taken_as_signed(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 1_000)
    signature = sign(commuter, "Order", city.desk, *order)
    city.desk.redeem(order, signature, {"from": city.roles.other_operator})
    assert city.book.heldOf(city.roles.merchant) == 1_000


def test_f35_f36_approvals_of_points__do_not_exist(city: City, commuter: LocalAccount) -> None:
    city.redeem(commuter, 1_000)
    assert city.book.allowance(commuter.address, city.desk) == city.book.allowance(commuter.address, city.vault) == 0
    assert city.token.allowance(city.roles.operator, city.vault) == 0
    with reverts_with(city.book, "CarbonPoint_SpendOnly"):
        city.book.approve(city.roles.rando, 2**256 - 1, {"from": city.roles.merchant})


def test_f37_an_operator_that_calls_back_while_it_is_paid__is_paid_once(city: City, built: Any) -> None:
    deployer = city.roles.deployer
    token = deployer.deploy(Token__MockForSettlement)
    vault = deployer.deploy(
        built.SettlementVault, city.access, token, city.book, city.desk, city.operators, city.issuer
    )
    city.operators.licenseOperator(token, DAY_LIMIT_MG, b"\1" * 32, {"from": city.roles.authority})
    for owner in (token, city.roles.operator):
        token.mint(deployer, 1_000, {"from": deployer})
        token.approve(vault, 1_000, {"from": deployer})
        vault.deposit(owner, 1_000, {"from": deployer})
    greedy = accounts.at(token.address, force=True)
    web3.provider.make_request(
        "anvil_setBalance" if "anvil" in web3.client_version else "evm_setAccountBalance", [token.address, hex(10**18)]
    )
    token.setHook(vault, vault.withdraw.encode_input(1_000, deployer), {"from": deployer})
    vault.withdraw(1_000, deployer, {"from": greedy})
    assert token.hookEntered() is False
    assert token.hookAnswer() == "0x3ee5aeb5"  # ReentrancyGuardReentrantCall()
    assert token.balanceOf(vault) == 1_000 == vault.freeOf(city.roles.operator)


def test_f38_a_period_settled_twice__pays_once(city: City, commuter: LocalAccount) -> None:
    redeemed = city.redeem(commuter, 100_000)
    day = redeemed.timestamp // 86_400
    travel_to((day + 8) * 86_400)
    before = city.token.balanceOf(city.roles.merchant)
    city.vault.settle(city.roles.merchant, day, day, {"from": city.roles.merchant})
    with reverts_with(city.vault, "SettlementVault_NothingDue", city.roles.merchant, day, day):
        city.vault.settle(city.roles.merchant, day, day, {"from": city.roles.merchant})
    assert city.token.balanceOf(city.roles.merchant) - before == 100_000 * 50


def test_f39_a_merchant_that_makes_an_order_up__has_no_signature(city: City, commuter: LocalAccount) -> None:
    order = city.order(commuter, 1_000)
    key = city.desk.orderKeyOf(order.merchant, order.citizen, order.order_number)
    with reverts_with(city.desk, "RedemptionDesk_BadSignature", key, commuter.address):
        city.desk.redeem(
            order, sign(person("merchant's own key"), "Order", city.desk, *order), {"from": city.roles.rando}
        )


def test_f39_a_paid_merchant_refunding_a_friend_from_anothers_dispute__is_refused(
    city: City, commuter: LocalAccount, household: LocalAccount
) -> None:
    friends = city.redeem(commuter, 50_000, "friend's order")
    day = friends.timestamp // 86_400
    travel_to((day + 8) * 86_400)
    city.vault.settle(city.roles.merchant, day, day, {"from": city.roles.merchant})
    disputed = city.redeem(household, 60_000, "disputed order")
    city.dispute(household, disputed)
    receipt, proof = receipt_in(friends)
    with reverts_with(city.desk, "RedemptionDesk_NotFinal", 0, day):
        city.desk.refundFinal(receipt, proof, 50_000, 0, {"from": city.roles.merchant})
    city.resolve(disputed, 60_000)
    assert city.book.balanceOf(household.address) == 113_577


def test_f40_a_price_changed_during_checkout__cannot_be(city: City) -> None:
    with reverts_with(city.vault, "SettlementVault_PriceFixed", 2035, 50):
        city.vault.setPrice(2035, 51, {"from": city.roles.authority})


def test_f40_dust__is_rounded_against_whoever_splits(city: City, newcomer: LocalAccount) -> None:
    for sequence in range(8):
        city.earn([Entry(newcomer.address, 3)], sequence=sequence)  # 150 mg each: 1.27 thousandths
    assert city.book.balanceOf(newcomer.address) == 8
    assert city.book.reductionOf(newcomer.address) * 76 // 9000 == 10


def test_f41_a_pause_in_the_middle_of_a_batch__loses_nothing(city: City) -> None:
    batch = city.open(forged(city, quantity=100_000, accounts_=4))
    city.credit(batch, 0, 2)
    city.issuer.pause({"from": city.roles.guardian})
    with reverts_with(city.issuer, "EnforcedPause"):
        city.credit(batch, 2, 2)
    city.issuer.unpause({"from": city.roles.authority})
    city.credit(batch, 2, 2)
    assert bare(city.issuer.progressOf(batch.id))[1:] == (20_000_000, 4 * (5_000_000 * 76 // 9000), 0, 4, 0)


def test_f42_no_contract_can_be_upgraded_or_set_up_again(city: City) -> None:
    """Only the access manager knows DELEGATECALL, to itself, for several calls in one."""
    system = [city.methodologies, city.operators, city.committee, city.ledger, city.book, city.issuer, city.desk]
    system += [city.credits, city.certifier, city.reversals, city.market, city.pot, city.inventories, city.retirements]
    for contract in [*system, city.vault, city.offers, city.picture, city.access]:
        names = {entry.get("name", "") for entry in contract.abi}
        assert not {name for name in names if name.lower().startswith(("initialize", "upgrade"))}, contract._name
        assert (DELEGATECALL in opcodes(bytes(web3.eth.get_code(contract.address)))) == (contract is city.access)


def test_f42_a_series_is_a_clone_that_is_opened_once_and_whose_target_never_changes(
    city: City, flow: Flow, series: Series
) -> None:
    """EIP-1167: the target stands in the code, and there is nothing else in it."""
    code = "363d3d373d3d3d363d73" + city.credits.address[2:].lower() + "5af43d82803e903d91602b57fd5bf3"
    assert bytes(web3.eth.get_code(series.token.address)).hex() == code
    for caller in (flow.roles.admin, flow.roles.authority, flow.roles.operator):
        with reverts_with(series.token, "CarbonCredit_Denied", caller.address):
            series.token.open(2, caller, 1, {"from": caller})
    with reverts_with(city.certifier, "ReductionCertifier_WrongState", series.number, ISSUED):
        flow.issue(series.number)


def opcodes(code: bytes) -> set[int]:
    """The operations of runtime code, without the data that PUSH carries and the metadata at its end."""
    end = len(code) - int.from_bytes(code[-2:], "big") - 2
    found, at = set(), 0
    while at < end:
        found.add(code[at])
        at += 1 + (code[at] - 0x5F if 0x60 <= code[at] <= 0x7F else 0)
    return found


def test_f43_a_settlement_over_years_of_empty_days__fits_a_block(city: City, commuter: LocalAccount) -> None:
    redeemed = city.redeem(commuter, 1_000)
    day = redeemed.timestamp // 86_400
    travel_to((day + 8) * 86_400)
    settled = city.vault.settle(city.roles.merchant, day - 3_650, day, {"from": city.roles.merchant})
    assert settled.gas_used < 10_000_000
    assert city.token.balanceOf(city.vault) == 2 * RESERVE - 50_000
