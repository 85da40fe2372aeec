"""A wire between the oracle and the chain that ends the oracle's process with SIGKILL at one exact request, before or after it got through.

Counting requests of one run first and then dying at each of them in turn visits every moment at which the chain and the book can differ.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

BEFORE, AFTER = "before", "after"


class Wire:
    """Forwards JSON-RPC to a node.

    Attributes:
        methods: Of each request the methods it asks for.
    """

    def __init__(self, rpc: str):
        self.methods: list[str] = []
        self._rpc = rpc
        self._deadly: tuple[int, str] | None = None
        self._victim: subprocess.Popen[bytes] | None = None
        self._ready = threading.Event()
        wire = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                answer = wire._pass(body)
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, format: str, *args: Any) -> None:
                return None

            def handle(self) -> None:
                try:
                    super().handle()
                except ConnectionError:  # the process at the other end was killed
                    return None

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        """Where the oracle finds it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stops forwarding."""
        self._server.shutdown()
        self._server.server_close()

    def run(self, command: list[str], deadly: tuple[int, str] | None = None) -> int:
        """Runs a process over the wire; it is killed at request number `deadly[0]`, before or after that got through. Its exit code."""
        self.methods.clear()
        self._deadly = deadly
        self._ready.clear()
        self._victim = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=os.environ | {"CARBONBOOK_RPC": self.url},
        )
        self._ready.set()
        return self._victim.wait()

    def _pass(self, body: bytes) -> bytes:
        number = len(self.methods)
        asked = json.loads(body)
        calls = asked if isinstance(asked, list) else [asked]
        self.methods.append(" ".join(sorted({call["method"] for call in calls})))
        if self._deadly == (number, BEFORE):
            self._kill()
        answer = requests.post(self._rpc, data=body, headers={"Content-Type": "application/json"}, timeout=60).content
        if self._deadly == (number, AFTER):
            self._kill()
        return answer

    def _kill(self) -> None:
        self._ready.wait()
        assert self._victim is not None
        self._victim.send_signal(signal.SIGKILL)
        self._victim.wait()
