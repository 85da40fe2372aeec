"""Talking to a node: what it answers, or why it does not."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import requests
from eth_account.signers.base import BaseAccount

from oracle.errors import CarbonbookError
from oracle.intake.signed import Request, sign_by_account
from oracle.node.member import Approval
from oracle.node.proposal import header_of

_CONNECT_SECONDS = 5
# A node recomputes a whole close before it answers.
_ANSWER_SECONDS = 3600


class NodeFails(CarbonbookError):
    """A node does not answer, or refuses."""


class NodeClient:
    """One node.

    Args:
        url: Its address, without a path.
        account: Signs what is proposed; None if only approvals are asked for.
    """

    def __init__(self, url: str, account: BaseAccount | None = None):
        self.url = url.rstrip("/")
        self._account = account

    def settled(self) -> int:
        """Number of the last close that is settled there."""
        return int(self._asked("GET", "/v1/member")["settled"])

    def batches(self) -> list[str]:
        """Keys of the batches the node found for itself."""
        return list(self._asked("GET", "/v1/batches"))

    def approval(self, batch: str) -> Approval:
        """Its signature over a batch."""
        try:
            data = self._asked("GET", f"/v1/batches/{batch}/approval")
            signature = bytes.fromhex(data["signature"][2:])
            return Approval(
                str(data["batch"]), header_of(data["header"]), int(data["epoch"]), str(data["member"]), signature
            )
        except (KeyError, TypeError, ValueError) as error:
            raise NodeFails(f"{self.url} answers with something that is no approval: {error!r}") from error

    def propose(self, number: int, body: bytes) -> dict[str, Any]:
        """What it says of a close: the fields of `oracle.node.replay.Outcome`."""
        return self._signed(f"/v1/closings/{number}", body, hashlib.sha256(body).hexdigest())

    def claim(self, batch: str, archive: Path) -> dict[str, Any]:
        """Where it differs in a batch: the fields of `oracle.node.compare.Comparison`."""
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            return self._signed(f"/v1/batches/{batch}/claim", file, digest)

    def _signed(self, path: str, body: Any, sha256: str) -> dict[str, Any]:
        if self._account is None:
            raise NodeFails(f"Nothing can be proposed to {self.url} without a key.")
        request = Request("PUT", path, self._account.address, int(time.time()), sha256[:32], sha256)
        return self._asked("PUT", path, body, request.headers(sign_by_account(self._account, request.text)))

    def _asked(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = requests.request(
                method,
                self.url + path,
                data=body,
                headers=headers,
                timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                allow_redirects=False,
            )
            data: dict[str, Any] = answer.json()
        except requests.exceptions.ConnectionError as error:
            raise NodeFails(f"{self.url} does not answer.") from error
        except (requests.exceptions.RequestException, ValueError) as error:
            raise NodeFails(f"{self.url} does not answer as a node does: {error}") from error
        if answer.status_code != 200:
            raise NodeFails(f"{self.url} refuses ({answer.status_code}): {data.get('detail', data)}")
        return data
