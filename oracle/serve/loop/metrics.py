"""Numbers for Prometheus. `docs/ops/alerts.yml` watches them, `docs/ops/dashboard.json` draws them."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class Metrics:
    """All metrics of one service, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pulse = self._gauge("pulse_timestamp_seconds", "Time of the last successful round, Unix seconds.")
        self.rounds = Histogram(
            "carbonbook_round_seconds",
            "Duration of a round.",
            registry=self.registry,
            buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
        )
        self.done = self._counter("done_total", "Batches, transactions or merchants processed by a step.", "step")
        self.failures = self._counter("step_failures_total", "Failed steps.", "step", "error")
        self.followed = self._counter("outbox_events_total", "Changes of pending transactions, by kind.", "kind")
        self.halted = self._gauge("chain_halted", "1 after the chain rolled back past finality.")
        self.disagree = self._gauge("nodes_disagree", "1 while a witness disagrees with the node.")
        self.head = self._gauge("chain_head", "Latest block.")
        self.head_age = self._gauge("chain_head_age_seconds", "Age of the latest block by this machine's clock.")
        self.gas_left = self._gauge(
            "relayer_transactions_left", "Transactions of a million gas that the relayer can pay."
        )
        self.transactions = self._gauge("transactions", "Transactions of the outbox by state.", "state")
        self.oldest = self._gauge("oldest_pending_seconds", "Age of the oldest transaction that is not mined.")
        self.batches = self._gauge("batches", "Batches by phase; `none` means bundled but not attested.", "phase")
        self.days_to_close = self._gauge("days_to_close", "Days with acts that are not closed.")
        self.quarantined = self._gauge("rows_quarantined", "Rows with a finding instead of an act.")
        self.source_age = self._gauge("source_age_seconds", "Seconds since a source's last file.", "source")
        self.differences = self._gauge("differences", "Places where book and chain differ, at the last comparison.")
        self.reserve = self._gauge("reserve_free_units", "An operator's free reserve, token base units.", "operator")
        self.allowance = self._gauge(
            "day_allowance_left_ratio", "Part of an operator's day limit that is left.", "operator"
        )
        self.vault = self._gauge("vault_short_units", "Amount missing in the vault for all claims on it; 0 if none.")
        self.disk = self._gauge("disk_free_bytes", "Free bytes on the disk of the home folder.")

    def _gauge(self, name: str, says: str, *labels: str) -> Gauge:
        return Gauge(f"carbonbook_{name}", says, labels, registry=self.registry)

    def _counter(self, name: str, says: str, *labels: str) -> Counter:
        return Counter(f"carbonbook_{name.removesuffix('_total')}", says, labels, registry=self.registry)
