"""A connection actor on loopback with fakes of everybody it calls: hosts with a log, placement, subscriptions."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gstreamer.actors.connection import Connection, ConnectionOptions, Peers, wall_ms
from gstreamer.core import relay
from gstreamer.core.admission import Limits
from gstreamer.core.auth import Ticket, derive_key, sign_ticket
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch, Event, EventClass, Joined
from gstreamer.core.ids import Position
from gstreamer.core.ports import ConnectionView, NotOwnerError, Owner, Snapshot
from tests.client import Viewer

SECRET = "a session secret of at least 32 characters"
TICKET_KEY = derive_key(SECRET)
RELAY_KEY = derive_key(SECRET, relay.PURPOSE)
NAME = "connection:here:0"
ORIGIN = "http://localhost:8000"


def encoded(streamer_id: str, epoch: str, offset: int, event_type: str, event_class: EventClass, pad: int) -> bytes:
    return json.dumps(
        {
            "id": f"{streamer_id}-{epoch}-{offset}",
            "type": event_type,
            "streamer_id": streamer_id,
            "position": f"{epoch}:{offset}",
            "class": event_class.label,
            "data": {"pad": "x" * pad},
        },
        separators=(",", ":"),
    ).encode()


class Log:
    """A streamer's log as its hosts see it: offsets may have holes."""

    def __init__(self, streamer_id: str, epoch: str = "e1") -> None:
        self.streamer_id = streamer_id
        self.epoch = epoch
        self.head = -1
        self.events: list[Event] = []

    def write(
        self,
        event_type: str = "stream.online",
        event_class: EventClass = EventClass.CRITICAL,
        key: str = "",
        pad: int = 0,
    ) -> Event:
        self.head += 1
        raw = encoded(self.streamer_id, self.epoch, self.head, event_type, event_class, pad)
        message_id = f"{self.streamer_id}-{self.epoch}-{self.head}"
        event = Event(self.head, event_class, event_type, key, message_id, raw, 0)
        self.events.append(event)
        return event

    def skip(self) -> None:
        self.head += 1

    def between(self, after: int, to: int) -> tuple[Event, ...]:
        return tuple(event for event in self.events if after < event.offset <= to)


class Host:
    """A streamer host: each joined streamer's new events go to the connection actor, one call in flight."""

    def __init__(self, name: str, logs: dict[str, Log], generation: int = 1) -> None:
        self.name = name
        self.logs = logs
        self.generation = generation
        self.history: int | None = None
        self.connection: Connection | None = None
        self.joined: dict[str, int] = {}
        self.joins: list[tuple[str, Position | None]] = []
        self.sinces: list[tuple[str, Position]] = []
        self.left: list[str] = []
        self.owned = set(logs)
        self.incarnation = secrets.token_hex(4)
        self.unwanted: list[str] = []
        self._dead: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._dead.add_done_callback(lambda done: done.exception())

    def _check(self) -> None:
        if self._dead.done():
            raise UnavailableError(f"{self.name} is dead")

    async def attend(self, caller: str, incarnation: str) -> None:
        await asyncio.shield(self._dead)

    async def join(self, connection: str, incarnation: str, streamer_id: str, after: Position | None) -> Joined:
        self._check()
        self.joins.append((streamer_id, after))
        if streamer_id not in self.owned:
            raise NotOwnerError(f"{self.name} does not run {streamer_id}")
        answer = self._since(streamer_id, after)
        self.joined[streamer_id] = answer.batch.to
        return answer

    async def leave(self, connection: str, incarnation: str, streamer_id: str) -> None:
        self._check()
        self.left.append(streamer_id)
        self.joined.pop(streamer_id, None)

    async def since(self, streamer_id: str, after: Position) -> Joined:
        self._check()
        self.sinces.append((streamer_id, after))
        return self._since(streamer_id, after)

    def _since(self, streamer_id: str, after: Position | None) -> Joined:
        log = self.logs[streamer_id]
        floor = -1 if self.history is None else log.head - self.history
        if after is None:
            start, complete = log.head, True
        elif after.epoch != log.epoch or after.offset < floor:
            start, complete = max(-1, floor), False
        else:
            start, complete = min(after.offset, log.head), True
        events = log.between(start, log.head)
        return Joined(Batch(streamer_id, self.generation, log.epoch, start, log.head, events), complete)

    async def deliver(self, *streamer_ids: str) -> None:
        """Send what is new of these (or all joined) streamers."""
        self._check()
        assert self.connection is not None
        batches = []
        for streamer_id in streamer_ids or tuple(self.joined):
            log, sent = self.logs[streamer_id], self.joined.get(streamer_id)
            if sent is not None and log.head > sent:
                batches.append(
                    Batch(streamer_id, self.generation, log.epoch, sent, log.head, log.between(sent, log.head))
                )
                self.joined[streamer_id] = log.head
        if batches:
            for refused in await self.connection.deliver(self.name, self.incarnation, tuple(batches)):
                self.unwanted.append(refused)
                self.joined.pop(refused, None)

    async def say(self, streamer_id: str, count: int = 1, **event: Any) -> list[str]:
        """Write so many events and deliver them; their message ids."""
        written = [self.logs[streamer_id].write(**event).message_id for _ in range(count)]
        await self.deliver(streamer_id)
        return written

    def die(self) -> None:
        self.joined.clear()
        if not self._dead.done():
            self._dead.set_exception(UnavailableError(f"{self.name} is dead"))


