"""Reading the chain: one object per deployment. It checks that the chain is the one in the manifest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast

from eth_abi.exceptions import DecodingError
from eth_typing import ChecksumAddress, HexStr
from eth_utils.abi import collapse_if_tuple
from web3 import HTTPProvider, Web3
from web3.contract import Contract
from web3.exceptions import BadFunctionCallOutput, BlockNotFound, ContractCustomError, ContractLogicError, Web3RPCError
from web3.types import BlockData, BlockIdentifier, RPCEndpoint

from oracle.edge.chain.call import Call
from oracle.edge.chain.manifest import Manifest, abi_of
from oracle.edge.chain.reverts import OUT_OF_GAS, REVERTED, decode_revert
from oracle.edge.chain.transport import Provider
from oracle.model.errors import (
    CarbonbookError,
    ChainError,
    ChainUnreachable,
    ContractReverted,
    NodesDisagree,
    WrongChain,
)

_TIMEOUT_SECONDS = 30
_BATCH_CHARACTERS = 1_000_000
_LOOKS = 3  # for a block that must be there
_REVERTED = 3  # the code of nodes that have one for it
_LOG_RANGE = 5_000  # blocks per eth_getLogs, below the limit of common nodes


@dataclass(frozen=True)
class Event:
    """One decoded log."""

    contract: str
    name: str
    block: int
    transaction: str
    index: int
    values: dict[str, Any]


class Chain:
    """A deployment on a chain that answers.

    Args:
        rpc: HTTP address of a node.
        manifest: The deployment.
        witnesses: Addresses of other nodes, that must tell the same.
        timeout_seconds: For one answer.

    Raises:
        ChainUnreachable: Nothing answers at `rpc`.
        WrongChain: The node's chain id or genesis block is not the manifest's.
    """

    def __init__(
        self,
        rpc: str,
        manifest: Manifest,
        witnesses: Sequence[str] = (),
        timeout_seconds: float = _TIMEOUT_SECONDS,
    ):
        self.rpc = rpc
        self.manifest = manifest
        self.web3 = connect(rpc, timeout_seconds)
        self.witnesses = tuple(Chain(witness, manifest, (), timeout_seconds) for witness in witnesses)
        self._check_identity()
        self._contracts: dict[str, Contract] = {
            role: self.web3.eth.contract(address=Web3.to_checksum_address(entry.address), abi=abi_of(entry.name))
            for role, entry in manifest.contracts.items()
        }

    def address(self, contract: str) -> ChecksumAddress:
        """Address of a contract by its role in the manifest."""
        return self._contracts[contract].address

    def know(self, contract: str, name: str, address: str) -> None:
        """Registers a contract that was created by one of the deployment, under its own role and with the ABI of `name`."""
        for chain in (self, *self.witnesses):
            chain._contracts[contract] = chain.web3.eth.contract(
                address=Web3.to_checksum_address(address), abi=abi_of(name)
            )

    def read(self, contract: str, function: str, *args: object, block: BlockIdentifier = "latest") -> Any:
        """Value of a view function at a block; a tuple of several. Structs have their fields as attributes.

        Raises:
            ContractReverted: The contract refused.
            NodesDisagree: A witness has another value.
        """
        at = self._common(block)
        value = self._read(contract, function, args, at)
        for witness in self.witnesses:
            self._require_same(witness, f"{contract}.{function}", value, witness._read(contract, function, args, at))
        return value

    def _read(self, contract: str, function: str, args: Sequence[object], block: BlockIdentifier) -> Any:
        bound = self._contracts[contract].get_function_by_name(function)(*args)
        with Translated(self.rpc):
            value = bound.call(block_identifier=block)
        outputs = bound.abi["outputs"]
        if len(outputs) == 1:
            return _named(outputs[0], value)
        return tuple(_named(output, item) for output, item in zip(outputs, value, strict=True))

    def read_many(
        self,
        contract: str,
        function: str,
        arguments: Sequence[Sequence[object]],
        block: BlockIdentifier = "latest",
    ) -> list[tuple[Any, ...]]:
        """Values of a view function for many arguments at a block, asked together; structs as tuples.

        Raises:
            ChainError: The node or the contract refused one.
        """
        if not arguments:
            return []
        at = self._common(block)
        values = self._read_many(contract, function, arguments, at)
        for witness in self.witnesses:
            there = witness._read_many(contract, function, arguments, at)
            self._require_same(witness, f"{contract}.{function}", values, there)
        return values

    def _read_many(
        self, contract: str, function: str, arguments: Sequence[Sequence[object]], block: BlockIdentifier
    ) -> list[tuple[Any, ...]]:
        at = hex(block) if isinstance(block, int) else block
        asked: list[list[object]] = [
            [{"to": self.address(contract), "data": self.call_data(contract, function, *item)}, at]
            for item in arguments
        ]
        outputs = self._contracts[contract].get_function_by_name(function).abi["outputs"]
        types = [collapse_if_tuple(output) for output in outputs]
        values = []
        for answer in self.batch("eth_call", asked):
            if "error" in answer:
                raise ChainError(f"{contract}.{function}: {answer['error'].get('message', answer['error'])}")
            with Translated(self.rpc):
                values.append(self.web3.codec.decode(types, bytes.fromhex(answer["result"][2:])))
        return values

    def call_data(self, contract: str, function: str, *args: object) -> HexStr:
        """Calldata of a function with arguments."""
        return HexStr(self._contracts[contract].encode_abi(function, args=list(args)))

    def decode_call(self, to: str, data: str) -> dict[str, Any] | None:
        """Arguments of a call by name; None if it went to none of our contracts."""
        for contract in self._contracts.values():
            if contract.address.lower() == to.lower():
                return dict(contract.decode_function_input(HexStr(data))[1])
        return None

    def simulate(
        self, to: str, data: str, sender: str, block: BlockIdentifier = "latest", gas: int | None = None
    ) -> bytes:
        """Runs a transaction without sending it; returns what it would return.

        Raises:
            ContractReverted: It would revert, and why.
        """
        with Translated(self.rpc):
            call = {"to": Web3.to_checksum_address(to), "data": HexStr(data), "from": Web3.to_checksum_address(sender)}
            if gas is not None:
                call["gas"] = gas  # type: ignore[assignment]  # plain dict is a TxParams
            return bytes(self.web3.eth.call(call, block_identifier=block))  # type: ignore[arg-type]  # plain dict is a TxParams

    def refusals(self, calls: Sequence[Call], sender: str) -> list[ContractReverted | None]:
        """What the contracts would say to transactions, asked together: why one would revert, or None.

        Raises:
            ChainError: The node refused for a reason of its own.
        """
        asked: list[list[object]] = [
            [
                {"from": sender, "to": call.to, "data": call.data, **({"gas": hex(call.gas)} if call.gas else {})},
                "latest",
            ]
            for call in calls
        ]
        return [self._refusal(answer) for answer in self.batch("eth_call", asked)]

    def _refusal(self, answer: Mapping[str, Any]) -> ContractReverted | None:
        if "error" not in answer:
            return None
        error = answer["error"]
        with Translated(self.rpc):
            refusal = _reverted(ContractLogicError(error.get("message"), error.get("data")))
        if refusal.name == REVERTED and _says_out_of_gas(error.get("message")):
            return ContractReverted(OUT_OF_GAS, {})
        if refusal.name == REVERTED and error.get("code") != _REVERTED and "revert" not in str(error.get("message")):
            raise ChainError(f"The node at {self.rpc} returned an error: {error.get('message', error)}")
        return refusal

    def events(
        self,
        contract: str,
        event: str,
        from_block: int | None = None,
        to_block: int | None = None,
        where: Mapping[str, object] | None = None,
    ) -> Iterator[Event]:
        """Decoded events in the order of the chain; from the deployment to the head unless told.

        Args:
            where: Values that indexed arguments must have.
        """
        start = self.manifest.first_block if from_block is None else from_block
        last = self.head() if to_block is None else to_block
        factory = self._contracts[contract].events[event]
        while start <= last:
            until = min(start + _LOG_RANGE - 1, last)
            with Translated(self.rpc):
                logs = factory.get_logs(argument_filters=dict(where or {}), from_block=start, to_block=until)
                found = [
                    Event(
                        contract,
                        event,
                        log["blockNumber"],
                        log["transactionHash"].to_0x_hex(),
                        log["logIndex"],
                        {item["name"]: _named(item, log["args"][item["name"]]) for item in factory.abi["inputs"]},
                    )
                    for log in logs
                ]
            for witness in self.witnesses:
                there = list(witness.events(contract, event, start, until))
                self._require_same(witness, f"{event} events of blocks {start} to {until}", found, there)
            yield from found
            start = until + 1

    def batch(self, method: str, parameters: Sequence[list[object]], most: int = 1_000) -> list[dict[str, Any]]:
        """Raw answers to many requests of one method, `result` or `error` each, in order.

        Read requests are sent two bodies at a time: while one answer is parsed, the node prepares the next. Transactions keep their order.

        Args:
            most: Requests in one body.
        """

        def asked(part: Sequence[list[object]]) -> list[dict[str, Any]]:
            with Translated(self.rpc):
                made: list[dict[str, Any]] = self.web3.provider.make_batch_request([(method, item) for item in part])  # type: ignore[attr-defined, unused-ignore]  # HTTPProvider has it
            return made

        parts = list(_parts(parameters, most))
        if len(parts) < 2 or method.startswith("eth_send"):
            return [answer for part in parts for answer in asked(part)]
        with ThreadPoolExecutor(2) as pool:
            return [answer for answers in pool.map(asked, parts) for answer in answers]

    def raw(self, method: str, *parameters: object) -> bytes:
        """The node's raw answer, for callers that read too much to build Python objects."""
        provider = cast(HTTPProvider, self.web3.provider)
        request = provider.encode_rpc_request(RPCEndpoint(method), list(parameters))
        with Translated(self.rpc):
            return provider._make_request(RPCEndpoint(method), request)

    def block_hash(self, number: int) -> str | None:
        """Hash of a block; None if the chain does not reach it (any more).

        Raises:
            ChainUnreachable: The node says that it has later blocks, and not this one.
        """
        for _ in range(_LOOKS):
            with Translated(self.rpc):
                try:
                    return self.web3.eth.get_block(number)["hash"].to_0x_hex()
                except BlockNotFound:
                    head = self.head()
            if number > head:
                return None
        raise ChainUnreachable(f"The node at {self.rpc} is at block {head} but has no block {number}.")

    def head(self) -> int:
        """Number of the latest block."""
        with Translated(self.rpc):
            return self.web3.eth.block_number

    def block(self, number: int) -> BlockData:
        """A block that there is."""
        with Translated(self.rpc):
            return self.web3.eth.get_block(number)

    def balance(self, account: str) -> int:
        """What an account can pay gas with, in wei."""
        with Translated(self.rpc):
            return self.web3.eth.get_balance(Web3.to_checksum_address(account))

    def code(self, address: str) -> bytes:
        """Code at an address."""
        with Translated(self.rpc):
            return bytes(self.web3.eth.get_code(Web3.to_checksum_address(address)))

    def block_gas(self) -> int:
        """Gas that a block has room for."""
        with Translated(self.rpc):
            return self.web3.eth.get_block("latest")["gasLimit"]

    def now(self, block: BlockIdentifier = "latest") -> int:
        """Time of a block, UTC seconds: the clock that the contracts see."""
        with Translated(self.rpc):
            return self.web3.eth.get_block(block)["timestamp"]

    def _common(self, block: BlockIdentifier) -> BlockIdentifier:
        """The latest block that every node has, for `latest`; any other block as it is."""
        if block != "latest" or not self.witnesses:
            return block
        return min(self.head(), *(witness.head() for witness in self.witnesses))

    def _require_same(self, witness: Chain, of: str, here: object, there: object) -> None:
        if here != there:
            raise NodesDisagree(f"{self.rpc} and {witness.rpc} disagree about {of}. Nothing is sent until they agree.")

    def _check_identity(self) -> None:
        with Translated(self.rpc):
            chain_id = self.web3.eth.chain_id
            genesis = self.web3.eth.get_block(0)["hash"].to_0x_hex()
        expected = (self.manifest.chain_id, self.manifest.genesis_hash)
        if (chain_id, genesis) != expected:
            raise WrongChain(
                f"{self.rpc} is chain {chain_id} with genesis {genesis}, but {self.manifest.path} was deployed to chain "
                f"{expected[0]} with genesis {expected[1]}. Set `rpc` to the right node, or deploy again."
            )


