"""Faults of the chain's and the book's own past: re-organisations, roll-backs, other chains, lying nodes, old books."""

from __future__ import annotations

import json
import random
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

from tests.faults.bare import anvil, genesis
from tests.faults.delivery import noted, relayer_nonce
from tests.faults.proxy import Rule
from tests.faults.recovery import problem, recovered, redone
from tests.faults.table import Trial
from tests.faults.world import World

FINALITY = 12


def reorganised(world: World, step: str, depth: int) -> Trial:
    """F07: the last `depth` blocks vanish with what was in them; it is sent again."""
    words = world.back_to(step).words
    world.run(*words)
    blocks = depth - 1
    for _ in range(blocks):
        world.rpc("evm_mine")
    world.rpc("anvil_reorg", depth, [])
    return recovered(world, step, f"depth {depth}", [f"re-organisation of {depth}"])


def rolled_back(world: World, step: str, seed: int) -> Trial:
    """F08: the chain loses more than what was final: nothing is sent until a person says so."""
    kept = world.back_to(step)
    world.run(*kept.words)
    for _ in range(FINALITY + 3):
        world.rpc("evm_mine")
    world.run("reconcile", "--no-compare")
    final = world.run("reconcile", "--no-compare")["final_block"]
    world.rpc("evm_revert", kept.snapshot)
    kept.snapshot = world.rpc("evm_snapshot")
    before = relayer_nonce(world, "pending")
    refused = [world.ends(*kept.words), world.ends("reconcile", "--no-compare")]
    sent = relayer_nonce(world, "pending") - before
    world.run("reconcile", "--accept-rollback", "--no-compare")
    trial = recovered(world, step, f"seed {seed}", [f"roll-back behind block {final}"])
    codes = [ended.code for ended in refused]
    return noted(trial, problem(codes == [9, 9], f"exit codes {codes}") or problem(sent == 0, f"{sent} were sent"))


def other_chain(world: World, step: str, seed: int) -> Trial:
    """F09: a fresh chain with the same id and addresses at the address that is asked."""
    words = world.back_to(step).words
    with anvil() as (rpc, _):
        genesis(rpc)
        ended = world.ends(*words, rpc=rpc)
    trial = recovered(world, step, f"seed {seed}", ["another genesis"])
    return noted(
        trial, problem(ended.code == 6 and "genesis" in ended.err, f"exit code {ended.code}: {ended.err[-200:]}")
    )


class JustBefore(Rule):
    """Does something once, when the node is about to get the first transaction."""

    def __init__(self, what: Callable[[], object]):
        self._what = what
        self.done = False

    def before(self, asked: list[dict[str, Any]]) -> bool:
        if not self.done and any(request["method"] == "eth_sendRawTransaction" for request in asked):
            self.done = True
            self._what()
        return True


