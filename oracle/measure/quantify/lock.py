"""Released rules never change: their document hashes are kept in `released.json` beside the documents.

A version that is active is released. An edit to what its hash covers shows as a difference here; the way to change a rule is its next
version. Drafts and reference sets may change and are not listed.
"""

from __future__ import annotations

import json
from pathlib import Path

from oracle.measure.quantify.figures import Status
from oracle.measure.quantify.library import FOLDER, Library
from oracle.model.canonical import hexed
from oracle.model.errors import MethodologyError

_FILE = "released.json"


def hashes(library: Library) -> dict[str, list[str]]:
    """Document hashes of the active rules: for each id one for each version, in order."""
    found: dict[str, list[str]] = {}
    for rule in library.rules():
        if rule.status is Status.ACTIVE:
            found.setdefault(rule.id, []).append(hexed(rule.document_hash))
    return dict(sorted(found.items()))


def differences(library: Library, folder: Path = FOLDER) -> tuple[list[str], list[str]]:
    """Versions that were released and are different now or gone, and versions that are new."""
    now, released = hashes(library), _released(folder)
    changed = [
        f"{identity} version {index + 1}"
        for identity, old in released.items()
        for index, each in enumerate(old)
        if now.get(identity, [])[index : index + 1] != [each]
    ]
    new = [
        f"{identity} version {index + 1}"
        for identity, versions in now.items()
        for index in range(len(released.get(identity, [])), len(versions))
    ]
    return changed, new


def release(library: Library, folder: Path = FOLDER) -> list[str]:
    """Adds new versions to the lock file and names them.

    Raises:
        MethodologyError: a released version has changed.
    """
    changed, new = differences(library, folder)
    if changed:
        raise MethodologyError(
            f"{', '.join(changed[:3])} ({len(changed)} in all) changed after release. Restore them, and add new versions instead"
        )
    text = json.dumps(hashes(library), indent=1, ensure_ascii=True)
    (folder / _FILE).write_text(text + "\n", encoding="utf-8")
    return new


def _released(folder: Path) -> dict[str, list[str]]:
    path = folder / _FILE
    if not path.exists():
        return {}
    table: dict[str, list[str]] = json.loads(path.read_text(encoding="utf-8"))
    return table
