"""One streamer in a hub: how far it is known, and how each subscriber stands to it.

Invariant: a subscriber is live (in a group), catching up (with a cursor), or waiting for a host; never two of these.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, NamedTuple, TypeVar

from gstreamer.core.events import Batch
from gstreamer.core.filters import TypeFilter
from gstreamer.core.ids import Position
from gstreamer.core.protocol import Gap, Want
from gstreamer.core.ring import Ring

STRETCH = 4
"""How far the ring may outgrow its limit while somebody still has to read its old end."""

S = TypeVar("S", bound=Hashable)


class Answer(NamedTuple, Generic[S]):
    """To be told as ``subscribed``: what follows lies after ``position``; with a gap, something is missing."""

    subscriber: S
    position: Position
    gap: Gap | None


class Group(Generic[S]):
    """Live subscribers with one filter: each with the offset it was told when it joined."""

    __slots__ = ("members", "told")

    def __init__(self, told: int) -> None:
        self.members: dict[S, int] = {}
        self.told = told


class Channel(Generic[S]):
    """A streamer served here. ``epoch`` is empty until the first join."""

    __slots__ = (
        "catching",
        "early",
        "early_bytes",
        "epoch",
        "flushed",
        "generation",
        "groups",
        "joining",
        "ready",
        "ring",
        "waiting",
    )

    def __init__(self, ring_bytes: int) -> None:
        self.epoch = ""
        self.generation = -1
        self.flushed = -1
        self.ready = False
        self.joining = False
        self.ring = Ring(-1, ring_bytes)
        self.groups: dict[TypeFilter, Group[S]] = {}
        self.catching: dict[S, tuple[Position, TypeFilter]] = {}
        self.waiting: dict[S, Want] = {}
        self.early: list[Batch] = []
        self.early_bytes = 0

    def at(self, offset: int) -> Position:
        """The position of an offset."""
        return Position(self.epoch, offset)

    def holds(self, position: Position) -> bool:
        """Whether all that lies after a position is in the ring."""
        return position.epoch == self.epoch and position.offset >= self.ring.floor

    def join_group(self, subscriber: S, types: TypeFilter) -> None:
        """Make a subscriber live."""
        group = self.groups.get(types)
        if group is None:
            group = self.groups[types] = Group(self.flushed)
        group.members[subscriber] = self.flushed

    def place(self, subscriber: S, want: Want) -> Answer[S] | None:
        """Where a wish begins, or None if a host must be asked."""
        if self.epoch and want.position is None:
            self.join_group(subscriber, want.types)
            return Answer(subscriber, self.at(self.flushed), None)
        if want.position is not None and self.epoch and self.holds(want.position):
            self.catching[subscriber] = (want.position, want.types)
            return Answer(subscriber, want.position, None)
        self.waiting[subscriber] = want
        return None

    def goes_on(self, missed: Position, batch: Batch) -> int:
        """From where on nothing is missing; what another epoch holds of ours, only the host knows."""
        return self.ring.floor if missed.epoch == self.epoch else max(self.ring.floor, batch.after)

    def evict(self) -> None:
        """Let go of what the ring holds above its limit."""
        self.ring.evict(self.flushed, STRETCH if self.catching or self.waiting else 1)
