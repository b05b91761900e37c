"""However a log is cut into batches its days are the same, and a stream counts for as long as it ran."""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.fold import OFFLINE, ONLINE, VIEWERS
from gstreamer.core.rollup import MOST_VIEWERS, SILENT, Day, Running, by_day, increments, touched
from gstreamer.core.stored import Row

ONE = "1001"
NOON = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
TODAY, TOMORROW = NOON.date(), NOON.date() + dt.timedelta(days=1)


def at(minutes: float) -> dt.datetime:
    return NOON + dt.timedelta(minutes=minutes)


def row(minutes: float, event_type: str, **data: Any) -> Row:
    event = json.dumps({"type": event_type, "data": data}).encode()
    return Row(ONE, at(minutes), "e", int(minutes * 60), f"m{minutes}", event_type, event)


def total(batches: Sequence[Sequence[Row]]) -> tuple[Any, ...]:
    """The sums of all batches, as the store adds them up."""
    events: Counter[Any] = Counter()
    live_s: Counter[Any] = Counter()
    peaks: dict[Any, int] = {}
    streams: Mapping[str, Running | None] = {}
    for rows in batches:
        found = increments(rows, {one: streams.get(one) for one in touched(rows)})
        events.update(found.events)
        live_s.update(found.live_s)
        for day, peak in found.peaks.items():
            peaks[day] = max(peak, peaks.get(day, 0))
        streams = {**streams, **found.streams}
    return events, peaks, live_s, dict(streams)


def test_a_day_has_its_events_its_viewers_and_its_hours() -> None:
    rows = [
        row(0, ONLINE, id="s1", started_at="2026-11-25T11:59:00Z"),
        row(1, VIEWERS, id="s1", viewer_count=7),
        row(2, "channel.raid"),
        row(3, VIEWERS, id="s1", viewer_count=5),
        row(59, OFFLINE),
    ]

    events, peaks, live_s, streams = total([rows])

    day = Day(ONE, TODAY)
    assert events == {(day, ONLINE): 1, (day, "channel.raid"): 1, (day, OFFLINE): 1}
    assert peaks == {day: 7}
    assert live_s == {day: 3_600}
    assert streams == {ONE: None}


def test_a_stream_over_midnight_is_split() -> None:
    _, _, live_s, _ = total([[row(0, ONLINE, id="s1")], [row(13 * 60, OFFLINE)]])

    assert live_s == {Day(ONE, TODAY): 12 * 3_600, Day(ONE, TOMORROW): 3_600}
    assert list(by_day(at(0), at(0))) == []


def test_an_end_that_was_lost_counts_up_to_what_was_seen() -> None:
    _, _, live_s, streams = total(
        [[row(0, ONLINE, id="s1"), row(5, VIEWERS, id="s1", viewer_count=1), row(60, ONLINE, id="s2")]]
    )

    assert live_s == {Day(ONE, TODAY): 300}
    assert streams == {ONE: Running("s2", at(60), at(60))}


def test_a_beginning_that_was_lost_counts_from_what_was_seen() -> None:
    _, _, live_s, _ = total([[row(5, VIEWERS, id="s1", viewer_count=1), row(9, OFFLINE)], [row(20, OFFLINE)]])

    assert live_s == {Day(ONE, TODAY): 240}


def test_the_same_stream_told_again_goes_on() -> None:
    rows = [row(0, ONLINE, id=""), row(1, ONLINE, id="s1"), row(2, VIEWERS, viewer_count=1)]

    assert total([rows])[3] == {ONE: Running("s1", at(0), at(2))}


@pytest.mark.parametrize("started_at", [None, "gibberish", "2026-11-25T11:00:00", "2026-11-25T13:00:00Z"])
def test_a_beginning_that_cannot_be_is_when_it_was_told(started_at: str | None) -> None:
    assert total([[row(0, ONLINE, id="s1", started_at=started_at)]])[3] == {ONE: Running("s1", at(0), at(0))}


def test_what_is_out_of_bounds_is_bounded() -> None:
    rows = [
        row(0, ONLINE, id="s1", started_at="0001-01-01T00:00:00Z"),
        row(1, VIEWERS, id="s1", viewer_count=2**40),
        row(2, VIEWERS, id="s1", viewer_count="many"),
        Row(ONE, at(3), "e", 9, "m", VIEWERS, b'{"data": []}'),
    ]

    _, peaks, _, streams = total([rows])

    assert peaks == {Day(ONE, TODAY): MOST_VIEWERS}
    assert streams[ONE].since == at(-48 * 60)


def test_a_stream_runs_until_now_if_it_was_seen_lately() -> None:
    running = Running("s1", at(0), at(5))

    assert running.until(at(5) + SILENT) == at(5) + SILENT
    assert running.until(at(6) + SILENT) == at(5)


STEPS = st.lists(
    st.tuples(
        st.integers(1, 600),
        st.sampled_from([ONLINE, OFFLINE, VIEWERS, "channel.raid"]),
        st.sampled_from(["", "s1", "s2"]),
        st.integers(0, 9),
    ),
    max_size=30,
)


@given(STEPS, st.lists(st.integers(0, 30), max_size=6))
def test_batches_add_up_to_the_whole(steps: list[tuple[int, str, str, int]], cuts: list[int]) -> None:
    minutes, rows = 0, []
    for later, event_type, stream_id, count in steps:
        minutes += later
        rows.append(row(minutes, event_type, id=stream_id, viewer_count=count))
    edges = sorted({0, len(rows), *(cut for cut in cuts if cut < len(rows))})

    in_parts = total([rows[begin:end] for begin, end in pairwise(edges)])

    assert in_parts == total([rows])
    assert all(0 < seconds <= 86_400 for seconds in in_parts[2].values())
