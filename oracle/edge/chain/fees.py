"""Gas fees of a transaction, and how they rise when it is stuck."""

from __future__ import annotations

from dataclasses import dataclass

from web3.types import TxParams, Wei

from oracle.edge.chain.client import Chain, Translated


@dataclass(frozen=True)
class Fees:
    """Wei per gas.

    Attributes:
        cap: Most that is paid: maxFeePerGas, or the gas price of a legacy transaction.
        tip: maxPriorityFeePerGas; None for a legacy transaction.
        least: Cap below which the next block does not take it; known of fees that were just asked for.
    """

    cap: int
    tip: int | None
    least: int = 0

    def fields(self) -> TxParams:
        """As a transaction has them."""
        if self.tip is None:
            return {"gasPrice": Wei(self.cap)}
        return {"maxFeePerGas": Wei(self.cap), "maxPriorityFeePerGas": Wei(self.tip)}

    def raised(self, now: Fees, parts: int = 8) -> Fees:
        """Fees for a replacement: more by one part in `parts` at least, rounded up, or what is asked now if that is more.

        An eighth (12.5 %) is enough for most nodes, which ask for a tenth.
        """
        tip = None if self.tip is None else max(_more(self.tip, parts), now.tip or 0)
        return Fees(max(_more(self.cap, parts), now.cap, tip or 0), tip)


def fees_now(chain: Chain) -> Fees:
    """EIP-1559 fees where blocks have a base fee, a gas price, maybe zero, where they have none (consortium chains)."""
    eth = chain.web3.eth
    with Translated(chain.rpc):
        base = eth.get_block("pending").get("baseFeePerGas")
        if base is None:
            return Fees(eth.gas_price, None)
        tip = eth.max_priority_fee
    return Fees(base * 2 + tip, tip, base)


def _more(wei: int, parts: int) -> int:
    return wei + -(-wei // parts)
