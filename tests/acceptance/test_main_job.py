"""The main job: each viewer gets each acknowledged event of its streamers exactly once, all viewers in one order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from contextlib import AsyncExitStack

import aiohttp
import pytest

from tests.checker import check
from tests.client import Viewer
from tests.install import Install
from tests.journey import Notification, Person, Post, post_until_acknowledged, poster

STREAMERS, VIEWERS, EACH = 100, 20, 5
NOTIFICATIONS, REPEATED_SHARE, SHUFFLED_BY = 2_000, 0.1, 20
AT_ONCE = 16
FIRST_STREAMER = 1_000_000
"""The double's quiet streamers: nothing happens to them but what a test posts."""


def choices(streamers: Sequence[str], dice: random.Random) -> list[list[str]]:
    """What each viewer watches: two of five streamers that many watch, and three of all the others."""
    return [dice.sample(streamers[:5], 2) + dice.sample(streamers[5:], EACH - 2) for _ in range(VIEWERS)]


def notifications(streamers: Sequence[str], count: int, dice: random.Random) -> list[Notification]:
    """Notifications for all the streamers, some of them twice, each up to so many places from where it belongs."""
    first = [
        Notification(dice.choice(streamers), title=f"title {number}", category_id="1", category_name="a game")
        for number in range(count)
    ]
    placed = [(number + dice.uniform(0, SHUFFLED_BY), one) for number, one in enumerate(first)]
    repeated = dice.sample(range(count), round(count * REPEATED_SHARE))
    placed += [(number + dice.uniform(0, SHUFFLED_BY), first[number]) for number in repeated]
    return [one for _, one in sorted(placed, key=lambda each: each[0])]


async def post_all(post: Post, queue: list[Notification]) -> dict[str, set[str]]:
    """Post them in turn, some at once; the ids that were acknowledged, by streamer."""
    acknowledged: dict[str, set[str]] = {}
    left = iter(queue)

    async def work() -> None:
        for notification in left:
            await post_until_acknowledged(post, notification)
            acknowledged.setdefault(notification.streamer_id, set()).add(notification.message_id)

    async with asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(work())
    return acknowledged


async def seated(
    stack: AsyncExitStack, install: Install, number: int, watched: Sequence[str], on_serve: bool
) -> Viewer:
    """A person of their own, signed in and subscribed."""
    person = await stack.enter_async_context(Person(install.url))
    await person.sign_in(f"viewer_{number:04}")
    viewer = await stack.enter_async_context(person.viewer_on_serve() if on_serve else person.viewer())
    for streamer_id in watched:
        answer = await viewer.subscribe(streamer_id)
        assert answer["type"] == "subscribed", answer
    return viewer


async def done(
    install: Install, watched: Sequence[Sequence[str]], queue: list[Notification], *, on_serve: bool
) -> None:
    """Seat viewers, post everything, and check what they saw."""
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        # One after the other: each new streamer costs calls to Twitch, whose double limits them as Twitch does.
        viewers = [await seated(stack, install, number, mine, on_serve) for number, mine in enumerate(watched)]

        acknowledged = await post_all(poster(http, install.url, install.webhook_secret), queue)
        for viewer, mine in zip(viewers, watched, strict=True):
            expected = sum(len(acknowledged.get(streamer_id, ())) for streamer_id in mine)
            await viewer.until(lambda one=viewer, all_=expected: received(one) >= all_, 60)  # type: ignore[misc]
        troubles = [viewer.gaps + viewer.lagged + viewer.closes for viewer in viewers]

    seen = {f"viewer {number}": viewer.seen() for number, viewer in enumerate(viewers)}
    assert sum(map(len, acknowledged.values())) == len({one.message_id for one in queue})
    assert check(acknowledged, seen) == []
    assert troubles == [[] for _ in viewers]


@pytest.mark.parametrize("on_serve", [False, True], ids=["direct", "through_serve"])
async def test_each_viewer_gets_each_acknowledged_event_once_and_all_in_one_order(
    install: Install, on_serve: bool
) -> None:
    dice = random.Random(4)
    first = FIRST_STREAMER + (STREAMERS if on_serve else 0)
    streamers = [str(first + number) for number in range(STREAMERS)]

    await done(install, choices(streamers, dice), notifications(streamers, NOTIFICATIONS, dice), on_serve=on_serve)


def received(viewer: Viewer) -> int:
    """How many events it has."""
    return sum(map(len, viewer.events.values()))
