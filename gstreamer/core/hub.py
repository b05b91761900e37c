"""Who gets which events of the streamers served here: continuity, the generation fence, resumes, groups.

Invariant: of each streamer a subscriber is given every event after the position it was told by an ``Answer``, in
order, each once, and nothing else; where that cannot be, another ``Answer`` names the gap first.

A subscriber stands in one of three ways to a streamer. *Live*: it is in the group of its filter and has all up to
``flushed``; a group shares its frames. *Catching up*: it has a cursor of its own and takes pieces of the ring
(``step``) until it is live; live frames pass it by meanwhile. *Waiting*: only a host can say what it missed.
"""

from __future__ import annotations

import enum
from collections.abc import Hashable, Mapping, Sequence
from typing import Generic, NamedTuple, TypeVar

from gstreamer.core.channel import Answer, Channel
from gstreamer.core.events import Batch, Event, Joined
from gstreamer.core.filters import TypeFilter
from gstreamer.core.ids import Position
from gstreamer.core.protocol import Gap, Want
from gstreamer.core.ring import Ring, size_of

RING_BYTES = 1_048_576
MAX_PIECE_BYTES = 65_536

S = TypeVar("S", bound=Hashable)


class Take(enum.Enum):
    """What became of a host's batch."""

    TAKEN = "taken"
    KNOWN = "known"
    EARLY = "early"
    STALE = "stale"
    HOLE = "hole"
    UNKNOWN = "unknown"


class Flush(NamedTuple, Generic[S]):
    """Events that all ``members`` get now; ``position`` is where they stand then. No events: a cursor's move."""

    position: Position
    events: Sequence[Event]
    members: Mapping[S, int]


class Step(NamedTuple):
    """
    A piece for one subscriber that catches up.

    Attributes:
        position: Where it stands after it.
        events: What it is given; none if all of the piece was filtered.
        live: Whether it has joined its group with it.
        moved: Whether ``position`` lies behind where it stood before.
    """

    position: Position
    events: Sequence[Event]
    live: bool
    moved: bool


