"""Every function called by every role: who gets through, and what the others are told.

Contracts come from the folder and functions from the ABIs, so that a new one cannot be forgotten; who may change state stands here,
written out; what only reads answers everybody alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from brownie import web3
from brownie.exceptions import VirtualMachineError, decode_typed_error
from eth_account.signers.local import LocalAccount
from eth_utils.crypto import keccak

from scripts.deploy import ROLE_NAMES, WIRING

from ..support.city import City, person
from ..support.reverts import error_data

CONTRACTS = {
    "CarbonCredit": "credits",
    "CarbonPoint": "book",
    "CarbonbookAccess": "access",
    "CertificatePicture": "picture",
    "Counter": "counter",
    "CreditMarket": "market",
    "EvidenceLedger": "ledger",
    "InventoryRegistry": "inventories",
    "MethodologyRegistry": "methodologies",
    "OfferBook": "offers",
    "OperatorRegistry": "operators",
    "OracleCommittee": "committee",
    "PointIssuer": "issuer",
    "ProceedsPot": "pot",
    "RedemptionDesk": "desk",
    "ReductionCertifier": "certifier",
    "RetirementRegistry": "retirements",
    "ReversalDesk": "reversals",
    "SettlementVault": "vault",
}
CALLERS = (
    "deployer",
    "admin",
    "authority",
    "second_authority",
    "board",
    "guardian",
    "operator",
    "merchant",
    "member",
    "commuter",
    "rando",
)
EVERYBODY = frozenset(CALLERS)
NOBODY: frozenset[str] = frozenset()
AUTHORITY = frozenset({"authority", "second_authority"})


OVERLOADED = {"safeTransferFrom"}  # of ERC-721, which has it twice: each refuses everybody


class Rule(NamedTuple):
    """Who gets through at once, who only after announcing it, and the error that all others get."""

    allowed: frozenset[str]
    refusal: str = ""
    scheduled: frozenset[str] = NOBODY


ANYONE = Rule(EVERYBODY)
BY_AUTHORITY = Rule(AUTHORITY, "AccessManagedUnauthorized")
BY_GUARDIAN = Rule(frozenset({"guardian"}), "AccessManagedUnauthorized")
BY_BOARD = Rule(NOBODY, "AccessManagedUnauthorized", frozenset({"board"}))
BY_MANAGER = Rule(NOBODY, "AccessManagedUnauthorized")
BY_ADMIN = Rule(NOBODY, "AccessManagerUnauthorizedAccount", frozenset({"admin"}))
BY_CONTRACT = Rule(NOBODY, "CarbonPoint_NotAllowed")

OF_CREDITS = Rule(NOBODY, "CarbonCredit_Denied")
OF_MARKET = Rule(NOBODY, "CreditMarket_Denied")

RULES: dict[str, dict[str, Rule]] = {
    "CarbonCredit": {
        "approve": ANYONE,
        "cancel": OF_CREDITS,
        "open": OF_CREDITS,
        "pull": OF_CREDITS,
        "retire": OF_CREDITS,
        "setFrozen": OF_CREDITS,
        "transfer": ANYONE,
        "transferFrom": ANYONE,
    },
    "CarbonPoint": {
        "announceMove": ANYONE,
        "burnHeld": BY_CONTRACT,
        "cancelMove": ANYONE,
        "completeMove": ANYONE,
        "credit": BY_CONTRACT,
        "lowerReduction": BY_CONTRACT,
        "expireYear": ANYONE,
        "refund": BY_CONTRACT,
        "spend": BY_CONTRACT,
        "takeOutYear": BY_CONTRACT,
        "transfer": ANYONE,
    },
    "CarbonbookAccess": {
        "cancel": Rule(
            frozenset({"board", "guardian"}), "AccessManagerUnauthorizedCancel"
        ),  # who scheduled it, a guardian
        "consumeScheduledOp": ANYONE,  # asks the caller back whether it is consuming: only a managed contract can answer
        "execute": Rule(NOBODY, "AccessManagerUnauthorizedCall", frozenset({"admin"})),
        "grantRole": BY_ADMIN,
        "labelRole": BY_ADMIN,
        "multicall": ANYONE,
        "renounceRole": ANYONE,
        "revokeRole": BY_ADMIN,
        "schedule": Rule(frozenset({"admin"}), "AccessManagerUnauthorizedCall"),
        "setGrantDelay": BY_ADMIN,
        "setRoleAdmin": BY_ADMIN,
        "setRoleGuardian": BY_ADMIN,
        "setTargetAdminDelay": BY_ADMIN,
        "setTargetClosed": BY_ADMIN,
        "setTargetFunctionRole": BY_ADMIN,
        "updateAuthority": BY_ADMIN,
    },
    "CertificatePicture": {},
    "Counter": {
        "claim": ANYONE,
        "claimAndRedeem": ANYONE,
        "serve": ANYONE,
    },
    "CreditMarket": {
        "buy": ANYONE,
        "buyAndRetire": ANYONE,
        "cancelAsk": ANYONE,  # of its own: nobody else's ask has a seller of zero
        "drawCitizens": OF_MARKET,
        "drawFee": ANYONE,
        "drawOperator": ANYONE,
        "drawOwed": ANYONE,
        "list": ANYONE,
        "open": OF_MARKET,
        "releaseBuffer": ANYONE,
        "resell": ANYONE,
        "setAuthority": BY_MANAGER,
        "setFeeReceiver": BY_BOARD,
        "setTerms": BY_BOARD,
        "takeBack": OF_MARKET,
        "takeBuffer": OF_MARKET,
    },
    "EvidenceLedger": {
        "attest": ANYONE,
        "close": ANYONE,
        "pause": BY_GUARDIAN,
        "release": BY_AUTHORITY,
        "reportAccountTwice": ANYONE,
        "reportDuplicate": ANYONE,
        "revoke": BY_AUTHORITY,
        "setAuthority": BY_MANAGER,
        "unpause": BY_AUTHORITY,
    },
    "InventoryRegistry": {
        "attest": ANYONE,
        "setAuthority": BY_MANAGER,
        "setBoundary": BY_AUTHORITY,
        "setRule": BY_AUTHORITY,
        "useFor": Rule(NOBODY, "InventoryRegistry_Denied"),
    },
    "MethodologyRegistry": {
        "activate": BY_AUTHORITY,
        "propose": BY_AUTHORITY,
        "resume": BY_AUTHORITY,
        "setAuthority": BY_MANAGER,
        "startNotice": BY_AUTHORITY,
        "suspend": BY_AUTHORITY,
    },
    "OfferBook": {
        "addStock": Rule(frozenset({"merchant"}), "OperatorRegistry_MerchantNotActive"),
        "end": ANYONE,
        "giveBack": Rule(NOBODY, "OfferBook_NotDesk"),
        "publish": Rule(frozenset({"merchant"}), "OperatorRegistry_MerchantNotActive"),
        "take": Rule(NOBODY, "OfferBook_NotDesk"),
    },
    "OperatorRegistry": {
        "admitMerchant": Rule(frozenset({"operator"}), "OperatorRegistry_OperatorNotActive"),
        "licenseOperator": BY_AUTHORITY,
        "setAuthority": BY_MANAGER,
        "setMerchantLimits": BY_AUTHORITY,
        "setMerchantPayout": Rule(frozenset({"merchant"}), "OperatorRegistry_Unknown"),
        "setMerchantStanding": BY_AUTHORITY,
        "setNewMerchantLimits": BY_AUTHORITY,
        "setOperatorDayLimit": BY_AUTHORITY,
        "setOperatorStanding": BY_AUTHORITY,
        "suspendMerchant": Rule(frozenset({"operator"}), "OperatorRegistry_NotSponsor"),
    },
    "OracleCommittee": {
        "setAuthority": BY_MANAGER,
        "setCommittee": BY_BOARD,
    },
    "PointIssuer": {
        "credit": ANYONE,
        "creditRests": ANYONE,
        "pause": BY_GUARDIAN,
        "revokeReductions": BY_BOARD,
        "setAccountDayCap": BY_BOARD,
        "setAuthority": BY_MANAGER,
        "unpause": BY_AUTHORITY,
    },
    "ProceedsPot": {
        "announceSweep": ANYONE,
        "claim": ANYONE,
        "claimMany": ANYONE,
        "claimTo": ANYONE,
        "openRound": ANYONE,
        "setAuthority": BY_MANAGER,
        "setPublicGood": BY_BOARD,
        "sweep": ANYONE,
        "takeOwed": ANYONE,
    },
    "RedemptionDesk": {
        "cancelOrder": ANYONE,
        "collect": Rule(NOBODY, "RedemptionDesk_NotVault"),
        "dispute": ANYONE,
        "lapseDispute": ANYONE,
        "pause": BY_GUARDIAN,
        "redeem": ANYONE,
        "redeemBatch": ANYONE,
        "refund": ANYONE,
        "refundFinal": ANYONE,
        "resolveDispute": BY_AUTHORITY,
        "setAuthority": BY_MANAGER,
        "take": Rule(NOBODY, "RedemptionDesk_NotSelf"),
        "unpause": BY_AUTHORITY,
    },
    "ReductionCertifier": {
        "addBatches": ANYONE,
        "appoint": BY_AUTHORITY,
        "certify": ANYONE,
        "clearHold": ANYONE,
        "draw": ANYONE,
        "issue": BY_AUTHORITY,
        "licenseVerifier": BY_AUTHORITY,
        "object": ANYONE,
        "open": Rule(frozenset({"operator"}), "OperatorRegistry_OperatorNotActive"),
        "reject": BY_AUTHORITY,
        "reportFrozen": ANYONE,
        "reportRevoked": ANYONE,
        "setAuthority": BY_MANAGER,
        "setExclusion": BY_AUTHORITY,
        "startNotice": BY_AUTHORITY,
        "submit": ANYONE,
        "withdraw": Rule(NOBODY, "ReductionCertifier_NotOperator"),
    },
    "RetirementRegistry": {
        "addName": ANYONE,
        "retire": ANYONE,
        "retireBought": Rule(NOBODY, "RetirementRegistry_NotMarket"),
        "setAuthority": BY_MANAGER,
        "setCredentialKey": BY_BOARD,
    },
    "ReversalDesk": {
        "cancel": BY_BOARD,
        "freeze": BY_GUARDIAN,
        "reportRevoked": ANYONE,
        "restore": ANYONE,
        "setAuthority": BY_MANAGER,
        "surrender": ANYONE,
        "unfreeze": BY_AUTHORITY,
    },
    "SettlementVault": {
        "deposit": ANYONE,
        "lock": Rule(NOBODY, "SettlementVault_NotLedger"),
        "pause": BY_GUARDIAN,
        "releaseTo": ANYONE,
        "releaseYear": ANYONE,
        "setAuthority": BY_MANAGER,
        "setPrice": BY_AUTHORITY,
        "settle": ANYONE,
        "settleBatch": ANYONE,
        "settleSuspended": BY_AUTHORITY,
        "unlock": Rule(NOBODY, "SettlementVault_NotLedger"),
        "unpause": BY_AUTHORITY,
        "withdraw": Rule(frozenset({"operator"}), "OperatorRegistry_OperatorNotActive"),
    },
}

# Errors whose arguments are not the caller alone.
ARGUMENTS: dict[str, Callable[[City, Any, str, str], tuple[Any, ...]]] = {
    "AccessManagerUnauthorizedAccount": lambda city, contract, data, caller: (caller, 0),
    "AccessManagerUnauthorizedCancel": lambda city, contract, data, caller: (
        caller,
        city.roles.board.address,
        city.access.address,
        LABEL_ROLE,
    ),
    "AccessManagerUnauthorizedCall": lambda city, contract, data, caller: (caller, city.access.address, LABEL_ROLE),
    "OperatorRegistry_MerchantNotActive": lambda city, contract, data, caller: (caller, 0),
    "ReductionCertifier_NotOperator": lambda city, contract, data, caller: (0, caller),
    "OperatorRegistry_NotSponsor": lambda city, contract, data, caller: (city.roles.merchant.address, caller),
    "OperatorRegistry_OperatorNotActive": lambda city, contract, data, caller: (caller, 0),
}
LABEL_ROLE = keccak(text="labelRole(uint64,string)")[:4]


def changing(contract: Any) -> dict[str, dict[str, Any]]:
    """The functions of an ABI that can change state, by name."""
    return {
        entry["name"]: entry
        for entry in contract.abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    }


def reading(contract: Any) -> list[dict[str, Any]]:
    """The functions of an ABI that cannot change state."""
    return [
        entry for entry in contract.abi if entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
    ]


def blank(parameter: dict[str, Any]) -> Any:
    """The zero of a parameter's type."""
    kind = parameter["type"]
    if kind.endswith("[]"):
        return []
    if kind == "tuple":
        return tuple(blank(item) for item in parameter["components"])
    return {"address": "0x" + "00" * 20, "string": "", "bytes": "0x", "bool": False, "bytes32": b"\0" * 32}.get(kind, 0)


