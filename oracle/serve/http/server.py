"""Running an HTTP service until it is told to stop."""

from __future__ import annotations

import uvicorn
from fastapi import FastAPI


def run(app: FastAPI, host: str, port: int) -> None:
    """Serves until SIGINT or SIGTERM; requests that have begun are finished first."""
    uvicorn.run(
        app, host=host, port=port, log_config=None, access_log=False, server_header=False, timeout_graceful_shutdown=30
    )
