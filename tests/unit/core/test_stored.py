"""What goes into the store is what viewers got of the log, once, in order, wherever a writer began."""

from __future__ import annotations

import datetime as dt
import json
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.dedup import WINDOW_MS
from gstreamer.core.records import Record
from gstreamer.core.stored import MARK_EVERY, Book, Log, Row, begin_ms, first_log, milliseconds, next_log
from tests.records import STREAMER, record

HOUR_MS = 3_600_000


def log_of(steps: list[tuple[int, int, bool]]) -> list[Record]:
    """A log whose records follow each other by so many ms, some repeating an earlier id, some being no event."""
    found: list[Record] = []
    at = HOUR_MS * 10
    for offset, (step, message, good) in enumerate(steps):
        at += step
        value = None if good else b"no json"
        found.append(record(offset, message_id=f"m{message}", time_ms=at, value=value))
    return found


def whole(records: list[Record]) -> list[Row]:
    return Book(STREAMER, first_log("e"), None).take(records).rows


STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, -30_000, 60_000, WINDOW_MS // 2]), st.integers(0, 9), st.integers(0, 9).map(bool)
    ),
    max_size=40,
)


@given(STEPS, st.lists(st.integers(0, 40), max_size=4))
def test_writers_that_follow_each_other_store_what_one_would_have(
    steps: list[tuple[int, int, bool]], deaths: list[int]
) -> None:
    records = log_of(steps)
    rows: list[Row] = []
    log = first_log("e")
    for end in [*sorted(deaths), len(records)]:
        from_ms = begin_ms(log)
        begin = next((one.offset for one in records if from_ms is not None and one.time_ms >= from_ms), 0)
        begin = min(begin, log.next_offset)
        book = Book(STREAMER, log, None if begin == 0 else from_ms)
        rows += book.take(records[begin:end]).rows
        log = book.log

    assert rows == whole(records)
    assert log.next_offset == len(records)


@given(STEPS)
def test_rows_are_in_the_order_of_their_times(steps: list[tuple[int, int, bool]]) -> None:
    rows = whole(log_of(steps))

    assert all(one.time <= other.time and one.off < other.off for one, other in pairwise(rows))


def test_a_row_has_the_records_time_and_the_clients_json() -> None:
    (row,) = whole([record(0, "channel.raid", time_ms=1_700_000_000_123)])

    assert (row.time, row.type, row.id, row.off) == (
        dt.datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=dt.UTC),
        "channel.raid",
        "m0",
        0,
    )
    assert b'"position":"e:0"' in row.event
    assert milliseconds(row.time) == 1_700_000_000_123


def test_a_record_that_is_no_event_is_told_and_passed() -> None:
    book = Book(STREAMER, first_log("e"), None)

    taken = book.take([record(0, value=b"no json"), record(1)])

    assert [(one.offset, reason) for one, reason in taken.dead] == [(0, "not_json")]
    assert [one.off for one in taken.rows] == [1]
    assert book.log.next_offset == 2


def test_a_log_made_anew_begins_later_than_the_old_one_ended() -> None:
    old = Log("old", 3, 70, dt.datetime(2026, 11, 25, tzinfo=dt.UTC))

    new = next_log(old, "new")
    (row,) = Book(STREAMER, new, None).take([record(0, time_ms=0)]).rows

    assert new == Log("new", 4, 0, old.last_time + dt.timedelta(microseconds=1))
    assert row.time > old.last_time


def test_the_first_row_is_marked_and_then_each_so_many() -> None:
    taken = Book(STREAMER, first_log("e"), None).take([record(offset) for offset in range(2 * MARK_EVERY + 1)])

    assert [one.off for one in taken.marks] == [0, MARK_EVERY, 2 * MARK_EVERY]


def test_a_log_of_which_nothing_is_stored_is_read_from_its_start() -> None:
    assert begin_ms(first_log("e")) is None
    assert begin_ms(first_log("e")._replace(next_offset=5)) == 0


@given(st.text(st.sampled_from('\0\\u0a\ufffd"'), max_size=12))
def test_no_row_has_the_character_that_the_store_cannot_keep(text: str) -> None:
    (row,) = whole([record(0, "channel.update", {"title": text})])

    assert json.loads(row.event)["data"]["title"] == text.replace("\0", "\ufffd")
