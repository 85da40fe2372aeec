"""The counter over HTTP: a real server process, a real chain, fifty tills at once."""

from __future__ import annotations

import socket
import subprocess
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
from tests.e2e.till import Till

BUYERS = 50
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
    here, chain = till.here, till.chain
    desk, expiry = RedemptionDesk(chain).domain, chain.now() + 3_600
    made = []
    for account, number in zip(till.in_custody(), numbers, strict=False):
        key = custody_signer(here, account)
        order = Order(
            account, till.address("merchant-1"), number_bytes(str(number)), milli, expiry, terms_bytes(terms), offer
        )
        made.append(voucher_text(SignedOrder(order, sign(key, order.message(desk))), desk))
    return made


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
    assert till.balance(account) == before - 500


def test_vouchers__that_are_none__are_422_and_an_order_that_nobody_can_pay_409(till: Till, url: str) -> None:
    (good,) = vouchers(till, [2], 500, "tea")
    (moon,) = vouchers(till, [3], 10**9, "a moon")
    for wrong in (
        "",
        "CB1:",
        good[:-9],
        good[:100] + ("A" if good[100] != "A" else "B") + good[101:],
        "CB1:" + "A" * 900,
    ):
        answer = requests.post(f"{url}/orders", json={"voucher": wrong}, timeout=60)
        assert (answer.status_code, bool(answer.json()["detail"])) == (422, True), answer.text
    assert requests.post(f"{url}/orders", json={"voucher": good, "more": 1}, timeout=60).status_code == 422
    poor = requests.post(f"{url}/orders", json={"voucher": moon}, timeout=60)
    assert (poor.status_code, poor.json()["reason"].partition("(")[0]) == (409, "CarbonPoint_TooFewPoints")
    assert requests.post(f"{url}/orders", json={"voucher": good}, timeout=60).status_code == 200


def test_a_statement__over_http__is_that_of_the_command_and_of_admitted_merchants_only(till: Till, url: str) -> None:
    merchant = till.address("merchant-1")
    answer = requests.get(f"{url}/merchants/{merchant}/statement", params={"period": "2023-01"}, timeout=60).json()
    command = till.carbonbook("statement", "merchant-1", "--period", "2023-01", "--out", till.folder / "statements")
    (row,) = command["merchants"]
    assert {name: answer[name] for name in row if name != "party"} == {
        name: value for name, value in row.items() if name != "party"
    }
    assert answer["taken_milli"] == answer["closing_due_milli"] == 250 + 500 + 500
    for account, period in (
        (till.address("transit"), "2023-01"),
        ("0x12", "2023-01"),
        (merchant, "soon"),
    ):
        refused = requests.get(f"{url}/merchants/{account}/statement", params={"period": period}, timeout=60)
        assert (refused.status_code, bool(refused.json()["detail"])) == (422, True)
