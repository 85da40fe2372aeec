"""Transport to a node: requests are retried where that is safe, and answers are checked for their form.

Every read request is safe to retry. A transaction is retried only if the gateway says that nothing got through (429). After
any other error it is unknown whether it arrived, and its sender looks for it on chain.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from http.client import responses
from itertools import count
from typing import Any, TypeVar

import requests
from eth_typing import URI
from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

from oracle.edge.chain.answers import Garbled, answer_to, answers_to, parsed
from oracle.model.errors import ChainError, ChainUnreachable

T = TypeVar("T")

# What nodes say when the block that was the latest is gone by the time they look into it: one that keeps no history, or one of several
# behind one address that is a block behind.
_OVERTAKEN = ("blockoutofrange", "header not found", "missing trie node", "unknown block")
_LIMITED = (-32005, 429)  # EIP-1474's "limit exceeded", and what gateways say in its place

_FIRST_PAUSE = 0.02  # seconds; each pause is twice the one before, give or take a half
_MOST_WAIT = 30.0  # seconds that a gateway may ask to wait
_TRIES_BROKEN = 6  # within about a second: a node that is down is told of soon
_TRIES = 8  # within about five
_ROUNDS = 5  # of asking again what a node would not answer at once


class Trouble(ChainUnreachable):
    """A request without an answer.

    Attributes:
        tries: How often to try before it is told; 1 for what stays as it is.
        untouched: Whether the node surely has not had the request.
        wait: Seconds that were asked for before the next try.
    """

    def __init__(self, says: str, tries: int, *, untouched: bool = False, wait: float = 0.0):
        super().__init__(says)
        self.tries = tries
        self.untouched = untouched
        self.wait = wait


class Provider(HTTPProvider):
    """web3's transport over HTTP.

    Args:
        rpc: Address of the node.
        timeout_seconds: For one answer.
    """

    def __init__(self, rpc: str, timeout_seconds: float):
        super().__init__(rpc, request_kwargs={"timeout": timeout_seconds}, exception_retry_configuration=None)
        self._rpc = rpc

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """The node's answer to one request.

        Raises:
            ChainUnreachable: There is none, however often it was asked for.
        """
        body = self.encode_rpc_request(method, params)

        def ask(_: Sequence[int]) -> list[RPCResponse]:
            return [self._content([method], body, lambda said: answer_to(method, params, parsed(said)))]

        return _settled(1, ask)[0]

    def make_batch_request(self, batch_requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        """The node's answers to requests that are asked together, in their order.

        Raises:
            ChainUnreachable: There are none, however often they were asked for.
            ChainError: The node takes no such batch.
        """

        def ask(places: Sequence[int]) -> list[RPCResponse]:
            asked = [batch_requests[place] for place in places]
            body = self.encode_batch_rpc_request(asked)
            return self._content([method for method, _ in asked], body, lambda said: self._many(asked, said))

        return _settled(len(batch_requests), ask)

    def _make_request(self, method: RPCEndpoint, request_data: bytes) -> bytes:
        """The node's answer as it came."""
        return self._content([method], request_data, lambda said: said)

    def _content(self, methods: Sequence[str], body: bytes, read: Callable[[bytes], T]) -> T:
        """Result of `read` for the answer to a body; the request is retried where that is safe and may help."""
        questions = all(map(_is_question, methods))
        for number in count(1):
            try:
                return self._understood(read, self._exchanged(body))
            except Trouble as trouble:
                safe = questions or trouble.untouched
                if not safe or number >= trouble.tries or trouble.wait > _MOST_WAIT:
                    times = f" It was tried {number} times." if number > 1 else ""
                    raise ChainUnreachable(f"{trouble}{times}") from trouble
                time.sleep(max(trouble.wait, _pause(number)))
        raise AssertionError("unreachable")

    def _exchanged(self, body: bytes) -> bytes:
        nothing = f"No answer from the chain at {self._rpc}. Is it running? (`carbonbook up`)"
        try:
            answer = self._request_session_manager.get_response_from_post_request(
                URI(self._rpc), data=body, **self.get_request_kwargs()
            )
        except requests.exceptions.Timeout as error:
            raise Trouble(nothing, 1) from error
        except (requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError) as error:
            raise Trouble(nothing, _TRIES_BROKEN) from error
        except requests.exceptions.RequestException as error:
            raise Trouble(f"The request to the chain at {self._rpc} failed: {error}", 1) from error
        if answer.status_code == HTTPStatus.OK:
            return answer.content
        raise self._refused(answer)

    def _refused(self, answer: requests.Response) -> Trouble:
        status, wait = answer.status_code, _retry_after(answer.headers.get("Retry-After", ""))
        says = f"The node at {self._rpc} answered {status} ({responses.get(status, 'unknown status')})."
        says += f" It asks to retry after {wait:.0f} s." if wait else ""
        limited = status == HTTPStatus.TOO_MANY_REQUESTS
        passing = limited or status >= HTTPStatus.INTERNAL_SERVER_ERROR
        return Trouble(says, _TRIES if passing else 1, untouched=limited, wait=wait)

    def _understood(self, read: Callable[[bytes], T], said: bytes) -> T:
        try:
            return read(said)
        except Garbled as error:
            raise Trouble(
                f"The node at {self._rpc} answered with {error}. Check the address and any gateway in between.",
                _TRIES_BROKEN,
            ) from error

    def _many(self, asked: Sequence[tuple[RPCEndpoint, Any]], said: bytes) -> list[RPCResponse]:
        answers = parsed(said)
        if isinstance(answers, dict) and isinstance(answers.get("error"), dict):
            error = answers["error"]
            says = f"The node at {self._rpc} rejected a batch of {asked[0][0]} requests: {error.get('message', error)}"
            raise Trouble(says, _TRIES, untouched=True) if error.get("code") in _LIMITED else ChainError(says)
        return answers_to(asked, answers)


def is_limited(answer: Mapping[str, Any]) -> bool:
    """Whether a node was too busy to process a request."""
    error = answer.get("error")
    return isinstance(error, dict) and error.get("code") in _LIMITED


def _settled(number: int, ask: Callable[[Sequence[int]], list[RPCResponse]]) -> list[RPCResponse]:
    """Answers by position. Requests that a new block made obsolete, or for which the node was too busy, are repeated."""
    answers: dict[int, RPCResponse] = {}
    places: Sequence[int] = range(number)
    for round_ in range(_ROUNDS):
        if round_ and any(is_limited(answers[place]) for place in places):
            time.sleep(_pause(round_ + 2))
        answers |= zip(places, ask(places), strict=True)
        places = [place for place in places if _overtaken(answers[place]) or is_limited(answers[place])]
        if not places:
            break
    return [answers[place] for place in range(number)]


def _overtaken(answer: Mapping[str, Any]) -> bool:
    error = answer.get("error")
    return isinstance(error, dict) and any(sign in str(error.get("message", "")).lower() for sign in _OVERTAKEN)


def _is_question(method: str) -> bool:
    return method.startswith(("eth_", "net_", "web3_", "txpool_")) and not method.startswith("eth_send")


def _pause(number: int) -> float:
    """Seconds before the next try, with jitter, so that processes that failed together do not retry together."""
    return float(_FIRST_PAUSE * 2**number * random.uniform(0.5, 1.5))


def _retry_after(header: str) -> float:
    """Seconds that a Retry-After asks for: a number, or a date; 0 if it is neither."""
    if header.isascii() and header.isdigit():
        return float(header[:9])
    try:
        until = parsedate_to_datetime(header)
    except ValueError:
        return 0.0
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
