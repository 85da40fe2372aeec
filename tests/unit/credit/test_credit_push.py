"""Chunks: as many accounts in a transaction as the chain's blocks have gas for."""

from __future__ import annotations

import pytest

from oracle.ledger.credit.push import chunks, gas_for, most_accounts
from oracle.measure.evidence.accounts import MOST_PER_CHUNK
from oracle.measure.evidence.tree import verify
from oracle.model.errors import ChainError
from tests.unit.evidence.evidence_batches import bundle_of, subtree_root, words_of


@pytest.mark.parametrize("most", [1, 2, 4, 8, 512])
def test_chunks__of_any_size__cover_every_account_once_and_lead_to_the_root(most: int) -> None:
    accounts = bundle_of(60).accounts
    seen: list[tuple[bytes, bool, int]] = []
    for chunk in chunks(accounts, most):
        words = words_of(chunk.entries)
        assert (chunk.first, len(words)) == (len(seen), min(most, accounts.chunk))
        assert verify(subtree_root(chunk.first, words), chunk.proof, accounts.tree.root)
        seen += words
    assert len(seen) == len(accounts.tree)


@pytest.mark.parametrize(
    ("block_gas", "accounts"),
    [
        (gas_for(1), 1),
        (gas_for(2) - 1, 1),
        (gas_for(2), 2),
        (gas_for(4) - 1, 2),
        (12_000_000, 256),
        (30_000_000, MOST_PER_CHUNK),
        (10**12, MOST_PER_CHUNK),
    ],
)
def test_most_accounts__is_the_largest_power_of_two_that_fits(block_gas: int, accounts: int) -> None:
    assert most_accounts(block_gas) == accounts


def test_most_accounts__not_one_fits__says_so() -> None:
    with pytest.raises(
        ChainError, match="A block of this chain has 531699 gas, but crediting one account may need 531700"
    ):
        most_accounts(gas_for(1) - 1)


def test_gas_for__a_whole_chunk__is_no_more_than_a_transaction_may_have() -> None:
    """EIP-7825: 2**24."""
    assert gas_for(MOST_PER_CHUNK) <= 16_777_216
