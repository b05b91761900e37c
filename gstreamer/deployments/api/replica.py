"""A replica of the api opens its parts from the settings, and closes them at its end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import ray
from ray import serve
from ray.exceptions import RayError
from ray.serve.exceptions import RayServeException

from gstreamer import log, settings
from gstreamer.actors.handles import Handles, SubscriptionsHandle, find_actor
from gstreamer.actors.hosts import Hosts
from gstreamer.actors.snapshots import SnapshotFollower
from gstreamer.actors.store_handle import StoreWriterHandle
from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.core.health import NAMED, Finding, State, subscriptions_finding, webhooks_finding
from gstreamer.core.ids import STORE_WRITER
from gstreamer.core.topics import SESSIONS
from gstreamer.deployments.api import upkeep
from gstreamer.deployments.api.assets import Assets
from gstreamer.deployments.api.board import Board, Findings, Probe, answering_probe, database_probe, twitch_probe
from gstreamer.deployments.api.chats import Chats
from gstreamer.deployments.api.config import configured, needed
from gstreamer.deployments.api.context import Parts
from gstreamer.deployments.api.live import Connections, Polled
from gstreamer.deployments.api.lookup import Lookup
from gstreamer.deployments.api.sending import Sending
from gstreamer.grants.endings import Endings
from gstreamer.grants.keeper import Keeper
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.producer import Producer
from gstreamer.metrics import Metrics
from gstreamer.store.accounts import Accounts
from gstreamer.store.chat_sends import ChatSends
from gstreamer.store.engine import Database, check_dsn
from gstreamer.store.favourites import Favourites
from gstreamer.store.grants import Grants
from gstreamer.store.history import History
from gstreamer.store.migrate import migrate
from gstreamer.store.rollup import Rollup
from gstreamer.store.scopes import Scopes
from gstreamer.store.secrets import Keyring, keys_of
from gstreamer.store.shard import Shard
from gstreamer.twitch.chat import Chat
from gstreamer.twitch.client import Twitch
from gstreamer.twitch.http import Application

APPLICATIONS = ("api", "webhooks", "websocket")
SERVE_EVERY_S = 10.0


@asynccontextmanager
async def opened(wanted: settings.Settings) -> AsyncIterator[Parts]:
    """
    The parts of a replica by the settings, with everything that runs beside requests.

    Raises:
        ConfigurationError: A setting is missing or wrong, or the database is of a newer gstreamer.
        UnavailableError: Postgres does not answer.
    """
    log.configure(wanted.log.level)
    async with AsyncExitStack() as stack:
        parts, board, beside = await _parts(wanted, stack)
        tasks = [asyncio.create_task(one) for one in (*beside, board.run(), upkeep.run(parts))]
        stack.push_async_callback(_stop, tasks)
        yield parts


async def _parts(wanted: settings.Settings, stack: AsyncExitStack) -> tuple[Parts, Board, tuple[Any, ...]]:
    config = configured(wanted)
    dsn = check_dsn(_first_store(wanted))
    await asyncio.to_thread(migrate, dsn)
    database = Database(dsn)
    stack.push_async_callback(database.close)
    metrics = Metrics()
    handles = Handles()
    twitch = Twitch(application_of(wanted), metrics, access=handles.twitch())
    stack.push_async_callback(twitch.close)
    bootstrap = _bootstrap(wanted)
    producer, admin = Producer(bootstrap, wanted.kafka.extra), Admin(bootstrap, wanted.kafka.extra)
    await producer.start()
    stack.push_async_callback(producer.close)
    follower = SnapshotFollower(handles.placement())
    polled = Polled(handles.subscriptions())
    accounts = Accounts(database)
    grants = Grants(database, Keyring(keys_of(wanted.store.keys), os.urandom, _keys))
    favourites = Favourites(database, wanted.limits.subscriptions)
    lookup = Lookup(twitch, Hosts(handles, follower), favourites, polled)
    endings = Endings(producer, accounts)
    shard, writer = Shard(dsn), StoreWriterHandle(STORE_WRITER, find_actor)
    stack.push_async_callback(shard.close)
    probes = (
        database_probe(database.now, _now),
        answering_probe("kafka", lambda: admin.topic_id(SESSIONS)),
        twitch_probe(twitch),
        Probe(("subscriptions",), lambda: _ask_subscriptions(handles.subscriptions(), lookup)),
        Probe(("store_writer",), lambda: _ask_writer(writer)),
        Probe(("ray", *APPLICATIONS), _ask_serve, SERVE_EVERY_S),
    )
    board = Board(probes, follower, simulated=config.simulated)
    keeper, chat = Keeper(grants, twitch.oauth, endings, _now), Chat(twitch)
    parts = Parts(
        config=config,
        accounts=accounts,
        grants=grants,
        favourites=favourites,
        sign_in=twitch.oauth,
        helix=twitch,
        keeper=keeper,
        endings=endings,
        lookup=lookup,
        sending=Sending(ChatSends(database), chat, keeper, _now),
        assets=Assets(chat),
        chats=Chats(Scopes(database), handles.chat()),
        history=History(shard),
        rollup=Rollup(shard),
        subscriptions=handles.subscriptions(),
        snapshots=follower,
        sockets=Connections(handles, follower),
        board=board,
        random=os.urandom,
        now=_now,
    )
    return parts, board, (follower.run(), metrics.run(), polled.run())


def application_of(wanted: settings.Settings) -> Application:
    """
    Our application at Twitch.

    Raises:
        ConfigurationError: Its id or secret is not set.
    """
    if wanted.twitch.client_id is None:
        raise ConfigurationError(
            "twitch.client_id is not set: set GSTREAMER_TWITCH__CLIENT_ID, or use `gstreamer up`"
        )
    secret = needed("twitch.client_secret", wanted.twitch.client_secret).get_secret_value()
    return Application(wanted.twitch.client_id, secret, wanted.twitch.id_url, wanted.twitch.api_url)


def _first_store(wanted: settings.Settings) -> str:
    return needed("store.urls", next(iter(wanted.store.urls), None)).get_secret_value()


def _bootstrap(wanted: settings.Settings) -> str:
    if wanted.kafka.bootstrap_servers is None:
        raise ConfigurationError(
            "kafka.bootstrap_servers is not set: set GSTREAMER_KAFKA__BOOTSTRAP_SERVERS, or use `gstreamer up`"
        )
    return wanted.kafka.bootstrap_servers


async def _ask_subscriptions(subscriptions: SubscriptionsHandle, lookup: Lookup) -> Findings:
    observed = await subscriptions.observe()
    try:
        people = await lookup.people(observed["without"][:NAMED])
    except UnavailableError:
        people = {}
    names = {one: person.display_name for one, person in people.items()}
    return {"subscriptions": subscriptions_finding(observed, names)}


async def _ask_writer(writer: StoreWriterHandle) -> Findings:
    told = await writer.observe()
    return {"store_writer": Finding(told["state"], f"{told['reason']}; {told['logs']} logs")}


async def _ask_serve() -> Findings:
    """What Ray and Serve tell of the applications, asked in a thread: both block."""
    try:
        nodes, status = await asyncio.to_thread(_nodes_and_applications)
    except (RayError, RayServeException, ConnectionError) as error:
        raise UnavailableError(f"ray does not answer: {type(error).__name__}") from None
    alive = sum(bool(node["Alive"]) for node in nodes)
    found = {"ray": Finding("ok", f"nodes: {alive}")}
    for name in APPLICATIONS:
        known = status.applications.get(name)
        found[name] = _serving(None if known is None else (str(known.status.value), known.message))
    if found["webhooks"].state == "ok":
        found["webhooks"] = webhooks_finding(found["webhooks"], await _ask_webhooks())
    return found


async def _ask_webhooks() -> dict[str, tuple[State, str]]:
    """What a webhooks replica (any of them) tells of its clock and of Kafka."""
    try:
        replica = await asyncio.to_thread(serve.get_app_handle, "webhooks")
        told: dict[str, tuple[State, str]] = await replica.health.remote()
    except (RayError, RayServeException) as error:
        raise UnavailableError(f"the webhooks' replicas do not answer: {type(error).__name__}") from None
    return told


def _nodes_and_applications() -> tuple[list[dict[str, Any]], Any]:
    nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
    return nodes, serve.status()


def _serving(known: tuple[str, str] | None) -> Finding:
    if known is None:
        return Finding("down", "it is not deployed")
    state, message = known
    if state == "RUNNING":
        return Finding("ok", "it runs")
    words = f"serve says {state.lower()}" + (f": {message[:200]}" if message else "")
    return Finding("degraded" if state == "DEPLOYING" else "down", words)


async def _stop(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _keys() -> tuple[str, ...]:
    """The keyring as it is set now."""
    return keys_of(settings.load().store.keys)


def _now() -> datetime:
    return datetime.now(UTC)
