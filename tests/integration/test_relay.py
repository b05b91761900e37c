"""A socket on the Serve port is as one at the connection actor: same protocol, same tickets, same codes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from gstreamer.core import protocol
from gstreamer.core.admission import Limits
from gstreamer.core.ports import ConnectionView, Snapshot
from gstreamer.deployments.relay import Relay, RelayOptions
from tests.checker import check
from tests.socket_rig import ORIGIN, RELAY_KEY, TICKET_KEY, Rig, rig, until, wall_ms

ONE = "1001"


class Front:
    """The relay, served as a replica serves it, in front of a rig."""

    def __init__(self, world: Rig) -> None:
        self.world = world
        self.connections: list[ConnectionView] | None = []
        self.trusted_proxies = 0
        self.url = ""

    def snapshot(self) -> Snapshot | None:
        return None if self.connections is None else Snapshot(1, 0, tuple(self.connections), ())

    async def dial(self) -> tuple[str, str]:
        return self.url, self.world.ticket()

    async def opened(self, hello: Any = None, **options: Any) -> ClientConnection:
        options = {"subprotocols": ["gstreamer.v1"], "proxy": None, "compression": None, **options}
        ws = await connect(self.url, **options)
        if hello is None:
            hello = {"type": "hello", "ticket": self.world.ticket()}
        if hello:
            await ws.send(hello if isinstance(hello, str | bytes) else json.dumps(hello))
        return ws


@asynccontextmanager
async def fronted(trusted_proxies: int = 0, **options: Any) -> AsyncIterator[Front]:
    async with rig(ONE, **options) as world:
        front = Front(world)
        front.connections = [await world.connection.observe()]
        relay = Relay(RelayOptions(TICKET_KEY, RELAY_KEY, trusted_proxies), front.snapshot, wall_ms)
        config = uvicorn.Config(
            relay,
            host="127.0.0.1",
            port=0,
            lifespan="off",
            log_config=None,
            ws="websockets-sansio",
            ws_ping_interval=None,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        await until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        front.url = f"ws://127.0.0.1:{port}/ws"
        try:
            yield front
        finally:
            server.should_exit = True
            await serving


async def end_of(ws: ClientConnection) -> int:
    async with asyncio.timeout(10):
        try:
            while True:
                await ws.recv()
        except ConnectionClosed as closed:
            return closed.rcvd.code if closed.rcvd else 1006


async def test_a_relayed_viewer_gets_its_events_and_resumes() -> None:
    async with fronted() as front:
        viewer = front.world.viewer(origin=ORIGIN)
        viewer._dial = front.dial
        async with viewer:
            await viewer.subscribe(ONE)
            said = await front.world.host.say(ONE, 3)
            await viewer.until(lambda: len(viewer.events[ONE]) == 3)

            await viewer.cut()
            said += await front.world.host.say(ONE, 300, pad=1_000)
            await viewer.until(lambda: len(viewer.events[ONE]) == 303)

            assert check({ONE: said}, {"viewer": viewer.seen()}) == []
            assert len(viewer.welcomes) == 2
        await until(lambda: repr(front.world.connection).endswith("sockets=0"))


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ("not json", 4502),
        (b"binary", 4502),
        ({"type": "pong"}, 4502),
        ({"type": "subscribe"}, 4502),
        ({"type": "hello", "ticket": "forged"}, 4500),
        ("x" * 70_000, 4503),
    ],
)
async def test_a_bad_hello_has_the_codes_of_the_actor(hello: Any, code: int) -> None:
    async with fronted() as front:
        assert await end_of(await front.opened(hello)) == code


async def test_codes_of_the_actor_pass_through() -> None:
    async with fronted() as front:
        hello = {"type": "hello", "ticket": front.world.ticket()}
        first = await front.opened(hello)
        assert json.loads(await first.recv())["type"] == "welcome"

        assert await end_of(await front.opened(hello)) == 4500
        assert await end_of(await front.opened(origin="http://evil.example")) == 4506
        binary = await front.opened()
        await binary.send(b"bytes")
        assert await end_of(binary) == 4502
        large = await front.opened()
        await large.send("ä" * 40_000)
        assert await end_of(large) == 4503
        await front.world.connection.stop()
        assert await end_of(first) == 4000


async def test_another_subprotocol_is_refused() -> None:
    async with fronted() as front:
        assert await end_of(await front.opened({}, subprotocols=["gstreamer.v9"])) == 4502


async def test_silence_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HELLO_TIMEOUT_S", 0.01)
    async with fronted() as front:
        assert await end_of(await front.opened({})) == 4003


async def test_a_ticket_for_an_actor_that_is_gone_asks_for_a_new_one() -> None:
    async with fronted() as front:
        view = (front.connections or [])[0]

        front.connections = []
        assert await end_of(await front.opened()) == 4006
        front.connections = None
        assert await end_of(await front.opened()) == 4000
        front.connections = [view._replace(port=1)]
        assert await end_of(await front.opened()) == 4000
        front.connections = [view._replace(sockets=view.capacity)]
        resume = front.world.ticket(kind="resume", connection="")
        assert await end_of(await front.opened({"type": "hello", "ticket": resume})) == 4004
        front.connections = [view]
        ws = await front.opened({"type": "hello", "ticket": resume})
        assert json.loads(await ws.recv())["type"] == "welcome"
        await ws.close()


async def test_addresses_count_only_where_proxies_are_trusted() -> None:
    forwarded = {"additional_headers": {"X-Forwarded-For": "198.51.100.9, 192.0.2.1"}}
    for trusted, code in ((1, 4505), (0, 0)):
        async with fronted(trusted, limits=Limits(100, 100, 1)) as front:
            first = await front.opened(**forwarded)
            assert json.loads(await first.recv())["type"] == "welcome"

            second = await front.opened(**forwarded)

            if code:
                assert await end_of(second) == code
            else:
                assert json.loads(await second.recv())["type"] == "welcome"
                await second.close()
            await first.close()


async def test_a_close_code_of_the_client_reaches_the_actor() -> None:
    async with fronted() as front:
        ws = await front.opened()
        await ws.recv()

        await ws.close(3001)

        await until(lambda: front.world.metrics.counts["gstreamer_sockets_closed", "3001"] == 1)


async def test_a_slow_client_is_slow_at_the_actor(monkeypatch: pytest.MonkeyPatch) -> None:
    async with fronted(queue_bytes=200_000) as front:
        ws = await front.opened({"type": "hello", "ticket": front.world.ticket(), "resume": {ONE: None}})
        assert json.loads(await ws.recv())["type"] == "welcome"
        assert json.loads(await ws.recv())["type"] == "subscribed"
        ws.transport.pause_reading()

        async with asyncio.timeout(30):
            while repr(front.world.connection).endswith("sockets=1"):
                await front.world.host.say(ONE, 5, pad=20_000)
        ws.transport.resume_reading()

        assert await end_of(ws) == 4001


async def test_a_plain_request_is_told_to_upgrade() -> None:
    async with fronted() as front:
        host, port = front.url[5:-3].split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(b"GET /ws HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n")

        assert (await reader.readline()).startswith(b"HTTP/1.1 426")
        writer.close()
