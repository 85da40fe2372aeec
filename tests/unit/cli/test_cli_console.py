"""What commands print for people: text that strangers chose is shown, and does nothing to the terminal."""

from __future__ import annotations

import pytest

from oracle.cli.console import show, show_rows


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[/x] [red]A[/red] :smile:", "[/x] [red]A[/red] :smile:"),
        ("A\x1b[2JB\x07", "A\\u001b[2JB\\u0007"),
        ("A\u202eB\u200f", "A\\u202eB\\u200f"),
        ("深圳\u3000公司", "深圳\u3000公司"),
    ],
)
def test_show__hostile_text__is_shown_and_not_obeyed(text: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    show({"name": text}, False)
    show_rows([{"name": text}], "rows")
    printed = capsys.readouterr().out
    assert printed.count(shown) == 2
    assert not set(printed) & set("\x1b\x07\u202e\u200f")
