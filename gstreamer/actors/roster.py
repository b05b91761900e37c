"""The connection actors and hosts that placement knows, each watched: up, away, or restarted as another incarnation.

Invariant: a member's incarnation is what it answered last, and empty from the moment its ``attend`` failed or it did
not answer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

from gstreamer import log
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ids import PLACEMENT
from gstreamer.core.placement import Member
from gstreamer.core.ports import ConnectionView, Counting, HostStatus, Peers

Kind = Literal["connection", "host"]


class Timing(NamedTuple):
    """
    The clocks, and how often things are done.

    Attributes:
        clock: Monotonic seconds.
        unix: Unix seconds.
        tick_s: Between two rounds of placement where nothing happens.
        observe_s: Between two questions to a member that is up; the age of loads in a snapshot.
        retry_s: Between two tries of one that is away; it restarts in 1-2 s.
        locate_s: How long a streamer that has no owner is waited for.
        overlap_s: How long a streamer's former owner goes on beside the new one, which has to read its log first.
    """

    clock: Callable[[], float] = time.monotonic
    unix: Callable[[], float] = time.time
    tick_s: float = 1.0
    observe_s: float = 1.0
    retry_s: float = 0.2
    locate_s: float = 8.0
    overlap_s: float = 5.0


SYSTEM_TIMING = Timing()


class Watcher(Protocol):
    """Who is told what the members say."""

    def up(self, kind: Kind, name: str) -> None:
        """A member answers, for the first time or as another incarnation than before."""

    def away(self, kind: Kind, name: str) -> None:
        """A member does not answer any more."""

    def host_says(self, status: HostStatus) -> None:
        """What a host runs, each time it is asked."""


def kind_of(name: str) -> Kind | None:
    """What an actor of that name is to placement; None for any other actor."""
    if name.startswith("connection:"):
        return "connection"
    return "host" if name.startswith(("streamers:", "streamer:")) else None


def node_of(name: str) -> str:
    """The node that is part of a connection actor's or packed host's name; empty where the name has none."""
    parts = name.split(":")
    return parts[1] if len(parts) == 3 else ""


class _Seat:
    """One member: what it said last, and the task that watches it."""

    def __init__(self, kind: Kind, node: str) -> None:
        self.kind = kind
        self.node = node
        self.incarnation = ""
        self.last = ""
        self.view: ConnectionView | None = None
        self.task: asyncio.Task[None] | None = None


class Roster:
    """
    Every member by name.

    Args:
        peers: How members are reached.
        incarnation: Placement's own, for ``attend``.
        watcher: Who is told.
        metrics: Where restarts are counted.
        timing: How often they are asked.
    """

    def __init__(
        self,
        peers: Peers,
        incarnation: str,
        watcher: Watcher,
        metrics: Counting,
        timing: Timing,
    ) -> None:
        self._peers = peers
        self._incarnation = incarnation
        self._watcher = watcher
        self._metrics = metrics
        self._timing = timing
        self._seats: dict[str, _Seat] = {}
        self._log = log.get("placement")

    def names(self) -> frozenset[str]:
        """Every member's name."""
        return frozenset(self._seats)

    def add(self, name: str, kind: Kind, node: str) -> None:
        """Watch this actor from now on; it is away until it answers."""
        if name not in self._seats:
            seat = self._seats[name] = _Seat(kind, node)
            seat.task = asyncio.get_running_loop().create_task(self._watch(name, seat), name=f"watch {name}")

    def drop(self, name: str) -> None:
        """Watch it no more."""
        seat = self._seats.pop(name, None)
        if seat is not None and seat.task is not None:
            seat.task.cancel()

    def close(self) -> None:
        """Watch nobody any more."""
        for name in self.names():
            self.drop(name)

    def members(self, kind: Kind) -> tuple[Member, ...]:
        """The members of one kind, by name."""
        return tuple(
            Member(name, seat.node, seat.incarnation)
            for name, seat in sorted(self._seats.items())
            if seat.kind == kind
        )

    def incarnation(self, name: str) -> str:
        """The incarnation of a member that is up; empty if it is away or unknown."""
        seat = self._seats.get(name)
        return "" if seat is None else seat.incarnation

    def views(self) -> tuple[ConnectionView, ...]:
        """How the connection actors that are up stand."""
        rows = sorted(self._seats.items())
        return tuple(seat.view for _, seat in rows if seat.incarnation and seat.view is not None)

    def all_answer(self) -> bool:
        """Whether no member is away."""
        return all(seat.incarnation for seat in self._seats.values())

    async def _watch(self, name: str, seat: _Seat) -> None:
        while True:
            try:
                await self._observe(name, seat)
                await self._attend(name, seat)
            except UnavailableError as error:
                reason = str(error)
            except Exception:  # the outermost loop of this task: a member's bug must not end the watch
                self._log.exception("watching failed", member=name)
                reason = "an error"
            if seat.incarnation:
                self._log.warning("member is away", member=name, reason=reason)
                seat.incarnation = ""
                self._watcher.away(seat.kind, name)
            await asyncio.sleep(self._timing.retry_s)

    async def _attend(self, name: str, seat: _Seat) -> None:
        """Ask it again and again how it stands, until it dies."""
        peer = self._peers.host(name) if seat.kind == "host" else self._peers.connection(name)
        attending = asyncio.ensure_future(peer.attend(PLACEMENT, self._incarnation))
        try:
            while True:
                await asyncio.wait({attending}, timeout=self._pause_s(seat))
                if attending.done():
                    attending.result()
                    raise UnavailableError(f"{name} has ended")
                await self._observe(name, seat)
        finally:
            attending.cancel()

    def _pause_s(self, seat: _Seat) -> float:
        """Until the next question: soon, where somebody waits for a connection actor to accept."""
        opening = seat.view is not None and not seat.view.accepting
        return self._timing.retry_s if opening else self._timing.observe_s

    async def _observe(self, name: str, seat: _Seat) -> None:
        if seat.kind == "host":
            status = await self._peers.host(name).observe()
            self._heard(name, seat, status.node, status.incarnation)
            self._watcher.host_says(status)
        else:
            seat.view = view = await self._peers.connection(name).observe()
            self._heard(name, seat, view.node, view.incarnation)

    def _heard(self, name: str, seat: _Seat, node: str, incarnation: str) -> None:
        if seat.incarnation == incarnation:
            return
        if seat.last not in ("", incarnation):
            self._metrics.count("gstreamer_actor_restarts", 1, seat.kind)
        self._log.info("member is up", member=name, incarnation=incarnation)
        seat.node, seat.incarnation, seat.last = node, incarnation, incarnation
        self._watcher.up(seat.kind, name)
