"""Unit tests reach nothing outside the process: a socket that one of them opens is an error that names the test.

Properties have no time limit per example: a busy machine must not fail a test.
"""

from __future__ import annotations

from hypothesis import HealthCheck, settings
from pytest_socket import disable_socket

settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_runtest_setup() -> None:
    """Runs before each test of this folder."""
    disable_socket(allow_unix_socket=True)
