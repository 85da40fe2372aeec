"""From an issued series on: asks, quotes, purchases, retirements, certificates, shares, by commands on a real chain.

The tests go on from each other: together they are the story of one series of 45 t.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pypdfium2
import pytest
import zxingcpp
from defusedxml import ElementTree
from eth_utils.address import to_checksum_address
from openvc import verify_credential

from oracle.edge.chain.contracts.carbon_credit import CarbonCredit
from oracle.edge.chain.contracts.credit_market import CreditMarket, Fill
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.keys.keyring import Keyring
from oracle.installation import Installation
from oracle.ledger.market.buy import paid
from oracle.model.errors import ContractReverted
from oracle.model.units import tonnes
from oracle.sandbox.local import advance, local_account
from tests.e2e.cli import CHAIN, Carbonbook, Inside, free_port
from tests.series import Founder, write_citizens

CLOCK = "2023-01-10T08:00:00+08:00"
HOSTILE = '<A&B "x">'
DAY = 86_400
TONNE, SIXTY = 10**9, 60_000_000
RECEIVER = local_account(18).address
FOR = ("--for", HOSTILE, "--period", "2022")


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A series, and two buyers with money."""
    folder: Path = tmp_path_factory.mktemp("credits")
    carbonbook = Inside(folder / "home")
    Carbonbook(carbonbook.home)("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
    write_citizens(folder / "citizens.csv")
    carbonbook("enrol", folder / "citizens.csv")
    here = Installation.at(carbonbook.home)
    founder = Founder(carbonbook.home, here.chain)
    with here.book.database.reading() as connection:
        found = connection.exec_driver_sql("SELECT account FROM citizens").scalars().all()
    citizens = sorted((to_checksum_address(account) for account in found), key=str.lower)
    founder.issue(citizens)
    for buyer in ("buyer-1", "buyer-2"):
        founder.fund(buyer)
    yield SimpleNamespace(run=carbonbook, here=here, founder=founder, citizens=citizens, folder=folder)
    Carbonbook(carbonbook.home)("down")


def units_of(flow: SimpleNamespace, account: str) -> int:
    return SettlementToken(flow.founder.chain).balance_of(flow.here.account_of(account))


def credits_of(flow: SimpleNamespace, account: str) -> int:
    return CarbonCredit(flow.founder.chain, 1).balance_of(flow.here.account_of(account))


def refused(flow: SimpleNamespace, code: int, said: str, *words: str | Path) -> None:
    done = flow.run.run(*words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


LIST = ("market", "list", "1", "--tonnes", "40", "--price", "60", "--through", "2023-12-31", "--key", "transit")


def test_list__once_per_order_number(flow: SimpleNamespace) -> None:
    assert flow.run(*LIST, "--order", "L-1", "--dry-run")["state"].startswith("dry run")
    made = [flow.run(*LIST, "--order", "L-1") for _ in range(2)]
    assert [ask["ask"] for ask in made] == [0, 0]
    other = [*LIST[:6], "61", *LIST[7:]]
    refused(flow, 3, "order L-1 made ask 0 of other terms before", *other, "--order", "L-1")
    floor = [*LIST[:6], "0.5", *LIST[7:]]
    refused(flow, 6, "CreditMarket_BelowFloor(price=500000, floor=1000000)", *floor, "--order", "L-2")
    assert flow.run("market", "asks")["blocked_by"] == ["nothing is for sale now"]


def test_quote__case_24__not_before_the_ask_opens(flow: SimpleNamespace) -> None:
    (ask,) = flow.run("market", "asks")["asks"]
    assert (ask["state"], ask["price"], ask["tonnes"]) == ("opens", "60.000000 tCNY", "40.000000000")
    refused(
        flow,
        3,
        "0.000000000 of 1.500000000 t are for sale",
        "market",
        "buy",
        "1.5t",
        "--order",
        "P-0",
        "--key",
        "buyer-1",
    )
    advance(flow.founder.chain.rpc, DAY + 3_600)
    quoted = flow.run("market", "quote", "1.5t", "--max-price", "60")
    assert (quoted["cost_units"], quoted["blocked_by"]) == ("90000000", [])


BUY = ("market", "buy", "1.5t", "--max-price", "60", "--key", "buyer-1", "--order")


def test_buy__once_per_order_number(flow: SimpleNamespace) -> None:
    before = units_of(flow, "buyer-1")
    assert flow.run(*BUY, "P-1", "--dry-run")["dry_run"]
    assert credits_of(flow, "buyer-1") == 0
    first, again = flow.run(*BUY, "P-1"), flow.run(*BUY, "P-1")
    assert (first["fresh"], again["fresh"]) == (True, False)
    assert first["transaction"] == again["transaction"]
    assert (before - units_of(flow, "buyer-1"), credits_of(flow, "buyer-1")) == (90_000_000, 1_500_000_000)
    refused(flow, 3, "order P-1 bought 1.500000000 t before, not 2.000000000 t", *BUY[:2], "2t", *BUY[3:], "P-1")
    assert flow.run(*BUY, "P-2")["fresh"]


def test_buy__beyond_money_or_limit__buys_nothing(flow: SimpleNamespace) -> None:
    refused(flow, 3, "more is for sale from 60.000000 a tonne on", *BUY[:4], "59.999999", *BUY[5:], "P-3")
    poor = ("market", "buy", "1t", "--order", "P-4", "--key", "verifier-1")
    refused(flow, 3, "has 0.000000 tCNY; this costs 60.000000", *poor)
    refused(flow, 3, "of 41.000000000 t are for sale", *BUY[:2], "41t", *BUY[3:], "P-5")
    assert credits_of(flow, "buyer-1") == 3_000_000_000


def test_buy__past_its_deadline__buys_nothing(flow: SimpleNamespace) -> None:
    outbox, market = flow.here.sender("buyer-1"), CreditMarket(flow.founder.chain)
    late = paid(outbox, 60_000_000, -1, lambda until, permit: market.buy([Fill(0, TONNE, SIXTY)], SIXTY, until, permit))
    with pytest.raises(ContractReverted) as refusal:
        outbox.send(late)
    assert (refusal.value.name, list(refusal.value.arguments)) == ("ERC2612ExpiredSignature", ["deadline"])
    assert credits_of(flow, "buyer-1") == 3_000_000_000


def test_resale__comes_after_cheaper_stock_and_ends(flow: SimpleNamespace) -> None:
    words = ("market", "list", "1", "--tonnes", "1", "--price", "70", "--through", "2023-12-31", "--key", "buyer-1")
    assert flow.run(*words, "--order", "L-1")["state"] == "ask 1 is open"
    asks = flow.run("market", "asks")["asks"]
    assert [(ask["ask"], ask["kind"]) for ask in asks] == [(0, "primary"), (1, "resale")]
    quoted = flow.run("market", "quote", "37.5t")  # 40 t less 3 t are left of the stock
    assert [line["ask"] for line in quoted["lines"]] == [0, 1]
    bought = flow.run(
        "market", "buy", "0.5t", "--series", "1", "--order", "P-1", "--key", "buyer-2", "--max-price", "60"
    )
    assert [fill["ask"] for fill in bought["fills"]] == [0]
    assert flow.run("market", "cancel", "1", "--key", "buyer-1")["unsold_tonnes"] == "1.000000000"
    assert flow.run("market", "cancel", "1", "--key", "buyer-1")["transaction"] is None
    assert credits_of(flow, "buyer-1") == 3_000_000_000


RETIRE = ("retire", "1.500000001t", *FOR, "--note", "为没有航班的一年", "--key", "buyer-1")


def test_retire__once_per_order_number(flow: SimpleNamespace) -> None:
    assert flow.run(*RETIRE, "--order", "R-1", "--dry-run")["held_mg"] == "3000000000"
    first, again = flow.run(*RETIRE, "--order", "R-1"), flow.run(*RETIRE, "--order", "R-1")
    assert first["certificates"] == again["certificates"]
    assert [item["certificate"] for item in first["certificates"]] == ["1-1"]
    assert credits_of(flow, "buyer-1") == 1_499_999_999
    other = ["Somebody else" if word == HOSTILE else word for word in RETIRE]
    refused(flow, 3, "order R-1 was given for another beneficiary", *other, "--order", "R-1")
    refused(flow, 3, "holds 1.499999999 t that can be retired, 1.500000001 t are to be", *RETIRE, "--order", "R-2")


def test_retire__case_33__bought_in_one_step(flow: SimpleNamespace) -> None:
    words = ("retire", "0.5t", *FOR, "--buy", "--max-price", "60", "--key", "buyer-2", "--order", "R-1")
    before = units_of(flow, "buyer-2")
    made = [flow.run(*words)["certificates"][0]["certificate"] for _ in range(2)]
    assert made == ["1-1500000002", "1-1500000002"]
    assert before - units_of(flow, "buyer-2") == 30_000_000
    assert credits_of(flow, "buyer-2") == 500_000_000  # what it bought before


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("a" * 121, "has 121 bytes; at most 120 fit"),
        ("名" * 67, "has 201 bytes; at most 120 fit"),
        ("A\u202eB", "character at byte 1 that cannot be seen"),
        ("A\u200fB", "character at byte 1 that cannot be seen"),
        ("A\nB", "character at byte 1 that cannot be seen"),
        ("公司\x07", "character at byte 6 that cannot be seen"),
    ],
)
def test_retire__case_40__hostile_names_are_refused(flow: SimpleNamespace, name: str, said: str) -> None:
    words = ("retire", "1mg", "--for", name, "--period", "2022", "--key", "buyer-1", "--order", "R-9")
    before = RetirementRegistry(flow.founder.chain).name_count()
    refused(flow, 3, said, *words)
    assert RetirementRegistry(flow.founder.chain).name_count() == before


