"""Claims and duplicate reports on a real chain: claimed before pushed, spent in the call that claims, one record in two batches."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from oracle.installation import Installation
from oracle.ledger.attest.committee import attest_all
from oracle.measure.evidence.bundle import Bundle, assemble
from oracle.measure.evidence.folder import ACCOUNTS, read, write
from oracle.model.canonical import hexed
from tests.e2e.story import Story


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    """Batches that are open, and nobody credited."""
    told = Story(tmp_path_factory.mktemp("claims"))
    told.up()
    for command in told.before_credit():
        told.carbonbook(*command)
    told.carbonbook("clock", "--advance", "1")
    yield told
    told.carbonbook("down")


@pytest.fixture(scope="module")
def citizens(story: Story) -> list[str]:
    """Four accounts with leaves in several batches."""
    counts: dict[str, int] = {}
    for bundle in story.bundles():
        for account in bundle.accounts.table["account"]:
            counts[hexed(account)] = counts.get(hexed(account), 0) + 1
    return sorted(counts, key=lambda account: (-counts[account], account))[:4]


@pytest.fixture(scope="module")
def repeated(story: Story, tmp_path_factory: pytest.TempPathFactory) -> tuple[Bundle, Path]:
    """A bundle of the installation, and another that the committee attested with the same records: its folder."""
    here = Installation.at(story.carbonbook.home)
    first = max(story.bundles(), key=lambda bundle: len(bundle.records))
    second = assemble(first.records, first.findings, replace(first.meta, sequence=first.meta.sequence + 40))
    attest_all(here.sender(), [(second.header.batch, second)], here.members())
    folder = tmp_path_factory.mktemp("others") / "bundle"
    write(folder, second)
    return first, folder


def test_a_claim__credits_all_of_an_account_once(story: Story, citizens: list[str]) -> None:
    account = citizens[0]
    planned = story.carbonbook("claim", account, "--dry-run")
    assert (planned["transactions"], planned["points"]) == (0, "0.000")
    done = story.carbonbook("claim", account)
    assert done["claims"] == planned["claims"]
    assert len(done["claims"]) == sum(
        bytes.fromhex(account[2:]) in bundle.accounts.table["account"] for bundle in story.bundles()
    )
    again = story.carbonbook("claim", account)
    assert (again["claims"], again["transactions"], again["points"]) == ([], 0, done["points"])
    assert done["points"] > "0.000"


def test_redeem_with_claims__credits_and_spends_in_one_transaction(story: Story, citizens: list[str]) -> None:
    path = story.folder / "claimed-orders.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["account", "merchant", "order_number", "points"])
        writer.writerows([account, "merchant-1", f"C-{place}", "0.1"] for place, account in enumerate(citizens[1:]))
    done = story.carbonbook("redeem", path, "--claim")
    assert (done["taken"], done["refused"]) == (3, [])
    assert done["claims"] == sum(
        bytes.fromhex(account[2:]) in bundle.accounts.table["account"]
        for account in citizens[1:]
        for bundle in story.bundles()
    )
    again = story.carbonbook("redeem", path, "--claim")
    assert (again["taken"], again["claims"]) == (3, 0)


def test_accounts_that_were_changed__are_not_claimed_from(story: Story, citizens: list[str], tmp_path: Path) -> None:
    """The tree must end in the chain's root: a quantity more in the file, and nothing is sent."""
    folder = next(iter((story.carbonbook.home / "bundles").iterdir()))
    kept = tmp_path / ACCOUNTS
    shutil.copy(folder / ACCOUNTS, kept)
    table = read(folder).accounts.table
    account = hexed(table["account"][0])
    try:
        table.with_columns(quantity=table["quantity"] + 1).write_parquet(folder / ACCOUNTS)
        done = story.carbonbook.run("claim", account)
    finally:
        shutil.copy(kept, folder / ACCOUNTS)
    assert done.returncode == 7, done.stderr
    assert f"{folder / ACCOUNTS}: its tree has root 0x" in done.stderr


def test_a_push_after_claims__ends_as_if_there_had_been_none(story: Story, citizens: list[str]) -> None:
    credited = story.carbonbook("credit")["credited"]
    accounts = {row["batch"]: row["accounts"] for row in credited}
    expected = {
        folder.name: len(read(folder).accounts.table) for folder in (story.carbonbook.home / "bundles").iterdir()
    }
    assert {batch[2:]: count for batch, count in accounts.items()} == expected
    assert story.carbonbook("report", "reconciliation")["differences"] == 0
    assert story.carbonbook("status")["batches"] == {"closed": len(expected)}


def test_a_record_in_two_batches__freezes_the_later(story: Story, repeated: tuple[Bundle, Path]) -> None:
    first, folder = repeated
    record = hexed(first.records["record_id"][0])
    planned = story.carbonbook("duplicate", record, "--bundle", folder, "--dry-run")
    assert [(row["phase"], row["reported"]) for row in planned["later"]] == [("attested", False)]
    done = story.carbonbook("duplicate", record, "--bundle", folder)
    assert done["record"] == record
    assert [(row["phase_before"], row["phase"], row["reported"]) for row in done["later"]] == [
        ("attested", "frozen", True)
    ]
    again = story.carbonbook("duplicate", record, "--bundle", folder)
    assert [(row["phase"], row["reported"]) for row in again["later"]] == [("frozen", False)]


def test_a_record_in_one_batch__is_no_duplicate(story: Story) -> None:
    record = hexed(next(story.bundles()).records["record_id"][0])
    done = story.carbonbook.run("duplicate", record)
    assert done.returncode == 3, done.stderr
    assert "the record is not a duplicate: it is in batch 0x" in done.stderr
