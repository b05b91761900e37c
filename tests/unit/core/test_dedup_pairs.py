"""One event that two subscriptions deliver counts once, and two equal events of one subscription count twice."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gstreamer.core.dedup import FILL_WINDOWS, KEY_BYTES, PAIR_MS, RUN_BYTES, SLACK_MS, WINDOW_MS, Dedup, Verdict
from gstreamer.core.records import EVENT_TYPE, MESSAGE_ID, SUBSCRIPTION_ID, Record
from tests.records import record

WINDOW = 100
PAIR = WINDOW // 4
UPDATE = "channel.update"


def said(offset: int, subscription: str, time_ms: int, says: Any = "x", message_id: str | None = None) -> Record:
    headers = {MESSAGE_ID: message_id or f"m{offset}", EVENT_TYPE: UPDATE, SUBSCRIPTION_ID: subscription}
    return record(offset, UPDATE, {"title": says}, time_ms=time_ms, headers=headers)


def told(pairs: list[tuple[str, int]]) -> list[Record]:
    return [said(offset, subscription, time_ms) for offset, (subscription, time_ms) in enumerate(pairs)]


def kept(records: list[Record], window_ms: int = WINDOW_MS) -> list[int]:
    dedup = Dedup(None, window_ms)
    return [one.offset for one in records if dedup.take(one) is Verdict.NEW]


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    """Logs dense in equal events of few subscriptions, with gaps around a pair's, a run's and the window's length."""
    steps = draw(
        st.lists(
            st.tuples(
                st.sampled_from([0, 1, 5, PAIR - 1, PAIR, PAIR + 1, WINDOW - PAIR, WINDOW]),
                st.sampled_from("AABBC"),
                st.sampled_from("xxy"),
                st.sampled_from([None, None, None, "same"]),
            ),
            max_size=40,
        )
    )
    records, now = [], 0
    for offset, (gap, subscription, says, message_id) in enumerate(steps):
        now += gap
        records.append(said(offset, subscription, now, says, message_id))
    return records


def model(records: list[Record]) -> list[bool]:
    """Whether each record repeats, by the rule's words: every record decided on the whole log before it."""
    answers: list[bool] = []
    fresh: dict[bytes, list[Record]] = defaultdict(list)
    for index, one in enumerate(records):
        resent = any(
            other.headers[MESSAGE_ID] == one.headers[MESSAGE_ID] and one.time_ms - other.time_ms <= WINDOW
            for other in records[:index]
        )
        if not resent:
            fresh[one.value].append(one)
        answers.append(resent or _is_second(fresh[one.value]))
    return answers


def _is_second(equal: list[Record]) -> bool:
    begin = len(equal) - 1
    while begin and equal[begin].time_ms - equal[begin - 1].time_ms <= PAIR:
        begin -= 1
    if equal[-1].time_ms - equal[begin].time_ms > WINDOW - PAIR:
        return False
    originals: list[tuple[int, set[str]]] = []
    repeats = False
    for one in equal[begin:]:
        subscription = one.headers[SUBSCRIPTION_ID]
        open_ones = (by for at, by in originals if one.time_ms - at <= PAIR and subscription not in by)
        found = next(open_ones, None)
        repeats = found is not None
        if found is None:
            originals.append((one.time_ms, {subscription}))
        else:
            found.add(subscription)
    return repeats


@given(logs())
def test_the_nth_of_one_subscription_is_the_nth_of_the_other(records: list[Record]) -> None:
    dedup = Dedup(None, WINDOW)

    assert [dedup.take(one) is Verdict.REPEATS for one in records] == model(records)


@given(logs(), st.integers(0, 40))
@example(told([("A", 0), ("B", 20), *((who, 20 * n) for n in range(2, 16) for who in "AB")]), 1)
def test_two_readers_that_begin_at_different_places_agree(records: list[Record], begin: int) -> None:
    dedup = Dedup(None, WINDOW)
    whole = [dedup.take(one) for one in records]
    begin_ms = records[begin].time_ms if begin < len(records) else 0
    part = Dedup(begin_ms, WINDOW)

    for one in records:
        if one.time_ms >= begin_ms:
            verdict = part.take(one)
            sure = one.time_ms >= begin_ms + FILL_WINDOWS * WINDOW
            assert verdict is (whole[one.offset] if sure else Verdict.FILLS)


