"""A move is announced with both signatures, waits two days, and either key cancels it meanwhile."""

from __future__ import annotations

from typing import Any

import pytest
from eth_account.signers.local import LocalAccount

from ..support.city import MOVE_DELAY, City, person
from ..support.clock import now, travel_to
from ..support.reverts import reverts_with
from ..support.typed_data import sign
from ..support.values import bare, events

NOBODY = "0x" + "00" * 20


def sent(city: City, values: tuple[str, str, int], signatures: list[bytes]) -> Any:
    return city.book.announceMove(*values, *signatures, {"from": city.roles.rando})


def signatures_of(city: City, source: LocalAccount, target: LocalAccount, deadline: int, nonce: int = 0) -> list[bytes]:
    values = (source.address, target.address, nonce, deadline)
    return [sign(signer, "Move", city.book, *values) for signer in (source, target)]


def test_given_both_signatures__it_is_announced_and_nothing_moves_yet(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    announced = city.announce_move(commuter, newcomer)
    ready = announced.timestamp + MOVE_DELAY
    assert events(announced, "MoveAnnounced") == [
        {"from": commuter.address, "to": newcomer.address, "nonce": 0, "readyAt": ready}
    ]
    assert bare(city.book.moveOf(commuter.address)) == (newcomer.address, ready, 0)
    assert city.book.movedTo(commuter.address) == NOBODY
    assert city.book.balanceOf(commuter.address) == 227_155
    assert city.book.MOVE_DELAY() == MOVE_DELAY


def test_given_the_digests_of_the_book__they_are_the_typed_messages(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    deadline = now() + 600
    digest = bytes(city.book.moveDigest(commuter.address, newcomer.address, deadline))
    assert bytes(commuter.unsafe_sign_hash(digest).signature) == signatures_of(city, commuter, newcomer, deadline)[0]
    with reverts_with(city.book, "CarbonPoint_NoMove", commuter.address):
        city.book.cancelDigest(commuter.address)
    city.announce_move(commuter, newcomer)
    digest = bytes(city.book.cancelDigest(commuter.address))
    signature = sign(newcomer, "CancelMove", city.book, commuter.address, newcomer.address, 0)
    assert bytes(newcomer.unsafe_sign_hash(digest).signature) == signature


def test_given_the_deadline__it_is_the_last_second(city: City, commuter: LocalAccount, newcomer: LocalAccount) -> None:
    deadline = now() - 1
    with reverts_with(city.book, "CarbonPoint_MoveExpired", deadline):
        city.announce_move(commuter, newcomer, deadline)


@pytest.mark.parametrize("missing", ["from", "to"])
def test_given_a_missing_signature__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount, household: LocalAccount, missing: str
) -> None:
    deadline = now() + 600
    signatures = signatures_of(city, commuter, newcomer, deadline)
    signatures[0 if missing == "from" else 1] = sign(
        household, "Move", city.book, commuter.address, newcomer.address, 0, deadline
    )
    blamed = commuter if missing == "from" else newcomer
    with reverts_with(city.book, "CarbonPoint_BadSignature", blamed.address):
        sent(city, (commuter.address, newcomer.address, deadline), signatures)


@pytest.mark.parametrize("altered", ["target", "deadline", "nonce"])
def test_given_signatures_over_something_else__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount, household: LocalAccount, altered: str
) -> None:
    deadline = now() + 600
    signatures = signatures_of(city, commuter, newcomer, deadline, nonce=1 if altered == "nonce" else 0)
    target = household if altered == "target" else newcomer
    values = (commuter.address, target.address, deadline + (altered == "deadline"))
    with reverts_with(city.book, "CarbonPoint_BadSignature", commuter.address):
        sent(city, values, signatures)


def test_given_the_same_account_twice__it_reverts(city: City, commuter: LocalAccount) -> None:
    with reverts_with(city.book, "CarbonPoint_CannotMove", commuter.address, commuter.address):
        city.announce_move(commuter, commuter)


