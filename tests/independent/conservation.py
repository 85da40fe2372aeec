"""Recomputes from raw logs that nothing was made or lost: points, reserve, credits, proceeds, shares.

    python tests/independent/conservation.py --manifest .carbonbook/deployment.json --rpc http://127.0.0.1:8545 [--block N]

Nothing is asked of the contracts but their logs (`eth_getLogs`), and no code is shared with the oracle: each figure is counted from two
sorts of events that are told by different contracts or for different reasons. Exit code 0: they agree; 1: they do not.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from logs import Log, Logs, ask

TRANSFER = "Transfer(address,address,uint256)"
CERTIFIED = "Certified(uint256,address,uint256,bytes32)"
ADDED = "BatchesAdded(uint256,bytes32[],uint256,bytes32)"
STOCKED = "SeriesStocked(uint256,uint256,uint256,uint256)"
TERMS = "TermsSet(uint256,(uint16,uint16,uint16,uint48))"
CANCELLED_ASK = "AskCancelled(uint256,uint256)"
FRAME = "(uint256,bytes32,uint32,uint32,uint64,uint64,uint64,bytes32,bytes32,bytes32)"
ISSUED = "SeriesIssued(uint256,address,bytes32,address,uint256,uint256,uint256,uint256,uint256,bytes32)"
LISTED = "Listed(uint256,uint256,address,(address,uint56,bool,uint32,address,uint48,uint24,uint24))"
FILLED = "Filled(uint256,uint256,address,uint256,uint256)"
REDEEMED = "OrderRedeemed(bytes32,address,address,bytes32,uint256,uint256,bytes32,bytes32,(uint256,uint256)[])"
RETIRED = "Retired(uint256,address,uint256,uint256,(address,uint32,uint24,uint24,uint8,uint16,bytes32,string))"
REVERSED = "Reversed(uint256,bytes32,uint256,uint256,uint256,uint256,uint256)"
KINDS = ("fee", "operator", "citizens")
WHOLE = 10_000

Check = tuple[str, int, int]  # what, by one sort of events, by the other


def main() -> None:
    """Prints every comparison; ends with 1 if one does not agree."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--manifest", type=Path, required=True, help="deployment.json")
    parser.add_argument("--rpc", required=True, help="address of a node")
    parser.add_argument("--block", type=int, help="last block; the head unless told")
    asked = parser.parse_args()
    contracts = json.loads(asked.manifest.read_text(encoding="utf-8"))["contracts"]
    last = int(ask(asked.rpc, "eth_blockNumber"), 16) if asked.block is None else asked.block
    logs = Logs(asked.rpc, {name: entry["address"] for name, entry in contracts.items()}, last)
    logs.read(f"0x{log.words[0]:040x}" for log in logs.of("ReductionCertifier", ISSUED))
    checks = [*points(logs), *reserve(logs), *credits(logs), *proceeds(logs), *shares(logs)]
    for what, one, other in checks:
        sys.stdout.write(f"{'ok' if one == other else 'DIFFERS':8}{what:70}{one:>24}{other:>24}\n")
    wrong = sum(one != other for _, one, other in checks)
    sys.stdout.write(f"{len(checks)} comparisons at block {last}, {wrong} differ\n")
    sys.exit(1 if wrong else 0)


def points(logs: Logs) -> Iterator[Check]:
    """Points come from credits alone, go to merchants by orders alone, and end by payment or expiry alone."""
    moved = logs.of("CarbonPoint", TRANSFER)
    chunks = logs.of("PointIssuer", "ChunkCredited(bytes32,address,uint256,uint256,uint256,uint256)")
    rests = logs.of("PointIssuer", "RestsCredited(bytes32,address,uint256[],uint256,uint256)")
    yield "points minted = credited", _sum(moved, 0, frm=0), _sum(chunks, 3) + _sum(rests, 2)
    expired = logs.of("CarbonPoint", "RefundExpired(address,uint256,uint256)")
    collected = logs.of("RedemptionDesk", "PointsCollected(address,uint256,uint256,uint256,uint256)")
    yield (
        "points burned = collected for payment + refunded after expiry",
        _sum(moved, 0, to=0),
        _sum(collected, 2) + _sum(expired, 0),
    )
    refunded = logs.of("RedemptionDesk", "OrderRefunded(bytes32,address,address,uint256,uint256,uint256)")
    taken = logs.of("RedemptionDesk", REDEEMED)
    for merchant in sorted({log.topics[2] for log in taken}):
        held = _sum(moved, 0, to=merchant) - _sum(moved, 0, frm=merchant)
        booked = _of(taken, 2, merchant, 1) - _of(refunded, 2, merchant, 0) - _of(collected, 0, merchant, 2)
        yield f"points of merchant 0x{merchant:040x}", held, booked