def test_retire__case_39__compliance_without_an_inventory__is_refused(flow: SimpleNamespace) -> None:
    words = (
        "retire",
        "1mg",
        *FOR,
        "--purpose",
        "compliance",
        "--scheme",
        "GD-ETS",
        "--key",
        "buyer-1",
        "--order",
        "R-8",
    )
    refused(flow, 6, "InventoryRegistry_", *words)


def test_certificate__case_40__shows_and_pictures_the_name_as_given(flow: SimpleNamespace) -> None:
    shown = flow.run("certificate", "show", "1-1")
    assert (shown["beneficiary"], shown["mg"], shown["note"]) == (HOSTILE, "1500000001", "为没有航班的一年")
    assert shown["state"].startswith("whole, 1.500000001 of 1.500000001 t at block")
    assert shown["serial"].startswith("SZ01-CN4403-EL01-v1-0001-2023-1-1-1500000001")
    path = flow.folder / "certificate.svg"
    flow.run("certificate", "picture", "1-1", "--out", path)
    assert HOSTILE in "".join(ElementTree.parse(path).getroot().itertext())
    assert len(flow.run("certificate", "list", "--holder", "buyer-1")["certificates"]) == 1
    refused(flow, 3, "there is no certificate 1-2", "certificate", "show", "1-2")


