"""The shares tree of a claim: leaves, proofs, and the file that the commands hand to one another."""

from __future__ import annotations

from pathlib import Path

import pytest
from eth_utils.address import to_checksum_address
from hypothesis import given
from hypothesis import strategies as st

from oracle.ledger.certify.shares import Share, SharesTree, claim_folder, load_shares, write_shares
from oracle.measure.evidence.leaf import account_leaf
from oracle.measure.evidence.tree import verify
from oracle.model.errors import InputError
from oracle.model.ids import Address

amounts = st.dictionaries(st.integers(1, 2**160 - 1), st.integers(1, 10**15), min_size=1, max_size=40)


def address(number: int) -> Address:
    return Address(to_checksum_address(number.to_bytes(20)))


def tree_of(rows: dict[int, int]) -> SharesTree:
    return SharesTree([Share(address(number), mg) for number, mg in rows.items()])


@given(amounts)
def test_any_shares__when_proved__each_leaf_leads_to_the_root(rows: dict[int, int]) -> None:
    tree = tree_of(rows)
    for number, mg in rows.items():
        account = address(number)
        leaf = account_leaf(tree.index(account), number.to_bytes(20), mg, True)
        assert verify(leaf, tree.proof(account), tree.root)
    assert tree.total_mg == sum(rows.values())


@given(amounts, st.randoms())
def test_any_order__when_built__the_root_is_the_same(rows: dict[int, int], random: object) -> None:
    shuffled = list(rows.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis hands out its own class
    assert tree_of(dict(shuffled)).root == tree_of(rows).root


def test_shares__when_written__are_read_back_alike(tmp_path: Path) -> None:
    tree = tree_of({7: 100, 5: 200, 9: 150})
    write_shares(tmp_path, 3, tree)
    assert load_shares(tmp_path, 3).shares == tree.shares
    assert load_shares(tmp_path, 3).root == tree.root


@pytest.mark.parametrize(
    "row", ["0x12,5", f"{address(5)},-1", f"{address(5)},1.5", f"{address(5)},5,6", f"{address(5)},²"]
)
def test_bad_row__when_read__is_named(tmp_path: Path, row: str) -> None:
    folder = claim_folder(tmp_path, 3)
    folder.mkdir(parents=True)
    (folder / "shares.csv").write_text(f"account,mg\n{address(4)},1\n{row}\n")
    with pytest.raises(InputError, match=r"shares\.csv, row 3: .* is not an account and milligrams"):
        load_shares(tmp_path, 3)


@pytest.mark.parametrize(
    ("rows", "problem"), [([], "a claim needs a share"), ([(4, 0)], "0 mg"), ([(4, 1), (4, 2)], "stands twice")]
)
def test_unsound_shares__when_built__are_refused(rows: list[tuple[int, int]], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        SharesTree([Share(address(number), mg) for number, mg in rows])
