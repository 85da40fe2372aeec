"""A certificate as a W3C verifiable credential (data model 2.0) with a Data Integrity proof, `eddsa-jcs-2022`.

The proof is Ed25519 (RFC 8032) over SHA-256 of the proof's options and SHA-256 of the document, both as canonical JSON (RFC 8785). All
amounts are text, so that no number is written in two ways. The issuer is the authority, whose key stands in `RetirementRegistry`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from Crypto.Signature import eddsa

from oracle.ledger.retire.certificate import Certificate
from oracle.model.canonical import canonical_json
from oracle.model.errors import InputError, VerificationFailed
from oracle.model.units import date_of, tonnes

KEY = "credential"  # name of the authority's key in the keystore
SUITE = "eddsa-jcs-2022"
# The second context stands for terms that no vocabulary defines: https://www.w3.org/TR/vc-data-model-2.0/#vocabularies
_CONTEXT = ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2"]
_ED25519 = b"\xed\x01"  # multicodec of an Ed25519 public key
_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"  # base58btc
_DIGEST_BYTES = 8
_KEY_BYTES = 32

Document = dict[str, Any]


def facts_of(certificate: Certificate, contract: str, chain_id: int, genesis_hash: str, registry_code: str) -> Document:
    """What a credential says, without its issuer and proof: the same for everybody who reads the chain."""
    return {
        "@context": _CONTEXT,
        "id": f"urn:carbonbook:{registry_code}:retirement:{certificate.name}",
        "type": ["VerifiableCredential", "CarbonRetirementCredential"],
        "validFrom": certificate.made_at,
        "credentialSubject": {
            "id": f"did:pkh:eip155:{chain_id}:{certificate.holder}",
            "name": certificate.beneficiary,
            "retired": {
                "quantityMg": str(certificate.mg),
                "quantity": tonnes(certificate.mg),
                "unit": "tCO2e",
                "serial": certificate.serial,
            },
            "series": {
                "number": str(certificate.series),
                "methodology": certificate.methodology,
                "methodologyVersion": str(certificate.version),
                "vintage": str(certificate.vintage),
                "operator": certificate.operator,
            },
            "claim": {
                "periodFrom": date_of(certificate.from_day).isoformat(),
                "periodThrough": date_of(certificate.through_day).isoformat(),
                "purpose": certificate.purpose,
                "location": certificate.country,
            },
        },
        "evidence": [
            {
                "type": ["OnChainRetirement"],
                "chainId": str(chain_id),
                "genesisHash": genesis_hash,
                "contract": contract,
                "certificate": str(certificate.number),
                "block": str(certificate.made_in),
                "transaction": certificate.transaction,
            }
        ],
    }


def digest_of(facts: Document) -> bytes:
    """Eight bytes that stand for what a credential says, for the code on a page."""
    return hashlib.sha256(_jcs(facts)).digest()[:_DIGEST_BYTES]


def facts_in(credential: Mapping[str, Any]) -> Document:
    """What a credential says, without its issuer and proof."""
    return {name: value for name, value in credential.items() if name not in ("issuer", "proof")}


def signed(facts: Document, secret: bytes, created: str, issuer: str | None = None) -> Document:
    """A credential: facts with an issuer and its proof.

    Args:
        secret: The 32 bytes of an Ed25519 key.
        created: When it is signed, ISO 8601 in UTC.
        issuer: `did:web:...` of the authority; None for the `did:key` of the key itself.
    """
    key = eddsa.import_private_key(secret)
    did = issuer or did_key(public_key(secret))
    document = {**facts, "issuer": {"id": did}}
    proof = {
        "@context": _CONTEXT,
        "type": "DataIntegrityProof",
        "cryptosuite": SUITE,
        "created": created,
        "verificationMethod": f"{did}#key-1" if issuer else f"{did}#{did.removeprefix('did:key:')}",
        "proofPurpose": "assertionMethod",
    }
    signature = eddsa.new(key, "rfc8032").sign(_hashed(proof, document))
    return {**document, "proof": {**proof, "proofValue": "z" + _base58(signature)}}


def require_signed(credential: Mapping[str, Any], key: bytes) -> None:
    """Checks the proof of a credential.

    Args:
        key: The issuer's Ed25519 key, 32 bytes.

    Raises:
        VerificationFailed: There is no such proof, it is another key's, or something in it or in the document was changed.
    """
    proof = credential.get("proof")
    if not isinstance(proof, Mapping) or proof.get("cryptosuite") != SUITE or proof.get("type") != "DataIntegrityProof":
        raise VerificationFailed(f"The credential has no proof of the suite {SUITE}.")
    options = {name: value for name, value in proof.items() if name != "proofValue"}
    document = {name: value for name, value in credential.items() if name != "proof"}
    try:
        signature = _unbase58(str(proof.get("proofValue", "")).removeprefix("z"))
        eddsa.new(eddsa.import_public_key(key), "rfc8032").verify(_hashed(options, document), signature)
    except (ValueError, InputError) as error:
        raise VerificationFailed(
            "The signature of the credential does not hold: something in it was changed, or another key signed it."
        ) from error


def public_key(secret: bytes) -> bytes:
    """The 32 bytes of the Ed25519 public key of a secret."""
    raw: bytes = eddsa.import_private_key(secret).public_key().export_key(format="raw")
    return raw


def did_key(key: bytes) -> str:
    """The `did:key` of an Ed25519 key: https://w3c-ccg.github.io/did-key-spec/."""
    return "did:key:z" + _base58(_ED25519 + key)


def _hashed(options: Mapping[str, Any], document: Mapping[str, Any]) -> bytes:
    """What is signed: https://www.w3.org/TR/vc-di-eddsa/#hashing-eddsa-jcs-2022."""
    return hashlib.sha256(_jcs(options)).digest() + hashlib.sha256(_jcs(document)).digest()


def _jcs(document: object) -> bytes:
    """RFC 8785, of documents whose names are ASCII and whose values are text, lists and objects.

    Raises:
        InputError: There is a number: its canonical form is not written here, because none of ours has one.
    """
    _require_text(document)
    return canonical_json(document)[:-1]


def _require_text(value: object) -> None:
    if isinstance(value, Mapping):
        if not all(isinstance(name, str) and name.isascii() for name in value):
            raise InputError("a credential's names are ASCII")
        value = list(value.values())
    if isinstance(value, list):
        for item in value:
            _require_text(item)
    elif not isinstance(value, str):
        raise InputError(f"'{value}' in a credential is no text")


def _base58(data: bytes) -> str:
    number, text = int.from_bytes(data), ""
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return _ALPHABET[0] * (len(data) - len(data.lstrip(b"\0"))) + text


def _unbase58(text: str) -> bytes:
    number = 0
    for letter in text:
        number = number * len(_ALPHABET) + _ALPHABET.index(letter)
    zeros = len(text) - len(text.lstrip(_ALPHABET[0]))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