def _named(output: Any, value: Any) -> Any:
    """A struct with its fields as attributes, arrays of structs item by item, anything else as it is."""
    if "components" not in output:
        return value
    if output["type"].endswith("]"):
        item = {**output, "type": output["type"].rsplit("[", 1)[0]}
        return [_named(item, single) for single in value]
    # web3 gives the structs of events as mappings and those of calls as tuples.
    items = value.values() if isinstance(value, Mapping) else value
    fields = zip(output["components"], items, strict=True)
    return SimpleNamespace(**{field["name"]: _named(field, item) for field, item in fields})


def connect(rpc: str, timeout_seconds: float = _TIMEOUT_SECONDS) -> Web3:
    """A web3 object over `Provider`."""
    web3 = Web3(Provider(rpc, timeout_seconds))
    # It asks for the chain's id before every call; `Chain` has looked at that and at the genesis block, and signatures name the id.
    web3.middleware_onion.remove("validation")
    return web3


def _parts(parameters: Sequence[list[object]], most: int) -> Iterator[list[list[object]]]:
    """Batches of `most` requests that stay below the body size that common nodes take."""
    part: list[list[object]] = []
    size = 0
    for item in parameters:
        weight = sum(map(_weight, item))
        if part and (len(part) == most or size + weight > _BATCH_CHARACTERS):
            yield part
            part, size = [], 0
        part.append(item)
        size += weight
    if part:
        yield part


