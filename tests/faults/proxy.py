"""A node's RPC with something in between: cuts, holds or changes what passes, by rules that a test gives."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar
from urllib.parse import urlsplit


class Rule:
    """Lets everything pass; others change what they must. Both sides see the parsed requests of one HTTP exchange."""

    def before(self, asked: list[dict[str, Any]]) -> bool:
        """Whether the requests reach the node; if not, the connection is cut."""
        return True

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        """The answer as the oracle gets it; None to cut the connection."""
        return answer


class Proxy:
    """Listens on a port of its own in front of a node.

    Attributes:
        rule: What happens to the next exchange; may be replaced at any time.
        seen: How many requests of each method came.
    """

    def __init__(self, rpc: str):
        self.rule = Rule()
        self.seen: dict[str, int] = {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler(urlsplit(rpc).netloc))
        self._server.daemon_threads = True
        self.rpc = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        """Stops listening."""
        self._server.shutdown()
        self._server.server_close()

    def _handler(self, node: str) -> type[BaseHTTPRequestHandler]:
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm: ClassVar[bool] = True
            upstream: HTTPConnection | None = None

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                parsed = json.loads(body)
                asked = parsed if isinstance(parsed, list) else [parsed]
                for request in asked:
                    proxy.seen[request["method"]] = proxy.seen.get(request["method"], 0) + 1
                answer = self._ask(body) if proxy.rule.before(asked) else None
                answer = None if answer is None else proxy.rule.after(asked, answer)
                if answer is None:
                    self._cut()
                else:
                    self._answer(answer)

            def _ask(self, body: bytes) -> bytes:
                if self.upstream is None:
                    self.upstream = HTTPConnection(node)
                    self.upstream.connect()
                    self.upstream.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.upstream.request("POST", "/", body, {"Content-Type": "application/json"})
                return self.upstream.getresponse().read()

            def _answer(self, answer: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def _cut(self) -> None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def log_message(self, format: str, *args: Any) -> None:  # the table tells what happened
                return None

        return Handler
