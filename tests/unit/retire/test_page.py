"""The printed page: one page, the same bytes each time, a code that another library reads, whatever the name."""

from __future__ import annotations

import pypdfium2
import pytest
import zxingcpp

from oracle.ledger.retire.code import Code, read_code
from oracle.ledger.retire.page import page_of
from oracle.model.errors import InputError
from tests.unit.retire.facts import CERTIFICATE, HOSTILE, REGISTRY, certificate

CODE = Code(bytes.fromhex("abababab"), REGISTRY, CERTIFICATE.number, bytes(range(8)))
WORST = {"beneficiary": "纸" * 40, "note": "备注" * 46, "backed_mg": 450_000_000}


@pytest.mark.parametrize(
    "changed", [{}, {"beneficiary": HOSTILE}, WORST, {"beneficiary": "W" * 120, "note": "W" * 280}]
)
def test_page__is_one_and_its_code_reads(changed: dict[str, object]) -> None:
    document = pypdfium2.PdfDocument(page_of(certificate(**changed), CODE.text))
    assert len(document) == 1
    (found,) = zxingcpp.read_barcodes(document[0].render(scale=3).to_pil())
    assert (found.text, read_code(found.text)) == (CODE.text, CODE)


def test_page__says_names_as_given_and_codes_of_what_the_font_lacks() -> None:
    made = page_of(certificate(beneficiary=f"{HOSTILE} 深圳 \U00020bb7\u0623"), CODE.text)
    text = pypdfium2.PdfDocument(made)[0].get_textpage().get_text_range()
    assert f"{HOSTILE} 深圳 \\u{{20bb7}}\\u{{623}}" in text
    assert all(said in text for said in (CERTIFICATE.serial, "0.500000001 t", "2022-01-01/2022-12-31"))


def test_page__is_the_same_bytes_each_time() -> None:
    assert page_of(CERTIFICATE, CODE.text) == page_of(CERTIFICATE, CODE.text)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (CODE.text[:-8], "cut off"),
        (CODE.text[:-1] + "!", "not Base32"),
        ("CBR1:", "cut off"),
        ("CBR1:" + "A" * 300, "cut off"),
    ],
)
def test_code__damaged__says_so(text: str, problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        read_code(text)


def test_code__is_read_in_small_letters_too() -> None:
    assert read_code(f" {CODE.text.lower()}\n") == CODE
