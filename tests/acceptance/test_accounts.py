"""Signing out and a dead grant reach a person's open sockets; health tells of every part of the install."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from tests.client import Viewer
from tests.install import Install
from tests.journey import Person

SESSION_ENDED = 4501
PARTS = {
    "api", "clock", "connections", "kafka", "placement", "postgres", "ray", "store_writer", "streamers",
    "subscriptions", "twitch", "webhooks", "websocket",
}  # fmt: skip


@asynccontextmanager
async def seated(person: Person) -> AsyncIterator[Viewer]:
    """A socket of that person, welcomed, which does not come back by itself."""
    async with Viewer(person.ticket, resume=False) as viewer:
        await viewer.until(lambda: bool(viewer.welcomes))
        yield viewer


async def test_signing_out_elsewhere_closes_the_sockets_there_and_no_others(install: Install) -> None:
    async with Person(install.url) as here, Person(install.url) as there:
        await here.sign_in("viewer_0901")
        await there.sign_in("viewer_0901")
        async with seated(here) as kept, seated(there) as ended:
            status, _ = await here.call("DELETE", "/api/auth/sessions")
            await ended.until(lambda: bool(ended.closes))

            assert status == 204
            assert [code for code, _ in ended.closes] == [SESSION_ENDED]
            assert (await there.call("POST", "/api/ws-ticket"))[0] == 401
            answer = await kept.subscribe("1000901")
            assert (answer["type"], kept.closes) == ("subscribed", [])


async def test_signing_out_closes_the_socket(install: Install) -> None:
    async with Person(install.url) as person:
        await person.sign_in("viewer_0902")
        async with seated(person) as viewer:
            await person.call("POST", "/api/auth/logout")
            await viewer.until(lambda: bool(viewer.closes))

            assert [code for code, _ in viewer.closes] == [SESSION_ENDED]


async def test_a_dead_grant_is_told_and_ends_every_socket_of_its_person(install: Install) -> None:
    async with Person(install.url) as one, Person(install.url) as two:
        await one.sign_in("viewer_0903", scope="follows")
        await two.sign_in("viewer_0903", scope="follows")
        _, me = await one.call("GET", "/api/me")
        async with seated(one) as first, seated(two) as second, aiohttp.ClientSession() as http:
            order = {"user_id": me["id"]}
            async with http.post(f"{install.double_url}/simulator/disconnect", json=order) as answer:
                assert answer.status == 200, await answer.text()
            status, _ = await one.call("POST", "/api/favourites/import")
            await first.until(lambda: bool(first.closes))
            await second.until(lambda: bool(second.closes))

            assert status == 401
            for viewer in (first, second):
                assert [code for code, _ in viewer.closes] == [SESSION_ENDED]
                assert "grant_revoked" in [state["state"] for state in viewer.states]


async def test_a_favourite_lives_and_tells_as_of_which_position(install: Install) -> None:
    async with Person(install.url) as person:
        await person.sign_in("viewer_0904")
        await person.favour(["1000904"])

        async with asyncio.timeout(60):
            while (await person.call("GET", "/api/favourites"))[1]["favourites"][0]["position"] is None:
                await asyncio.sleep(0.2)
        _, answer = await person.call("GET", "/api/streamers/1000904")

        assert answer["position"].count(":") == 1
        assert answer["live"] is False


async def test_health_tells_of_every_part(install: Install) -> None:
    async with Person(install.url) as person:
        async with asyncio.timeout(60):
            while True:
                status, health = await person.call("GET", "/api/health")
                if set(health["parts"]) == PARTS and health["status"] == "ok":
                    break
                await asyncio.sleep(0.2)

        assert (status, health["simulator"]) == (200, True)
        assert all(part["reason"] for part in health["parts"].values())
        assert health["snapshot"]["version"] > 0


async def test_through_serve_a_slash_behind_does_not_redirect(install: Install) -> None:
    async with Person(install.url) as person:
        for path in ("/healthz", "/healthz/", "/api/health/"):
            assert (await person.call("GET", path))[0] == 200
        for path in ("/api/me/", "/api/favourites/"):
            assert (await person.call("GET", path))[0] == 401
