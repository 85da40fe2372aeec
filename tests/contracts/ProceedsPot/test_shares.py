"""Citizens' shares: rounds, pushes, claims, orders, and the sweep (I53)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.city import City, person
from ..support.clock import now, travel_to
from ..support.credits import TONNE, Flow, Series, Shares
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

PRICE = 60_000_000
DAY = 86_400
YEARS = 3 * 365 * DAY


@pytest.fixture
def ask(flow: Flow, series: Series) -> int:
    return flow.list(series.number, 427_500_000_000, PRICE)


def pot_of(gross: int) -> int:
    return (gross - gross // 100) * 6 // 10


def earned(city: City, flow: Flow, series: Series, ask: int, tonnes: int) -> int:
    """Sells, and opens a round a day later; gives the pot."""
    flow.buy(ask, tonnes * TONNE)
    travel_to(now() + DAY)
    city.pot.openRound(series.number, {"from": flow.roles.rando})
    return pot_of(city.market.stockOf(series.number)["gross"])


def share(pot: int, mg: int) -> int:
    return pot * mg // (450 * TONNE)


def amounts(series: Series) -> list[tuple[str, int]]:
    return [(entry.account, entry.quantity) for entry in series.shares.entries if entry.quantity]


def test_given_proceeds__when_rounds_are_opened__they_are_a_day_and_100_yuan_apart(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    """17.14."""
    pot, rando = city.pot, {"from": flow.roles.rando}
    assert pot.ROUND_GROWTH() == 100_000_000
    with reverts_with(pot, "ProceedsPot_TooSmall", 0, 100_000_000):
        pot.openRound(series.number, rando)
    flow.buy(ask, 2_800_000_000)
    with reverts_with(pot, "ProceedsPot_TooSmall", pot_of(168_000_000), 100_000_000):
        pot.openRound(series.number, rando)
    flow.buy(ask, 10_000_000)
    done = pot.openRound(series.number, rando)
    first = pot_of(168_600_000)
    assert events(done, "RoundOpened") == [{"series": series.number, "round": 1, "pot": first}]
    assert city.token.balanceOf(pot) == first == pot.potOf(series.number, 1)
    flow.buy(ask, 10 * TONNE)
    with reverts_with(pot, "ProceedsPot_TooEarly", done.timestamp + DAY):
        pot.openRound(series.number, rando)
    travel_to(done.timestamp + DAY)
    done = pot.openRound(series.number, rando)
    assert bare(pot.headOf(series.number)) == (2, done.timestamp, 0, 0, 0)
    assert pot.potOf(series.number, 2) == pot_of(768_600_000)


def test_given_a_sold_out_series__when_a_round_is_opened__any_growth_is_enough(
    city: City, flow: Flow, commuter: LocalAccount
) -> None:
    small = flow.issued([(commuter.address, 10_000_000)])
    ask = flow.list(small.number, 10_000_000, PRICE)
    flow.buy(ask, 9_400_000)
    with reverts_with(city.pot, "ProceedsPot_TooSmall", pot_of(564_000), 100_000_000):
        city.pot.openRound(small.number, {"from": flow.roles.rando})
    flow.buy(ask, 100_000)
    city.pot.openRound(small.number, {"from": flow.roles.rando})
    assert city.pot.potOf(small.number, 1) == pot_of(570_000)
    travel_to(now() + DAY)
    with reverts_with(city.pot, "ProceedsPot_TooSmall", 0, 1):
        city.pot.openRound(small.number, {"from": flow.roles.rando})


def test_given_a_round__when_a_chunk_is_pushed__everybody_has_their_share_once(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    """Case 31: the second claim finds nothing due."""
    pot = earned(city, flow, series, ask, 100)
    rando = {"from": flow.roles.rando}
    done = city.pot.claim(series.number, *series.shares.chunk(), rando)
    paid = [share(pot, mg) for _, mg in amounts(series)]
    assert events(done, "SharesPaid") == [
        {"series": series.number, "firstIndex": 0, "accounts": 3, "amount": sum(paid), "round": 1}
    ]
    assert [city.token.balanceOf(account) for account, _ in amounts(series)] == paid
    assert city.token.balanceOf(city.pot) == pot - sum(paid)
    assert city.pot.headOf(series.number)["paidOut"] == sum(paid)
    assert [city.pot.paidRoundOf(series.number, index) for index in range(4)] == [1, 1, 1, 0]
    with reverts_with(city.pot, "ProceedsPot_NothingDue", series.number, 0):
        city.pot.claim(series.number, *series.shares.chunk(), rando)
    with reverts_with(city.pot, "ProceedsPot_NothingDue", series.number, 1):
        city.pot.claimMany(series.number, [series.shares.single(1)], rando)
    with reverts_with(city.pot, "ProceedsPot_NothingDue", series.number, 0):
        city.pot.claimMany(series.number, [], rando)


def test_given_several_rounds__when_asked_often__the_sum_is_that_of_one_payment(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    rando = {"from": flow.roles.rando}
    (often, often_mg), (once, once_mg), _ = amounts(series)
    for tonnes in (7, 11, 13):
        pot = earned(city, flow, series, ask, tonnes)
        city.pot.claimMany(series.number, [series.shares.single(0)], rando)
        assert city.token.balanceOf(often) == share(pot, often_mg)
    assert city.pot.dueOf(series.number, 1, once_mg) == share(pot, once_mg)
    done = city.pot.claimMany(series.number, [series.shares.single(0), series.shares.single(1)], rando)
    assert [bare(event) for event in events(done, "ScatteredSharesPaid")] == [
        {"series": series.number, "indices": (0, 1), "amounts": (0, share(pot, once_mg)), "round": 3}
    ]
    assert city.token.balanceOf(once) == share(pot, once_mg)
    # A chunk passes over who is paid.
    [event] = events(city.pot.claim(series.number, *series.shares.chunk(), rando), "SharesPaid")
    assert (event["accounts"], event["amount"]) == (1, share(pot, 150 * TONNE))


def test_given_the_worked_example__100_kg_of_450_t_bring_3_3858_yuan(city: City, flow: Flow) -> None:
    """Case 30, money half, as corrected in 17.17."""
    rows = [(person("saver").address, 100_000_000), (person("others").address, 449_900_000_000)]
    series = flow.issued(rows)
    flow.buy(flow.list(series.number, 450 * TONNE, PRICE), 427_500_000_000)
    city.pot.openRound(series.number, {"from": flow.roles.rando})
    city.pot.claimMany(series.number, [series.shares.single(0)], {"from": flow.roles.rando})
    assert city.token.balanceOf(rows[0][0]) == 3_385_800


def test_given_leaves_that_are_not_in_the_tree__when_they_are_claimed__it_reverts(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    earned(city, flow, series, ask, 100)
    pot, rando = city.pot, {"from": flow.roles.rando}
    first, words, proof = series.shares.chunk(0, 2)
    with reverts_with(pot, "ProceedsPot_BadProof", series.number, 2):
        pot.claim(series.number, 2, words, proof, rando)
    with reverts_with(pot, "ProceedsPot_BadProof", series.number, first):
        pot.claim(series.number, first, [words[0] + 1, words[1]], proof, rando)
    with reverts_with(pot, "ProceedsPot_BadChunk", 3):
        pot.claim(series.number, first, [*words, 0], proof, rando)
    with reverts_with(pot, "ProceedsPot_BadChunk", 0):
        pot.claim(series.number, first, [], proof, rando)
    index, word, siblings = series.shares.single(1)
    with reverts_with(pot, "ProceedsPot_BadProof", series.number, index):
        pot.claimMany(series.number, [(index, word ^ 1 << 95, siblings)], rando)
    with reverts_with(pot, "ProceedsPot_BadProof", 9, index):
        pot.claimMany(9, [(index, word, siblings)], rando)


def test_given_leaves_above_their_total__the_last_one_is_refused(
    city: City, flow: Flow, series: Series, ask: int, commuter: LocalAccount
) -> None:
    """Case 32: a quorum signed shares of 12 t for 10 t."""
    rows = [(commuter.address, 6 * TONNE), (person("second").address, 6 * TONNE)]
    batch = flow.batch([(commuter.address, 10 * TONNE)], sequence=7)
    claim = flow.open(2)
    flow.add(claim, batch)
    shares = Shares.of(rows)
    flow.submit(flow.frame(claim, [batch], shares, reduction_mg=10 * TONNE))
    flow.appoint(claim)
    flow.draw(claim)
    flow.certify(claim, 10 * TONNE)
    flow.notice(claim)
    flow.issue(claim)
    earned(city, flow, series, ask, 100)
    flow.buy(flow.list(claim, 9_500_000_000, PRICE), 9_500_000_000)
    rando = {"from": flow.roles.rando}
    city.pot.openRound(claim, rando)
    pot = pot_of(570_000_000)
    city.pot.claimMany(claim, [shares.single(0)], rando)
    with reverts_with(city.pot, "ProceedsPot_Overdrawn", 2 * (pot * 6 // 10), pot):
        city.pot.claimMany(claim, [shares.single(1)], rando)
    city.pot.claim(series.number, *series.shares.chunk(), rando)


def test_given_a_moved_book__its_share_follows(
    city: City, flow: Flow, series: Series, ask: int, commuter: LocalAccount
) -> None:
    own = person("commuter's own key")
    moved_to(city, commuter, own)
    pot = earned(city, flow, series, ask, 100)
    city.pot.claim(series.number, *series.shares.chunk(), {"from": flow.roles.rando})
    assert city.token.balanceOf(commuter.address) == 0
    assert city.token.balanceOf(own.address) == share(pot, 100 * TONNE)


def moved_to(city: City, source: LocalAccount, target: LocalAccount) -> None:
    """Moves a book and sees the move done."""
    city.move(source, target)
    assert city.book.movedTo(source.address) == target.address


def payout(city: City, key: LocalAccount, to: str, index: int = 0, round_: int = 0, deadline: int | None = None) -> Any:
    order = (1, index, round_, to, deadline or now() + 600)
    return order, sign(key, "Payout", city.pot, *order)


def test_given_a_custody_account__its_money_goes_elsewhere_by_its_signed_order_only(
    city: City, flow: Flow, series: Series, ask: int, commuter: LocalAccount
) -> None:
    """Case 31, custody."""
    pot = earned(city, flow, series, ask, 100)
    rando, shop = {"from": flow.roles.rando}, person("shop").address
    leaf = series.shares.single(0)
    order, good = payout(city, commuter, shop)
    _, forged = payout(city, person("operator's clerk"), shop)
    with reverts_with(city.pot, "ProceedsPot_BadSignature", commuter.address):
        city.pot.claimTo(order, leaf, forged, rando)
    other = (*order[:3], person("thief").address, order[4])
    with reverts_with(city.pot, "ProceedsPot_BadSignature", commuter.address):
        city.pot.claimTo(other, leaf, good, rando)
    with reverts_with(city.pot, "ProceedsPot_WrongLeaf", 1, 0):
        city.pot.claimTo(order, series.shares.single(1), good, rando)
    late, signed = payout(city, commuter, shop, deadline=now() - 10)
    with reverts_with(city.pot, "ProceedsPot_Expired", late[4]):
        city.pot.claimTo(late, leaf, signed, rando)
    nowhere, signed = payout(city, commuter, "0x" + "00" * 20)
    with reverts_with(city.pot, "ProceedsPot_NoReceiver"):
        city.pot.claimTo(nowhere, leaf, signed, rando)
    early, signed = payout(city, commuter, shop, round_=1)
    with reverts_with(city.pot, "ProceedsPot_WrongRound", 0, 1):
        city.pot.claimTo(early, leaf, signed, rando)
    done = city.pot.claimTo(order, leaf, good, rando)
    assert [event["accounts"] for event in events(done, "SharesPaid")] == [1]
    assert city.token.balanceOf(shop) == share(pot, 100 * TONNE)
    assert city.token.balanceOf(commuter.address) == 0
    with reverts_with(city.pot, "ProceedsPot_WrongRound", 1, 0):
        city.pot.claimTo(order, leaf, good, rando)


def test_given_years_without_a_claim__when_it_is_swept__the_public_good_gets_it_once(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    pot, rando = earned(city, flow, series, ask, 100), {"from": flow.roles.rando}
    number, good = series.number, city.pot.publicGood()
    city.pot.claimMany(number, [series.shares.single(0)], rando)
    opened = city.pot.headOf(number)["openedAt"]
    with reverts_with(city.pot, "ProceedsPot_NotAnnounced", number):
        city.pot.sweep(number, rando)
    travel_to(opened + YEARS - 2)
    with reverts_with(city.pot, "ProceedsPot_TooEarly", opened + YEARS):
        city.pot.announceSweep(number, rando)
    travel_to(opened + YEARS)
    done = city.pot.announceSweep(number, rando)
    sweeps = done.timestamp + 90 * DAY
    assert events(done, "SweepAnnounced") == [{"series": number, "sweepsAt": sweeps}]
    with reverts_with(city.pot, "ProceedsPot_Announced", number, sweeps):
        city.pot.announceSweep(number, rando)
    city.pot.claimMany(number, [series.shares.single(1)], rando)
    travel_to(sweeps - 2)
    with reverts_with(city.pot, "ProceedsPot_TooEarly", sweeps):
        city.pot.sweep(number, rando)
    travel_to(sweeps)
    before = city.token.balanceOf(good)
    left = pot - share(pot, 100 * TONNE) - share(pot, 200 * TONNE)
    done = city.pot.sweep(number, rando)
    assert events(done, "Swept") == [{"series": number, "to": good, "amount": left, "round": 1}]
    assert city.token.balanceOf(good) - before == left
    with reverts_with(city.pot, "ProceedsPot_NothingDue", number, 2):
        city.pot.claimMany(number, [series.shares.single(2)], rando)
    with reverts_with(city.pot, "ProceedsPot_TooEarly", opened + YEARS):
        city.pot.announceSweep(number, rando)
    # What comes in later is shared by all, from there on.
    later = flow.list(number, 200 * TONNE, PRICE)
    grown = earned(city, flow, series, later, 100) - pot
    before = city.token.balanceOf(amounts(series)[2][0])
    city.pot.claim(number, *series.shares.chunk(), rando)
    assert city.token.balanceOf(amounts(series)[2][0]) - before == share(grown, 150 * TONNE)
    paid = sum(share(grown, mg) for _, mg in amounts(series))
    assert city.pot.headOf(number)["paidOut"] == pot + paid


def test_given_an_announced_sweep__when_a_round_is_opened__it_is_off(
    city: City, flow: Flow, series: Series, ask: int
) -> None:
    earned(city, flow, series, ask, 100)
    travel_to(now() + YEARS)
    city.pot.announceSweep(series.number, {"from": flow.roles.rando})
    earned(city, flow, series, flow.list(series.number, TONNE * 50, PRICE), 50)
    travel_to(now() + 91 * DAY)
    with reverts_with(city.pot, "ProceedsPot_NotAnnounced", series.number):
        city.pot.sweep(series.number, {"from": flow.roles.rando})


def test_given_the_board__when_it_names_a_public_good__sweeps_go_there(city: City, flow: Flow) -> None:
    former, new = city.pot.publicGood(), flow.roles.merchant.address
    with reverts_with(city.pot, "ProceedsPot_NoReceiver"):
        city.decide(city.pot, "setPublicGood", "0x" + "00" * 20)
    done = city.decide(city.pot, "setPublicGood", new)
    assert events(done, "PublicGoodSet") == [{"former": former, "publicGood": new}]
    with reverts_with(city.pot, "ProceedsPot_NothingOwed", new):
        city.pot.takeOwed(new, {"from": flow.roles.rando})
