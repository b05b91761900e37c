"""The actors of the rest side: twitch, chat, subscriptions. Those of the ws side load no store and no Twitch."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

import ray

from gstreamer import settings
from gstreamer.actors.access import TwitchAccess
from gstreamer.actors.chat_reader import ChatReader
from gstreamer.actors.chat_seat import Ports as ChatPorts
from gstreamer.actors.handles import find_actor
from gstreamer.actors.hosts import Hosts
from gstreamer.actors.snapshots import SnapshotFollower
from gstreamer.actors.spawn.ground import REST, Ground, actor_options, ground
from gstreamer.actors.spawn.store import ensure_writer
from gstreamer.actors.spawn.ws import ensure_placement
from gstreamer.actors.subscriptions import Subscriptions
from gstreamer.actors.wiring import Config, Ports
from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.core.ids import CHAT, SUBSCRIPTIONS, TWITCH
from gstreamer.core.ports import Log
from gstreamer.core.topics import CONTROL, UNROUTED
from gstreamer.grants.endings import Endings
from gstreamer.grants.keeper import Keeper
from gstreamer.grants.ports import SignIn
from gstreamer.kafka.inbox import Inbox
from gstreamer.settings import Settings
from gstreamer.store.accounts import Accounts
from gstreamer.store.engine import Database
from gstreamer.store.favourites import Favourites
from gstreamer.store.grants import Grants
from gstreamer.store.scopes import Scopes
from gstreamer.store.secrets import Keyring, keys_of
from gstreamer.twitch.client import Twitch, Webhook
from gstreamer.twitch.conduits import Conduits
from gstreamer.twitch.http import Application
from gstreamer.twitch.sockets import SocketHelix, SocketSession

SUBSCRIPTIONS_GROUP = "gstreamer-subscriptions"
RESTART_S, RESTART_POLL_S = 30.0, 0.1

Delivers = Literal["webhook", "conduit"]


class SubscriptionsActor(Subscriptions):
    """
    The subscriptions actor in its process.

    Args:
        transport: How Twitch shall deliver; None: as it is set.
    """

    def __init__(self, transport: Delivers | None = None) -> None:
        self._ground = on = ground()
        twitch = on.settings.twitch
        if twitch.webhook_secret is None:
            raise ConfigurationError("twitch.webhook_secret is not set: Twitch signs what it sends with it")
        webhook = Webhook(f"{on.settings.public_url}/eventsub", twitch.webhook_secret.get_secret_value())
        database = Database(on.settings.store.urls[0].get_secret_value())
        application = application_of(on)
        platform, records = Twitch(application, on.metrics, access=on.handles.twitch()), on.producer()
        follower = SnapshotFollower(on.handles.placement())
        ports = Ports(
            platform,
            on.admin(),
            records,
            Inbox(on.bootstrap, on.settings.kafka.extra, SUBSCRIPTIONS_GROUP, (UNROUTED, CONTROL)),
            Favourites(database, on.settings.limits.subscriptions),
            on.handles.placement(),
            on.metrics,
            keeper_of(on.settings, database, platform.oauth, records),
            Hosts(on.handles, follower),
            Conduits(platform),
            Scopes(database),
        )
        kafka = on.settings.kafka
        config = Config(
            webhook,
            tuple(twitch.families),
            twitch.linger_s,
            kafka.topic_prefix,
            kafka.replication_factor,
            application.client_id,
            transport or twitch.transport,
            twitch.conduit_shards,
            twitch.webhook_secret_previous is not None,
            twitch.overlap_s,
        )
        super().__init__(config, ports)
        loop = asyncio.get_running_loop()
        on.work.add(loop.create_task(follower.run(), name="placement"))
        on.work.add(loop.create_task(self.run(), name="subscriptions"))


class TwitchAccessActor(TwitchAccess):
    """The actor ``twitch`` in its process; its own calls go past itself."""

    def __init__(self) -> None:
        self._ground = on = ground()
        super().__init__(Twitch(application_of(on), on.metrics).oauth.app_token, on.metrics)


class ChatReaderActor(ChatReader):
    """The chat reader in its process."""

    def __init__(self) -> None:
        self._ground = on = ground()
        url = on.settings.twitch.eventsub_ws_url
        database = Database(on.settings.store.urls[0].get_secret_value())
        twitch, records = SocketHelix(application_of(on), on.metrics, access=on.handles.twitch()), on.producer()
        ports = ChatPorts(
            twitch,
            lambda: SocketSession(url),
            keeper_of(on.settings, database, twitch.oauth, records),
            records,
            on.metrics,
            on.settings.kafka.topic_prefix,
        )
        super().__init__(ports, Scopes(database))
        on.work.add(asyncio.get_running_loop().create_task(self.run(), name="chat"))


def application_of(on: Ground) -> Application:
    """
    Our application at Twitch, by an actor's settings.

    Raises:
        ConfigurationError: Its id or secret is not set.
    """
    twitch = on.settings.twitch
    if twitch.client_id is None or twitch.client_secret is None:
        raise ConfigurationError("twitch.client_id and client_secret are needed: set both")
    return Application(twitch.client_id, twitch.client_secret.get_secret_value(), twitch.id_url, twitch.api_url)


def keeper_of(wanted: Settings, database: Database, sign_in: SignIn, records: Log) -> Keeper:
    """People's grants, for an actor that uses them or hears of their end."""
    keyring = Keyring(keys_of(wanted.store.keys), os.urandom, lambda: keys_of(settings.load().store.keys))
    endings = Endings(records, Accounts(database))
    return Keeper(Grants(database, keyring), sign_in, endings, lambda: datetime.now(UTC))


def ensure_needed() -> None:
    """See that the actors exist without which nothing is watched: placement and subscriptions."""
    ensure_placement()
    ray.remote(SubscriptionsActor).options(**actor_options(SUBSCRIPTIONS, {REST: 1})).remote()


def ensure_actors() -> None:
    """See that every actor that nobody else makes exists: those needed, twitch, chat and the store writer."""
    ensure_needed()
    ensure_writer()
    ray.remote(TwitchAccessActor).options(**actor_options(TWITCH, {REST: 1})).remote()
    ray.remote(ChatReaderActor).options(**actor_options(CHAT, {REST: 1})).remote()


async def restart_subscriptions(transport: Delivers) -> None:
    """
    Start the subscriptions actor anew, with this transport in place of the one that is set.

    Raises:
        UnavailableError: The one before does not end.
    """
    options = {**actor_options(SUBSCRIPTIONS, {REST: 1}), "get_if_exists": False}
    deadline_s = asyncio.get_running_loop().time() + RESTART_S
    while asyncio.get_running_loop().time() < deadline_s:
        with suppress(ValueError):
            ray.kill(find_actor(SUBSCRIPTIONS), no_restart=True)
        try:
            ray.remote(SubscriptionsActor).options(**options).remote(transport)
        except ValueError:
            # Its name is free only once it has ended.
            await asyncio.sleep(RESTART_POLL_S)
        else:
            return
    raise UnavailableError(f"the subscriptions actor did not end within {RESTART_S:.0f} s")
