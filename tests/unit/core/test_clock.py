"""A clock that is far off the signed timestamps is noticed, and one odd message is not taken for that."""

from __future__ import annotations

import pytest

from gstreamer.core.clock import MAX_SKEW_MS, WINDOW, ClockCheck

NOW_MS = 1_800_000_000_000


def noted(*ahead_ms: int) -> ClockCheck:
    check = ClockCheck()
    for one in ahead_ms:
        check.note(NOW_MS - one, NOW_MS)
    return check


def test_nothing_is_judged_before_twenty_timestamps() -> None:
    check = noted(*[MAX_SKEW_MS * 9] * (WINDOW - 1))

    assert check.ahead_ms is None
    assert not check.is_off


@pytest.mark.parametrize("sign", [1, -1])
def test_more_than_five_minutes_either_way_is_off(sign: int) -> None:
    assert not noted(*[sign * MAX_SKEW_MS] * WINDOW).is_off
    assert noted(*[sign * (MAX_SKEW_MS + 1)] * WINDOW).is_off


def test_a_minority_of_odd_messages_changes_nothing() -> None:
    assert noted(*[20] * 11, *[MAX_SKEW_MS * 4] * 9).ahead_ms == 20


def test_only_the_last_twenty_count() -> None:
    check = noted(*[MAX_SKEW_MS * 2] * 100, *[0] * 11)

    assert not check.is_off