def test_certificate__page_is_read_and_verified(flow: SimpleNamespace) -> None:
    path = flow.folder / "certificate.pdf"
    made = flow.run("certificate", "pdf", "1-1", "--out", path)
    document = pypdfium2.PdfDocument(path)
    (code,) = zxingcpp.read_barcodes(document[0].render(scale=3).to_pil())
    assert (len(document), code.text) == (1, made["code"])
    node = flow.founder.chain.rpc
    assert flow.run("certificate", "verify", code.text, "--rpc", node)["blocked_by"] == []
    other = code.text[:-1] + ("A" if code.text[-1] != "A" else "Q")
    refused(flow, 7, "Certificate 1-1 does not hold as it is said to", "certificate", "verify", other)


def test_credential__case_40__holds_by_two_libraries_and_not_with_one_digit_changed(flow: SimpleNamespace) -> None:
    refused(flow, 4, "is not the one that signs credentials", "certificate", "credential", "1-1", "--key", "buyer-1")
    assert flow.run("certificate", "key", "--by", "authority-1")["state"] == "the key is set"
    path = flow.folder / "credential.json"
    flow.run("certificate", "credential", "1-1", "--out", path)
    document = json.loads(path.read_text())
    assert verify_credential(document).issuer == document["issuer"]["id"]
    assert flow.run("certificate", "verify", path)["state"].startswith("whole")
    document["credentialSubject"]["retired"]["quantityMg"] = "1500000002"
    path.write_text(json.dumps(document))
    refused(flow, 7, "The signature of the credential does not hold", "certificate", "verify", path)
    path.write_text("[")
    refused(flow, 3, "is no JSON", "certificate", "verify", path)


