"""The process that runs many streamers: their records to the connection actors that joined them.

Invariant: a connection actor has at most one call of this host in flight, and every batch continues the one
before, or tells its receiver to join again. State about a connection actor belongs to one incarnation of it.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from gstreamer.actors.backlog import Backlogs, Logs
from gstreamer.actors.dead_letters import DeadLetters
from gstreamer.actors.link import Link
from gstreamer.actors.streamer import Streamer, StreamerOptions
from gstreamer.core.batching import MAX_BYTES
from gstreamer.core.dedup import WINDOW_MS
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch, Event, Joined
from gstreamer.core.fold import StreamerState
from gstreamer.core.ids import Position
from gstreamer.core.ports import ConnectionPeer, Counting, HostStatus, NotOwnerError, Owner
from gstreamer.core.records import Record
from gstreamer.core.stages import Stages
from gstreamer.core.topics import streamer_topic
from gstreamer.log import get

GAUGES_S = 1.0
WATCH_S = 10.0
WATCH_AT_ONCE = 50
DEDUPE_ALARM_BYTES = 256 * 2**20
RETIRED = 1_000

_log = get("streamers")


def wall_ms() -> int:
    """The wall clock, Unix milliseconds."""
    return time.time_ns() // 1_000_000


class HostOptions(NamedTuple):
    """
    Settings of a host.

    Attributes:
        topic_prefix: ``KAFKA__TOPIC_PREFIX``.
        history_bytes: ``STREAMERS__HISTORY_BYTES``.
        window_ms: The dedupe window.
        outbox_bytes: What may wait for one connection actor.
        watch_s: How often streamers that stand still are looked at.
        now_ms: The wall clock.
    """

    topic_prefix: str
    history_bytes: int
    window_ms: int = WINDOW_MS
    outbox_bytes: int = MAX_BYTES
    watch_s: float = WATCH_S
    now_ms: Callable[[], int] = wall_ms


class StreamerHost:
    """
    Runs the streamers that placement assigns to it; ``core.ports.HostPeer``.

    Build it on a running event loop: its work begins at once.

    Args:
        name: Its actor name (``core.ids.host_name`` or ``single_host_name``).
        node: Name of its node.
        incarnation: New at each start of the process.
        logs: Kafka; the host closes the reader when it stops.
        connection: The connection actor of a name.
        metrics: Where to count.
        options: Settings.
    """

    def __init__(
        self,
        name: str,
        node: str,
        incarnation: str,
        logs: Logs,
        connection: Callable[[str], ConnectionPeer],
        metrics: Counting,
        options: HostOptions,
    ) -> None:
        self.name = name
        self.node = node
        self.incarnation = incarnation
        self._logs = logs
        self._connection = connection
        self._metrics = metrics
        self._options = options
        self._streamers: dict[str, Streamer] = {}
        self._links: dict[str, Link] = {}
        self._audience: dict[str, set[Link]] = {}
        # Incarnations of connection actors that are over; a late call of one must not replace its successor.
        self._retired: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._lost: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._stages = Stages()
        self._letters = DeadLetters(logs.dead_letters, metrics)
        self._backlogs = Backlogs(logs)
        self._alarmed = False
        self._stopped = False
        loop = asyncio.get_running_loop()
        self._tasks = [
            loop.create_task(self._measure(), name="measure"),
            loop.create_task(self._watch(), name="watch"),
        ]

    def __repr__(self) -> str:
        return self.name if self.name.startswith("streamer:") else f"{self.name} n={len(self._streamers)}"

    async def attend(self, caller: str, incarnation: str) -> None:
        """See ``core.ports.HostPeer.attend``; it also fails when a call to the caller did, so that it joins again."""
        reason = self._lost.pop((caller, incarnation), None)
        if reason is not None:
            raise UnavailableError(reason)
        await self._link(caller, incarnation).attend()

    async def join(self, connection: str, incarnation: str, streamer_id: str, after: Position | None) -> Joined:
        """See ``core.ports.HostPeer.join``."""
        link = self._link(connection, incarnation)
        streamer = self._streamer(streamer_id)
        joined = await streamer.since(after)
        # From here on nothing is awaited: what is published next is the first thing after the answer.
        if self._streamers.get(streamer_id) is not streamer:
            raise NotOwnerError(f"{self.name} runs streamer {streamer_id} no more")
        if self._links.get(connection) is not link:
            raise UnavailableError(f"incarnation {incarnation} of {connection} is over")
        batch = joined.batch
        link.outbox.join(streamer_id, batch.generation, batch.epoch, batch.to)
        self._audience.setdefault(streamer_id, set()).add(link)
        return joined

    async def leave(self, connection: str, incarnation: str, streamer_id: str) -> None:
        """See ``core.ports.HostPeer.leave``."""
        link = self._links.get(connection)
        if link is not None and link.incarnation == incarnation:
            link.outbox.leave(streamer_id)
            self.refused(link, (streamer_id,))

    async def since(self, streamer_id: str, after: Position) -> Joined:
        """See ``core.ports.HostPeer.since``; what the ring does not hold is read from Kafka."""
        return await self._streamer(streamer_id).since(after)

    async def state(self, streamer_ids: tuple[str, ...]) -> dict[str, StreamerState]:
        """See ``core.ports.HostPeer.state``; those that still read their logs are left out."""
        found = ((one, self._streamers.get(one)) for one in streamer_ids)
        return {one: streamer.state for one, streamer in found if streamer is not None and streamer.is_ready}

    async def assign(self, owners: tuple[Owner, ...]) -> None:
        """See ``core.ports.HostPeer.assign``."""
        for owner in owners:
            if not self._stopped:
                self._assign(owner)

    async def release(self, owners: tuple[Owner, ...]) -> None:
        """See ``core.ports.HostPeer.release``."""
        released = []
        for owner in owners:
            streamer = self._streamers.get(owner.streamer_id)
            if streamer is not None and streamer.generation <= owner.generation:
                released.append(self._streamers.pop(owner.streamer_id))
                self.restarted(streamer)
                self._audience.pop(owner.streamer_id, None)
        await asyncio.gather(*(streamer.stop() for streamer in released))
        for streamer in released:
            _log.info("a streamer is released", streamer_id=streamer.id, generation=streamer.generation)

    async def observe(self) -> HostStatus:
        """See ``core.ports.HostPeer.observe``."""
        owners = tuple(Owner(one.id, self.name, one.generation) for one in self._streamers.values())
        return HostStatus(self.name, self.node, self.incarnation, owners)

    async def describe(self) -> dict[str, Any]:
        """How it stands in detail, for operators: streamers, connection actors, memory."""
        history, dedupe = self._memory()
        return {
            "name": self.name,
            "node": self.node,
            "incarnation": self.incarnation,
            "streamers": {
                one: {**streamer.observe(), "subscribers": len(self._audience.get(one, ()))}
                for one, streamer in self._streamers.items()
            },
            "connections": {
                name: {
                    "incarnation": link.incarnation,
                    "joins": len(link.outbox),
                    "waiting_bytes": link.outbox.size_bytes,
                }
                for name, link in self._links.items()
            },
            "memory": {"history_bytes": history, "dedupe_bytes": dedupe},
        }

    async def trace(self, message_id: str) -> dict[str, int]:
        """When an event of the last ten minutes was ``consumed`` and ``batched`` here, Unix milliseconds."""
        return self._stages.of(message_id)

    async def stop(self) -> None:
        """See ``core.ports.HostPeer.stop``."""
        self._stopped = True
        for task in self._tasks:
            task.cancel()
        self._letters.stop()
        streamers, self._streamers = self._streamers, {}
        self._audience.clear()
        for link in list(self._links.values()):
            self._drop(link, f"{self.name} stops")
        for streamer in streamers.values():
            streamer.end()
        await self._logs.reader.close()

    # What its streamers tell it (actors.streamer.Outlet).

    def publish(self, streamer: Streamer, events: list[Event]) -> None:
        """Pass on what a streamer took from its log."""
        if streamer.is_ready:
            now_ms = self._options.now_ms()
            for event in events:
                self._stages.mark(event.message_id, "consumed", now_ms)
        for link in self._audience.get(streamer.id, ()):
            broken = link.outbox.add(streamer.id, events, streamer.covered)
            if broken:
                _log.warning("too much waits for a connection actor", connection=link.name, broken_off=len(broken))
            link.wake()

    def restarted(self, streamer: Streamer) -> None:
        """Have everybody who follows this streamer join again."""
        for link in self._audience.get(streamer.id, ()):
            link.outbox.break_off(streamer.id, streamer.generation)
            link.wake()

    def bury(self, record: Record, reason: str) -> None:
        """Send a record that is no event to the dead letters."""
        self._letters.put(record, reason)

    def count(self, consumed: int, duplicate: int) -> None:
        """Count records."""
        self._metrics.count("gstreamer_records_consumed", consumed, "streamers")
        if duplicate:
            self._metrics.count("gstreamer_records_duplicate", duplicate, "streamers")

    # What its links tell it (actors.link.Post).

    def batched(self, batches: tuple[Batch, ...]) -> None:
        """Count and time what goes out."""
        now_ms = self._options.now_ms()
        self._metrics.count("gstreamer_batches")
        for batch in batches:
            self._metrics.count("gstreamer_batch_events", len(batch.events))
            streamer = self._streamers.get(batch.streamer_id)
            if batch.events and streamer is not None and streamer.covered == batch.to:
                self._metrics.observe("gstreamer_host_lag_seconds", max(0, now_ms - streamer.appended_ms) / 1_000)
            for event in batch.events:
                self._stages.mark(event.message_id, "batched", now_ms)

    def refused(self, link: Link, streamer_ids: tuple[str, ...]) -> None:
        """Forget that this link follows these streamers."""
        for streamer_id in streamer_ids:
            audience = self._audience.get(streamer_id)
            if audience is not None:
                audience.discard(link)
                if not audience:
                    del self._audience[streamer_id]

    def lost(self, link: Link, reason: str) -> None:
        """A call failed: the connection actor has to join again, and is told so."""
        if self._links.get(link.name) is not link:
            return
        _log.warning("a connection actor is lost", connection=link.name, incarnation=link.incarnation, reason=reason)
        if not link.is_attended:
            _remember(self._lost, (link.name, link.incarnation), f"batches to {link.name} were lost: {reason}")
        self._drop(link, f"batches to {link.name} were lost: {reason}")

    def _assign(self, owner: Owner) -> None:
        streamer = self._streamers.get(owner.streamer_id)
        if streamer is None:
            place = streamer_topic(self._options.topic_prefix, owner.streamer_id)
            options = StreamerOptions(self._options.history_bytes, self._options.now_ms, self._options.window_ms)
            self._streamers[owner.streamer_id] = Streamer(owner, place, self._logs, self._backlogs, options, self)
        elif streamer.generation < owner.generation:
            # Others may have owned it in between: its log is read on, but whoever follows it makes sure.
            streamer.generation = owner.generation
            self.restarted(streamer)
            _log.info("a streamer has a new generation", streamer_id=streamer.id, generation=owner.generation)

    def _streamer(self, streamer_id: str) -> Streamer:
        streamer = self._streamers.get(streamer_id)
        if streamer is None:
            raise NotOwnerError(f"{self.name} does not run streamer {streamer_id}")
        return streamer

    def _link(self, name: str, incarnation: str) -> Link:
        link = self._links.get(name)
        if link is not None and link.incarnation == incarnation:
            return link
        if self._stopped or (name, incarnation) in self._retired:
            raise UnavailableError(f"incarnation {incarnation} of {name} is over")
        if link is not None:
            _remember(self._retired, (name, link.incarnation), None)
            self._drop(link, f"a newer incarnation of {name} is here")
        link = self._links[name] = Link(name, incarnation, self._connection, self, self._options.outbox_bytes)
        return link

    def _drop(self, link: Link, reason: str) -> None:
        del self._links[link.name]
        for streamer_id in list(self._audience):
            self.refused(link, (streamer_id,))
        link.end(reason)

    def _memory(self) -> tuple[int, int]:
        sizes = [streamer.memory_bytes for streamer in self._streamers.values()]
        return sum(size[0] for size in sizes), sum(size[1] for size in sizes)

    async def _measure(self) -> None:
        """Set the gauges once a second until cancelled."""
        while True:
            await asyncio.sleep(GAUGES_S)
            _, dedupe = self._memory()
            self._metrics.gauge("gstreamer_streamers", len(self._streamers))
            self._metrics.gauge("gstreamer_dedupe_bytes", dedupe)
            if (dedupe > DEDUPE_ALARM_BYTES) != self._alarmed:
                self._alarmed = not self._alarmed
                _log.warning("dedupe memory", bytes=dedupe, alarm_bytes=DEDUPE_ALARM_BYTES, above=self._alarmed)

    async def _watch(self) -> None:
        """See that streamers come on, some of them at a time, until cancelled."""
        last = ""
        while True:
            await asyncio.sleep(self._options.watch_s)
            order = sorted(self._streamers)
            turn = [one for one in order if one > last][:WATCH_AT_ONCE]
            last = turn[-1] if len(turn) == WATCH_AT_ONCE else ""
            for streamer_id in turn:
                await self._check(streamer_id)

    async def _check(self, streamer_id: str) -> None:
        streamer = self._streamers.get(streamer_id)
        if streamer is None:
            return
        try:
            await streamer.check()
        except UnavailableError as error:
            _log.warning("a streamer cannot be checked", streamer_id=streamer_id, reason=str(error))
        except Exception:
            _log.exception("checking a streamer failed", streamer_id=streamer_id)


def _remember(ring: OrderedDict[tuple[str, str], Any], key: tuple[str, str], value: Any) -> None:
    ring[key] = value
    ring.move_to_end(key)
    if len(ring) > RETIRED:
        ring.popitem(last=False)
