"""A certificate as one page that prints: PDF, the same bytes whenever it is made of the same facts."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import segno
from fpdf import FPDF
from fpdf.enums import WrapMode
from fpdf.fonts import TTFFont

from oracle.ledger.retire.certificate import Certificate
from oracle.model.units import tonnes

FONT = Path(__file__).parent / "fonts" / "NotoSansSC-GB2312.ttf"
_FAMILY = "Noto Sans SC"
_MARGIN = 20  # millimetres, as all lengths here
_LABEL_WIDTH = 52
_QR_SIDE = 42
_BAR_HEIGHT = 4
_GREEN, _GREY, _BLACK = (27, 112, 66), (110, 110, 110), (0, 0, 0)
_PURPOSES = {
    "voluntary": "自愿注销 voluntary",
    "event": "活动 event",
    "product": "产品 product",
    "compliance": "履约 compliance",
    "public-good": "公益 public good",
}


class Paper:
    """A4, with the font that all printed pages have, and no time but the one that is told.

    Args:
        title: Of the document.
        at: Its date, UTC seconds.

    Attributes:
        pdf: For what is drawn.
    """

    def __init__(self, title: str, at: int):
        self.pdf = FPDF(format="A4")
        self.pdf.set_margin(_MARGIN)
        self.pdf.set_title(title)
        self.pdf.set_lang("zh-CN")
        self.pdf.set_creator("Carbonbook")
        self.pdf.set_creation_date(datetime.fromtimestamp(at, tz=UTC))
        self.pdf.add_font(_FAMILY, fname=FONT)
        self.pdf.add_page()

    def write_line(self, text: str, size: float, colour: tuple[int, int, int] = _BLACK, align: str = "L") -> None:
        """A paragraph over the whole width; what does not fit in a line goes on in the next."""
        self.pdf.set_font(_FAMILY, size=size)
        self.pdf.set_text_color(*colour)
        self._write(0, size * 0.5, text, align)

    def write_row(self, label: str, text: str, size: float = 10.5) -> None:
        """A label and what it says beside it."""
        self.pdf.set_font(_FAMILY, size=size)
        self.pdf.set_text_color(*_GREY)
        self.pdf.cell(_LABEL_WIDTH, size * 0.55, label)
        self.pdf.set_text_color(*_BLACK)
        self._write(self.pdf.epw - _LABEL_WIDTH, size * 0.55, text, "L")
        self.pdf.ln(1.2)

    def shown(self, text: str) -> str:
        """A text with the codes of what the font cannot show in their place."""
        font = self.pdf.fonts[_FAMILY.lower()]
        known = font.cmap if isinstance(font, TTFFont) else {}
        return "".join(letter if ord(letter) in known else f"\\u{{{ord(letter):x}}}" for letter in text)

    def _write(self, width: float, height: float, text: str, align: str) -> None:
        shown = self.shown(text)
        self.pdf.multi_cell(width, height, shown, align=align, new_x="LMARGIN", new_y="NEXT", wrapmode=WrapMode.CHAR)


def page_of(certificate: Certificate, code: str) -> bytes:
    """The page of a certificate.

    Args:
        code: What the QR code on it says.
    """
    paper = Paper(f"Carbon retirement certificate {certificate.name}", certificate.at)
    paper.write_line("碳减排量注销凭证", 24, _GREEN, align="C")
    paper.write_line("Carbon retirement certificate", 14, _GREY, align="C")
    paper.pdf.ln(6)
    paper.write_line(f"{tonnes(certificate.mg)} t CO2e", 30, align="C")
    paper.pdf.ln(2)
    paper.write_line(certificate.beneficiary, 16, align="C")
    paper.pdf.ln(4)
    _draw_backing(paper, certificate)
    for label, text in _rows(certificate):
        paper.write_row(label, text)
    _draw_code(paper, code)
    return bytes(paper.pdf.output())


def _rows(certificate: Certificate) -> Iterator[tuple[str, str]]:
    yield "证书编号 Certificate", certificate.name
    yield "用途 Purpose", _PURPOSES[certificate.purpose]
    yield "期间 Period", certificate.period
    yield "国家 Country", certificate.country
    yield "序列号 Serial", certificate.serial
    yield "方法学 Methodology", f"{certificate.methodology} v{certificate.version}, vintage {certificate.vintage}"
    yield "运营方 Operator", certificate.operator
    yield "持有人 Holder", certificate.holder
    yield "注销时间 Retired at", certificate.made_at
    yield "交易 Transaction", certificate.transaction
    yield "支撑 Backing", certificate.backing
    if certificate.note:
        yield "备注 Note", certificate.note


def _draw_backing(paper: Paper, certificate: Certificate) -> None:
    """A bar whose length is the part of the certificate that reductions stand behind."""
    x, y = paper.pdf.l_margin, paper.pdf.get_y()
    paper.pdf.set_draw_color(*_GREY)
    paper.pdf.rect(x, y, paper.pdf.epw, _BAR_HEIGHT)
    paper.pdf.set_fill_color(*_GREEN)
    paper.pdf.rect(x, y, paper.pdf.epw * certificate.backed_mg / certificate.mg, _BAR_HEIGHT, style="F")
    paper.pdf.set_y(y + _BAR_HEIGHT + 5)


def _draw_code(paper: Paper, code: str) -> None:
    x, y = paper.pdf.l_margin, paper.pdf.get_y() + 3
    rows = list(segno.make(code, error="m", micro=False).matrix_iter(border=0))
    side = _QR_SIDE / len(rows)
    paper.pdf.set_fill_color(*_BLACK)
    for down, row in enumerate(rows):
        for across, dark in enumerate(row):
            if dark:
                paper.pdf.rect(x + across * side, y + down * side, side, side, style="F")
    paper.pdf.set_xy(x + _QR_SIDE + 6, y)
    paper.pdf.set_left_margin(x + _QR_SIDE + 6)
    paper.write_line("注销后不可撤销、不可转让。", 10.5)
    paper.write_line("Final; cannot be transferred. Anyone can check it against any node of its chain:", 9, _GREY)
    paper.write_line(f"carbonbook certificate verify {code}", 7.5, _GREY)
