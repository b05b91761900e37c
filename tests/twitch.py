"""Twitch's double in the test's own loop, a client of it, and a callback that keeps what it is sent."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from gstreamer.simulator.oauth import Credentials
from gstreamer.simulator.server import Double, Options
from gstreamer.twitch.client import Twitch, Webhook
from gstreamer.twitch.http import Application, Patience

SECRET = "a webhook secret of tests"
CREDENTIALS = Credentials("test-client", "test-secret", "http://localhost:8000")
QUIET = Options(every_s=0, retry_after_s=(0.02, 0.02))


class Uncounted:
    """Counts nothing."""

    def count(self, name: str, n: float = 1, *labels: str) -> None: ...

    def gauge(self, name: str, value: float, *labels: str) -> None: ...

    def observe(self, name: str, value: float, *labels: str) -> None: ...


@dataclass
class Callback:
    """
    A webhook endpoint: answers challenges, keeps notifications and revocations, refuses what is not signed.

    ``refuse`` makes it answer so many further posts with 503.
    """

    url: str = ""
    secret: str = SECRET
    refuse: int = 0
    answers_challenges: bool = True
    notifications: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    timestamps: list[str] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    revocations: list[dict[str, Any]] = field(default_factory=list)
    forged: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def post(self, request: web.Request) -> web.Response:
        raw = await request.read()
        head = {name.lower(): text for name, text in request.headers.items()}
        message_id = head["twitch-eventsub-message-id"]
        signed = message_id.encode() + head["twitch-eventsub-message-timestamp"].encode() + raw
        expected = "sha256=" + hmac.new(self.secret.encode(), signed, hashlib.sha256).hexdigest()
        self.changed.set()
        if not hmac.compare_digest(expected, head["twitch-eventsub-message-signature"]):
            self.forged += 1
            return web.Response(status=403)
        if self.refuse:
            self.refuse -= 1
            return web.Response(status=503)
        body = json.loads(raw)
        kind = head["twitch-eventsub-message-type"]
        if kind == "webhook_callback_verification":
            return web.Response(text=body["challenge"]) if self.answers_challenges else web.Response(status=404)
        if kind == "revocation":
            self.revocations.append(body["subscription"])
        else:
            self.notifications.append((message_id, body))
            self.timestamps.append(head["twitch-eventsub-message-timestamp"])
            self.retries.append(head["twitch-eventsub-message-retry"])
        return web.Response(status=204)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait, 10 s at most, for something that a post brings about."""
        async with asyncio.timeout(10):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@asynccontextmanager
async def callback() -> AsyncIterator[Callback]:
    """A callback that listens."""
    kept = Callback()
    app = web.Application()
    app.add_routes([web.post("/eventsub", kept.post)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    kept.url = f"http://127.0.0.1:{runner.addresses[0][1]}/eventsub"
    try:
        yield kept
    finally:
        await runner.cleanup()


@dataclass
class Place:
    """A running double with a client of it."""

    url: str
    twitch: Twitch
    session: aiohttp.ClientSession

    async def order(self, what: str, **body: Any) -> dict[str, Any]:
        """Give the double an order (gstreamer.simulator.control)."""
        async with self.session.post(f"{self.url}/simulator/{what}", json=body) as answer:
            assert answer.status in (200, 202), await answer.text()
            return dict(await answer.json())

    async def state(self) -> dict[str, Any]:
        """What the double holds."""
        async with self.session.get(f"{self.url}/simulator/state") as answer:
            return dict(await answer.json())

    async def issued(self) -> list[dict[str, str]]:
        """Every token and code that it has ever issued, the first first."""
        async with self.session.get(f"{self.url}/simulator/issued") as answer:
            return list((await answer.json())["issued"])

    async def calls(self) -> dict[tuple[str, str], tuple[int, int]]:
        """How many calls came by bucket and path, and how many of them were refused for want of points."""
        async with self.session.get(f"{self.url}/simulator/calls") as answer:
            rows = (await answer.json())["calls"]
        return {(row["bucket"], row["path"]): (row["calls"], row["refused"]) for row in rows}

    async def subscribe(self, to: Callback, event_type: str, streamer_id: str, version: str = "1") -> str:
        """A subscription that is enabled; its id."""
        name = "to_broadcaster_user_id" if event_type == "channel.raid" else "broadcaster_user_id"
        made = await self.twitch.subscribe(event_type, version, {name: streamer_id}, Webhook(to.url, to.secret))
        async with asyncio.timeout(10):
            while True:
                found = await self.twitch.subscription(made.subscription.id)
                assert found is not None
                if found.status != "webhook_callback_verification_pending":
                    return found.id
                await asyncio.sleep(0.01)


def client_of(url: str, patience: Patience | None = None, **more: Any) -> Twitch:
    """A further client of the double at ``url``."""
    application = Application("test-client", "test-secret", f"{url}/oauth2", f"{url}/helix")
    return Twitch(application, Uncounted(), patience or Patience(base_s=0.01, cap_s=0.02), **more)


@asynccontextmanager
async def double(options: Options = QUIET, patience: Patience | None = None) -> AsyncIterator[Place]:
    """A running double and a client of it."""
    running = Double(CREDENTIALS, options)
    url = await running.start()
    client = client_of(url, patience)
    try:
        async with aiohttp.ClientSession() as session:
            yield Place(url, client, session)
    finally:
        await client.close()
        await running.close()
