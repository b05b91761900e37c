"""Over two replicas of the api a grant is refreshed once, and its end reaches everything of its person."""

from __future__ import annotations

import asyncio
import datetime
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import pytest

from tests.client import Viewer
from tests.doubles import Double
from tests.install import Install
from tests.journey import Person
from tests.scaling import scale_api

SESSION_ENDED = 4501
REQUESTS = 100


@pytest.fixture(scope="module")
def replicas(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """The install with two replicas of the api."""
    file = tmp_path_factory.mktemp("serve") / "serve.yaml"
    asyncio.run(scale_api(install, 2, file))
    yield install
    asyncio.run(scale_api(install, 1, file))


@asynccontextmanager
async def seated(install: Install, login: str, scope: str = "") -> AsyncIterator[tuple[Person, str, Viewer]]:
    """A person who has signed in with these scopes, their id, and a socket of theirs."""
    async with Person(install.url) as person:
        await person.sign_in(login, scope)
        _, me = await person.call("GET", "/api/me")
        async with Viewer(person.ticket, resume=False) as viewer:
            await viewer.until(lambda: bool(viewer.welcomes))
            yield person, me["id"], viewer


async def is_signed_out(person: Person) -> bool:
    """Whether no replica knows the person's session any more."""
    answers = await asyncio.gather(*(person.call("GET", "/api/me") for _ in range(20)))
    return {status for status, _ in answers} == {401}


async def test_a_grant_that_was_taken_back_ends_all_of_its_person_and_nobody_else(replicas: Install) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        double = Double(replicas, http)
        here, user_id, first = await stack.enter_async_context(seated(replicas, "viewer_0911", "chat"))
        there, _, second = await stack.enter_async_context(seated(replicas, "viewer_0911"))
        other, _, third = await stack.enter_async_context(seated(replicas, "viewer_0912"))

        await double.tells_of_ends()
        await double.disconnect(user_id)
        await first.until(lambda: bool(first.closes), 30)
        await second.until(lambda: bool(second.closes), 30)

        for viewer in (first, second):
            assert [code for code, _ in viewer.closes] == [SESSION_ENDED]
            assert "grant_revoked" in [state["state"] for state in viewer.states]
        assert await is_signed_out(here)
        assert await is_signed_out(there)
        assert ((await other.call("GET", "/api/me"))[0], third.closes) == (200, [])


async def test_a_late_word_of_an_end_leaves_those_who_came_back(replicas: Install) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        double = Double(replicas, http)
        ago = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=2)
        back, user_id, first = await stack.enter_async_context(seated(replicas, "viewer_0913"))
        _, other_id, second = await stack.enter_async_context(seated(replicas, "viewer_0914"))

        await double.tell_of_end(user_id, ago)
        await double.tell_of_end(other_id)
        # Mail is worked off in order: when this one is, so is the one before.
        await second.until(lambda: bool(second.closes), 30)

        assert ((await back.call("GET", "/api/me"))[0], first.closes) == (200, [])


async def test_a_subscription_that_lost_its_authorization_has_the_grant_checked(replicas: Install) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        double = Double(replicas, http)
        streamer, user_id, viewer = await stack.enter_async_context(seated(replicas, "tester_915", "streamer"))
        _, other_id, unharmed = await stack.enter_async_context(seated(replicas, "tester_916", "streamer"))
        await double.disconnect(user_id)

        for one in (other_id, user_id):
            subscription = {
                "id": f"lost-{one}", "type": "channel.subscribe", "version": "1", "status": "authorization_revoked",
                "condition": {"broadcaster_user_id": one},
            }  # fmt: skip
            await double.tell("revocation", {"subscription": subscription})
        await viewer.until(lambda: bool(viewer.closes), 30)

        assert [code for code, _ in viewer.closes] == [SESSION_ENDED]
        assert await is_signed_out(streamer)
        assert unharmed.closes == []


async def test_a_hundred_requests_with_an_ended_token_refresh_it_once(replicas: Install) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        double = Double(replicas, http)
        person = await stack.enter_async_context(Person(replicas.url))
        await person.sign_in("viewer_0917", "follows")
        _, me = await person.call("GET", "/api/me")
        before = await double.access_tokens(me["id"])
        await double.expire(me["id"])

        answers = await asyncio.gather(*(person.call("POST", "/api/favourites/import") for _ in range(REQUESTS)))

        assert [status for status, _ in answers] == [200] * REQUESTS
        after = await double.access_tokens(me["id"])
        assert [one["by"] for one in after[len(before) :]] == ["refresh_token"]
