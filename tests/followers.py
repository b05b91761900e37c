"""A connection actor reduced to its rule: a batch that does not go on where the last ended makes it join again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any, Protocol

from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch, Event, Joined
from gstreamer.core.ids import Position
from gstreamer.core.ports import ConnectionView, Owner


class Host(Protocol):
    """What a follower asks of a host."""

    async def attend(self, caller: str, incarnation: str) -> None: ...

    async def join(self, connection: str, incarnation: str, streamer_id: str, after: Position | None) -> Joined: ...


async def until(condition: Callable[[], object], timeout_s: float = 30.0) -> None:
    """Wait until a condition holds, or fail."""
    async with asyncio.timeout(timeout_s):
        while not condition():
            await asyncio.sleep(0.001)


class Follower:
    """
    A connection actor in one process, for one viewer that follows some streamers (``core.ports.ConnectionPeer``).

    Attributes:
        events: What it got of each streamer, in order.
        covered: How far each streamer is covered.
        gaps: Streamers whose join was answered with a gap, each time.
        joins: Joins made, by streamer.
        gate: Calls of the host are answered while it is set.
        unwanted: What ``deliver`` answers.
        failing: Raised by ``deliver``.
    """

    def __init__(self, host: Callable[[], Host], name: str = "connection:n:0", incarnation: str = "c1") -> None:
        self.name = name
        self.incarnation = incarnation
        self._host = host
        self.events: dict[str, list[Event]] = {}
        self.covered: dict[str, Position] = {}
        self.generation: dict[str, int] = {}
        self.gaps: list[str] = []
        self.joins: list[str] = []
        self.calls: list[tuple[Batch, ...]] = []
        self.in_flight = 0
        self.most_in_flight = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.unwanted: tuple[str, ...] = ()
        self.failing: Exception | None = None
        self._ready: set[str] = set()
        self._early: dict[str, list[Batch]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def numbers(self, streamer_id: str) -> list[Any]:
        """The ``n`` of each event that it got."""
        return [json.loads(event.encoded)["data"]["n"] for event in self.events[streamer_id]]

    def offsets(self, streamer_id: str) -> list[int]:
        """The offsets of the events that it got."""
        return [event.offset for event in self.events[streamer_id]]

    async def join(self, streamer_id: str, after: Position | None = None) -> Joined:
        """Join from where it stands (or from ``after``)."""
        self._ready.discard(streamer_id)
        self._early[streamer_id] = []
        after = self.covered.get(streamer_id, after)
        joined = await self._host().join(self.name, self.incarnation, streamer_id, after)
        self.joins.append(streamer_id)
        batch, known = joined.batch, self.events.setdefault(streamer_id, [])
        if not joined.complete:
            self.gaps.append(streamer_id)
            known.clear()
        last = known[-1].offset if known else -1
        known += [event for event in batch.events if event.offset > last]
        self.covered[streamer_id] = Position(batch.epoch, batch.to)
        self.generation[streamer_id] = batch.generation
        self._ready.add(streamer_id)
        for early in self._early.pop(streamer_id):
            self._take(early)
        return joined

    async def attend(self) -> None:
        """Attend the host, and join everything anew whenever that fails, until cancelled."""
        while True:
            try:
                await self._host().attend(self.name, self.incarnation)
            except UnavailableError:
                for streamer_id in list(self.covered):
                    self._ready.discard(streamer_id)
                    self._again(streamer_id)
            await asyncio.sleep(0.005)

    def begin(self) -> None:
        """Attend beside everything else."""
        self._start(self.attend())

    async def deliver(self, host: str, incarnation: str, batches: tuple[Batch, ...]) -> tuple[str, ...]:
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await self.gate.wait()
            await asyncio.sleep(0)
            if self.failing is not None:
                raise self.failing
            self.calls.append(batches)
            for batch in batches:
                self._take(batch)
            return self.unwanted
        finally:
            self.in_flight -= 1

    async def moved(self, owners: tuple[Owner, ...]) -> None:
        for owner in owners:
            self._ready.discard(owner.streamer_id)
            self._again(owner.streamer_id)

    async def observe(self) -> ConnectionView:
        return ConnectionView(self.name, "n", "127.0.0.1", 0, self.incarnation, 0, 1, True)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _take(self, batch: Batch) -> None:
        if batch.streamer_id not in self._ready:
            self._early.setdefault(batch.streamer_id, []).append(batch)
            return
        covered = self.covered[batch.streamer_id]
        if batch.generation < self.generation[batch.streamer_id] or batch.to <= covered.offset:
            return
        if batch.epoch != covered.epoch or batch.after != covered.offset:
            self._ready.discard(batch.streamer_id)
            self._again(batch.streamer_id)
            return
        self.events[batch.streamer_id] += batch.events
        self.covered[batch.streamer_id] = Position(batch.epoch, batch.to)

    def _again(self, streamer_id: str) -> None:
        self._start(self._join_until_it_is_done(streamer_id))

    async def _join_until_it_is_done(self, streamer_id: str) -> None:
        while streamer_id not in self._ready:
            try:
                await self.join(streamer_id)
            except UnavailableError:
                await asyncio.sleep(0.005)

    def _start(self, work: Any) -> None:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
