"""What Twitch shall send us, reconciled with what it does; and the topics and streamers that shall live for it.

Every loop says the wanted state again and again, so an outage of Twitch, Kafka, Postgres or placement is waited
out, a restart heals, and two of these actors at once do no harm: the second finds what the first has made (409).
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from typing import Any

from gstreamer import log
from gstreamer.actors.healer import Healer
from gstreamer.actors.lookups import Lookups
from gstreamer.actors.mail import Mail
from gstreamer.actors.reconciler import Reconciler
from gstreamer.actors.steps import Steps
from gstreamer.actors.viewers import viewers_record
from gstreamer.actors.wiring import Clock, Config, Ports
from gstreamer.core.demand import WATCH_S, Demand
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ids import is_streamer_id
from gstreamer.core.topics import TopicSpec, streamer_topic, streamer_topic_config

FAVOURITES_S = 30.0
SCOPES_S = 30.0
RESIDENTS_S = 5.0
KEEP_S = 30.0
RECONCILE_S = 5.0
POLL_S = 60.0
SCOPES_AT_ONCE = 1_000
TOPICS_AT_ONCE = 100

_log = log.get("subscriptions")


class Subscriptions:
    """
    The subscriptions actor, a plain class; ``core.ports.SubscriptionsPeer``.

    Args:
        config: What is set.
        ports: Whom it works with.
        clock: Its time.
    """

    def __init__(self, config: Config, ports: Ports, clock: Clock | None = None) -> None:
        self._config = config
        self._ports = ports
        self._clock = clock or Clock()
        self._demand = Demand(config.linger_s)
        self._lookups = Lookups(self._known, self._clock.monotonic)
        self._mail = Mail(ports.mail, ports.records, self, ports.revocations)
        self._reconciler = Reconciler(config, ports.twitch, ports.conduits, ports.metrics, self._clock)
        self._healer = Healer(config, ports, self._clock)
        self._steps = Steps(self._clock, _log)
        self._all_doubted = True
        self._with_topic: set[str] = set()
        self._favourites_known = False
        self._scopes: dict[str, frozenset[str]] = {}
        self._scopes_at_s = 0.0
        self._kept: frozenset[str] | None = None
        self._keep_at_s = 0.0
        self._started_s = self._clock.monotonic()

    def __repr__(self) -> str:
        return f"subscriptions n={len(self._reconciler)}"

    # What others ask.

    async def want(self, streamer_id: str) -> bool:
        """See ``core.ports.SubscriptionsPeer.want``."""
        if not is_streamer_id(streamer_id):
            return False
        if streamer_id not in self._with_topic:
            if not await self._may_have_topic(streamer_id):
                return False
            await self._ensure((streamer_id,))
        self._demand.touch(streamer_id, self._clock.monotonic())
        self._changed()
        return True

    async def watching(self, connection: str, incarnation: str, viewers: Mapping[str, int]) -> None:
        """See ``core.ports.SubscriptionsPeer.watching``."""
        watched = {one: number for one, number in viewers.items() if is_streamer_id(one)}
        self._demand.watch(connection, incarnation, watched, self._clock.monotonic())
        self._changed()

    async def favourites_changed(self) -> None:
        """See ``core.ports.SubscriptionsPeer.favourites_changed``."""
        self._steps.wake("favourites")

    async def polled(self) -> frozenset[str]:
        """See ``core.ports.SubscriptionsPeer.polled``."""
        return self._reconciler.without

    async def granted(self, user_id: str) -> None:
        """See ``core.ports.SubscriptionsPeer.granted``."""
        self._reconciler.renewed(user_id)
        self._scopes_at_s = 0.0
        self._steps.wake("scopes")

    async def observe(self) -> dict[str, Any]:
        """How it stands: what is kept, subscribed and spent, and how each of its loops fares."""
        return {
            "kept": len(self._ranked()),
            "topics": len(self._with_topic),
            "favourites_known": self._favourites_known,
            **self._reconciler.observe(),
            "parts": {name: health._asdict() for name, health in self._steps.health.items()},
        }

    # What runs.

    async def run(self) -> None:
        """Reconcile until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._steps.forever("favourites", self.read_favourites, FAVOURITES_S))
            group.create_task(self._steps.forever("scopes", self.read_scopes, SCOPES_S))
            group.create_task(self._steps.forever("residents", self.settle_residents, RESIDENTS_S))
            group.create_task(self._steps.forever("reconcile", self.reconcile, RECONCILE_S))
            group.create_task(self._steps.forever("poll", self.poll, POLL_S))
            group.create_task(self._steps.forever("look up", self.look_up, RECONCILE_S))
            group.create_task(self._steps.forever("mail", self._mail.turn, 0.0))

    async def close(self) -> None:
        """Close what it works with; Twitch's subscriptions stay, for the next start adopts them."""
        await self._ports.mail.close()
        await self._ports.twitch.close()

    async def read_favourites(self) -> None:
        """
        Read who is anybody's favourite.

        Raises:
            UnavailableError: The store does not answer; what was known stays.
        """
        favoured = await self._ports.favourites.favoured()
        self._demand.favour(filter(is_streamer_id, favoured), self._clock.monotonic())
        self._favourites_known = True
        self._changed()

    async def read_scopes(self) -> None:
        """
        Read what the streamers that shall live have granted us: of those that are new, now and then of all.

        Raises:
            UnavailableError: The store does not answer; what was known stays.
        """
        residents = self._residents()
        now_s = self._clock.monotonic()
        all_of_them = now_s >= self._scopes_at_s
        asked = residents if all_of_them else [one for one in residents if one not in self._scopes]
        found: dict[str, frozenset[str]] = {} if all_of_them else dict(self._scopes)
        for start in range(0, len(asked), SCOPES_AT_ONCE):
            some = asked[start : start + SCOPES_AT_ONCE]
            granted = await self._ports.scopes.granted(some)
            found |= {one: granted.get(one, frozenset()) for one in some}
        if all_of_them:
            self._scopes_at_s = now_s + SCOPES_S
        if found != self._scopes:
            self._scopes = found
            self._reconciler.granted(found)
            self._steps.wake("reconcile")

    async def settle_residents(self) -> None:
        """
        See that whoever shall live has a topic, and tell placement who that is.

        Raises:
            UnavailableError: Kafka or placement do not answer.
        """
        residents = self._residents()
        await self._ensure([one for one in residents if one not in self._with_topic])
        now_s = self._clock.monotonic()
        # Told too early, placement would end streamers whose watchers have not found us yet.
        settled = self._reconciler.listed or now_s >= self._started_s + WATCH_S
        if not (self._favourites_known and settled):
            return
        kept = frozenset(residents)
        if kept != self._kept or now_s >= self._keep_at_s:
            await self._ports.placement.keep(kept)
            self._kept, self._keep_at_s = kept, now_s + KEEP_S

    async def reconcile(self) -> None:
        """
        Bring what Twitch has one step nearer to what is wanted: list, delete, create.

        Raises:
            UnavailableError: Twitch does not answer; what has been done stays done.
        """
        known = self._reconciler.listed
        await self._reconciler.refresh()
        if not known:
            self._demand.inherit(frozenset(self._reconciler.subscribed()), self._clock.monotonic())
            self._steps.wake("residents", "scopes")
        ranks = self._demand.ranks(self._clock.monotonic())
        residents = self._residents()
        # The topic first: an event that comes before it would take the long way (gs.unrouted).
        ready = {one: ranks.get(one, 0) for one in residents if one in self._with_topic}
        polled = self._reconciler.without
        await self._reconciler.settle(ready, frozenset(residents) - self._with_topic)
        if self._reconciler.without - polled:
            self._steps.wake("poll")  # whether they are live is known from now on

    async def poll(self) -> None:
        """
        Ask who is live: correct what logs say otherwise, and publish how many watch.

        Raises:
            UnavailableError: Twitch or Kafka do not answer.
        """
        ids = [one for one in self._ranked() if one in self._with_topic]
        self._healer.keep(ids)
        self._ports.metrics.gauge("gstreamer_streamers_polled", len(self._reconciler.without))
        # At the start and after an outage of Twitch's or Kafka's, titles may have been missed too.
        doubted, self._all_doubted = (ids if self._all_doubted else ()), True
        await self._ask(ids, doubted)
        self._all_doubted = False

    async def look_up(self) -> None:
        """
        Ask about streamers that were not served for a while and are again, for what happened meanwhile.

        Raises:
            UnavailableError: Twitch or Kafka do not answer.
        """
        unsure = self._reconciler.unsure & self._with_topic
        if unsure:
            await self._ask(unsure, unsure)
            self._reconciler.sure(unsure)

    async def _ask(self, ids: Collection[str], doubted: Collection[str]) -> None:
        streams = await self._ports.twitch.streams(ids)
        await self._healer.heal(ids, streams, self._reconciler.without, frozenset(doubted))
        now_s = self._clock.unix()
        for stream in streams:
            topic, partition = streamer_topic(self._config.topic_prefix, stream.user_id)
            await self._ports.records.send(viewers_record(topic, partition, stream, now_s))

    # What mail needs.

    def revoked(self, subscription_id: str, status: str) -> None:
        """See ``actors.mail.Owner.revoked``."""
        self._reconciler.revoked(subscription_id, status)
        self._steps.wake("reconcile")

    def shard_disabled(self) -> None:
        """See ``actors.mail.Owner.shard_disabled``."""
        self._reconciler.shard_disabled()
        self._steps.wake("reconcile")

    async def home(self, streamer_id: str) -> str | None:
        """See ``actors.mail.Owner.home``."""
        if not self._favourites_known:
            raise UnavailableError("favourites have not been read yet")
        if streamer_id not in self._ranked():
            return None
        await self._ensure(() if streamer_id in self._with_topic else (streamer_id,))
        return streamer_topic(self._config.topic_prefix, streamer_id).topic

    async def orphaned(self, subscription_id: str) -> None:
        """See ``actors.mail.Owner.orphaned``."""
        await self._reconciler.end(subscription_id)

    # Who shall live.

    def _ranked(self) -> tuple[str, ...]:
        return tuple(self._demand.ranks(self._clock.monotonic()))

    def _residents(self) -> tuple[str, ...]:
        """Everybody who shall live; while favourites are unknown, also everybody who is subscribed."""
        ranked = self._ranked()
        if self._favourites_known:
            return ranked
        return tuple(dict.fromkeys((*ranked, *self._reconciler.subscribed())))

    def _changed(self) -> None:
        self._steps.wake("residents", "scopes", "reconcile")

    async def _known(self, ids: Collection[str]) -> Collection[str]:
        return [user.id for user in await self._ports.twitch.users(ids)]

    async def _may_have_topic(self, streamer_id: str) -> bool:
        try:
            return await self._lookups.exists(streamer_id)
        except UnavailableError:
            topic = streamer_topic(self._config.topic_prefix, streamer_id).topic
            if await self._ports.topics.topic_id(topic) is None:
                raise
            return True

    async def _ensure(self, streamer_ids: Collection[str]) -> None:
        ids = list(streamer_ids)
        for start in range(0, len(ids), TOPICS_AT_ONCE):
            some = ids[start : start + TOPICS_AT_ONCE]
            names = [streamer_topic(self._config.topic_prefix, one).topic for one in some]
            specs = [TopicSpec(name, streamer_topic_config()) for name in names]
            await self._ports.topics.ensure(specs, self._config.replication_factor)
            self._with_topic.update(some)
        if ids:
            self._steps.wake("reconcile")
