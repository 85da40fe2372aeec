"""A committee node that lies, for tests: python tests/lying_node.py --port PORT --honest URL

The first part of the path is the lie it tells. It needs no key of the committee: it asks an honest node, and changes what that said.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.request import urlopen

from eth_account import Account

ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
STRANGER = Account.from_key(b"\x09" * 32)

Said = dict[str, Any]


def malleated(said: Said) -> Said:
    """The other signature of the same key over the same header."""
    r, s, v = said["signature"][2:66], int(said["signature"][66:130], 16), int(said["signature"][130:], 16)
    return said | {"signature": f"0x{r}{ORDER - s:064x}{55 - v:02x}"}


def short_v(said: Said) -> Said:
    """The same signature with 0 or 1 at its end, as some libraries write it."""
    return said | {"signature": f"{said['signature'][:130]}{int(said['signature'][130:], 16) - 27:02x}"}


def by_a_stranger(said: Said) -> str:
    """Somebody else's signature."""
    return str(STRANGER.unsafe_sign_hash(b"\x01" * 32).signature.to_0x_hex())


# Of an approval: what the lie makes of it.
APPROVALS: dict[str, Callable[[Said], Any]] = {
    "malleated": malleated,
    "short-v": short_v,
    "cut": lambda said: said | {"signature": said["signature"][:-2]},
    "no-point": lambda said: said | {"signature": "0x" + "ff" * 32 + "00" * 31 + "01" + "1b"},
    "another-key": lambda said: said | {"signature": by_a_stranger(said)},
    "stranger": lambda said: said | {"signature": by_a_stranger(said), "member": STRANGER.address},
    "old-epoch": lambda said: said | {"epoch": said["epoch"] - 1},
    "more": lambda said: said | {"header": said["header"] | {"totalQuantity": "999999999"}},
    "another-batch": lambda said: said | {"batch": "0x" + "ab" * 32},
    "no-header": lambda said: said | {"header": 7},
    "list": lambda said: [said],
    "nothing": lambda said: None,
}
# Of anything else.
ANSWERS: dict[str, dict[str, Any]] = {
    "below-zero": {"/v1/member": {"settled": -9}},
    "no-number": {"/v1/member": {"settled": "all"}},
    "a-path": {"/v1/batches": ["0x../../keys"], "/v1/member": {"settled": 0}},
    "no-keys": {"/v1/batches": [5, None, "zz"], "/v1/member": {"settled": 0}},
    "no-list": {"/v1/batches": 5, "/v1/member": []},
}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--honest", required=True)
    arguments = parser.parse_args()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            _, lie, path = self.path.split("/", 2)
            path = f"/{path}"
            if path in ANSWERS.get(lie, {}):
                self._answer(ANSWERS[lie][path])
                return
            with urlopen(arguments.honest + path) as honest:
                said = json.load(honest)
            told = APPROVALS.get(lie, lambda same: same)
            self._answer(told(said) if path.endswith("/approval") else said)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            lie = self.path.split("/")[1]
            paths = {"agreed": [], "differing": ["0x../../keys"], "lacking": [], "other_bytes": []}
            self._answer(paths if lie == "a-path" else {"agreed": 3})

        def _answer(self, said: object) -> None:
            body = json.dumps(said).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return None

    ThreadingHTTPServer(("127.0.0.1", arguments.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
