"""What waits for one connection actor, cut into batches that cover each streamer's log without a hole.

Invariant: of each joined streamer, the batches taken cover ``(after, to]`` end to end, each event once and in
order; where that can no longer be kept, a batch says so: its ``after`` is what its receiver cannot have covered,
so the receiver joins again. Nothing is dropped silently.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from gstreamer.core.events import Batch, Event

BATCH_BYTES = 64 * 1024
"""A call's size: above 100 KiB Ray goes through its object store, which costs twice the time."""
MAX_BYTES = 8 * 2**20

_EVENT_BYTES = 100
_BATCH_BYTES = 200


class _Feed:
    """What waits of one streamer since its join."""

    __slots__ = ("broken", "covered", "epoch", "events", "generation", "sent", "size", "streamer_id")

    def __init__(self, streamer_id: str, generation: int, epoch: str, after: int) -> None:
        self.streamer_id = streamer_id
        self.generation = generation
        self.epoch = epoch
        self.sent = after
        self.covered = after
        self.events: deque[Event] = deque()
        self.size = 0
        self.broken = False

    def cut(self, room: int, at_least_one: bool) -> tuple[Batch, int] | None:
        """The next batch that fits into ``room`` with its cost; None if none does."""
        cost = _BATCH_BYTES
        events: list[Event] = []
        while self.events:
            size = event_bytes(self.events[0])
            if cost + size > room and not (at_least_one and not events):
                break
            events.append(self.events.popleft())
            self.size -= size
            cost += size
        if self.events and not events:
            return None
        after, self.sent = self.sent, events[-1].offset if self.events else self.covered
        return Batch(self.streamer_id, self.generation, self.epoch, after, self.sent, tuple(events)), cost

    def break_off(self) -> None:
        self.events.clear()
        self.size = 0
        self.broken = True

    def rupture(self) -> Batch:
        """An empty batch behind everything that was ever covered."""
        beyond = self.covered + 1
        return Batch(self.streamer_id, self.generation, self.epoch, beyond, beyond, ())


class Outbox:
    """
    The joins of one connection actor and what waits for it.

    Args:
        max_bytes: What may wait; beyond it the fullest streamers are broken off and have to be joined again.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._feeds: dict[str, _Feed] = {}
        self._waiting: dict[str, None] = {}  # streamers with something to tell, longest waiting first
        self._taken: dict[str, _Feed] = {}
        self._size = 0

    def __bool__(self) -> bool:
        """Whether ``take`` would give something."""
        return bool(self._waiting)

    def __contains__(self, streamer_id: str) -> bool:
        return streamer_id in self._feeds

    def __len__(self) -> int:
        return len(self._feeds)

    @property
    def size_bytes(self) -> int:
        """What waits."""
        return self._size

    def join(self, streamer_id: str, generation: int, epoch: str, after: int) -> None:
        """From now on cover this streamer after ``after``; an earlier join and what waited of it are forgotten."""
        self.leave(streamer_id)
        self._feeds[streamer_id] = _Feed(streamer_id, generation, epoch, after)

    def leave(self, streamer_id: str) -> None:
        """Cover this streamer no more."""
        feed = self._feeds.pop(streamer_id, None)
        if feed is not None:
            self._size -= feed.size
            self._waiting.pop(streamer_id, None)

    def refuse(self, streamer_ids: Iterable[str]) -> None:
        """The receiver of the last batches taken does not want these streamers, unless joined anew since then."""
        for streamer_id in streamer_ids:
            feed = self._feeds.get(streamer_id)
            if feed is not None and feed is self._taken.get(streamer_id):
                self.leave(streamer_id)

    def add(self, streamer_id: str, events: Sequence[Event], to: int) -> tuple[str, ...]:
        """
        This streamer's log is covered up to ``to``, with these events in what is new; ignored if not joined.

        Returns:
            Streamers that were broken off, since more waits than may.
        """
        feed = self._feeds.get(streamer_id)
        if feed is None or feed.broken or to <= feed.covered:
            return ()
        # A join can be ahead of its streamer's publishing: the answer held these already.
        fresh = [event for event in events if event.offset > feed.covered]
        feed.events.extend(fresh)
        size = sum(map(event_bytes, fresh))
        feed.size += size
        feed.covered = to
        self._size += size
        self._waiting[streamer_id] = None
        return self._relieve()

    def break_off(self, streamer_id: str, generation: int) -> None:
        """Tell the receiver, by the word of this generation, to join this streamer again; that ends its join."""
        feed = self._feeds.get(streamer_id)
        if feed is not None:
            self._size -= feed.size
            feed.break_off()
            feed.generation = generation
            self._waiting[streamer_id] = None

    def take(self, max_bytes: int = BATCH_BYTES) -> tuple[Batch, ...]:
        """The next batches, of ``max_bytes`` in all or of one event; those that waited longest come first."""
        self._taken = {}
        batches: list[Batch] = []
        room = max_bytes
        for streamer_id in list(self._waiting):
            feed = self._feeds[streamer_id]
            before = feed.size
            cut = (feed.rupture(), _BATCH_BYTES) if feed.broken else feed.cut(room, at_least_one=not batches)
            if cut is None:
                break
            batch, cost = cut
            batches.append(batch)
            room -= cost
            self._size -= before - feed.size
            self._taken[streamer_id] = feed
            del self._waiting[streamer_id]
            if feed.broken:
                del self._feeds[streamer_id]
            elif feed.events:
                self._waiting[streamer_id] = None
            if room < _BATCH_BYTES:
                break
        return tuple(batches)

    def _relieve(self) -> tuple[str, ...]:
        broken = []
        while self._size > self._max_bytes:
            fullest = max(self._feeds.values(), key=lambda feed: feed.size)
            self.break_off(fullest.streamer_id, fullest.generation)
            broken.append(fullest.streamer_id)
        return tuple(broken)


def event_bytes(event: Event) -> int:
    """About what an event takes in a call."""
    return event.size + len(event.message_id) + len(event.type) + len(event.key) + _EVENT_BYTES
