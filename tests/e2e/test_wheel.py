"""The wheel, installed where there is no checkout: its library, schemas and ABIs travel with it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.e2e.cli import DATA, ROOT, Carbonbook

SOURCES = ("oracle", "pyproject.toml", "README.md", "LICENSE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`carbonbook` from the wheel, in an environment that has nothing of this checkout. Its dependencies are those of this environment."""
    folder = tmp_path_factory.mktemp("wheel")
    sources = folder / "sources"
    sources.mkdir()
    for name in SOURCES:
        here = ROOT / name
        if here.is_dir():
            shutil.copytree(here, sources / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(here, sources / name)
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "--wheel-dir", folder, sources], check=True, capture_output=True)
    shutil.rmtree(sources)
    (wheel,) = folder.glob("carbonbook-*.whl")
    environment = folder / "environment"
    venv.create(environment, with_pip=True)
    subprocess.run(
        [environment / "bin" / "python", *pip[1:], "install", "--no-deps", wheel], check=True, capture_output=True
    )
    packages = next((environment / "lib").glob("python3*")) / "site-packages"
    # A path in a .pth file is searched, but its own .pth files are not read: the checkout is not found through it.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return environment / "bin" / "carbonbook"


def _run(command: Path, *words: str | Path) -> subprocess.CompletedProcess[str]:
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [command, *map(str, words)], capture_output=True, text=True, check=False, cwd=command.parent, env=outside
    )


def test_wheel__runs_its_own_code(installed: Path) -> None:
    asked = [installed.with_name("python"), "-c", "import oracle; print(oracle.__file__)"]
    found = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=installed.parent).stdout
    assert Path(found.strip()).is_relative_to(installed.parents[1])


def test_wheel__shows_its_help(installed: Path) -> None:
    done = _run(installed, "--help")
    assert done.returncode == 0, done.stderr
    assert "Start here" in done.stdout


def test_wheel__lists_the_methodologies_of_the_checkout(installed: Path, carbonbook: Carbonbook) -> None:
    from_wheel = _run(installed, "methodology", "list", "--json")
    assert from_wheel.returncode == 0, from_wheel.stderr
    here = carbonbook.run_plain("methodology", "list", "--json")
    assert json.loads(from_wheel.stdout) == json.loads(here.stdout)


def test_wheel__reports_on_a_running_installation(installed: Path, carbonbook: Carbonbook, tmp_path: Path) -> None:
    carbonbook("ingest", DATA / "szt_taps_100.json", "--source", "szt")
    carbonbook("close")
    carbonbook("attest")
    carbonbook("clock", "--advance", "1")
    carbonbook("credit")
    done = _run(installed, "report", "--home", carbonbook.home, "--out", tmp_path / "wheel", "--json")
    assert done.returncode == 0, done.stderr
    carbonbook("report", "--out", tmp_path / "checkout")
    issuance = (tmp_path / "wheel" / "issuance.csv").read_bytes()
    assert issuance == (tmp_path / "checkout" / "issuance.csv").read_bytes()
    assert issuance.count(b"\n") > 1
