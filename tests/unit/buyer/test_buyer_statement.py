"""The statement of a buyer's year: what it says and does not, and that a name is text on the page whatever stands in it."""

from __future__ import annotations

import pypdfium2
import pytest

from oracle.ledger.buyer.rules import figures_of
from oracle.ledger.buyer.tables import Emission, Saving
from oracle.model.units import MG_PER_TONNE
from oracle.report.neutrality import Retired, Statement
from oracle.report.read.ledger import Block
from oracle.report.write.neutrality_page import page, pdf

TONNE = MG_PER_TONNE
HOSTILE = 'Example <script>alert(1)</script> & "数据中心"'
PLAN = ("plan.pdf", "ab" * 32)


def stated(*retired: Retired, plan: tuple[str, str] | None = PLAN) -> Statement:
    """Of a year in which ten tonnes were emitted."""
    fuel = Emission(2023, "shop", 1, "fuel", "diesel", None, "", None, "s", None, 10 * TONNE, "", "")
    saved = Saving("new lamps", 1, TONNE, 2022, "in_inventory", "bills")
    figures = figures_of(2023, [fuel], [], [saved])
    return Statement(
        HOSTILE, "0x" + "1" * 40, "shop", figures, retired, 0, plan, Block(9, "0x" + "ab" * 32, 1_700_000_000)
    )


def certificate(mg: int, counted_mg: int | None = None, why_not: str = "") -> Retired:
    counted = mg if counted_mg is None else counted_mg
    return Retired(
        1, f"SZ01-CN4403-CI02-v1-0001-2023-1-1-{mg}", "CI02", "2023-01-01 to 2023-12-31", mg, counted, why_not
    )


def test_statement__all_retired_and_a_plan__may_be_called_neutral() -> None:
    statement = stated(certificate(10 * TONNE))
    assert statement.may_be_said()[0].endswith("was carbon neutral in 2023 within the boundary stated here")
    assert [each for each in statement.may_not_be_said() if "carbon neutral" in each] == []


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        (stated(certificate(10 * TONNE), plan=None), "no plan of reductions is attached"),
        (stated(certificate(10 * TONNE - 1)), "0.000000001 t remain"),
        (stated(certificate(10 * TONNE, 9 * TONNE, "reductions do not stand behind all of it")), "1 t remain"),
        (stated(), "10 t remain"),
    ],
)
def test_statement__short_of_it__says_why_it_is_not_neutral(statement: Statement, why: str) -> None:
    assert f"'carbon neutral': {why}" in list(statement.may_not_be_said())
    assert [each for each in statement.may_be_said() if "carbon neutral" in each] == []


def test_statement__savings_and_impaired_certificates__may_not_be_said() -> None:
    told = list(stated(certificate(2 * TONNE, TONNE, "reductions do not stand behind all of it")).may_not_be_said())
    assert [each for each in told if "'new lamps' reduces the figures once more" in each]
    assert [each for each in told if each.startswith("that 1 t of certificate SZ01") and "do not stand behind" in each]


def test_page__a_hostile_name__is_text() -> None:
    html = page(stated(certificate(TONNE)))
    assert "<script>" not in html
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;数据中心&quot;" in html


def test_pdf__has_the_pages_words__and_the_same_bytes_each_time() -> None:
    statement = stated(certificate(TONNE))
    assert pdf(statement) == pdf(statement)
    text = "".join(sheet.get_textpage().get_text_bounded() for sheet in pypdfium2.PdfDocument(pdf(statement)))
    assert "数据中心" in text
    assert "1 t CO2e" in text
    assert "may not be said" in text.lower()
