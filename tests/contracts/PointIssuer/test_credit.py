"""From an open batch into the book: chunks, claims, repeats, limits."""

from __future__ import annotations

import pytest
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from ..support.batches import Entry, batch_of
from ..support.city import BUS, METRO, TODAY, WALK, City, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.values import bare, events

CLOSED = 3
RIDERS = sorted((person(f"rider {number}").address for number in range(6)), key=str.lower)
# 1,000 m at 50,000 ug are 50,000 mg and 422.2 milli-points
ENTRIES = [Entry(rider, 1_000 * (number + 1), number % 2 == 0) for number, rider in enumerate(RIDERS)]


def test_given_an_open_batch__when_all_of_it_is_pushed__it_credits_counts_closes(
    city: City,
) -> None:
    free, issued = city.vault.freeOf(city.roles.operator), city.issuer.issuedOn(city.roles.operator, TODAY)
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, ENTRIES))
    assert city.vault.freeOf(city.roles.operator) == free - 8_866 * 50  # of 21,000 m in one: two milli-points more
    done = city.credit(batch)
    points = [422, 844, 1_266, 1_688, 2_111, 2_533]
    assert [city.book.balanceOf(rider) for rider in RIDERS] == points
    assert bare(done.return_value) == (1_050_000, 8_864)
    assert bare(city.issuer.progressOf(batch.id)) == (21_000, 1_050_000, 8_864, 450_000, 6, 0)
    assert events(done, "ChunkCredited") == [
        {
            "batch": "0x" + batch.id.hex(),
            "operator": city.roles.operator,
            "firstIndex": 0,
            "accounts": 6,
            "reductionMg": 1_050_000,
            "pointsMilli": 8_864,
        }
    ]
    assert [event["value"] for event in events(done, "Transfer")] == points
    assert city.issuer.issuedOn(city.roles.operator, TODAY) == issued + 1_050_000
    assert city.vault.freeOf(city.roles.operator) == free - 8_864 * 50
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED
    assert [city.issuer.isCredited(batch.id, index) for index in range(8)] == [True] * 6 + [False] * 2


@pytest.mark.parametrize(
    "calls",
    [
        [(0, 8)],
        [(4, 4), (0, 4)],
        [(index, 1) for index in (5, 0, 3, 1, 4, 2)],
        [(2, 2), (0, 4), (0, 8)],
        [(0, 1), (0, 2), (0, 4), (0, 8)],
    ],
    ids=["one push", "halves backwards", "claims in any order", "claim then wider pushes", "doubling"],
)
def test_given_an_open_batch__when_it_is_credited_in_any_pieces__it_ends_the_same(
    city: City, calls: list[tuple[int, int]]
) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, ENTRIES))
    for first, count in calls:
        city.credit(batch, first, count)
    assert bare(city.issuer.progressOf(batch.id)) == (21_000, 1_050_000, 8_864, 450_000, 6, 0)
    assert [city.book.balanceOf(rider) for rider in RIDERS] == [422, 844, 1_266, 1_688, 2_111, 2_533]
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED


def test_given_a_chunk_credited_before__when_it_is_sent_again__it_reverts(city: City) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, ENTRIES))
    city.credit(batch, 4, 2)
    with reverts_with(city.issuer, "PointIssuer_NothingToCredit", batch.id, 4):
        city.credit(batch, 4, 2)


def test_given_a_chunk_of_padding__it_reverts(city: City) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, ENTRIES))
    with reverts_with(city.issuer, "PointIssuer_NothingToCredit", batch.id, 6):
        city.credit(batch, 6, 2)


@pytest.mark.parametrize("count", [0, 3, 6])
def test_given_a_chunk_that_is_no_power_of_two__it_reverts(city: City, count: int) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, ENTRIES))
    with reverts_with(city.issuer, "PointIssuer_BadChunk", count):
        city.issuer.credit(batch.id, 0, batch.packed(0, count), [], {"from": city.roles.rando})


@pytest.mark.parametrize("fault", ["quantity", "account", "consent", "index", "order", "proof", "unaligned"])
def test_given_entries_that_are_not_in_the_tree__it_reverts(city: City, fault: str) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, ENTRIES))
    identifier, first, words, proof = batch.chunk(2, 2)
    if fault == "quantity":
        words[0] += 1
    elif fault == "account":
        words[0] ^= 1 << 96
    elif fault == "consent":
        words[0] ^= 1 << 95
    elif fault == "index":
        first = 0
    elif fault == "order":
        words.reverse()
    elif fault == "proof":
        proof[0] = keccak(b"wrong")
    else:
        first, words = 1, batch.packed(1, 2)
    with reverts_with(city.issuer, "PointIssuer_BadProof", identifier, first):
        city.issuer.credit(identifier, first, words, proof, {"from": city.roles.rando})


def test_given_an_account_twice_in_a_chunk__it_reverts(city: City, newcomer: LocalAccount) -> None:
    # 50 kg each: the methodology's cap of an account and batch
    twice = [Entry(newcomer.address, 1_000_000), Entry(newcomer.address, 1_000_001)]
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, twice))
    with reverts_with(city.issuer, "PointIssuer_NotAscending", batch.packed(1, 1)[0]):
        city.credit(batch)
    assert bare(city.issuer.progressOf(batch.id)) == (0, 0, 0, 0, 0, 0)


