"""A local chain's world: keys of its public mnemonic, licensed operators, merchants, a verifier, buyers, prices, active methodologies.

Each step looks first whether it is done, so that an interrupted set-up is finished by running it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from eth_utils.crypto import keccak

from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.methodology_registry import MethodologyRegistry, Terms
from oracle.edge.chain.contracts.reduction_certifier import ReductionCertifier
from oracle.edge.chain.contracts.settlement_token import SettlementToken
from oracle.edge.chain.contracts.settlement_vault import SettlementVault
from oracle.edge.chain.sender import Sender
from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from oracle.ledger.govern.authority import (
    admit_merchant,
    deposit,
    license_operator,
    set_price,
    sign_admission,
)
from oracle.ledger.retire.authority import key_step
from oracle.ledger.retire.credential import KEY as CREDENTIAL
from oracle.ledger.retire.credential import public_key
from oracle.model.units import PAGE_YEARS, day_of_time, year_of
from oracle.sandbox.local import advance, local_account

# Positions among the chain's accounts; the first seven are those of scripts/profiles/local.toml.
ACCOUNTS = {
    "admin": 0,
    "authority-1": 1,
    "authority-2": 2,
    "guardian": 3,
    "oracle-1": 4,
    "oracle-2": 5,
    "oracle-3": 6,
    "transit": 7,
    "living": 8,
    "relayer": 9,
    "merchant-1": 10,
    "merchant-2": 11,
    "merchant-3": 12,
    "oracle-4": 13,
    "oracle-5": 14,
    "verifier-1": 15,
    "buyer-1": 16,
    "buyer-2": 17,
}
OPERATORS = {"transit": "深圳通出行 licence 2022-01", "living": "绿色生活 licence 2022-02"}
VERIFIERS = {"verifier-1": "绿源核查 licence 2022-11"}
BUYERS = ("buyer-1", "buyer-2")
MERCHANTS = {"merchant-1": "transit", "merchant-2": "transit", "merchant-3": "living"}

DAY_LIMIT_MG = 50_000 * 1_000_000_000  # 50,000 t a day: a city's, not a sample's
PURSE_UNITS = 10_000_000 * 1_000_000  # ten million test yuan for each buyer
RESERVE_UNITS = 1_000_000_000 * 1_000_000  # a thousand million test yuan each, worth nothing
UNITS_PER_MILLI = 50  # 0.05 test yuan a point, at six decimals

_NOTICE_SECONDS = 11 * 86_400
_ADMISSION_SECONDS = 86_400  # a merchant's signature is good for so long


def create_keys(keys: Keyring) -> None:
    """Writes the keystore of a local installation; custody and record secrets are random."""
    keys.create_passphrase()
    for name, index in ACCOUNTS.items():
        keys.store(name, bytes(local_account(index).key), random_passphrase=True)
    keys.store(CUSTODY, random_passphrase=True)
    keys.store(RECORDS, random_passphrase=True)
    keys.store(CREDENTIAL, random_passphrase=True)


def seed_parties(chain: Chain, keys: Keyring) -> None:
    """Licenses operators and verifiers, admits merchants, funds the reserve and the buyers."""
    authority = Sender(chain, keys.account("authority-1"))
    for name, licence in OPERATORS.items():
        operator = Sender(chain, keys.account(name))
        license_operator(authority, operator.account.address, DAY_LIMIT_MG, licence)
        if SettlementVault(chain).free_of(operator.account.address) == 0:
            operator.send(SettlementToken(chain).mint(operator.account.address, RESERVE_UNITS))
            deposit(operator, RESERVE_UNITS)
    for name, sponsor in MERCHANTS.items():
        merchant, operator = keys.account(name), Sender(chain, keys.account(sponsor))
        deadline = chain.now() + _ADMISSION_SECONDS
        asked = sign_admission(chain, merchant, operator.account.address, merchant.address, deadline)
        admit_merchant(operator, asked)
    _seed_credits(chain, keys, authority)


def _seed_credits(chain: Chain, keys: Keyring, authority: Sender) -> None:
    """Licenses verifiers, and gives buyers money."""
    certifier, token = ReductionCertifier(chain), SettlementToken(chain)
    for name, licence in VERIFIERS.items():
        if certifier.licence_of(keys.address(name)) is None:
            authority.send(certifier.license_verifier(keys.address(name), keccak(text=licence)))
    for name in BUYERS:
        if token.balance_of(keys.address(name)) == 0:
            Sender(chain, keys.account(name)).send(token.mint(keys.address(name), PURSE_UNITS))


def seed_credential_key(chain: Chain, keys: Keyring) -> None:
    """Announces the authority's key for credentials, moves the chain's clock over its delay, and sets it."""
    authority, public = Sender(chain, keys.account("authority-1")), public_key(keys.secret(CREDENTIAL))
    call, since = key_step(chain, authority.account.address, public)
    while call is not None or since:
        if call is None:
            advance(chain.rpc, since - chain.now())
        else:
            authority.send(call)
        call, since = key_step(chain, authority.account.address, public)


def seed_prices(chain: Chain, keys: Keyring, clock: int) -> None:
    """Fixes the price of every page year that is live at `clock`, and of the next."""
    authority = Sender(chain, keys.account("authority-1"))
    this_year = year_of(day_of_time(clock, "UTC"))
    for year in range(this_year - PAGE_YEARS + 1, this_year + 2):
        set_price(authority, year, UNITS_PER_MILLI)


def seed_methodologies(
    chain: Chain, keys: Keyring, rules: Iterable[tuple[str, int, Terms]], told: Callable[[str], None]
) -> None:
    """Brings methodology versions from draft to active, moving the chain's clock over their public notice.

    Args:
        rules: (id, version, terms), versions of one id in order.
        told: Takes one line per step.
    """
    proposer, approver = (Sender(chain, keys.account(name)) for name in ("authority-1", "authority-2"))
    registry = MethodologyRegistry(chain)
    waiting = []
    for identifier, version, terms in rules:
        if registry.version_count(identifier) < version:
            proposer.send(registry.propose(identifier, terms))
        if registry.methodology_of(identifier, version).status == "draft":
            proposer.send(registry.start_notice(identifier, version))
        if registry.methodology_of(identifier, version).status == "public notice":
            waiting.append((identifier, version))
    if waiting:
        told(f"{len(waiting)} methodology versions on public notice; moving the local clock by 11 days")
        advance(chain.rpc, _NOTICE_SECONDS)
    for identifier, version in waiting:
        approver.send(registry.activate(identifier, version))
