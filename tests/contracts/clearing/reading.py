"""Many views of many contracts in one request to the node."""

from __future__ import annotations

from typing import Any

from brownie import web3

from ..support.values import bare

Read = tuple[Any, tuple[Any, ...]]  # a brownie view and its arguments


def read_all(reads: dict[Any, Read]) -> dict[Any, Any]:
    """What each view returns, under the same names."""
    requests = [
        ("eth_call", [{"to": view._address, "data": view.encode_input(*arguments)}, "latest"])
        for view, arguments in reads.values()
    ]
    answers = web3.provider.make_batch_request(requests)
    assert isinstance(answers, list), answers
    return {
        name: bare(view.decode_output(answer["result"]))
        for (name, (view, _)), answer in zip(reads.items(), answers, strict=True)
    }
