"""The counter over HTTP: a real server process, a real chain, fifty tills at once."""

from __future__ import annotations

import random
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from oracle.cli.ledger.wallet import custody_signer
from oracle.edge.chain.contracts.redemption_desk import RedemptionDesk
from oracle.ledger.redeem.desk import SignedOrder
from oracle.ledger.redeem.order import NO_OFFER, Order, number_bytes, terms_bytes
from oracle.ledger.redeem.voucher import voucher_text
from oracle.model.typed_data import sign
from tests.e2e.cli import CARBONBOOK, free_port
from tests.e2e.servers import Service
from tests.e2e.till import Till

BUYERS = 50
JSON_TYPES = {bool: "boolean", int: "integer", str: "string", type(None): "null"}
START_SECONDS = 120


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Till]:
    """A town with fifty citizens in custody."""
    opened = Till(tmp_path_factory.mktemp("http"), citizens=2 * BUYERS)
    opened.open()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def url(till: Till) -> Iterator[str]:
    """A counter that listens."""
    port = free_port()
    server = subprocess.Popen([CARBONBOOK, "counter", "--home", str(till.home), "--port", str(port)])
    _listening(port)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


@retry(retry=retry_if_exception_type(OSError), wait=wait_fixed(0.1), stop=stop_after_delay(START_SECONDS))
def _listening(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=1).close()


def vouchers(till: Till, numbers: Sequence[int], milli: int, terms: str, offer: bytes = NO_OFFER) -> list[str]:
    """A voucher for merchant-1 of each of as many citizens."""
    pairs = zip(till.in_custody(), numbers, strict=False)
    return [voucher_for(till, account, number, milli, terms, offer) for account, number in pairs]


def voucher_for(till: Till, account: str, number: int, milli: int, terms: str, offer: bytes = NO_OFFER) -> str:
    """A voucher for merchant-1 of a citizen in custody."""
    chain, key = till.chain, custody_signer(till.here, account)
    desk, expiry = RedemptionDesk(chain).domain, chain.now() + 3_600
    shop, word = till.address("merchant-1"), number_bytes(str(number))
    order = Order(account, shop, word, milli, expiry, terms_bytes(terms), offer)
    return voucher_text(SignedOrder(order, sign(key, order.message(desk))), desk)


def posted(url: str, texts: Sequence[str]) -> list[requests.Response]:
    """The answers to vouchers that are sent at the same moment."""
    with ThreadPoolExecutor(len(texts)) as pool:
        return list(pool.map(lambda text: requests.post(f"{url}/orders", json={"voucher": text}, timeout=300), texts))


def test_the_last_item__ordered_by_fifty_at_once__is_sold_once(till: Till, url: str) -> None:
    """F47."""
    till.carbonbook(
        "offer", "add", "1", "--key", "merchant-1", "--points", "0.25", "--stock", "1", "--terms", "the last bun"
    )
    texts = vouchers(till, range(100, 100 + BUYERS), 250, "the last bun", number_bytes("1"))
    assert len(texts) == BUYERS
    answers = posted(url, texts)
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: BUYERS - 1}
    reasons = {answer.json()["reason"].partition("(")[0] for answer in answers if answer.status_code == 409}
    assert reasons == {"OfferBook_SoldOut"}
    (offer,) = till.carbonbook("offer", "list")["offers"]
    assert (offer["taken"], offer["left"]) == (1, 0)


def test_one_voucher__sent_ten_times_at_once__is_taken_once_and_told_ten_times(till: Till, url: str) -> None:
    (text,) = vouchers(till, [1], 500, "tea")
    account = till.in_custody()[0]
    before = till.balance(account)
    answers = posted(url, [text] * 10)
    assert [answer.status_code for answer in answers] == [200] * 10
    assert len({answer.json()["transaction"] for answer in answers}) == 1
    assert Counter(answer.json()["fresh"] for answer in answers) == {True: 1, False: 9}
    assert till.balance(account) == before - 500


def test_vouchers__that_are_none__are_422_and_an_order_that_nobody_can_pay_409(till: Till, url: str) -> None:
    (good,) = vouchers(till, [2], 500, "tea")
    (moon,) = vouchers(till, [3], 10**9, "a moon")
    for wrong in (
        "",
        "CB2:",
        "CB1:" + good[4:],
        "CB2:\u516c\u4ea4",
        "\uff23\uff22\uff12\uff1a" + good[4:],
        "\ud800",
        "\ud800" * 1_001,
        "\x00" * 10,
        good[:-9],
        good[:100] + ("A" if good[100] != "A" else "B") + good[101:],
        "CB2:" + "A" * 900,
    ):
        answer = requests.post(f"{url}/orders", json={"voucher": wrong}, timeout=60)
        assert (answer.status_code, bool(answer.json()["detail"])) == (422, True), answer.text
        assert answer.json()["fresh"] is False
    assert requests.post(f"{url}/orders", json={"voucher": good, "more": 1}, timeout=60).status_code == 422
    for body in (b"", b"{", b"\xff\xfe", b"[]", b'{"voucher": 1e999}', b'{"voucher": "\xed\xa0\x80"}'):
        answer = requests.post(f"{url}/orders", data=body, headers={"content-type": "application/json"}, timeout=60)
        assert (answer.status_code, bool(answer.json()["detail"])) == (422, True), answer.text
    poor = requests.post(f"{url}/orders", json={"voucher": moon}, timeout=60)
    assert (poor.status_code, poor.json()["reason"].partition("(")[0]) == (409, "CarbonPoint_TooFewPoints")
    assert (poor.json()["taken"], poor.json()["fresh"]) == (False, False)
    for fresh in (True, False):
        answer = requests.post(f"{url}/orders", json={"voucher": good.lower()}, timeout=60)
        assert (answer.status_code, answer.json()["taken"], answer.json()["fresh"]) == (200, True, fresh)


