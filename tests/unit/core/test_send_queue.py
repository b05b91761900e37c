"""A slow socket gets every critical event, and is told of each other one that was left out."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.events import Event, EventClass
from gstreamer.core.ids import Position
from gstreamer.core.send_queue import OVERHEAD_BYTES, SendQueue

ONE, TWO = "1001", "1002"
CRITICAL, STATE, CHAT = EventClass.CRITICAL, EventClass.STATE, EventClass.CHAT


def event(offset: int, event_class: EventClass = CRITICAL, key: str = "", size: int = 60) -> Event:
    encoded = json.dumps({"position": f"e:{offset}", "pad": "x" * size}).encode()
    return Event(offset, event_class, "t", key if event_class is STATE else "", f"m{offset}", encoded, 0)


def at(offset: int, epoch: str = "e") -> Position:
    return Position(epoch, offset)


def push(queue: SendQueue, *events: Event, streamer_id: str = ONE) -> int:
    return queue.push_events(streamer_id, at(events[-1].offset), events)


def drain(queue: SendQueue, max_bytes: int = 65_536) -> list[dict[str, Any]]:
    messages = []
    while (message := queue.take(max_bytes)) is not None:
        messages.append(json.loads(message))
    return messages


def told(messages: list[dict[str, Any]]) -> list[object]:
    """Each message in short."""
    short: list[object] = []
    for message in messages:
        if message["type"] == "events":
            short.append([int(one["position"][2:]) for one in message["events"]] + [message["position"]])
        elif message["type"] == "lagged":
            short.append((message["class"], message["from"], message["to"], message["count"]))
        else:
            short.append(message["type"])
    return short


def test_events_that_wait_go_out_together() -> None:
    queue = SendQueue(10_000)
    push(queue, event(1), event(2))
    push(queue, event(3))

    assert told(drain(queue)) == [[1, 2, 3, "e:3"]]
    assert len(queue) == 0


def test_a_message_holds_so_many_bytes_or_one_event() -> None:
    queue = SendQueue(10_000)
    push(queue, *(event(offset) for offset in range(5)))

    assert told(drain(queue, 200)) == [[0, 1, "e:1"], [2, 3, "e:3"], [4, "e:4"]]
    push(queue, event(5), event(6))
    assert told(drain(queue, 1)) == [[5, "e:5"], [6, "e:6"]]


def test_streamers_take_turns_and_own_messages_go_first() -> None:
    queue = SendQueue(10_000)
    push(queue, event(1), event(2))
    push(queue, event(7), streamer_id=TWO)
    queue.push_message(b'{"type":"ping"}')

    assert told(drain(queue, 1)) == ["ping", [1, "e:1"], [7, "e:7"], [2, "e:2"]]


def test_a_streamers_message_keeps_its_place() -> None:
    queue = SendQueue(10_000)
    push(queue, event(1))
    queue.push_message(b'{"type":"subscribed"}', ONE)
    push(queue, event(2))

    assert told(drain(queue)) == [[1, "e:1"], "subscribed", [2, "e:2"]]


def test_a_newer_state_replaces_the_older_and_says_so() -> None:
    queue = SendQueue(10_000)
    push(queue, event(1, STATE, "viewers"), event(2, STATE, "poll"), event(3))

    assert push(queue, event(4, STATE, "viewers")) == 1
    assert told(drain(queue)) == [("state", "e:1", "e:1", 1), [2, 3, 4, "e:4"]]


def test_a_state_that_was_sent_is_not_replaced() -> None:
    queue = SendQueue(10_000)
    push(queue, event(1, STATE, "viewers"))
    drain(queue)

    assert push(queue, event(2, STATE, "viewers")) == 0
    assert told(drain(queue)) == [[2, "e:2"]]


def test_the_oldest_chat_is_thinned_from_half_of_the_limit_on() -> None:
    queue = SendQueue(4 * 2 * (OVERHEAD_BYTES + 90))
    chats = [event(offset, CHAT) for offset in range(12)]

    omitted = sum(push(queue, chat) for chat in chats)

    assert 0 < omitted < 12
    assert not queue.overflows
    assert told(drain(queue)) == [
        ("chat", "e:0", f"e:{omitted - 1}", omitted),
        [*range(omitted, 12), "e:11"],
    ]


def test_what_was_left_out_around_a_kept_event_is_told_apart() -> None:
    queue = SendQueue(1_000)
    push(queue, event(1, CHAT), event(2, CHAT), event(3), event(4, CHAT), event(5, CHAT))

    assert told(drain(queue)) == [("chat", "e:1", "e:2", 2), [3, "e:3"], ("chat", "e:4", "e:5", 2)]


def test_chat_that_was_sent_before_older_chat_is_not_thinned() -> None:
    queue = SendQueue(4_000)
    push(queue, event(1), event(2, CHAT))
    push(queue, event(7, CHAT), streamer_id=TWO)
    assert told([json.loads(queue.take(1) or b"") for _ in range(2)]) == [[1, "e:1"], [7, "e:7"]]

    assert push(queue, *(event(offset) for offset in range(3, 12))) == 1
    assert told(drain(queue)) == [("chat", "e:2", "e:2", 1), [*range(3, 12), "e:11"]]


def test_chat_that_has_been_sent_is_not_thinned() -> None:
    queue = SendQueue(2_000)
    push(queue, event(1, CHAT), event(2, CHAT))
    drain(queue)

    assert push(queue, *(event(offset) for offset in range(3, 6)), event(6, CHAT)) == 1
    assert told(drain(queue)) == [[3, 4, 5, "e:5"], ("chat", "e:6", "e:6", 1)]


def test_critical_events_above_the_limit_overflow() -> None:
    queue = SendQueue(1_000)
    while not queue.overflows:
        push(queue, event(len(queue)))

    assert len(queue) > 1_000


def test_a_queue_that_is_cleared_has_nothing() -> None:
    queue = SendQueue(10_000)
    push(queue, event(1), event(2, CHAT), event(3, STATE))
    queue.push_message(b"{}")

    queue.clear()

    assert len(queue) == 0
    assert queue.take(1_000) is None


def test_a_cursor_moves_with_the_next_events_or_alone() -> None:
    queue = SendQueue(10_000)
    queue.push_events(ONE, at(5), [])
    queue.push_events(ONE, at(8), [])
    size = len(queue)
    push(queue, event(9))
    queue.push_events(ONE, at(12), [event(10)])

    assert size == OVERHEAD_BYTES
    assert told(drain(queue)) == [[9, 10, "e:12"]]
    queue.push_events(ONE, at(20), [])
    assert told(drain(queue)) == [["e:20"]]


def test_epochs_do_not_mix() -> None:
    queue = SendQueue(10_000)
    queue.push_events(ONE, at(3), [])
    queue.push_events(ONE, at(1, "f"), [Event(1, CRITICAL, "t", "", "m", b'{"position":"f:1"}', 0)])

    assert told(drain(queue)) == [["e:3"], [1, "f:1"]]


def test_omissions_of_two_epochs_are_told_apart() -> None:
    queue = SendQueue(600)
    queue.push_events(ONE, at(3), [event(3, CHAT)])
    queue.push_events(ONE, at(1, "f"), [event(1, CHAT), event(2, CHAT)])

    found = told(drain(queue))

    assert found[:2] == [("chat", "e:3", "e:3", 1), ("chat", "f:1", "f:2", 2)]


OPERATION = st.one_of(
    st.tuples(
        st.just("events"),
        st.sampled_from([ONE, TWO]),
        st.lists(
            st.tuples(st.sampled_from([CRITICAL, STATE, CHAT, CHAT]), st.sampled_from(["a", "b"]), st.integers(1, 3)),
            max_size=6,
        ),
        st.integers(0, 2),
    ),
    st.tuples(st.just("message"), st.sampled_from([ONE, TWO]), st.just([]), st.just(0)),
    st.tuples(st.just("take"), st.just(""), st.just([]), st.integers(1, 400)),
    st.tuples(st.just("thin"), st.just(""), st.just([]), st.just(0)),
)


@given(st.lists(OPERATION, max_size=40), st.integers(400, 6_000))
def test_each_event_is_sent_or_told_as_left_out(operations: list[Any], max_bytes: int) -> None:
    queue = SendQueue(max_bytes)
    pushed: dict[str, list[Event]] = {ONE: [], TWO: []}
    head = {ONE: -1, TWO: -1}
    omitted = 0
    messages: list[dict[str, Any]] = []
    for kind, streamer_id, wanted, number in operations:
        if kind == "events":
            events = []
            for event_class, key, distance in wanted:
                head[streamer_id] += distance
                events.append(event(head[streamer_id], event_class, key))
            head[streamer_id] += number
            pushed[streamer_id] += events
            if events or number:
                omitted += queue.push_events(streamer_id, at(head[streamer_id]), events)
        elif kind == "message":
            mark = {"type": "mark", "streamer_id": streamer_id, "offset": head[streamer_id]}
            queue.push_message(json.dumps(mark).encode(), streamer_id)
        elif kind == "thin":
            before = sum(queue.left_out.values())
            queue.thin()
            omitted += sum(queue.left_out.values()) - before
        elif (message := queue.take(number)) is not None:
            messages.append(json.loads(message))
    messages += drain(queue)

    assert len(queue) == 0
    assert sum(message.get("count", 0) for message in messages) == omitted == sum(queue.left_out.values())
    for streamer_id, events in pushed.items():
        own = [message for message in messages if message["streamer_id"] == streamer_id]
        assert_whole(own, events)
        assert_in_order(own, head[streamer_id])


def assert_whole(messages: list[dict[str, Any]], events: list[Event]) -> None:
    sent = {int(one["position"][2:]) for message in messages for one in message.get("events", ())}
    missing = [one for one in events if one.offset not in sent]
    newest_states = {one.key: one.offset for one in events if one.event_class is STATE}
    assert not any(one.event_class is CRITICAL for one in missing)
    assert not {one.offset for one in missing if one.event_class is STATE} & set(newest_states.values())
    for event_class in (STATE, CHAT):
        left_out = [one.offset for one in missing if one.event_class is event_class]
        ranges = [message for message in messages if message.get("class") == event_class.label]
        covered = []
        for lag in ranges:
            first, last = int(lag["from"][2:]), int(lag["to"][2:])
            inside = [offset for offset in left_out if first <= offset <= last]
            assert len(inside) == lag["count"]
            assert (inside[0], inside[-1]) == (first, last)
            covered += inside
        assert covered == left_out


def assert_in_order(messages: list[dict[str, Any]], head: int) -> None:
    """Positions rise, a lag lies between the events around it, and a mark behind all that came before it."""
    position, last_event = -1, -1
    for message in messages:
        if message["type"] == "events":
            for one in message["events"]:
                offset = int(one["position"][2:])
                assert offset > position
                position = last_event = offset
            assert int(message["position"][2:]) >= position
            position = int(message["position"][2:])
        elif message["type"] == "lagged":
            assert int(message["from"][2:]) > last_event
            position = max(position, int(message["to"][2:]))
        else:
            assert message["offset"] >= position
            position = last_event = max(position, message["offset"])
    if messages:
        assert position == head or messages[-1]["type"] == "lagged"
