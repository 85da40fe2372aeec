"""A run's payments as ISO 20022 pain.001.001.09, for the bank of whoever holds the money behind the settlement token.

The same run gives the same bytes: its identifiers follow from the digest that two persons signed, its time is that of the approval. The
file is checked against the message's schema before it is handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.resources import files
from zoneinfo import ZoneInfo

from eth_utils.crypto import keccak
from pyiso20022.pain.pain_001_001_09 import (
    AccountIdentification4Choice,
    ActiveOrHistoricCurrencyAndAmount,
    AmountType4Choice,
    BranchAndFinancialInstitutionIdentification6,
    CashAccount38,
    ClearingSystemIdentification2Choice,
    ClearingSystemMemberIdentification2,
    CreditTransferTransaction34,
    CustomerCreditTransferInitiationV09,
    DateAndDateTime2Choice,
    Document,
    FinancialInstitutionIdentification18,
    GenericAccountIdentification1,
    GroupHeader85,
    PartyIdentification135,
    PaymentIdentification6,
    PaymentInstruction30,
    PaymentMethod3Code,
    RemittanceInformation16,
)
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.formats.dataclass.serializers.config import SerializerConfig
from xsdata.models.datatype import XmlDate, XmlDateTime

from oracle.model.bank import Party
from oracle.model.errors import VerificationFailed
from oracle.model.units import DEFAULT_ZONE

MESSAGE = "pain.001.001.09"
NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{MESSAGE}"
_ID_LENGTH = 35  # Max35Text


@dataclass(frozen=True)
class Transfer:
    """One payment of the file.

    Attributes:
        merchant: Its account on chain; the payment's identifier follows from it.
        to: Who is paid.
        minor: Whole minor units of the currency.
        remark: What the merchant reads on its bank statement.
    """

    merchant: str
    to: Party
    minor: int
    remark: str


@dataclass(frozen=True)
class Order:
    """What the bank is asked to do.

    Attributes:
        digest: 32 bytes that two persons signed: what identifiers follow from.
        time: UTC seconds of the approval.
        debtor: Whose account pays.
        currency: ISO 4217.
        decimals: Of the currency.
        transfers: The payments.
    """

    digest: bytes
    time: int
    debtor: Party
    currency: str
    decimals: int
    transfers: Sequence[Transfer]


def payment_file(order: Order) -> bytes:
    """The file.

    Raises:
        VerificationFailed: It would not be as the message's schema says.
    """
    serializer = XmlSerializer(config=SerializerConfig(indent="  "))
    text = serializer.render(_document(order), ns_map={None: NAMESPACE})
    check_schema(text)
    return text.encode()


def check_schema(text: str) -> None:
    """That a file is as the schema of pain.001.001.09 says.

    Raises:
        VerificationFailed: It is not, and where.
    """
    from xmlschema import XMLSchema, XMLSchemaValidationError  # takes a while to import

    schema = XMLSchema(files("sepaxml").joinpath("schemas", f"{MESSAGE}.xsd").read_text(encoding="utf-8"))
    try:
        schema.validate(text)
    except XMLSchemaValidationError as error:
        raise VerificationFailed(f"The payment file is not a valid {MESSAGE}: {error.path}: {error.reason}") from error


def message_id(digest: bytes) -> str:
    """The file's identifier: the same run, the same identifier, so that a bank takes it once."""
    return f"CB{digest.hex()}"[:_ID_LENGTH]


def transfer_id(digest: bytes, merchant: str) -> str:
    """A payment's identifier from end to end."""
    return message_id(keccak(digest + bytes.fromhex(merchant[2:])))


def _document(order: Order) -> Document:
    total = _money(sum(transfer.minor for transfer in order.transfers), order.decimals)
    count, identifier = str(len(order.transfers)), message_id(order.digest)
    approved = datetime.fromtimestamp(order.time, tz=UTC)
    day = approved.astimezone(ZoneInfo(DEFAULT_ZONE)).date()
    header = GroupHeader85(
        msg_id=identifier,
        cre_dt_tm=XmlDateTime.from_datetime(approved),
        nb_of_txs=count,
        ctrl_sum=total,
        initg_pty=PartyIdentification135(nm=order.debtor.name),
    )
    instruction = PaymentInstruction30(
        pmt_inf_id=identifier,
        pmt_mtd=PaymentMethod3Code.TRF,
        nb_of_txs=count,
        ctrl_sum=total,
        reqd_exctn_dt=DateAndDateTime2Choice(dt=XmlDate.from_date(day)),
        dbtr=PartyIdentification135(nm=order.debtor.name),
        dbtr_acct=_account(order.debtor),
        dbtr_agt=_bank(order.debtor),
        cdt_trf_tx_inf=[_transfer(order, transfer) for transfer in order.transfers],
    )
    return Document(cstmr_cdt_trf_initn=CustomerCreditTransferInitiationV09(grp_hdr=header, pmt_inf=[instruction]))


def _transfer(order: Order, transfer: Transfer) -> CreditTransferTransaction34:
    identifier = transfer_id(order.digest, transfer.merchant)
    amount = ActiveOrHistoricCurrencyAndAmount(value=_money(transfer.minor, order.decimals), ccy=order.currency)
    return CreditTransferTransaction34(
        pmt_id=PaymentIdentification6(instr_id=identifier, end_to_end_id=identifier),
        amt=AmountType4Choice(instd_amt=amount),
        cdtr_agt=_bank(transfer.to),
        cdtr=PartyIdentification135(nm=transfer.to.name),
        cdtr_acct=_account(transfer.to),
        rmt_inf=RemittanceInformation16(ustrd=[transfer.remark]),
    )


def _account(party: Party) -> CashAccount38:
    if party.has_iban:
        return CashAccount38(id=AccountIdentification4Choice(iban=party.account))
    return CashAccount38(id=AccountIdentification4Choice(othr=GenericAccountIdentification1(id=party.account)))


def _bank(party: Party) -> BranchAndFinancialInstitutionIdentification6:
    if party.has_bic:
        return BranchAndFinancialInstitutionIdentification6(
            fin_instn_id=FinancialInstitutionIdentification18(bicfi=party.code)
        )
    system = ClearingSystemIdentification2Choice(cd="CNAPS")
    member = ClearingSystemMemberIdentification2(clr_sys_id=system, mmb_id=party.code)
    return BranchAndFinancialInstitutionIdentification6(
        fin_instn_id=FinancialInstitutionIdentification18(clr_sys_mmb_id=member)
    )


def _money(minor: int, decimals: int) -> Decimal:
    return Decimal(minor).scaleb(-decimals)
