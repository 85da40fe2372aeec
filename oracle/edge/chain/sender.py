"""Sending transactions: static call first, then sign, send, wait. What a contract would refuse is never sent.

This simple way is for setting up a chain, where each step first checks whether it is done. Records, points and money are sent through
`oracle.edge.chain.outbox`, which survives crashes.
"""

from __future__ import annotations

from dataclasses import dataclass

from eth_account.signers.base import BaseAccount
from web3.types import TxParams, TxReceipt

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain, Translated
from oracle.edge.chain.fees import Fees, fees_now
from oracle.model.errors import ChainError

_WAIT_SECONDS = 120
_POLL_SECONDS = 0.05
_GAS_MARGIN_PERCENT = 20


@dataclass(frozen=True)
class Sent:
    """A mined transaction."""

    hash: str
    block: int
    gas_used: int | None


class Sender:
    """One account's transactions on one chain; nothing else may send from that account meanwhile."""

    def __init__(self, chain: Chain, account: BaseAccount):
        self.chain = chain
        self.account = account

    def send(self, call: Call) -> Sent:
        """Sends one call and waits until it is mined.

        Raises:
            ContractReverted: The static call says that the contract refuses; nothing was sent.
            ChainError: It was sent and failed, or was not mined in time.
        """
        to, data = call.to, call.data
        self.chain.simulate(to, data, self.account.address)
        eth = self.chain.web3.eth
        with Translated(self.chain.rpc):
            nonce = eth.get_transaction_count(self.account.address, "pending")
            raw, _ = self.signed(to, data, nonce, self.gas_for(to, data), fees_now(self.chain))
            hash_ = eth.send_raw_transaction(raw)
            receipt: TxReceipt = eth.wait_for_transaction_receipt(hash_, _WAIT_SECONDS, _POLL_SECONDS)
        if receipt["status"] != 1:
            self.chain.simulate(to, data, self.account.address, receipt["blockNumber"])
            raise ChainError(f"Transaction {hash_.to_0x_hex()} failed in block {receipt['blockNumber']}.")
        return Sent(hash_.to_0x_hex(), receipt["blockNumber"], receipt["gasUsed"])

    def gas_for(self, to: str, data: str) -> int:
        """Gas limit of a call: the node's estimate and a margin."""
        call: TxParams = {"from": self.account.address, "to": to, "data": data}  # type: ignore[typeddict-item]  # hex text is a HexStr
        with Translated(self.chain.rpc):
            return self.chain.web3.eth.estimate_gas(call) * (100 + _GAS_MARGIN_PERCENT) // 100

    def signed(self, to: str, data: str, nonce: int, gas: int, fees: Fees) -> tuple[bytes, str]:
        """A signed transaction and its hash."""
        transaction: TxParams = {
            "chainId": self.chain.manifest.chain_id,
            "to": to,
            "data": data,  # type: ignore[typeddict-item]  # hex text is a HexStr
            "nonce": nonce,  # type: ignore[typeddict-item]  # an int is a Nonce
            "value": 0,  # type: ignore[typeddict-item]  # an int is Wei
            "gas": gas,
            **fees.fields(),
        }
        made = self.account.sign_transaction(transaction)  # type: ignore[arg-type]  # eth-account wants a plain dict
        return bytes(made.raw_transaction), made.hash.to_0x_hex()
