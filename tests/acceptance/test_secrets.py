"""No token that Twitch issued and no secret of the install is anywhere but where it is kept."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import aiohttp

from tests.client import Viewer
from tests.doubles import Double
from tests.install import Install
from tests.journey import Person
from tests.leaks import Wanted, in_dashboard, in_files, in_processes, issued_by, secrets_of

PEOPLE = {"viewer_0921": "chat,follows", "viewer_0922": "follows", "viewer_0923": "", "tester_924": "streamer"}
STREAMER = "1000925"
PATHS = (
    *("/", "/x", "/api/health", "/api/docs", "/api/openapi.json", "/api/me/preferences"),
    *(f"/api/streamers/{STREAMER}{more}" for more in ("", "/badges", "/emotes")),
)
CONTROL = "a person's id"
"""Not secret, and logged: that it is found shows that the search reads what it should."""


async def live(install: Install, double: Double, stack: AsyncExitStack, heard: list[str]) -> str:
    """People come, grant, favour, watch, have their tokens refreshed, look around; one goes. Gives that one's id."""
    for login, scope in PEOPLE.items():
        person = await stack.enter_async_context(Person(install.url, heard.append))
        await person.sign_in(login, scope)
        _, me = await person.call("GET", "/api/me")
        await person.favour([STREAMER])
        viewer = await stack.enter_async_context(Viewer(person.ticket, resume=False))
        assert (await viewer.subscribe(STREAMER))["type"] == "subscribed"
        await double.expire(me["id"])
        status, _ = await person.call("POST", "/api/favourites/import")
        assert status == (200 if "follows" in scope else 403)
        for path in ("/api/auth/sessions", "/api/favourites", *PATHS):
            await person.call("GET", path)
        await person.call("GET", "/api/auth/callback?code=made-up&state=made-up")
        await person.call("POST", f"/api/streamers/{STREAMER}/chat", {"text": "hello"})
        heard += [repr(one) for one in (viewer.welcomes, viewer.states, viewer.subscribed, viewer.events)]
    assert (await person.call("DELETE", "/api/me"))[0] == 204
    return str(me["id"])


async def test_no_token_and_no_secret_is_anywhere_it_is_not_kept(install: Install) -> None:
    heard: list[str] = []
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        double = Double(install, http)
        user_id = await live(install, double, stack, heard)

        wanted = Wanted(await double.issued(), {**secrets_of(install), CONTROL: user_id})
        found = [one for text in heard for one in wanted.found_in(text.splitlines()[0], text.encode())]
        for search in (in_dashboard, in_files, in_processes):
            found += await asyncio.to_thread(lambda search=search: [*search(wanted, install)])

    control = {one for one in found if one.startswith(CONTROL)}
    assert sorted(set(found) - control) == []
    assert any("/session_" in one and "/logs/" in one for one in control)
    assert any("/kafka/" in one or "/postgres/" in one for one in control)
    assert f"{CONTROL} in /api/me 200" in control


def test_the_search_would_find_a_token_that_was_logged(install: Install) -> None:
    issued = issued_by(install)
    token = issued[-1]["secret"]

    found = Wanted(issued, {}).found_in("a log", f'{{"reason": "token {token}"}}'.encode())

    assert list(found) == [f"{issued[-1]['kind']} by {issued[-1]['by']} in a log"]
