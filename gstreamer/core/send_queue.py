"""What one slow socket has yet to be sent: bounded, thinned by class, with every omission told.

Each streamer has a lane in position order; what is not of a streamer goes before all lanes. Invariant: each
critical event pushed is taken, every other one is taken or counted by exactly one ``lagged``, and the ``to`` of
a ``lagged`` lies before the next event of that streamer. A socket that keeps up never has a queue.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from typing import NamedTuple

from gstreamer.core import protocol
from gstreamer.core.events import Event, EventClass
from gstreamer.core.ids import Position

OVERHEAD_BYTES = 200
"""What an entry costs besides its bytes."""


class _Omitted(NamedTuple):
    """Events of one class that were left out: first and last offset, and how many."""

    first: int
    last: int
    number: int


class _Entry:
    """
    A place in a lane: an event, a ready message, or what was left out here (by class).

    ``epoch`` is set for events and omissions; ``move`` is a cursor's move without an event.
    """

    __slots__ = ("epoch", "event", "following", "message", "move", "omitted", "preceding")

    def __init__(
        self, epoch: str = "", event: Event | None = None, message: bytes = b"", move: int | None = None
    ) -> None:
        self.epoch = epoch
        self.event = event
        self.message = message
        self.move = move
        self.omitted: dict[EventClass, _Omitted] | None = None
        self.preceding: _Entry | None = None
        self.following: _Entry | None = None

    @property
    def size(self) -> int:
        return OVERHEAD_BYTES + len(self.message) + (0 if self.event is None else len(self.event.encoded))


class _Lane:
    """A streamer's entries as a linked list, so that an omission finds its neighbours at once."""

    __slots__ = ("first", "last", "states", "streamer_id")

    def __init__(self, streamer_id: str) -> None:
        self.streamer_id = streamer_id
        self.first: _Entry | None = None
        self.last: _Entry | None = None
        self.states: dict[str, _Entry] = {}

    def append(self, entry: _Entry) -> None:
        entry.preceding = self.last
        if self.last is None:
            self.first = entry
        else:
            self.last.following = entry
        self.last = entry

    def remove(self, entry: _Entry) -> None:
        if entry.preceding is None:
            self.first = entry.following
        else:
            entry.preceding.following = entry.following
        if entry.following is None:
            self.last = entry.preceding
        else:
            entry.following.preceding = entry.preceding


