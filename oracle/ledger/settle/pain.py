"""A run's payments as ISO 20022 pain.001.001.09, for the bank of whoever holds the money behind the settlement token.

The same run gives the same bytes: its identifiers follow from the digest that two persons signed, its time is that of the approval. The
file is checked against the message's schema before it is handed out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
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
    ChargeBearerType1Code,
    ClearingSystemIdentification2Choice,
    ClearingSystemMemberIdentification2,
    CreditTransferTransaction34,
    CustomerCreditTransferInitiationV09,
    DateAndDateTime2Choice,
    Document,
    FinancialInstitutionIdentification18,
    GenericAccountIdentification1,
    GenericFinancialIdentification1,
    GroupHeader85,
    PartyIdentification135,
    PaymentIdentification6,
    PaymentInstruction30,
    PaymentMethod3Code,
    PaymentTypeInformation26,
    RemittanceInformation16,
    ServiceLevel8Choice,
)
from xsdata.formats.dataclass.serializers import XmlSerializer
from xsdata.formats.dataclass.serializers.config import SerializerConfig
from xsdata.models.datatype import XmlDate, XmlDateTime

from oracle.ledger.settle import sepa
from oracle.model.bank import Party
from oracle.model.errors import VerificationFailed
from oracle.model.units import DEFAULT_ZONE

MESSAGE = "pain.001.001.09"
NAMESPACE = f"urn:iso:std:iso:20022:tech:xsd:{MESSAGE}"
_ID_LENGTH = 35  # Max35Text
_SEPA_NAME_LENGTH = 70  # EPC115-06, AT-P001 and AT-E001


@dataclass(frozen=True)
class Transfer:
    """One payment of the file.

    Attributes:
        merchant: Its account on chain; the payment's identifier follows from it.
        to: Who is paid.
        minor: Whole minor units of the currency.
        run: The settlement run that it belongs to.
        transaction: The payout on chain.
    """

    merchant: str
    to: Party
    minor: int
    run: str
    transaction: str | None

    @property
    def remark(self) -> str:
        """What the merchant reads on its bank statement."""
        return f"Carbonbook {self.run} {self.transaction}"


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
    """The file, as any bank takes it.

    Raises:
        VerificationFailed: It would not be as the message's schema says.
    """
    return _checked(_document(order, _approval_day(order)))


def sepa_file(order: Order) -> bytes:
    """The file as SEPA credit transfers: service level SEPA, shared charges, Latin characters, next day on which TARGET settles.

    Raises:
        ConfigError: The debtor or a merchant cannot pay or be paid by SEPA.
        VerificationFailed: It would not be as the message's schema says.
    """
    sepa.require_party(order.debtor, "whoever pays ([settlement.bank] in config.toml)")
    for transfer in order.transfers:
        sepa.require_party(transfer.to, f"merchant {transfer.merchant}")
    document = _document(_in_latin(order), sepa.execution_day(_approval_day(order)))
    [instruction] = document.cstmr_cdt_trf_initn.pmt_inf
    instruction.pmt_tp_inf = PaymentTypeInformation26(svc_lvl=[ServiceLevel8Choice(cd="SEPA")])
    instruction.chrg_br = ChargeBearerType1Code.SLEV
    for payment in instruction.cdt_trf_tx_inf:
        payment.rmt_inf = RemittanceInformation16(ustrd=[sepa.latin(line) for line in payment.rmt_inf.ustrd])
    return _checked(document)


def _in_latin(order: Order) -> Order:
    def party(given: Party) -> Party:
        return replace(given, name=sepa.latin(given.name)[:_SEPA_NAME_LENGTH])

    transfers = [replace(transfer, to=party(transfer.to)) for transfer in order.transfers]
    return replace(order, debtor=party(order.debtor), transfers=transfers)


def _checked(document: Document) -> bytes:
    serializer = XmlSerializer(config=SerializerConfig(indent="  "))
    text = serializer.render(document, ns_map={None: NAMESPACE})
    check_schema(text)
    return text.encode()


def check_schema(text: str) -> None:
    """Checks a file against the schema of pain.001.001.09.

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


def _approval_day(order: Order) -> date:
    return datetime.fromtimestamp(order.time, tz=ZoneInfo(DEFAULT_ZONE)).date()


def _document(order: Order, day: date) -> Document:
    total = _money(sum(transfer.minor for transfer in order.transfers), order.decimals)
    count, identifier = str(len(order.transfers)), message_id(order.digest)
    approved = datetime.fromtimestamp(order.time, tz=UTC)
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
        cdtr_agt=_bank(transfer.to) if transfer.to.code else None,
        cdtr=PartyIdentification135(nm=transfer.to.name),
        cdtr_acct=_account(transfer.to),
        rmt_inf=RemittanceInformation16(ustrd=[transfer.remark]),
    )


def _account(party: Party) -> CashAccount38:
    if party.has_iban:
        return CashAccount38(id=AccountIdentification4Choice(iban=party.account))
    return CashAccount38(id=AccountIdentification4Choice(othr=GenericAccountIdentification1(id=party.account)))


def _bank(party: Party) -> BranchAndFinancialInstitutionIdentification6:
    if not party.code:
        other = GenericFinancialIdentification1(id="NOTPROVIDED")
        return BranchAndFinancialInstitutionIdentification6(
            fin_instn_id=FinancialInstitutionIdentification18(othr=other)
        )
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
