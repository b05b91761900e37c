"""The double talks to this machine only, by whatever name a plain-http PUBLIC_URL may have."""

from __future__ import annotations

import pytest

from gstreamer.simulator.oauth import is_loopback


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "a.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_these_are_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", [None, "", "localhost.example", "10.0.0.1", "notlocalhost", "127.0.0.1.example", "127.example", "::2"]
)
def test_these_are_not(host: str | None) -> None:
    assert not is_loopback(host)
