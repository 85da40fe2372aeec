"""`IRetirementRegistry`: retirements, their certificates, and the names they are for."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct
from oracle.model.ids import Address

UNKNOWN = "RetirementRegistry_Unknown"
SERIES_SHIFT = 64  # a certificate's number is series << 64 | first milligram


@dataclass(frozen=True)
class StoredCertificate:
    """What is stored of a certificate; as `IRetirementRegistry.Certificate`.

    Attributes:
        at: When it was made (UTC seconds).
        from_day, through_day: The period it is for.
        purpose: 1 voluntary, 2 event, 3 product, 4 compliance, 5 public good.
        mg: Milligrams retired.
        first_mg: The first of them in the series.
        name: Number of the beneficiary's name.
        country: Two capital letters, as 256 * first + second.
        noted: Whether the event has a note.
    """

    holder: Address
    at: int
    from_day: int
    through_day: int
    purpose: int
    mg: int
    first_mg: int
    series: int
    name: int
    country: int
    noted: bool


@dataclass(frozen=True)
class RetirementTerms:
    """What a retirement is for, in the order of `IRetirementRegistry.Terms`."""

    holder: str
    name: int
    from_day: int
    through_day: int
    purpose: int
    country: int
    scheme: bytes
    note: str


class RetirementRegistry(Contract):
    """The registry of retirements."""

    role = "RetirementRegistry"

    def certificate_of(self, certificate: int) -> StoredCertificate:
        """What is stored of a certificate.

        Raises:
            ContractReverted: There is none.
        """
        return struct(StoredCertificate, self._read("certificateOf", certificate))

    def backing_of(self, certificate: int) -> int:
        """Milligrams of a certificate that reductions stand behind, rounded down."""
        return int(self._read("backingOf", certificate))

    def serial_of(self, certificate: int) -> str:
        """Serial number of a certificate."""
        return str(self._read("serialOf", certificate))

    def token_uri(self, certificate: int) -> str:
        """Its data as a `data:application/json;base64,` address; its picture is inside."""
        return str(self._read("tokenURI", certificate))

    def name_of(self, number: int) -> str:
        """A name by number; empty if there is none."""
        return str(self._read("nameOf", number))

    def name_count(self) -> int:
        """Names added so far."""
        return int(self._read("nameCount"))

    def registry_code(self) -> str:
        """Code of this registry, which begins every serial."""
        return bytes(self._read("registryCode")).decode("ascii")

    def credential_key(self) -> bytes:
        """The Ed25519 key that signs credentials about certificates; zero if none."""
        return bytes(self._read("credentialKey"))

    def add_name(self, name: str) -> Call:
        """Adds a name to the list."""
        return self._call("addName", name)

    def retire(self, series: int, mg: int, terms: RetirementTerms) -> Call:
        """Retires the sender's credits."""
        return self._call("retire", series, mg, astuple(terms))

    def set_credential_key(self, key: bytes) -> Call:
        """Sets the key that signs credentials."""
        return self._call("setCredentialKey", key)
