"""Talking to a node: what it answers, or why it does not."""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from eth_account.signers.base import BaseAccount

from oracle.model.errors import CarbonbookError
from oracle.model.header import Header
from oracle.model.ids import BatchId
from oracle.serve.http.signed import Request, sign_by_account
from oracle.serve.node.claims import Signed
from oracle.serve.node.member import Approval

_CONNECT_SECONDS = 5
# A node recomputes a whole close before it answers.
_ANSWER_SECONDS = 3600


_KEY = re.compile("0x[0-9a-f]{64}")
_SHOWN = 500
_OK = 200
_PIECE = 1 << 20


class NodeFails(CarbonbookError):
    """A node does not answer, or refuses."""


@dataclass(frozen=True)
class Answer:
    """What a node says of a close: the fields of `oracle.serve.node.replay.Outcome` that somebody looks at."""

    agreed: list[BatchId]
    differing: list[BatchId]
    lacking: tuple[str, ...]
    other_bytes: tuple[str, ...]


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
        with self._told("number of a close"):
            number = int(self._asked("GET", "/v1/member")["settled"])
            if number < 0:
                raise ValueError(number)
            return number

    def batches(self) -> list[BatchId]:
        """Keys of the batches the node found for itself."""
        with self._told("list of batches"):
            return _keys(self._asked("GET", "/v1/batches"))

    def approval(self, batch: BatchId) -> Approval:
        """Its signature over a batch."""
        with self._told("approval"):
            data = self._asked("GET", f"/v1/batches/{batch}/approval")
            signature = bytes.fromhex(data["signature"][2:])
            return Approval(
                BatchId(str(data["batch"])),
                Header.from_json(data["header"]),
                int(data["epoch"]),
                str(data["member"]),
                signature,
            )

    def bundle(self, batch: BatchId, target: Path, most: int) -> None:
        """Writes the archive of a batch's bundle; who takes it compares it with the chain.

        Args:
            most: Bytes at most.
        """
        url, length = f"{self.url}/v1/batches/{batch}/bundle", 0
        try:
            with requests.get(
                url, stream=True, timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS), allow_redirects=False
            ) as answer:
                if answer.status_code != _OK:
                    raise NodeFails(f"{self.url} rejected the request ({answer.status_code}): {answer.text[:_SHOWN]}")
                with target.open("wb") as file:
                    for piece in answer.iter_content(_PIECE):
                        length += len(piece)
                        if length > most:
                            raise NodeFails(f"{self.url} sent more than {most} bytes")
                        file.write(piece)
        except requests.exceptions.RequestException as error:
            raise NodeFails(f"{self.url} gave an invalid answer: {error}") from error

    def propose(self, number: int, body: bytes) -> Answer:
        """What it says of a close."""
        with self._told("opinion of a close"):
            data = self._signed(f"/v1/closings/{number}", body, hashlib.sha256(body).hexdigest())
            agreed, differing = _keys(data["agreed"]), _keys(data["differing"])
            return Answer(agreed, differing, *(tuple(map(str, data[name])) for name in ("lacking", "other_bytes")))

    def claim(self, batch: BatchId, archive: Path) -> dict[str, Any]:
        """Where it differs in a batch: the fields of `oracle.serve.node.compare.Comparison`."""
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            file.seek(0)
            found: dict[str, Any] = self._signed(f"/v1/batches/{batch}/claim", file, digest)
            return found

    def frame(self, claim: int, document: bytes) -> Signed:
        """Its signature over the frame of a claim (`oracle.ledger.certify.submission`)."""
        return self._signature(f"/v1/claims/{claim}", document)

    def reversal(self, claim: int, batch: BatchId, document: bytes) -> Signed:
        """Its signature over how much of a series rests on a batch."""
        return self._signature(f"/v1/claims/{claim}/reversals/{batch}", document)

    def _signature(self, path: str, document: bytes) -> Signed:
        with self._told("signature"):
            data = self._signed(path, document, hashlib.sha256(document).hexdigest())
            subject = {str(name): str(value) for name, value in data["subject"].items()}
            return Signed(subject, int(data["epoch"]), str(data["member"]), bytes.fromhex(data["signature"][2:]))

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        """A node may answer anything at all."""
        try:
            yield
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise NodeFails(f"{self.url} answered with an invalid {what}: {error!r}") from error

    def _signed(self, path: str, body: Any, sha256: str) -> Any:
        if self._account is None:
            raise NodeFails(f"A proposal to {self.url} needs a key to sign it.")
        request = Request("PUT", path, self._account.address, int(time.time()), sha256[:32], sha256)
        return self._asked("PUT", path, body, request.headers(sign_by_account(self._account, request.text)))

    def _asked(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        try:
            answer = requests.request(
                method,
                self.url + path,
                data=body,
                headers=headers,
                timeout=(_CONNECT_SECONDS, _ANSWER_SECONDS),
                allow_redirects=False,
            )
            data = answer.json()
        except requests.exceptions.ConnectionError as error:
            raise NodeFails(f"{self.url} does not answer.") from error
        except (requests.exceptions.RequestException, ValueError, RecursionError) as error:
            raise NodeFails(f"{self.url} gave an invalid answer: {error}") from error
        if answer.status_code != _OK:
            detail = data.get("detail", data) if isinstance(data, dict) else data
            raise NodeFails(f"{self.url} rejected the request ({answer.status_code}): {str(detail)[:_SHOWN]}")
        return data


def _keys(listed: Any) -> list[BatchId]:
    """Keys of batches, nothing else: they become paths."""
    keys = [BatchId(str(key)) for key in listed]
    if not all(map(_KEY.fullmatch, keys)):
        raise ValueError(f"the key of a batch must be 0x and 64 hex digits: {str(keys)[:_SHOWN]}")
    return keys
