"""Twitch is down, has no room for all, or loses what it sends: everybody is subscribed, polled or healed."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.client import Viewer
from tests.doubles import Double
from tests.install import Install, running
from tests.journey import Person

FULL_SIZE = os.environ.get("TESTS_FULL_SIZE") == "1"
"""2 min of outage and 200 favourites, 2,600 streamers against 10,000 points: half an hour."""

FAMILIES = {"stream.online", "stream.offline", "channel.update", "channel.raid"}
ONLINE, UPDATE = "stream.online", "channel.update"
FIRST_TESTER, FIRST_GUEST = 1_000_000, 2_000_000
OUTAGE_S, FAVOURITES = (120, 200) if FULL_SIZE else (15, 40)
OVERFLOWING, BUDGET = (2_600, 10_000) if FULL_SIZE else (26, 100)
DEAF = str(FIRST_TESTER + 3)
"""A streamer whose events are lost."""
PEOPLE = 6
AT_ONCE = 40
"""Favourites that somebody adds at a time."""
WAIT_S = 2_400.0 if FULL_SIZE else 240.0


@pytest.fixture
def own_install() -> Iterator[Install]:
    """An install of its own: whom others favoured would be polled too, and be counted."""
    with running() as started:
        yield started


async def comes_true(holds: Callable[[], Awaitable[bool]], timeout_s: float = WAIT_S) -> None:
    """Wait until something holds at the install or the double."""
    async with asyncio.timeout(timeout_s):
        while not await holds():
            await asyncio.sleep(0.2)


async def subscribed(double: Double, streamer_ids: Collection[str]) -> list[tuple[str, str]]:
    """Streamer and type of each of these streamers' subscriptions that delivers."""
    rows = await double.subscriptions()
    found = ((next(iter(row["condition"].values())), row["type"]) for row in rows if row["status"] == "enabled")
    return sorted(one for one in found if one[0] in streamer_ids and one[1] in FAMILIES)


def all_of(streamer_ids: Collection[str]) -> list[tuple[str, str]]:
    """What it is when all of these streamers are subscribed once."""
    return sorted((one, family) for one in streamer_ids for family in FAMILIES)


