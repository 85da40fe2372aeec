"""`carbonbook node`: a member of the committee as a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from oracle.cli.console import HomeOption, JsonOption, say, show
from oracle.installation import Installation
from oracle.model.errors import ConfigError

app = typer.Typer(
    name="node", help="A member of the committee: recompute what another closed, and sign it.", no_args_is_help=True
)


@app.command()
def run(
    home: HomeOption = None,
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at.")] = 8701,
) -> None:
    """Serve until told to stop. The node reads its own copies of files from `inputs/SOURCE/` in its home folder.

    carbonbook node run --home node-4 --port 8704
    """
    from oracle.serve.http.server import run as serve
    from oracle.serve.node.member import Member
    from oracle.serve.node.service import node_app

    here = Installation.at(home)
    name = here.settings.member
    if name is None:
        raise ConfigError(f"{here.settings.path('config.toml')} names no `member`: whom should this node sign for?")
    book = here.bare_book  # it learns from others what the chain has
    book.open_for_writing(*here.manifest.identity)
    member = Member(here.settings, book, here.chain, here.keys.account(name), here.operators(), here.library)
    say(f"node of {member.address} listens at http://{host}:{port}")
    serve(node_app(member, here.settings.proposers, here.settings.path("spool")), host, port)


@app.command()
def invite(
    member: Annotated[str, typer.Argument(help="Key name of the member; its key goes along if it is here.")],
    folder: Annotated[Path, typer.Argument(help="New folder, the node's home.")],
    rpc: Annotated[
        str | None, typer.Option(help="The node's own RPC.", show_default="that of this installation")
    ] = None,
    home: HomeOption = None,
    json: JsonOption = False,
) -> None:
    """Write the home folder of a node: config, manifest, and the secret that record ids are made with.

    carbonbook node invite oracle-4 node-4
    """
    from oracle.serve.node.invite import invite as write_home

    here = Installation.at(home)
    write_home(here.settings, here.keys, member, folder, rpc or here.settings.rpc, here.operators())
    show({"node": str(folder), "member": member, "inputs": str(folder / "inputs")}, json)
