"""Deploys the contracts in flow order, wires the roles, hands over, and writes one manifest.

    brownie run deploy                                   development network, profile local
    brownie run deploy main scripts/profiles/x.toml --network NAME
    python scripts/deploy.py --rpc URL --manifest FILE   a chain that already runs, keys from its public mnemonic

The manifest (`scripts/deployments/<network>.json`) is what the oracle reads: addresses, transaction and genesis hashes, compiler, roles.
The deployer keeps nothing: when this is done it holds no role.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import shutil
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from brownie import accounts, network, project, web3
from eth_utils import keccak
from web3.exceptions import TransactionNotFound

ROOT = Path(__file__).resolve().parent.parent
LOCAL_PROFILE = ROOT / "scripts" / "profiles" / "local.toml"

LOOK_SECONDS = 5

ADMIN, AUTHORITY, AUTHORITY_DELAYED, GUARDIAN = 0, 1, 2, 3  # contracts/libraries/RolesLib.sol
# Whose scheduled operations which role can cancel; every role not named here is looked after by the admin. All are granted by the admin.
GUARDIANS = {AUTHORITY_DELAYED: GUARDIAN, ADMIN: GUARDIAN}  # the admin's is fixed in contracts/CarbonbookAccess.sol
ROLE_NAMES = {ADMIN: "ADMIN", AUTHORITY: "AUTHORITY", AUTHORITY_DELAYED: "AUTHORITY_DELAYED", GUARDIAN: "GUARDIAN"}

# Who may call what. Every restricted function is here; a function that is not stays with the admin.
WIRING: dict[str, dict[int, list[str]]] = {
    "MethodologyRegistry": {AUTHORITY: ["propose", "startNotice", "activate", "suspend", "resume"]},
    "OperatorRegistry": {
        AUTHORITY: [
            "licenseOperator",
            "setMerchantLimits",
            "setMerchantStanding",
            "setNewMerchantLimits",
            "setOperatorDayLimit",
            "setOperatorStanding",
        ]
    },
    "OracleCommittee": {AUTHORITY_DELAYED: ["setCommittee"]},
    "EvidenceLedger": {AUTHORITY: ["release", "revoke", "unpause"], GUARDIAN: ["pause"]},
    "PointIssuer": {
        AUTHORITY: ["unpause"],
        AUTHORITY_DELAYED: ["revokeReductions", "setAccountDayCap"],
        GUARDIAN: ["pause"],
    },
    "RedemptionDesk": {AUTHORITY: ["resolveDispute", "unpause"], GUARDIAN: ["pause"]},
    "SettlementVault": {AUTHORITY: ["setPrice", "settleSuspended", "unpause"], GUARDIAN: ["pause"]},
    "ReductionCertifier": {
        AUTHORITY: ["appoint", "issue", "licenseVerifier", "reject", "setExclusion", "startNotice"],
    },
    "ReversalDesk": {AUTHORITY: ["unfreeze"], AUTHORITY_DELAYED: ["cancel"], GUARDIAN: ["freeze"]},
    "CreditMarket": {AUTHORITY_DELAYED: ["setFeeReceiver", "setTerms"]},
    "ProceedsPot": {AUTHORITY_DELAYED: ["setPublicGood"]},
    "InventoryRegistry": {AUTHORITY: ["setBoundary", "setRule"]},
    "RetirementRegistry": {AUTHORITY_DELAYED: ["setCredentialKey"]},
}


@dataclass(frozen=True)
class Credits:
    """What differs in the second flow. Parts are in 1/10,000, the floor in token units per tonne. Accounts are addresses."""

    registry_code: str
    citizens_bps: int
    fee_bps: int
    buffer_bps: int
    floor_price: int
    fee_receiver: str
    public_good: str

    @property
    def terms(self) -> tuple[int, int, int, int]:
        """`ICreditMarket.SeriesTerms`, in its order."""
        return self.citizens_bps, self.fee_bps, self.buffer_bps, self.floor_price


@dataclass(frozen=True)
class Profile:
    """What differs from one deployment to the next. Accounts are addresses."""

    challenge_window_seconds: int
    account_day_cap_mg: int
    authority_delay_seconds: int
    admin_delay_seconds: int
    admin: str
    authority: list[str]
    authority_delayed: list[str]
    guardian: str
    members: list[str]
    quorum: int
    token: str | None
    credits: Credits

    @classmethod
    def load(cls, path: Path, listed: list[str]) -> Profile:
        """Reads a profile; a number among the roles is a position in `listed`."""
        data = tomllib.loads(path.read_text())

        def account(value: int | str) -> str:
            return listed[value] if isinstance(value, int) else value

        roles = data["roles"]
        return cls(
            **data["parameters"],
            admin=account(roles["admin"]),
            authority=[account(value) for value in roles["authority"]],
            authority_delayed=[account(value) for value in roles["authority_delayed"]],
            guardian=account(roles["guardian"]),
            members=sorted((account(value) for value in data["committee"]["members"]), key=str.lower),
            quorum=data["committee"]["quorum"],
            token=data.get("token"),
            credits=Credits(
                **data["credits"] | {key: account(data["credits"][key]) for key in ("fee_receiver", "public_good")}
            ),
        )


def main(profile_path: str = str(LOCAL_PROFILE)) -> None:
    """Entry point of `brownie run deploy`."""
    deployer = accounts[0]
    profile = Profile.load(Path(profile_path), [account.address for account in accounts])
    system = deploy(project.get_loaded_projects()[0], deployer, profile)
    target = ROOT / "scripts" / "deployments" / f"{network.show_active()}.json"
    write_manifest(system, profile, deployer.address, target)
    print(f"Deployed {len(vars(system))} contracts. Manifest: {target.relative_to(ROOT)}")


def look_again() -> None:
    """Has brownie look again for a receipt that it does not find at once.

    Anvil counts a transaction's nonce as used a moment before it has the receipt. Brownie, which asks in between, would call it dropped.
    """
    asked = web3.eth.get_transaction_receipt
    if hasattr(asked, "patient"):
        return

    def get_transaction_receipt(hash_: Any) -> Any:
        deadline = time.monotonic() + LOOK_SECONDS
        while True:
            try:
                return asked(hash_)
            except TransactionNotFound:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    get_transaction_receipt.patient = True  # type: ignore[attr-defined]  # a mark, so that it is wrapped once
    web3.eth.get_transaction_receipt = get_transaction_receipt  # type: ignore[method-assign, assignment]  # brownie asks through this object


def deploy(built: Any, deployer: Any, profile: Profile) -> SimpleNamespace:
    """Deploys and wires everything; returns the contracts by name.

    Three contracts may write the book, and they, it and the offers know each other from their constructors on: their addresses are
    worked out beforehand.
    """
    look_again()
    sender = {"from": deployer}
    genesis = web3.eth.get_block(0)["hash"]
    access = deployer.deploy(built.CarbonbookAccess, deployer)
    token = built.TestYuan.at(profile.token) if profile.token else deployer.deploy(built.TestYuan)
    methodologies = deployer.deploy(built.MethodologyRegistry, access)
    operators = deployer.deploy(built.OperatorRegistry, access, genesis)
    committee = deployer.deploy(built.OracleCommittee, access)

    nonce = deployer.nonce
    issuer_at, desk_at, vault_at, offers_at = (deployer.get_deployment_address(nonce + step) for step in (2, 3, 4, 5))
    ledger = deployer.deploy(
        built.EvidenceLedger,
        access,
        methodologies,
        operators,
        committee,
        issuer_at,
        vault_at,
        profile.challenge_window_seconds,
        genesis,
    )
    book = deployer.deploy(built.CarbonPoint, issuer_at, desk_at, vault_at, genesis)
    issuer = deployer.deploy(
        built.PointIssuer, access, ledger, methodologies, operators, book, profile.account_day_cap_mg
    )
    desk = deployer.deploy(built.RedemptionDesk, access, operators, book, vault_at, offers_at, genesis)
    vault = deployer.deploy(built.SettlementVault, access, token, book, desk, operators, ledger)
    offers = deployer.deploy(built.OfferBook, operators, desk, book)
    counter = deployer.deploy(built.Counter, issuer, desk)

    committee.setCommittee(profile.members, profile.quorum, sender)
    system = SimpleNamespace(
        CarbonbookAccess=access,
        SettlementToken=token,
        MethodologyRegistry=methodologies,
        OperatorRegistry=operators,
        OracleCommittee=committee,
        EvidenceLedger=ledger,
        CarbonPoint=book,
        PointIssuer=issuer,
        RedemptionDesk=desk,
        SettlementVault=vault,
        OfferBook=offers,
        Counter=counter,
    )
    _deploy_credits(system, built, deployer, profile.credits, genesis)
    _wire(system, profile, deployer)
    return system


def _deploy_credits(system: SimpleNamespace, built: Any, deployer: Any, terms: Credits, genesis: bytes) -> None:
    """Deploys the second flow and adds it to `system`. All know each other from their constructors on."""
    access, token = system.CarbonbookAccess, system.SettlementToken
    ledger, committee, operators = system.EvidenceLedger, system.OracleCommittee, system.OperatorRegistry
    nonce = deployer.nonce
    credits_at, certifier_at, reversals_at, market_at, pot_at, inventories_at, picture_at, retirements_at = (
        deployer.get_deployment_address(nonce + step) for step in range(8)
    )
    system.CarbonCredit = deployer.deploy(built.CarbonCredit, certifier_at, market_at, retirements_at, reversals_at)
    system.ReductionCertifier = deployer.deploy(
        built.ReductionCertifier,
        access,
        ledger,
        system.PointIssuer,
        system.MethodologyRegistry,
        operators,
        committee,
        market_at,
        credits_at,
        genesis,
    )
    system.ReversalDesk = deployer.deploy(
        built.ReversalDesk, access, ledger, committee, certifier_at, market_at, credits_at, genesis
    )
    partners = (token, operators, certifier_at, reversals_at, retirements_at, pot_at, credits_at)
    system.CreditMarket = deployer.deploy(built.CreditMarket, access, partners, terms.fee_receiver, terms.terms)
    system.ProceedsPot = deployer.deploy(
        built.ProceedsPot, access, token, certifier_at, market_at, system.CarbonPoint, terms.public_good, genesis
    )
    system.InventoryRegistry = deployer.deploy(built.InventoryRegistry, access, certifier_at, retirements_at, genesis)
    system.CertificatePicture = deployer.deploy(built.CertificatePicture)
    system.RetirementRegistry = deployer.deploy(
        built.RetirementRegistry,
        access,
        certifier_at,
        reversals_at,
        inventories_at,
        picture_at,
        market_at,
        credits_at,
        terms.registry_code.encode(),
    )


def _wire(system: SimpleNamespace, profile: Profile, deployer: Any) -> None:
    access, sender = system.CarbonbookAccess, {"from": deployer}
    for name, roles in WIRING.items():
        contract = getattr(system, name)
        for role, functions in roles.items():
            selectors = [contract.signatures[function] for function in functions]
            access.setTargetFunctionRole(contract, selectors, role, sender)
    for role, guardian in GUARDIANS.items():
        if role != ADMIN:
            access.setRoleGuardian(role, guardian, sender)
    for member in profile.authority:
        access.grantRole(AUTHORITY, member, 0, sender)
    for member in profile.authority_delayed:
        access.grantRole(AUTHORITY_DELAYED, member, profile.authority_delay_seconds, sender)
    access.grantRole(GUARDIAN, profile.guardian, 0, sender)
    if profile.admin == deployer.address:
        # The deployer stays admin: from here on only with the delay.
        access.grantRole(ADMIN, profile.admin, profile.admin_delay_seconds, sender)
    else:
        access.grantRole(ADMIN, profile.admin, profile.admin_delay_seconds, sender)
        access.renounceRole(ADMIN, deployer, sender)


def write_manifest(system: SimpleNamespace, profile: Profile, deployer: str, target: Path) -> None:
    """Writes the manifest of a deployment to `target`."""
    compiler = project.get_loaded_projects()[0]._compiler_config
    manifest = {
        "chainId": web3.eth.chain_id,
        "genesisHash": web3.eth.get_block(0)["hash"].to_0x_hex(),
        "deployer": deployer,
        "compiler": {
            "solc": compiler["solc"]["version"],
            "evmVersion": compiler["evm_version"],
            "optimizerRuns": compiler["solc"]["optimizer"]["runs"],
            "openzeppelin": json.loads((ROOT / "package.json").read_text())["dependencies"]["@openzeppelin/contracts"],
        },
        "contracts": {name: _contract_entry(contract) for name, contract in vars(system).items()},
        "roles": {
            "ADMIN": {profile.admin: profile.admin_delay_seconds},
            "AUTHORITY": dict.fromkeys(profile.authority, 0),
            "AUTHORITY_DELAYED": dict.fromkeys(profile.authority_delayed, profile.authority_delay_seconds),
            "GUARDIAN": {profile.guardian: 0},
        },
        "rules": {
            name: {
                "admin": ROLE_NAMES[ADMIN],
                "guardian": ROLE_NAMES[GUARDIANS.get(role, ADMIN)],
                "grantDelaySeconds": 0,
            }
            for role, name in ROLE_NAMES.items()
        },
        "functions": {
            name: {
                getattr(system, name).signatures[function]: {"function": function, "role": ROLE_NAMES[role]}
                for role, functions in roles.items()
                for function in functions
            }
            for name, roles in WIRING.items()
        },
        "committee": {"members": profile.members, "quorum": profile.quorum},
        "parameters": {
            "challengeWindowSeconds": profile.challenge_window_seconds,
            "accountDayCapMg": profile.account_day_cap_mg,
        },
        "credits": asdict(profile.credits),
    }
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(manifest, indent=2) + "\n")


def _contract_entry(contract: Any) -> dict[str, Any]:
    return {
        "name": contract._name,
        "address": contract.address,
        "transactionHash": contract.tx.txid if contract.tx else None,
        "block": contract.tx.block_number if contract.tx else None,
        "codeHash": "0x" + keccak(web3.eth.get_code(contract.address)).hex(),
    }


@contextmanager
def alone() -> Iterator[None]:
    """Waits until no other process deploys from this checkout: brownie keeps what it deployed in one folder, by chain id."""
    lock = ROOT / "build" / "deploy.lock"
    lock.parent.mkdir(exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _deploy_to_running_chain(rpc: str, target: Path, profile_path: Path, mnemonic: str) -> None:
    from brownie._config import CONFIG  # networks live in the user's home; this one only in this process

    # Brownie looks for what it deployed before, by chain id; on a fresh chain of the same id nothing is there.
    shutil.rmtree(ROOT / "build" / "deployments", ignore_errors=True)
    CONFIG.networks["running"] = {"name": "running", "id": "running", "host": rpc, "chainid": "0"}
    network.connect("running")
    built = project.load(ROOT)
    keys = accounts.from_mnemonic(mnemonic, count=20)
    listed = [str(account.address) for account in (keys if isinstance(keys, list) else [keys])]
    profile = Profile.load(profile_path, listed)
    network.gas_price("auto")
    system = deploy(built, accounts.at(listed[0]), profile)
    write_manifest(system, profile, listed[0], target)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rpc", required=True)
    parser.add_argument("--manifest", required=True, type=Path)
    parser.add_argument("--profile", type=Path, default=LOCAL_PROFILE)
    parser.add_argument("--mnemonic", default="test test test test test test test test test test test junk")
    arguments = parser.parse_args()
    with alone():
        _deploy_to_running_chain(arguments.rpc, arguments.manifest, arguments.profile, arguments.mnemonic)
