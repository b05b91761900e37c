"""The newest events of one streamer's log at a connection actor, bounded by bytes.

Invariant: every event in ``(floor, covered]`` is held; what lies at ``floor`` or before may be gone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence

from gstreamer.core.events import Event

EVENT_OVERHEAD_BYTES = 400
"""What an event costs besides its encoded form: the tuple, its texts, two list entries."""


def size_of(event: Event) -> int:
    """The bytes that a held event is counted with."""
    return event.size + EVENT_OVERHEAD_BYTES


def pieces(events: Sequence[Event], to: int, max_bytes: int) -> Iterator[tuple[list[Event], int]]:
    """The events up to ``to`` in parts of at most ``max_bytes`` (or one event), each with what it covers."""
    part: list[Event] = []
    size = 0
    for event in events:
        if part and size + len(event.encoded) > max_bytes:
            yield part, part[-1].offset
            part, size = [], 0
        part.append(event)
        size += len(event.encoded)
    yield part, to


class Ring:
    """
    Events by offset.

    Args:
        floor: The offset after which everything will be held.
        max_bytes: How much ``evict`` leaves.
    """

    __slots__ = ("_bytes", "_events", "_max_bytes", "_offsets", "covered", "floor")

    def __init__(self, floor: int, max_bytes: int) -> None:
        self.floor = floor
        self.covered = floor
        self._max_bytes = max_bytes
        self._offsets: list[int] = []
        self._events: list[Event] = []
        self._bytes = 0

    def append(self, events: Sequence[Event], to: int) -> None:
        """Take the events of ``(covered, to]``; older ones among them are known already and left out."""
        fresh = [event for event in events if event.offset > self.covered]
        self._events += fresh
        self._offsets += [event.offset for event in fresh]
        self._bytes += sum(map(size_of, fresh))
        self.covered = max(self.covered, to)

    def prepend(self, events: Sequence[Event], after: int) -> None:
        """Take the events of ``(after, floor]``; ``after`` is the new floor."""
        older = [event for event in events if after < event.offset <= self.floor]
        self._events[:0] = older
        self._offsets[:0] = [event.offset for event in older]
        self._bytes += sum(map(size_of, older))
        self.floor = min(self.floor, after)

    def between(self, after: int, to: int) -> list[Event]:
        """The events of ``(after, to]``, which must not reach below the floor."""
        return self._events[bisect_right(self._offsets, after) : bisect_right(self._offsets, to)]

    def piece(self, after: int, to: int, max_bytes: int) -> tuple[list[Event], int]:
        """As ``between``, but at most ``max_bytes`` (or one event), with the offset that this covers."""
        first, last = bisect_right(self._offsets, after), bisect_right(self._offsets, to)
        end, size = first, 0
        while end < last and (end == first or size + len(self._events[end].encoded) <= max_bytes):
            size += len(self._events[end].encoded)
            end += 1
        return self._events[first:end], to if end == last else self._offsets[end - 1]

    def evict(self, up_to: int, stretch: int = 1) -> None:
        """Drop the oldest, but none above ``up_to``, until ``stretch`` times the limit is kept."""
        end = 0
        while self._bytes > self._max_bytes * stretch and end < len(self._offsets) and self._offsets[end] <= up_to:
            self._bytes -= size_of(self._events[end])
            self.floor = self._offsets[end]
            end += 1
        if end:
            del self._events[:end], self._offsets[:end]
