"""Waits grow, never pass their cap, and are spread over their whole span."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core import backoff
from gstreamer.core.backoff import Retries


@pytest.mark.parametrize(("attempt", "most"), [(1, 0.5), (2, 1.0), (3, 2.0), (7, 30.0), (5_000, 30.0)])
def test_the_span_doubles_up_to_the_cap(attempt: int, most: float) -> None:
    assert backoff.delay_s(attempt, 0.999_999, 0.5, 30.0) == pytest.approx(most, rel=1e-5)


@given(st.integers(1, 10**9), st.floats(0, 1, exclude_max=True), st.floats(0.001, 60), st.floats(0.001, 3_600))
def test_a_wait_is_never_negative_and_never_over_the_cap(attempt: int, roll: float, base: float, cap: float) -> None:
    assert 0 <= backoff.delay_s(attempt, roll, base, cap) <= cap


def test_a_roll_of_zero_is_no_wait() -> None:
    assert backoff.delay_s(3, 0.0, 0.5, 30.0) == 0


def test_what_never_failed_is_due() -> None:
    assert Retries[str](1, 60).is_due("a", 0)


def test_what_failed_is_due_after_its_wait_and_waits_longer_each_time() -> None:
    retries = Retries[str](2, 60)
    retries.fail("a", 100, roll=0.5)
    assert (retries.is_due("a", 100.9), retries.is_due("a", 101)) == (False, True)

    retries.fail("a", 101, roll=0.5)

    assert (retries.is_due("a", 102.9), retries.is_due("a", 103)) == (False, True)


def test_a_success_begins_anew() -> None:
    retries = Retries[str](2, 60)
    retries.fail("a", 100, roll=0.5)
    retries.succeed("a")

    assert retries.is_due("a", 100)


def test_what_is_not_kept_is_forgotten() -> None:
    retries = Retries[str](2, 60)
    retries.fail("a", 100, roll=0.5)
    retries.fail("b", 100, roll=0.5)
    retries.keep({"b"})

    assert (retries.is_due("a", 100), retries.is_due("b", 100)) == (True, False)
