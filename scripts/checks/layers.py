"""Imports go down only: reads those of every module of `oracle/` and fails on one that goes up, or on a library outside its room.

Layers, lowest first, are in `LAYERS`; a module imports from its own layer or a lower one, also inside functions and for types. web3 is
imported in `oracle/edge` alone, brownie nowhere.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

LAYERS = ("model", "config", "edge", "measure", "ledger", "report", "sandbox", "installation", "serve", "cli")
ONLY_IN = {"web3": "edge", "brownie": None}  # library -> the layer that may import it
ROOT = Path(__file__).parents[2]


def main() -> None:
    """Prints every import that breaks a rule; ends with 1 if there is one."""
    broken = [line for path in sorted((ROOT / "oracle").rglob("*.py")) for line in problems(path.relative_to(ROOT))]
    sys.exit("\n".join(broken) or 0)


def problems(path: Path) -> Iterator[str]:
    """What is wrong with the imports of one module: both files and the rule."""
    own = layer_of(".".join(path.with_suffix("").parts))
    for line, module in imports(ROOT / path):
        library = module.split(".")[0]
        if library in ONLY_IN and own != ONLY_IN[library]:
            where = f"only oracle/{ONLY_IN[library]} may" if ONLY_IN[library] else "oracle never does"
            yield f"{path}:{line} imports {module}; {where}."
        there = layer_of(module)
        if own is not None and there is not None and LAYERS.index(there) > LAYERS.index(own):
            yield f"{path}:{line} imports {file_of(module)}; {own} is below {there} ({' < '.join(LAYERS)})."


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and full name of every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise SystemExit(f"{path}:{node.lineno}: write the import from the top, as `from oracle....`")
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def layer_of(module: str) -> str | None:
    """Layer of a module; None for the package itself and for other packages.

    Raises:
        SystemExit: A room that no layer has.
    """
    parts = module.split(".")
    if parts[0] != "oracle" or len(parts) == 1 or parts[1] == "__init__":
        return None
    if parts[1] not in LAYERS:
        raise SystemExit(f"oracle/{parts[1]} is in no layer; name it in {Path(__file__).name}")
    return parts[1]


def file_of(module: str) -> str:
    """The file that a dotted name of an import is in."""
    path = Path(*module.split("."))
    for found in (path.with_suffix(".py"), path / "__init__.py", path.parent.with_suffix(".py")):
        if (ROOT / found).exists():
            return str(found)
    return str(path.parent / "__init__.py")


if __name__ == "__main__":
    main()
