"""Whole minor units for the bank: what a run paid on chain, in a currency whose smallest coin is larger than the token's.

A token of six decimals pays a merchant 0.125 yuan; a bank pays 0.12. The rest is the merchant's, is carried, and comes with its next
payment: over all runs a merchant is told to be paid the sum of its payouts, rounded down once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from oracle.model.errors import InputError, SettlementRefused
from oracle.model.settlement_run import Item, ItemState, Run, RunState

_IBAN = re.compile(r"[A-Z]{2}\d\d[A-Z0-9]{11,30}")
_BIC = re.compile(r"[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?")
_CNAPS = re.compile(r"\d{12}")
_ACCOUNT = re.compile(r"[A-Za-z0-9](?:[ -]?[A-Za-z0-9])*")
_ACCOUNT_LENGTH = 34  # Max34Text of ISO 20022
_NAME_LENGTH = 140  # Max140Text of ISO 20022


class Profile(StrEnum):
    """What a bank imports: plain pain.001, pain.001 for SEPA, or the table of Chinese online banking."""

    PAIN = "pain"
    SEPA = "sepa"
    CN_CSV = "cn-csv"
    CN_XLSX = "cn-xlsx"


@dataclass(frozen=True)
class Party:
    """Who pays or is paid through a bank.

    Attributes:
        name: As the bank knows it.
        account: IBAN, or the bank's own account number.
        code: The bank: a BIC, or the twelve digits of CNAPS (联行号); empty where an IBAN says it.
        bank: Name of the bank and branch (开户行), or empty.
    """

    name: str
    account: str
    code: str
    bank: str = ""

    @property
    def has_iban(self) -> bool:
        """Whether the account is an IBAN, by its check digits."""
        return bool(_IBAN.fullmatch(self.account)) and _mod_97(self.account) == 1

    @property
    def has_bic(self) -> bool:
        """Whether the bank's code is a BIC; else it is a CNAPS code."""
        return bool(_BIC.fullmatch(self.code)) and not _CNAPS.fullmatch(self.code)

    def checked(self, file: str | None = None, row: int | None = None) -> Party:
        """The party in the form that banks take: an IBAN or a number without the blanks that people write.

        Raises:
            InputError: The name is empty or too long, or the account or the bank's code is not valid.
        """

        def wrong(field: str, problem: str) -> InputError:
            return InputError(problem, file=file, row=row, field=field)

        if not self.name.strip() or len(self.name) > _NAME_LENGTH or not self.name.isprintable():
            raise wrong("name", f"'{self.name[:40]}' is not a name of 1 to {_NAME_LENGTH} printable characters")
        if len(self.bank) > _NAME_LENGTH or not self.bank.isprintable():
            raise wrong(
                "bank_name", f"'{self.bank[:40]}' has more than {_NAME_LENGTH} characters, or control characters"
            )
        if not _ACCOUNT.fullmatch(self.account):
            raise wrong("bank_account", f"'{self.account}' is not a bank account")
        party = replace(self, account=_compact(self.account), code=self.code.replace(" ", "").upper())
        if len(party.account) > _ACCOUNT_LENGTH:
            raise wrong("bank_account", f"'{self.account}' has more than {_ACCOUNT_LENGTH} characters")
        if not (_BIC.fullmatch(party.code) or _CNAPS.fullmatch(party.code) or (not party.code and party.has_iban)):
            problem = f"'{self.code}' is neither a BIC nor a CNAPS number of twelve digits; only an IBAN needs none"
            raise wrong("bank_code", problem)
        return party


@dataclass(frozen=True)
class Payer:
    """Whose account pays, and how its bank wants to be told.

    Attributes:
        party: The holder.
        currency: ISO 4217.
        decimals: Of the currency.
        units_per_minor: Token base units of one minor unit of the currency.
        profile: What the bank imports.
    """

    party: Party
    currency: str
    decimals: int
    units_per_minor: int
    profile: Profile


@dataclass(frozen=True)
class BankPayment:
    """What the bank is told to pay a merchant for a run.

    Attributes:
        merchant: Its account.
        minor: Whole minor units of the currency; 0 if it is not even one.
        carried: Token base units that are owed and left for the next payment; less than one minor unit.
    """

    merchant: str
    minor: int
    carried: int


def bank_payments(run: Run, carried: Mapping[str, int], units_per_minor: int) -> list[BankPayment]:
    """What the bank pays for a run.

    Args:
        carried: What each merchant's last payment left, token base units.
        units_per_minor: Token base units of one minor unit.

    Raises:
        SettlementRefused: The run is not confirmed.
    """
    if run.state is not RunState.CONFIRMED:
        raise SettlementRefused(
            f"Run {run.name} is {run.state}. A bank file needs payouts that are confirmed on chain: wait, then repeat."
        )
    return [_payment(item, carried, units_per_minor) for item in run.items if item.state is ItemState.PAID]


def units_per_minor_of(token_decimals: int, currency_decimals: int) -> int:
    """Token base units of one minor unit of a currency.

    Raises:
        InputError: The token is coarser than the currency.
    """
    if token_decimals < currency_decimals:
        raise InputError(f"a token with {token_decimals} decimals cannot represent a currency with {currency_decimals}")
    return int(10 ** (token_decimals - currency_decimals))


def _payment(item: Item, carried: Mapping[str, int], units_per_minor: int) -> BankPayment:
    minor, rest = divmod(item.amount + carried.get(item.merchant, 0), units_per_minor)
    return BankPayment(item.merchant, minor, rest)


def _compact(account: str) -> str:
    """An account as machines write it: an IBAN in capitals and a number, both without the blanks between groups."""
    compact = account.replace(" ", "").upper()
    return compact if compact.isdecimal() or Party("", compact, "").has_iban else account


def _mod_97(iban: str) -> int:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97
