"""Every command, in the order of the work, and the entry point."""

from __future__ import annotations

import sys
from importlib import import_module

from oracle.cli import app
from oracle.model.errors import CarbonbookError

# Which module a command is in: only the one that is asked for is loaded, with what it needs.
MODULES = {
    "up": "serve.up",
    "down": "serve.up",
    "clock": "serve.up",
    "city": "measure.city",
    "enrol": "measure.enrol",
    "ingest": "measure.ingest",
    "serve": "serve.serve",
    "watch": "serve.serve",
    "source": "measure.source",
    "quarantine": "measure.quarantine",
    "close": "measure.ingest",
    "attest": "ledger.attest",
    "credit": "ledger.credit",
    "claim": "ledger.claim",
    "redeem": "ledger.redeem",
    "settle": "ledger.settle",
    "merchant": "ledger.merchant",
    "statement": "report.statement",
    "order": "ledger.order",
    "offer": "ledger.offer",
    "refund": "ledger.refund",
    "dispute": "ledger.dispute",
    "account": "ledger.account",
    "counter": "serve.counter",
    "verify": "report.verify",
    "check": "serve.check",
    "run": "serve.run",
    "rebuild": "ledger.rebuild",
    "reconcile": "report.reconcile",
    "duplicate": "ledger.duplicate",
    "report": "report.report",
    "index": "report.index",
    "status": "report.status",
    "methodology": "ledger.authority",
    "node": "serve.node",
    "erase": "measure.erase",
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