def _weight(value: object) -> int:
    """Characters of a request's argument, without its punctuation."""
    if isinstance(value, Mapping):
        return sum(map(_weight, value.values()))
    return len(value) if isinstance(value, str) else 0


class Translated:
    """Turns the errors of web3 and its transport into ours."""

    def __init__(self, rpc: str):
        self._rpc = rpc

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if isinstance(error, ContractLogicError):
            raise _reverted(error) from error
        if isinstance(error, Web3RPCError) and _says_out_of_gas(error.message):
            raise ContractReverted(OUT_OF_GAS, {}) from error
        if isinstance(error, Web3RPCError):
            raise ChainError(f"The node at {self._rpc} returned an error: {error.message}") from error
        if isinstance(error, BadFunctionCallOutput | DecodingError):
            raise ChainError(
                f"The node at {self._rpc} gave an answer that the contracts never give. It has lost the chain's state, or it is still "
                "synchronising. Repair it, then repeat the command."
            ) from error
        if isinstance(error, Exception) and not isinstance(error, CarbonbookError):
            raise ChainError(f"The node at {self._rpc} gave an unreadable answer: {error!r}") from error


def _reverted(error: ContractLogicError | ContractCustomError) -> ContractReverted:
    data = error.data
    if isinstance(data, dict):  # ganache nests it
        data = data.get("result") or data.get("data")
    if isinstance(data, str) and data.startswith("0x") and len(data) >= 10:
        return decode_revert(bytes.fromhex(data[2:]))
    return ContractReverted(REVERTED, {"message": error.message or ""})


def _says_out_of_gas(message: object) -> bool:
    """Whether a node says that a call has too little gas, for which JSON-RPC has no code: anvil says "OutOfGas", others "out of gas"."""
    return "outofgas" in str(message).lower().replace(" ", "").replace("_", "")
