"""Brownie's own number and tuple types as plain ones, so that a test can compare them with what it expects."""

from __future__ import annotations

from typing import Any


def bare(value: Any) -> Any:
    """Nested tuples of ints, strings and bytes."""
    if isinstance(value, list | tuple):
        return tuple(bare(item) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return value


def events(transaction: Any, name: str) -> list[dict[str, Any]]:
    """The events of one name that a transaction emitted, in order; none is an empty list."""
    if name not in transaction.events:
        return []
    return [{key: bare(value) for key, value in event.items()} for event in transaction.events[name]]