def suspended(world: World, step: str, seed: int) -> Trial:
    """F16: a methodology is suspended after the contracts would have taken a batch, and before they get it: nothing goes under it."""
    words = world.back_to(step).words
    with world.book.open(world.home) as book:
        rows = sorted(book.execute("SELECT methodology, version, batch FROM batches"))
    name, version, first = rows[seed * len(rows) // 5 % len(rows)]
    held = {batch[2:] for methodology, number, batch in rows if (methodology, number) == (name, version)}
    rule = JustBefore(lambda: world.run("methodology", "suspend", name, str(version), "--reason", "examined"))
    world.proxy.rule = rule
    ended = world.ends(*words, rpc=world.proxy.rpc)
    world.proxy.rule = Rule()
    kind = "batch" if step == "attest" else "chunk"
    came = [key for key in world.facts().amounts if key.split()[0] == kind and key.split()[1] in held]
    world.run("methodology", "resume", name, str(version))
    trial = recovered(world, step, f"seed {seed}", ["suspended"] if rule.done else [])
    note = problem(ended.code == 6 and "status=5" in ended.err, f"exit code {ended.code}: {ended.err[-300:]}")
    return noted(trial, note or problem(not came, f"{len(came)} went under the suspended {first}"))


class Stale(Rule):
    """Answers as if the chain had stopped long ago."""

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        if [request["method"] for request in asked] != ["eth_blockNumber"]:
            return answer
        parsed = json.loads(answer)
        return json.dumps(parsed | {"result": hex(max(0, int(parsed["result"], 16) - 50))}).encode()


class Lying(Rule):
    """Tells of another merchant or account in every event."""

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        if [request["method"] for request in asked] != ["eth_getLogs"]:
            return answer
        parsed = json.loads(answer)
        for log in parsed.get("result", []):
            topic = log["topics"][-1]
            log["topics"][-1] = topic[:-1] + ("0" if topic[-1] != "0" else "1")
        return json.dumps(parsed).encode()


class OtherState(Rule):
    """Tells another result of every call with a result."""

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        if {request["method"] for request in asked} != {"eth_call"}:
            return answer
        parsed = json.loads(answer)
        for item in parsed if isinstance(parsed, list) else [parsed]:
            if len(item.get("result", "")) >= 66:
                item["result"] = item["result"][:-1] + ("0" if item["result"][-1] != "0" else "1")
        return json.dumps(parsed).encode()


class OtherBlocks(Rule):
    """Tells another hash of every block but the first."""

    def after(self, asked: list[dict[str, Any]], answer: bytes) -> bytes | None:
        if [request["method"] for request in asked] != ["eth_getBlockByNumber"] or asked[0]["params"][0] == "0x0":
            return answer
        parsed = json.loads(answer)
        if parsed.get("result"):
            parsed["result"]["hash"] = "0x" + "ab" * 32
        return json.dumps(parsed).encode()


def lying_node(world: World, step: str, seed: int) -> Trial:
    """F10: the node that is asked is stale or lies; a witness tells otherwise, and nothing is sent."""
    words = world.back_to(step).words
    config = world.home / "config.toml"
    config.write_text(f'witnesses = ["{world.chain.rpc}"]\n' + config.read_text())
    liars: list[Rule] = [Stale(), OtherBlocks(), OtherState()]
    if step == "settle":  # only settling reads events before it sends
        liars.append(Lying())
    rule = liars[seed % len(liars)]
    before = relayer_nonce(world, "pending")
    world.proxy.rule = rule
    ended = world.ends(*words, rpc=world.proxy.rpc)
    world.proxy.rule = Rule()
    sent = relayer_nonce(world, "pending") - before
    note = problem(ended.code == 9, f"exit code {ended.code}: {ended.err[-200:]}")
    note = note or problem(sent == 0, f"{sent} were sent")
    return noted(recovered(world, step, f"seed {seed}", [type(rule).__name__]), note)


def book_of_yesterday(world: World, step: str, seed: int) -> Trial:
    """F11: the database is that of before the step, or of before the work began; what follows doubles and loses nothing."""
    kept = world.back_to(step)
    world.run(*kept.words)
    shutil.copy(kept.home / "book.sqlite", world.home / "book.sqlite")
    for suffix in ("-wal", "-shm"):
        (world.home / f"book.sqlite{suffix}").unlink(missing_ok=True)
    return recovered(world, step, f"seed {seed}", ["database of yesterday"])


def book_that_knows_less(world: World, step: str, seed: int) -> Trial:
    """F11: the database is that of before all work, is empty, or is another installation's, and the chain has gone on.

    What writes is refused until `rebuild` has run; then everything is read again, and the work goes on.
    """
    kept = world.back_to(step)
    world.run(*kept.words)
    case = ("before other work", "empty", "of another installation")[seed % 3]
    for path in world.home.glob("book.sqlite*"):
        path.unlink()
    if case != "empty":
        kept_book = world.steps["ingest szt"].home / "book.sqlite"
        with closing(sqlite3.connect(kept_book)) as was, closing(sqlite3.connect(world.home / "book.sqlite")) as book:
            was.backup(book)  # with what is still in its log
    if case == "of another installation":
        with closing(sqlite3.connect(world.home / "book.sqlite")) as book, book:
            book.execute("UPDATE home SET name = 'another'")
    refused = [world.ends("close").code, world.ends("enrol", str(world.folder / "city" / "citizens.csv")).code]
    if case == "of another installation":
        for path in world.home.glob("book.sqlite*"):
            path.unlink()
    ended = [world.ends("rebuild"), world.ends("enrol", str(world.folder / "city" / "citizens.csv"))]
    ended += [world.ends(*words) for words in world.ingests()]
    made = json.loads(world.ends("close").out)["batches"]
    wrong = [f"{each.code}: {each.err[-200:]}" for each in ended if each.code]
    note = problem(refused[0] == 8 and (refused[1] == 8 or case == "before other work"), f"exit codes {refused}")
    note = note or problem(not wrong, "; ".join(wrong)) or problem(made == 0, f"{made} batches were closed again")
    return noted(recovered(world, step, f"seed {seed}", [f"database {case}"]), note)


def shuffled_files(world: World, step: str, seed: int) -> Trial:
    """F14: the same files in another order, some twice, some late after a close that had the others."""
    chance = random.Random(f"shuffled {seed}")
    world.back_to("ingest szt")
    commands = world.ingests()
    chance.shuffle(commands)
    commands += [chance.choice(commands)]
    injected = []
    for words in commands:
        ended = world.ends(*words)
        injected.append("in another order" if ended.code == 0 else f"refused: {ended.err[-100:]}")
    return redone(world, ["close"], f"seed {seed}", injected)


def midnight(world: World, step: str, seed: int) -> Trial:
    """F15: the work is done around midnight, in UTC or where the acts took place, or with a clock that is a day ahead."""
    world.back_to(step)
    now = world.chain.now()
    to_utc = 86_400 - now % 86_400
    cases = (to_utc - 2, to_utc, (to_utc + 57_600) % 86_400 - 2, (to_utc + 57_600) % 86_400, 86_400)
    seconds = cases[seed % len(cases)]
    world.advance(max(1, seconds))
    return recovered(world, step, f"case {seed % len(cases)}", [f"clock moved by {seconds} s"])
