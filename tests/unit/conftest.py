"""Unit tests reach nothing outside the process: a socket that one of them opens is an error that names the test."""

from __future__ import annotations

from pytest_socket import disable_socket


def pytest_runtest_setup() -> None:
    """Runs before each test of this folder."""
    disable_socket(allow_unix_socket=True)
