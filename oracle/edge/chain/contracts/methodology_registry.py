"""`IMethodologyRegistry`: versions of methodologies, from draft to suspension."""

from __future__ import annotations

from dataclasses import astuple, dataclass

from oracle.edge.chain.call import Call
from oracle.edge.chain.contracts.base import Contract, struct
from oracle.model.ids import Address, methodology_word

STATUSES = ("none", "draft", "public notice", "active", "superseded", "suspended")
OPEN_END = 2**32 - 1


@dataclass(frozen=True)
class Terms:
    """What stands on chain of one version, in the order of `IMethodologyRegistry.Terms`."""

    unit: int
    earns_points: bool
    creditable: bool
    factor_ug: int
    day_cap_mg: int
    record_limit: int
    from_day: int
    to_day: int
    document_hash: bytes
    uri: str


@dataclass(frozen=True)
class Version:
    """One version.

    Attributes:
        version: Its number, from 1.
        terms: Its terms.
        status: One of `STATUSES`.
        notice_ends: UTC seconds; 0 before the notice.
        proposer: Who drafted it.
    """

    version: int
    terms: Terms
    status: str
    notice_ends: int
    proposer: Address


class MethodologyRegistry(Contract):
    """The registry. Methodologies are named by their ids as people write them."""

    role = "MethodologyRegistry"

    def version_count(self, methodology: str) -> int:
        """Versions that were ever proposed."""
        return int(self._read("versionCount", methodology_word(methodology)))

    def methodology_of(self, methodology: str, version: int) -> Version:
        """One version."""
        terms, status, ends, proposer = self._read("methodologyOf", methodology_word(methodology), version)
        return Version(version, struct(Terms, terms), STATUSES[status], ends, proposer)

    def notice_period(self) -> int:
        """Seconds of public notice."""
        return int(self._read("NOTICE_PERIOD"))

    def propose(self, methodology: str, terms: Terms) -> Call:
        """Drafts the next version."""
        return self._call("propose", methodology_word(methodology), astuple(terms))

    def start_notice(self, methodology: str, version: int) -> Call:
        """Puts a draft on public notice."""
        return self._call("startNotice", methodology_word(methodology), version)

    def activate(self, methodology: str, version: int) -> Call:
        """Activates a version whose notice is over; another person than the proposer sends it."""
        return self._call("activate", methodology_word(methodology), version)

    def suspend(self, methodology: str, version: int, reason: str) -> Call:
        """Stops attesting and crediting under a version."""
        return self._call("suspend", methodology_word(methodology), version, reason)

    def resume(self, methodology: str, version: int) -> Call:
        """Ends a suspension."""
        return self._call("resume", methodology_word(methodology), version)
