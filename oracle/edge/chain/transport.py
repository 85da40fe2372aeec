"""How requests reach a node: an answer that a new block overtook is asked for again."""

from __future__ import annotations

from typing import Any

from web3 import HTTPProvider
from web3.types import RPCEndpoint, RPCResponse

_ATTEMPTS = 5
# What nodes say when the block that was the latest is gone by the time they look into it: one that keeps no history, or one of several
# behind one address that is a block behind.
_OVERTAKEN = ("blockoutofrange", "header not found", "missing trie node", "unknown block")


class Provider(HTTPProvider):
    """web3's transport over HTTP."""

    def make_request(self, method: RPCEndpoint, params: Any) -> RPCResponse:
        """As web3 asks, and again if a new block overtook the question."""
        for _ in range(_ATTEMPTS - 1):
            answer = super().make_request(method, params)
            if not _overtaken(answer):
                return answer
        return super().make_request(method, params)

    def make_batch_request(self, batch_requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        """As web3 asks, in the order of the requests; those that a new block overtook are asked again."""
        answers = super().make_batch_request(batch_requests)
        for _ in range(_ATTEMPTS - 1):
            if not isinstance(answers, list) or len(answers) != len(batch_requests):
                return answers
            places = [place for place, answer in enumerate(answers) if _overtaken(answer)]
            again = super().make_batch_request([batch_requests[place] for place in places]) if places else []
            if not isinstance(again, list) or len(again) != len(places):
                return again
            for place, answer in zip(places, again, strict=True):
                answers[place] = answer
        return answers


def _overtaken(answer: RPCResponse) -> bool:
    error = answer.get("error")
    return isinstance(error, dict) and any(sign in str(error.get("message", "")).lower() for sign in _OVERTAKEN)