def test_given_accounts_in_another_order_or_none__it_reverts(city: City) -> None:
    upside_down = batch_of(city.roles.operator, METRO, TODAY, reversed(ENTRIES[:2]), ordered=False)
    with reverts_with(city.issuer, "PointIssuer_NotAscending", upside_down.packed(1, 1)[0]):
        city.credit(city.open(upside_down))
    nobody = batch_of(city.roles.operator, METRO, TODAY, [Entry(quantity=1)], sequence=1)
    with reverts_with(city.issuer, "PointIssuer_NotAscending", 1):
        city.credit(city.open(nobody))


def test_given_more_than_the_methodologys_cap__it_credits_the_cap_for_good(city: City, newcomer: LocalAccount) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(newcomer.address, 1_000_001, True)]))
    done = city.credit(batch)
    assert city.book.reductionOf(newcomer.address) == 50_000_000
    assert bare(city.issuer.progressOf(batch.id)) == (1_000_001, 50_000_000, 422_222, 50_000_000, 1, 0)
    assert events(done, "EntryCapped") == [
        {"batch": "0x" + batch.id.hex(), "index": 0, "askedMg": 50_000_050, "cappedMg": 50_000_000}
    ]
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED


def test_given_exactly_the_methodologys_cap__it_is_not_called_a_cut(city: City, newcomer: LocalAccount) -> None:
    done = city.credit(city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(newcomer.address, 1_000_000)])))
    assert (events(done, "EntryCapped"), events(done, "RestKept")) == ([], [])


@pytest.mark.parametrize("consents", [0, 1])
def test_given_who_consents__it_counts_what_they_were_credited_and_no_more(
    city: City, newcomer: LocalAccount, consents: int
) -> None:
    """100 kg asked by one account, cut to 50; 40 kg by the other, uncut: never the 100 kg, nor the 90 of both."""
    guest = person("guest").address
    entries = [Entry(guest, 2_000_000, consents == 0), Entry(newcomer.address, 800_000, consents == 1)]
    batch = city.earn(entries)
    assert bare(city.issuer.progressOf(batch.id))[1] == 90_000_000
    assert bare(city.issuer.progressOf(batch.id))[3] == (40_000_000 if consents else 50_000_000)


def test_given_two_methodologies_and_operators__it_holds_the_account_cap_over_all(
    city: City, newcomer: LocalAccount
) -> None:
    for operator, methodology in (("operator", METRO), ("other_operator", METRO), ("operator", WALK)):
        batch = batch_of(getattr(city.roles, operator), methodology, TODAY, [Entry(newcomer.address, 1_000_000)])
        city.credit(city.open(batch))
    assert city.book.pageOf(newcomer.address, 2035)["todayMg"] == 80_000_000
    assert city.book.balanceOf(newcomer.address) == 422_222 + 253_333  # of 50 kg and 30 kg; walking had no room left


def test_given_a_methodology_without_points__it_needs_no_reserve(city: City, newcomer: LocalAccount) -> None:
    free = city.vault.freeOf(city.roles.operator)
    city.vault.withdraw(free, city.roles.operator, {"from": city.roles.operator})
    city.earn([Entry(newcomer.address, 1_000)], methodology=WALK)
    assert city.book.reductionOf(newcomer.address) == 50_000
    assert city.book.balanceOf(newcomer.address) == 0


def test_given_the_operators_day_limit__it_reverts_above_it_and_goes_on_at_midnight(
    city: City, newcomer: LocalAccount
) -> None:
    travel_to((TODAY + 1) * 86_400 + 20 * 3_600)
    city.operators.setOperatorDayLimit(city.roles.operator, 60_000_000, {"from": city.roles.authority})
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(rider, 900_000) for rider in RIDERS[:2]]))
    city.credit(batch, 0, 1)
    with reverts_with(city.issuer, "PointIssuer_DayLimit", city.roles.operator, 45_000_000, 15_000_000):
        city.credit(batch, 1, 1)
    travel_to((TODAY + 2) * 86_400)
    city.credit(batch, 1, 1)
    assert city.issuer.issuedOn(city.roles.operator, TODAY + 1) == 45_000_000
    assert city.issuer.issuedOn(city.roles.operator, TODAY + 2) == 45_000_000


def test_given_a_day_limit_lowered_below_what_was_issued__nothing_is_left(city: City, newcomer: LocalAccount) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(newcomer.address, 20)]))
    city.operators.setOperatorDayLimit(city.roles.operator, 1, {"from": city.roles.authority})
    with reverts_with(city.issuer, "PointIssuer_DayLimit", city.roles.operator, 1_000, 0):
        city.credit(batch)


