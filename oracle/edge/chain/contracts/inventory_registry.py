"""`IInventoryRegistry`: what buyers emitted, and how much of it may be offset."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct
from oracle.model.ids import Address

SCOPE_1, SCOPE_2_LOCATION, SCOPE_2_MARKET, SCOPE_3 = 1, 2, 4, 8


@dataclass(frozen=True)
class Inventory:
    """What a buyer emitted in a year, in milligrams CO2e, in the order of `IInventoryRegistry.Inventory`.

    Attributes:
        scope1_mg: Own sources.
        scope2_location_mg: Bought energy, at the grid's factor.
        scope2_market_mg: Bought energy, at the contracts' factors.
        scope3_mg: The chain before and after.
        report_hash: Hash of the inventory.
    """

    scope1_mg: int
    scope2_location_mg: int
    scope2_market_mg: int
    scope3_mg: int
    report_hash: bytes


@dataclass(frozen=True)
class OffsetRule:
    """The rule of a scheme.

    Attributes:
        cap_bps: Part of the base that credits may stand for; 100 % are 10,000.
        scopes: What the base is made of: `SCOPE_1` and so on, added.
    """

    cap_bps: int
    scopes: int


class InventoryRegistry(Contract):
    """The registry. Schemes are 32 bytes."""

    role = "InventoryRegistry"

    def inventory_of(self, buyer: str, year: int) -> tuple[Inventory, int]:
        """The inventory in force of a buyer and year, and which it is; all zero if there is none."""
        found, number = self._read("inventoryOf", buyer, year)
        return struct(Inventory, found), int(number)

    def rule_of(self, scheme: bytes) -> OffsetRule:
        """The rule of a scheme; zero if there is none, and then nothing may be offset."""
        return struct(OffsetRule, self._read("ruleOf", scheme))

    def boundary_of(self, operator: str) -> Address:
        """In whose boundary an operator's reductions lie; the zero address if in nobody's."""
        return Address(self._read("boundaryOf", operator))

    def used_of(self, buyer: str, year: int, scheme: bytes) -> tuple[int, int]:
        """Milligrams used under a scheme, and the most that may be."""
        used_mg, cap_mg = self._read("usedOf", buyer, year, scheme)
        return int(used_mg), int(cap_mg)

    def digest_of(self, buyer: str, year: int, number: int, inventory: Inventory) -> bytes:
        """What the verifier signs of the `number`-th inventory of a year."""
        return bytes(self._read("inventoryDigest", buyer, year, number, astuple(inventory)))

    def attest(self, year: int, inventory: Inventory, verifier: str, signature: bytes) -> Call:
        """Attests the sending buyer's inventory of a year, countersigned by a licensed verifier."""
        return self._call("attest", year, astuple(inventory), verifier, signature)

    def set_rule(self, scheme: bytes, rule: OffsetRule) -> Call:
        """Sets the rule of a scheme."""
        return self._call("setRule", scheme, astuple(rule))

    def set_boundary(self, operator: str, buyer: str) -> Call:
        """Sets in whose boundary an operator's reductions lie."""
        return self._call("setBoundary", operator, buyer)
