"""`ICarbonCredit`: the credits of one series, a clone whose address follows from the series' number."""

from __future__ import annotations

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3.types import BlockIdentifier

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.base import Contract, word
from oracle.model.ids import Address

FROZEN = "CarbonCredit_Frozen"
SHORT = "CarbonCredit_Short"

# What a clone is made by: EIP-1167.
_BEFORE_TARGET = bytes.fromhex("3d602d80600a3d3981f3363d3d373d3d3d363d73")
_AFTER_TARGET = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")


class CarbonCredit(Contract):
    """The credits of a series, whether it is issued or not; reads of one that is not fail."""

    def __init__(self, chain: Chain, series: int, block: BlockIdentifier = "latest"):
        super().__init__(chain, block)
        self.role = f"CarbonCredit {series}"
        target, certifier = chain.address("CarbonCredit"), chain.address("ReductionCertifier")
        chain.know(self.role, "CarbonCredit", token_of(target, certifier, series))

    def balance_of(self, account: str) -> int:
        """Milligrams of an account."""
        return int(self._read("balanceOf", account))

    def total_supply(self) -> int:
        """Milligrams that are neither retired nor cancelled."""
        return int(self._read("totalSupply"))

    def retired_mg(self) -> int:
        """Milligrams retired."""
        return int(self._read("retiredMg"))

    def cancelled_mg(self) -> int:
        """Milligrams cancelled."""
        return int(self._read("cancelledMg"))

    def is_frozen(self) -> bool:
        """Whether nothing of the series moves."""
        return bool(self._read("isFrozen"))

    def name(self) -> str:
        """Its name."""
        return str(self._read("name"))

    def symbol(self) -> str:
        """Its symbol."""
        return str(self._read("symbol"))

    def transfer(self, to: str, mg: int) -> Call:
        """Passes credits of the sender on."""
        return self._call("transfer", to, mg)


def token_of(target: str, certifier: str, series: int) -> Address:
    """Where the credits of a series are: twin of `SeriesLib.tokenOf` (CREATE2 of EIP-1014 over the clone's code).

    Args:
        target: The contract that clones refer to.
        certifier: Who makes the clones.
    """
    code = _BEFORE_TARGET + word(target) + _AFTER_TARGET
    made = keccak(b"\xff" + word(certifier) + series.to_bytes(32) + keccak(code))
    return Address(to_checksum_address(made[-20:]))
