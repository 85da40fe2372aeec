"""Messages of banks: refused, sent back, booked; of any version; what is none of them is told."""

from __future__ import annotations

from decimal import Decimal

import pytest

from oracle.ledger.settle.bank_messages import Answer, booked, returned
from oracle.model.errors import InputError


def message(kind: str, version: str, body: str) -> bytes:
    return f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}"><{kind}>{body}</{kind}></Document>'.encode()


def status(body: str, version: str = "pain.002.001.10") -> bytes:
    return message("CstmrPmtStsRpt", version, body)


def entry(body: str, direction: str = "DBIT", state: str = "<Cd>BOOK</Cd>") -> str:
    return (
        f'<Ntry><Amt Ccy="EUR">40.00</Amt><CdtDbtInd>{direction}</CdtDbtInd><Sts>{state}</Sts>'
        f"<BookgDt><Dt>2023-02-06</Dt></BookgDt>{body}</Ntry>"
    )


def details(identifier: str, more: str = "") -> str:
    return f"<TxDtls><Refs><EndToEndId>{identifier}</EndToEndId></Refs>{more}</TxDtls>"


@pytest.mark.parametrize("version", ["pain.002.001.03", "pain.002.001.10"])
def test_returned__a_status_report__has_refused_transfers_with_reasons(version: str) -> None:
    transactions = "".join(
        f"<TxInfAndSts><OrgnlEndToEndId>{name}</OrgnlEndToEndId><TxSts>{state}</TxSts>{reason}</TxInfAndSts>"
        for name, state, reason in (
            ("CB1", "RJCT", "<StsRsnInf><Rsn><Cd>AC04</Cd></Rsn><AddtlInf>Account closed</AddtlInf></StsRsnInf>"),
            ("CB2", "ACSC", ""),
            ("CB3", "RJCT", ""),
        )
    )
    assert returned(status(f"<OrgnlPmtInfAndSts>{transactions}</OrgnlPmtInfAndSts>", version), "s.xml") == [
        Answer("CB1", False, "AC04 Account closed"),
        Answer("CB3", False, "no reason given"),
    ]


@pytest.mark.parametrize("part", ["group", "payment"])
def test_returned__a_refused_file__is_told_as_a_whole(part: str) -> None:
    reason = "<StsRsnInf><Rsn><Prtry>limit</Prtry></Rsn></StsRsnInf>"
    group = f"<GrpSts>RJCT</GrpSts>{reason}" if part == "group" else "<GrpSts>PART</GrpSts>"
    body = f"<OrgnlGrpInfAndSts><OrgnlMsgId>CBfile</OrgnlMsgId>{group}</OrgnlGrpInfAndSts>"
    if part == "payment":
        body += f"<OrgnlPmtInfAndSts><PmtInfSts>RJCT</PmtInfSts>{reason}</OrgnlPmtInfAndSts>"
    assert returned(status(body), "s.xml") == [Answer("CBfile", True, "limit")]


def test_returned__a_notification__has_what_was_sent_back_only() -> None:
    back = '<AmtDtls><TxAmt><Amt Ccy="EUR">12.30</Amt></TxAmt></AmtDtls><RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>'
    body = entry(f"<NtryDtls>{details('CB1', back)}{details('other')}</NtryDtls>", "CRDT")
    assert returned(message("BkToCstmrDbtCdtNtfctn", "camt.054.001.08", f"<Ntfctn>{body}</Ntfctn>"), "n.xml") == [
        Answer("CB1", False, "AC01", Decimal("12.30"), "2023-02-06")
    ]


def test_booked__a_statement__has_booked_debits_singly_and_as_batches() -> None:
    single = entry(f"<NtryDtls>{details('CB1')}</NtryDtls>", state="BOOK")
    batch = entry("<NtryDtls><Btch><PmtInfId>CBfile</PmtInfId></Btch></NtryDtls>")
    pending = entry(f"<NtryDtls>{details('CB2')}</NtryDtls>", state="<Cd>PDNG</Cd>")
    credit = entry(f"<NtryDtls>{details('CB3')}</NtryDtls>", "CRDT")
    body = f"<Stmt>{single}{batch}{pending}{credit}</Stmt>"
    assert booked(message("BkToCstmrStmt", "camt.053.001.02", body), "b.xml") == [
        Answer("CB1", False, "", Decimal("40.00"), "2023-02-06"),
        Answer("CBfile", True, "", Decimal("40.00"), "2023-02-06"),
    ]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"<Document", "is not well-formed XML"),
        (b"<!DOCTYPE d [<!ENTITY x 'y'>]><Document>&x;</Document>", "is not well-formed XML"),
        (b"<html><body/></html>", "is a html, not a message of ISO 20022"),
        (message("CstmrCdtTrfInitn", "pain.001.001.09", ""), "is a CstmrCdtTrfInitn, not a"),
    ],
    ids=["cut", "entities", "html", "payment"],
)
def test_messages__anything_else__is_told_by_what_it_is(content: bytes, problem: str) -> None:
    for read in (returned, booked):
        with pytest.raises(InputError, match=f"x.xml: {problem}"):
            read(content, "x.xml")


def test_booked__an_amount_that_is_no_number__is_told() -> None:
    body = f"<Stmt>{entry('<NtryDtls><Btch><PmtInfId>m</PmtInfId></Btch></NtryDtls>')}</Stmt>".replace("40.00", "4O")
    with pytest.raises(InputError, match="'4O' is not an amount"):
        booked(message("BkToCstmrStmt", "camt.053.001.08", body), "b.xml")
