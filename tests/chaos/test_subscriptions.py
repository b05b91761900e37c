"""Each streamer is subscribed once at Twitch and its events come once, whatever is killed or changed meanwhile."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
import psutil
import pytest

from tests.acceptance.test_commands import run
from tests.chaos import load
from tests.client import Viewer
from tests.install import Install, running
from tests.journey import Person

TYPES = ["channel.raid", "channel.update", "stream.offline", "stream.online"]
RATE = 50.0
PATIENCE_S = 180.0
CONDUIT = {"GSTREAMER_TWITCH__TRANSPORT": "conduit", "GSTREAMER_TWITCH__OVERLAP_S": "8"}
"""An overlap that is longer than any delivery here, and shorter than the usual one."""

Row = dict[str, Any]


class Double:
    """Twitch's double of an install, asked and ordered from outside."""

    def __init__(self, install: Install, http: aiohttp.ClientSession) -> None:
        self._url = f"{install.double_url}/simulator"
        self._http = http

    async def subscriptions(self, streamer_ids: list[str]) -> list[Row]:
        """What it has for these streamers."""
        async with self._http.get(f"{self._url}/state") as answer:
            rows = (await answer.json())["subscriptions"]
        return [row for row in rows if not set(row["condition"].values()).isdisjoint(streamer_ids)]

    async def until(self, streamer_ids: list[str], condition: Callable[[list[Row]], bool]) -> list[Row]:
        """The same, once it is as it shall be."""
        async with asyncio.timeout(PATIENCE_S):
            while not condition(found := await self.subscriptions(streamer_ids)):
                await asyncio.sleep(0.1)
        return found

    async def emit(self, streamer_id: str, title: str) -> int:
        """Have an update sent to every subscription that it is for, each until it is taken; how many those are."""
        event = {
            "broadcaster_user_id": streamer_id,
            "broadcaster_user_login": "x",
            "broadcaster_user_name": "X",
            "title": title,
        }
        body = {"events": [{"type": "channel.update", "event": event}], "wait": False}
        async with self._http.post(f"{self._url}/emit", json=body) as answer:
            assert answer.status == 202, await answer.text()
            return len((await answer.json())["messages"])


@pytest.fixture(scope="module")
def install() -> Iterator[Install]:
    """An install of this module's: killing what subscribes uses the budget of calls up that others need."""
    with running() as own:
        yield own


def served_once(streamer_ids: list[str], method: str) -> Callable[[list[Row]], bool]:
    """Whether each of these has one subscription of each type, delivering by that transport, and nothing else."""
    wanted = sorted(itertools.product(streamer_ids, TYPES))

    def holds(found: list[Row]) -> bool:
        by = {(row["transport"]["method"], row["status"]) for row in found}
        return by == {(method, "enabled")} and sorted(map(_key, found)) == wanted

    return holds


def _key(row: Row) -> tuple[str, str]:
    return next(filter(None, row["condition"].values())), row["type"]


async def test_fifty_who_favour_one_streamer_cause_one_subscription_of_each_type(install: Install) -> None:
    streamer_id = "1000755"

    async def favour(number: int) -> None:
        async with Person(install.url) as person:
            await person.sign_in(f"viewer_{number:04}")
            await person.favour([streamer_id])

    async with aiohttp.ClientSession() as http:
        for first in range(0, 50, 10):
            await asyncio.gather(*map(favour, range(first, first + 10)))

        await Double(install, http).until([streamer_id], served_once([streamer_id], "webhook"))


async def test_a_killed_subscriptions_actor_leaves_no_double_and_no_orphan(install: Install) -> None:
    streamer_ids = [str(1_000_720 + number) for number in range(30)]
    root = psutil.Process(install.process.pid)
    killed: list[int] = []

    async with aiohttp.ClientSession() as http, Person(install.url) as person:
        double = Double(install, http)
        await person.sign_in("viewer_0060")
        favouring = asyncio.create_task(person.favour(streamer_ids))
        for made in (3, 35, 70, 100):
            await double.until(streamer_ids, lambda found, least=made: len(found) >= least)  # type: ignore[misc]
            victim = load.processes(root, "ray::SubscriptionsActor")
            killed += [process.pid for process in victim]
            for process in victim:
                process.kill()
        await favouring

        await double.until(streamer_ids, served_once(streamer_ids, "webhook"))

    assert len(killed) >= 2


async def test_a_change_of_transport_there_and_back_under_load_loses_and_doubles_nothing() -> None:
    streamer_ids = [str(1_000_710 + number) for number in range(5)]
    sent: list[tuple[str, str]] = []
    unserved: list[str] = []
    done = asyncio.Event()

    async def steady(double: Double) -> None:
        async with asyncio.TaskGroup() as tasks:
            for number, streamer_id in enumerate(itertools.cycle(streamer_ids)):
                if done.is_set():
                    return
                tasks.create_task(emit(double, streamer_id, f"number {number}"))
                await asyncio.sleep(1 / RATE)

    async def emit(double: Double, streamer_id: str, title: str) -> None:
        if not await double.emit(streamer_id, title):
            unserved.append(title)
        sent.append((streamer_id, title))

    with running(environment=CONDUIT) as own:
        async with AsyncExitStack() as stack:
            double = Double(own, await stack.enter_async_context(aiohttp.ClientSession()))
            person = await stack.enter_async_context(Person(own.url))
            await person.sign_in()
            await person.favour(streamer_ids)
            viewer = await stack.enter_async_context(person.viewer())
            for streamer_id in streamer_ids:
                assert (await viewer.subscribe(streamer_id))["type"] == "subscribed"
            await double.until(streamer_ids, served_once(streamer_ids, "conduit"))

            loading = asyncio.create_task(steady(double))
            for way in ("webhook", "conduit"):
                code, output = await run(own, "transport", way)
                assert code == 0, output
                await double.until(streamer_ids, served_once(streamer_ids, way))
            done.set()
            await loading
            await viewer.until(lambda: set(sent) <= set(titles(viewer)), PATIENCE_S)
            # Whatever came twice would have come by now: the copies were sent together.
            code, told = await run(own, "doctor")

    assert unserved == []
    assert [key for key, count in titles(viewer).items() if count > 1] == []
    assert viewer.gaps == []
    assert "by conduit" in told, told


def titles(viewer: Viewer) -> Counter[tuple[str, str]]:
    """How often a viewer got each update of the load."""
    return Counter(
        (streamer_id, event["data"]["title"])
        for streamer_id, events in viewer.events.items()
        for event in events
        if event["type"] == "channel.update" and str(event["data"].get("title", "")).startswith("number ")
    )
