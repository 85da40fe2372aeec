"""The deployment check finds what drifted, and Python builds the same keys and digests as the contracts."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from eth_utils.address import to_checksum_address

from oracle.edge.chain.client import Chain
from oracle.edge.chain.manifest import Manifest
from oracle.ledger.redeem.order import Order
from oracle.model.errors import ContractReverted
from oracle.model.header import Header
from oracle.model.ids import batch_id, methodology_word
from oracle.model.typed_data import MOVE, Domain, digest, sign, signable
from oracle.sandbox.local import local_account
from tests.e2e.cli import ROOT, Carbonbook

SAMPLES = 25


@pytest.fixture(scope="module")
def chain(carbonbook: Carbonbook) -> Chain:
    return Chain(carbonbook("status")["rpc"], Manifest.load(carbonbook.home / "deployment.json"))


@pytest.fixture
def drawn() -> random.Random:
    return random.Random(712)


def _checked(chain: Chain, manifest: Path) -> subprocess.CompletedProcess[str]:
    script = ROOT / "scripts" / "checks" / "deployment.py"
    command = [sys.executable, str(script), "--rpc", chain.rpc, "--manifest", str(manifest)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_check__what_was_deployed__has_no_difference(chain: Chain) -> None:
    done = _checked(chain, chain.manifest.path)
    assert done.stdout.endswith(" role holders read back; 0 differences\n")
    assert done.returncode == 0


def _with_quorum(manifest: dict[str, Any]) -> None:
    manifest["committee"]["quorum"] = 3


def _with_other_code(manifest: dict[str, Any]) -> None:
    manifest["contracts"]["CarbonPoint"]["codeHash"] = "0x" + "00" * 32


def _with_other_vault(manifest: dict[str, Any]) -> None:
    contracts = manifest["contracts"]
    contracts["SettlementVault"]["address"] = contracts["RedemptionDesk"]["address"]


def _without_guardian(manifest: dict[str, Any]) -> None:
    manifest["roles"]["GUARDIAN"] = {}


def _with_shorter_delay(manifest: dict[str, Any]) -> None:
    manifest["roles"]["ADMIN"] = dict.fromkeys(manifest["roles"]["ADMIN"], 1)


def _with_pause_for_all(manifest: dict[str, Any]) -> None:
    for entry in manifest["functions"]["PointIssuer"].values():
        entry["role"] = "AUTHORITY"


def _with_longer_window(manifest: dict[str, Any]) -> None:
    manifest["parameters"]["challengeWindowSeconds"] += 1


def _with_other_compiler(manifest: dict[str, Any]) -> None:
    manifest["compiler"]["solc"] = "0.8.29"


def _with_other_guardian(manifest: dict[str, Any]) -> None:
    manifest["rules"]["AUTHORITY_DELAYED"]["guardian"] = "AUTHORITY"


def _with_other_admin(manifest: dict[str, Any]) -> None:
    manifest["rules"]["GUARDIAN"]["admin"] = "AUTHORITY"


def _with_grant_delay(manifest: dict[str, Any]) -> None:
    manifest["rules"]["ADMIN"]["grantDelaySeconds"] = 60


def _with_other_floor(manifest: dict[str, Any]) -> None:
    manifest["credits"]["floor_price"] += 1


def _with_other_public_good(manifest: dict[str, Any]) -> None:
    manifest["credits"]["public_good"] = manifest["deployer"]


def _with_other_code_of_serials(manifest: dict[str, Any]) -> None:
    manifest["credits"]["registry_code"] = "SZ02"


def _with_issue_by_the_board(manifest: dict[str, Any]) -> None:
    for entry in manifest["functions"]["ReductionCertifier"].values():
        entry["role"] = "AUTHORITY_DELAYED"


DRIFTS: list[tuple[Callable[[dict[str, Any]], None], str]] = [
    (_with_quorum, "committee quorum: the manifest says 3, the chain 2"),
    (_with_other_code, "CarbonPoint: the code at "),
    (_with_other_vault, "SettlementVault: the code at "),
    (
        _without_guardian,
        "role GUARDIAN of 0x90F79bf6EB2c4f870365E785982E1f101E93b906: the manifest says None, the chain 0",
    ),
    (_with_shorter_delay, "role ADMIN of 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266: the manifest says 1, the chain "),
    (_with_pause_for_all, "role of PointIssuer.pause(): the manifest says 1, the chain 3"),
    (_with_longer_window, "parameter challengeWindowSeconds: the manifest says 3601, the chain 3600"),
    (_with_other_guardian, "guardian of role AUTHORITY_DELAYED: the manifest says 1, the chain 3"),
    (_with_other_admin, "admin of role GUARDIAN: the manifest says 1, the chain 0"),
    (_with_grant_delay, "grant delay of role ADMIN: the manifest says 60, the chain 0"),
    (_with_other_floor, "credits floor_price: the manifest says 1000001, the chain 1000000"),
    (
        _with_other_public_good,
        "credits public_good: the manifest says 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266, "
        "the chain 0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC",
    ),
    (_with_other_code_of_serials, "credits registry_code: the manifest says SZ02, the chain SZ01"),
    (_with_issue_by_the_board, "role of ReductionCertifier.issue(uint256,bytes32): the manifest says 2, the chain 1"),
    (_with_other_compiler, "compiler: the manifest says 0.8.29, the chain 0.8.30"),
]


@pytest.mark.parametrize(("change", "said"), DRIFTS, ids=[change.__name__[1:] for change, _ in DRIFTS])
def test_check__a_manifest_that_is_not_the_chains__names_what_drifted(
    chain: Chain, tmp_path: Path, change: Callable[[dict[str, Any]], None], said: str
) -> None:
    manifest = json.loads(chain.manifest.path.read_text())
    change(manifest)
    path = tmp_path / "deployment.json"
    path.write_text(json.dumps(manifest))
    done = _checked(chain, path)
    assert done.returncode == 1, done.stderr
    assert said in done.stdout


def _address(drawn: random.Random) -> str:
    return to_checksum_address(drawn.randbytes(20))


def _header(drawn: random.Random) -> Header:
    def uint(bits: int) -> int:
        return drawn.getrandbits(drawn.choice((1, bits // 2, bits)))

    return Header(
        _address(drawn),
        *(uint(32) for _ in range(3)),
        drawn.randbytes(32),
        *(uint(32) for _ in range(2)),
        *(uint(64) for _ in range(2)),
        *(drawn.randbytes(32) for _ in range(3)),
    )


def _domain(chain: Chain, contract: str) -> Domain:
    return Domain(contract, chain.manifest.chain_id, chain.address(contract), chain.manifest.genesis_hash)


def test_attestation_digest__any_header__is_the_contracts(chain: Chain, drawn: random.Random) -> None:
    epoch = chain.read("OracleCommittee", "epoch")
    for header in (_header(drawn) for _ in range(SAMPLES)):
        ours = digest(header.message(_domain(chain, "EvidenceLedger"), epoch))
        assert ours == chain.read("EvidenceLedger", "attestationDigest", header.encoded())


def test_batch_id__any_key__is_the_contracts(chain: Chain, drawn: random.Random) -> None:
    for name in ("CI-01.CN-4403", "CI-11-BILL.CN-44"):
        header = _header(drawn)
        word = methodology_word(name)
        ours = batch_id(header.operator, word, header.day, header.sequence)
        theirs = chain.read("EvidenceLedger", "batchIdOf", header.operator, word, header.day, header.sequence)
        assert ours == "0x" + theirs.hex() == replace(header, methodology=word).batch


def test_order_digest_and_key__any_order__are_the_contracts(chain: Chain, drawn: random.Random) -> None:
    for _ in range(SAMPLES):
        numbers = drawn.getrandbits(56), drawn.getrandbits(40)
        order = Order(_address(drawn), _address(drawn), drawn.randbytes(32), *numbers, drawn.randbytes(32))
        ours = digest(order.message(_domain(chain, "RedemptionDesk")))
        assert ours == chain.read("RedemptionDesk", "orderDigest", order.encoded())
        key = chain.read("RedemptionDesk", "orderKeyOf", order.merchant, order.citizen, order.order_number)
        assert order.key == "0x" + key.hex()


def test_move__signed_by_both_as_python_builds_it__is_taken_by_the_contract(chain: Chain) -> None:
    old, new = local_account(14), local_account(15)
    deadline = chain.now() + 60
    values = {"from": old.address, "to": new.address, "nonce": 0, "deadline": deadline}
    message = signable(_domain(chain, "CarbonPoint"), "Move", MOVE, values)
    assert digest(message) == chain.read("CarbonPoint", "moveDigest", old.address, new.address, deadline)
    signatures = sign(old, message), sign(new, message)
    data = chain.call_data("CarbonPoint", "announceMove", old.address, new.address, deadline, *signatures)
    assert chain.simulate(chain.address("CarbonPoint"), data, old.address) == b""
    later = chain.call_data("CarbonPoint", "announceMove", old.address, new.address, deadline + 1, *signatures)
    with pytest.raises(ContractReverted) as refused:
        chain.simulate(chain.address("CarbonPoint"), later, old.address)
    assert (refused.value.name, refused.value.arguments) == (
        "CarbonPoint_BadSignature",
        {"signer": old.address.lower()},
    )