class Placement:
    def __init__(self) -> None:
        self.views: tuple[ConnectionView, ...] = ()
        self.owners: dict[str, Owner] = {}
        self.asked: list[str] = []

    async def locate(self, streamer_id: str) -> Owner:
        self.asked.append(streamer_id)
        if streamer_id not in self.owners:
            raise UnavailableError("no host can be had")
        return self.owners[streamer_id]

    async def snapshot(self, after_version: int) -> Snapshot:
        return Snapshot(1, 0, self.views, ())

    async def keep(self, viewers: Mapping[str, int]) -> None:
        raise NotImplementedError


class Subscriptions:
    def __init__(self) -> None:
        self.known: set[str] = set()
        self.down = False
        self.wanted: list[str] = []
        self.watched: list[Mapping[str, int]] = []
        self.gate: asyncio.Event | None = None

    async def want(self, streamer_id: str) -> bool:
        self.wanted.append(streamer_id)
        if self.gate is not None:
            await self.gate.wait()
        if self.down:
            raise UnavailableError("kafka does not answer")
        return streamer_id in self.known

    async def watching(self, connection: str, incarnation: str, viewers: Mapping[str, int]) -> None:
        if self.down:
            raise UnavailableError("kafka does not answer")
        self.watched.append(viewers)

    async def favourites_changed(self) -> None:
        raise NotImplementedError

    async def granted(self, user_id: str) -> None:
        raise NotImplementedError


class Chats:
    def __init__(self) -> None:
        self.watched: list[dict[str, tuple[str, ...]]] = []
        self.down = False
        self.died = asyncio.Event()

    async def attend(self, caller: str, incarnation: str) -> None:
        await self.died.wait()
        self.died.clear()
        raise UnavailableError("the chat reader is gone")

    async def watching(self, connection: str, incarnation: str, chats: dict[str, tuple[str, ...]]) -> None:
        if self.down:
            raise UnavailableError("the chat reader is away")
        self.watched.append(chats)

    async def reading(self) -> frozenset[str]:
        raise NotImplementedError


