"""A close code says whether to come back."""

from __future__ import annotations

import pytest

from gstreamer.core.disconnect import Disconnect

CODES = {
    4000: "shutdown",
    4001: "slow consumer",
    4002: "no pong",
    4003: "not welcomed",
    4004: "server full",
    4005: "moved",
    4006: "ticket expired",
    4500: "bad ticket",
    4501: "session ended",
    4502: "protocol error",
    4503: "message too large",
    4504: "too many messages",
    4505: "too many connections",
    4506: "origin refused",
}


def test_the_codes_are_those_that_clients_know() -> None:
    assert {code.value: code.reason for code in Disconnect} == CODES


@pytest.mark.parametrize("code", Disconnect)
def test_below_4500_means_come_back(code: Disconnect) -> None:
    assert code.reconnect == (4000 <= code <= 4499)


@pytest.mark.parametrize("code", Disconnect)
def test_a_reason_fits_into_a_close_frame(code: Disconnect) -> None:
    assert len(code.reason.encode()) <= 123