def arguments_for(city: City, contract: Any, function: str) -> list[Any]:
    """Blank arguments, or ones that get as far as the question of who calls."""
    label_role = city.access.labelRole.encode_input(0, "")
    special = {
        "cancel": [city.roles.board, city.access, label_role],
        "consumeScheduledOp": [city.access, label_role],
        "execute": [city.access, label_role],
        "schedule": [city.access, label_role, 0],
        "setRoleAdmin": [1, 0],
        "setRoleGuardian": [1, 0],
        "suspendMerchant": [city.roles.merchant, ""],
    }
    asked = special if contract in (city.access, city.operators) else {}
    return asked.get(function) or [blank(parameter) for parameter in changing(contract)[function]["inputs"]]


def address_of(city: City, caller: str) -> str:
    signers: dict[str, LocalAccount] = {"member": city.members[0], "commuter": person("commuter")}
    account = signers.get(caller) or getattr(city.roles, caller)
    return str(account.address)


def refusal_of(city: City, contract: Any, function: str, caller: str) -> str | None:
    """What a call is refused with, rendered, or nothing if it goes through. Nothing is sent: these are static calls."""
    try:
        getattr(contract, function).call(*arguments_for(city, contract, function), {"from": address_of(city, caller)})
    except VirtualMachineError as error:
        return str(error.revert_msg)
    return None


