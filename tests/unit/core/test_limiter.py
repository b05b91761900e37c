"""A used-up rate limit is waited for; a refusal that only looks like one is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.limiter import UNKNOWN, Allowance, is_exhausted, read_allowance, wait_s


def test_the_headers_are_read() -> None:
    headers = {"ratelimit-limit": "800", "ratelimit-remaining": "0", "ratelimit-reset": "1700000060"}

    assert read_allowance(headers) == Allowance(800, 0, 1_700_000_060)


@pytest.mark.parametrize("text", ["", "-1", "1.5", "soon", "٣", "9" * 400])
def test_what_is_not_a_number_is_not_there(text: str) -> None:
    assert read_allowance({"ratelimit-limit": text, "ratelimit-remaining": text, "ratelimit-reset": text}) == UNKNOWN


@pytest.mark.parametrize(
    ("status", "allowance", "exhausted"),
    [
        (429, Allowance(800, 0, 10), True),
        (429, UNKNOWN, True),
        (429, Allowance(800, 799, 10), False),
        (200, Allowance(800, 0, 10), False),
    ],
)
def test_only_a_429_without_points_is_the_rate_limit(status: int, allowance: Allowance, exhausted: bool) -> None:
    assert is_exhausted(status, allowance) is exhausted


def test_the_wait_lasts_until_the_reset() -> None:
    assert wait_s(Allowance(800, 0, 1_060), now_s=1_000) == 60


def test_without_a_reset_the_default_is_waited() -> None:
    assert wait_s(UNKNOWN, now_s=1_000, default_s=3) == 3


@given(st.integers(0, 2**40), st.floats(0, 2**40))
def test_the_wait_is_never_negative(reset: int, now: float) -> None:
    assert wait_s(Allowance(1, 0, reset), now) >= 0
