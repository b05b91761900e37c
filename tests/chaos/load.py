"""Steady, signed load on a running install, and viewers that watch it, for tests that kill something meanwhile."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp
import psutil

from tests.checker import Violation, check
from tests.client import Viewer
from tests.journey import Notification, Person, Post, poster


class Load:
    """
    Notifications for some streamers, posted at a rate until each is acknowledged, as Twitch does.

    Args:
        post: How to post one.
        streamer_ids: Whose, in turns.
        rate: New notifications a second.
    """

    def __init__(self, post: Post, streamer_ids: Sequence[str], rate: float) -> None:
        self.acknowledged: dict[str, list[str]] = {streamer_id: [] for streamer_id in streamer_ids}
        self.refusals = 0
        self._post, self._streamer_ids, self._interval_s = post, streamer_ids, 1 / rate

    @property
    def total(self) -> int:
        """How many are acknowledged."""
        return sum(map(len, self.acknowledged.values()))

    async def run(self, count: int, milestones: dict[int, Callable[[], None]]) -> None:
        """Post ``count`` notifications; call a milestone's function when so many have been posted."""
        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            for number, streamer_id in zip(range(count), itertools.cycle(self._streamer_ids), strict=False):
                if number in milestones:
                    milestones[number]()
                tasks.create_task(self._deliver(streamer_id, number))
                await asyncio.sleep(max(0.0, begun + (number + 1) * self._interval_s - time.monotonic()))

    async def _deliver(self, streamer_id: str, number: int) -> None:
        notification = Notification(streamer_id, title=f"number {number}", category_id="1", category_name="x")
        while await self._post(notification) // 100 != 2:
            self.refusals += 1
            await asyncio.sleep(0.2)
        self.acknowledged[streamer_id].append(notification.message_id)


@asynccontextmanager
async def audience(
    url: str, secret: str, streamer_ids: Sequence[str], people: int, *, on_serve: bool, rate: float
) -> AsyncIterator[tuple[Load, dict[str, Viewer]]]:
    """A load that has not begun, and ``people`` viewers who are subscribed to all of the streamers."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=100), timeout=aiohttp.ClientTimeout(total=10))
        )
        person = await stack.enter_async_context(Person(url))
        await person.sign_in()
        viewers = {}
        for number in range(people):
            viewer = person.viewer_on_serve() if on_serve else person.viewer()
            viewers[f"viewer {number}"] = await stack.enter_async_context(viewer)
            for streamer_id in streamer_ids:
                answer = await viewer.subscribe(streamer_id)
                assert answer["type"] == "subscribed", answer
        yield Load(poster(http, url, secret), streamer_ids, rate), viewers


async def violations(load: Load, viewers: dict[str, Viewer], timeout_s: float = 60.0) -> list[Violation]:
    """What the checker says once every viewer has as many events as were acknowledged (or time is up)."""

    def complete(viewer: Viewer) -> bool:
        return sum(map(len, viewer.events.values())) >= load.total

    for viewer in viewers.values():
        try:
            await viewer.until(lambda one=viewer: complete(one), timeout_s)  # type: ignore[misc]
        except TimeoutError:
            break
    return check(load.acknowledged, {name: viewer.seen() for name, viewer in viewers.items()})


def processes(root: psutil.Process, title: str) -> list[psutil.Process]:
    """Processes below ``root`` whose command line begins with ``title`` (Ray titles its workers ``ray::<class>``)."""
    found = []
    for process in root.children(recursive=True):
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if line.startswith(title):
            found.append(process)
    return found


def longest_pause_s(viewer: Viewer) -> float:
    """The longest time in which a viewer got nothing, between its first event and its last."""
    times = viewer.arrivals
    return max((after - before for before, after in itertools.pairwise(times)), default=0.0)
