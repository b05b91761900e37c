"""Times of the double's WebSockets: keepalive, how long one may be unused, how long one has to move."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import pytest
from aiohttp import web

from gstreamer.simulator.sockets import Sockets


class Place(NamedTuple):
    url: str
    sockets: Sockets
    ended: list[str]
    session: aiohttp.ClientSession

    async def welcomed(self, url: str = "") -> tuple[aiohttp.ClientWebSocketResponse, dict[str, Any]]:
        socket = await self.session.ws_connect(url or self.url)
        return socket, (await socket.receive_json(timeout=10))["payload"]["session"]


@asynccontextmanager
async def running(*, used: bool, **times: float) -> AsyncIterator[Place]:
    ended: list[str] = []
    sockets = Sockets(lambda session_id: used, lambda session_id, status: ended.append(status), **times)
    app = web.Application()
    app.add_routes(sockets.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession() as session:
            yield Place(f"ws://127.0.0.1:{runner.addresses[0][1]}/ws", sockets, ended, session)
    finally:
        await sockets.shut()
        await runner.cleanup()


async def test_whoever_subscribes_to_nothing_is_closed() -> None:
    async with running(used=False, subscribe_s=0.01) as place:
        socket, _ = await place.welcomed()

        assert (await socket.receive(timeout=10)).data == 4003
        assert place.ended == ["websocket_connection_unused"]


async def test_a_quiet_session_is_kept_alive() -> None:
    async with running(used=True, keepalive_s=0.05) as place:
        socket, _ = await place.welcomed()

        kinds = [(await socket.receive_json(timeout=10))["metadata"]["message_type"] for _ in range(2)]

        assert kinds == ["session_keepalive"] * 2


@pytest.mark.parametrize(("asked", "given"), [("10", 10), ("600", 600), ("9", 30), ("601", 30), ("soon", 30)])
async def test_the_time_of_keepalive_can_be_asked_for_within_bounds(asked: str, given: int) -> None:
    async with running(used=True, keepalive_s=30) as place:
        _, session = await place.welcomed(f"{place.url}?keepalive_timeout_seconds={asked}")

        assert session["keepalive_timeout_seconds"] == given


async def test_whoever_does_not_move_in_time_is_closed_and_cannot_move_any_more() -> None:
    async with running(used=True, grace_s=0.01) as place:
        socket, session = await place.welcomed()
        await place.sockets.move(session["id"], place.url)
        where = (await socket.receive_json(timeout=10))["payload"]["session"]["reconnect_url"]

        closed = await socket.receive(timeout=10)
        late = await place.session.ws_connect(where)
        refused = await late.receive(timeout=10)

        assert (closed.data, refused.data) == (4004, 4007)
        assert place.ended == ["websocket_failed_to_reconnect"]