class Sessions:
    def __init__(self) -> None:
        self.over: set[str] = set()
        self.readable = asyncio.Event()
        self.readable.set()
        self.breaks = asyncio.Event()
        self.follows = 0
        self._on_ended: Callable[[str, str], None] | None = None

    async def follow(self, on_ended: Callable[[str, str], None]) -> None:
        await self.readable.wait()
        self.follows += 1
        self._on_ended = on_ended

    async def lost(self) -> None:
        await self.breaks.wait()
        self.breaks.clear()

    def ended(self, session_id: str) -> bool:
        return session_id in self.over

    def end(self, session_id: str, reason: str = "ended") -> None:
        self.over.add(session_id)
        if self._on_ended is not None:
            self._on_ended(session_id, reason)


class Counts:
    def __init__(self) -> None:
        self.counts: Counter[tuple[str, ...]] = Counter()

    def count(self, name: str, n: float = 1, *labels: str) -> None:
        self.counts[name, *labels] += int(n)

    def gauge(self, name: str, value: float, *labels: str) -> None:
        self.counts[name, *labels] = int(value)

    def observe(self, name: str, value: float, *labels: str) -> None:
        self.counts[name, *labels] += 1


class Rig:
    """A running connection actor and its world; ``logs`` are another one's whose streamers it shares."""

    def __init__(
        self, streamer_ids: tuple[str, ...], name: str = NAME, logs: dict[str, Log] | None = None, **options: Any
    ) -> None:
        self.logs = {streamer_id: Log(streamer_id) for streamer_id in streamer_ids} if logs is None else logs
        self.hosts: dict[str, Host] = {}
        self.placement, self.subscriptions, self.sessions = Placement(), Subscriptions(), Sessions()
        self.chat = Chats()
        self.metrics = Counts()
        self.subscriptions.known = set(streamer_ids)
        self.add_host("streamers:here:0", 1)
        limits = options.pop("limits", Limits(20_000, 20_000, 20_000))
        self.options = ConnectionOptions(
            name, "here", "127.0.0.1", "127.0.0.1", 0, TICKET_KEY, RELAY_KEY, frozenset({ORIGIN}), limits, **options
        )
        self.connection: Connection = None  # type: ignore[assignment]
        self.url = ""

    @property
    def host(self) -> Host:
        """The host that owns everything at the moment."""
        return next(reversed(self.hosts.values()))

    def add_host(self, name: str, generation: int) -> Host:
        """A host that takes over every streamer."""
        host = self.hosts[name] = Host(name, self.logs, generation)
        host.connection = getattr(self, "connection", None)
        for streamer_id in self.logs:
            self.placement.owners[streamer_id] = Owner(streamer_id, name, generation)
        return host

    def _find(self, name: str) -> Host:
        return self.hosts[name]

    async def start(self) -> None:
        peers = Peers(self.placement, self.subscriptions, self.chat, self._find)  # type: ignore[arg-type]
        self.connection = Connection(self.options, peers, self.sessions, self.metrics)
        for host in self.hosts.values():
            host.connection = self.connection
        while not (await self.connection.observe()).accepting and self.sessions.readable.is_set():
            await asyncio.sleep(0.005)
        self.url = f"ws://127.0.0.1:{(await self.connection.observe()).port}/"

    def ticket(self, user: str = "4242", session: str = "session-1", **changes: Any) -> str:
        now = wall_ms()
        ticket = Ticket("first", user, session, self.options.name, now, now + 30_000, secrets.token_hex(8))
        return sign_ticket(TICKET_KEY, ticket._replace(**changes))

    async def dial(self) -> tuple[str, str]:
        return self.url, self.ticket()

    def viewer(self, **options: Any) -> Viewer:
        return Viewer(self.dial, **options)


@asynccontextmanager
async def rig(*streamer_ids: str, **options: Any) -> AsyncIterator[Rig]:
    """A running rig, stopped at the end."""
    made = Rig(streamer_ids or ("1001",), **options)
    await made.start()
    try:
        yield made
    finally:
        await made.connection.stop()


async def until(holds: Callable[[], bool], timeout_s: float = 10.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while not holds():
            await asyncio.sleep(0.005)
