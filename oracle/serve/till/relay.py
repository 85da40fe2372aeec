"""One relayer for many tills: orders that arrive while a transaction is pending are sent together in the next."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from queue import Empty, Queue
from threading import Thread

from oracle.ledger.redeem.desk import PER_TRANSACTION, Outcome, SignedOrder

Send = Callable[[Sequence[SignedOrder]], Iterable[Outcome]]


class Relay:
    """Takes orders from any thread and sends them from one.

    Args:
        send: Relays some orders and yields what became of each; called from the relay's own thread only.
    """

    def __init__(self, send: Send):
        self._send = send
        self._waiting: Queue[tuple[SignedOrder, Future[Outcome]] | None] = Queue()
        self._thread = Thread(target=self._work, name="relay", daemon=True)
        self._thread.start()

    def submit(self, order: SignedOrder) -> Future[Outcome]:
        """Queues an order; the future returns its result."""
        promised: Future[Outcome] = Future()
        self._waiting.put((order, promised))
        return promised

    def close(self) -> None:
        """Sends what is queued, then ends."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        open_ = True
        while open_:
            batch, open_ = self._batch()
            if batch:
                self._relay(batch)

    def _batch(self) -> tuple[list[tuple[SignedOrder, Future[Outcome]]], bool]:
        """Waits for the next order; returns it with all queued ones, and whether more will come."""
        batch = []
        item = self._waiting.get()
        while item is not None:
            batch.append(item)
            if len(batch) == PER_TRANSACTION:
                return batch, True
            try:
                item = self._waiting.get_nowait()
            except Empty:
                return batch, True
        return batch, False

    def _relay(self, batch: list[tuple[SignedOrder, Future[Outcome]]]) -> None:
        try:
            outcomes = list(self._send([order for order, _ in batch]))
        except Exception as error:  # whatever it is, those who wait must learn of it
            for _, promised in batch:
                promised.set_exception(error)
            return
        for order, promised in batch:  # one outcome each: of one order sent twice at once, one alone is fresh
            at = next(at for at, outcome in enumerate(outcomes) if outcome.order == order.order)
            promised.set_result(outcomes.pop(at))
