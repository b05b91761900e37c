"""A used-up rate limit is waited for; a refusal that only looks like one is not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.limiter import (
    BLIND,
    LOST_S,
    REFILL_S,
    UNKNOWN,
    Allowance,
    Bucket,
    is_exhausted,
    read_allowance,
    wait_s,
)


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


# The bucket that we believe in


def told(bucket: Bucket, remaining: int, now_s: float, limit: int = 60, points: int = 0) -> None:
    bucket.told(points, Allowance(limit, remaining, None), now_s)


def test_without_any_answer_a_few_go_and_then_slowly_more() -> None:
    bucket = Bucket()

    assert bucket.take(100, 0.0) == BLIND
    assert bucket.take(100, 1.0) == 0
    assert bucket.take(100, LOST_S) == BLIND


def test_the_first_answer_says_how_much_there_is() -> None:
    bucket = Bucket()
    bucket.take(1, 0.0)

    told(bucket, 59, 0.0, points=1)

    assert (bucket.limit, bucket.left(0.0)) == (60, 59)


def test_it_refills_steadily_and_never_above_its_limit() -> None:
    bucket = Bucket()
    told(bucket, 10, 0.0)

    assert bucket.left(5.0) == 15
    assert bucket.left(500.0) == 60
    assert bucket.left(400.0) == 60


def test_what_is_under_way_is_not_given_out_again() -> None:
    bucket = Bucket()
    told(bucket, 60, 0.0)
    assert bucket.take(40, 0.0) == 40

    assert bucket.outstanding == 40
    assert bucket.left(LOST_S - 1) == 20
    assert bucket.left(2 * LOST_S) == 51


def test_an_answer_that_tells_of_less_is_believed_and_one_that_tells_of_more_is_not() -> None:
    bucket = Bucket()
    told(bucket, 30, 0.0)

    told(bucket, 5, 0.0)
    told(bucket, 50, 0.0)

    assert bucket.left(0.0) == 5


def test_an_answer_without_headers_only_ends_what_was_under_way() -> None:
    bucket = Bucket()
    bucket.take(3, 0.0)

    bucket.told(5, UNKNOWN, 0.0)

    assert (bucket.outstanding, bucket.limit, bucket.left(0.0)) == (0, 0, BLIND - 3)


def test_a_refusal_closes_it_until_its_reset() -> None:
    bucket = Bucket()
    told(bucket, 30, 1_000.0)

    bucket.told(0, Allowance(60, 0, 1_030.0), 1_000.0, refused=True)

    assert bucket.wait_s(1, 1_000.0) == 30.0
    assert bucket.left(1_029.0) == 0
    assert bucket.left(1_030.0) == 30


def test_a_reset_of_a_wrong_clock_closes_it_for_one_refill_at_most() -> None:
    bucket = Bucket()

    bucket.told(0, Allowance(60, 0, 10_000.0), 1_000.0, refused=True)

    assert bucket.wait_s(1, 1_000.0) == REFILL_S


def test_a_clock_that_is_set_back_holds_nobody_up_for_as_long() -> None:
    bucket = Bucket()
    told(bucket, 60, 9_000.0)
    bucket.take(20, 9_000.0)
    bucket.told(0, Allowance(60, 0, 9_060.0), 9_000.0, refused=True)

    assert bucket.wait_s(1, 1_000.0) == REFILL_S
    assert bucket.left(1_000.0 + REFILL_S) > 0
    assert bucket.outstanding == 0


def test_points_that_come_back_can_be_given_out_again() -> None:
    bucket = Bucket()
    told(bucket, 60, 0.0)
    bucket.take(20, 0.0)
    bucket.take(20, 0.0)

    bucket.returned(30, 0.0)

    assert (bucket.outstanding, bucket.left(0.0)) == (10, 50)


def test_more_cannot_come_back_than_was_given_out() -> None:
    bucket = Bucket()
    told(bucket, 30, 0.0)

    bucket.returned(100, 0.0)

    assert bucket.left(0.0) == 30


def test_the_wait_is_for_all_points_that_are_wanted() -> None:
    bucket = Bucket()
    told(bucket, 2, 0.0)

    assert bucket.wait_s(2, 0.0) == 0
    assert bucket.wait_s(5, 0.0) == 3


@pytest.mark.parametrize(("limit", "share", "most"), [(800, 0.25, 200), (2, 0.25, 1)])
def test_a_share_is_a_part_of_the_bucket_and_one_point_at_least(limit: int, share: float, most: int) -> None:
    bucket = Bucket(share)
    bucket.told(0, Allowance(limit, limit, None), 0.0)

    assert bucket.left(0.0) == most
    assert bucket.take(most, 0.0) == most
    assert bucket.wait_s(1, 0.0) == pytest.approx(60 / most)


class Theirs:
    """The other side's bucket, as it really is."""

    def __init__(self, limit: int, points: float) -> None:
        self.limit = limit
        self.points = points
        self.at_s = 0.0
        self.refused = 0

    def arrive(self, now_s: float, strangers: int = 0) -> tuple[Allowance, bool]:
        self.points = min(self.limit, self.points + (now_s - self.at_s) * self.limit / REFILL_S)
        self.at_s = now_s
        self.points = max(0.0, self.points - strangers)
        # Float noise of our own clock arithmetic is not what this is about.
        refused = self.points < 1 - 1e-6
        self.refused += refused
        self.points -= 0 if refused else 1
        reset_s = now_s + (self.limit - self.points) * REFILL_S / self.limit
        return Allowance(self.limit, int(self.points + 1e-9), reset_s), refused


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("take"), st.integers(1, 12)),
        st.tuples(st.just("arrive"), st.integers(0, 7)),
        st.tuples(st.just("answer"), st.integers(0, 7)),
        st.tuples(st.just("return"), st.integers(1, 3)),
        st.tuples(st.just("pass"), st.integers(0, 4)),
    ),
    max_size=150,
)


