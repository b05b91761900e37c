"""Where a connection actor's streamers come from: their owners, joins, deaths and moves.

Per streamer one task keeps it joined: locate, join, wait until that breaks, again. Per host one call that is never
answered tells of its death. Everything asked says the wanted state, so a repeated or late call is harmless.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gstreamer.actors.viewer import Viewer
from gstreamer.core.backoff import delay_s
from gstreamer.core.channel import Answer
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch
from gstreamer.core.hub import Hub, Take
from gstreamer.core.ports import ChatPeer, HostPeer, Owner, PlacementPeer, SubscriptionsPeer
from gstreamer.log import get

JOIN_S = 2.0
"""A join to a host that is restarting would wait for it; placement may know a better one by then."""
ASK_S = 5.0
"""Older events may have to be read from Kafka."""
RETRY_S = (0.1, 2.0)
REJOIN_S = 120.0
"""A join is repeated so often, in case that a host has lost it."""
LASTING_S = 1.0
DEGRADED_S = 3.0
LINGER_S = 30.0
"""A streamer that nobody watches here any more stays joined so long: pages are reloaded."""
LEFT_S = 60.0
WATCHING_S = 30.0
COALESCE_S = 0.2
ASKS = 3

_log = get("connection")


class Peers(NamedTuple):
    """The actors that a connection actor calls."""

    placement: PlacementPeer
    subscriptions: SubscriptionsPeer
    chat: ChatPeer
    host: Callable[[str], HostPeer]


class Outlet(Protocol):
    """Where events go on: ``Fanout``."""

    def flush(self, streamer_id: str) -> None:
        """Something new is there."""

    def finish(self, streamer_id: str) -> None:
        """Write what is under way."""

    def answer(self, streamer_id: str, answers: list[Answer[Viewer]]) -> None:
        """Tell viewers where they go on."""


class _Link:
    """A host that streamers are joined at, with the call that tells of its death."""

    __slots__ = ("attending", "incarnation", "name", "peer", "streamers")

    def __init__(self, name: str, peer: HostPeer) -> None:
        self.name = name
        self.peer = peer
        self.incarnation = ""
        self.streamers: set[str] = set()
        self.attending: asyncio.Task[None] | None = None


class _Feed:
    """A streamer that is kept joined."""

    __slots__ = ("asking", "broken", "degraded", "failures", "generation", "link", "task", "timer")

    def __init__(self) -> None:
        self.broken = asyncio.Event()
        self.failures = 0
        self.generation = -1
        self.link: _Link | None = None
        self.task: asyncio.Task[None] | None = None
        self.asking: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        self.degraded = False


class Feeds:
    """
    Keeps the hub's streamers joined.

    Args:
        name: This connection actor.
        incarnation: This process of it.
        hub: What has been covered, and who waits for what.
        peers: Whom to ask.
        outlet: Where events go on.
        tell: Tells the viewers of a streamer its state: ``(streamer_id, state, reason)``.
    """

    def __init__(
        self,
        name: str,
        incarnation: str,
        hub: Hub[Viewer],
        peers: Peers,
        outlet: Outlet,
        tell: Callable[[str, str, str], None],
    ) -> None:
        self._name, self._incarnation = name, incarnation
        self._hub, self._peers, self._outlet, self._tell = hub, peers, outlet, tell
        self._feeds: dict[str, _Feed] = {}
        self._links: dict[str, _Link] = {}
        self._left: dict[str, float] = {}
        self._changed = asyncio.Event()
        self._leaving: dict[str, asyncio.Task[None]] = {}
        self.stale = 0

    def follow(self, streamer_id: str, *, first: bool) -> None:
        """Keep a streamer joined from now on, which somebody (the ``first``, or one more) has subscribed to."""
        if streamer_id not in self._feeds:
            feed = self._feeds[streamer_id] = _Feed()
            feed.task = asyncio.create_task(self._follow(streamer_id, feed))
        if first:
            self._changed.set()

    def is_followed(self, streamer_id: str) -> bool:
        """Whether a streamer is kept joined."""
        return streamer_id in self._feeds

    def is_degraded(self, streamer_id: str) -> bool:
        """Whether a streamer's viewers have been told that its events are late."""
        feed = self._feeds.get(streamer_id)
        return feed is not None and feed.degraded

    def unwatched(self, streamer_id: str) -> None:
        """Nobody may be subscribed to a streamer any more: leave it, if that stays so for a while."""
        if self._hub.is_idle(streamer_id):
            self._changed.set()
            asyncio.get_running_loop().call_later(LINGER_S, self._leave_if_idle, streamer_id)

    def ask(self, streamer_id: str) -> None:
        """Ask a streamer's host for what subscribers have missed."""
        feed = self._feeds.get(streamer_id)
        if feed is None or feed.link is None or self._hub.wanted(streamer_id) is None:
            return
        if feed.asking is None or feed.asking.done():
            feed.asking = asyncio.create_task(self._ask(streamer_id, feed, feed.link))

    def moved(self, owners: tuple[Owner, ...]) -> None:
        """Join streamers at their new owners."""
        for owner in owners:
            feed = self._feeds.get(owner.streamer_id)
            if feed is not None and owner.generation > feed.generation:
                feed.broken.set()

    def take(self, host: str, incarnation: str, batches: tuple[Batch, ...]) -> tuple[str, ...]:
        """Take a host's batches and hand them on; the streamers that this host need not send."""
        link = self._links.get(host)
        if link is not None and link.incarnation != incarnation:
            if link.incarnation:
                self._break(link, "host has started anew")
            link.incarnation = incarnation
        unwanted: list[str] = []
        for batch in batches:
            taken = self._hub.take(batch)
            if taken is Take.TAKEN:
                self._outlet.flush(batch.streamer_id)
            elif taken is Take.HOLE:
                self._break_one(batch.streamer_id)
            elif taken is Take.STALE:
                self.stale += 1
                if self._is_joined_elsewhere(batch.streamer_id, host):
                    unwanted.append(batch.streamer_id)
            elif taken is Take.UNKNOWN and batch.streamer_id not in self._left:
                # Whoever was left has been told; saying it again could undo a join that has overtaken this call.
                unwanted.append(batch.streamer_id)
        return tuple(unwanted)

    async def run(self) -> None:
        """Tell the subscriptions actor who is watched, at each change and every now and then, until cancelled."""
        attempt = 0
        while True:
            try:
                async with asyncio.timeout(WATCHING_S):
                    await self._changed.wait()
                    await asyncio.sleep(COALESCE_S)
            except TimeoutError:
                pass
            self._changed.clear()
            streamers = self._hub.streamers()
            viewers = {name: len(self._hub.subscribers(name)) for name in streamers if not self._hub.is_idle(name)}
            try:
                await self._peers.subscriptions.watching(self._name, self._incarnation, viewers)
                attempt = 0
            except UnavailableError as error:
                attempt += 1
                if attempt == 1:
                    _log.warning("subscriptions actor cannot be told who is watched", reason=str(error))
                self._changed.set()
                await asyncio.sleep(_retry_s(attempt))

    async def stop(self) -> None:
        """Leave every host and end all tasks."""
        for streamer_id in tuple(self._feeds):
            self._leave(streamer_id)
        if self._leaving:
            await asyncio.wait(tuple(self._leaving.values()))
        for link in tuple(self._links.values()):
            if link.attending is not None:
                link.attending.cancel()

    async def _follow(self, streamer_id: str, feed: _Feed) -> None:
        self._degrade_later(streamer_id, feed)
        leaving = self._leaving.get(streamer_id)
        if leaving is not None:
            # Calls overtake each other: the leave must have been answered before the next join is sent.
            await asyncio.wait((leaving,))
        while True:
            feed.broken.clear()
            lasted = await self._serve(streamer_id, feed)
            self._degrade_later(streamer_id, feed)
            if lasted:
                feed.failures = 0
            else:
                feed.failures += 1
                feed.broken.clear()
                await _wait(feed.broken, _retry_s(feed.failures))  # a new owner is worth a try at once

    async def _serve(self, streamer_id: str, feed: _Feed) -> bool:
        """Join a streamer and wait until that breaks; whether it lasted."""
        try:
            if not await self._join(streamer_id, feed):
                return False
        except (UnavailableError, TimeoutError) as error:
            _log.info("streamer cannot be joined", streamer_id=streamer_id, reason=str(error) or "no answer")
            return False
        except Exception:
            _log.exception("joining a streamer failed", streamer_id=streamer_id)
            return False
        loop = asyncio.get_running_loop()
        began = loop.time()
        self._recovered(streamer_id, feed)
        self.ask(streamer_id)
        await _wait(feed.broken, REJOIN_S)
        return loop.time() - began >= LASTING_S

    async def _join(self, streamer_id: str, feed: _Feed) -> bool:
        """Join a streamer where placement says; False if that is not its owner any more."""
        owner = await self._peers.placement.locate(streamer_id)
        link = self._link(owner.host)
        async with asyncio.timeout(JOIN_S):
            after = self._hub.begin_join(streamer_id)
            joined = await link.peer.join(self._name, self._incarnation, streamer_id, after)
        self._outlet.finish(streamer_id)
        self._outlet.flush(streamer_id)
        answers = self._hub.joined(streamer_id, joined)
        if answers is None:
            return False
        if feed.link is not None and feed.link is not link:
            feed.link.streamers.discard(streamer_id)
        feed.link, feed.generation = link, max(owner.generation, joined.batch.generation)
        link.streamers.add(streamer_id)
        self._outlet.answer(streamer_id, answers)
        self._outlet.flush(streamer_id)
        return self._links.get(link.name) is link and self._hub.is_ready(streamer_id)

    async def _ask(self, streamer_id: str, feed: _Feed, link: _Link) -> None:
        """Have every subscriber answered that waits for what only a host may still hold."""
        asked, attempt = None, 0
        try:
            while (position := self._hub.wanted(streamer_id)) is not None:
                attempt = attempt + 1 if position == asked else 1
                asked = position
                async with asyncio.timeout(ASK_S):
                    joined = await link.peer.since(streamer_id, position)
                self._outlet.finish(streamer_id)
                answers = self._hub.since(streamer_id, position, joined, final=attempt >= ASKS)
                if answers is None:
                    feed.broken.set()
                    return
                self._outlet.answer(streamer_id, answers)
        except (UnavailableError, TimeoutError) as error:
            _log.info("host does not say what was missed", host=link.name, reason=str(error) or "no answer")
            feed.broken.set()

    def _link(self, host: str) -> _Link:
        link = self._links.get(host)
        if link is None:
            link = self._links[host] = _Link(host, self._peers.host(host))
            link.attending = asyncio.create_task(self._attend(link))
        return link

    async def _attend(self, link: _Link) -> None:
        """Wait for a host's death, and join its streamers again."""
        reason = "host has stopped"
        try:
            await link.peer.attend(self._name, self._incarnation)
        except UnavailableError as error:
            reason = str(error)
        except Exception:
            _log.exception("attending a host failed", host=link.name)
        if self._links.get(link.name) is link:
            del self._links[link.name]
        self._break(link, reason)

    def _break(self, link: _Link, reason: str) -> None:
        _log.info("host lost", host=link.name, streamers=len(link.streamers), reason=reason)
        for streamer_id in tuple(link.streamers):
            self._break_one(streamer_id)

    def _break_one(self, streamer_id: str) -> None:
        self._hub.lose(streamer_id)
        feed = self._feeds.get(streamer_id)
        if feed is not None:
            feed.broken.set()

    def _is_joined_elsewhere(self, streamer_id: str, host: str) -> bool:
        feed = self._feeds.get(streamer_id)
        ready = feed is not None and feed.link is not None and self._hub.is_ready(streamer_id)
        return ready and feed is not None and feed.link is not None and feed.link.name != host

    def _degrade_later(self, streamer_id: str, feed: _Feed) -> None:
        if feed.timer is None and not feed.degraded:
            feed.timer = asyncio.get_running_loop().call_later(DEGRADED_S, self._degrade, streamer_id, feed)

    def _degrade(self, streamer_id: str, feed: _Feed) -> None:
        feed.timer, feed.degraded = None, True
        self._tell(streamer_id, "degraded", "its events are late: nobody runs it at the moment")

    def _recovered(self, streamer_id: str, feed: _Feed) -> None:
        if feed.timer is not None:
            feed.timer.cancel()
            feed.timer = None
        if feed.degraded:
            feed.degraded = False
            self._tell(streamer_id, "live", "its events arrive again")

    def _leave_if_idle(self, streamer_id: str) -> None:
        if self._hub.is_idle(streamer_id) and streamer_id in self._feeds:
            now = asyncio.get_running_loop().time()
            self._left = {name: at for name, at in self._left.items() if now - at < LEFT_S}
            self._left[streamer_id] = now
            self._hub.drop(streamer_id)
            self._leave(streamer_id)

    def _leave(self, streamer_id: str) -> None:
        feed = self._feeds.pop(streamer_id)
        for task in (feed.task, feed.asking):
            if task is not None:
                task.cancel()
        if feed.timer is not None:
            feed.timer.cancel()
        if feed.link is not None:
            feed.link.streamers.discard(streamer_id)
            leaving = asyncio.create_task(self._tell_leaving(feed.link, streamer_id))
            self._leaving[streamer_id] = leaving
            leaving.add_done_callback(lambda task: self._left_host(streamer_id, task))

    def _left_host(self, streamer_id: str, task: asyncio.Task[None]) -> None:
        if self._leaving.get(streamer_id) is task:
            del self._leaving[streamer_id]

    async def _tell_leaving(self, link: _Link, streamer_id: str) -> None:
        try:
            async with asyncio.timeout(JOIN_S):
                await link.peer.leave(self._name, self._incarnation, streamer_id)
        except (UnavailableError, TimeoutError) as error:
            _log.info("host does not hear a leave", host=link.name, reason=str(error) or "no answer")


def _retry_s(attempt: int) -> float:
    # At least half of the wait, so that a peer that fails at once is not asked in a tight loop.
    return delay_s(attempt, 0.5 + random.random() / 2, *RETRY_S)  # noqa: S311 - jitter is no secret


async def _wait(event: asyncio.Event, timeout_s: float) -> None:
    try:
        async with asyncio.timeout(timeout_s):
            await event.wait()
    except TimeoutError:
        return