def test_shares__too_little_for_a_round__says_how_much(flow: SimpleNamespace) -> None:
    refused(flow, 3, "series 2 is not issued", "shares", "round", "2")
    opened = flow.run("shares", "round", "1")
    assert (opened["round"], opened["blocked_by"]) == (1, [])
    assert opened["pot_units"] == str((240_000_000 - 2_400_000) * 60 // 100)
    assert flow.run("shares", "round", "1")["blocked_by"][0] == "the last round is less than a day ago"


def test_shares__case_28_31__claimed_once_and_pushed_once(flow: SimpleNamespace) -> None:
    pot = int(flow.run("shares", "round", "1", "--dry-run")["pot_units"])
    shares = [pot * part // 450 for part in (100, 200, 150)]
    first = flow.citizens[0]
    assert flow.run("shares", "claim", "--account", first, "--dry-run")["units"] == str(shares[0])
    assert [flow.run("shares", "claim", "--account", first)["units"] for _ in range(2)] == [str(shares[0]), "0"]
    pushed = [flow.run("shares", "push", "1")["units"] for _ in range(2)]
    assert pushed == [str(sum(shares[1:])), "0"]
    assert [units_of(flow, account) for account in flow.citizens] == shares


def test_shares__of_custody__go_out_by_a_signed_order_only(flow: SimpleNamespace) -> None:
    citizen = flow.citizens[1]
    held, before = units_of(flow, citizen), units_of(flow, RECEIVER)
    assert flow.run("shares", "payout", "--account", citizen, "--to", RECEIVER, "--dry-run")["units"] == str(held)
    paid = [flow.run("shares", "payout", "--account", citizen, "--to", RECEIVER)["units"] for _ in range(2)]
    assert (paid, units_of(flow, RECEIVER) - before) == ([str(held), "0"], held)
    refused(flow, 4, "is not in custody here", "shares", "payout", "--account", "buyer-1", "--to", RECEIVER)


def test_shares__due_in_the_pot__go_straight_to_where_the_order_says(flow: SimpleNamespace) -> None:
    flow.run("market", "buy", "35.5t", "--order", "P-9", "--key", "buyer-2")
    advance(flow.founder.chain.rpc, DAY)
    assert flow.run("shares", "round", "1")["round"] == 2
    citizen = flow.citizens[2]
    due = int(flow.run("shares", "show", citizen)["due_units"])
    kept, before = units_of(flow, citizen), units_of(flow, RECEIVER)
    assert due > 0
    flow.run("shares", "payout", "--account", citizen, "--to", RECEIVER)
    assert units_of(flow, RECEIVER) - before == due + kept
    assert flow.run("shares", "show", citizen)["due_units"] == "0"


def test_shares__of_a_moved_book__are_paid_to_the_own_key(flow: SimpleNamespace) -> None:
    citizen, keys = flow.citizens[0], Keyring(flow.folder / "own")
    keys.create_passphrase()
    keys.store("key", random_passphrase=True)
    flow.run("account", "move", citizen, "--key-file", flow.folder / "own" / "key.json")
    advance(flow.founder.chain.rpc, 2 * DAY)
    flow.run("account", "complete-move", citizen)
    due = flow.run("shares", "show", citizen)
    assert (due["moved_to"], int(due["due_units"]) > 0) == (keys.address("key"), True)
    assert flow.run("shares", "claim", "--account", citizen)["units"] == due["due_units"]
    assert str(units_of(flow, keys.address("key"))) == due["due_units"]


def test_draw__pays_operator_and_fee_to_the_unit_once(flow: SimpleNamespace) -> None:
    before = units_of(flow, "transit")
    drawn = [flow.run("market", "draw", "1", "--key", "transit")["units"] for _ in range(2)]
    gross = 90_000_000 * 2 + 30_000_000 * 2 + 2_130_000_000
    fee = gross // 100
    assert drawn == [str(gross - fee - (gross - fee) * 60 // 100), "0"]
    assert units_of(flow, "transit") - before == int(drawn[0])
    assert flow.run("market", "draw", "1", "--what", "fee")["units"] == str(fee)


def test_buffer_and_sweep__say_from_when_on(flow: SimpleNamespace) -> None:
    buffer = flow.run("market", "buffer", "1")
    assert (buffer["buffer_mg"], buffer["blocked_by"][0][:15]) == ("2250000000", "releasable from")
    assert flow.run("shares", "sweep", "1")["blocked_by"][0].startswith("possible from 2026-")


def test_asks__past_their_last_day__are_expired(flow: SimpleNamespace) -> None:
    advance(flow.founder.chain.rpc, 366 * DAY)
    states = {ask["ask"]: ask["state"] for ask in flow.run("market", "asks", "--all")["asks"]}
    assert states[0] == "expired"
    refused(
        flow,
        3,
        "0.000000000 of 0.000000001 t are for sale",
        "market",
        "buy",
        "1mg",
        "--order",
        "P-10",
        "--key",
        "buyer-1",
    )


def test_buffer_and_sweep__happen_when_their_time_comes(flow: SimpleNamespace) -> None:
    advance(flow.founder.chain.rpc, 3 * 365 * DAY)
    assert flow.run("market", "buffer", "1")["state"] == "2.250000000 t went into the stock"
    assert flow.run("market", "buffer", "1")["buffer_mg"] == "0"
    assert flow.run("shares", "sweep", "1")["state"].startswith("announced for")
    assert flow.run("shares", "sweep", "1")["blocked_by"][0].startswith("possible from")
    advance(flow.founder.chain.rpc, 91 * DAY)
    assert flow.run("shares", "sweep", "1")["state"] == "swept up to round 2"


def test_certificate__case_38__impaired_by_a_reversal__says_so_and_fails_verification(flow: SimpleNamespace) -> None:
    """5.5 t are in stock, 39.5 t are out: of 9 t that rest on a revoked batch 3.5 t are owed."""
    batch = ReductionCertifier(flow.founder.chain).batches_in(1)[0]
    flow.founder.reverse(1, batch, 9_000_000_000)
    shown = flow.run("certificate", "show", "1-1")
    backed = 1_500_000_001 * 36_000_000_000 // 39_500_000_000
    assert (shown["state"][:8], shown["backed_mg"]) == ("impaired", str(backed))
    assert shown["blocked_by"] == [f"nothing stands behind {tonnes(1_500_000_001 - backed)} t until they are restored"]
    code = flow.run("certificate", "pdf", "1-1", "--out", flow.folder / "impaired.pdf")["code"]
    done = flow.run.run("certificate", "verify", code)
    assert (done.returncode, json.loads(done.stdout)["state"]) == (7, "does not hold: backed")


def test_series__case_35__frozen__sells_and_retires_nothing(flow: SimpleNamespace) -> None:
    refused(
        flow, 3, "holds 0.000000000 t that can be retired", "retire", "1mg", *FOR, "--key", "buyer-1", "--order", "R-7"
    )
    words = ("market", "list", "1", "--tonnes", "1", "--price", "60", "--through", "2030-12-31", "--key", "transit")
    refused(flow, 6, "CreditMarket_Frozen(series=1)", *words, "--order", "L-7")
