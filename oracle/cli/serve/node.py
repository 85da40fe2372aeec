"""`carbonbook node`: a member of the committee as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.installation import Installation
from oracle.model.errors import ConfigError

app = typer.Typer(
    name="node", help="A committee node: recompute what another installation closed, and sign it.", no_args_is_help=True
)


@app.command()
def run(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8701,
) -> None:
    """Run a node until it is stopped. The node reads its own copies of the files from `inputs/SOURCE/` in its home folder.

    carbonbook node run --home node-4 --port 8704
    """
    from oracle.serve.http.server import run as serve
    from oracle.serve.node.member import Member
    from oracle.serve.node.service import node_app

    here = Installation.at(home)
    name = here.settings.member
    if name is None:
        raise ConfigError(
            f"{here.settings.path('config.toml')} has no `member`. Set it to the key or account that this node signs for."
        )
    book = here.bare_book  # it learns from others what the chain has
    book.open_for_writing(*here.manifest.identity)
    member = Member(here.settings, book, here.chain, here.keys.account(name), here.operators(), here.library)
    say(f"node of {member.address} listens on http://{host}:{port}")
    serve(node_app(member, here.settings.proposers, here.settings.path("spool")), host, port)


@app.command()
def invite(
    member: Annotated[str, typer.Argument(help="Name of the member's key. The key is copied if it is here.")],
    folder: Annotated[Path, typer.Argument(help="New folder for the node's home.")],
    rpc: Annotated[
        str | None,
        typer.Option(help="RPC address of the node's own chain client.", show_default="this installation's RPC"),
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the home folder of a node: configuration, manifest, and the secret for record ids.

    carbonbook node invite oracle-4 node-4
    """
    from oracle.serve.node.invite import invite as write_home

    here = Installation.at(home)
    write_home(here.settings, here.keys, member, folder, rpc or here.settings.rpc, here.operators())
    show({"node": str(folder), "member": member, "inputs": str(folder / "inputs")}, json)
