"""Writes the ABI of every deployed contract to `oracle/edge/chain/abi/`, the one place the oracle reads them from.

brownie run export_abi          write
python scripts/export_abi.py    compare only: exits 1 if a file differs from what the sources compile to
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from brownie import project

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "oracle" / "edge" / "chain" / "abi"
CONTRACTS = (
    "CarbonCredit",
    "CarbonPoint",
    "CarbonbookAccess",
    "CertificatePicture",
    "Counter",
    "CreditMarket",
    "EvidenceLedger",
    "InventoryRegistry",
    "MethodologyRegistry",
    "OfferBook",
    "OperatorRegistry",
    "OracleCommittee",
    "PointIssuer",
    "ProceedsPot",
    "RedemptionDesk",
    "ReductionCertifier",
    "RetirementRegistry",
    "ReversalDesk",
    "SettlementVault",
    "TestYuan",
)


def main() -> None:
    """Entry point of `brownie run export_abi`."""
    TARGET.mkdir(exist_ok=True)
    for name, text in _texts(project.get_loaded_projects()[0]).items():
        (TARGET / f"{name}.json").write_text(text)


def drifted(built: Any) -> list[str]:
    """Names of contracts whose file is missing or differs from what the sources compile to."""
    texts = _texts(built)
    stale = [path.stem for path in TARGET.glob("*.json") if path.stem not in texts]
    paths = {name: TARGET / f"{name}.json" for name in texts}
    return sorted(stale + [n for n, text in texts.items() if not paths[n].exists() or paths[n].read_text() != text])


def _texts(built: Any) -> dict[str, str]:
    return {name: json.dumps(built[name].abi, indent=1, sort_keys=True) + "\n" for name in CONTRACTS}


if __name__ == "__main__":
    names = drifted(project.load(ROOT))
    if names:
        sys.exit(f"ABI differs from the sources: {', '.join(names)}. Run: brownie run export_abi")
