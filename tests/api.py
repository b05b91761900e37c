"""The api on a real database and on Twitch's double; Kafka and the actors are fakes that say what they were told."""

from __future__ import annotations

import base64
import os
import re
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from gstreamer.core.errors import UnavailableError
from gstreamer.core.fold import StreamerState
from gstreamer.core.ports import ConnectionView, HostView, Snapshot
from gstreamer.core.records import Outgoing
from gstreamer.deployments.api.assets import Assets
from gstreamer.deployments.api.board import Board
from gstreamer.deployments.api.builder import built
from gstreamer.deployments.api.chats import Chats
from gstreamer.deployments.api.config import configured
from gstreamer.deployments.api.context import Parts
from gstreamer.deployments.api.lookup import Lookup
from gstreamer.deployments.api.sending import Sending
from gstreamer.grants.endings import Endings
from gstreamer.grants.keeper import Keeper
from gstreamer.settings import load
from gstreamer.store.accounts import Accounts
from gstreamer.store.chat_sends import ChatSends
from gstreamer.store.engine import Database
from gstreamer.store.favourites import Favourites
from gstreamer.store.grants import Grants
from gstreamer.store.history import History
from gstreamer.store.rollup import Rollup
from gstreamer.store.scopes import Scopes
from gstreamer.store.secrets import Keyring
from gstreamer.store.shard import Shard
from gstreamer.twitch.chat import Chat
from tests.asgi import Answer, Browser, started
from tests.twitch import Place

SECRET = "a session secret of the tests, long enough"
KEY = "k1:" + base64.b64encode(b"1" * 32).decode()


SNAPSHOT = Snapshot(
    7,
    0,
    (ConnectionView("connection:n:0", "n", "10.0.0.1", 8001, "i", 0, 10, accepting=True),),
    (HostView("streamers:n:0", "n", "i", 1),),
)


class ChatsRead:
    """A chat reader that reads what it is told to."""

    def __init__(self) -> None:
        self.streamers: frozenset[str] = frozenset()

    async def reading(self) -> frozenset[str]:
        return self.streamers


@dataclass
class FakeLog:
    """Keeps what is written; ``away`` makes it refuse."""

    sent: list[Outgoing] = field(default_factory=list)
    away: bool = False

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        if self.away:
            raise UnavailableError("kafka does not answer")
        self.sent.append(record)
        return len(self.sent) - 1

    @property
    def ended(self) -> list[tuple[str, str]]:
        return [((one.key or b"").decode(), one.value.decode()) for one in self.sent if one.topic == "gs.sessions"]


@dataclass
class FakeSubscriptions:
    """Counts how often it was told of favourites, and keeps whose grants it was told of."""

    told: int = 0
    grants: list[str] = field(default_factory=list)
    away: bool = False

    async def want(self, streamer_id: str) -> bool:
        raise NotImplementedError

    async def watching(self, connection: str, incarnation: str, viewers: Mapping[str, int]) -> None:
        raise NotImplementedError

    async def favourites_changed(self) -> None:
        if self.away:
            raise UnavailableError("subscriptions is gone")
        self.told += 1

    async def polled(self) -> frozenset[str]:
        raise NotImplementedError

    async def granted(self, user_id: str) -> None:
        if self.away:
            raise UnavailableError("subscriptions is gone")
        self.grants.append(user_id)


@dataclass
class FakeSnapshots:
    """A snapshot as a test sets it."""

    snapshot: Snapshot | None = SNAPSHOT
    age: float | None = 1.0

    def age_s(self) -> float | None:
        return self.age


@dataclass
class FakeLogs:
    """The states that hosts would tell."""

    known: dict[str, StreamerState] = field(default_factory=dict)

    async def states(self, streamer_ids: Iterable[str]) -> dict[str, StreamerState]:
        return {one: self.known[one] for one in streamer_ids if one in self.known}


@dataclass
class FakeSockets:
    """The sessions that would have an open socket."""

    open: frozenset[str] = frozenset()

    async def sessions(self) -> frozenset[str]:
        return self.open


