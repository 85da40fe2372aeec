"""Looks for keys and secrets in the files that git tracks; exits 1 and names each place.

What counts: PEM private keys, keystore files, 64 hex digits on a line that speaks of a key or a secret, and mnemonics other than the
public one of local chains.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from eth_account.hdaccount.mnemonic import Mnemonic
from eth_account.types import Language

ROOT = Path(__file__).resolve().parent.parent
PUBLIC_MNEMONIC = "test test test test test test test test test test test junk"
SKIPPED = {"package-lock.json", "requirements.lock"}

PEM = re.compile("-----BEGIN [A-Z ]*PRIVATE " + "KEY-----")
KEYSTORE = re.compile(r'"ciphertext"\s*:\s*"[0-9a-f]{32,}"')
SECRET_WORD = re.compile(r"private.?key|secret|passphrase|mnemonic|seed", re.IGNORECASE)
HEX_KEY = re.compile(r"(?<![0-9a-zA-Z])(0x)?[0-9a-fA-F]{64}(?![0-9a-fA-F])")
WORDS = re.compile(r"(?:\b[a-z]{3,8}\b[ ]){11,23}\b[a-z]{3,8}\b")


def main() -> int:
    """Scans; returns the exit code."""
    words = Mnemonic(Language.ENGLISH)
    tracked = (
        subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    )
    places = [f"{name}:{line}: {what}" for name in filter(None, tracked) for line, what in _scan(ROOT / name, words)]
    for place in places:
        print(place, file=sys.stderr)
    return 1 if places else 0


def _scan(path: Path, words: Mnemonic) -> list[tuple[int, str]]:
    if path.name in SKIPPED or not path.is_file():
        return []
    text = path.read_bytes().decode("utf-8", errors="replace")
    return [(number, what) for number, line in enumerate(text.splitlines(), 1) for what in _findings(line, words)]


def _findings(line: str, words: Mnemonic) -> list[str]:
    found = []
    if PEM.search(line):
        found.append("a PEM private key")
    if KEYSTORE.search(line):
        found.append("a keystore")
    if SECRET_WORD.search(line) and HEX_KEY.search(line):
        found.append("32 bytes of hex beside a word for a secret")
    for match in WORDS.finditer(line):
        phrase = match.group()
        if phrase != PUBLIC_MNEMONIC and words.is_mnemonic_valid(phrase):
            found.append("a mnemonic")
    return found


if __name__ == "__main__":
    sys.exit(main())
