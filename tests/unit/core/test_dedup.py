"""A record that repeats an earlier one is dropped, by every reader alike, wherever it began to read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gstreamer.core.dedup import FILL_WINDOWS, KEY_BYTES, SLACK_MS, WINDOW_MS, Dedup, Verdict
from gstreamer.core.records import Record
from tests.records import record

MINUTE = 60_000
WINDOW = 100
CHAT = "channel.chat.message"


def verdicts(records: list[Record], window_ms: int = WINDOW, begin_ms: int | None = None) -> list[Verdict]:
    dedup = Dedup(begin_ms, window_ms)
    return [dedup.take(one) for one in records]


def kept(records: list[Record], window_ms: int = WINDOW_MS) -> list[int]:
    return [
        one.offset
        for one, verdict in zip(records, verdicts(records, window_ms), strict=True)
        if verdict is Verdict.NEW
    ]


_KINDS: list[tuple[str, dict[str, Any]]] = [
    ("channel.cheer", {"bits": 1}),
    (CHAT, {"message_id": "c1"}),
    (CHAT, {"message_id": "c2"}),
    ("channel.chat.notification", {"message_id": "c1"}),
    (CHAT, {}),
    ("stream.online", {"id": "s1"}),
    ("stream.online", {"id": "s2"}),
    ("stream.online", {}),
    ("stream.offline", {"id": "s1"}),
    ("stream.offline", {}),
]


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Logs dense in repeats: few message ids, kinds and gaps, around the window and the 30 s."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 1, 30, 49, 50, 51, 99, 100, 101, 40_000, SLACK_MS + 101]),
                st.sampled_from("abcdefgh"),
                st.sampled_from(_KINDS),
            ),
            max_size=25,
        )
    )
    records, now = [], 0
    for offset, (gap, message_id, (event_type, event)) in enumerate(steps):
        now += gap
        records.append(record(offset, event_type, event, message_id=message_id, time_ms=now))
    return records


def _resent(records: list[Record], index: int) -> bool:
    one = records[index]
    return any(
        other.headers["message-id"] == one.headers["message-id"] and one.time_ms - other.time_ms <= WINDOW
        for other in records[:index]
    )


@given(logs())
def test_a_message_id_counts_once_in_a_window(records: list[Record]) -> None:
    plain = [one for one in records if one.headers["type"] == "channel.cheer"]

    assert [verdict is Verdict.REPEATS for verdict in verdicts(plain)] == [
        _resent(plain, index) for index in range(len(plain))
    ]


@given(logs())
def test_a_chat_message_counts_once_whichever_way_it_came(records: list[Record]) -> None:
    chat = [one for one in records if one.headers["type"] == CHAT]

    expected = [
        _resent(chat, index)
        or any(
            b"message_id" in one.value and other.value == one.value and one.time_ms - other.time_ms <= WINDOW
            for other in chat[:index]
        )
        for index, one in enumerate(chat)
    ]
    assert [verdict is Verdict.REPEATS for verdict in verdicts(chat)] == expected


@given(logs())
def test_a_switch_that_is_named_repeats_the_last_one_of_its_name(records: list[Record]) -> None:
    switches = [one for one in records if one.headers["type"].startswith("stream.") and b'"id"' in one.value]

    expected, last = [], None
    for index, one in enumerate(switches):
        if _resent(switches, index):
            expected.append(True)
            continue
        expected.append(
            last is not None
            and (last.headers["type"], last.value) == (one.headers["type"], one.value)
            and one.time_ms - last.time_ms <= WINDOW
        )
        last = one
    assert [verdict is Verdict.REPEATS for verdict in verdicts(switches)] == expected


def _switch(offset: int, event_type: str, message_id: str, time_ms: int, stream_id: str | None = "s1") -> Record:
    event = {} if stream_id is None else {"id": stream_id}
    return record(offset, event_type, event, message_id=message_id, time_ms=time_ms)


@given(logs(), st.integers(0, 25))
@example(
    # A resend of the first online, seen without it, looks like an online; then the real one looks like a repeat.
    [
        _switch(0, "stream.online", "a", 0),
        _switch(1, "stream.offline", "b", 1),
        _switch(2, "stream.online", "a", 100),
        _switch(3, "stream.online", "c", 200),
    ],
    2,
)
def test_two_readers_that_begin_at_different_places_agree(records: list[Record], begin: int) -> None:
    whole = verdicts(records)
    begin_ms = records[begin].time_ms if begin < len(records) else 0
    later = [one for one in records if one.time_ms >= begin_ms]

    part = verdicts(later, begin_ms=begin_ms)

    for one, verdict in zip(later, part, strict=True):
        if one.time_ms < begin_ms + FILL_WINDOWS * WINDOW:
            assert verdict is Verdict.FILLS
        else:
            assert verdict is whole[one.offset]


def test_one_window_of_filling_would_not_do() -> None:
    log = [
        _switch(0, "stream.online", "a", 0),
        _switch(1, "stream.offline", "b", 1),
        _switch(2, "stream.online", "a", 100),
        _switch(3, "stream.online", "c", 200),
    ]

    assert verdicts(log)[3] is Verdict.NEW
    assert verdicts(log[2:])[1] is Verdict.REPEATS, "a reader that began at offset 2, one window before offset 3"


def test_a_log_that_holds_more_than_two_windows_is_given_out_once() -> None:
    ids = [f"m{n}" for n in range(60)]
    log = [record(n, message_id=ids[n // 2], time_ms=n * MINUTE) for n in range(120)]
    begin_ms = 120 * MINUTE - 3 * WINDOW_MS

    taken = verdicts([one for one in log if one.time_ms >= begin_ms], WINDOW_MS, begin_ms)

    assert taken.count(Verdict.FILLS) == 30
    assert taken.count(Verdict.NEW) == taken[30:].count(Verdict.NEW) == 7
    assert taken[30] is Verdict.REPEATS, "its first sight lies in the windows that only fill"


def test_the_window_is_fifteen_minutes_of_record_time() -> None:
    same = [record(n, message_id="m", time_ms=time) for n, time in enumerate([0, 15 * MINUTE, 30 * MINUTE + 1])]

    assert kept(same) == [0, 2]


def test_online_offline_online_of_one_stream_are_three_events() -> None:
    flap = [
        record(n, kind, {"id": "s1"}, time_ms=n * 1_000)
        for n, kind in enumerate(["stream.online", "stream.offline", "stream.online"])
    ]

    assert kept(flap) == [0, 1, 2]


@pytest.mark.parametrize(("gap_ms", "offsets"), [(30_000, [0]), (30_001, [0, 1])])
def test_offline_without_a_stream_id_is_one_within_thirty_seconds(gap_ms: int, offsets: list[int]) -> None:
    assert kept([_switch(n, "stream.offline", f"m{n}", n * gap_ms, None) for n in range(2)]) == offsets


def test_a_repeat_without_a_stream_id_does_not_hide_the_name() -> None:
    log = [
        _switch(0, "stream.offline", "a", 0),
        _switch(1, "stream.offline", "b", 20_000, None),
        _switch(2, "stream.offline", "c", 90_000),
    ]

    assert kept(log) == [0]


def test_a_chat_id_is_read_however_the_body_writes_it() -> None:
    plain = b'{"event":{"message_id":"c1"}}'
    nested = b'{"event":{"reply":{"message_id":"c0"},"message_id" : "c1"}}'
    quoted = rb'{"event":{"message":"say \"message_id\":\"c9\"","message_id":"c1"}}'
    escaped = rb'{"event":{"message\u005fid":"c1"}}'
    bodies = [plain, nested, quoted, escaped]

    assert kept([record(n, CHAT, value=body) for n, body in enumerate(bodies)]) == [0]


@pytest.mark.parametrize("value", [b"", b"\xff", b"[]", b'{"event":7}', b'{"event":{"message_id":7,"id":""}}'])
def test_a_body_without_the_key_is_judged_by_its_message_id(value: bytes) -> None:
    for event_type in (CHAT, "stream.online"):
        log = [record(n, event_type, value=value, time_ms=n * 60_000) for n in range(2)]

        assert kept(log) == [0, 1]


def test_a_record_without_headers_repeats_nothing() -> None:
    assert kept([record(n, headers={}) for n in range(2)]) == [0, 1]


def test_memory_is_that_of_the_window_and_is_given_back() -> None:
    dedup = Dedup(None, WINDOW)
    for n in range(50):
        dedup.take(record(n, time_ms=n))
    assert dedup.size_bytes == 50 * KEY_BYTES

    dedup.take(record(50, time_ms=SLACK_MS + WINDOW + 50))

    assert dedup.size_bytes == KEY_BYTES


def test_a_broker_clock_that_steps_back_changes_no_verdict() -> None:
    log = [
        record(0, message_id="m", time_ms=50_000),
        record(1, time_ms=90_000),
        record(2, message_id="m", time_ms=45_000),
    ]

    assert kept(log) == [0, 1]
