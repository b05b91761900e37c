"""What viewers were told is what history tells, in the same order, also after the writer was killed."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import psutil

from tests.chaos import load
from tests.install import Install
from tests.journey import Notification, Person, post_until_acknowledged, poster

STREAMER = "1000961"
EVENTS = 300


async def history(person: Person) -> list[dict[str, Any]]:
    """All of it, page by page, oldest first."""
    found: list[dict[str, Any]] = []
    before = ""
    while True:
        status, body = await person.call("GET", f"/api/streamers/{STREAMER}/events?limit=37{before}")
        assert status == 200, body
        found += body["events"]
        if body["next"] is None:
            return found[::-1]
        before = f"&before={body['next']}"


async def kill_writer(install: Install) -> None:
    """Kill the store writer, once there is one (again)."""
    async with asyncio.timeout(60):
        while not (found := load.processes(psutil.Process(install.process.pid), "ray::StoreWriter")):
            await asyncio.sleep(0.1)
    found[0].kill()


async def test_history_is_what_viewers_saw_though_the_writer_dies(install: Install) -> None:
    async with aiohttp.ClientSession() as http, Person(install.url) as person:
        await person.sign_in("viewer_0961")
        post = poster(http, install.url, install.webhook_secret)
        async with person.viewer() as viewer:
            assert (await viewer.subscribe(STREAMER))["type"] == "subscribed"
            for number in range(EVENTS):
                notification = Notification(STREAMER, title=f"title {number}")
                await post_until_acknowledged(post, notification)
                if number % 10 == 0:
                    await post_until_acknowledged(post, notification)
                if number in (60, 180):
                    await kill_writer(install)
            await viewer.until(lambda: len(viewer.events.get(STREAMER, ())) == EVENTS)
            seen = viewer.events[STREAMER]

        async with asyncio.timeout(90):
            while len(told := await history(person)) < EVENTS:
                await asyncio.sleep(0.2)

    assert told == seen
