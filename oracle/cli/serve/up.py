"""`carbonbook up`, `down`, `clock`: a local chain with everything on it."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import typer

from oracle.cli import app
from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.config import DEFAULT_HOME, Settings
from oracle.edge.chain.client import Chain
from oracle.edge.chain.contracts.methodology_registry import Terms
from oracle.edge.chain.manifest import Manifest
from oracle.edge.keys.keyring import Keyring
from oracle.installation import Installation
from oracle.ledger.govern.authority import terms_of
from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import Library
from oracle.model.errors import ChainError, ConfigError, InputError
from oracle.model.units import DEFAULT_ZONE
from oracle.sandbox import local, seed

_ROOT = Path(__file__).resolve().parents[3]
_PLACE = "CN-4403"
# The chain begins this long before its clock's start, so that the public notice of its methodologies is over by then.
_HEAD_START_SECONDS = 30 * 86_400

_CONFIG = """\
# Written by `carbonbook up` for a local chain.
rpc = "{rpc}"
manifest = "deployment.json"
keys = "keys"
committee = ["oracle-1", "oracle-2", "oracle-3"]
relayer = "relayer"

[settlement]
officers = ["authority-1", "authority-2"]

[sources.szt]
operator = "transit"

[sources.bus-app]
operator = "transit"

[sources.ride-app]
operator = "living"

[sources.grid]
operator = "living"
service = "electricity"

[sources.water]
operator = "living"
service = "water"

[sources.gas]
operator = "living"
service = "gas"

[sources.green-life]
operator = "living"

[sources.green-button]
operator = "living"
"""


@app.command()
def up(
    home: HomeOption = None,
    chain: Annotated[Literal["anvil", "ganache", "hardhat"], typer.Option(help="Chain to run.")] = "anvil",
    port: Annotated[int, typer.Option(help="RPC port of the chain.")] = 8545,
    clock: Annotated[
        str | None,
        typer.Option(
            help="Start time of the chain's clock, for example 2023-01-10T08:00:00+08:00.", show_default="now"
        ),
    ] = None,
    profile: Annotated[
        Path | None, typer.Option(help="Deployment profile.", show_default="scripts/profiles/local.toml")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Start a local chain, deploy the contracts, and set up operators, merchants, a reserve and methodologies.

    Repeating the command continues an interrupted set-up, or changes nothing. It never changes a config.toml that is there.

        carbonbook up
        carbonbook up --chain ganache --port 8600
        carbonbook up --profile scripts/profiles/committee-of-five.toml
    """
    folder = (home or Path(DEFAULT_HOME)).resolve()
    fresh = not (folder / "config.toml").exists()
    start = _seconds(clock)
    process = local.start(folder, chain, port, start - _HEAD_START_SECONDS)
    say(f"{process.kind} answers at {process.rpc}")
    keys = Keyring(folder / "keys")
    seed.create_keys(keys)
    deployed = _deployed(folder, process.rpc, profile)
    seed.seed_prices(deployed, keys, process.genesis_time)
    seed.seed_parties(deployed, keys)
    seed.seed_credential_key(
        deployed, keys
    )  # announced before the methodologies' notice, which is longer than its delay
    seed.seed_methodologies(deployed, keys, _rules(), say)
    seed.seed_credential_key(deployed, keys)
    begin = process.genesis_time + _HEAD_START_SECONDS
    if fresh and deployed.now() < begin:
        local.advance(process.rpc, begin - deployed.now())
    if fresh:
        (folder / "config.toml").write_text(_CONFIG.format(rpc=process.rpc))
    elif Settings.load(folder).rpc != process.rpc:
        say(f'config.toml names another node. Set rpc = "{process.rpc}" there to use this chain.')
    show(
        {
            "rpc": process.rpc,
            "chain": process.kind,
            "genesis": deployed.manifest.genesis_hash,
            "manifest": str(deployed.manifest.path),
            "time": _local_time(deployed.now()),
            "contracts": {name: entry.address for name, entry in deployed.manifest.contracts.items()},
        },
        json,
    )


@app.command()
def down(home: HomeOption = None, json: JsonOption = False) -> None:
    """Stop the local chain and keep its state.

    carbonbook down
    """
    stopped = local.stop((home or Path(DEFAULT_HOME)).resolve())
    show({"stopped": stopped}, json)


@app.command()
def clock(
    advance: Annotated[int, typer.Option(help="Days to move the clock forward.", min=0)] = 0,
    blocks: Annotated[int, typer.Option(help="Empty blocks to add.", min=0)] = 0,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Show the chain's time, or move a local chain's clock.

    carbonbook clock --advance 8
    """
    chain = Installation.at(home).chain
    local.mine(chain.rpc, blocks)
    now = local.advance(chain.rpc, advance * 86_400) if advance else chain.now()
    show({"time": _local_time(now), "seconds": now}, json)


def _deployed(folder: Path, rpc: str, profile: Path | None) -> Chain:
    """The deployment of the home folder's manifest, made now if there is none."""
    manifest = folder / "deployment.json"
    if not manifest.exists():
        script = _ROOT / "scripts" / "deploy.py"
        if not script.exists():
            raise ConfigError(
                f"{script} is missing. Run this command in a checkout of the sources; it deploys the contracts from there."
            )
        say("compiling and deploying the contracts")
        chosen = [] if profile is None else ["--profile", str(profile.resolve())]
        done = subprocess.run(
            [sys.executable, str(script), "--rpc", rpc, "--manifest", str(manifest), *chosen],
            cwd=_ROOT,
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise ChainError(f"Deployment failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return Chain(rpc, Manifest.load(manifest))


def _rules() -> list[tuple[str, int, Terms]]:
    """Every active rule of the city's place (Shenzhen, Guangdong, the nation); of a scenario without one there, those of all places."""
    rules = [rule for rule in Library.load().rules() if rule.status is Status.ACTIVE]
    local = {rule.scenario for rule in rules if _PLACE.startswith(rule.region)}
    chosen = [rule for rule in rules if _PLACE.startswith(rule.region) or rule.scenario not in local]
    ordered = sorted(chosen, key=lambda rule: (rule.id, rule.version))
    return [(rule.id, rule.version, terms_of(rule)) for rule in ordered]


def _seconds(text: str | None) -> int:
    if text is None:
        return int(datetime.now().astimezone().timestamp())
    try:
        return int(datetime.fromisoformat(text).astimezone().timestamp())
    except ValueError as error:
        raise InputError(f"'{text}' is not a time. Example: 2023-01-10T08:00:00+08:00", field="--clock") from error


def _local_time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, tz=ZoneInfo(DEFAULT_ZONE)).isoformat()
