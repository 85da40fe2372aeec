"""A copy of what the contracts' tests need, so that a check can compile otherwise or change the sources without touching the real ones."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COPIED = (
    "brownie-config.yaml",
    "contracts",
    "foundry.toml",
    "interfaces",
    "oracle",
    "package.json",
    "pyproject.toml",
    "scripts",
    "tests",
)


def fresh_copy(tree: Path) -> None:
    """Makes `tree` that copy; the packages are linked."""
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy2(source, tree / name)
    (tree / "node_modules").symlink_to(ROOT / "node_modules")
