"""However many ask, a grant is refreshed once; and what Twitch gave is stored before a kill -9 can lose it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gstreamer.grants.keeper import AT_ONCE, Keeper
from gstreamer.store.engine import POOL_SIZE
from gstreamer.twitch.models import Token
from tests.api import KEY, Install, install
from tests.asgi import Browser
from tests.twitch import Place

REQUESTS = 100


async def user_of(browser: Browser) -> str:
    return str((await browser.get("/api/me")).json()["id"])


async def expire(api: Install, user_id: str) -> str:
    """End the person's access token alone, as its age does; gives it."""
    tokens = await api.parts.grants.tokens(user_id)
    assert tokens is not None
    await api.place.twitch.oauth.revoke(tokens.access)
    return tokens.access


async def refreshes(place: Place) -> list[str]:
    """The access tokens that refreshes have given."""
    return [one["secret"] for one in await place.issued() if (one["kind"], one["by"]) == ("access", "refresh_token")]


@asynccontextmanager
async def process(dsn: str, place: Place, user_id: str, mode: str) -> AsyncIterator[str]:
    """What another process says about a person's grant; it is killed at the end."""
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.refresher", dsn, place.url, KEY, user_id, mode), stdout=asyncio.subprocess.PIPE
    )
    assert running.stdout is not None
    try:
        line = await asyncio.wait_for(running.stdout.readline(), 60)
        assert line, "the process ended"
        yield line.decode().strip()
    finally:
        running.kill()
        await running.wait()


async def test_a_hundred_requests_over_two_replicas_refresh_once(
    api: Install, accounts_dsn: str, place: Place, tmp_path: Path
) -> None:
    browser = await api.signed_in(query="scope=follows")
    user_id = await user_of(browser)
    await expire(api, user_id)
    async with install(accounts_dsn, place, tmp_path) as other:
        elsewhere = other.browser()
        elsewhere.cookies = browser.cookies

        answers = await asyncio.gather(
            *(one.send("POST", "/api/favourites/import") for one in [browser, elsewhere] * (REQUESTS // 2))
        )

    assert [answer.status for answer in answers] == [200] * REQUESTS
    assert len(await refreshes(place)) == 1


async def test_who_was_too_late_uses_what_another_replica_got(
    api: Install, accounts_dsn: str, place: Place, tmp_path: Path
) -> None:
    user_id = await user_of(await api.signed_in())
    refused = await expire(api, user_id)
    async with install(accounts_dsn, place, tmp_path) as other:
        first = await api.parts.keeper.refreshed(user_id, refused)
        second = await other.parts.keeper.refreshed(user_id, refused)

    assert second == first


async def test_a_new_pair_is_stored_before_a_kill(api: Install, accounts_dsn: str, place: Place) -> None:
    await place.order("rotation", refresh_tokens=True)
    user_id = await user_of(await api.signed_in())
    await expire(api, user_id)

    async with process(accounts_dsn, place, user_id, "use") as first:
        pass
    async with process(accounts_dsn, place, user_id, "use") as second:
        pass

    assert first == second
    assert await refreshes(place) == [first]
    await expire(api, user_id)
    await api.parts.keeper.use(user_id, place.twitch.oauth.validate)
    assert len(await refreshes(place)) == 2
    assert api.log.ended == []


async def test_a_process_that_dies_while_it_refreshes_leaves_the_grant_to_the_next(
    api: Install, accounts_dsn: str, place: Place
) -> None:
    user_id = await user_of(await api.signed_in())
    await expire(api, user_id)

    async with process(accounts_dsn, place, user_id, "hold") as said:
        waiting = asyncio.create_task(api.parts.keeper.use(user_id, place.twitch.oauth.validate))

    assert said == "refreshing"
    assert (await waiting).user_id == user_id
    assert len(await refreshes(place)) == 1


async def test_a_request_that_goes_away_does_not_lose_the_new_pair(api: Install, place: Place) -> None:
    await place.order("rotation", refresh_tokens=True)
    user_id = await user_of(await api.signed_in())
    refused = await expire(api, user_id)
    gone = asyncio.create_task(api.parts.keeper.refreshed(user_id, refused))
    await asyncio.sleep(0)

    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)

    assert (await api.parts.keeper.refreshed(user_id, refused)).access in await refreshes(place)
    assert len(await refreshes(place)) == 1


class Thinking:
    """Twitch's OAuth, which thinks about each refresh until it is let go."""

    def __init__(self, place: Place) -> None:
        self._oauth = place.twitch.oauth
        self.validate = self._oauth.validate
        self.asked = 0
        self.let_go = asyncio.Event()

    async def refresh(self, refresh_token: str) -> Token:
        self.asked += 1
        await self.let_go.wait()
        return await self._oauth.refresh(refresh_token)


async def test_while_twitch_thinks_about_refreshes_postgres_is_there_for_others(api: Install, place: Place) -> None:
    people = [await user_of(await api.signed_in(f"viewer_{number:04}")) for number in range(1, 2 * POOL_SIZE + 3)]
    refused = {user_id: await expire(api, user_id) for user_id in people}
    thinking = Thinking(place)
    keeper = Keeper(api.parts.grants, thinking, api.parts.endings, api.clock)
    refreshing = [asyncio.create_task(keeper.refreshed(one, token)) for one, token in refused.items()]
    async with asyncio.timeout(20):
        while thinking.asked < AT_ONCE:
            await asyncio.sleep(0.01)

    seen = await asyncio.gather(*(api.database.now() for _ in range(2 * POOL_SIZE)))

    assert (len(seen), thinking.asked) == (2 * POOL_SIZE, AT_ONCE)
    thinking.let_go.set()
    assert len({tokens.access for tokens in await asyncio.gather(*refreshing)}) == len(people)