@asynccontextmanager
async def fans(install: Install, streamer_ids: Sequence[str]) -> AsyncIterator[Person]:
    """People who favour these streamers between them, until the end; the first of them."""
    share = -(-len(streamer_ids) // PEOPLE)
    people = [Person(install.url) for _ in range(PEOPLE)]
    try:
        for number, person in enumerate(people):
            await person.sign_in(f"viewer_09{60 + number}")
            mine = streamer_ids[number * share : (number + 1) * share]
            for begin in range(0, len(mine), AT_ONCE):
                await asyncio.gather(*(person.favour((one,)) for one in mine[begin : begin + AT_ONCE]))
        yield people[0]
    finally:
        for number, person in enumerate(people):
            for one in streamer_ids[number * share : (number + 1) * share]:
                await person.call("DELETE", f"/api/favourites/{one}")
            await person.__aexit__()


async def test_favourites_of_an_outage_are_all_there_after_it_and_twitch_is_not_stormed(install: Install) -> None:
    ids = [str(FIRST_TESTER + 100 + number) for number in range(FAVOURITES)]
    async with aiohttp.ClientSession() as http:
        double = Double(install, http)
        await double.order("rates")
        async with fans(install, ids):

            async def has_begun() -> bool:
                return len(await subscribed(double, ids)) >= FAVOURITES // 8

            async def is_whole() -> bool:
                return await subscribed(double, ids) == all_of(ids)

            await comes_true(has_begun)
            await double.order("faults", outage_s=OUTAGE_S)
            await comes_true(is_whole)
            calls = await double.calls()

    assert [row for row in calls if row["refused"]] == []
    turned_away = sum(row["calls"] for row in calls if row["bucket"] == "outage")
    assert 0 < turned_away <= 20 + OUTAGE_S
    creations = sum(row["calls"] for row in calls if "eventsub/subscriptions" in row["path"])
    assert creations <= 4 * len(FAMILIES) * FAVOURITES


async def test_what_no_event_tells_is_found_by_asking(own_install: Install) -> None:
    """Who has no room in the budget is polled, named, and comes back; who is subscribed and not told is healed."""
    install = own_install
    first = FIRST_GUEST if FULL_SIZE else FIRST_TESTER + 900
    ids = [str(first + number) for number in range(OVERFLOWING)]
    async with aiohttp.ClientSession() as http, Person(install.url) as person:
        double = Double(install, http)
        await person.sign_in("viewer_0950")
        async with person.viewer() as viewer:
            assert (await viewer.subscribe(DEAF))["type"] == "subscribed"
            await comes_true(lambda: _is_subscribed(double, (DEAF,)))
            await double.order("rates", app=100_000 if FULL_SIZE else 800)
            cost = await cost_of(double)
            await double.order("budget", max_total_cost=BUDGET)
            try:
                async with fans(install, ids):
                    polled = await polled_of(install, double, person, ids)
                    assert await cost_of(double) <= max(BUDGET, cost)
                    await told_by_asking(double, viewer, polled[-1], [one for one in ids if one not in polled][:100])
                # Nobody favours them any more, and Twitch gives more: there is room for those who are still wanted.
                await double.order("budget", max_total_cost=1_000_000)
                left = ids[-10:]
                await person.favour(left)
                await viewer.subscribe(left[0])
                await comes_true(lambda: _is_subscribed(double, left))
                await comes_true(lambda: _is_nobody_polled(person, left))
                for one in left:
                    await person.call("DELETE", f"/api/favourites/{one}")
            finally:
                await double.order("faults")
                await double.order("budget", max_total_cost=10_000)
        assert [event for event in viewer.events[DEAF] if event["type"] == ONLINE][1:] == []


async def _is_subscribed(double: Double, ids: Collection[str]) -> bool:
    return await subscribed(double, ids) == all_of(ids)


async def cost_of(double: Double) -> int:
    """What all subscriptions cost that are not by WebSocket."""
    rows = await double.subscriptions()
    return sum(row["cost"] for row in rows if row["transport"]["method"] != "websocket")


async def _is_nobody_polled(person: Person, ids: Sequence[str]) -> bool:
    return not await those_polled(person, ids)


async def polled_of(install: Install, double: Double, person: Person, ids: Sequence[str]) -> list[str]:
    """Those of these streamers that are polled, once all have a place and it is told everywhere who has which."""

    async def is_told() -> bool:
        _, health = await person.call("GET", "/api/health")
        held = set(await subscribed(double, ids))
        without = {one for one in ids if not held.issuperset(all_of((one,)))}
        return without == await those_polled(person, ids) and "polled" in health["parts"]["subscriptions"]["reason"]

    await comes_true(is_told)
    found = sorted(await those_polled(person, ids), key=int)
    assert f"{len(found)} streamer" in doctor(install)
    return found


async def those_polled(person: Person, ids: Sequence[str]) -> set[str]:
    """Those of these streamers that the api says are polled."""
    answers = [await person.call("GET", f"/api/streamers/{one}") for one in ids[-150:]]
    return {answer["id"] for _, answer in answers if answer["delivery"] == "polled"}


def doctor(install: Install) -> str:
    """What the doctor says of subscriptions."""
    environment = {**os.environ, "GSTREAMER_PUBLIC_URL": install.url, "GSTREAMER_DATA_DIR": str(install.data_dir)}
    command = [str(Path(sys.executable).with_name("gstreamer")), "doctor"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    return next(line for line in told.stdout.splitlines() if " subscriptions " in line)


async def told_by_asking(double: Double, viewer: Viewer, polled: str, others: Sequence[str]) -> None:
    """A polled streamer, and one whose events are lost, go live: both are found, told once, and said to be found."""
    # Others who are watched as well keep their places, so that this one stays without.
    for one in (*others, polled):
        assert (await viewer.subscribe(one))["type"] == "subscribed"

    def of(streamer_id: str, event_type: str) -> list[dict[str, Any]]:
        return [event for event in viewer.events.get(streamer_id, []) if event["type"] == event_type]

    await double.order("faults", silence_s=3_600)
    for one in (polled, DEAF):
        await double.order("happen", act="start", user_id=one)
    await viewer.until(lambda: bool(of(polled, ONLINE) and of(DEAF, ONLINE)), WAIT_S)
    await double.order("faults")
    # What was lost comes late after all, and then something new.
    (found,) = of(DEAF, ONLINE)
    await double.order("emit", events=[{"type": ONLINE, "event": found["data"]}])
    await double.order("happen", act="update", user_id=DEAF, title="the late one is behind us")
    await viewer.until(lambda: bool(of(DEAF, UPDATE)), WAIT_S)
    for one in (polled, DEAF):
        (online,) = of(one, ONLINE)
        assert online["reconciled"] is True
        assert online["id"].startswith(f"gs-{ONLINE}-{one}-{online['data']['id']}-")
        await double.order("happen", act="end", user_id=one)
    for one in (*others, polled):
        await viewer.unsubscribe(one)
