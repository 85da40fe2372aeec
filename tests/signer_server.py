"""A signer over HTTP for tests: python tests/signer_server.py --port PORT [--lie]. It reads its key, 64 hex digits, from stdin."""

from __future__ import annotations

import argparse
import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from eth_keys.datatypes import PrivateKey
from eth_utils.crypto import keccak


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--lie", choices=["no", "other-text", "garbage", "error"], default="no")
    arguments = parser.parse_args()
    key = PrivateKey(bytes.fromhex(sys.stdin.readline().strip()))

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(200, "OK")

        def do_POST(self) -> None:
            if not self.path.startswith("/api/v1/eth1/sign/"):
                self._answer(404, "no such key")
                return
            data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["data"]
            text = bytes.fromhex(data[2:])
            if arguments.lie == "error":
                self._answer(500, "canary-detail")
            elif arguments.lie == "garbage":
                self._answer(200, "0xzz")
            else:
                signature = key.sign_msg_hash(keccak(text + b"!" if arguments.lie == "other-text" else text)).to_bytes()
                self._answer(200, "0x" + (signature[:64] + bytes([signature[64] + 27])).hex())

        def _answer(self, status: int, text: str) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            return None

    ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