@given(st.lists(st.integers(0, PAIR_MS), max_size=10), st.data())
def test_a_switch_of_transport_loses_and_doubles_nothing(gaps: list[int], data: st.DataObject) -> None:
    """Each event is delivered by the old subscription up to some time, by the new one from before it on."""
    times = [sum(gaps[: n + 1]) for n in range(len(gaps))]
    made = data.draw(st.integers(0, len(times)), "the new one is made")
    ended = data.draw(st.integers(made, len(times)), "the old one is ended")
    deliveries = [(at, 0, n, "old") for n, at in enumerate(times[:ended])]
    deliveries += [(at, 1, n, "new") for n, at in enumerate(times) if n >= made]
    records = [said(offset, who, at, n) for offset, (at, _, n, who) in enumerate(sorted(deliveries))]

    counted = [records[offset].value for offset in kept(records)]

    assert len(counted) == len(set(counted)) == len(times)


def test_two_equal_ones_of_one_subscription_are_two_events() -> None:
    assert kept(told([("A", 0), ("A", 10), ("B", 20), ("B", 30), ("A", 40)])) == [0, 1, 4]


@pytest.mark.parametrize(("gap_ms", "offsets"), [(PAIR_MS, [0]), (PAIR_MS + 1, [0, 1])])
def test_a_pair_is_no_further_apart_than_a_minute(gap_ms: int, offsets: list[int]) -> None:
    assert kept(told([("A", 0), ("B", gap_ms)])) == offsets


def test_a_resend_is_not_one_more_of_its_subscription() -> None:
    log = [said(0, "A", 0), said(1, "A", 10), said(2, "B", 20, message_id="b"), said(3, "B", 30, message_id="b")]

    assert kept([*log, said(4, "B", 40)]) == [0, 1]


def test_equal_events_without_a_pause_pair_for_a_window_and_are_never_lost() -> None:
    log = told([(who, 50_000 * n) for n in range(40) for who in "AB"])

    offsets = kept(log)

    paired = [offset for offset in offsets if log[offset].time_ms <= WINDOW_MS - PAIR_MS]
    assert paired == list(range(0, 2 * len(paired), 2)), "one of each pair, of A"
    assert offsets[len(paired) :] == list(range(2 * len(paired), len(log))), "then all of them"


def test_the_order_of_keys_and_what_is_around_the_event_do_not_matter() -> None:
    bodies = [
        b'{"subscription":{"id":"A"},"event":{"a":1,"b":{"c":2,"d":3}}}',
        b'{"event": {"b": {"d": 3, "c": 2}, "a": 1}, "subscription": {"id": "B"}}',
    ]
    log = [
        record(n, value=body, headers={MESSAGE_ID: f"m{n}", EVENT_TYPE: UPDATE, SUBSCRIPTION_ID: f"s{n}"})
        for n, body in enumerate(bodies)
    ]

    assert kept(log) == [0]
    other = log[1]._replace(headers={**log[1].headers, EVENT_TYPE: "channel.raid"})
    assert kept([log[0], other]) == [0, 1], "of another type"


@pytest.mark.parametrize(
    "value", [b"", b"\xff", b"[]", b'{"event":7}', b'{"event":' + b'{"a":' * 300 + b"1" + b"}" * 301]
)
def test_a_body_that_says_nothing_pairs_with_nothing(value: bytes) -> None:
    log = [
        record(n, value=value, headers={MESSAGE_ID: f"m{n}", EVENT_TYPE: UPDATE, SUBSCRIPTION_ID: f"s{n}"})
        for n in range(2)
    ]

    assert kept(log) == [0, 1]


def test_what_gstreamer_found_by_itself_pairs_with_nothing() -> None:
    assert kept(told([("A", 0), ("", 1), ("", 2)])) == [0, 1, 2]


def test_a_clear_that_two_readers_read_counts_once() -> None:
    def clear(offset: int, reader: str) -> Record:
        headers = {MESSAGE_ID: f"m{offset}", EVENT_TYPE: "channel.chat.clear", SUBSCRIPTION_ID: reader}
        return record(offset, "channel.chat.clear", {"broadcaster_user_id": "1001"}, headers=headers)

    assert kept([clear(0, "A"), clear(1, "B"), clear(2, "A")]) == [0, 2]


def test_memory_is_that_of_a_minute_and_is_given_back() -> None:
    dedup = Dedup(None)
    for n in range(50):
        dedup.take(said(n, "A", n, n))
    assert dedup.size_bytes == 50 * (KEY_BYTES + RUN_BYTES)

    dedup.take(said(50, "A", SLACK_MS + PAIR_MS + 50, "last"))

    assert dedup.size_bytes == 51 * KEY_BYTES + RUN_BYTES
