"""Logs of the service: one JSON object per line on stderr, with UTC time, level and event."""

from __future__ import annotations

import sys

import structlog
from structlog.typing import FilteringBoundLogger


def logger() -> FilteringBoundLogger:
    """The service's logger. Only named values are logged: no object that could hold a key is ever handed to it."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    made: FilteringBoundLogger = structlog.get_logger()
    return made
