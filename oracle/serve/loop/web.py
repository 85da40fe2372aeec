"""What the service shows over HTTP: `/healthz` for whoever restarts it, `/metrics` for Prometheus."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from oracle.model.errors import ConfigError
from oracle.serve.loop.metrics import Metrics

_IDLE_SECONDS = 10  # of a connection on which nothing comes


class Web:
    """Listens until it is closed.

    Args:
        host, port: Where; port 0 takes a free one.
        metrics: What to show.
        pulse: Unix time of the last round that ended well.
        limit_seconds: Age of the pulse above which the service is not healthy.

    Raises:
        ConfigError: The port is taken.
    """

    def __init__(self, host: str, port: int, metrics: Metrics, pulse: Callable[[], float], limit_seconds: float):
        def health() -> tuple[int, str, bytes]:
            age = time.time() - pulse()
            body = {"healthy": age <= limit_seconds, "pulse_age_seconds": round(age, 3), "limit_seconds": limit_seconds}
            return 200 if age <= limit_seconds else 503, "application/json", json.dumps(body).encode()

        def numbers() -> tuple[int, str, bytes]:
            return 200, CONTENT_TYPE_LATEST, generate_latest(metrics.registry)

        try:
            self._server = ThreadingHTTPServer((host, port), _handler({"/healthz": health, "/metrics": numbers}))
        except OSError as error:
            raise ConfigError(
                f"Port {port} of {host} is in use: {error.strerror}. Choose another one with --port."
            ) from error
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()


def _handler(pages: dict[str, Callable[[], tuple[int, str, bytes]]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = _IDLE_SECONDS

        def do_GET(self) -> None:  # the name that the server calls
            page = pages.get(self.path.split("?")[0])
            status, kind, body = page() if page else (404, "text/plain", b"/healthz or /metrics\n")
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            return None  # each look every few seconds is no event

    return Handler
