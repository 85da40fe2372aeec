"""Sending transactions: static call first, then sign, send, wait. What a contract would refuse is never sent."""

from __future__ import annotations

from dataclasses import dataclass

from eth_account.signers.local import LocalAccount
from web3.types import TxParams, TxReceipt, Wei

from oracle.chain.client import Chain, Translated
from oracle.errors import ChainError, ContractReverted

_WAIT_SECONDS = 120
_POLL_SECONDS = 0.05
_GAS_MARGIN_PERCENT = 20


@dataclass(frozen=True)
class Sent:
    """A mined transaction."""

    hash: str
    block: int
    gas_used: int


class Sender:
    """One account's transactions on one chain; nothing else may send from that account meanwhile."""

    def __init__(self, chain: Chain, account: LocalAccount):
        self.chain = chain
        self.account = account

    def send(self, contract: str, function: str, *args: object, gas: int | None = None) -> Sent:
        """Sends one call and waits until it is mined.

        Args:
            gas: What it needs, where the node cannot tell: see `gas_of`.

        Raises:
            ContractReverted: The static call says that the contract refuses; nothing was sent.
            ChainError: It was sent and failed, or was not mined in time.
        """
        return self.send_data(self.chain.address(contract), self.chain.call_data(contract, function, *args), gas)

    def gas_of(self, contract: str, function: str, *args: object) -> int:
        """Gas of one call, 0 if the contract refuses it.

        A batch that catches what goes wrong with one of its parts must be given the sum of its parts' gas: asked for the least gas with
        which the batch as a whole succeeds, a node finds one at which parts run out of it and are caught.
        """
        call: TxParams = {
            "from": self.account.address,
            "to": self.chain.address(contract),
            "data": self.chain.call_data(contract, function, *args),
        }
        try:
            with Translated(self.chain.rpc):
                return self.chain.web3.eth.estimate_gas(call)
        except ContractReverted:
            return 0

    def send_data(self, to: str, data: str, gas: int | None = None) -> Sent:
        """Sends prepared calldata; otherwise as `send`."""
        self.chain.simulate(to, data, self.account.address)
        eth = self.chain.web3.eth
        with Translated(self.chain.rpc):
            transaction: TxParams = {
                "chainId": self.chain.manifest.chain_id,
                "from": self.account.address,
                "to": to,
                "data": data,  # type: ignore[typeddict-item]  # hex text is a HexStr
                "nonce": eth.get_transaction_count(self.account.address, "pending"),
                **self._fees(),
            }
            needed = eth.estimate_gas(transaction) if gas is None else gas
            transaction["gas"] = needed * (100 + _GAS_MARGIN_PERCENT) // 100
            signed = self.account.sign_transaction(transaction)  # type: ignore[arg-type]  # eth-account wants a plain dict
            hash_ = eth.send_raw_transaction(signed.raw_transaction)
            receipt: TxReceipt = eth.wait_for_transaction_receipt(hash_, _WAIT_SECONDS, _POLL_SECONDS)
        if receipt["status"] != 1:
            self.chain.simulate(to, data, self.account.address, receipt["blockNumber"])
            raise ChainError(f"Transaction {hash_.to_0x_hex()} failed in block {receipt['blockNumber']}.")
        return Sent(hash_.to_0x_hex(), receipt["blockNumber"], receipt["gasUsed"])

    def _fees(self) -> TxParams:
        """EIP-1559 fees where blocks have a base fee, a gas price where they have none (consortium chains)."""
        eth = self.chain.web3.eth
        base = eth.get_block("latest").get("baseFeePerGas")
        if base is None:
            return {"gasPrice": eth.gas_price}
        tip = eth.max_priority_fee
        return {"maxFeePerGas": Wei(base * 2 + tip), "maxPriorityFeePerGas": tip}
