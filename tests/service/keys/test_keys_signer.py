"""An external signer: byte for byte what a key here would sign, and every answer is checked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from eth_utils.address import to_checksum_address

from oracle.config import Settings
from oracle.edge.keys.keyring import Elsewhere, Keyring
from oracle.edge.keys.signer import RemoteAccount, SignerFails
from oracle.model.errors import ConfigError
from oracle.model.typed_data import MOVE, Domain, sign, signable
from tests.services import signer

KEY = b"\x2a" * 32
LOCAL = Account.from_key(KEY)
TO = to_checksum_address("0x" + "ab" * 20)
CALL = {"chainId": 31337, "nonce": 7, "gas": 90_000, "to": TO, "value": 0, "data": "0x" + "cd" * 300}
FEES = {"maxFeePerGas": 3_000_000_000, "maxPriorityFeePerGas": 1}


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with signer(KEY) as address:
        yield address


@pytest.fixture
def remote(url: str) -> RemoteAccount:
    return RemoteAccount(url, LOCAL.address, "key-1")


@pytest.mark.parametrize("fees", [FEES, {"gasPrice": 5}, {"gasPrice": 0}])
@pytest.mark.parametrize("other", [{}, {"nonce": 0}, {"chainId": 1}, {"data": "0x"}, {"value": 10**18}])
def test_transaction__is_signed_byte_for_byte_as_by_a_key_here(
    remote: RemoteAccount, fees: dict[str, int], other: dict[str, Any]
) -> None:
    transaction = CALL | fees | other
    here, there = LOCAL.sign_transaction(transaction), remote.sign_transaction(transaction)
    assert bytes(there.raw_transaction) == bytes(here.raw_transaction)
    assert (there.hash, there.r, there.s, there.v) == (here.hash, here.r, here.s, here.v)


def test_typed_message__is_signed_byte_for_byte_as_by_a_key_here(remote: RemoteAccount) -> None:
    domain = Domain("CarbonPoint", 31337, TO, "0x" + "11" * 32)
    message = signable(domain, "Move", MOVE, {"from": TO, "to": LOCAL.address, "nonce": 0, "deadline": 1})
    assert sign(remote, message) == sign(LOCAL, message)


def test_text_message__is_signed_byte_for_byte_as_by_a_key_here(remote: RemoteAccount) -> None:
    message = encode_defunct(b"carbonbook")
    assert remote.sign_message(message) == LOCAL.sign_message(message)


def test_signer__with_another_key__is_found_out(url: str) -> None:
    other = Account.from_key(b"\x2b" * 32).address
    with pytest.raises(SignerFails, match=rf"The signer of {other} signed with the key of {LOCAL.address}"):
        RemoteAccount(url, other, "key-1").sign_transaction(CALL | FEES)


def test_signer__that_signs_another_text__is_found_out() -> None:
    with (
        signer(KEY, "other-text") as url,
        pytest.raises(SignerFails, match=f"The signer of {LOCAL.address} signed with the key of 0x"),
    ):
        RemoteAccount(url, LOCAL.address, "key-1").sign_message(encode_defunct(b"x"))


@pytest.mark.parametrize(
    ("lie", "sentence"), [("garbage", "did not return a signature"), ("error", "500 Server Error")]
)
def test_signer__that_answers_with_something_else__fails_with_a_sentence(lie: str, sentence: str) -> None:
    with signer(KEY, lie) as url, pytest.raises(SignerFails, match=sentence):
        RemoteAccount(url, LOCAL.address, "key-1").sign_message(encode_defunct(b"x"))


def test_signer__that_is_away__fails_with_a_sentence() -> None:
    with pytest.raises(SignerFails, match=f"The request to the signer of {LOCAL.address} failed"):
        RemoteAccount("http://127.0.0.1:1", LOCAL.address, "key-1").sign_message(encode_defunct(b"x"))


def test_hash__is_never_signed(remote: RemoteAccount) -> None:
    with pytest.raises(ConfigError, match="not hashes"):
        remote.unsafe_sign_hash(b"\x01" * 32)  # type: ignore[arg-type]


def test_keyring__asks_the_signer_before_its_own_files(url: str, tmp_path: Path) -> None:
    keys = Keyring(tmp_path, elsewhere={"oracle-1": Elsewhere(url, LOCAL.address.lower(), "key-1")})
    assert keys.address("oracle-1") == LOCAL.address
    assert keys.account("oracle-1").sign_message(encode_defunct(b"x")) == LOCAL.sign_message(encode_defunct(b"x"))


@pytest.mark.parametrize("address", ["http://user:canary@host:9000", "ftp://host", "host:9000"])
def test_settings__a_signer_with_a_password_or_none__is_refused_without_showing_it(
    tmp_path: Path, address: str
) -> None:
    (tmp_path / "config.toml").write_text(f'[signers.relayer]\nurl = "{address}"\naddress = "{TO}"\n')
    with pytest.raises(ConfigError, match=r"signers\.relayer\.url: Value error, a signer's address must be") as caught:
        Settings.load(tmp_path, {})
    assert "canary" not in str(caught.value)
