"""The authority's and the operators' acts on chain: methodologies, licences, merchants, prices, reserve."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils.crypto import keccak

from oracle.edge.chain.sender import Sender, Sent
from oracle.measure.quantify.rule import Rule

# interfaces/IOperatorRegistry.sol, Standing; interfaces/IMethodologyRegistry.sol, Status
STANDING_NONE = 0
METHODOLOGY_STATUS = ("none", "draft", "public notice", "active", "superseded", "suspended")
OPEN_END = 2**32 - 1


@dataclass(frozen=True)
class Terms:
    """What stands on chain of one methodology version, in the order of `IMethodologyRegistry.Terms`."""

    unit: int
    earns_points: bool
    factor_ug: int
    day_cap_mg: int
    record_limit: int
    from_day: int
    to_day: int
    document_hash: bytes
    uri: str

    def encoded(self) -> tuple[object, ...]:
        """The struct as web3 takes it."""
        return (
            self.unit,
            self.earns_points,
            self.factor_ug,
            self.day_cap_mg,
            self.record_limit,
            self.from_day,
            self.to_day,
            self.document_hash,
            self.uri,
        )


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


def methodology_id(text: str) -> bytes:
    """The on-chain form of a methodology id: ASCII, padded with zeros to 32 bytes."""
    return text.encode("ascii").ljust(32, b"\0")


def propose(authority: Sender, identifier: str, terms: Terms) -> Sent:
    """Drafts the next version of a methodology."""
    return authority.send("MethodologyRegistry", "propose", methodology_id(identifier), terms.encoded())


def start_notice(authority: Sender, identifier: str, version: int) -> Sent:
    """Puts a draft on public notice."""
    return authority.send("MethodologyRegistry", "startNotice", methodology_id(identifier), version)


def activate(authority: Sender, identifier: str, version: int) -> Sent:
    """Activates a version whose notice is over; another person than the proposer sends it."""
    return authority.send("MethodologyRegistry", "activate", methodology_id(identifier), version)


def license_operator(authority: Sender, operator: str, day_limit_mg: int, licence: str) -> None:
    """Licenses an operator, unless it is."""
    if authority.chain.read("OperatorRegistry", "operatorOf", operator).standing == STANDING_NONE:
        authority.send("OperatorRegistry", "licenseOperator", operator, day_limit_mg, keccak(text=licence))


def admit_merchant(operator: Sender, merchant: str, payout: str) -> None:
    """Admits a merchant under the sending operator, unless it is."""
    if operator.chain.read("OperatorRegistry", "merchantOf", merchant).standing == STANDING_NONE:
        operator.send("OperatorRegistry", "admitMerchant", merchant, payout)


def set_price(authority: Sender, year: int, units_per_milli: int) -> None:
    """Fixes the price of a year's points, unless it is."""
    if authority.chain.read("SettlementVault", "priceOf", year) == 0:
        authority.send("SettlementVault", "setPrice", year, units_per_milli)


def deposit(operator: Sender, amount: int) -> Sent:
    """Adds `amount` token base units to the sending operator's free reserve; approves exactly that, for exactly this."""
    operator.send("SettlementToken", "approve", operator.chain.address("SettlementVault"), amount)
    return operator.send("SettlementVault", "deposit", operator.account.address, amount)
