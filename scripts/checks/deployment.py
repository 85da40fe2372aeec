"""Reads a deployment back from the chain and compares it with its manifest: every address and its code, every role with its holders, their
delays, its admin, its guardian and its delays for new holders, every function's role, every contract's partners and delays, the
committee, the parameters and the compiler.

    python scripts/checks/deployment.py --rpc http://127.0.0.1:8545 --manifest .carbonbook/deployment.json

Exit code 0: nothing drifted; 1: something did, one line for each; others as for `carbonbook`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from eth_utils.crypto import keccak
from web3 import Web3

from oracle.edge.chain.client import Chain
from oracle.edge.chain.manifest import Manifest, abi_of
from oracle.model.errors import CarbonbookError

ROOT = Path(__file__).resolve().parents[2]
ACCESS = "CarbonbookAccess"
ROLES = {"ADMIN": 0, "AUTHORITY": 1, "AUTHORITY_DELAYED": 2, "GUARDIAN": 3}  # contracts/libraries/RolesLib.sol

# Getter of a contract's partner -> that partner, by its role in the manifest.
PARTNERS = {
    "authority": ACCESS,
    "methodologies": "MethodologyRegistry",
    "operators": "OperatorRegistry",
    "committee": "OracleCommittee",
    "ledger": "EvidenceLedger",
    "book": "CarbonPoint",
    "issuer": "PointIssuer",
    "desk": "RedemptionDesk",
    "vault": "SettlementVault",
    "offers": "OfferBook",
    "token": "SettlementToken",
    "credits": "CarbonCredit",
    "certifier": "ReductionCertifier",
    "reversals": "ReversalDesk",
    "market": "CreditMarket",
    "pot": "ProceedsPot",
    "inventories": "InventoryRegistry",
    "picture": "CertificatePicture",
    "retirements": "RetirementRegistry",
}


def main() -> int:
    """Checks; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc", required=True)
    parser.add_argument("--manifest", required=True, type=Path)
    arguments = parser.parse_args()
    try:
        chain = Chain(arguments.rpc, Manifest.load(arguments.manifest))
        written = json.loads(arguments.manifest.read_text())
        lines = list(drift(chain, written["compiler"], written["rules"], written["credits"]))
    except CarbonbookError as error:
        sys.stderr.write(f"Error: {error}\n")
        return error.exit_code
    for line in lines:
        print(line)
    contracts, roles = len(chain.manifest.contracts), sum(map(len, chain.manifest.roles.values()))
    print(f"{contracts} contracts, {roles} role holders read back; {len(lines)} differences")
    return 1 if lines else 0


def drift(
    chain: Chain, compiler: dict[str, Any], rules: dict[str, dict[str, Any]], credits: dict[str, Any]
) -> Iterator[str]:
    """What differs between a chain and its manifest, a sentence each.

    Args:
        rules: Admin, guardian and `grantDelaySeconds` of each role.
        credits: Parameters of the second flow.
    """
    yield from _compiler(compiler)
    strangers = list(_code(chain))
    yield from strangers
    if strangers:
        return  # nothing that another contract answers would mean anything
    yield from _partners(chain)
    yield from _members(chain)
    yield from _rules(chain, rules)
    yield from _functions(chain)
    yield from _credits(chain, credits)
    yield from _differences(
        {
            "committee members": (sorted(chain.manifest.committee["members"]), _committee(chain)),
            "committee quorum": (chain.manifest.committee["quorum"], chain.read("OracleCommittee", "quorum")),
            **{
                f"parameter {name}": (chain.manifest.parameters[name], chain.read(contract, getter))
                for name, contract, getter in (
                    ("challengeWindowSeconds", "EvidenceLedger", "challengeWindow"),
                    ("accountDayCapMg", "PointIssuer", "accountDayCapMg"),
                )
            },
        }
    )


def _credits(chain: Chain, said: dict[str, Any]) -> Iterator[str]:
    """The terms of the next series, where fees and unclaimed shares go, and the code that begins serials."""
    terms = chain.read("CreditMarket", "termsOf", chain.read("CreditMarket", "presentTermsId"))
    found = {
        "citizens_bps": terms.citizensBps,
        "fee_bps": terms.feeBps,
        "buffer_bps": terms.bufferBps,
        "floor_price": terms.floorPrice,
        "fee_receiver": chain.read("CreditMarket", "feeReceiver"),
        "public_good": chain.read("ProceedsPot", "publicGood"),
        "registry_code": chain.read("RetirementRegistry", "registryCode").decode(),
    }
    yield from _differences({f"credits {name}": (said[name], found[name]) for name in sorted(found)})


