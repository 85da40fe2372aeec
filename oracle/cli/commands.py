"""Every command, in the order of the work, and the entry point."""

from __future__ import annotations

import sys
from importlib import import_module

from oracle.cli import app
from oracle.errors import CarbonbookError

# Which module a command is in: only the one that is asked for is loaded, with what it needs.
MODULES = {
    "up": "up",
    "down": "up",
    "clock": "up",
    "city": "city",
    "enrol": "enrol",
    "ingest": "ingest",
    "serve": "serve",
    "watch": "serve",
    "source": "source",
    "quarantine": "quarantine",
    "close": "ingest",
    "attest": "attest",
    "credit": "credit",
    "claim": "claim",
    "redeem": "redeem",
    "settle": "settle",
    "merchant": "merchant",
    "statement": "statement",
    "order": "order",
    "offer": "offer",
    "refund": "refund",
    "dispute": "dispute",
    "account": "account",
    "counter": "counter",
    "verify": "verify",
    "check": "check",
    "run": "run",
    "rebuild": "rebuild",
    "reconcile": "reconcile",
    "duplicate": "duplicate",
    "report": "report",
    "index": "index",
    "status": "status",
    "methodology": "authority",
    "node": "node",
    "erase": "erase",
}


def main() -> None:
    """Entry point of `carbonbook`: what is raised on purpose becomes a sentence and an exit code."""
    asked = MODULES.get(sys.argv[1] if len(sys.argv) > 1 else "")
    try:
        load([asked] if asked else list(MODULES.values()))
        app()
    except CarbonbookError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)


def load(modules: list[str]) -> None:
    """Registers the commands of some modules, each once."""
    for name in dict.fromkeys(modules):
        module = import_module(f"oracle.cli.{name}")
        known = [app, *(group.typer_instance for group in app.registered_groups)]
        if module.__dict__.get("app") not in known:  # a group of commands of its own
            app.add_typer(module.app)