@dataclass
class FakePolled:
    """The streamers that would be polled."""

    streamers: frozenset[str] = frozenset()


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
        self.seconds = 0.0

    def __call__(self) -> datetime:
        return self.now

    def monotonic(self) -> float:
        return self.seconds

    def pass_s(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass
class Install:
    """A running api, with everything that a test may look at or break."""

    app: Any
    parts: Parts
    database: Database
    place: Place
    log: FakeLog
    subscriptions: FakeSubscriptions
    snapshots: FakeSnapshots
    logs: FakeLogs
    sockets: FakeSockets
    polled: FakePolled
    clock: Clock

    def browser(self) -> Browser:
        return Browser(self.app, self.parts.config.public_url.partition("//")[2])

    async def signed_in(self, login: str = "viewer_0001", query: str = "") -> Browser:
        """A browser in which that viewer has signed in."""
        browser = self.browser()
        answer = await self.sign_in(browser, login, query)
        assert answer.status == 303, answer.text
        return browser

    async def sign_in(self, browser: Browser, login: str = "viewer_0001", query: str = "") -> Answer:
        """The answer of the callback after that viewer has agreed at Twitch."""
        began = await browser.get(f"/api/auth/login?{query}")
        assert began.status == 302, began.text
        return await browser.get(await self.agreed(began.header("location") or "", login))

    async def agreed(self, authorize: str, login: str) -> str:
        """Where Twitch sends a viewer who agrees."""
        url = authorize.replace("/authorize?", "/authorize/as?", 1) + f"&login={login}"
        async with self.place.session.get(url, allow_redirects=False) as answer:
            assert answer.status == 302, await answer.text()
            return path_of(answer.headers["Location"])


def path_of(url: str) -> str:
    """Path and query of a url."""
    return re.sub(r"^https?://[^/]+", "", url)


def cookie_line(answer: Answer, name: str) -> str:
    """The Set-Cookie header of that name."""
    return next(line for line in answer.all("set-cookie") if line.startswith(f"{name}="))


@asynccontextmanager
async def install(dsn: str, place: Place, page: Path, **settings: str) -> AsyncIterator[Install]:
    """A running api on a migrated database; ``settings`` as in the environment (``http__trusted_proxies``)."""
    environ = {"SESSION__SECRET": SECRET, "LIMITS__SUBSCRIPTIONS": "5", **{k.upper(): v for k, v in settings.items()}}
    loaded = load({f"GSTREAMER_{name}": value for name, value in environ.items()}, Path("/nonexistent"))
    config = configured(loaded)._replace(page=page)
    database, clock, log = Database(dsn), Clock(), FakeLog()
    shard = Shard(dsn)
    snapshots, logs, subscriptions, sockets = FakeSnapshots(), FakeLogs(), FakeSubscriptions(), FakeSockets()
    polled = FakePolled()
    accounts, favourites = Accounts(database), Favourites(database, loaded.limits.subscriptions)
    grants = Grants(database, Keyring((KEY,), os.urandom))
    endings = Endings(log, accounts)
    twitch = place.twitch
    keeper, chat = Keeper(grants, twitch.oauth, endings, clock), Chat(twitch)
    parts = Parts(
        config=config,
        accounts=accounts,
        grants=grants,
        favourites=favourites,
        sign_in=twitch.oauth,
        helix=twitch,
        keeper=keeper,
        endings=endings,
        lookup=Lookup(twitch, logs, favourites, polled, clock.monotonic),
        sending=Sending(ChatSends(database), chat, keeper, clock),
        assets=Assets(chat, clock.monotonic),
        history=History(shard),
        rollup=Rollup(shard),
        chats=Chats(Scopes(database), ChatsRead(), clock.monotonic),
        subscriptions=subscriptions,
        snapshots=snapshots,
        sockets=sockets,
        board=Board((), snapshots, simulated=config.simulated, clock=lambda: clock().timestamp()),
        random=os.urandom,
        now=clock,
    )

    @asynccontextmanager
    async def opening() -> AsyncIterator[Parts]:
        yield parts

    app = built(opening)
    try:
        async with started(app):
            yield Install(app, parts, database, place, log, subscriptions, snapshots, logs, sockets, polled, clock)
    finally:
        await shard.close()
        await database.close()
