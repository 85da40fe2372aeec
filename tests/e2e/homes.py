"""Home folders without a node: what only the book is asked for needs none, once the book belongs to a chain."""

from __future__ import annotations

import json
from pathlib import Path

from oracle.installation import Installation


def on_a_chain(home: Path) -> None:
    """Makes the book of a home folder that of a chain, which is not running."""
    parts: dict[str, object] = {name: {} for name in ("contracts", "roles", "functions", "committee", "parameters")}
    (home / "deployment.json").write_text(json.dumps({"chainId": 31337, "genesisHash": "0x" + "11" * 32, **parts}))
    here = Installation.at(home)
    here.bare_book.open_for_writing(*here.manifest.identity)
    here.bare_book.database.close()
    for path in (home / "deployment.json", home / "book.id"):
        path.chmod(0o600)  # as commands make them
