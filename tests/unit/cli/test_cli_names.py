"""Names beside addresses in what people read; JSON keeps the addresses alone."""

from __future__ import annotations

import json

import pytest

from oracle.cli.console import show

SHOP = "0xBcd4042DE499D14e55001CcbB24a551F3b954096"
NAMES = {SHOP: "Tea House 茶馆"}


def test_show__address_with_a_name__has_both(capsys: pytest.CaptureFixture[str]) -> None:
    show({"merchant": SHOP, "due": {SHOP: 5}, "all": [SHOP], "rows": [{"paid_to": SHOP}]}, False, names=NAMES)
    lines = capsys.readouterr().out.splitlines()
    assert sum(f"Tea House 茶馆 {SHOP}" in line for line in lines) == 3
    assert any("Tea House 茶馆 0xBcd404…4096" in line for line in lines)


def test_show__as_json__has_the_address_alone(capsys: pytest.CaptureFixture[str]) -> None:
    show({"merchant": SHOP}, True, names=NAMES)
    assert json.loads(capsys.readouterr().out) == {"merchant": SHOP}


@pytest.mark.parametrize("name", ["[bold]Tea", "[/]", "[link=http://x]y"])
def test_show__name_with_markup__is_printed_as_it_is(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    show({"merchant": SHOP, "rows": [{"merchant": SHOP}]}, False, names={SHOP: name})
    assert capsys.readouterr().out.count(name) == 2