def reserve(logs: Logs) -> Iterator[Check]:
    """The vault's money leaves it for operators and merchants alone; what a batch locked is behind its points, or free again."""
    vault, money = logs.addresses["SettlementVault"], logs.of("SettlementToken", TRANSFER)
    withdrawn = logs.of("SettlementVault", "ReserveWithdrawn(address,address,uint256)")
    paid = logs.of("SettlementVault", "MerchantSettled(address,address,uint256,uint256,uint256,uint256)")
    yield "money out of the vault = withdrawn + paid", _sum(money, 0, frm=vault), _sum(withdrawn, 0) + _sum(paid, 3)
    deposited = _sum(logs.of("SettlementVault", "ReserveDeposited(address,address,uint256)"), 0)
    yield "deposited, and no less came in", deposited, min(deposited, _sum(money, 0, to=vault))
    locked = _by(logs.of("SettlementVault", "ReserveLocked(bytes32,address,uint256,uint256,uint256)"), 0)
    unlocked = _by(logs.of("SettlementVault", "ReserveUnlocked(bytes32,address,uint256,uint256,uint256)"), 0)
    credited = _by(logs.of("PointIssuer", "ChunkCredited(bytes32,address,uint256,uint256,uint256,uint256)"), 3)
    credited += _by(logs.of("PointIssuer", "RestsCredited(bytes32,address,uint256[],uint256,uint256)"), 2)
    ended = sorted(unlocked)
    yield f"points locked = credited + unlocked, {len(ended)} ended batches", *_pair(locked, credited + unlocked, ended)
    open_ = sorted(set(locked) - set(unlocked))
    over = sum(credited[batch] > locked[batch] for batch in open_)
    yield f"open batches with more credited than locked, of {len(open_)}", over, 0


def credits(logs: Logs) -> Iterator[Check]:
    """certified = issued = stock + buffer + held + retired + cancelled, series by series."""
    market = logs.addresses["CreditMarket"]
    certified = {log.topics[0]: log.words[0] for log in logs.of("ReductionCertifier", CERTIFIED)}
    frames = {
        log.topics[0]: log.words[6] for log in logs.of("ReductionCertifier", f"ClaimSubmitted(uint256,{FRAME},uint64)")
    }
    bounds = {log.topics[0]: log.words[1] for log in logs.of("ReductionCertifier", ADDED)}
    for issue in logs.of("ReductionCertifier", ISSUED):
        series, token, issued = issue.topics[0], issue.words[0], issue.words[3]
        name, moved = f"series {series}: ", logs.of(token, TRANSFER)
        yield name + "certified = issued", certified[series], issued
        yield (
            name + "issued <= claimed <= credited to consenting citizens",
            issued,
            min(issued, frames[series], bounds[series]),
        )
        yield name + "minted = issued", _sum(moved, 0, frm=0), issued
        cancelled = sum(log.words[1] - log.words[0] + 1 for log in logs.of(token, "Cancelled(uint256,uint256)"))
        retired = sum(log.words[0] for log in logs.of("RetirementRegistry", RETIRED) if log.topics[0] >> 64 == series)
        yield name + "burned = retired + cancelled", _sum(moved, 0, to=0), retired + cancelled
        stock, buffer, resale = _market(logs, series)
        kept = _sum(moved, 0, to=market) - _sum(moved, 0, frm=market)
        yield name + "with the market = stock + buffer + resale", kept, stock + buffer + resale
        held = sum(mg for holder, mg in _balances(moved).items() if holder not in (0, market))
        whole = stock + buffer + held + resale + retired + cancelled
        yield name + "issued = stock + buffer + held + retired + cancelled", issued, whole
        spans = sorted(
            (log.topics[0] & (1 << 64) - 1, log.words[0])
            for log in logs.of("RetirementRegistry", RETIRED)
            if log.topics[0] >> 64 == series
        )
        ends = [1, *(first + mg for first, mg in spans)]
        joined = sum(first == end for (first, _), end in zip(spans, ends[:-1], strict=True))
        yield name + "certificates that begin where the one before ended", joined, len(spans)


def proceeds(logs: Logs) -> Iterator[Check]:
    """What buyers paid is in the market or was drawn; nobody drew more than its part."""
    market, money = logs.addresses["CreditMarket"], logs.of("SettlementToken", TRANSFER)
    fills = logs.of("CreditMarket", FILLED)
    drawn = logs.of("CreditMarket", "Drawn(uint256,address,uint8,uint256)")
    yield "paid to the market = cost of all purchases", _sum(money, 0, to=market), _sum(fills, 1)
    yield "money out of the market = drawn", _sum(money, 0, frm=market), _sum(drawn, 1)
    resold = logs.of("CreditMarket", "Resold(uint256,address,uint256,uint256)")
    resale = _resale_asks(logs)
    yield (
        "cost of resales = sellers + fee",
        sum(log.words[1] for log in fills if log.topics[0] in resale),
        _sum(resold, 0) + _sum(resold, 1),
    )
    terms = {log.topics[0]: log.words for log in logs.of("CreditMarket", TERMS)}
    for stocked in logs.of("CreditMarket", STOCKED):
        series, (citizens_bps, fee_bps, *_) = stocked.topics[0], terms[stocked.words[2]]
        gross = sum(log.words[1] for log in fills if log.topics[1] == series and log.topics[0] not in resale)
        fee = gross * fee_bps // WHOLE
        citizens = (gross - fee) * citizens_bps // WHOLE
        due = {"fee": fee, "operator": gross - fee - citizens, "citizens": citizens}
        for kind, name in enumerate(KINDS):
            had = sum(log.words[1] for log in drawn if log.topics[0] == series and log.words[0] == kind)
            yield f"series {series}: drawn for {name}, and no more than due", had, min(had, due[name])


