"""A subscriber stands to a streamer in one way, and the ring keeps what somebody still has to read."""

from __future__ import annotations

import pytest

from gstreamer.core.channel import STRETCH, Answer, Channel
from gstreamer.core.events import Batch, Event, EventClass
from gstreamer.core.filters import ALL, filter_of
from gstreamer.core.ids import Position
from gstreamer.core.protocol import Want
from gstreamer.core.ring import Ring, size_of

CHEERS = filter_of(["channel.cheer"])


def event(offset: int) -> Event:
    return Event(offset, EventClass.CRITICAL, "stream.online", "", f"m{offset}", b"x" * 100, 0)


def channel(floor: int = 4, head: int = 9, events: int = 1_000) -> Channel[str]:
    """A streamer known up to ``head``, of whom what lies after ``floor`` is held; room for so many events."""
    known: Channel[str] = Channel(events * size_of(event(0)))
    known.epoch, known.flushed = "e", head
    known.ring = Ring(floor, events * size_of(event(0)))
    known.ring.append([event(offset) for offset in range(floor + 1, head + 1)], head)
    return known


def test_from_now_on_is_live_at_the_head() -> None:
    known = channel()

    assert known.place("viewer", Want(None, CHEERS)) == Answer("viewer", Position("e", 9), None)
    assert known.groups[CHEERS].members == {"viewer": 9}
    assert (known.catching, known.waiting) == ({}, {})


def test_equal_filters_share_a_group() -> None:
    known = channel()
    for viewer, types in (("a", ALL), ("b", CHEERS), ("c", ALL)):
        known.place(viewer, Want(None, types))

    assert {types: set(group.members) for types, group in known.groups.items()} == {ALL: {"a", "c"}, CHEERS: {"b"}}


@pytest.mark.parametrize("offset", [4, 7, 9])
def test_a_position_in_the_ring_is_caught_up_from(offset: int) -> None:
    known, wanted = channel(), Position("e", offset)

    assert known.place("viewer", Want(wanted, ALL)) == Answer("viewer", wanted, None)
    assert known.catching == {"viewer": (wanted, ALL)}
    assert (known.groups, known.waiting) == ({}, {})


@pytest.mark.parametrize("wanted", [Position("e", 3), Position("other", 7)])
def test_any_other_position_is_for_a_host_to_say(wanted: Position) -> None:
    known, want = channel(), Want(wanted, ALL)

    assert known.place("viewer", want) is None
    assert known.waiting == {"viewer": want}
    assert (known.groups, known.catching) == ({}, {})


@pytest.mark.parametrize("position", [None, Position("e", 0)])
def test_before_the_first_join_everybody_waits(position: Position | None) -> None:
    unknown: Channel[str] = Channel(1_000)

    assert unknown.place("viewer", Want(position, ALL)) is None
    assert set(unknown.waiting) == {"viewer"}


def test_what_another_epoch_holds_of_ours_starts_where_its_batch_does() -> None:
    known = channel(floor=4)
    batch = Batch("1001", 1, "e", 6, 9, ())

    assert known.goes_on(Position("e", 2), batch) == 4
    assert known.goes_on(Position("older", 2), batch) == 6


@pytest.mark.parametrize("reader", ["catching", "waiting", "nobody"])
def test_the_ring_stretches_for_those_who_still_read_it(reader: str) -> None:
    known = channel(floor=-1, head=9, events=2)
    if reader == "catching":
        known.place("viewer", Want(Position("e", 0), ALL))
    elif reader == "waiting":
        known.place("viewer", Want(Position("other", 0), ALL))

    known.evict()

    kept = 9 - known.ring.floor
    assert kept == (2 if reader == "nobody" else 2 * STRETCH)
