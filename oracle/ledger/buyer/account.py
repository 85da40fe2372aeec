"""A buyer's tables on disk, and its inventory on chain.

    buyers/<account>/inventory.csv, power.csv, reductions.csv      the rows that can be used, as they were understood
    buyers/<account>/findings.csv                                  the others

A table is taken whole: the next import of it takes its place.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import polars as pl

from oracle.edge.chain.contracts.inventory_registry import Inventory, InventoryRegistry
from oracle.ledger.buyer.rules import Figures, figures_of
from oracle.ledger.buyer.tables import Emission, Power, Row, Saving, Table, columns_of, read_table
from oracle.measure.records.content import text_blocks
from oracle.model.canonical import canonical_json
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.typed_data import INVENTORY, signable, signer_of

_MOST_MG = (1 << 64) - 1  # of a scope on chain


@dataclass(frozen=True)
class Account:
    """What a buyer brought.

    Attributes:
        inventory, power, savings: Its rows.
    """

    inventory: tuple[Emission, ...]
    power: tuple[Power, ...]
    savings: tuple[Saving, ...]

    def figures(self, year: int) -> Figures:
        """Of a year (`figures_of`)."""
        return figures_of(year, self.inventory, self.power, self.savings)

    def years(self) -> list[int]:
        """Years with an inventory."""
        return sorted({row.year for row in self.inventory})

    def report_hash(self, year: int) -> bytes:
        """SHA-256 over the rows that the year's inventory is made of."""
        rows: list[Row] = [row for row in self.inventory if row.year == year]
        rows += [row for row in self.power if row.generation_year == year]
        texts = [{name: str(value) for name, value in asdict(row).items()} for row in rows]
        return hashlib.sha256(canonical_json(texts)).digest()

    def attested(self, year: int) -> Inventory:
        """The year's inventory as the chain takes it: scope 2 by market with its green power taken off.

        Raises:
            InputError: A scope is larger than there is room for.
        """
        of = self.figures(year)
        parts = of.scope1_mg, of.scope2_location_mg, of.scope2_market_mg, of.scope3_mg
        if max(parts) > _MOST_MG:
            raise InputError(f"a scope of {year} has more than {_MOST_MG} mg")
        return Inventory(*parts, self.report_hash(year))


def folder_of(home: Path, buyer: str) -> Path:
    """Where a buyer's tables are."""
    return home / "buyers" / buyer.lower()


def save(folder: Path, tables: Mapping[str, Table]) -> None:
    """Writes tables, each in place of the one before, and the findings about them."""
    folder.mkdir(parents=True, exist_ok=True)
    for kind, table in tables.items():
        _replace(folder / f"{kind}.csv", _csv(kind, table.good))
    found = pl.concat([table.findings for table in tables.values()])
    _replace(folder / "findings.csv", found.write_csv())


def load(folder: Path, instead: Mapping[str, Table] | None = None) -> Account:
    """What a buyer brought; a table that it did not bring is empty.

    Args:
        instead: Tables that stand for those in the folder.

    Raises:
        InputError: There is no inventory.
    """
    tables = instead or {}
    if "inventory" not in tables and not (folder / "inventory.csv").exists():
        raise InputError(f"there is no inventory in {folder}; begin with `carbonbook buyer import inventory.csv`")
    rows = {
        kind: tables[kind].good if kind in tables else _rows(folder / f"{kind}.csv")
        for kind in ("inventory", "power", "reductions")
    }
    return Account(
        tuple(row for row in rows["inventory"] if isinstance(row, Emission)),
        tuple(row for row in rows["power"] if isinstance(row, Power)),
        tuple(row for row in rows["reductions"] if isinstance(row, Saving)),
    )


def countersigned(
    registry: InventoryRegistry, buyer: str, year: int, inventory: Inventory, verifier: str, signature: bytes
) -> bytes:
    """The signature, if it is the verifier's over this as the year's next inventory.

    Raises:
        VerificationFailed: It is not.
    """
    _, number = registry.inventory_of(buyer, year)
    message = signable(registry.domain, "Inventory", INVENTORY, message_of(buyer, year, number + 1, inventory))
    if signer_of(message, signature) != verifier:
        raise VerificationFailed(f"The signature is not that of {verifier} over inventory {number + 1} of {year}.")
    return signature


def message_of(buyer: str, year: int, number: int, inventory: Inventory) -> dict[str, object]:
    """What the verifier signs."""
    return {
        "buyer": buyer,
        "year": year,
        "number": number,
        "scope1Mg": inventory.scope1_mg,
        "scope2LocationMg": inventory.scope2_location_mg,
        "scope2MarketMg": inventory.scope2_market_mg,
        "scope3Mg": inventory.scope3_mg,
        "reportHash": inventory.report_hash,
    }


def _rows(path: Path) -> tuple[Row, ...]:
    return read_table(text_blocks(path), path.name).good if path.exists() else ()


def _csv(kind: str, rows: Iterable[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns_of(kind))
    writer.writerows(["" if value is None else value for value in asdict(row).values()] for row in rows)
    return text.getvalue()


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)