def test_given_a_target_with_a_page__it_reverts(city: City, commuter: LocalAccount, household: LocalAccount) -> None:
    with reverts_with(city.book, "CarbonPoint_BookNotEmpty", household.address, 2035):
        city.announce_move(commuter, household)


def test_given_an_announced_move__when_another_is_announced__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    city.announce_move(commuter, newcomer)
    with reverts_with(city.book, "CarbonPoint_MovePending", commuter.address, newcomer.address):
        city.announce_move(commuter, person("thief"))


@pytest.mark.parametrize("canceller", ["from", "to"])
@pytest.mark.parametrize("way", ["signed", "sent"])
def test_given_an_announced_move__when_either_cancels__its_signatures_are_gone_too(
    city: City, commuter: LocalAccount, newcomer: LocalAccount, canceller: str, way: str
) -> None:
    deadline = now() + 10 * MOVE_DELAY
    signatures = signatures_of(city, commuter, newcomer, deadline)
    values = (commuter.address, newcomer.address, deadline)
    sent(city, values, signatures)
    by = commuter if canceller == "from" else newcomer
    signature = sign(by, "CancelMove", city.book, *values[:2], 0) if way == "signed" else b""
    sender = city.roles.rando if way == "signed" else by.address
    cancelled = city.book.cancelMove(commuter.address, by.address, signature, {"from": sender})
    assert events(cancelled, "MoveCancelled") == [{"from": commuter.address, "to": newcomer.address, "nonce": 0}]
    assert bare(city.book.moveOf(commuter.address)) == (NOBODY, 0, 1)
    travel_to(now() + MOVE_DELAY)
    with reverts_with(city.book, "CarbonPoint_NoMove", commuter.address):
        city.book.completeMove(commuter.address, {"from": city.roles.rando})
    with reverts_with(city.book, "CarbonPoint_BadSignature", commuter.address):
        sent(city, values, signatures)
    city.announce_move(commuter, newcomer)


def test_given_an_announced_move__when_a_third_cancels__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount, household: LocalAccount
) -> None:
    city.announce_move(commuter, newcomer)
    values = (commuter.address, newcomer.address, 0)
    strange = sign(household, "CancelMove", city.book, *values)
    with reverts_with(city.book, "CarbonPoint_NotAllowed", household.address):
        city.book.cancelMove(commuter.address, household.address, strange, {"from": household.address})
    with reverts_with(city.book, "CarbonPoint_BadSignature", commuter.address):
        city.book.cancelMove(commuter.address, commuter.address, strange, {"from": city.roles.rando})


def test_given_a_cancelling_signature_of_an_earlier_move__it_reverts(
    city: City, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    old = sign(commuter, "CancelMove", city.book, commuter.address, newcomer.address, 0)
    with reverts_with(city.book, "CarbonPoint_NoMove", commuter.address):
        city.book.cancelMove(commuter.address, commuter.address, old, {"from": city.roles.rando})
    city.announce_move(commuter, newcomer)
    city.book.cancelMove(commuter.address, commuter.address, old, {"from": city.roles.rando})
    city.announce_move(commuter, newcomer)
    with reverts_with(city.book, "CarbonPoint_BadSignature", commuter.address):
        city.book.cancelMove(commuter.address, commuter.address, old, {"from": city.roles.rando})


def test_given_a_contract_account__when_it_says_yes__it_takes_its_book_along(
    city: City, built: Any, commuter: LocalAccount, newcomer: LocalAccount
) -> None:
    wallet = city.roles.rando.deploy(built.Wallet__MockForSigner, newcomer.address)
    values = (commuter.address, wallet.address, now() + 600)
    signatures = [sign(s, "Move", city.book, *values[:2], 0, values[2]) for s in (commuter, newcomer)]
    sent(city, values, signatures)
    travel_to(now() + MOVE_DELAY)
    city.book.completeMove(commuter.address, {"from": city.roles.rando})
    assert city.book.balanceOf(wallet) == 227_155
