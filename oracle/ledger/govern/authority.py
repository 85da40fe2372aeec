"""The authority's and the operators' acts on chain: terms, licences, merchants, prices, reserve."""

from __future__ import annotations

from eth_utils.crypto import keccak

from oracle.edge.chain.contracts.methodology_registry import OPEN_END, Terms
from oracle.edge.chain.contracts.operator_registry import OperatorRegistry
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.chain.sender import Sender, Sent
from oracle.measure.quantify.rule import Rule


def terms_of(rule: Rule, uri: str = "") -> Terms:
    """The terms of a library rule. A window that a later version in the library ends is proposed with that end."""
    return Terms(
        unit=int(rule.unit),
        earns_points=rule.earns_points,
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


def admit_merchant(operator: Sender, merchant: str, payout: str) -> None:
    """Admits a merchant under the sending operator, unless it is."""
    registry = OperatorRegistry(operator.chain)
    if registry.merchant_of(merchant).standing == "none":
        operator.send(registry.admit_merchant(merchant, payout))


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
