"""Batches of a connection actor cover each streamer's log end to end, or tell it to join again."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gstreamer.core.batching import BATCH_BYTES, Outbox, event_bytes
from gstreamer.core.events import Batch, Event
from tests.records import event

IDS = ["1", "2", "3"]


def drain(outbox: Outbox) -> list[Batch]:
    batches: list[Batch] = []
    while outbox:
        batches.extend(outbox.take())
    return batches


class _Receiver(RuleBasedStateMachine):
    """
    An outbox beside a model of all that was ever published, and of a receiver that joins again when it must.

    The receiver keeps the rule of every connection actor: a batch whose ``after`` is not what it covered makes it
    join again from there.
    """

    def __init__(self) -> None:
        super().__init__()
        self.outbox = Outbox(max_bytes=6_000)
        self.head = dict.fromkeys(IDS, -1)
        self.log: dict[str, list[Event]] = {one: [] for one in IDS}
        self.covered: dict[str, int] = {}
        self.got: dict[str, list[Event]] = {one: [] for one in IDS}

    def _join(self, streamer_id: str) -> None:
        after = self.covered.get(streamer_id, self.head[streamer_id])
        self.outbox.join(streamer_id, 1, "e", self.head[streamer_id])
        self.got[streamer_id] += [one for one in self.log[streamer_id] if one.offset > after]
        self.covered[streamer_id] = self.head[streamer_id]

    @rule(streamer_id=st.sampled_from(IDS))
    def join(self, streamer_id: str) -> None:
        if streamer_id not in self.covered:
            self.got[streamer_id] = [one for one in self.log[streamer_id] if one.offset <= self.head[streamer_id]]
        self._join(streamer_id)

    @rule(streamer_id=st.sampled_from(IDS))
    def leave(self, streamer_id: str) -> None:
        self.outbox.leave(streamer_id)
        self.covered.pop(streamer_id, None)
        assert streamer_id not in self.outbox

    @rule(streamer_id=st.sampled_from(IDS), sizes=st.lists(st.integers(0, 3_000), max_size=4), hole=st.integers(0, 2))
    def publish(self, streamer_id: str, sizes: list[int], hole: int) -> None:
        first = self.head[streamer_id] + 1
        events = [event(first + n, size) for n, size in enumerate(sizes)]
        self.log[streamer_id] += events
        self.head[streamer_id] += len(sizes) + hole
        self.outbox.add(streamer_id, events, self.head[streamer_id])

    @precondition(lambda self: bool(self.outbox))
    @rule(room=st.sampled_from([1_000, BATCH_BYTES]))
    def take(self, room: int) -> None:
        batches = self.outbox.take(room)
        events = [one for batch in batches for one in batch.events]
        assert batches
        assert len(events) == 1 or sum(map(event_bytes, events)) <= room
        for batch in batches:
            self._receive(batch)

    def _receive(self, batch: Batch) -> None:
        assert batch.streamer_id in self.covered, "nothing comes of what was left"
        if batch.after != self.covered[batch.streamer_id]:
            assert batch.after > self.covered[batch.streamer_id]
            self._join(batch.streamer_id)
            return
        assert all(batch.after < one.offset <= batch.to for one in batch.events)
        self.got[batch.streamer_id] += batch.events
        self.covered[batch.streamer_id] = batch.to

    @invariant()
    def what_is_covered_came_once_and_in_order(self) -> None:
        for streamer_id, covered in self.covered.items():
            assert self.got[streamer_id] == [one for one in self.log[streamer_id] if one.offset <= covered]

    @invariant()
    def memory_is_bounded(self) -> None:
        assert self.outbox.size_bytes <= 6_000

    def teardown(self) -> None:
        while self.outbox:
            self.take(BATCH_BYTES)
        for streamer_id, covered in self.covered.items():
            assert covered == self.head[streamer_id], "nothing is left behind"
        assert self.outbox.size_bytes == 0


TestReceiver = _Receiver.TestCase
TestReceiver.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_call_is_small_enough_for_the_wire() -> None:
    outbox = Outbox()
    for streamer_id in IDS:
        outbox.join(streamer_id, 1, "AbCdEfGh", -1)
        outbox.add(streamer_id, [event(n, 350) for n in range(300)], 299)

    calls = []
    while outbox:
        calls.append(outbox.take())

    assert len(calls) == 7
    assert max(len(pickle.dumps(call)) for call in calls) <= BATCH_BYTES


def test_an_event_larger_than_a_call_goes_alone() -> None:
    outbox = Outbox()
    outbox.join("1", 1, "e", -1)
    outbox.add("1", [event(0), event(1, 300_000), event(2)], 3)

    calls = [outbox.take(), outbox.take(), outbox.take()]

    assert [[(b.after, b.to, len(b.events)) for b in call] for call in calls] == [
        [(-1, 0, 1)],
        [(0, 1, 1)],
        [(1, 3, 1)],
    ]


def test_a_hot_streamer_does_not_hold_up_the_others() -> None:
    outbox = Outbox()
    for streamer_id in ("hot", "quiet"):
        outbox.join(streamer_id, 1, "e", -1)
    outbox.add("hot", [event(n, 1_000) for n in range(200)], 199)
    outbox.add("quiet", [event(0, 2_000)], 0)

    first, second = outbox.take(), outbox.take()

    assert [batch.streamer_id for batch in first] == ["hot"]
    assert [batch.streamer_id for batch in second] == ["quiet", "hot"]


def test_too_much_waiting_breaks_off_the_fullest_and_says_so() -> None:
    outbox = Outbox(max_bytes=10_000)
    for streamer_id in ("1", "2"):
        outbox.join(streamer_id, 4, "e", 9)
    outbox.add("1", [event(10, 8_000)], 10)

    assert outbox.add("2", [event(10, 3_000)], 10) == ("1",)

    assert drain(outbox) == [Batch("1", 4, "e", 11, 11, ()), Batch("2", 4, "e", 9, 10, (event(10, 3_000),))]
    assert outbox.add("1", [event(12)], 12) == ()
    assert drain(outbox) == [], "until it is joined again"


def test_a_new_generation_makes_its_receivers_join_again() -> None:
    outbox = Outbox()
    outbox.join("1", 4, "e", 9)
    outbox.add("1", [event(10)], 10)

    outbox.break_off("1", 5)
    outbox.break_off("2", 5)

    assert drain(outbox) == [Batch("1", 5, "e", 11, 11, ())]


def test_what_a_join_answered_is_not_sent_again() -> None:
    outbox = Outbox()
    outbox.join("1", 1, "e", 5)

    outbox.add("1", [event(4), event(5)], 5)
    outbox.add("1", [event(5), event(6)], 6)

    assert drain(outbox) == [Batch("1", 1, "e", 5, 6, (event(6),))]


def test_a_refused_streamer_is_left_unless_it_was_joined_anew() -> None:
    outbox = Outbox()
    for streamer_id in ("1", "2"):
        outbox.join(streamer_id, 1, "e", -1)
        outbox.add(streamer_id, [event(0)], 0)
    outbox.take()
    outbox.join("2", 1, "e", 0)

    outbox.refuse(("1", "2", "3"))

    assert "1" not in outbox
    assert len(outbox) == 1


@pytest.mark.parametrize("streamers", [1, 1_000])
def test_batches_without_events_fill_a_call_too(streamers: int) -> None:
    outbox = Outbox()
    for n in range(streamers):
        outbox.join(str(n), 1, "e", -1)
        outbox.add(str(n), [], 0)

    first = outbox.take()

    assert len(first) == min(streamers, BATCH_BYTES // 200)
    assert sum(len(batch.events) for batch in drain(outbox)) == 0
