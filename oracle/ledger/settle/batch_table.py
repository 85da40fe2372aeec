"""A run's payments as the table that Chinese online banking imports for batch payments (批量付款): CSV in GBK, or XLSX.

The columns are those that the banks' templates have in common. The same run gives the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

from oracle.ledger.settle.pain import Order
from oracle.model.errors import ConfigError

COLUMNS = ("收款账号", "收款户名", "开户行", "联行号", "金额", "用途")
CURRENCY = "CNY"
_PURPOSE = "碳积分结算 {run}"


def batch_csv(order: Order) -> bytes:
    """The table as CSV in GBK, which online banking reads.

    Raises:
        ConfigError: A name has a character that GBK does not have, or a bank is not named by its CNAPS code.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([COLUMNS, *_rows(order)])
    return text.getvalue().encode("gbk")


def batch_xlsx(order: Order) -> bytes:
    """The table as a workbook with one sheet; every cell is text, so that no digit of an account is lost.

    Raises:
        ConfigError: As for the CSV.
    """
    from xlsxwriter import Workbook  # takes a while to import

    content = io.BytesIO()
    book = Workbook(content, {"in_memory": True})
    book.set_properties({"created": datetime.fromtimestamp(order.time, tz=UTC).replace(tzinfo=None)})
    sheet = book.add_worksheet("批量付款")
    text = book.add_format({"num_format": "@"})
    for number, row in enumerate([COLUMNS, *_rows(order)]):
        for column, value in enumerate(row):
            sheet.write_string(number, column, value, text)
    sheet.set_column(0, len(COLUMNS) - 1, 24)
    book.close()
    return content.getvalue()


def _rows(order: Order) -> Iterator[tuple[str, ...]]:
    for transfer in order.transfers:
        to = transfer.to
        if to.has_bic or not to.code:
            raise ConfigError(
                f"Merchant {transfer.merchant} has no CNAPS code (联行号). Set it: `carbonbook merchant set`."
            )
        amount = f"{Decimal(transfer.minor).scaleb(-order.decimals):.{order.decimals}f}"
        row = (to.account, to.name, to.bank, to.code, amount, _PURPOSE.format(run=transfer.run))
        try:
            "".join(row).encode("gbk")
        except UnicodeEncodeError as error:
            character = error.object[error.start]
            raise ConfigError(
                f"'{character}' in the entry of merchant {transfer.merchant} is not a character of GBK."
            ) from error
        yield row
