from __future__ import annotations

import pytest

from oracle.measure.quantify.regions import label, lineage, regions, resolve
from oracle.model.errors import InputError


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("SZ", "CN-4403"),
        ("sz", "CN-4403"),
        ("深圳", "CN-4403"),
        ("深圳市", "CN-4403"),
        ("Shenzhen", "CN-4403"),
        ("CN-4403", "CN-4403"),
        ("cn-4403", "CN-4403"),
        ("4403", "CN-4403"),
        ("440305", "CN-440305"),
        (" GD ", "CN-44"),
        ("广东", "CN-44"),
        ("BJ", "CN-11"),
        ("WH", "CN-4201"),
        ("GZ", "CN-4401"),
        ("全国", "CN"),
        ("CN-4499", "CN-4499"),
        ("南方", "CN-SG"),
    ],
)
def test_resolve__names_that_people_use__one_code(said: str, code: str) -> None:
    assert resolve(said) == code


@pytest.mark.parametrize(("said", "hint"), [("Shenzen", "CN-4403"), ("Guangdon", "CN-44")])
def test_resolve__near_miss__suggested(said: str, hint: str) -> None:
    with pytest.raises(InputError, match=f"did you mean .*{hint}"):
        resolve(said)


@pytest.mark.parametrize("said", ["", "Atlantis", "CN-99", "CN-440", "CN-44033", "81", "CN-44-03"])
def test_resolve__no_region__refused(said: str) -> None:
    with pytest.raises(InputError, match="is not a region"):
        resolve(said)


@pytest.mark.parametrize(
    ("code", "parents"),
    [
        ("CN-440305", ["CN-440305", "CN-4403", "CN-44", "CN"]),
        ("CN-4403", ["CN-4403", "CN-44", "CN"]),
        ("CN-11", ["CN-11", "CN"]),
        ("CN-SG", ["CN-SG", "CN"]),
        ("CN", ["CN"]),
    ],
)
def test_lineage__nearest_first(code: str, parents: list[str]) -> None:
    assert lineage(code) == parents


def test_regions__provinces_and_grids() -> None:
    provinces = [code for code in regions() if len(code) == 5 and code[3:].isdigit()]
    grids = [code for code in regions() if code[3:].isalpha()]
    assert (len(provinces), len(grids)) == (31, 7)
    assert label("CN-4403") == "CN-4403 深圳 Shenzhen"
    assert label("CN-4499") == "CN-4499"
