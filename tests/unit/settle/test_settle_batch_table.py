"""The table of Chinese online banking: GBK or a workbook, every digit kept, the same bytes for the same run."""

from __future__ import annotations

import csv
import hashlib
import io
import time
import zipfile
from dataclasses import replace
from xml.etree import ElementTree

import pytest

from oracle.ledger.settle.batch_table import batch_csv, batch_xlsx
from oracle.ledger.settle.pain import Order, Transfer
from oracle.model.bank import Party
from oracle.model.errors import ConfigError

MERCHANT = "0x" + "11" * 20
PAYER = Party("深圳碳普惠运营中心", "4000012345678901234", "102584000018")
TEA = Party("茶馆", "6222020200112233445", "102100099996", "工商银行北京分行")
ROW = ["6222020200112233445", "茶馆", "工商银行北京分行", "102100099996", "1234567.05", "碳积分结算 2023-01.1"]


def order_of(to: Party = TEA) -> Order:
    return Order(
        b"\1" * 32, 1_675_382_489, PAYER, "CNY", 2, [Transfer(MERCHANT, to, 123_456_705, "2023-01.1", "0x5d87")]
    )


def test_batch_csv__is_gbk_with_the_columns_of_the_banks() -> None:
    rows = list(csv.reader(io.StringIO(batch_csv(order_of()).decode("gbk"))))
    assert rows == [["收款账号", "收款户名", "开户行", "联行号", "金额", "用途"], ROW]


def test_batch_xlsx__every_cell_is_text_and_bytes_are_those_of_any_other_time() -> None:
    made = batch_xlsx(order_of())
    with zipfile.ZipFile(io.BytesIO(made)) as book:
        strings = [node.text for node in ElementTree.fromstring(book.read("xl/sharedStrings.xml")).iter() if node.text]
        sheet = ElementTree.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert strings[6:] == ROW
    assert {node.get("t") for node in sheet.iter() if node.tag.endswith("}c")} == {"s"}
    second = int(time.time())
    while int(time.time()) == second:  # the clock of a workbook has seconds
        pass
    assert hashlib.sha256(batch_xlsx(order_of())).digest() == hashlib.sha256(made).digest()


@pytest.mark.parametrize("write", [batch_csv, batch_xlsx], ids=["csv", "xlsx"])
@pytest.mark.parametrize(
    ("party", "problem"),
    [
        (replace(TEA, name="𬭎记"), f"'𬭎' in the entry of merchant {MERCHANT} is not a character of GBK"),
        (replace(TEA, code="ICBKCNBJ"), f"Merchant {MERCHANT} has no CNAPS code"),
        (Party("茶", "DE75512108001245126199", ""), f"Merchant {MERCHANT} has no CNAPS code"),
    ],
    ids=["character", "bic", "none"],
)
def test_batch_table__what_the_bank_cannot_read__is_refused_by_merchant(write, party: Party, problem: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ConfigError, match=problem):
        write(order_of(party))
