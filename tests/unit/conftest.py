"""Unit tests are pure: no network, no Ray, no clock but the one they are given.

The gate draws the same examples each time, so that it judges the change and not the dice;
``HYPOTHESIS_PROFILE=explore`` draws new ones.
"""

from __future__ import annotations

import os
import socket

import pytest
from hypothesis import settings

settings.register_profile("gate", derandomize=True, deadline=None, database=None)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "gate"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise AssertionError("a unit test opened a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