def shares(logs: Logs) -> Iterator[Check]:
    """The citizens' part is in the pot, was paid, was swept, or waits for an account that could not be paid."""
    pot, money = logs.addresses["ProceedsPot"], logs.of("SettlementToken", TRANSFER)
    drawn = logs.of("CreditMarket", "Drawn(uint256,address,uint8,uint256)")
    came = sum(log.words[1] for log in drawn if log.words[0] == KINDS.index("citizens"))
    yield "money into the pot = drawn for citizens", _sum(money, 0, to=pot), came
    paid = _sum(logs.of("ProceedsPot", "SharesPaid(uint256,uint256,uint256,uint256,uint256)"), 1)
    scattered = logs.of("ProceedsPot", "ScatteredSharesPaid(uint256,uint256[],uint256[],uint256)")
    paid += sum(sum(log.items(1)) for log in scattered)
    paid += _sum(logs.of("ProceedsPot", "Swept(uint256,address,uint256,uint256)"), 0)
    waits = _sum(logs.of("ProceedsPot", "ShareOwed(address,uint256)"), 0)
    waits -= _sum(logs.of("ProceedsPot", "OwedPaid(address,uint256)"), 0)
    yield "money out of the pot = shares paid + swept - waiting", _sum(money, 0, frm=pot), paid - waits
    rounds = {log.topics[0]: log.words[0] for log in logs.of("ProceedsPot", "RoundOpened(uint256,uint256,uint256)")}
    for series, read in rounds.items():
        had = sum(log.words[1] for log in drawn if log.topics[0] == series and log.words[0] == KINDS.index("citizens"))
        yield f"series {series}: last round = drawn for citizens", read, had


def _balances(moved: list[Log]) -> Counter[int]:
    """What everybody has of a token, by its transfers."""
    balances: Counter[int] = Counter()
    for log in moved:
        balances[log.topics[0]] -= log.words[0]
        balances[log.topics[1]] += log.words[0]
    return balances


def _market(logs: Logs, series: int) -> tuple[int, int, int]:
    """Stock, buffer and what is kept for resale, by what the market and the reversals told."""
    resale = _resale_asks(logs)
    stocked = next(log for log in logs.of("CreditMarket", STOCKED) if log.topics[0] == series)
    fills = [log for log in logs.of("CreditMarket", FILLED) if log.topics[1] == series]
    taken = [log for log in logs.of("ReversalDesk", REVERSED) if log.topics[0] == series]
    released = _of(logs.of("CreditMarket", "BufferReleased(uint256,uint256)"), 0, series, 0)
    used = _of(logs.of("ReversalDesk", "BufferUsed(uint256,uint256,uint256)"), 0, series, 0)
    sold = sum(log.words[0] for log in fills if log.topics[0] not in resale)
    stock = stocked.words[0] + released - sold - _sum(taken, 1)
    buffer = stocked.words[1] - released - used - _sum(taken, 2)
    offered = sum(mg for of, mg in resale.values() if of == series)
    ended = [log for log in logs.of("CreditMarket", CANCELLED_ASK) if resale.get(log.topics[0], (0, 0))[0] == series]
    return stock, buffer, offered - sum(log.words[0] for log in fills if log.topics[0] in resale) - _sum(ended, 0)


def _resale_asks(logs: Logs) -> dict[int, tuple[int, int]]:
    """Series and milligrams of asks whose credits the market keeps."""
    listed = logs.of("CreditMarket", LISTED)
    return {log.topics[0]: (log.topics[1], log.words[1]) for log in listed if log.words[2]}


def _sum(logs: list[Log], place: int, frm: int | None = None, to: int | None = None) -> int:
    """Sum of a word, of transfers from or to somebody if told."""
    return sum(
        log.words[place]
        for log in logs
        if (frm is None or log.topics[0] == frm) and (to is None or log.topics[1] == to)
    )


def _of(logs: list[Log], topic: int, value: int, place: int) -> int:
    return sum(log.words[place] for log in logs if log.topics[topic] == value)


def _by(logs: list[Log], place: int) -> Counter[int]:
    """Sums of a word by the first topic."""
    sums: Counter[int] = Counter()
    for log in logs:
        sums[log.topics[0]] += log.words[place]
    return sums


def _pair(one: Counter[int], other: Counter[int], keys: list[int]) -> tuple[int, int]:
    """Two sums over some keys; the second made to differ if two single figures do."""
    wrong = sum(one[key] != other[key] for key in keys)
    return sum(one[key] for key in keys), sum(other[key] for key in keys) + (wrong if wrong else 0)


if __name__ == "__main__":
    main()
