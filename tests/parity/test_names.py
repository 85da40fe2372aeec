"""Names that both sides use: roles, errors, enumerations."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_utils.abi import collapse_if_tuple
from eth_utils.crypto import keccak

from oracle.edge.chain.contracts.evidence_ledger import PHASES
from oracle.edge.chain.contracts.methodology_registry import STATUSES
from oracle.edge.chain.contracts.operator_registry import STANDINGS
from oracle.edge.chain.contracts.redemption_desk import ORDER_PHASES
from oracle.edge.chain.manifest import all_abis
from oracle.edge.chain.reverts import decode_revert
from oracle.model.units import Unit
from scripts.checks.deployment import ROLES

ROOT = Path(__file__).resolve().parents[2]
ERRORS = {
    f"{contract}.{entry['name']}": entry
    for contract, abi in all_abis().items()
    for entry in abi
    if entry["type"] == "error"
}
SAMPLE = {"address": "0x" + "ab" * 20, "bytes": b"\x01\x02", "string": "why", "bool": True}


def _sample(kind: str) -> object:
    if kind.startswith("bytes") and kind != "bytes":
        return b"\x07" * int(kind.removeprefix("bytes"))
    return SAMPLE.get(kind, 7)


def _enumeration(interface: str, name: str) -> list[str]:
    text = (ROOT / "interfaces" / interface).read_text()
    body = re.search(rf"enum {name} \{{(.*?)\}}", text, re.DOTALL)
    assert body, f"no enum {name} in {interface}"
    return re.sub(r"//.*", "", body[1]).replace(",", " ").split()


@pytest.mark.parametrize("name", ERRORS)
def test_every_error_of_every_contract__is_named_with_its_values(name: str) -> None:
    entry = ERRORS[name]
    types = [collapse_if_tuple(item) for item in entry["inputs"]]
    values = [_sample(kind) for kind in types]
    signature = f"{entry['name']}({','.join(types)})"
    error = decode_revert(keccak(text=signature)[:4] + encode(types, values))
    shown = ["0x" + value.hex() if isinstance(value, bytes) else value for value in values]
    assert (error.name, list(error.arguments.values())) == (entry["name"], shown)
    assert list(error.arguments) == [item["name"] for item in entry["inputs"]]


def test_an_error_of_somebody_else__keeps_its_bytes() -> None:
    error = decode_revert(bytes.fromhex("deadbeef01"))
    assert (error.name, error.arguments) == ("UnknownError", {"data": "0xdeadbeef01"})


def test_roles__same_numbers_as_in_solidity() -> None:
    text = (ROOT / "contracts" / "libraries" / "RolesLib.sol").read_text()
    written = {name: int(number) for name, number in re.findall(r"uint64 internal constant (\w+) = (\d+);", text)}
    assert written | {"ADMIN": 0} == ROLES


def test_units__same_order_as_in_solidity() -> None:
    assert [unit.name.replace("_", "").lower() for unit in Unit] == [
        name.lower() for name in _enumeration("IMethodologyRegistry.sol", "Unit")
    ]


def test_methodology_status__same_order_as_in_solidity() -> None:
    written = _enumeration("IMethodologyRegistry.sol", "Status")
    assert [status.replace(" ", "") for status in STATUSES] == [name.lower() for name in written]


def test_batch_phases__same_order_as_in_solidity() -> None:
    assert [phase.lower() for phase in PHASES] == [
        name.lower() for name in _enumeration("IEvidenceLedger.sol", "Phase")
    ]


@pytest.mark.parametrize(
    ("ours", "interface", "name"),
    [(ORDER_PHASES, "IRedemptionDesk.sol", "OrderPhase"), (STANDINGS, "IOperatorRegistry.sol", "Standing")],
)
def test_names_of_states__same_order_as_in_solidity(ours: tuple[str, ...], interface: str, name: str) -> None:
    assert list(ours) == [written.lower() for written in _enumeration(interface, name)]
