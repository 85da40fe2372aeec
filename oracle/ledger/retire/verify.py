"""Checking a certificate against any node of its chain: the code on a page, or a credential."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.ledger.retire.certificate import Certificate, certificate_of
from oracle.ledger.retire.code import Code, read_code
from oracle.ledger.retire.credential import (
    Document,
    did_key,
    digest_of,
    facts_in,
    facts_of,
    require_signed,
)
from oracle.model.errors import InputError, VerificationFailed

_NO_KEY = bytes(32)


@dataclass(frozen=True)
class Step:
    """One step of a check: what was said, what was found, and whether they agree."""

    check: str
    said: str
    found: str

    @property
    def holds(self) -> bool:
        """Whether they agree."""
        return self.said == self.found


def facts_on_chain(chain: Chain, certificate: Certificate) -> Document:
    """What a credential of a certificate must say."""
    registry, manifest = RetirementRegistry(chain), chain.manifest
    return facts_of(certificate, registry.address, manifest.chain_id, manifest.genesis_hash, registry.registry_code())


def code_of(chain: Chain, certificate: Certificate) -> Code:
    """The code for a certificate's page."""
    return Code(
        genesis=bytes.fromhex(chain.manifest.genesis_hash[2:])[:4],
        contract=RetirementRegistry(chain).address,
        number=certificate.number,
        digest=digest_of(facts_on_chain(chain, certificate)),
    )


def check_code(chain: Chain, text: str) -> tuple[Certificate, list[Step]]:
    """A code against the chain.

    Raises:
        InputError: It is no code, or there is no such certificate.
    """
    code = read_code(text)
    certificate = certificate_of(chain, code.number)
    found = code_of(chain, certificate)
    return certificate, [
        Step("chain", code.genesis.hex(), found.genesis.hex()),
        Step("contract", code.contract, found.contract),
        Step("facts", code.digest.hex(), found.digest.hex()),
        _whole(certificate),
    ]


def check_credential(chain: Chain, credential: Mapping[str, Any]) -> tuple[Certificate, list[Step]]:
    """A credential against the key and the certificate on chain.

    Raises:
        InputError: It names no certificate of this chain.
        VerificationFailed: Its signature does not hold, or the authority has no key on chain.
    """
    certificate = certificate_of(chain, _number_in(credential))
    key = RetirementRegistry(chain).credential_key()
    if key == _NO_KEY:
        raise VerificationFailed(
            "The authority has no key for credentials on this chain: no credential can be checked."
        )
    require_signed(credential, key)
    said, found = facts_in(credential), facts_on_chain(chain, certificate)
    differing = sorted(name for name in {*said, *found} if said.get(name) != found.get(name))
    return certificate, [
        Step("signature", did_key(key), did_key(key)),
        Step(
            "issuer",
            _issuer(credential),
            did_key(key) if _issuer(credential).startswith("did:key:") else _issuer(credential),
        ),
        Step("facts", ", ".join(differing) or "as on chain", "as on chain"),
        _whole(certificate),
    ]


def _whole(certificate: Certificate) -> Step:
    return Step("backed", str(certificate.mg), str(certificate.backed_mg))


def _number_in(credential: Mapping[str, Any]) -> int:
    try:
        return int(credential["evidence"][0]["certificate"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise InputError("this is no credential of a retirement: it names no certificate in its evidence") from error


def _issuer(credential: Mapping[str, Any]) -> str:
    issuer = credential.get("issuer")
    return str(issuer.get("id") if isinstance(issuer, Mapping) else issuer)
