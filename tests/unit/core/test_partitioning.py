"""Partitions cover time without a hole or an overlap, whichever interval was set when each was made."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.partitioning import Interval, Partition, missing, partition_of, reaches_ahead

INTERVALS: tuple[Interval, ...] = ("day", "week", "month")
FIRST, LAST = dt.datetime(2024, 1, 1), dt.datetime(2031, 12, 31)  # noqa: DTZ001 - hypothesis adds the zone
TIMES = st.datetimes(FIRST, LAST, timezones=st.just(dt.UTC))


def day(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("interval", "begin", "end", "name"),
    [
        ("day", "2026-11-25", "2026-11-26", "events_20261125_20261126"),
        ("week", "2026-11-23", "2026-11-30", "events_20261123_20261130"),
        ("month", "2026-11-01", "2026-12-01", "events_20261101_20261201"),
    ],
)
def test_a_time_has_its_partition(interval: Interval, begin: str, end: str, name: str) -> None:
    found = partition_of(interval, day("2026-11-25") + dt.timedelta(hours=23, minutes=59))

    assert found == Partition(day(begin), day(end))
    assert found.name == name


def test_a_time_of_another_zone_is_counted_in_utc() -> None:
    late = dt.datetime(2026, 11, 30, 23, 30, tzinfo=dt.timezone(dt.timedelta(hours=-8)))

    assert partition_of("month", late).begin == day("2026-12-01")


@given(st.sampled_from(INTERVALS), TIMES)
def test_a_partition_holds_its_time_and_the_next_begins_where_it_ends(interval: Interval, at: dt.datetime) -> None:
    found = partition_of(interval, at)

    assert found.begin <= at < found.end
    assert partition_of(interval, found.end).begin == found.end
    assert partition_of(interval, found.end - dt.timedelta(microseconds=1)) == found


@given(
    TIMES,
    st.lists(st.tuples(st.sampled_from(INTERVALS), st.integers(0, 4), st.integers(0, 40)), min_size=1, max_size=4),
)
def test_whatever_was_set_before_all_of_the_time_is_covered_once(
    start: dt.datetime, settings: list[tuple[Interval, int, int]]
) -> None:
    there: list[Partition] = []
    now = start
    for interval, ahead, days in settings:
        now += dt.timedelta(days=days)
        there += missing(interval, start, ahead, now, there)

        assert missing(interval, start, ahead, now, there) == ()
        assert reaches_ahead(now, interval, there) >= ahead
        ordered = sorted(there)
        assert all(before.end == after.begin for before, after in pairwise(ordered))
        assert ordered[0].begin <= start <= now < ordered[-1].end


def test_a_longer_interval_ends_where_another_begins() -> None:
    there = [Partition(day("2026-11-09"), day("2026-11-16"))]

    assert missing("month", day("2026-11-01"), 0, day("2026-11-20"), there) == (
        Partition(day("2026-11-01"), day("2026-11-09")),
        Partition(day("2026-11-16"), day("2026-12-01")),
    )


def test_nothing_reaches_ahead_of_a_hole() -> None:
    now = day("2026-11-25")
    there = [partition_of("day", now), partition_of("day", day("2026-11-27"))]

    assert reaches_ahead(now, "day", there) == 0
    assert reaches_ahead(day("2026-12-24"), "day", there) == 0