class SendQueue:
    """
    The queue of one slow socket.

    Args:
        max_bytes: Above it the socket is too slow (``overflows``); chat is thinned from half of it on.

    Attributes:
        left_out: How many events of each class were left out; whoever counts them clears it.
    """

    __slots__ = ("_bytes", "_chats", "_lanes", "_max_bytes", "_messages", "left_out")

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._messages: deque[bytes] = deque()
        self._lanes: OrderedDict[str, _Lane] = OrderedDict()
        self._chats: deque[tuple[_Lane, _Entry]] = deque()
        self.left_out: dict[EventClass, int] = {}

    def __len__(self) -> int:
        """Bytes that wait, overhead included."""
        return self._bytes

    @property
    def overflows(self) -> bool:
        """Whether more waits than may, although everything that can be thinned was."""
        return self._bytes > self._max_bytes

    def push_message(self, message: bytes, streamer_id: str | None = None) -> None:
        """Queue a message that is never left out: behind its streamer's events, or before all lanes."""
        if streamer_id is None:
            self._messages.append(message)
            self._bytes += OVERHEAD_BYTES + len(message)
        else:
            self._push(self._lane(streamer_id), _Entry(message=message))

    def push_events(self, streamer_id: str, position: Position, events: Sequence[Event]) -> int:
        """
        Queue events up to ``position`` (none: the cursor moves there).

        Returns:
            How many events were left out for it, of whatever streamer.
        """
        lane = self._lane(streamer_id)
        omitted = 0
        last = lane.last
        if events and last is not None and last.move is not None and last.epoch == position.epoch:
            self._pop(lane, last)  # the events move the cursor further
        for event in events:
            entry = _Entry(position.epoch, event)
            if event.event_class is EventClass.STATE:
                replaced = lane.states.pop(event.key, None)
                if replaced is not None:
                    omitted += self._omit(lane, replaced)
                lane.states[event.key] = entry
            elif event.event_class is EventClass.CHAT:
                self._chats.append((lane, entry))
            self._push(lane, entry)
        self._push_move(lane, position, events)
        return omitted + self._thin(self._max_bytes // 2)

    def thin(self) -> None:
        """Leave out all chat that waits."""
        self._thin(0)

    def clear(self) -> None:
        """Forget all that waits: its socket is being closed."""
        self._messages.clear()
        self._lanes.clear()
        self._chats.clear()
        self._bytes = 0

    def take(self, max_bytes: int) -> bytes | None:
        """
        The next message to send: at most ``max_bytes`` or one event; None if nothing waits.

        Lanes take turns, so that one streamer does not hold up the others.
        """
        if self._messages:
            message = self._messages.popleft()
            self._bytes -= OVERHEAD_BYTES + len(message)
            return message
        if not self._lanes:
            return None
        streamer_id, lane = next(iter(self._lanes.items()))
        message = self._take_from(lane, max_bytes)
        if lane.first is None:
            del self._lanes[streamer_id]
        else:
            self._lanes.move_to_end(streamer_id)
        self._forget_taken_chats()
        return message

    def _lane(self, streamer_id: str) -> _Lane:
        lane = self._lanes.get(streamer_id)
        if lane is None:
            lane = self._lanes[streamer_id] = _Lane(streamer_id)
        return lane

    def _push(self, lane: _Lane, entry: _Entry) -> None:
        lane.append(entry)
        self._bytes += entry.size

    def _push_move(self, lane: _Lane, position: Position, events: Sequence[Event]) -> None:
        if events and events[-1].offset == position.offset:
            return
        last = lane.last
        if last is not None and last.move is not None and last.epoch == position.epoch:
            last.move = position.offset
        else:
            self._push(lane, _Entry(position.epoch, move=position.offset))

    def _thin(self, to_bytes: int) -> int:
        """Leave out the oldest chat until no more waits than that."""
        omitted = 0
        while self._bytes > to_bytes and self._chats:
            lane, entry = self._chats.popleft()
            omitted += self._omit(lane, entry)
        return omitted

    def _omit(self, lane: _Lane, entry: _Entry) -> int:
        """Turn an event into an omission, one with the omissions beside it; 0 if it had been sent before."""
        event = entry.event
        if event is None:
            return 0
        self._bytes -= len(event.encoded)
        self.left_out[event.event_class] = self.left_out.get(event.event_class, 0) + 1
        entry.event = None
        entry.omitted = {event.event_class: _Omitted(event.offset, event.offset, 1)}
        if entry.preceding is not None:
            self._merge(lane, entry.preceding, entry)
        if entry.following is not None:
            self._merge(lane, entry, entry.following)
        return 1

    def _merge(self, lane: _Lane, left: _Entry, right: _Entry) -> None:
        """Make one omission of two neighbours."""
        if left.omitted is None or right.omitted is None or left.epoch != right.epoch:
            return
        for event_class, more in left.omitted.items():
            held = right.omitted.get(event_class)
            right.omitted[event_class] = (
                more if held is None else _Omitted(more.first, held.last, more.number + held.number)
            )
        lane.remove(left)
        self._bytes -= left.size

    def _take_from(self, lane: _Lane, max_bytes: int) -> bytes:
        first = lane.first
        assert first is not None, "an empty lane is removed"
        if first.event is not None or first.move is not None:
            return self._take_events(lane, first.epoch, max_bytes)
        if first.omitted is None:
            return self._pop(lane, first).message
        event_class, omitted = min(first.omitted.items(), key=lambda item: item[1].last)
        del first.omitted[event_class]
        if not first.omitted:
            self._pop(lane, first)
        position = Position(first.epoch, omitted.last)
        return protocol.lagged(
            lane.streamer_id, event_class.label, Position(first.epoch, omitted.first), position, omitted.number
        )

    def _take_events(self, lane: _Lane, epoch: str, max_bytes: int) -> bytes:
        encoded: list[bytes] = []
        size, offset = 0, -1
        entry = lane.first
        while entry is not None and entry.epoch == epoch and entry.omitted is None:
            if entry.event is None:
                assert entry.move is not None, "what is neither message nor omission nor event moves the cursor"
                offset = entry.move
            else:
                if encoded and size + len(entry.event.encoded) > max_bytes:
                    break
                encoded.append(entry.event.encoded)
                size += len(entry.event.encoded)
                offset = entry.event.offset
            entry = self._pop(lane, entry).following
        return protocol.events(lane.streamer_id, Position(epoch, offset), encoded)

    def _pop(self, lane: _Lane, entry: _Entry) -> _Entry:
        lane.remove(entry)
        self._bytes -= entry.size
        event = entry.event
        if event is not None:
            if lane.states.get(event.key) is entry:
                del lane.states[event.key]
            entry.event = None
        return entry

    def _forget_taken_chats(self) -> None:
        while self._chats and self._chats[0][1].event is None:
            self._chats.popleft()
