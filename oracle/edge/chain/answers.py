"""Form of a node's answers. An answer that a gateway garbled, truncated or invented is recognised here.

An accepted answer has all fields that callers use, in the form of Ethereum's JSON-RPC. Whether it is true is
another question, for witnesses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

from web3.types import RPCResponse

_QUANTITY = re.compile("0x[0-9a-fA-F]{1,64}")
_BYTES = re.compile("0x(?:[0-9a-fA-F]{2})*")
_WORD = re.compile("0x[0-9a-fA-F]{64}")
_BLOCK_BY = "eth_getBlockByNumber"
_ALWAYS = ("latest", "pending", "earliest", "0x0")  # every chain has these blocks


class Garbled(ValueError):
    """It is no answer of a node."""


def parsed(content: bytes) -> Any:
    """The JSON of a body.

    Raises:
        Garbled: It is none.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise Garbled(f"{len(content)} bytes that are not JSON") from error


def answer_to(method: str, parameters: Any, said: Any) -> RPCResponse:
    """The answer to one request: with an error of the node's, or with a result of the form that the method has.

    Raises:
        Garbled: It is neither.
    """
    if not isinstance(said, dict):
        raise Garbled(f"{_kind(said)} instead of an answer to {method}")
    if said.get("error") is not None:
        if not isinstance(said["error"], dict):
            raise Garbled(f"an error answer to {method} that is {_kind(said['error'])}")
        return cast(RPCResponse, said)
    form = _BLOCK if method == _BLOCK_BY and parameters[0] in _ALWAYS else _FORMS.get(method, _anything)
    if "result" not in said or not form(said["result"]):
        raise Garbled(f"an invalid result of {method}")
    return cast(RPCResponse, {key: value for key, value in said.items() if key != "error"})


def answers_to(asked: Sequence[tuple[str, Any]], said: Any) -> list[RPCResponse]:
    """The answers to requests that were asked together, each a method and its parameters, in their order; nodes may give them in any.

    Raises:
        Garbled: They are not as many, do not say what they answer, or one is no answer.
    """
    if not isinstance(said, list) or not all(isinstance(item, dict) for item in said):
        raise Garbled(f"{_kind(said)} instead of {len(asked)} answers")
    numbers = {item.get("id") for item in said if type(item.get("id")) is int}
    if len(said) != len(asked) or len(numbers) != len(asked):
        raise Garbled(f"{len(numbers)} answers to {len(asked)} requests")
    ordered = sorted(said, key=lambda item: cast(int, item["id"]))
    return [answer_to(*request, item) for request, item in zip(asked, ordered, strict=True)]


def _kind(value: object) -> str:
    return {type(None): "null", dict: "an object", list: "a list", str: "text"}.get(type(value), type(value).__name__)


def _anything(value: object) -> bool:
    return True


def _quantity(value: object) -> bool:
    return isinstance(value, str) and _QUANTITY.fullmatch(value) is not None


def _bytes(value: object) -> bool:
    return isinstance(value, str) and _BYTES.fullmatch(value) is not None


def _word(value: object) -> bool:
    return isinstance(value, str) and _WORD.fullmatch(value) is not None


def _words(value: object) -> bool:
    return isinstance(value, list) and all(map(_word, value))


def _or_null(form: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or form(value)


def _object(fields: Mapping[str, Callable[[object], bool]]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, dict) and all(form(value.get(name)) for name, form in fields.items())


_LOG = _object(
    {
        "address": _bytes,
        "topics": _words,
        "data": _bytes,
        "blockNumber": _quantity,
        "transactionHash": _word,
        "blockHash": _word,
        "logIndex": _quantity,
    }
)
_BLOCK = _object(
    {"number": _or_null(_quantity), "hash": _or_null(_word), "timestamp": _quantity, "gasLimit": _quantity}
)
_RECEIPT = _object(
    {
        "transactionHash": _word,
        "blockNumber": _quantity,
        "blockHash": _word,
        "status": _quantity,
        "gasUsed": _quantity,
    }
)


def _logs(value: object) -> bool:
    return isinstance(value, list) and all(map(_LOG, value))


_FORMS: dict[str, Callable[[object], bool]] = {
    **dict.fromkeys(("eth_blockNumber", "eth_chainId", "eth_gasPrice", "eth_maxPriorityFeePerGas"), _quantity),
    **dict.fromkeys(("eth_getBalance", "eth_getTransactionCount", "eth_estimateGas"), _quantity),
    **dict.fromkeys(("eth_call", "eth_getCode"), _bytes),
    "eth_sendRawTransaction": _word,
    _BLOCK_BY: _or_null(_BLOCK),
    "eth_getTransactionReceipt": _or_null(_RECEIPT),
    "eth_getTransactionByHash": _or_null(_object({"hash": _word})),
    "eth_getLogs": _logs,
}
