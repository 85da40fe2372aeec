"""What happened, as the chain tells it: who was credited how much, which orders were taken, which merchants were paid."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from oracle.edge.chain.client import Chain
from oracle.sandbox.local import local_account
from tests.faults.books import Open

NOBODY = "0x0000000000000000000000000000000000000000"
PAYEE = local_account(18).address  # whom citizens have their shares sent to


@dataclass(frozen=True)
class Facts:
    """Amounts by name, and what the book says.

    Attributes:
        amounts: Points per account, reductions per chunk, attested batches, orders, payments: each adds up what happened, however often.
        bundles: SHA-256 of all bundles and findings.
        waiting: Transactions of the outbox that are on their way.
    """

    amounts: dict[str, int] = field(default_factory=dict)
    bundles: str = ""
    waiting: int = 0

    def doubled(self, expected: Facts) -> int:
        """How many of the amounts are more than they should be."""
        return sum(amount > expected.amounts.get(key, 0) for key, amount in self.amounts.items())

    def lost(self, expected: Facts) -> int:
        """How many of the amounts are less than they should be."""
        short = sum(self.amounts.get(key, 0) < amount for key, amount in expected.amounts.items())
        return short + (self.bundles != expected.bundles)


def facts_of(chain: Chain, book: Open, home: Path) -> Facts:
    """Reads chain, book, and the bundles in its home folder."""
    amounts: Counter[str] = Counter()
    for event in chain.events("CarbonPoint", "Transfer"):
        if event.values["from"] == NOBODY:
            amounts[f"points {event.values['to']}"] += event.values["value"]
    for event in chain.events("PointIssuer", "ChunkCredited"):
        amounts[f"chunk {event.values['batch'].hex()} {event.values['firstIndex']}"] += event.values["reductionMg"]
    for event in chain.events("EvidenceLedger", "BatchAttested"):
        amounts[f"batch {event.values['batch'].hex()}"] += 1
    for event in chain.events("RedemptionDesk", "OrderRedeemed"):
        amounts[f"order {event.values['key'].hex()}"] += event.values["pointsMilli"]
    for event in chain.events("SettlementVault", "MerchantSettled"):
        amounts[f"paid {event.values['merchant']}"] += event.values["amount"]
    amounts.update(credits_of(chain))
    return Facts(dict(amounts), _bundles(book, home), _waiting(book))


def credits_of(chain: Chain) -> Counter[str]:
    """What became of series: asks, purchases, names, retirements, rounds, and every payment of market, pot and citizens."""
    amounts: Counter[str] = Counter()
    for event in chain.events("CreditMarket", "Listed"):
        amounts[f"listed by {event.values['seller']}"] += event.values["terms"].leftMg
    for event in chain.events("CreditMarket", "Filled"):
        amounts[f"bought by {event.values['buyer']}"] += event.values["mg"]
    for event in chain.events("RetirementRegistry", "Named"):
        amounts[f"name {event.values['name']}"] += 1
    for event in chain.events("RetirementRegistry", "Retired"):
        amounts[f"retired by {event.values['holder']}"] += event.values["mg"]
    for event in chain.events("ProceedsPot", "RoundOpened"):
        amounts[f"round of {event.values['series']}"] += 1
    for role in ("CreditMarket", "ProceedsPot"):
        for event in chain.events("SettlementToken", "Transfer", where={"from": chain.address(role)}):
            amounts[f"{role} paid {event.values['to']}"] += event.values["value"]
    for event in chain.events("SettlementToken", "Transfer", where={"to": PAYEE}):
        amounts["paid out"] += event.values["value"]
    return amounts


def _bundles(book: Open, home: Path) -> str:
    """Digest of every bundle that the database knows, and of the findings; files that a crash left do not count."""
    digest = hashlib.sha256()
    for (batch,) in book.execute("SELECT batch FROM batches ORDER BY batch"):
        digest.update((home / "bundles" / batch[2:] / "bundle.json").read_bytes())
    for row in book.execute('SELECT sha256, code, file, "row", "values" FROM findings ORDER BY 1, 2, 3, 4, 5'):
        digest.update(repr(row).encode())
    for row in book.execute("SELECT sha256, rows, accepted, quarantined FROM files ORDER BY 1"):
        digest.update(repr(row).encode())
    return digest.hexdigest()


def _waiting(book: Open) -> int:
    ((count,),) = book.execute("SELECT count(*) FROM transactions WHERE state IN ('planned', 'signed', 'sent')")
    return int(count)
