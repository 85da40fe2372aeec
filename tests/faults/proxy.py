"""A node's RPC with something in between: cuts, holds or changes what passes, by rules that a test gives."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP.

    Attributes:
        content: Its body.
        status: HTTP status.
        headers: Besides those that every answer has.
    """

    content: bytes
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Rule:
    """Lets everything pass; others change what they must. Both sides see the parsed requests of one HTTP exchange."""

    def instead(self, asked: list[dict[str, Any]]) -> Answer | None:
        """What is answered without asking the node; None to ask it."""
        return None

    def before(self, asked: list[dict[str, Any]]) -> bool:
        """Whether the requests reach the node; if not, the connection is cut."""
        return True

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | Answer | None:
        """The node's answer as the oracle gets it; None to cut the connection."""
        return answer


class Proxy(ThreadingHTTPServer):
    """Listens on a port of its own in front of a node.

    Attributes:
        rule: What happens to the next exchange; may be replaced at any time.
        node: Host and port of the node.
        rpc: Its own address.
    """

    daemon_threads = True

    def __init__(self, rpc: str):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.rule = Rule()
        self.node = urlsplit(rpc).netloc
        self.rpc = f"http://127.0.0.1:{self.server_port}"
        Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed while it was answered is what the tests are about, not an error of theirs."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    """One connection of a client, and one to the node for it."""

    server: Proxy
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm: ClassVar[bool] = True
    _upstream: HTTPConnection | None = None

    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = self.rfile.read(length)
        if len(body) < length:  # killed while it asked
            self.close_connection = True
            return
        parsed = json.loads(body)
        asked = parsed if isinstance(parsed, list) else [parsed]
        answer = self.server.rule.instead(asked) or self._passed(asked, body)
        if answer is None:
            self._cut()
        else:
            self._answer(answer if isinstance(answer, Answer) else Answer(answer))

    def finish(self) -> None:
        """The client has gone, however it went."""
        if self._upstream is not None:
            self._upstream.close()
        super().finish()

    def _passed(self, asked: list[dict[str, Any]], body: bytes) -> bytes | Answer | None:
        answer = self._ask(body) if self.server.rule.before(asked) else None
        return None if answer is None else self.server.rule.after(asked, answer)

    def _ask(self, body: bytes) -> bytes:
        if self._upstream is None:
            self._upstream = HTTPConnection(self.server.node)
            self._upstream.connect()
            self._upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._upstream.request("POST", "/", body, {"Content-Type": "application/json"})
        return self._upstream.getresponse().read()

    def _answer(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in ({"Content-Type": "application/json"} | dict(answer.headers)).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:  # the table tells what happened
        return None
