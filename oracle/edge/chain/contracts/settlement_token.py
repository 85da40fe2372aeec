"""The settlement token: an ERC-20; on a local chain one that anybody mints."""

from __future__ import annotations

from eth_account.messages import SignableMessage

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract
from oracle.model.typed_data import signable_permit


class SettlementToken(Contract):
    """The token."""

    role = "SettlementToken"

    def balance_of(self, account: str) -> int:
        """Base units of an account."""
        return int(self._read("balanceOf", account))

    def allowance(self, owner: str, spender: str) -> int:
        """Base units that somebody may take of an account."""
        return int(self._read("allowance", owner, spender))

    def symbol(self) -> str:
        """Its symbol."""
        return str(self._read("symbol"))

    def decimals(self) -> int:
        """Its decimals."""
        return int(self._read("decimals"))

    def approve(self, spender: str, amount: int) -> Call:
        """Lets somebody take an amount."""
        return self._call("approve", spender, amount)

    def permit_of(self, owner: str, spender: str, amount: int, deadline: int) -> SignableMessage:
        """What an owner signs to let somebody take an amount until `deadline` (ERC-2612)."""
        _, name, version, chain_id, token, _, _ = self._read("eip712Domain")
        nonce = self._read("nonces", owner)
        values = {"owner": owner, "spender": spender, "value": amount, "nonce": nonce, "deadline": deadline}
        return signable_permit(token, name, version, chain_id, values)

    def permit(self, owner: str, spender: str, amount: int, deadline: int, signature: bytes) -> Call:
        """Lets somebody take an amount, by the owner's signature."""
        return self._call("permit", owner, spender, amount, deadline, *parts_of(signature))

    def transfer_from(self, owner: str, to: str, amount: int) -> Call:
        """Passes on what the sender may take of an account."""
        return self._call("transferFrom", owner, to, amount)

    def mint(self, to: str, amount: int) -> Call:
        """Makes test money."""
        return self._call("mint", to, amount)


def parts_of(signature: bytes) -> tuple[int, bytes, bytes]:
    """v, r and s of 65 bytes, as tokens take them."""
    return signature[64], signature[:32], signature[32:64]