@given(st.integers(1, 40), st.floats(0, 1), STEPS)
def test_a_lone_user_is_never_refused(limit: int, full: float, steps: list[tuple[str, int]]) -> None:
    """Calls arrive and answers come in any order, as late as they like within what counts as lost."""
    theirs, ours, now_s = Theirs(limit, 1 + full * (limit - 1)), Bucket(), 0.0
    ours.told(0, theirs.arrive(now_s)[0], now_s)
    taken: list[float] = []
    answers: list[tuple[float, Allowance]] = []

    for what, number in steps:
        oldest = min([*taken, *(at_s for at_s, _ in answers)], default=now_s)
        if what == "take":
            taken += [now_s] * ours.take(number, now_s)
        elif what == "arrive" and taken:
            at_s = taken.pop(number % len(taken))
            answers.append((at_s, theirs.arrive(now_s)[0]))
        elif what == "answer" and answers:
            _, allowance = answers.pop(number % len(answers))
            ours.told(1, allowance, now_s)
        elif what == "return" and len(taken) >= number:
            del taken[-number:]
            ours.returned(number, now_s)
        elif what == "pass" and now_s + number < oldest + LOST_S:
            now_s += number

    assert theirs.refused == 0


@given(st.integers(1, 40), st.lists(st.tuples(st.integers(0, 10), st.floats(0, 3)), min_size=1, max_size=80))
def test_where_strangers_use_it_too_each_refusal_is_waited_out(limit: int, steps: list[tuple[int, float]]) -> None:
    theirs, ours, now_s, free_s = Theirs(limit, limit), Bucket(), 0.0, 0.0

    for strangers, pause_s in steps:
        now_s += pause_s
        now_s += ours.wait_s(1, now_s) + 1e-6
        assert ours.take(1, now_s) == 1
        assert now_s >= free_s
        allowance, refused = theirs.arrive(now_s, strangers)
        ours.told(1, allowance, now_s, refused=refused)
        if refused:
            free_s = now_s + min(wait_s(allowance, now_s), REFILL_S)