def _committee(chain: Chain) -> list[str]:
    return sorted(chain.read("OracleCommittee", "members"))


def _compiler(said: dict[str, Any]) -> Iterator[str]:
    """The manifest's compiler against the versions that this checkout is pinned to."""
    brownie = yaml.safe_load((ROOT / "brownie-config.yaml").read_text())["compiler"]
    packages = json.loads((ROOT / "package.json").read_text())["dependencies"]
    yield from _differences(
        {
            "compiler": (said["solc"], str(brownie["solc"]["version"])),
            "EVM version": (said["evmVersion"], brownie["evm_version"]),
            "optimizer runs": (said["optimizerRuns"], brownie["solc"]["optimizer"]["runs"]),
            "OpenZeppelin": (said["openzeppelin"], packages["@openzeppelin/contracts"]),
        }
    )


def _code(chain: Chain) -> Iterator[str]:
    for role, entry in chain.manifest.contracts.items():
        code = chain.web3.eth.get_code(Web3.to_checksum_address(entry.address))
        if not code:
            yield f"{role}: there is no contract at {entry.address}"
        elif "0x" + keccak(code).hex() != entry.code_hash:
            yield f"{role}: the code at {entry.address} is not what was deployed"


def _partners(chain: Chain) -> Iterator[str]:
    for role, entry in chain.manifest.contracts.items():
        getters = {item["name"] for item in abi_of(entry.name) if item["type"] == "function" and not item["inputs"]}
        for getter in sorted(getters & PARTNERS.keys()):
            expected = chain.manifest.contracts[PARTNERS[getter]].address
            yield from _differences({f"{role}.{getter}": (expected, chain.read(role, getter))})
        if "genesisHash" in getters:
            found = "0x" + chain.read(role, "genesisHash").hex()
            yield from _differences({f"{role}.genesisHash": (chain.manifest.genesis_hash, found)})


def _members(chain: Chain) -> Iterator[str]:
    """Who holds a role: those of the manifest with their delays, and nobody whom an event ever named beside them."""
    ever = {(event.values["roleId"], event.values["account"]) for event in chain.events(ACCESS, "RoleGranted")}
    for name, role in ROLES.items():
        expected = chain.manifest.roles[name]
        for account in sorted(expected.keys() | {account for number, account in ever if number == role}):
            member, delay = chain.read(ACCESS, "hasRole", role, account)
            found = delay if member else None
            yield from _differences({f"role {name} of {account}": (expected.get(account), found)})
    unknown = {number for number, account in ever if number not in ROLES.values()}
    yield from (f"role {number} is not in the manifest but was granted" for number in sorted(unknown))


def _rules(chain: Chain, rules: dict[str, dict[str, Any]]) -> Iterator[str]:
    """Who grants each role, who cancels what its holders scheduled, and how long a new holder waits."""
    for name, role in ROLES.items():
        said = rules[name]
        yield from _differences(
            {
                f"admin of role {name}": (ROLES[said["admin"]], chain.read(ACCESS, "getRoleAdmin", role)),
                f"guardian of role {name}": (ROLES[said["guardian"]], chain.read(ACCESS, "getRoleGuardian", role)),
                f"grant delay of role {name}": (
                    said["grantDelaySeconds"],
                    chain.read(ACCESS, "getRoleGrantDelay", role),
                ),
            }
        )
    for contract, entry in chain.manifest.contracts.items():
        delay = chain.read(ACCESS, "getTargetAdminDelay", entry.address)
        yield from _differences({f"admin delay of {contract}": (0, delay)})


def _functions(chain: Chain) -> Iterator[str]:
    """The role of every function; one that the manifest does not name is the admin's."""
    for role, entry in chain.manifest.contracts.items():
        contract = chain.web3.eth.contract(address=Web3.to_checksum_address(entry.address), abi=abi_of(entry.name))
        named = chain.manifest.functions.get(role, {})
        for function in contract.all_functions():
            selector = Web3.keccak(text=function.signature)[:4]
            expected = ROLES[named.get("0x" + selector.hex(), {"role": "ADMIN"})["role"]]
            found = chain.read(ACCESS, "getTargetFunctionRole", entry.address, selector)
            yield from _differences({f"role of {role}.{function.signature}": (expected, found)})
        if chain.read(ACCESS, "isTargetClosed", entry.address):
            yield f"{role} is closed in the access manager"


def _differences(pairs: dict[str, tuple[object, object]]) -> Iterator[str]:
    for what, (said, found) in pairs.items():
        if said != found:
            yield f"{what}: the manifest says {said}, the chain {found}"


if __name__ == "__main__":
    sys.exit(main())
