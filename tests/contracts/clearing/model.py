"""The whole clearing in plain Python: who holds which points, what is due to whom, and whose money stands behind it.

It knows no contract and no chain: a verb is carried out or refused, with the error's name and values that the contracts should give.
Days are numbers (UTC), points thousandths, money base units of the settlement token; everything is an integer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

EPOCH = date(1970, 1, 1)
WINDOW, DISPUTE_DAYS, RELEASE_DELAY, PAGE_YEARS = 7, 60, 90, 10
NONE, HELD, FINAL, REFUNDED, DISPUTED = range(5)  # IRedemptionDesk.OrderPhase
ACTIVE, SUSPENDED = 1, 2  # IOperatorRegistry.Standing

Part = tuple[int, int]  # year, milli-points


class Refused(Exception):
    """The contracts would refuse: which of them declares the error, its name, its values."""

    def __init__(self, contract: str, error: str, *values: object) -> None:
        super().__init__(error, *values)
        self.contract, self.error, self.values = contract, error, values


@dataclass
class Bucket:
    """What is due to a merchant for one day."""

    milli: int = 0
    value: int = 0
    taken: int = 0


@dataclass
class Offer:
    """An offer of a merchant."""

    price: int
    terms: bytes
    stock: int
    per_citizen: int
    taken: int = 0
    by_citizen: dict[str, int] = field(default_factory=lambda: defaultdict(int))


@dataclass
class Taken:
    """An order that was taken."""

    key: bytes
    citizen: str
    merchant: str
    offer: bytes
    parts: tuple[Part, ...]
    day: int
    refunded: int = 0
    disputed_on: int = 0
    decided_on: int = 0

    @property
    def milli(self) -> int:
        return sum(milli for _, milli in self.parts)

    @property
    def left(self) -> int:
        return self.milli - self.refunded

    @property
    def due_day(self) -> int:
        """Whose bucket the rest is in; 0 while it is in dispute."""
        return self.decided_on or (0 if self.disputed_on else self.day)

    def last(self, milli: int) -> list[Part]:
        """What the next `milli` to go back are made of: the last points taken first."""
        back = []
        skip = self.refunded
        for year, points in reversed(self.parts):
            gone = min(skip, points)
            part = min(milli, points - gone)
            skip -= gone
            milli -= part
            if part:
                back.append((year, part))
        return back


@dataclass(frozen=True)
class Intent:
    """An order as the citizen signed it."""

    key: bytes
    citizen: str
    merchant: str
    number: bytes
    milli: int
    terms: bytes
    offer: bytes


class Clearing:
    """Books of citizens, merchants and operators.

    Attributes:
        day: Today.
    """

    def __init__(self, day: int, prices: dict[int, int]) -> None:
        self.day = day
        self.prices = prices
        self.pages: Counter[tuple[str, int]] = Counter()
        self.taken_out: set[int] = set()
        self.held: dict[str, int] = defaultdict(int)
        self.due: dict[tuple[str, int], Bucket] = defaultdict(Bucket)
        self.disputed: dict[str, Bucket] = defaultdict(Bucket)
        self.orders: list[Taken] = []
        self.used: set[bytes] = set()
        self.offers: dict[tuple[str, bytes], Offer] = {}
        self.standing: dict[str, int] = {}
        self.limits: dict[str, tuple[int, int]] = {}
        self.free: dict[str, int] = defaultdict(int)
        self.locked: Counter[tuple[str, int]] = Counter()
        self.released: Counter[int] = Counter()
        self.deposited = self.withdrawn = self.paid_out = 0
        self.paid: dict[str, int] = defaultdict(int)

    @property
    def year(self) -> int:
        return (EPOCH + timedelta(days=self.day)).year

    @property
    def last_final(self) -> int:
        return self.day - WINDOW - 1

    def live_years(self) -> range:
        """Years whose points can be spent, the oldest first."""
        return range(self.year - PAGE_YEARS + 1, self.year + 1)

    def balance(self, citizen: str) -> int:
        """Points a citizen can spend."""
        return sum(self.pages[citizen, year] for year in self.live_years())

    def outstanding(self, year: int) -> int:
        """Points of a year with citizens, spendable or not."""
        return 0 if year in self.taken_out else sum(milli for (_, of), milli in self.pages.items() if of == year)

    def value(self, parts: Sequence[Part]) -> int:
        """What points are worth."""
        return sum(milli * self.prices[year] for year, milli in parts)

    def deposit(self, operator: str, amount: int) -> None:
        self.free[operator] += amount
        self.deposited += amount

    def withdraw(self, operator: str, amount: int) -> None:
        if amount > self.free[operator]:
            raise Refused("vault", "SettlementVault_ReserveShort", operator, self.free[operator], amount)
        self.free[operator] -= amount
        self.withdrawn += amount

    def credit(self, operator: str, citizen: str, milli: int) -> None:
        """Points for an act of today."""
        amount = milli * self.prices[self.year]
        if amount > self.free[operator]:
            raise Refused("vault", "SettlementVault_ReserveShort", operator, self.free[operator], amount)
        self.free[operator] -= amount
        self.locked[operator, self.year] += milli
        self.pages[citizen, self.year] += milli

    def release_year(self, year: int) -> None:
        day = (date(year + PAGE_YEARS, 1, 1) - EPOCH).days + RELEASE_DELAY
        if self.day < day:
            raise Refused("vault", "SettlementVault_NotYet", year, day)
        if year in self.taken_out:
            raise Refused("book", "CarbonPoint_YearTakenOut", year)
        self.released[year] = self.outstanding(year) * self.prices[year]
        self.taken_out.add(year)

    def release_to(self, operator: str, year: int) -> None:
        milli, released = self.locked[operator, year], self.released[year]
        if not milli or not released:
            raise Refused("vault", "SettlementVault_NoShare", operator, year)
        share = released * milli // sum(locked for (_, of), locked in self.locked.items() if of == year)
        self.released[year] -= share
        self.locked[operator, year] = 0
        self.free[operator] += share

    def take(self, intent: Intent) -> Taken:
        """One order, wholly or not at all."""
        if intent.milli == 0:
            raise Refused("desk", "RedemptionDesk_NoPoints", intent.key)
        if intent.key in self.used:
            raise Refused("desk", "RedemptionDesk_OrderUsed", intent.key)
        self._require_active(intent.merchant)
        bucket = self.due[intent.merchant, self.day]
        per_order, per_day = self.limits[intent.merchant]
        if intent.milli > per_order:
            raise Refused("desk", "RedemptionDesk_AboveOrderLimit", intent.key, intent.milli, per_order)
        room = max(0, per_day - bucket.taken)
        if intent.milli > room:
            raise Refused("desk", "RedemptionDesk_AboveDayLimit", intent.key, intent.milli, room)
        offer = self._offer_for(intent)
        if intent.milli > self.balance(intent.citizen):
            balance = self.balance(intent.citizen)
            raise Refused("book", "CarbonPoint_TooFewPoints", intent.citizen, balance, intent.milli)

        parts = self._spend(intent.citizen, intent.milli)
        if offer:
            offer.taken += 1
            offer.by_citizen[intent.citizen] += 1
        self.used.add(intent.key)
        self.held[intent.merchant] += intent.milli
        bucket.milli += intent.milli
        bucket.taken += intent.milli
        bucket.value += self.value(parts)
        order = Taken(intent.key, intent.citizen, intent.merchant, intent.offer, parts, self.day)
        self.orders.append(order)
        return order

    def phase(self, order: Taken) -> int:
        if not order.left:
            return REFUNDED
        if not order.due_day:
            return DISPUTED
        return FINAL if order.due_day <= self.last_final else HELD

    def refund(self, order: Taken, milli: int) -> None:
        if order.due_day and order.due_day <= self.last_final:
            raise Refused("desk", "RedemptionDesk_RefundWindowOver", order.key, order.due_day + WINDOW)
        self._give_back(order, milli, order.due_day)

    def refund_final(self, order: Taken, milli: int, due_day: int) -> None:
        if not order.due_day:
            raise Refused("desk", "RedemptionDesk_InDispute", order.key)
        if order.due_day > self.last_final:
            raise Refused("desk", "RedemptionDesk_RefundWindowOpen", order.key, order.due_day + WINDOW)
        if due_day > self.last_final:
            raise Refused("desk", "RedemptionDesk_NotFinal", due_day, self.last_final)
        self._give_back(order, milli, due_day)

    def dispute(self, order: Taken) -> None:
        if self.phase(order) != HELD or order.disputed_on:
            before = bool(order.disputed_on)
            raise Refused("desk", "RedemptionDesk_CannotDispute", order.key, self.phase(order), before)
        value = self.value(order.last(order.left))
        bucket = self.due[order.merchant, order.due_day]
        bucket.milli -= order.left
        bucket.value -= value
        self.disputed[order.merchant].milli += order.left
        self.disputed[order.merchant].value += value
        order.disputed_on = self.day

    def resolve(self, order: Taken, to_citizen: int) -> None:
        last = self._last_day_to_decide(order)
        if self.day > last:
            raise Refused("desk", "RedemptionDesk_DisputeOver", order.key, last)
        if to_citizen:
            self._give_back(order, to_citizen, 0)
        self._end_dispute(order)

    def lapse(self, order: Taken) -> None:
        last = self._last_day_to_decide(order)
        if self.day <= last:
            raise Refused("desk", "RedemptionDesk_DisputeOpen", order.key, last)
        self._end_dispute(order)

    def settle(self, merchant: str, first: int, last: int, *, itself: bool) -> None:
        """The newest final day is the merchant's own."""
        self._require_active(merchant)
        if not itself:
            self._require_anybodys(merchant, last)
        self._pay(merchant, first, last)

    def settle_suspended(self, merchant: str, first: int, last: int) -> None:
        if self.standing[merchant] != SUSPENDED:
            raise Refused("vault", "SettlementVault_NotSuspended", merchant)
        self._require_anybodys(merchant, last)
        self._pay(merchant, first, last)

    def _require_anybodys(self, merchant: str, last: int) -> None:
        if last > self.last_final - 1:
            raise Refused("vault", "SettlementVault_TooNew", merchant, last, self.last_final - 1)

    def _require_active(self, merchant: str) -> None:
        if self.standing[merchant] != ACTIVE:
            raise Refused("operators", "OperatorRegistry_MerchantNotActive", merchant, self.standing[merchant])

    def _offer_for(self, intent: Intent) -> Offer | None:
        if not any(intent.offer):
            return None
        at = intent.merchant, intent.offer
        offer = self.offers.get(at)
        if offer is None:
            raise Refused("offers", "OfferBook_Unknown", *at)
        if intent.milli != offer.price:
            raise Refused("offers", "OfferBook_PriceDiffers", *at, offer.price, intent.milli)
        if intent.terms != offer.terms:
            raise Refused("offers", "OfferBook_TermsDiffer", *at, offer.terms, intent.terms)
        if offer.taken == offer.stock:
            raise Refused("offers", "OfferBook_SoldOut", *at, offer.stock)
        if offer.by_citizen[intent.citizen] == offer.per_citizen:
            raise Refused("offers", "OfferBook_CitizenLimit", *at, intent.citizen, offer.per_citizen)
        return offer

    def _spend(self, citizen: str, milli: int) -> tuple[Part, ...]:
        parts = []
        for year in self.live_years():
            part = min(milli, self.pages[citizen, year])
            if part:
                self.pages[citizen, year] -= part
                parts.append((year, part))
                milli -= part
        return tuple(parts)

    def _give_back(self, order: Taken, milli: int, due_day: int) -> None:
        if milli == 0:
            raise Refused("desk", "RedemptionDesk_NoPoints", order.key)
        if milli > order.left:
            raise Refused("desk", "RedemptionDesk_RefundTooLarge", order.key, milli, order.left)
        parts = order.last(milli)
        value = self.value(parts)
        bucket = self.due[order.merchant, due_day] if due_day else self.disputed[order.merchant]
        if milli > bucket.milli or value > bucket.value:
            at = order.merchant, due_day
            raise Refused("desk", "RedemptionDesk_TooLittleDue", *at, bucket.milli, bucket.value, milli, value)
        gone = sorted(year for year, _ in parts if year in self.taken_out)
        if gone:
            raise Refused("book", "CarbonPoint_YearTakenOut", gone[0])

        bucket.milli -= milli
        bucket.value -= value
        order.refunded += milli
        self.held[order.merchant] -= milli
        for year, part in parts:
            self.pages[order.citizen, year] += part
        if not order.left and any(order.offer):
            offer = self.offers[order.merchant, order.offer]
            offer.taken -= 1
            offer.by_citizen[order.citizen] -= 1

    def _last_day_to_decide(self, order: Taken) -> int:
        if order.due_day or not order.left:
            raise Refused("desk", "RedemptionDesk_NotDisputed", order.key)
        return order.disputed_on + DISPUTE_DAYS

    def _end_dispute(self, order: Taken) -> None:
        value = self.value(order.last(order.left))
        self.disputed[order.merchant].milli -= order.left
        self.disputed[order.merchant].value -= value
        self.due[order.merchant, self.day].milli += order.left
        self.due[order.merchant, self.day].value += value
        order.decided_on = self.day

    def _pay(self, merchant: str, first: int, last: int) -> None:
        if last > self.last_final:
            raise Refused("desk", "RedemptionDesk_NotFinal", last, self.last_final)
        buckets = [self.due[merchant, day] for day in range(first, last + 1) if (merchant, day) in self.due]
        milli, value = sum(bucket.milli for bucket in buckets), sum(bucket.value for bucket in buckets)
        if not milli and not value:
            raise Refused("vault", "SettlementVault_NothingDue", merchant, first, last)
        for day in range(first, last + 1):
            if (bucket := self.due.get((merchant, day))) and (bucket.milli or bucket.value):
                self.due[merchant, day] = Bucket()
        self.held[merchant] -= milli
        self.paid[merchant] += value
        self.paid_out += value