def test_a_number__that_another_citizen_used__is_taken_all_the_same(till: Till, url: str) -> None:
    """A stranger sees the number in a voucher, or guesses the next, and is first with a thousandth of a point."""
    stranger, buyer = till.in_custody()[1:3]
    squat, good = (voucher_for(till, account, 4_711, milli, "tea") for account, milli in ((stranger, 1), (buyer, 500)))
    for text in (squat, good):
        answer = requests.post(f"{url}/orders", json={"voucher": text}, timeout=60).json()
        assert (answer["taken"], answer["fresh"]) == (True, True), answer


def test_an_order__that_its_citizen_cancelled__is_409_and_says_so(till: Till, url: str) -> None:
    account = till.in_custody()[3]
    text = voucher_for(till, account, 4_712, 500, "tea")
    till.carbonbook("order", "cancel", "--account", account, "--merchant", "merchant-1", "--number", "4712")
    answer = requests.post(f"{url}/orders", json={"voucher": text}, timeout=60)
    assert (answer.status_code, answer.json()["taken"], answer.json()["fresh"]) == (409, False, False)
    assert answer.json()["reason"] == "the citizen cancelled it"


def test_the_document__names_every_answer_and_each_answer_is_what_it_names(till: Till, url: str) -> None:
    document = requests.get(f"{url}/openapi.json", timeout=60).json()
    orders = document["paths"]["/orders"]["post"]["responses"]
    stated = document["paths"]["/merchants/{account}/statement"]["get"]["responses"]
    assert (set(orders), set(stated)) == ({"200", "409", "413", "422", "500", "503"}, {"200", "422", "500", "503"})
    good = voucher_for(till, till.in_custody()[4], 4_713, 500, "tea")
    moon = voucher_for(till, till.in_custody()[4], 4_714, 10**9, "a moon")
    long = " " * 20_000
    merchant = till.address("merchant-1")
    answers = [
        *(
            (orders, requests.post(f"{url}/orders", json={"voucher": text}, timeout=60))
            for text in (good, moon, "CB2:", long)
        ),
        *(
            (stated, requests.get(f"{url}/merchants/{account}/statement?period=2023-01", timeout=60))
            for account in (merchant, "0x12")
        ),
    ]
    assert [answer.status_code for _, answer in answers] == [200, 409, 422, 413, 200, 422]
    for named, answer in answers:
        schema = named[str(answer.status_code)]["content"]["application/json"]["schema"]
        fields = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]["properties"]
        assert set(answer.json()) == set(fields)
        for name, value in answer.json().items():
            kinds = {each["type"] for each in fields[name].get("anyOf", [fields[name]])}
            assert JSON_TYPES[type(value)] in kinds, f"{name} is {value!r}, not {kinds}"
            assert fields[name]["description"], f"{name} is not explained"


def test_a_statement__over_http__is_that_of_the_command(till: Till, url: str) -> None:
    merchant = till.address("merchant-1")
    answer = requests.get(f"{url}/merchants/{merchant}/statement", params={"period": "2023-01"}, timeout=60).json()
    command = till.carbonbook("statement", "merchant-1", "--period", "2023-01", "--out", till.folder / "statements")
    (row,) = command["merchants"]
    assert {name: answer[name] for name in row if name != "party"} == {
        name: value for name, value in row.items() if name != "party"
    }
    assert answer["taken_milli"] == answer["closing_due_milli"] == 250 + 500 + 500 + 501 + 500
    for account, period in (
        (till.address("transit"), "2023-01"),
        ("0x12", "2023-01"),
        (merchant, "soon"),
    ):
        refused = requests.get(f"{url}/merchants/{account}/statement", params={"period": period}, timeout=60)
        assert (refused.status_code, bool(refused.json()["detail"])) == (422, True)


def test_counter__killed_while_tills_wait__takes_each_order_once_when_they_ask_again(till: Till) -> None:
    """F56."""
    moments = random.Random(56)
    server = Service(["counter", "--home", str(till.home)], till.folder / "killed.log", "/openapi.json")
    accounts = till.in_custody()[:20]
    before = sum(till.balance(account) for account in accounts)
    texts = vouchers(till, range(500, 520), 100, "soup")
    with ThreadPoolExecutor(len(texts)) as pool:
        for _ in range(4):
            server.start()
            waiting = [pool.submit(requests.post, f"{server.url}/orders", json={"voucher": text}) for text in texts]
            time.sleep(moments.uniform(0.1, 1.5))  # the moment is the test's subject; nothing is waited for
            server.kill()
            for asked in waiting:
                assert asked.exception() is None or isinstance(asked.exception(), requests.exceptions.ConnectionError)
    server.start()
    answers = posted(server.url, texts)
    server.stop()
    assert [answer.status_code for answer in answers] == [200] * 20, [answer.text for answer in answers]
    assert before - sum(till.balance(account) for account in accounts) == 20 * 100
