"""Gas of credits, claims and orders, from the forge suites: beside floors and baselines of the same run, and peers' published contracts.

python -m benchmarks.gas

"First" is the first time that an account's words are written, "later" every time after. What has "in a row" or "in a batch" is a share of
one transaction for many; the rest are transactions of their own.
"""

from __future__ import annotations

import runpy
from pathlib import Path

from benchmarks.table import Row, print_rows

CHECK_GAS = Path(__file__).resolve().parents[1] / "scripts" / "checks" / "gas.py"

# Ours beside a floor in plain Solidity (tests/fuzz/gas/Baselines.sol): the calldata, storage writes and events that cannot be avoided.
FLOORS = (
    ("a credit in a chunk, first", "credit.first", "a bare packed mint", ("credit.bareFirst",), "<= 1.05"),
    ("a credit in a chunk, later", "credit.later", "a bare packed mint", ("credit.bareLater",), "<= 1.15"),
    ("a claim in a row, first", "claim.rowAloneFirst", "a bare claim", ("claim.bareFirst",), ""),
    ("a claim in a row, later", "claim.rowAloneLater", "a bare claim", ("claim.bareLater",), ""),
    ("an order in a batch, the day's first", "redeem.firstOfTheDay", "a bare till", ("redeem.bareFirst",), ""),
    ("an order in a batch, later", "redeem.later", "a bare till", ("redeem.bareLater",), ""),
    (
        "claim and order in a row, later",
        "claim.rowLater",
        "a bare claim and a bare till",
        ("claim.bareLater", "redeem.bareLater"),
        "",
    ),
)

# What others write today, run beside ours: how many times ours it costs.
LIVE = (
    ("a credit in a chunk, later", "credit.later", "ERC-20, a mint a record", "credit.erc20EachLater", ">= 4"),
    ("a credit in a chunk, first", "credit.first", "ERC-20, mints in a loop", "credit.erc20LoopFirst", ""),
    ("a credit in a chunk, later", "credit.later", "ERC-20, mints in a loop", "credit.erc20LoopLater", ""),
    ("a credit in a chunk, first", "credit.first", "ERC-1155, mints in a loop", "credit.erc1155LoopFirst", ""),
    ("a credit in a chunk, later", "credit.later", "ERC-1155, mints in a loop", "credit.erc1155LoopLater", ""),
    ("a claim in a row, first", "claim.rowAloneFirst", "a root distributor's claim", "claim.distributorFirst", ""),
    ("a claim in a row, later", "claim.rowAloneLater", "a root distributor's claim", "claim.distributorLater", ""),
    (
        "an order in a batch, later",
        "redeem.later",
        "ERC-20, permit and transferFrom in two",
        "redeem.permitAndTransferFromInTwo",
        ">= 2",
    ),
    (
        "an order in a batch, later",
        "redeem.later",
        "ERC-20, permit and transferFrom in one",
        "redeem.permitAndTransferFromInOneTransaction",
        "",
    ),
)

# Gas of peers' published contracts, compiled with their own versions and called once: the second time, unless it says first.
SOURCE = "measured apart, constants"
PEER_TARGET = ">= 13"
PEERS = {
    ("an issued unit: a credit in a chunk, later", "credit.later"): {
        "Toucan, tokenize a batch": (577_515, PEER_TARGET),
        "Hyperledger carbon accounting, issue": (400_936, PEER_TARGET),
        "Energy Web Origin, issue": (314_866, PEER_TARGET),
        "Energy Web Origin, issue in a batch of 1000": (271_609, PEER_TARGET),
        "Nori, mint a removal": (168_037, PEER_TARGET),
        "Nori, mint in a batch of 1000": (117_725, PEER_TARGET),
        "OpenZeppelin ERC-20, mint": (36_446, ">= 4"),
    },
    ("a claimed unit: a claim in a row, first", "claim.rowAloneFirst"): {
        "Morpho URD, claim": (96_235, ""),
        "Uniswap distributor, claim": (95_444, ""),
    },
    ("a claimed unit: a claim in a row, later", "claim.rowAloneLater"): {
        "Morpho URD, claim": (79_150, ""),
        "Uniswap distributor, claim": (78_428, ""),
    },
    ("a transferred unit: an order in a batch, later", "redeem.later"): {
        "Energy Web Origin, transfer and claim": (80_395, ""),
        "Toucan, transfer": (68_378, ""),
        "Hyperledger carbon accounting, transfer": (53_002, ""),
        "OpenZeppelin ERC-20, transfer": (34_513, ""),
    },
}
MORPHO_CLAIM = {"first": 96_235, "later": 79_150}  # 17-hash proof: 131,072 leaves
RETIRED = {
    "Klima, retire by the aggregator": 668_128,
    "Toucan, retire with certificate": 477_438,
    "Toucan, retire": 215_422,
    "Nori, retire into a certificate": 140_904,
    "Hyperledger carbon accounting, retire": 53_474,
}


def main() -> None:
    gas: dict[str, int] = runpy.run_path(str(CHECK_GAS))["measure"]()
    print_rows([*beside_floors(gas), *beside_live(gas), *beside_claims(gas), *beside_peers(gas)])


def beside_floors(gas: dict[str, int]) -> list[Row]:
    """How many times the floor ours costs."""
    rows = []
    for what, key, floor, parts, target in FLOORS:
        least = sum(gas[part] for part in parts)
        rows.append(Row(f"gas of {what}", f"{gas[key]:,}", f"{floor} {least:,}", gas[key] / least, target))
    return rows


def beside_live(gas: dict[str, int]) -> list[Row]:
    """How many times ours what others write costs, in the same run."""
    return [
        Row(f"gas of {what}", f"{gas[key]:,}", f"{other} {gas[cost]:,}", gas[cost] / gas[key], target)
        for what, key, other, cost, target in LIVE
    ]


def beside_claims(gas: dict[str, int]) -> list[Row]:
    """A citizen's claim and order together, as a share of a distributor's claim alone."""
    return [
        Row(
            f"gas of claim and spend, {when}: {how}",
            f"{gas[key + when.capitalize()]:,}",
            f"Morpho URD, claim alone {claim:,}",
            gas[key + when.capitalize()] / claim,
            "<= 1",
            SOURCE,
        )
        for how, key in (("100 visits in one relayed call", "claim.row"), ("a call of its own", "claim.spend"))
        for when, claim in MORPHO_CLAIM.items()
    ]


def beside_peers(gas: dict[str, int]) -> list[Row]:
    """How many times ours a peer's unit costs; what has no counterpart here is told without a ratio."""
    rows = [
        Row(f"gas of {what}", f"{gas[key]:,}", f"{peer} {cost:,}", cost / gas[key], target, SOURCE)
        for (what, key), peers in PEERS.items()
        for peer, (cost, target) in peers.items()
    ]
    return rows + [
        Row("gas of a retired unit: no contract here retires one", "-", f"{peer} {cost:,}", source=SOURCE)
        for peer, cost in RETIRED.items()
    ]


if __name__ == "__main__":
    main()
