"""Credentials: another library accepts what is signed here, and nothing that was changed by one digit."""

from __future__ import annotations

import copy
import json

import pytest
from openvc import verify_credential
from openvc.errors import OpenvcError

from oracle.ledger.retire.credential import (
    Document,
    did_key,
    digest_of,
    facts_in,
    facts_of,
    public_key,
    require_signed,
    signed,
)
from oracle.model.errors import VerificationFailed
from tests.unit.retire.facts import GENESIS, HOSTILE, REGISTRY, certificate

SECRET = bytes(range(32))
CREATED = "2024-01-15T08:00:10Z"


def facts(**changed: object) -> Document:
    return facts_of(certificate(**changed), REGISTRY, 31_337, GENESIS, "SZ01")


@pytest.mark.parametrize("name", ["Example Data Centre Ltd", HOSTILE, "示例数据中心", 'a\\"b\u200d\U0001f600'])
def test_credential__case_40__is_accepted_by_another_library(name: str) -> None:
    document = json.loads(json.dumps(signed(facts(beneficiary=name), SECRET, CREATED)))
    require_signed(document, public_key(SECRET))
    assert verify_credential(document).issuer == did_key(public_key(SECRET))
    assert document["credentialSubject"]["name"] == name


def _digit(document: Document) -> None:
    document["credentialSubject"]["retired"]["quantityMg"] = "500000002"


def _date(document: Document) -> None:
    document["validFrom"] = "2024-01-15T08:00:01Z"


def _created(document: Document) -> None:
    document["proof"]["created"] = "2024-01-15T08:00:11Z"


def _method(document: Document) -> None:
    document["proof"]["verificationMethod"] += "x"


def _added(document: Document) -> None:
    document["credentialSubject"]["award"] = "gold"


def _number(document: Document) -> None:
    document["credentialSubject"]["retired"]["quantityMg"] = 500_000_001


def _value(document: Document) -> None:
    document["proof"]["proofValue"] = document["proof"]["proofValue"][:-1] + "1"


@pytest.mark.parametrize("change", [_digit, _date, _created, _method, _added, _number, _value])
def test_credential__case_40__one_change_ends_it(change) -> None:  # type: ignore[no-untyped-def]
    document = copy.deepcopy(signed(facts(), SECRET, CREATED))
    change(document)
    with pytest.raises(VerificationFailed, match="The signature of the credential does not hold"):
        require_signed(document, public_key(SECRET))
    with pytest.raises(OpenvcError):
        verify_credential(document)


def test_credential__of_another_key__is_refused() -> None:
    with pytest.raises(VerificationFailed, match="another key signed it"):
        require_signed(signed(facts(), SECRET, CREATED), public_key(bytes(32)))


@pytest.mark.parametrize("proof", [None, "z5", {}, {"type": "DataIntegrityProof", "cryptosuite": "eddsa-rdfc-2022"}])
def test_credential__without_this_proof__is_refused(proof: object) -> None:
    with pytest.raises(VerificationFailed, match="has no proof of the suite eddsa-jcs-2022"):
        require_signed(facts() | {"proof": proof}, public_key(SECRET))


def test_did_key__is_that_of_the_specification() -> None:
    # https://www.w3.org/TR/vc-di-eddsa/#representation-eddsa-jcs-2022: key pair of its test vectors
    vector = bytes.fromhex("c96ef9ea10c5e414c471723aff9de72c35fa5b70fae97e8832ecac7d2e2b8ed6")
    assert did_key(public_key(vector)) == "did:key:z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"


def test_facts__are_what_is_left_of_a_credential() -> None:
    assert facts_in(signed(facts(), SECRET, CREATED)) == facts()
    assert digest_of(facts()) != digest_of(facts(mg=500_000_002))
