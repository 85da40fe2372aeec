"""Statement pages: both languages, exact amounts, and names that stay text."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from oracle.report.tables.clearing import DUE, FREE
from oracle.report.write.statement_page import Sheet, money, page

HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</title><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "&lt;script&gt;",
    "=HYPERLINK(1)",
    "商户\u202e<b>",
]


class Read(HTMLParser):
    """Tags, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def sheet(title: str) -> Sheet:
    lines = [("opening", 0, 0), ("taken", 1_500, 75_000), ("refunded", 0, 0), ("disputed", 0, 0), ("kept", 0, 0)]
    return Sheet(
        title=title,
        party="0x" + "11" * 20,
        period=("2023-01-01", "2023-01-31"),
        block=(77, "0x" + "ab" * 32),
        token=("tCNY", 6),
        balances=[
            (DUE, [*lines, ("paid", 500, 25_000), ("closing", 1_000, 50_000)]),
            (FREE, [("opening", None, 10**30 + 1)]),
        ],
        entries=[("2023-01-10T00:00:00Z", "taken", 1_500, 75_000, 75_000, "0x" + "cd" * 32)],
    )


@pytest.mark.parametrize("name", HOSTILE)
def test_page__hostile_name__is_text_and_brings_no_tag_or_attribute(name: str) -> None:
    plain, made = Read(), Read()
    plain.feed(page(sheet("Tea")))
    made.feed(page(sheet(name)))
    assert (made.tags, made.attributes) == (plain.tags, plain.attributes)
    assert "script" not in made.tags
    assert any(name in text for text in made.text)


def test_page__says_everything_in_both_languages_with_exact_amounts() -> None:
    read = Read()
    read.feed(page(sheet("茶")))
    text = " ".join(read.text)
    for expected in (
        "期初 Opening",
        "+ 订单 Orders",
        "− 已付款 Paid out",
        "期末 Closing",
        "1.500",
        "0.075000 tCNY",
        "0.050000 tCNY",
    ):
        assert expected in text
    assert "1,000,000,000,000,000,000,000,000.000001 tCNY" in text


def test_page__fetches_nothing() -> None:
    made = page(sheet("茶"))
    assert "default-src 'none'" in made
    assert not any(word in made for word in ("http:", "https:", "url(", "@import", "src="))


def test_money__no_decimals__is_a_whole_number() -> None:
    assert money(12_345, ("X", 0)) == "12,345 X"