def answer_to(contract: Any, data: str, sender: str) -> str:
    """What a static call answers or is refused with, as hex."""
    response = web3.provider.make_request(
        "eth_call", [{"from": sender, "to": contract.address, "data": data}, "latest"]
    )
    return str(response["result"] if "result" in response else response["error"].get("data", response["error"]))


def expected_refusal(city: City, contract: Any, function: str, caller: str, rule: Rule) -> str:
    data = getattr(contract, function).encode_input(*arguments_for(city, contract, function))
    address = address_of(city, caller)
    if caller in rule.scheduled:
        target, inner = (
            (city.access, city.access.labelRole.encode_input(0, "")) if function == "execute" else (contract, data)
        )
        operation = city.access.hashOperation(address, target, inner)
        return str(decode_typed_error(error_data(city.access, "AccessManagerNotScheduled", bytes(operation))))
    values = ARGUMENTS.get(rule.refusal, lambda *_: (address,))(city, contract, data, address)
    return str(decode_typed_error(error_data(_declaring(city, contract, rule.refusal), rule.refusal, *values)))


def _declaring(city: City, contract: Any, error: str) -> Any:
    declared = any(entry.get("name") == error for entry in contract.abi)
    return contract if declared else city.operators


def test_given_the_folder_of_contracts__each_is_in_the_table() -> None:
    folder = Path(__file__).parents[3] / "contracts"
    assert sorted(path.stem for path in folder.glob("*.sol")) == sorted(CONTRACTS) == sorted(RULES)


