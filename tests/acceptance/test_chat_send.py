"""A viewer writes to a chat through the whole install, once; while Twitch is down, health says so."""

from __future__ import annotations

import asyncio
import uuid

import aiohttp

from tests.install import Install
from tests.journey import Person

STREAMER = "1000931"


async def order(install: Install, **faults: object) -> None:
    """Have the double misbehave like this."""
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{install.double_url}/simulator/faults", json=faults) as answer,
    ):
        assert answer.status == 200, await answer.text()


async def posted(install: Install, user_id: str) -> int:
    """How many messages of a person came to Twitch."""
    async with aiohttp.ClientSession() as http, http.get(f"{install.double_url}/simulator/calls") as answer:
        rows = (await answer.json())["calls"]
    return sum(row["calls"] for row in rows if row["bucket"] == f"chat:{user_id}")


async def test_a_message_that_is_repeated_goes_once(install: Install) -> None:
    async with Person(install.url) as person:
        await person.sign_in("viewer_0931", scope="chat")
        _, me = await person.call("GET", "/api/me")
        path, key = f"/api/streamers/{STREAMER}/chat", str(uuid.uuid4())

        first = await person.call("POST", path, {"text": "hello"}, key=key)
        again = await person.call("POST", path, {"text": "hello"}, key=key)

        assert first[0] == 202, first
        assert again == first
        assert await posted(install, me["id"]) == 1


async def test_emotes_and_badges_are_there(install: Install) -> None:
    async with Person(install.url) as person:
        await person.sign_in("viewer_0932")

        _, emotes = await person.call("GET", f"/api/streamers/{STREAMER}/emotes")
        _, badges = await person.call("GET", f"/api/streamers/{STREAMER}/badges")

    assert "Kappa" in [one["name"] for one in emotes["emotes"]]
    assert "moderator" in [one["set_id"] for one in badges["badges"]]


async def test_health_says_while_twitch_is_down_and_that_it_is_back(install: Install) -> None:
    async def until(state: str) -> str:
        async with asyncio.timeout(90):
            while True:
                _, health = await person.call("GET", "/api/health")
                part = health["parts"]["twitch"]
                if part["state"] == state:
                    return str(part["reason"])
                await person.call("GET", f"/api/streamers?query=p{uuid.uuid4().hex[:6]}")
                await asyncio.sleep(0.3)

    async with Person(install.url) as person:
        await person.sign_in("viewer_0933")
        await until("ok")
        await order(install, outage_s=600)
        try:
            reason = await until("down")
        finally:
            await order(install)

        assert "twitch" in reason
        assert await until("ok")