class Hub(Generic[S]):
    """
    The streamers served here and their subscribers (any hashable value).

    Args:
        ring_bytes: How many bytes of events to keep of each streamer.
    """

    def __init__(self, ring_bytes: int = RING_BYTES) -> None:
        self._ring_bytes = ring_bytes
        self._channels: dict[str, Channel[S]] = {}
        self._filters: dict[S, dict[str, TypeFilter]] = {}

    def subscribe(self, subscriber: S, streamer_id: str, want: Want) -> Answer[S] | None:
        """
        Begin a subscription, or replace it.

        Returns:
            Where it begins; None if a host must be asked (``wanted``) or joined first.
        """
        channel = self._channels.get(streamer_id)
        if channel is None:
            channel = self._channels[streamer_id] = Channel(self._ring_bytes)
        position = self._remove(channel, subscriber, streamer_id)
        if want.position is None and position is not None:
            want = Want(position, want.types)
        self._filters.setdefault(subscriber, {})[streamer_id] = want.types
        return channel.place(subscriber, want)

    def unsubscribe(self, subscriber: S, streamer_id: str) -> Position | None:
        """End a subscription; up to the position returned the subscriber was told (None: it was not subscribed)."""
        channel = self._channels.get(streamer_id)
        position = None if channel is None else self._remove(channel, subscriber, streamer_id)
        held = self._filters.get(subscriber)
        if held is not None:
            held.pop(streamer_id, None)
        return position

    def forget(self, subscriber: S) -> None:
        """End all subscriptions of a subscriber that is gone."""
        for streamer_id in tuple(self._filters.get(subscriber, ())):
            self.unsubscribe(subscriber, streamer_id)
        self._filters.pop(subscriber, None)

    def subscriptions(self, subscriber: S) -> Mapping[str, TypeFilter]:
        """The streamers that a subscriber is subscribed to, with its filters."""
        return self._filters.get(subscriber, {})

    def subscribers(self, streamer_id: str) -> list[S]:
        """Everybody who is subscribed to a streamer."""
        channel = self._channels.get(streamer_id)
        if channel is None:
            return []
        live = [member for group in channel.groups.values() for member in group.members]
        return [*live, *channel.catching, *channel.waiting]

    def is_idle(self, streamer_id: str) -> bool:
        """Whether nobody is subscribed to a streamer."""
        channel = self._channels.get(streamer_id)
        return channel is None or not (channel.groups or channel.catching or channel.waiting)

    def is_ready(self, streamer_id: str) -> bool:
        """Whether a host sends this streamer's batches here, without a known hole."""
        channel = self._channels.get(streamer_id)
        return channel is not None and channel.ready

    def streamers(self) -> tuple[str, ...]:
        """The streamers served here, idle ones too."""
        return tuple(self._channels)

    def drop(self, streamer_id: str) -> None:
        """Serve an idle streamer no more."""
        if self.is_idle(streamer_id):
            self._channels.pop(streamer_id, None)

    def begin_join(self, streamer_id: str) -> Position | None:
        """
        What to join after, right before a host is asked; batches that overtake its answer are kept from now on.

        A host that sends this streamer's batches already goes on with that until the other one has answered.
        """
        channel = self._channels[streamer_id]
        channel.joining = True
        channel.early, channel.early_bytes = [], 0
        if channel.epoch:
            return channel.at(channel.ring.covered)
        return self.wanted(streamer_id)

    def lose(self, streamer_id: str) -> None:
        """The host of a streamer is gone: nothing counts until it is joined again."""
        channel = self._channels.get(streamer_id)
        if channel is not None:
            channel.ready = False

    def take(self, batch: Batch) -> Take:
        """Take a host's batch, if it goes on where the last one ended."""
        channel = self._channels.get(batch.streamer_id)
        if channel is None:
            return Take.UNKNOWN
        if batch.generation < channel.generation:
            return Take.STALE
        if not channel.ready or (channel.joining and batch.generation > channel.generation):
            size = sum(map(size_of, batch.events)) + 1
            if channel.early_bytes + size <= self._ring_bytes:
                channel.early.append(batch)
                channel.early_bytes += size
            return Take.EARLY
        return self._append(channel, batch)

    def joined(self, streamer_id: str, joined: Joined) -> list[Answer[S]] | None:
        """
        A host's answer to the join that ``begin_join`` began; flush first, so that a gap is no wider than it is.

        Returns:
            What subscribers must be told; None if that host's generation is over, and it must be asked for again.
        """
        channel, batch = self._channels[streamer_id], joined.batch
        if batch.generation < channel.generation:
            return None
        answers: list[Answer[S]] = []
        if batch.epoch != channel.epoch or batch.after > channel.ring.covered:
            answers = self._jump(channel, batch)
        channel.ring.append(batch.events, batch.to)
        channel.generation = batch.generation
        channel.ready, channel.joining = True, False
        for early in channel.early:
            if channel.ready and early.generation >= channel.generation:
                self._append(channel, early)
        channel.early, channel.early_bytes = [], 0
        return answers + self._place_waiting(channel)

    def wanted(self, streamer_id: str) -> Position | None:
        """The oldest position of one epoch that subscribers wait for a host's answer to."""
        positions = [
            want.position for want in self._channels[streamer_id].waiting.values() if want.position is not None
        ]
        if not positions:
            return None
        return min(position for position in positions if position.epoch == positions[0].epoch)

    def since(self, streamer_id: str, asked: Position, joined: Joined, *, final: bool) -> list[Answer[S]] | None:
        """
        A host's answer to what lies after ``asked`` (a value of ``wanted``).

        ``final`` answers with a gap even if the host's events do not reach up to the ring.

        Returns:
            What subscribers must be told; None if the host speaks of another epoch: join it again.
        """
        channel, batch = self._channels[streamer_id], joined.batch
        if batch.epoch != channel.epoch:
            return None
        reaches = batch.to >= channel.ring.floor
        if reaches and batch.after < channel.ring.floor:
            channel.ring.prepend(batch.events, batch.after)
        answers = self._place_waiting(channel)
        if reaches or final:
            for subscriber, want in list(channel.waiting.items()):
                missed = want.position
                if missed is not None and missed.epoch == asked.epoch and missed.offset >= asked.offset:
                    del channel.waiting[subscriber]
                    place = channel.at(channel.goes_on(missed, batch))
                    channel.catching[subscriber] = (place, want.types)
                    gap = Gap(Position(missed.epoch, missed.offset + 1), place)
                    answers.append(Answer(subscriber, place, gap))
        return answers

    def flush(self, streamer_id: str) -> list[Flush[S]]:
        """What the live subscribers have not been given yet, by filter."""
        channel = self._channels[streamer_id]
        events = channel.ring.between(channel.flushed, channel.ring.covered)
        channel.flushed = channel.ring.covered
        position = channel.at(channel.flushed)
        flushes: list[Flush[S]] = []
        for types, group in channel.groups.items():
            wanted = types.select(events)
            if wanted:
                group.told = channel.flushed
                flushes.append(Flush(position, wanted, group.members))
        channel.evict()
        return flushes

    def cursors(self, streamer_id: str) -> list[Flush[S]]:
        """Moves of the cursors that filtered records (or duplicates) have left behind."""
        channel = self._channels[streamer_id]
        position = channel.at(channel.flushed)
        behind = [group for group in channel.groups.values() if group.told < channel.flushed]
        for group in behind:
            group.told = channel.flushed
        return [Flush(position, (), group.members) for group in behind]

    def is_catching_up(self, subscriber: S, streamer_id: str) -> bool:
        """Whether a subscriber takes pieces of the ring."""
        channel = self._channels.get(streamer_id)
        return channel is not None and subscriber in channel.catching

    def catching_up(self, streamer_id: str) -> list[S]:
        """Those who take pieces of the ring."""
        channel = self._channels.get(streamer_id)
        return [] if channel is None else list(channel.catching)

    def step(self, subscriber: S, streamer_id: str, max_bytes: int = MAX_PIECE_BYTES) -> Step | None:
        """
        The next piece for a subscriber that catches up.

        Returns:
            None if there is none at the moment: it is live, or ahead of us, or a host must be asked (``wanted``).
        """
        channel = self._channels.get(streamer_id)
        cursor = None if channel is None else channel.catching.get(subscriber)
        if channel is None or cursor is None:
            return None
        position, types = cursor
        if not channel.holds(position):
            del channel.catching[subscriber]
            channel.waiting[subscriber] = Want(position, types)
            return None
        if position.offset > channel.flushed:
            return None
        piece, offset = channel.ring.piece(position.offset, channel.flushed, max_bytes)
        live = offset == channel.flushed
        if live:
            del channel.catching[subscriber]
            channel.join_group(subscriber, types)
        else:
            channel.catching[subscriber] = (channel.at(offset), types)
        return Step(channel.at(offset), types.select(piece), live, offset > position.offset)

    def _append(self, channel: Channel[S], batch: Batch) -> Take:
        if batch.epoch != channel.epoch or batch.after > channel.ring.covered:
            channel.ready = False
            return Take.HOLE
        channel.generation = batch.generation
        if batch.to <= channel.ring.covered:
            return Take.KNOWN
        channel.ring.append(batch.events, batch.to)
        return Take.TAKEN

    def _jump(self, channel: Channel[S], batch: Batch) -> list[Answer[S]]:
        """Go on at another place; everybody live has missed what lies between."""
        first = Position(channel.epoch, channel.flushed + 1)
        known = bool(channel.epoch)
        channel.epoch, channel.flushed = batch.epoch, batch.after
        channel.ring = Ring(batch.after, self._ring_bytes)
        place = channel.at(batch.after)
        answers: list[Answer[S]] = []
        for group in channel.groups.values():
            group.told = batch.after
            group.members = dict.fromkeys(group.members, batch.after)
            answers += [Answer(member, place, Gap(first, place)) for member in group.members]
        if not known:
            channel.flushed = batch.to
        return answers

    def _place_waiting(self, channel: Channel[S]) -> list[Answer[S]]:
        waiting, channel.waiting = channel.waiting, {}
        placed = (channel.place(subscriber, want) for subscriber, want in waiting.items())
        return [answer for answer in placed if answer is not None]

    def _remove(self, channel: Channel[S], subscriber: S, streamer_id: str) -> Position | None:
        """Take a subscriber out of a channel, and give the position it was last told."""
        want = channel.waiting.pop(subscriber, None)
        if want is not None:
            return want.position
        cursor = channel.catching.pop(subscriber, None)
        if cursor is not None:
            return cursor[0]
        types = self._filters.get(subscriber, {}).get(streamer_id)
        group = None if types is None else channel.groups.get(types)
        if types is None or group is None:
            return None
        start = group.members.pop(subscriber)
        if not group.members:
            del channel.groups[types]
        return channel.at(max(group.told, start))