@pytest.mark.parametrize(("name", "attribute"), CONTRACTS.items())
def test_given_a_contract__it_has_a_rule_for_every_function_that_changes_state(
    city: City, name: str, attribute: str
) -> None:
    contract = getattr(city, attribute)
    assert sorted(changing(contract)) == sorted(RULES[name])
    names = Counter(entry["name"] for entry in contract.abi if entry["type"] == "function")
    assert {one for one, count in names.items() if count > 1} <= OVERLOADED  # no overload hides behind another
    assert not [entry for entry in contract.abi if entry["type"] in ("fallback", "receive")]


@pytest.mark.parametrize(("name", "attribute"), CONTRACTS.items())
def test_given_a_function_that_reads__it_answers_every_role_alike(city: City, name: str, attribute: str) -> None:
    contract = getattr(city, attribute)
    for entry in reading(contract):
        data = getattr(contract, entry["name"]).encode_input(*(blank(parameter) for parameter in entry["inputs"]))
        answers = {answer_to(contract, data, address_of(city, caller)) for caller in CALLERS}
        assert len(answers) == 1, entry["name"]


@pytest.mark.parametrize(
    ("name", "function"), [(name, function) for name, rules in RULES.items() for function in rules]
)
def test_given_a_function__when_each_role_calls_it__it_admits_exactly_the_right_ones(
    city: City, name: str, function: str
) -> None:
    contract, rule = getattr(city, CONTRACTS[name]), RULES[name][function]
    refused_to_others = expected_refusal(city, contract, function, "rando", rule) if rule.allowed != EVERYBODY else None
    for caller in CALLERS:
        outcome = refusal_of(city, contract, function, caller)
        if caller in rule.allowed:
            assert outcome is None or rule.refusal == "" or outcome.split(":")[0] != rule.refusal, caller
        else:
            assert outcome == expected_refusal(city, contract, function, caller, rule), caller
    assert rule.allowed == EVERYBODY or refused_to_others is not None


def test_given_the_wiring_of_the_deployment__it_is_what_the_rules_say() -> None:
    by_rule = {BY_AUTHORITY: "AUTHORITY", BY_GUARDIAN: "GUARDIAN", BY_BOARD: "AUTHORITY_DELAYED"}
    wired = {
        (name, function): ROLE_NAMES[role]
        for name, roles in WIRING.items()
        for role, functions in roles.items()
        for function in functions
    }
    ruled = {
        (name, function): by_rule[rule]
        for name, rules in RULES.items()
        for function, rule in rules.items()
        if rule in by_rule
    }
    assert wired == ruled
