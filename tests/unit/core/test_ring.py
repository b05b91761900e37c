"""Everything above the floor is held, and the floor rises only as far as it may."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gstreamer.core.events import Event, EventClass
from gstreamer.core.ring import Ring, pieces, size_of


def event(offset: int, size: int = 10) -> Event:
    return Event(offset, EventClass.CRITICAL, "t", "", f"m{offset}", b"x" * size, 0)


def offsets(events: list[Event]) -> list[int]:
    return [one.offset for one in events]


def test_known_events_are_left_out_of_an_append() -> None:
    ring = Ring(4, 10_000)
    ring.append([event(5), event(7)], 8)
    ring.append([event(7), event(9)], 9)
    ring.append([event(5)], 6)

    assert offsets(ring.between(4, 9)) == [5, 7, 9]
    assert ring.covered == 9


def test_older_events_lower_the_floor() -> None:
    ring = Ring(4, 10_000)
    ring.append([event(5)], 6)
    ring.prepend([event(1), event(3), event(4), event(5)], 1)

    assert ring.floor == 1
    assert offsets(ring.between(1, 6)) == [3, 4, 5]


def test_eviction_stops_at_its_limit_and_at_what_is_not_flushed() -> None:
    ring = Ring(-1, 3 * size_of(event(0)))
    ring.append([event(offset) for offset in range(10)], 9)

    ring.evict(2)
    assert ring.floor == 2
    ring.evict(9, stretch=2)
    assert ring.floor == 3
    ring.evict(9)
    assert ring.floor == 6
    ring.evict(9)
    assert ring.floor == 6
    assert offsets(ring.between(6, 9)) == [7, 8, 9]


@given(st.lists(st.integers(1, 40), max_size=20), st.integers(-1, 20), st.integers(1, 100))
def test_pieces_follow_each_other_without_a_hole(sizes: list[int], start: int, max_bytes: int) -> None:
    ring = Ring(-1, 10_000)
    ring.append([event(offset, size) for offset, size in enumerate(sizes)], 30)

    seen: list[int] = []
    after = start
    while after < 30:
        part, following = ring.piece(after, 30, max_bytes)
        assert len(part) <= 1 or sum(len(one.encoded) for one in part) <= max_bytes
        assert following > after
        seen += offsets(part)
        after = following

    assert seen == [offset for offset in range(len(sizes)) if offset > start]


@given(st.lists(st.integers(1, 40), max_size=20), st.integers(1, 100))
def test_parts_of_a_flush_are_bounded_and_whole(sizes: list[int], max_bytes: int) -> None:
    events = [event(offset, size) for offset, size in enumerate(sizes)]

    parts = list(pieces(events, 99, max_bytes))

    assert [one for part, _ in parts for one in part] == events
    assert all(len(part) <= 1 or sum(len(one.encoded) for one in part) <= max_bytes for part, _ in parts)
    assert [to for _, to in parts] == [part[-1].offset for part, _ in parts[:-1]] + [99]
