"""`carbonbook erase` of somebody of whom there are rejected rows only: no citizen, no account, and a chain that is not asked."""

from __future__ import annotations

import json
from pathlib import Path

from oracle.edge.keys.keyring import CUSTODY, RECORDS, Keyring
from tests.e2e.cli import Inside
from tests.e2e.homes import on_a_chain

TAP = {"card_no": "QWERTCARD", "deal_date": "2018-08-31 22:14:57", "deal_type": "地铁出站", "station": "会展中心"}


def test_erase__of_rejected_rows_only__forgets_what_they_showed(tmp_path: Path) -> None:
    home = tmp_path / "home"
    keys = Keyring(home / "keys")
    keys.create_passphrase()
    for name in (CUSTODY, RECORDS):
        keys.store(name, random_passphrase=True)
    (home / "config.toml").write_text(f'[sources.szt]\noperator = "0x{"11" * 20}"\n')
    taps = tmp_path / "taps.json"
    taps.write_text(json.dumps([TAP], ensure_ascii=False))
    on_a_chain(home)
    carbonbook = Inside(home)
    assert carbonbook("ingest", taps, "--source", "szt")["quarantined"] == 1
    assert b"22:14:57" in (home / "book.sqlite").read_bytes() + (home / "book.sqlite-wal").read_bytes()
    done = carbonbook("erase", "szt:QWERTCARD", "--who", "request 9")
    assert done == {
        "erased": True,
        "account": None,
        "forfeited_milli": 0,
        "act_rows": 0,
        "raw_files": 0,
        "unreadable": [],
    }
    left = b"".join(path.read_bytes() for path in home.rglob("*") if path.is_file())
    assert b"22:14:57" not in left
    assert "会展中心".encode() not in left
    again = carbonbook.run("erase", "szt:QWERTCARD", "--who", "request 9")
    assert (again.returncode, "no such person is known here" in again.stderr) == (3, True)
