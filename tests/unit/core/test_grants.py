"""Every grant is checked within the hour, and an old word of an end is not taken for a new one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.grants import is_outlived, next_check

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)


@given(st.floats(0, 1, exclude_max=True))
def test_the_next_check_is_within_the_hour_and_not_at_once(roll: float) -> None:
    assert timedelta(minutes=45) <= next_check(NOW, roll) - NOW <= timedelta(minutes=55)


def test_checks_are_spread() -> None:
    assert next_check(NOW, 0.0) - next_check(NOW, 0.5) == timedelta(minutes=5)


def test_a_grant_that_was_renewed_after_the_word_of_its_end_has_outlived_it() -> None:
    assert is_outlived(NOW + timedelta(seconds=1), NOW)
    assert not is_outlived(NOW, NOW)
    assert not is_outlived(NOW - timedelta(seconds=1), NOW)
