"""Over two replicas of the api a grant is refreshed once, and its end reaches everything of its person."""

from __future__ import annotations

import asyncio
import datetime
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.client import Viewer
from tests.install import Install
from tests.journey import Notification, Person
from tests.scaling import scale_api

SESSION_ENDED = 4501
REQUESTS = 100
CLIENT_ID = "gstreamer-on-this-machine"


@pytest.fixture(scope="module")
def replicas(install: Install, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """The install with two replicas of the api."""
    file = tmp_path_factory.mktemp("serve") / "serve.yaml"
    asyncio.run(scale_api(install, 2, file))
    yield install
    asyncio.run(scale_api(install, 1, file))


class Double:
    """Twitch's double, as tests give it orders."""

    def __init__(self, install: Install, http: aiohttp.ClientSession) -> None:
        self._url = install.double_url
        self._install = install
        self._http = http

    async def disconnect(self, user_id: str) -> None:
        """Let a person take the grant back."""
        async with self._http.post(f"{self._url}/simulator/disconnect", json={"user_id": user_id}) as answer:
            assert answer.status == 200, await answer.text()

    async def access_tokens(self, user_id: str) -> list[dict[str, str]]:
        """Every access token that the person ever had."""
        async with self._http.get(f"{self._url}/simulator/issued") as answer:
            issued = (await answer.json())["issued"]
        return [one for one in issued if (one["kind"], one["user_id"]) == ("access", user_id)]

    async def expire(self, user_id: str) -> None:
        """End the person's access token alone, as its age does."""
        token = (await self.access_tokens(user_id))[-1]["secret"]
        form = {"client_id": CLIENT_ID, "token": token}
        async with self._http.post(f"{self._url}/oauth2/revoke", data=form) as answer:
            assert answer.status == 200, await answer.text()

    async def tell(
        self,
        kind: str,
        subscription: dict[str, Any],
        event: dict[str, Any] | None,
        at: datetime.datetime | None = None,
    ) -> None:
        """Post a message of Twitch's about grants, signed as of ``at``."""
        message = Notification("0", subscription["type"], "1")
        message.body = json.dumps(
            {"subscription": subscription} if event is None else {"subscription": subscription, "event": event}
        ).encode()
        headers = {
            **message.headers(self._install.webhook_secret, at), "Twitch-Eventsub-Message-Type": kind,
        }  # fmt: skip
        async with self._http.post(f"{self._install.url}/eventsub", data=message.body, headers=headers) as answer:
            assert answer.status == 204, await answer.text()

    async def tell_of_end(self, user_id: str, at: datetime.datetime | None = None) -> None:
        """Post the event that a person has taken the grant back."""
        subscription = {
            "id": "told", "type": "user.authorization.revoke", "version": "1", "status": "enabled",
            "condition": {"client_id": CLIENT_ID},
        }  # fmt: skip
        event = {"client_id": CLIENT_ID, "user_id": user_id}
        await self.tell("notification", {"subscription": subscription, "event": event}, at)


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

        await double.disconnect(user_id)
        await double.tell_of_end(user_id)
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
