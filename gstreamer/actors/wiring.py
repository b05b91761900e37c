"""Whom the subscriptions actor works with, and what is set for it: each can be a fake."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import Literal, NamedTuple, Protocol

from gstreamer.actors.mail import Revocations, Source
from gstreamer.core.fold import StreamerState
from gstreamer.core.ports import Counting, Log
from gstreamer.core.topics import TopicSpec
from gstreamer.twitch.client import Created, Listing, Transport, Webhook
from gstreamer.twitch.conduits import Conduit
from gstreamer.twitch.models import Channel, Shard, Stream, Subscription, User


class Platform(Protocol):
    """Twitch, as far as it is needed here (``twitch.client``)."""

    async def users(self, ids: Iterable[str] = ()) -> tuple[User, ...]:
        """The accounts of these ids."""

    async def streams(self, user_ids: Iterable[str]) -> tuple[Stream, ...]:
        """Those of these streamers' streams that are live."""

    async def channels(self, ids: Iterable[str]) -> tuple[Channel, ...]:
        """Titles and categories."""

    async def subscriptions(self) -> Listing:
        """Every subscription."""

    async def subscription(self, subscription_id: str) -> Subscription | None:
        """One subscription."""

    async def subscribe(
        self, event_type: str, version: str, condition: dict[str, str], transport: Transport
    ) -> Created:
        """A new subscription."""

    async def unsubscribe(self, subscription_id: str) -> None:
        """End a subscription."""

    async def close(self) -> None:
        """Close its connections."""


class ConduitCalls(Protocol):
    """Twitch's conduits (``twitch.conduits``)."""

    async def all(self) -> tuple[Conduit, ...]:
        """Every conduit of our application."""

    async def make(self, shards: int) -> Conduit:
        """A new conduit."""

    async def resize(self, conduit_id: str, shards: int) -> Conduit:
        """The conduit with so many shards."""

    async def end(self, conduit_id: str) -> None:
        """End a conduit."""

    async def shards(self, conduit_id: str) -> tuple[Shard, ...]:
        """The shards that have been assigned."""

    async def assign(self, conduit_id: str, shard_ids: Iterable[str], webhook: Webhook) -> tuple[str, ...]:
        """Have shards hand on to a webhook; what is said of those that were refused."""


class Scopes(Protocol):
    """What people have granted us (``store.scopes``)."""

    async def granted(self, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        """The scopes of those of these people who have a live grant."""


class Topics(Protocol):
    """Kafka's topics (``kafka.admin``)."""

    async def ensure(self, specs: Iterable[TopicSpec], replication_factor: int) -> None:
        """See that these topics exist."""

    async def topic_id(self, topic: str) -> str | None:
        """Kafka's id of the topic, or None if there is none."""


class Favourites(Protocol):
    """Everybody's favourites (``store.favourites``)."""

    async def favoured(self) -> Collection[str]:
        """The streamers that are anybody's favourite."""


class Keeper(Protocol):
    """Placement, as far as it is needed here."""

    async def keep(self, streamer_ids: frozenset[str]) -> None:
        """Exactly these streamers shall live."""


class States(Protocol):
    """What the streamers' own logs tell (``actors.hosts.Hosts``)."""

    async def states(self, streamer_ids: Iterable[str]) -> Mapping[str, StreamerState]:
        """The states of those of these streamers that are run; never raises."""


class Ports(NamedTuple):
    """Whom the actor works with."""

    twitch: Platform
    topics: Topics
    records: Log
    mail: Source
    favourites: Favourites
    placement: Keeper
    metrics: Counting
    revocations: Revocations
    states: States
    conduits: ConduitCalls
    scopes: Scopes


class Config(NamedTuple):
    """
    What is set.

    Attributes:
        webhook: Our callback and the secret that Twitch signs with.
        families: Event families of each streamer, by name.
        linger_s: How long a streamer nobody wants lives on.
        topic_prefix: Of streamers' topics.
        replication_factor: Of streamers' topics.
        client_id: Our application.
        transport: How Twitch delivers.
        shards: Of the conduit, if that is the transport.
        rotating: Whether the webhooks' secret is being changed, so that shards may still have the old one.
        overlap_s: So long both transports deliver: what the old one has been sending again arrives meanwhile.
    """

    webhook: Webhook
    families: tuple[str, ...]
    linger_s: float
    topic_prefix: str
    replication_factor: int
    client_id: str
    transport: Literal["webhook", "conduit"] = "webhook"
    shards: int = 1
    rotating: bool = False
    overlap_s: float = 30.0


class Clock(NamedTuple):
    """The actor's time and dice, replaceable in tests."""

    monotonic: Callable[[], float] = time.monotonic
    unix: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    roll: Callable[[], float] = random.random
