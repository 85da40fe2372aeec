"""Every command under its heading, and the entry point."""

from __future__ import annotations

import inspect
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from typer.main import get_command

from oracle.cli import app
from oracle.edge.store.disk import disk
from oracle.model.errors import CarbonbookError

# Which module a command is in, under the heading that `carbonbook --help` shows it under: only the module that is asked for is loaded.
GROUPS = {
    "Start here, in this order": {
        "up": "serve.up",
        "enrol": "measure.enrol",
        "ingest": "measure.ingest",
        "close": "measure.ingest",
        "attest": "ledger.attest",
        "credit": "ledger.credit",
        "report": "report.report",
    },
    "Try it on your machine": {
        "clock": "serve.up",
        "city": "measure.city",
        "down": "serve.up",
    },
    "Records": {
        "records": "measure.records",
        "source": "measure.source",
        "quarantine": "measure.quarantine",
        "watch": "serve.serve",
        "erase": "measure.erase",
    },
    "Ledger": {
        "claim": "ledger.claim",
        "unlock": "ledger.unlock",
        "account": "ledger.account",
        "duplicate": "ledger.duplicate",
        "reconcile": "report.reconcile",
        "rebuild": "ledger.rebuild",
    },
    "Merchants": {
        "merchant": "ledger.merchant",
        "offer": "ledger.offer",
        "order": "ledger.order",
        "redeem": "ledger.redeem",
        "refund": "ledger.refund",
        "dispute": "ledger.dispute",
        "settle": "ledger.bank",
    },
    "Credits": {
        "certify": "ledger.certify",
        "market": "ledger.market",
        "retire": "ledger.retire",
        "certificate": "ledger.certificate",
        "shares": "ledger.shares",
        "buyer": "ledger.buyer",
        "export": "report.export",
    },
    "Authority": {
        "methodology": "ledger.authority",
    },
    "Reports and proofs": {
        "status": "report.status",
        "statement": "report.statement",
        "verify": "report.verify",
        "index": "report.index",
    },
    "Services": {
        "check": "serve.check",
        "run": "serve.run",
        "serve": "serve.serve",
        "counter": "serve.counter",
        "node": "serve.node",
    },
}
MODULES = {command: module for commands in GROUPS.values() for command, module in commands.items()}
_HEADINGS = {command: heading for heading, commands in GROUPS.items() for command in commands}

PRIVATE = 0o077  # umask: files 0600, folders 0700


def main() -> None:
    """Entry point of `carbonbook`: what is raised on purpose becomes a sentence and an exit code; what is written is its owner's only.

    A file that a command cannot open or write, wherever that is, is told like one that it knew could fail.
    """
    before = os.umask(PRIVATE)
    asked = MODULES.get(sys.argv[1] if len(sys.argv) > 1 else "")
    try:
        with disk(Path.cwd()):
            load([asked] if asked else list(MODULES.values()))
            presented(get_command(app))()
    except CarbonbookError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)
    finally:
        os.umask(before)


def load(modules: list[str]) -> None:
    """Registers the commands of some modules, each once."""
    for name in dict.fromkeys(modules):
        module = import_module(f"oracle.cli.{name}")
        known = [app, *(group.typer_instance for group in app.registered_groups)]
        if module.__dict__.get("app") not in known:  # a group of commands of its own
            app.add_typer(module.app)


def presented(command: Any) -> Any:
    """The same command with its subcommands under their headings, and with the examples in every help on lines of their own.

    Args:
        command: What typer makes of an app: a command, or a group with `commands` by name.
    """
    if command.help:
        # Markdown would run the lines of an example into one.
        command.help = "\n\n".join(_block(paragraph) for paragraph in inspect.cleandoc(command.help).split("\n\n"))
    inner = getattr(command, "commands", {})
    if inner.keys() <= _HEADINGS.keys():
        for name in sorted(inner, key=list(MODULES).index):
            inner[name] = inner.pop(name)
            inner[name].rich_help_panel = _HEADINGS[name]
    for each in inner.values():
        presented(each)
    return command


def _block(paragraph: str) -> str:
    """A paragraph that begins with a command as a block of code; any other as it is."""
    lines = [line.strip() for line in paragraph.split("\n")]
    return "\n".join(["```text", *lines, "```"]) if lines[0].startswith("carbonbook ") else paragraph
