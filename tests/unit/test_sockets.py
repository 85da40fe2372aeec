"""That unit tests cannot open a socket."""

from __future__ import annotations

import socket

import pytest


def test_socket__in_a_unit_test__is_refused() -> None:
    with pytest.raises(UserWarning, match=r"tried to use socket\.socket"):  # warnings are errors here
        socket.socket(socket.AF_INET, socket.SOCK_STREAM)
