"""The authority's and the operators' acts on chain: terms, licences, merchants, prices, reserve."""

from __future__ import annotations

from dataclasses import dataclass

from eth_account.signers.base import BaseAccount
from eth_utils.crypto import keccak

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.methodology_registry import OPEN_END, Terms
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.chain.sender import Sender, Sent
from oracle.measure.quantify.rule import Rule
from oracle.model.typed_data import ADMISSION, sign, signable


def terms_of(rule: Rule, uri: str = "") -> Terms:
    """The terms of a library rule. A window that a later version in the library ends is proposed with that end."""
    return Terms(
        unit=int(rule.unit),
        earns_points=rule.earns_points,
        creditable=rule.creditable,
        factor_ug=rule.factor_ug,
        day_cap_mg=rule.day_cap_mg,
        record_limit=rule.record_limit,
        from_day=rule.from_day,
        to_day=OPEN_END if rule.to_day is None else rule.to_day,
        document_hash=rule.document_hash,
        uri=uri,
    )


def license_operator(authority: Sender, operator: str, day_limit_mg: int, licence: str) -> None:
    """Licenses an operator, unless it is."""
    registry = OperatorRegistry(authority.chain)
    if registry.standing_of(operator) == "none":
        authority.send(registry.license_operator(operator, day_limit_mg, keccak(text=licence)))


@dataclass(frozen=True)
class Admission:
    """What a merchant signs to be taken in.

    Attributes:
        operator: Who may take it in.
        merchant: Its account.
        payout: Where its money goes.
        deadline: Last second, UTC, at which the signature is good.
        signature: The merchant's.
    """

    operator: str
    merchant: str
    payout: str
    deadline: int
    signature: bytes


def sign_admission(chain: Chain, merchant: BaseAccount, operator: str, payout: str, deadline: int) -> Admission:
    """Signs, as the merchant, that an operator takes it in."""
    values = {"operator": operator, "merchant": merchant.address, "payout": payout, "deadline": deadline}
    message = signable(OperatorRegistry(chain).domain, "Admission", ADMISSION, values)
    return Admission(operator, merchant.address, payout, deadline, sign(merchant, message))


def admit_merchant(operator: Sender, asked: Admission) -> None:
    """Admits a merchant that asked for it under the sending operator, unless it is."""
    registry = OperatorRegistry(operator.chain)
    if registry.merchant_of(asked.merchant).standing == "none":
        operator.send(registry.admit_merchant(asked.merchant, asked.payout, asked.deadline, asked.signature))


def set_price(authority: Sender, year: int, units_per_milli: int) -> None:
    """Fixes the price of a year's points, unless it is."""
    vault = SettlementVault(authority.chain)
    if vault.price_of(year) == 0:
        authority.send(vault.set_price(year, units_per_milli))


def deposit(operator: Sender, amount: int) -> Sent:
    """Adds `amount` token base units to the sending operator's free reserve; approves exactly that, for exactly this."""
    vault = SettlementVault(operator.chain)
    operator.send(SettlementToken(operator.chain).approve(vault.address, amount))
    return operator.send(vault.deposit(operator.account.address, amount))