def test_given_another_operator__it_has_a_limit_of_its_own(city: City, newcomer: LocalAccount) -> None:
    city.operators.setOperatorDayLimit(city.roles.operator, 0, {"from": city.roles.authority})
    city.credit(city.open(batch_of(city.roles.other_operator, METRO, TODAY, [Entry(newcomer.address, 20)])))
    assert city.issuer.issuedOn(city.roles.other_operator, TODAY) == 1_000


@pytest.mark.parametrize("claimed", [2_999, 1])
def test_given_a_header_that_claims_too_little__it_stops_at_what_was_attested(city: City, claimed: int) -> None:
    batch = batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDERS[0], 1_000), Entry(RIDERS[1], 2_000)])
    small = batch.claiming(total_quantity=claimed, consented_quantity=0)
    city.open(small)
    with reverts_with(city.issuer, "PointIssuer_AboveAttested", small.id, 3_000, claimed):
        city.credit(small)


def test_given_a_header_that_claims_too_much__it_credits_what_the_leaves_say(city: City) -> None:
    batch = batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDERS[0], 1_000), Entry(RIDERS[1], 2_000)])
    free = city.vault.freeOf(city.roles.operator)
    city.credit(city.open(batch.claiming(total_quantity=30_000)))
    assert bare(city.issuer.progressOf(batch.id))[0] == 3_000
    assert city.vault.freeOf(city.roles.operator) == free - 1_266 * 50


def test_given_a_header_with_too_few_accounts__it_closes_early(city: City) -> None:
    batch = batch_of(city.roles.operator, METRO, TODAY, ENTRIES[:3]).claiming(account_count=2)
    city.open(batch)
    with reverts_with(city.issuer, "PointIssuer_TooManyAccounts", batch.id, 3, 2):
        city.credit(batch)
    city.credit(batch, 0, 2)
    with reverts_with(city.ledger, "EvidenceLedger_WrongPhase", batch.id, CLOSED):
        city.credit(batch, 2, 2)


def test_given_a_header_with_too_many_accounts__it_credits_all_and_stays_open(city: City) -> None:
    batch = batch_of(city.roles.operator, METRO, TODAY, ENTRIES[:3]).claiming(account_count=4)
    city.credit(city.open(batch))
    assert city.ledger.phaseOf(batch.id)[0] == 2
    assert bare(city.issuer.progressOf(batch.id))[4] == 3


def test_given_a_quantity_beyond_64_bits__it_reverts_and_touches_nobody(city: City) -> None:
    # 2^94 times the factor would reach into the account bits of the book's entry, were it not cut
    batch = batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDERS[0], 2**94)])
    city.open(batch.claiming(total_quantity=1_000_000))
    with reverts_with(city.issuer, "PointIssuer_AboveAttested", batch.id, 2**94, 1_000_000):
        city.credit(batch)


def test_given_an_entry_without_quantity__it_counts_the_account_only(city: City) -> None:
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, [Entry(RIDERS[0], 0), Entry(RIDERS[1], 1)]))
    done = city.credit(batch)
    assert bare(done.return_value) == (50, 0)
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED
    assert city.book.reductionOf(RIDERS[0]) == 0


def test_given_256_accounts__it_credits_them_in_one_push(city: City) -> None:
    crowd = [Entry("0x" + keccak(text=f"account {number}")[:20].hex(), 119 * 20) for number in range(256)]
    batch = city.open(batch_of(city.roles.operator, METRO, TODAY, crowd))
    done = city.credit(batch)
    progress = bare(city.issuer.progressOf(batch.id))  # ganache cannot trace a call this long for its return value
    assert progress == (256 * 119 * 20, 256 * 119_000, 256 * 1_004, 0, 256, 0)
    assert len(events(done, "Transfer")) == 256
    assert done.gas_used < 7_000_000  # 6,898,003: 26,945 for each, all of them new


def test_given_a_pause__it_reverts_until_the_authority_ends_it(city: City) -> None:
    batch = city.open(batch_of(city.roles.operator, BUS, TODAY, ENTRIES))
    city.issuer.pause({"from": city.roles.guardian})
    with reverts_with(city.issuer, "EnforcedPause"):
        city.credit(batch)
    city.issuer.unpause({"from": city.roles.authority})
    city.credit(batch)
    assert city.ledger.phaseOf(batch.id)[0] == CLOSED


def test_given_an_act_of_the_new_year_in_the_far_east__it_waits_for_the_chains_year(
    city: City, newcomer: LocalAccount
) -> None:
    new_year = 24_106  # 2036-01-01
    travel_to(new_year * 86_400 - 6 * 3_600)  # 2 a.m. in Shenzhen
    batch = city.open(batch_of(city.roles.operator, METRO, new_year, [Entry(newcomer.address, 900_000)]))
    with reverts_with(city.book, "CarbonPoint_YearNotLive", 2036, 2035):
        city.credit(batch)
    travel_to(new_year * 86_400)
    city.credit(batch)
    assert now() >= new_year * 86_400
    assert city.book.pageOf(newcomer.address, 2036)["pointsMilli"] == 380_000
    assert city.book.pageOf(newcomer.address, 2035)["pointsMilli"] == 0
    assert city.vault.lockedOf(city.roles.operator, 2036) == 380_000
