"""The viewers of a chaos run and the events that they watch: signed in and sent by Twitch's double."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections.abc import Sequence
from http.cookies import SimpleCookie

import aiohttp

from gstreamer.chaos.verdict import Seen
from gstreamer.client import Client, Ended, Missed, Received, session
from gstreamer.core.errors import UnavailableError

CALL_S = 10.0
RETRY_S = 0.2
TYPE = "channel.update"
SUBSCRIBED_S = 90.0


class Probe:
    """
    A viewer that notes what it sees.

    Args:
        url: Origin of the gstreamer.
        cookie: Its session.
        streamer_ids: Whom it watches.
    """

    def __init__(self, url: str, cookie: str, streamer_ids: Sequence[str]) -> None:
        self.seen: dict[str, list[Seen]] = {streamer_id: [] for streamer_id in streamer_ids}
        self.ids: dict[str, set[str]] = {streamer_id: set() for streamer_id in streamer_ids}
        self.gaps = 0
        self.ended = ""
        self._client = Client(session(url, cookie), positions=dict.fromkeys(streamer_ids))

    @property
    def is_ready(self) -> bool:
        """Whether it has been told from where on it gets every streamer's events."""
        return all(position is not None for position in self._client.positions.values())

    async def run(self) -> None:
        """Watch until cancelled, or until it is not wanted any more."""
        async with self._client as client:
            for streamer_id in self.seen:
                client.subscribe(streamer_id, types=[TYPE])
            async for item in client:
                if isinstance(item, Received):
                    one = Seen(time.monotonic(), item.event["id"], item.event["position"])
                    self.seen[item.streamer_id].append(one)
                    self.ids[item.streamer_id].add(one.message_id)
                elif isinstance(item, Missed):
                    self.gaps += 1
                elif isinstance(item, Ended):
                    self.ended = f"{item.code} {item.reason}"


class Load:
    """
    Events of some streamers at a rate, each sent by the double until it is acknowledged, as Twitch does.

    Args:
        double: Origin of Twitch's double.
        streamer_ids: Whose, in turns.
        rate: Events a second.
    """

    def __init__(self, double: str, streamer_ids: Sequence[str], rate: float) -> None:
        self.sent: dict[str, list[str]] = {streamer_id: [] for streamer_id in streamer_ids}
        self.acknowledged: dict[str, list[str]] = {streamer_id: [] for streamer_id in streamer_ids}
        self.refusals = 0
        self._double, self._rate = double, rate

    async def run(self, over: asyncio.Event) -> None:
        """Send until it is over, then until all that was sent is acknowledged."""
        connector, timeout = aiohttp.TCPConnector(limit=200), aiohttp.ClientTimeout(total=CALL_S)
        begun = time.monotonic()
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as http, asyncio.TaskGroup() as tasks:
            for number, streamer_id in enumerate(itertools.cycle(self.sent)):
                tasks.create_task(self._deliver(http, streamer_id, number))
                pause_s = begun + (number + 1) / self._rate - time.monotonic()
                try:
                    async with asyncio.timeout(max(0.0, pause_s)):
                        await over.wait()
                        return
                except TimeoutError:
                    continue

    async def _deliver(self, http: aiohttp.ClientSession, streamer_id: str, number: int) -> None:
        message_id = str(uuid.uuid4())
        event = {
            "broadcaster_user_id": streamer_id,
            "broadcaster_user_login": f"tester_{streamer_id}",
            "broadcaster_user_name": f"tester_{streamer_id}",
            "title": f"number {number}",
            "language": "en",
            "category_id": "1",
            "category_name": "x",
            "content_classification_labels": [],
        }
        order = {"events": [{"type": TYPE, "event": event, "message_id": message_id}]}
        self.sent[streamer_id].append(message_id)
        while not await self._acknowledged(http, order):
            self.refusals += 1
            await asyncio.sleep(RETRY_S)
        self.acknowledged[streamer_id].append(message_id)

    async def _acknowledged(self, http: aiohttp.ClientSession, order: object) -> bool:
        try:
            async with http.post(f"{self._double}/simulator/emit", json=order) as answer:
                rows = (await answer.json())["messages"]
        except (aiohttp.ClientError, TimeoutError, OSError, KeyError, ValueError):
            return False
        return bool(rows) and all(row["status"] is not None and row["status"] // 100 == 2 for row in rows)


async def sign_in(url: str, login: str) -> str:
    """
    The cookie of a session of one of the double's made-up viewers.

    Raises:
        UnavailableError: Nobody can sign in at the moment.
    """
    try:
        return await _signed_in(url, login)
    except (aiohttp.ClientError, TimeoutError, KeyError) as error:
        raise UnavailableError(f"{login} cannot sign in ({type(error).__name__})") from None


async def _signed_in(url: str, login: str) -> str:
    jar = aiohttp.CookieJar(unsafe=True)
    async with aiohttp.ClientSession(cookie_jar=jar, timeout=aiohttp.ClientTimeout(total=CALL_S)) as http:
        at = await _location(http, f"{url}/api/auth/login?next=/")
        for _ in range(3):
            path, _, query = at.partition("?")
            back = await _location(http, f"{path.rstrip('/')}/as?{query}&login={login}")
            at = await _location(http, back)
            if "/authorize" not in at:
                break
        cookies: SimpleCookie = SimpleCookie()
        for cookie in jar:
            cookies[cookie.key] = cookie.value
        named = [f"{name}={one.value}" for name, one in cookies.items() if "sign-in" not in name]
        return "; ".join(named)


async def _location(http: aiohttp.ClientSession, url: str) -> str:
    async with http.get(url, allow_redirects=False) as answer:
        return answer.headers["Location"]


async def subscribed(double: str, probes: Sequence[Probe], streamer_ids: Sequence[str]) -> None:
    """
    Return once Twitch's double would tell of every one of these streamers, and every probe would hear of it.

    Raises:
        UnavailableError: It would not, even after a while.
    """
    try:
        async with asyncio.timeout(SUBSCRIBED_S), aiohttp.ClientSession() as http:
            while True:
                async with http.get(f"{double}/simulator/state") as answer:
                    held = (await answer.json())["subscriptions"]
                told = {
                    one["condition"].get("broadcaster_user_id")
                    for one in held
                    if one["type"] == TYPE and one["status"] == "enabled"
                }
                if told.issuperset(streamer_ids) and all(probe.is_ready for probe in probes):
                    return
                await asyncio.sleep(RETRY_S)
    except (TimeoutError, aiohttp.ClientError) as error:
        raise UnavailableError(f"twitch's double has no subscriptions of them ({type(error).__name__})") from None
