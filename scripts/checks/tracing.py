"""A pytest plugin: asks the chain, after every call and transaction of a test session, where in each contract it went.

`coverage.py` runs the contract tests with it (PYTEST_PLUGINS) and reads what it leaves: for each contract the program counters that ran,
and of each conditional jump which ways it went. The chain's own JavaScript tracer gathers them, so that no list of steps is sent.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from pathlib import Path
from typing import Any

from web3 import HTTPProvider

RAN, STAYED, JUMPED = 1, 2, 4
TRACER = """{
  visits: {}, depth: -1, here: null,
  step: function(log) {
    if (log.getDepth() != this.depth) {
      this.depth = log.getDepth();
      var address = toHex(log.contract.getAddress());
      this.here = this.visits[address] = this.visits[address] || {};
    }
    var pc = log.getPC(), how = 1;
    if (log.op.toNumber() == 0x57) how |= log.stack.peek(1) == 0 ? 2 : 4;
    this.here[pc] = this.here[pc] | how;
  },
  fault: function() {},
  result: function() { return this.visits }
}"""

_ask = HTTPProvider.make_request
_names: dict[str, str] = {}
_sent: dict[str, Any] = {}
_seen: set[tuple[str | None, ...]] = set()
_visits: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
_codes: dict[str, str] = {}


def pytest_sessionstart() -> None:
    """Learns the contracts' creation codes, and listens from now on."""
    for path in Path("build/contracts").glob("*.json"):
        artifact = json.loads(path.read_text())
        if artifact["bytecode"]:
            _codes[artifact["bytecode"]] = artifact["contractName"]
    HTTPProvider.make_request = _listening  # type: ignore[method-assign]


def pytest_sessionfinish() -> None:
    """Leaves what was gathered in the file that TRACED names."""
    HTTPProvider.make_request = _ask  # type: ignore[method-assign]
    Path(os.environ["TRACED"]).write_text(json.dumps(_visits))


def _listening(provider: HTTPProvider, method: Any, params: Any) -> Any:
    response = _ask(provider, method, params)
    if method == "eth_sendTransaction" and "result" in response:
        _sent[response["result"]] = params[0]
    elif method == "eth_getTransactionReceipt" and response.get("result"):
        receipt = response["result"]
        transaction = _sent.pop(receipt["transactionHash"], None)
        if transaction is not None:
            _learn(transaction, receipt["contractAddress"])
            ended = (receipt["to"], transaction.get("data", "0x")[:10], receipt["gasUsed"], str(len(receipt["logs"])))
            if receipt["status"] == "0x0" or _is_new(*ended):
                _trace(provider, transaction, int(receipt["blockNumber"], 16))
    elif method == "eth_call":
        call = params[0]
        if _is_new(call["to"], call.get("data", "0x")[:10], str(response.get("result")), str(response.get("error"))):
            _gather(_ask(provider, "debug_traceCall", [call, params[1], {"tracer": TRACER}]))
    return response


def _trace(provider: HTTPProvider, transaction: Any, block: int) -> None:
    """As a call on the block before: tests go back in time, and a transaction of the same hash may have gone another way."""
    call = {key: transaction[key] for key in ("from", "to", "data", "value", "gas") if key in transaction}
    time = _ask(provider, "eth_getBlockByNumber", [hex(block), False])["result"]["timestamp"]
    options = {"tracer": TRACER, "blockOverrides": {"time": time}}
    _gather(_ask(provider, "debug_traceCall", [call, hex(block - 1), options]))


def _is_new(*signs: str | None) -> bool:
    """Whether no call of the same function ended in the same way: two that did went the same way, or one way is not counted. Reverted
    transactions are all new: the least gas of long call data hides which way they went."""
    if signs in _seen:
        return False
    _seen.add(signs)
    return True


def _learn(transaction: Any, created: str | None) -> None:
    if created:
        for code, name in _codes.items():
            if transaction["data"].startswith("0x" + code):
                _names[created.lower()] = name


def _gather(response: Any) -> None:
    """A call that the tracer cannot follow, such as one that burns all its gas in a loop, is not counted."""
    for address, visited in response.get("result", {}).items():
        name = _names.get(address)
        if name:
            for pc, how in visited.items():
                _visits[name][pc] |= how
