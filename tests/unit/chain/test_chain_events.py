"""The event that tells of a credited chunk is the contract's."""

from __future__ import annotations

from web3 import Web3

from oracle.edge.chain.contracts.point_issuer import _CHUNK_CREDITED
from oracle.edge.chain.manifest import abi_of


def test_credited__is_the_topic_of_the_event_in_the_abi() -> None:
    (event,) = (item for item in abi_of("PointIssuer") if item["type"] == "event" and item["name"] == "ChunkCredited")
    signature = f"ChunkCredited({','.join(field['type'] for field in event['inputs'])})"
    assert Web3.keccak(text=signature).to_0x_hex() == _CHUNK_CREDITED
    assert event["inputs"][0]["name"] == "batch"
    assert event["inputs"][0]["indexed"]
