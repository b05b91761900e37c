"""Recent events of one streamer, addressed by offset, for connection actors that catch up.

Invariant: every event from ``complete_from`` up to ``covered`` is held.
"""

from __future__ import annotations

from bisect import bisect_right

from gstreamer.core.errors import UnrecoverablePositionError
from gstreamer.core.events import Event

EVENT_BYTES = 400
"""Memory of a held event besides its encoded form: tuple, ids, type."""


class History:
    """
    The last encoded events of one streamer, within a number of bytes.

    Args:
        max_bytes: How much it may hold; a single event that is larger is not held at all.
        start: Offset of the first record that this object will be told of. Offsets are those of the Kafka
            partition, so a position outlives the actor that gave it out.

    Attributes:
        complete_from: The first offset from which nothing is missing.
        covered: The last offset that was told of, whether or not an event lies there.
        size_bytes: What the held events take.
    """

    def __init__(self, max_bytes: int, start: int) -> None:
        self._max_bytes = max_bytes
        self._events: list[Event] = []
        self._first = 0  # events before this index are evicted; the list is cut when they are the half of it
        self.complete_from = start
        self.covered = start - 1
        self.size_bytes = 0

    def append(self, event: Event) -> None:
        """Hold one more event; its offset is above ``covered``."""
        self._events.append(event)
        self.size_bytes += _size(event)
        self.covered = event.offset
        self._evict()

    def cover(self, offset: int) -> None:
        """There is no further event up to ``offset``."""
        self.covered = max(self.covered, offset)

    def skip(self, offset: int) -> None:
        """What lies up to ``offset`` was not looked at, so completeness begins behind it."""
        self.clear()
        self.covered = max(self.covered, offset)
        self.complete_from = self.covered + 1

    def clear(self) -> None:
        """Hold nothing; completeness begins after ``covered``."""
        self._events.clear()
        self._first = 0
        self.size_bytes = 0
        self.complete_from = self.covered + 1

    def since(self, offset: int) -> tuple[Event, ...]:
        """
        The events after ``offset``, oldest first.

        Raises:
            UnrecoverablePositionError: If some of them are no longer held.
        """
        if offset + 1 < self.complete_from:
            raise UnrecoverablePositionError(offset, self.complete_from)
        begin = bisect_right(self._events, offset, lo=self._first, key=_offset)
        return tuple(self._events[begin:])

    def _evict(self) -> None:
        while self.size_bytes > self._max_bytes:
            event = self._events[self._first]
            self._first += 1
            self.size_bytes -= _size(event)
            self.complete_from = event.offset + 1
        if self._first * 2 > len(self._events):
            del self._events[: self._first]
            self._first = 0


def _size(event: Event) -> int:
    return event.size + EVENT_BYTES


def _offset(event: Event) -> int:
    return event.offset
