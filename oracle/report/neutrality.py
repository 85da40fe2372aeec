"""A buyer's statement on a year: what it emitted, reduced, bought and retired, what may be said of it, and what may not.

What counts as retired are the buyer's own certificates for days of that year alone, as far as reductions stand behind them, and none from
inside its own boundary.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.inventory_registry import InventoryRegistry
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.ledger.buyer.account import Account
from oracle.ledger.buyer.rules import Figures, Standing, is_own, percent, standing_of, tonnes
from oracle.ledger.buyer.tables import Power
from oracle.model.units import date_of, year_of
from oracle.report.read.ledger import Block

STANDARD = "ISO 14068-1:2023 (reduce first, then offset); GHG Protocol Scope 2 (both methods)"


@dataclass(frozen=True)
class Retired:
    """A certificate of the buyer.

    Attributes:
        mg: Retired.
        counted_mg: What of it counts for the year.
        why_not: Why the rest does not; empty if all counts.
    """

    certificate: int
    serial: str
    methodology: str
    period: str
    mg: int
    counted_mg: int
    why_not: str


@dataclass(frozen=True)
class Statement:
    """All that the statement says.

    Attributes:
        subject: Who, as it names itself.
        account: Its account.
        boundary: The entities whose emissions are counted.
        attested: Number of the inventory of the year on chain that equals this one; 0 if none does.
        plan: Name and SHA-256 of the plan of reductions; None if there is none.
    """

    subject: str
    account: str
    boundary: str
    figures: Figures
    retired: tuple[Retired, ...]
    attested: int
    plan: tuple[str, str] | None
    block: Block

    @property
    def counted_mg(self) -> int:
        """Retired for the year, as far as it counts."""
        return sum(each.counted_mg for each in self.retired)

    @property
    def standing(self) -> Standing:
        """What may be said."""
        return standing_of(self.figures.total_market_mg, self.counted_mg, has_plan=self.plan is not None)

    def may_be_said(self) -> list[str]:
        """Sentences that these figures bear."""
        of, year = self.standing, self.figures.year
        if not self.counted_mg:
            return []
        share = f"{percent(of.covered_hundredths)} % of what it emitted in {year}"
        contributed = f"{self.subject} contributed {tonnes(self.counted_mg)} t CO2e to reductions of others, {share}"
        neutral = f"{self.subject} was carbon neutral in {year} within the boundary stated here"
        tier = f"the share of credits that VCMI asks for {of.tier} is reached; its other criteria are not judged here"
        return [neutral if of.neutral else contributed, *([tier] if of.tier else [])]

    def may_not_be_said(self) -> Iterator[str]:
        """Sentences that they do not bear, each with its reason."""
        of, figures = self.standing, self.figures
        if not of.neutral:
            missing = [f"{tonnes(of.remains_mg)} t remain"] if of.remains_mg else []
            missing += [] if self.plan else ["no plan of reductions is attached"]
            yield f"'carbon neutral': {' and '.join(missing) or 'nothing was emitted'}"
        yield "'net zero': credits of others' reductions do not make it"
        if of.next_tier_mg[1]:
            yield f"'{of.next_tier_mg[1]}' of VCMI: it takes {tonnes(of.next_tier_mg[0])} t at least"
        if figures.lowered_mg:
            yield "that green power lowered the location-based figure: it does not"
        for saving in figures.savings:
            if saving.basis == "forecast":
                yield f"that '{saving.project}' has reduced {tonnes(saving.saved_mg)} t: it is a forecast"
            else:
                yield f"that '{saving.project}' reduces the figures once more: what it saved in {saving.year} is in the inventory already"
        for each in self.retired:
            if each.why_not:
                yield f"that {tonnes(each.mg - each.counted_mg)} t of certificate {each.serial} offset this year: {each.why_not}"


def read_statement(
    chain: Chain, block: Block, account: Account, buyer: str, year: int, subject: str, plan: tuple[str, str] | None
) -> Statement:
    """The statement of a buyer's year at a block.

    Raises:
        InputError: The inventory has no row of the year.
    """
    in_force, number = InventoryRegistry(chain, block.number).inventory_of(buyer, year)
    entities = sorted({row.entity for row in account.inventory if row.year == year})
    return Statement(
        subject=subject,
        account=buyer,
        boundary=", ".join(entities),
        figures=account.figures(year),
        retired=tuple(_retired(chain, block.number, buyer, year)),
        attested=number if in_force == account.attested(year) else 0,
        plan=plan,
        block=block,
    )


def power_text(row: Power) -> str:
    """A contract with its certificates, for people."""
    numbers = f", certificates {row.certificate_first} to {row.certificate_last}" if row.certificate_first else ""
    return f"{row.contract_id} ({row.kind}), {row.project}, {row.grid_region}{numbers}"


def _retired(chain: Chain, at: int, buyer: str, year: int) -> Iterator[Retired]:
    registry, certifier = RetirementRegistry(chain, at), ReductionCertifier(chain, at)
    inventories = InventoryRegistry(chain, at)
    for event in registry.events("Retired", where={"holder": buyer}):
        number = event.values["certificate"]
        stored, serial = registry.certificate_of(number), registry.serial_of(number)
        operator = certifier.claim_of(stored.series).operator
        boundary: dict[str, str] = {operator: inventories.boundary_of(operator)}
        backed_mg = registry.backing_of(number)
        inside = year_of(stored.from_day) == year == year_of(stored.through_day)
        if is_own(buyer, operator, boundary):
            counted_mg, why = 0, "its reductions come from inside the own boundary"
        elif not inside:
            counted_mg, why = 0, "its period is not in this year"
        else:
            counted_mg, why = backed_mg, "" if backed_mg == stored.mg else "reductions do not stand behind all of it"
        yield Retired(
            certificate=number,
            serial=serial,
            methodology=serial.split("-")[2],
            period=f"{date_of(stored.from_day)} to {date_of(stored.through_day)}",
            mg=stored.mg,
            counted_mg=counted_mg,
            why_not=why,
        )
