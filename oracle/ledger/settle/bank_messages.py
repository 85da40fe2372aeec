"""What a bank answers: transfers it refused (pain.002), sent back (camt.054) or booked (camt.053), in any version of the messages.

Tags are those of ISO 20022; names are compared without their namespace, because each version has its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from oracle.model.errors import InputError

_REFUSED = "RJCT"
_BOOKED = "BOOK"


@dataclass(frozen=True)
class Answer:
    """What a bank says of one transfer, or of a whole file of ours.

    Attributes:
        identifier: End-to-end id of the transfer, or message id of the file.
        whole: Whether it is a file.
        reason: Why it was refused or sent back.
        amount: As the bank has it, or None where it says none.
        date: ISO date of the booking, or None.
    """

    identifier: str
    whole: bool
    reason: str = ""
    amount: Decimal | None = None
    date: str | None = None


def returned(content: bytes, file: str) -> list[Answer]:
    """Transfers that a pain.002 refuses or a camt.054 gives back.

    Raises:
        InputError: The file is neither.
    """
    message = _message(content, file)
    if _name(message) == "CstmrPmtStsRpt":
        return list(_refused(message))
    if _name(message) == "BkToCstmrDbtCdtNtfctn":
        return [each for entry in _all(message, "Ntry") for each in _sent_back(entry, file)]
    raise InputError(f"is a {_name(message)}, not a pain.002 or a camt.054", file=file)


def booked(content: bytes, file: str) -> list[Answer]:
    """Debits that a camt.053 has booked.

    Raises:
        InputError: The file is not one.
    """
    message = _message(content, file)
    if _name(message) != "BkToCstmrStmt":
        raise InputError(f"is a {_name(message)}, not a camt.053", file=file)
    return [each for entry in _all(message, "Ntry") for each in _debits(entry, file)]


def _refused(message: Element) -> Iterator[Answer]:
    refused = [each for each in _all(message, "TxInfAndSts") if _text(each, "TxSts") == _REFUSED]
    for transaction in refused:
        yield Answer(_text(transaction, "OrgnlEndToEndId"), False, _reason(transaction, "StsRsnInf"))
    group = next(_all(message, "OrgnlGrpInfAndSts"), None)
    if group is not None and not refused:
        payments = [each for each in _all(message, "OrgnlPmtInfAndSts") if _text(each, "PmtInfSts") == _REFUSED]
        for part in [group] if _text(group, "GrpSts") == _REFUSED else payments:
            yield Answer(_text(group, "OrgnlMsgId"), True, _reason(part, "StsRsnInf"))


def _sent_back(entry: Element, file: str) -> Iterator[Answer]:
    for details in _all(entry, "TxDtls"):
        if next(_all(details, "RtrInf"), None) is not None:
            identifier = _text(details, "EndToEndId")
            yield Answer(identifier, False, _reason(details, "RtrInf"), _amount(details, file), _date(entry))


def _debits(entry: Element, file: str) -> Iterator[Answer]:
    status = next((child for child in entry if _name(child) == "Sts"), None)
    code = "" if status is None else (status.text or _text(status, "Cd")).strip()
    direction = next((child.text for child in entry if _name(child) == "CdtDbtInd"), "")
    if direction != "DBIT" or code != _BOOKED:
        return
    details = list(_all(entry, "TxDtls"))
    for each in details:
        amount = _amount(each, file) if len(details) > 1 or _amount(each, file) is not None else _amount(entry, file)
        yield Answer(_text(each, "EndToEndId"), False, "", amount, _date(entry))
    if not details:
        batch = _text(entry, "PmtInfId") or _text(entry, "MsgId")
        yield Answer(batch, True, "", _amount(entry, file), _date(entry))


def _message(content: bytes, file: str) -> Element:
    try:
        document = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError) as error:
        raise InputError(f"is not well-formed XML: {error}", file=file) from error
    first = next(iter(document), None)
    if _name(document) != "Document" or first is None:
        raise InputError(f"is a {_name(document)}, not a message of ISO 20022", file=file)
    return first


def _reason(node: Element, tag: str) -> str:
    part = next(_all(node, tag), None)
    if part is None:
        return "no reason given"
    words = [_text(part, "Cd") or _text(part, "Prtry"), *(each.text or "" for each in _all(part, "AddtlInf"))]
    return " ".join(word.strip() for word in words if word.strip()) or "no reason given"


def _amount(node: Element, file: str) -> Decimal | None:
    text = next((child.text for child in node if _name(child) == "Amt" and child.text and child.text.strip()), None)
    if text is None:
        text = next((each.text for each in _all(node, "TxAmt") for each in each if _name(each) == "Amt"), None)
    try:
        return None if text is None else Decimal(text.strip())
    except InvalidOperation as error:
        raise InputError(f"'{text}' is not an amount", file=file, field="Amt") from error


def _date(entry: Element) -> str | None:
    booked_on = next(_all(entry, "BookgDt"), None)
    text = "" if booked_on is None else _text(booked_on, "Dt") or _text(booked_on, "DtTm")
    return text[:10] or None


def _text(node: Element, tag: str) -> str:
    return next((each.text.strip() for each in _all(node, tag) if each.text), "")


def _all(node: Element, tag: str) -> Iterator[Element]:
    return (each for each in node.iter() if _name(each) == tag)


def _name(node: Element) -> str:
    return str(node.tag).rpartition("}")[2]
