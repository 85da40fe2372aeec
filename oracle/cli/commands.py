"""Every command, registered by its import, and the entry point."""

from __future__ import annotations

import sys

from oracle.cli import app, attest, credit, ingest, redeem, settle, up, verify
from oracle.errors import CarbonbookError

__all__ = ["attest", "credit", "ingest", "main", "redeem", "settle", "up", "verify"]


def main() -> None:
    """Entry point of `carbonbook`: what is raised on purpose becomes a sentence and an exit code."""
    try:
        app()
    except CarbonbookError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)
