"""Scaling the REST side reloads Serve's proxy; five hundred sockets through it lose, double and reorder nothing."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp

from tests.chaos.load import Load, violations
from tests.client import Viewer
from tests.install import Install
from tests.journey import Person, poster
from tests.scaling import scale_api

SOCKETS, SOCKETS_EACH = 500, 20
STREAMER = "1000600"
RATE, EVENTS, SCALE_AT = 5.0, 150, 25


async def seats(stack: AsyncExitStack, install: Install) -> dict[str, Viewer]:
    """Viewers on Serve's /ws, as many for each person as one may have sockets."""
    viewers: dict[str, Viewer] = {}

    async def seat(person: Person, name: str) -> None:
        viewers[name] = await stack.enter_async_context(person.viewer_on_serve())
        assert (await viewers[name].subscribe(STREAMER))["type"] == "subscribed"

    for number in range(SOCKETS // SOCKETS_EACH):
        person = await stack.enter_async_context(Person(install.url))
        await person.sign_in(f"viewer_{1000 + number:04}")
        await asyncio.gather(*(seat(person, f"{number}/{each}") for each in range(SOCKETS_EACH)))
    return viewers


async def test_scaling_the_api_costs_sockets_on_serve_nothing(install: Install, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(aiohttp.ClientSession())
        viewers = await seats(stack, install)
        load = Load(poster(http, install.url, install.secret("webhook-secret")), [STREAMER], RATE)
        scaling: list[asyncio.Task[None]] = []
        await load.run(
            EVENTS,
            {SCALE_AT: lambda: scaling.append(asyncio.create_task(scale_api(install, 2, tmp_path / "serve.yaml")))},
        )
        await scaling[0]
        found = await violations(load, viewers)
        resumed = [len(viewer.welcomes) > len(viewer.closes) for viewer in viewers.values()]
        cuts = [code for viewer in viewers.values() for code, _ in viewer.closes]

    assert load.total == EVENTS
    assert found == []
    assert [gap for viewer in viewers.values() for gap in viewer.gaps] == []
    assert len(viewers) == SOCKETS
    assert all(resumed)
    assert [code for code in cuts if code >= 4500] == []
