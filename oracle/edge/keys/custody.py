"""Keys of citizens in the operator's custody: derived from one secret when needed, never stored.

key = HMAC-SHA256(custody secret, "carbonbook/custody/1" || ref) as a number, with a counter appended should it be no valid secp256k1
key (once in 2**128). The account is the key's Ethereum address.
"""

from __future__ import annotations

import hashlib
import hmac
from itertools import count

from coincurve import PublicKey
from eth_account import Account
from eth_account.signers.local import LocalAccount
from sha3 import keccak_256

_LABEL = b"carbonbook/custody/1"
# Order of secp256k1, SEC 2: Recommended Elliptic Curve Domain Parameters, 2.4.1.
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def citizen_account(secret: bytes, ref: bytes) -> LocalAccount:
    """The signing account of a citizen in custody."""
    account: LocalAccount = Account.from_key(_key(secret, ref))
    return account


def citizen_address(secret: bytes, ref: bytes) -> bytes:
    """The 20-byte account of a citizen in custody, without building a signer."""
    point = PublicKey.from_secret(_key(secret, ref)).format(compressed=False)[1:]
    return bytes(keccak_256(point).digest()[-20:])


def _key(secret: bytes, ref: bytes) -> bytes:
    for attempt in count():
        suffix = b"" if attempt == 0 else attempt.to_bytes(4, "big")
        key = hmac.new(secret, _LABEL + ref + suffix, hashlib.sha256).digest()
        if 0 < int.from_bytes(key, "big") < _ORDER:
            return key
    raise AssertionError("count() does not end")
