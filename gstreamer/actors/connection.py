"""The sockets of one node: tickets in, events out.

Hosts' batches go through the hub to sockets (``fanout``); what the hub lacks is fetched (``feeds``). Invariant: it
accepts no socket before it knows every ended session, and a socket of a session that ends is closed at once.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable

from gstreamer.actors.desk import ConnectionOptions, Desk
from gstreamer.actors.feeds import Peers
from gstreamer.actors.listener import Listener
from gstreamer.actors.moves import Moves
from gstreamer.core.disconnect import Disconnect
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch
from gstreamer.core.ports import ConnectionView, Counting, Draining, Owner, Sessions
from gstreamer.core.stages import Stages
from gstreamer.log import get

__all__ = ["Connection", "ConnectionOptions", "Peers"]

CURSORS_S = 25
TICK_S = 1.0
RETRY_S = 1.0
STOP_S = 2.0
STOP_SLICE = 500

_log = get("connection")


def wall_ms() -> int:
    """Unix milliseconds."""
    return time.time_ns() // 1_000_000


class Connection:
    """
    A connection actor; ``core.ports.ConnectionPeer``.

    Its work begins as tasks of the running loop; nothing that can fail happens before.

    Args:
        options: What it is and may do.
        peers: The actors that it calls.
        sessions: The ended sessions.
        metrics: Where to count.
        now_ms: The wall clock, for tickets and traces.
    """

    def __init__(
        self,
        options: ConnectionOptions,
        peers: Peers,
        sessions: Sessions,
        metrics: Counting,
        now_ms: Callable[[], int] = wall_ms,
    ) -> None:
        self._options, self._sessions, self._metrics, self._now_ms = options, sessions, metrics, now_ms
        self.name = options.name
        self.incarnation = secrets.token_hex(8)
        self._desk = Desk(self.incarnation, options, peers, sessions, metrics, now_ms)
        self._moves = Moves(options, self._desk.viewers, peers.placement, now_ms)
        self._listener = Listener(options.host, options.port, options.tls)
        self._stages = Stages()
        self._tasks = {
            asyncio.create_task(self._guard(work, name), name=name)
            for work, name in (
                (self._run, "listen"),
                (self._tick, "tick"),
                (self._desk.fanout.run, "fan out"),
                (self._desk.feeds.run, "watching"),
                (self._desk.audience.run, "audience"),
                (self._moves.run, "moves"),
            )
        }

    def __repr__(self) -> str:
        return f"{self.name} sockets={self._desk.admission.sockets}"

    async def attend(self, caller: str, incarnation: str) -> None:
        """See ``core.ports.ConnectionPeer.attend``."""
        await asyncio.Event().wait()

    async def deliver(self, host: str, incarnation: str, batches: tuple[Batch, ...]) -> tuple[str, ...]:
        """See ``core.ports.ConnectionPeer.deliver``; returns when the sockets' transports have them."""
        now_ms = self._now_ms()
        for batch in batches:
            for event in batch.events:
                self._stages.mark(event.message_id, "received", now_ms)
        unwanted = self._desk.feeds.take(host, incarnation, batches)
        await self._desk.fanout.room(batch.streamer_id for batch in batches)
        now_ms = self._now_ms()
        for batch in batches:
            for event in batch.events:
                self._stages.mark(event.message_id, "written", now_ms)
            if batch.events:
                lag_ms = max(0, now_ms - batch.events[-1].time_ms)
                self._metrics.observe("gstreamer_delivery_lag_seconds", lag_ms / 1_000)
        return unwanted

    async def moved(self, owners: tuple[Owner, ...]) -> None:
        """See ``core.ports.ConnectionPeer.moved``."""
        self._desk.feeds.moved(owners)

    async def observe(self) -> ConnectionView:
        """See ``core.ports.ConnectionPeer.observe``."""
        options = self._options
        return ConnectionView(
            options.name,
            options.node,
            options.address,
            self._listener.port,
            self.incarnation,
            self._desk.admission.sockets,
            options.limits.sockets,
            self._accepting,
            self._moves.draining,
        )

    @property
    def _accepting(self) -> bool:
        desk = self._desk
        return (
            self._listener.port != 0
            and not desk.is_closing
            and not self._moves.draining
            and not desk.waiting.is_crowded
        )

    async def sessions(self) -> frozenset[str]:
        """See ``core.ports.ConnectionPeer.sessions``."""
        return frozenset(viewer.session_id for viewer in self._desk.viewers() if viewer.session_id)

    async def describe(self) -> dict[str, object]:
        """How it stands in detail, for operators."""
        return {
            **(await self.observe())._asdict(),
            "streamers": {
                name: {
                    "subscribers": len(self._desk.hub.subscribers(name)),
                    "ready": self._desk.hub.is_ready(name),
                    "degraded": self._desk.feeds.is_degraded(name),
                }
                for name in self._desk.hub.streamers()
            },
        }

    async def trace(self, message_id: str) -> dict[str, int]:
        """When an event of the last ten minutes was ``received`` and ``written`` here, Unix milliseconds."""
        return self._stages.of(message_id)

    async def drain(self, draining: Draining) -> None:
        """See ``core.ports.ConnectionPeer.drain``; who comes all the same (by an older ticket) is sent on."""
        self._moves.set(draining)

    async def stop(self) -> None:
        """See ``core.ports.ConnectionPeer.stop``."""
        self._desk.is_closing = True
        self._listener.close()
        for number, viewer in enumerate(list(self._desk.viewers())):
            viewer.close(Disconnect.SHUTDOWN)
            if number % STOP_SLICE == STOP_SLICE - 1:
                await asyncio.sleep(0)
        try:
            async with asyncio.timeout(STOP_S):
                await self._desk.feeds.stop()
        except TimeoutError:
            _log.warning("hosts do not answer that they were left", connection=self.name)
        self._desk.stop()
        for task in self._tasks:
            task.cancel()
        _log.info("connection actor stopped", connection=self.name)

    async def _run(self) -> None:
        """Know the ended sessions, then accept, then keep knowing them."""
        while True:
            try:
                await self._sessions.follow(self._desk.session_ended)
            except UnavailableError as error:
                _log.warning("ended sessions cannot be read", connection=self.name, reason=str(error))
                await asyncio.sleep(RETRY_S)
                continue
            if self._listener.port == 0 and not self._desk.is_closing:
                await self._listener.open(self._desk.accept)
                _log.info("connection actor accepts", connection=self.name, port=self._listener.port)
            await self._sessions.lost()
            _log.warning("ended sessions are followed no more, trying again", connection=self.name)

    async def _tick(self) -> None:
        """Pings, deadlines, cursors and counts, each second."""
        second = 0
        while True:
            await asyncio.sleep(TICK_S)
            second += 1
            self._desk.tick(second, asyncio.get_running_loop().time())
            if second % CURSORS_S == 0:
                for streamer_id in self._desk.hub.streamers():
                    self._desk.fanout.move_cursors(streamer_id)
            self._count()

    def _count(self) -> None:
        fanout, feeds = self._desk.fanout, self._desk.feeds
        self._metrics.gauge("gstreamer_sockets", self._desk.admission.sockets)
        self._metrics.gauge("gstreamer_queued_bytes", self._desk.waiting.bytes)
        self._metrics.count("gstreamer_deliveries", fanout.deliveries)
        self._metrics.count("gstreamer_frames", fanout.frames)
        self._metrics.count("gstreamer_resumes", fanout.resumed, "complete")
        self._metrics.count("gstreamer_resumes", fanout.gaps, "gap")
        self._metrics.count("gstreamer_batches_stale", feeds.stale)
        self._metrics.count("gstreamer_moves", self._moves.sent)
        self._moves.sent = 0
        fanout.deliveries = fanout.frames = fanout.resumed = fanout.gaps = feeds.stale = 0

    async def _guard(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        """Run a task for as long as this actor lives, whatever happens in it."""
        while True:
            try:
                await work()
            except Exception:
                _log.exception("a task failed and is begun anew", connection=self.name, task=name)
                await asyncio.sleep(RETRY_S)
