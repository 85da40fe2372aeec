"""The authority's key for credentials: announced, and set when the delay is over."""

from __future__ import annotations

from oracle.edge.chain.call import Call
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.carbonbook_access import CarbonbookAccess
from oracle.edge.chain.contracts.retirement_registry import RetirementRegistry
from oracle.model.errors import ConfigError


def key_step(chain: Chain, by: str, key: bytes) -> tuple[Call | None, int]:
    """What is to be done now to set the Ed25519 key that signs credentials.

    Args:
        by: Of the authority's delayed role.
        key: 32 bytes.

    Returns:
        The announcement, the call itself, or None if nothing is to be done now; and from when on an announced one can be made, UTC seconds,
        0 if it is set or not announced.

    Raises:
        ConfigError: `by` may not set it.
    """
    registry, access = RetirementRegistry(chain), CarbonbookAccess(chain)
    call = registry.set_credential_key(key)
    if registry.credential_key() == key:
        return None, 0
    if access.delay_of(by, call) is None:
        raise ConfigError(f"{by} may not set the key for credentials: the authority's delayed role does.")
    since = access.executable_from(by, call)
    if not since:
        return access.announce(call), 0
    return (call if chain.now() >= since else None), since
