"""From closed batches to an issued series and its reversal, by commands on a real chain: the parts of operator, committee, verifier,
public and authority. The tests go on from each other.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.sender import Sender
from oracle.installation import Installation
from oracle.ledger.certify.sample import seed_of
from oracle.ledger.certify.shares import claim_folder, load_shares
from oracle.model.units import tonnes
from oracle.sandbox.local import mine
from tests.e2e.cli import CHAIN, DATA, Carbonbook, Inside, free_port

CLOCK = "2023-01-10T08:00:00+08:00"
BUS = "CI-02.CN-4403"


@pytest.fixture(scope="module")
def flow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """A small city whose batches are attested, and not credited yet."""
    folder: Path = tmp_path_factory.mktemp("certify")
    run, city = Inside(folder / "home"), folder / "city"
    Carbonbook(run.home)("up", "--chain", CHAIN, "--port", str(free_port()), "--clock", CLOCK)
    run.run_plain("city", city, "--citizens", "60", "--days", "2", "--first-day", "2023-01-05")
    run("enrol", city / "citizens.csv")
    run("ingest", DATA / "szt_taps_100.json", "--source", "szt")
    for prefix, source in (("taps", "szt"), ("trips-bus-app", "bus-app")):
        run("ingest", *sorted(city.glob(f"{prefix}*")), "--source", source)
    run("close")
    run("attest")
    yield SimpleNamespace(run=run, folder=folder, city=city, here=Installation.at(run.home))
    Carbonbook(run.home)("down")


def certify(flow: SimpleNamespace, *words: str | Path) -> Any:
    return flow.run("certify", *words)


def twice(flow: SimpleNamespace, *words: str | Path) -> Any:
    """A command that is typed again: nothing more is sent, and it ends in the same state."""
    first, again = certify(flow, *words), certify(flow, *words)
    assert (len(first["transactions"]), again["transactions"]) == (1, [])
    assert (again["state"], again["next"]) == (first["state"], first["next"])
    return first


def refused(flow: SimpleNamespace, code: int, said: str, *words: str | Path) -> Any:
    done = flow.run.run("certify", *words)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr
    return json.loads(done.stdout) if done.stdout else None


def authority(flow: SimpleNamespace, contract: str, function: str, *arguments: object) -> None:
    chain = flow.here.chain
    call = Call(chain.address(contract), chain.call_data(contract, function, *arguments), function)
    Sender(chain, flow.here.keys.account("authority-1")).send(call)


def test_open__batches_that_are_not_closed__are_left_out_and_named(flow: SimpleNamespace) -> None:
    opened = twice(flow, "open", "--methodology", BUS, "--vintage", "2023", "--key", "transit")
    assert (opened["claim"], opened["state"], opened["can_enter"]) == (1, "draft", 0)
    assert {row["reason"] for row in opened["left_out"]} == {"attested, not closed"}
    assert certify(flow, "add", "1")["transactions"] == []
    refused(flow, 3, "claim 1 has no batch", "report", "1")
    refused(flow, 13, "CI-07.CN version 1 can never be certified", *OPEN_WALK)


OPEN_WALK = ("open", "--methodology", "CI-07.CN", "--vintage", "2023", "--key", "transit")


def test_add__closed_batches__enter_once_and_only_by_their_operator(flow: SimpleNamespace) -> None:
    flow.run("clock", "--advance", "1")
    flow.run("credit")
    told = refused(flow, 13, "Claim 1 is of transit (0x14dC", "add", "1", "--key", "living")
    assert (told["state"], told["blocked_by"][0][:21]) == ("draft", "Claim 1 is of transit")
    assert certify(flow, "add", "1", "--dry-run")["transactions"] == []
    added = twice(flow, "add", "1")
    assert (added["batches"], added["next"]) == (2, "carbonbook certify submit 1")


def test_case_03__a_batch_in_a_live_claim__is_left_out_of_another(flow: SimpleNamespace) -> None:
    second = certify(flow, "open", "--methodology", BUS, "--vintage", "2023", "--sequence", "2", "--key", "transit")
    assert {row["reason"] for row in second["left_out"]} == {"in claim 1"}
    assert twice(flow, "withdraw", "2")["state"] == "withdrawn"
    refused(flow, 13, "Claim 2 is withdrawn; this needs one that is draft", "add", "2")


def test_submit__who_withdrew_consent__is_left_out_and_the_claim_is_smaller(flow: SimpleNamespace) -> None:
    before = certify(flow, "report", "1")
    with (flow.city / "citizens.csv").open(newline="") as file:
        people = list(csv.DictReader(file))
    willing = sorted({row["citizen"] for row in people if row["consented"] == "yes"})
    for row in people:
        row["consented"] = "no" if row["citizen"] in willing[::3] else row["consented"]
    with (flow.folder / "later.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, people[0])
        writer.writeheader()
        writer.writerows(people)
    flow.run("enrol", flow.folder / "later.csv")
    submitted = certify(flow, "submit", "1")
    assert submitted["withdrawn_accounts"] > 0
    assert submitted["accounts"] == before["accounts"] - submitted["withdrawn_accounts"]
    assert _mg(submitted["claimed_t"]) + _mg(submitted["withdrawn_t"]) == _mg(before["claimed_t"])
    again = certify(flow, "submit", "1")
    assert (again["state"], again["transactions"]) == ("submitted", [])
    tree, claim = load_shares(flow.run.home, 1), ReductionCertifier(flow.here.chain).claim_of(1)
    assert (tree.root, tree.total_mg, len(tree.shares)) == (claim.shares_root, claim.reduction_mg, claim.account_count)


def test_appoint__only_a_licensed_stranger__and_for_good(flow: SimpleNamespace) -> None:
    refused(flow, 13, "Claim 1 has no verifier", "draw", "1")
    refused(flow, 13, "buyer-1 (0x", "appoint", "1", "--verifier", "buyer-1")
    appointed = twice(flow, "appoint", "1", "--verifier", "verifier-1")
    assert (appointed["verifier"]["name"], appointed["next"]) == ("verifier-1", "carbonbook certify draw 1")
    refused(flow, 13, "who is not exchanged", "appoint", "1", "--verifier", "buyer-1")
    refused(flow, 13, "Claim 1 has a verifier", "withdraw", "1")


def test_case_08__seed__is_drawn_after_its_block_from_its_hash(flow: SimpleNamespace) -> None:
    told = refused(flow, 13, "the seed is made of block", "draw", "1")
    assert "the seed is made of block" in told["blocked_by"][0]
    chain = flow.here.chain
    claim = ReductionCertifier(chain).claim_of(1)
    mine(chain.rpc, claim.seed_block - chain.head() + 1)
    drawn = twice(flow, "draw", "1")
    assert (drawn["state"], drawn["hits"], drawn["errors"]) == ("drawn", 60, 0)
    block_hash = bytes(chain.block(claim.seed_block)["hash"])
    assert ReductionCertifier(chain).seed_of(1) == seed_of(block_hash, 1, 1)


def test_check__findings__are_named_evaluated_and_lead_to_an_extension(flow: SimpleNamespace) -> None:
    folder = claim_folder(flow.run.home, 1)
    (record, quantity), hits = _first_hit(folder)
    evidence = json.loads((folder / "evidence" / f"{record}.json").read_text())
    assert evidence["recordedQuantity"] == evidence["recomputedQuantity"] == quantity
    assert evidence["proof"]["opening"]["fields"] == list(evidence["fields"].values())
    assert evidence["source"]["rows"]
    found = flow.folder / "found.csv"
    for row, said in (
        ("0x12,0,no such trip", "found.csv, row 1, record_id: 0x12 is not in the sample"),
        (f"{record},{int(quantity) + 1},more", "is not a whole number from 0 to"),
        (f"{record},0,", "a finding needs a reason"),
        (f"{record},0,no trip\n{record},0,no trip", "row 2, record_id"),
    ):
        found.write_text(f"record_id,supported_quantity,reason\n{row}\n")
        refused(flow, 3, said, "check", "1", "--findings", found)
    found.write_text(f"record_id,supported_quantity,reason\n{record},0,no such trip\n")
    checked = certify(flow, "check", "1", "--findings", found)
    assert (checked["errors"], checked["tolerable"]) == (hits, False)
    assert checked["next"] == "carbonbook certify extend 1 --to 120"
    assert certify(flow, "extend", "1", "--to", "120", "--findings", found)["hits"] == 120
    refused(flow, 3, "the sample was extended since it was evaluated", "attest", "1")
    assert certify(flow, "check", "1", "--findings", found)["hits"] == 120


def test_attest__more_than_the_sample_allows__is_refused(flow: SimpleNamespace) -> None:
    most = certify(flow, "check", "1", "--findings", flow.folder / "found.csv")["certifiable_mg"]
    refused(flow, 3, f"the evaluated sample allows {most} mg", "attest", "1", "--mg", str(most + 1))
    refused(flow, 13, "is verified by verifier-1 (0x", "attest", "1", "--key", "authority-1")
    attested = twice(flow, "attest", "1")
    assert (_mg(attested["certified_t"]), attested["state"]) == (most, "verified")


def test_tampered_submission__when_the_sample_is_asked_for__is_not_the_signed_one(flow: SimpleNamespace) -> None:
    from oracle.ledger.certify.sampled import SignedFrame
    from oracle.ledger.certify.submission import Submission
    from oracle.model.errors import VerificationFailed

    kept = Submission.load(flow.run.home, 1)
    forged = json.loads(json.dumps(kept.report))
    forged["batches"][0]["records"] = "1"
    with pytest.raises(VerificationFailed, match="claim 1: the report kept here has the hash 0x"):
        SignedFrame(flow.here.chain, 1, Submission(1, kept.withdrawn, forged), flow.here.book.bundle_folder)


def test_case_16__issue__waits_for_notice_answers_and_another_person(flow: SimpleNamespace) -> None:
    text = flow.folder / "objection.txt"
    text.write_text("The meters of district 4 stood still.")
    noticed = twice(flow, "notice", "1")
    assert noticed["blocked_by"][0].startswith("on notice until 2023-01-2")
    assert twice(flow, "object", "1", "--text", text, "--key", "buyer-1")["objections"] == 1
    refused(flow, 13, "cannot be issued: on notice until", "issue", "1", "--answers", text)
    flow.run("clock", "--advance", "11")
    refused(flow, 13, "The notice of claim 1 ended", "object", "1", "--text", flow.folder / "found.csv")
    refused(flow, 13, "objections without answers (--answers): 1", "issue", "1")
    refused(flow, 13, "authority-1 (0x", "issue", "1", "--key", "authority-1", "--answers", text)
    assert certify(flow, "issue", "1", "--answers", text, "--dry-run")["would_send"] == 1
    issued = twice(flow, "issue", "1", "--answers", text)
    assert (issued["state"], issued["next"]) == ("live", "carbonbook market list 1")
    assert _mg(issued["stock_t"]) + _mg(issued["buffer_t"]) == _mg(issued["issued_t"])
    assert _mg(issued["buffer_t"]) == _mg(issued["issued_t"]) // 20


def test_case_35__revoked_batch__freezes_the_series_and_is_reversed_two_days_later(flow: SimpleNamespace) -> None:
    chain = flow.here.chain
    batch = ReductionCertifier(chain).batches_in(1)[0]
    refused(flow, 13, "is closed, not revoked", "revoked", "1", "--batch", batch)
    refused(flow, 3, "is not 0x and 64 hex digits", "revoked", "1", "--batch", "0x12")
    authority(flow, "EvidenceLedger", "revoke", bytes.fromhex(batch[2:]), "forged taps")
    frozen = twice(flow, "revoked", "1", "--batch", batch)
    assert (frozen["state"], frozen["blocked_by"]) == ("frozen", ["reported batches without a figure: 1"])
    refused(flow, 13, "reported batches without a figure: 1", "unfreeze", "1")
    reverse = ("reverse", "1", "--batch", batch)
    refused(flow, 13, "has no part in reversals", *reverse, "--key", "buyer-1")
    announced = certify(flow, *reverse)
    assert (len(announced["transactions"]), announced["signatures"]) == (1, 2)
    refused(flow, 13, "It is announced, and can be made from", *reverse)
    flow.run("clock", "--advance", "2")
    (taken,) = twice(flow, *reverse)["taken_back"]
    parts = sum(_mg(taken[name]) for name in ("stock_t", "buffer_t", "others_t", "owed_t"))
    assert parts == _mg(announced["rests_on_batch_t"]) > 0
    assert twice(flow, "unfreeze", "1")["state"] == "live"


def test_series__after_all__certified_is_what_became_of_it(flow: SimpleNamespace) -> None:
    shown = certify(flow, "show", "1")
    parts = ("stock_t", "buffer_t", "held_t", "retired_t", "cancelled_t")
    assert _mg(shown["certified_t"]) == sum(_mg(shown[name]) for name in parts)
    assert _mg(shown["cancelled_t"]) > 0
    assert [row["state"] for row in certify(flow, "list")["claims"]] == ["live", "withdrawn"]
    refused(flow, 13, "There is no claim 9", "show", "9")


def test_guardian__freezes_a_series__and_the_authority_sets_it_free(flow: SimpleNamespace) -> None:
    assert twice(flow, "freeze", "1", "--reason", "meters are being examined")["state"] == "frozen"
    assert twice(flow, "unfreeze", "1")["state"] == "live"
    assert certify(flow, "restore", "1")["transactions"] == []


def test_claim_of_a_revoked_batch__before_issue__is_void_and_frees_its_key(flow: SimpleNamespace) -> None:
    opened = ("open", "--methodology", "CI-01.CN-4403", "--vintage", "2023", "--key", "transit")
    claim = certify(flow, *opened)["claim"]
    assert certify(flow, "add", str(claim))["batches"] > 0
    batch = ReductionCertifier(flow.here.chain).batches_in(claim)[0]
    assert certify(flow, "hold", str(claim), "--batch", batch)["transactions"] == []
    authority(flow, "EvidenceLedger", "revoke", bytes.fromhex(batch[2:]), "forged taps")
    assert "is revoked: carbonbook certify revoked" in certify(flow, "show", str(claim))["blocked_by"][0]
    assert twice(flow, "revoked", str(claim), "--batch", batch)["state"] == "void"
    again = certify(flow, *opened)
    assert (again["claim"], [row["reason"] for row in again["left_out"]]) == (claim + 1, ["revoked, not closed"])
    rejected = certify(flow, "reject", str(claim + 1), "--reason", "not needed", "--key", "authority-1")
    assert rejected["state"] == "rejected"


def _mg(text: str) -> int:
    """Milligrams of exact tonnes."""
    whole, _, parts = text.partition(".")
    found = int(whole + parts.ljust(9, "0"))
    assert tonnes(found) == text
    return found


def _first_hit(folder: Path) -> tuple[tuple[str, str], int]:
    """Record and quantity of the first hit, and how often it was hit."""
    with (folder / "samples.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = rows[0]
    return (first["record_id"], first["quantity"]), sum(row["record_id"] == first["record_id"] for row in rows)
