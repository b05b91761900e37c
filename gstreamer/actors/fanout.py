"""From the hub to the sockets: one frame per streamer, filter and flush, written in slices.

A flush to many sockets holds the loop for long, so a slice of them is written, then everything else has its turn.
Invariant: each viewer's frames of a streamer are written in the hub's order; whoever changes a subscription while a
flush is under way is first given its part (``settle``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from gstreamer.actors.viewer import Viewer
from gstreamer.core import protocol
from gstreamer.core.channel import Answer
from gstreamer.core.events import Event
from gstreamer.core.frames import text_frame
from gstreamer.core.hub import Flush, Hub
from gstreamer.core.ids import Position
from gstreamer.core.ring import pieces

SLICE = 500
CATCHING_UP_SLICE = 50
MESSAGE_BYTES = 65_536
MAX_BEHIND = 8
"""How many batches of a streamer may come in while an earlier flush is under way, before its host has to wait."""


class _Run:
    """A flush that is under way: its frames, and who has not got them yet."""

    __slots__ = ("events", "frames", "left", "position")

    def __init__(self, position: Position, events: Sequence[Event], frames: list[bytes], left: list[Viewer]) -> None:
        self.position = position
        self.events = events
        self.frames = frames
        self.left = dict.fromkeys(left)


class Fanout:
    """
    Writes what the hub has for the sockets.

    Args:
        hub: Who gets what.
        ask: Told of a streamer when only its host can say what somebody has missed.
        tell: Tells a viewer the state of a streamer: ``(viewer, streamer_id, state, reason)``.
    """

    def __init__(
        self, hub: Hub[Viewer], ask: Callable[[str], None], tell: Callable[[Viewer, str, str, str], None]
    ) -> None:
        self._hub = hub
        self._ask = ask
        self._tell = tell
        self._runs: dict[str, deque[_Run]] = {}
        self._dirty: dict[str, int] = {}
        self._steps: dict[tuple[Viewer, str], None] = {}
        self._behind: set[tuple[Viewer, str]] = set()
        self._work = asyncio.Event()
        self._room = asyncio.Condition()
        self.deliveries = self.frames = 0
        self.resumed = self.gaps = 0

    def flush(self, streamer_id: str) -> None:
        """Give the live viewers of a streamer what they have not got; at once if they are few."""
        if streamer_id in self._runs:
            self._dirty[streamer_id] = self._dirty.get(streamer_id, 0) + 1
            return
        for flush in self._hub.flush(streamer_id):
            self._begin(streamer_id, flush)
        for viewer in self._hub.catching_up(streamer_id):
            if viewer.queue is None:
                self.catch_up_later(viewer, streamer_id)

    def finish(self, streamer_id: str) -> None:
        """Write all of a streamer's flush that is under way, and what has come in since."""
        while streamer_id in self._runs:
            for run in self._runs[streamer_id]:
                self._write(streamer_id, run, list(run.left))
            self._end_runs(streamer_id)

    def move_cursors(self, streamer_id: str) -> None:
        """Tell filtered viewers how far they are."""
        if streamer_id not in self._runs:
            for flush in self._hub.cursors(streamer_id):
                self._begin(streamer_id, flush)

    def settle(self, viewer: Viewer, streamer_id: str) -> None:
        """Give a viewer its part of the flush that is under way."""
        for run in self._runs.get(streamer_id, ()):
            if viewer in run.left:
                self._write(streamer_id, run, [viewer])

    def answer(self, streamer_id: str, answers: Iterable[Answer[Viewer]]) -> None:
        """Tell viewers where their subscription goes on; what they have missed follows."""
        for viewer, position, gap in answers:
            viewer.send(protocol.subscribed(streamer_id, position, gap), streamer_id)
            if gap is not None:
                self.gaps += 1
            elif self._hub.is_catching_up(viewer, streamer_id):
                self.resumed += 1
            self.catch_up_later(viewer, streamer_id)

    def catch_up_later(self, viewer: Viewer, streamer_id: str) -> None:
        """Give a viewer that is not live the ring, as soon as others have had their turn."""
        if self._hub.is_catching_up(viewer, streamer_id):
            self._steps[viewer, streamer_id] = None
            self._work.set()

    def catch_up(self, viewer: Viewer, streamer_id: str) -> None:
        """Give a viewer pieces of the ring until it is live, or slow, or only a host can go on."""
        while viewer.queue is None:
            step = self._hub.step(viewer, streamer_id)
            if step is None:
                if self._hub.wanted(streamer_id) is not None:
                    self._ask(streamer_id)
                return
            if step.events or step.moved:
                viewer.send_events(streamer_id, step.position, step.events)
                self.deliveries += len(step.events)
                self.frames += 1
            if step.live:
                if (viewer, streamer_id) in self._behind:
                    self._behind.discard((viewer, streamer_id))
                    self._tell(viewer, streamer_id, "live", "caught up")
                return
        if self._hub.is_catching_up(viewer, streamer_id) and (viewer, streamer_id) not in self._behind:
            self._behind.add((viewer, streamer_id))
            self._tell(viewer, streamer_id, "catching_up", "older events are on their way")

    def forget(self, viewer: Viewer) -> None:
        """Write nothing more to a viewer."""
        for streamer_id in self._hub.subscriptions(viewer):
            for run in self._runs.get(streamer_id, ()):
                run.left.pop(viewer, None)
            self._behind.discard((viewer, streamer_id))
            self._steps.pop((viewer, streamer_id), None)

    async def room(self, streamer_ids: Iterable[str]) -> None:
        """Wait while too many batches of one of these streamers wait behind a flush."""
        async with self._room:
            for streamer_id in streamer_ids:
                await self._room.wait_for(lambda name=streamer_id: self._dirty.get(name, 0) < MAX_BEHIND)  # type: ignore[misc]

    async def run(self) -> None:
        """Write slices until cancelled; between two of them everything else has its turn."""
        while True:
            await self._work.wait()
            while self._runs or self._steps:
                for streamer_id in tuple(self._runs):
                    self._write_slice(streamer_id)
                    await asyncio.sleep(0)
                for _ in range(min(CATCHING_UP_SLICE, len(self._steps))):
                    step = next(iter(self._steps))
                    del self._steps[step]
                    self.catch_up(*step)
                async with self._room:
                    self._room.notify_all()
                await asyncio.sleep(0)
            self._work.clear()

    def _begin(self, streamer_id: str, flush: Flush[Viewer]) -> None:
        members = list(flush.members)
        frames = [
            text_frame(
                protocol.events(streamer_id, Position(flush.position.epoch, to), [event.encoded for event in part])
            )
            for part, to in pieces(flush.events, flush.position.offset, MESSAGE_BYTES)
        ]
        run = _Run(flush.position, flush.events, frames, members)
        if len(members) <= SLICE:
            self._write(streamer_id, run, members)
        else:
            self._runs.setdefault(streamer_id, deque()).append(run)
            self._work.set()

    def _write(self, streamer_id: str, run: _Run, viewers: list[Viewer]) -> None:
        for viewer in viewers:
            del run.left[viewer]
        if len(run.frames) == 1:
            frame = run.frames[0]
            for viewer in viewers:
                if viewer.queue is None:
                    viewer.write(frame)
                else:
                    viewer.send_events(streamer_id, run.position, run.events)
        else:
            for viewer in viewers:
                self._write_parts(streamer_id, run, viewer)
        self.deliveries += len(run.events) * len(viewers)
        self.frames += len(run.frames) * len(viewers)

    @staticmethod
    def _write_parts(streamer_id: str, run: _Run, viewer: Viewer) -> None:
        for frame, (part, to) in zip(run.frames, pieces(run.events, run.position.offset, MESSAGE_BYTES), strict=True):
            if viewer.queue is None:
                viewer.write(frame)
            else:
                viewer.send_events(streamer_id, Position(run.position.epoch, to), part)

    def _write_slice(self, streamer_id: str) -> None:
        runs = self._runs.get(streamer_id)
        if runs is None:
            return
        run = runs[0]
        viewers = [viewer for viewer, _ in zip(run.left, range(SLICE), strict=False)]
        self._write(streamer_id, run, viewers)
        if not run.left:
            runs.popleft()
        if not runs:
            self._end_runs(streamer_id)

    def _end_runs(self, streamer_id: str) -> None:
        del self._runs[streamer_id]
        if self._dirty.pop(streamer_id, 0):
            self.flush(streamer_id)
