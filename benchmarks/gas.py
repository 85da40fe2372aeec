"""Gas of credits, claims and redemptions, from the forge suites, beside floors of the same run and peers' published contracts.

python -m benchmarks.gas
"""

from __future__ import annotations

import runpy
from pathlib import Path

from benchmarks.table import Row, print_rows

CHECK_GAS = Path(__file__).resolve().parents[1] / "scripts" / "check_gas.py"

# Gas of peers' published contracts, compiled with their own versions and called once: what one issued unit costs, the second time.
PEERS = {
    "Toucan, tokenize a batch": 577_515,
    "Hyperledger carbon accounting, issue": 400_936,
    "Energy Web Origin, issue": 314_866,
    "Nori, mint a removal": 168_037,
    "OpenZeppelin ERC-20, mint": 36_446,
}
LEAST = {"OpenZeppelin ERC-20, mint": ">= 4"}
PEER_TARGET = ">= 13"
MORPHO_CLAIM = {"First": 96_235, "Later": 79_150}  # 17-hash proof
SOURCE = "measured apart, constants"


def main() -> None:
    gas: dict[str, int] = runpy.run_path(str(CHECK_GAS))["measure"]()
    rows = [
        Row(
            f"gas of a credit, {name}",
            f"{gas[f'credit.{name}']:,}",
            f"bare packed mint with its event {gas[f'credit.bare{name.capitalize()}']:,}",
            gas[f"credit.{name}"] / gas[f"credit.bare{name.capitalize()}"],
            f"<= {limit}",
        )
        for name, limit in (("first", 1.05), ("later", 1.15))
    ]
    later = gas["credit.later"]
    each = gas["credit.erc20EachLater"]
    rows.append(
        Row("gas of a credit, later", f"{later:,}", f"ERC-20, a mint a transaction {each:,}", each / later, ">= 4")
    )
    for peer, cost in PEERS.items():
        rows.append(
            Row(
                "gas of a credit, later",
                f"{later:,}",
                f"{peer} {cost:,}",
                cost / later,
                LEAST.get(peer, PEER_TARGET),
                SOURCE,
            )
        )
    for when, claim in MORPHO_CLAIM.items():
        spend = gas[f"claim.spend{when}"]
        rows.append(
            Row(
                f"gas of claim and spend, {when.lower()}",
                f"{spend:,}",
                f"Morpho URD, claim alone {claim:,}",
                spend / claim,
                "<= 1",
                SOURCE,
            )
        )
    print_rows(rows)


if __name__ == "__main__":
    main()
