"""Twitch's double put together: one HTTP server, one world, one memory."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from gstreamer import log
from gstreamer.simulator.chat import Chat
from gstreamer.simulator.community import Community
from gstreamer.simulator.conduit_routes import ConduitRoutes
from gstreamer.simulator.conduits import Conduits
from gstreamer.simulator.consents import Consents
from gstreamer.simulator.control import Control
from gstreamer.simulator.delivery import RETRY_AFTER_S, Delivery
from gstreamer.simulator.disorder import Disorder
from gstreamer.simulator.eventsub import MAX_TOTAL_COST, EventSub
from gstreamer.simulator.faults import Trouble, timestamp
from gstreamer.simulator.helix import Gate, Helix
from gstreamer.simulator.issued import Issued
from gstreamer.simulator.lookups import Lookups
from gstreamer.simulator.messages import Messages
from gstreamer.simulator.oauth import Credentials, OAuth
from gstreamer.simulator.rates import POINTS, Meter
from gstreamer.simulator.state import State
from gstreamer.simulator.world import World

SEED = 20_110_606
HOST = "127.0.0.1"
SWEEP_S = 60.0

_log = log.get("simulator")


class Options(NamedTuple):
    """
    How the double runs.

    Attributes:
        port: Where it listens, on loopback; 0 takes a free one.
        seed: Seed of the world; the same seed gives the same happenings.
        every_s: Mean time between happenings; 0 for none but those on order.
        file: Its memory; None forgets at the end.
        points: Helix calls a minute for each token's owner.
        max_total_cost: Most cost of subscriptions.
        retry_after_s: Waits before a webhook's further tries.
    """

    port: int = 0
    seed: int = SEED
    every_s: float = 3.0
    file: Path | None = None
    points: int = POINTS
    max_total_cost: int = MAX_TOTAL_COST
    retry_after_s: tuple[float, ...] = RETRY_AFTER_S


class Double:
    """
    Twitch's double: ``start`` it, ``close`` it.

    Args:
        credentials: The application that it knows.
        options: How it runs.
    """

    def __init__(self, credentials: Credentials, options: Options) -> None:
        self._options = options
        self._credentials = credentials
        self._state = State(options.file)
        written = self._state.note("world")
        self._world = World.from_json(written) if written else World(options.seed, timestamp())
        self._community = Community(options.seed)
        self._trouble = Trouble()
        self._runner: web.AppRunner | None = None
        self._delivery: Delivery | None = None
        self._living: list[asyncio.Task[None]] = []
        self.url = ""

    async def start(self) -> str:
        """
        Listen and live.

        Returns:
            Its address; OAuth is below ``/oauth2``, Helix below ``/helix``, EventSub's WebSocket is ``/ws``.

        Raises:
            OSError: The port is taken.
        """
        options, credentials = self._options, self._credentials
        conduits = Conduits(self._state)
        delivery = self._delivery = Delivery(
            self._state, conduits, self._trouble, options.seed, options.retry_after_s, credentials.client_id
        )
        meter = Meter(options.points)
        gate = Gate(self._state, credentials, self._trouble, meter)
        app = web.Application(middlewares=[gate.middleware], client_max_size=16 * 2**20)
        app.add_routes([web.get("/", _welcome)])
        issued = Issued(self._state)
        consents = Consents(self._state, delivery, credentials.client_id)
        app.add_routes(OAuth(self._state, credentials, issued, consents.given).routes())
        app.add_routes(Helix(self._world).routes())
        app.add_routes(Lookups(self._state).routes())
        eventsub = EventSub(self._state, conduits, delivery, credentials, options.max_total_cost)
        app.add_routes(eventsub.routes())
        app.add_routes(ConduitRoutes(conduits, delivery).routes())
        app.add_routes(delivery.sockets.routes())
        control = Control(self._state, self._world, delivery, self._trouble, consents, issued, meter)
        app.add_routes(control.routes())
        chat = Chat(lambda happening: delivery.notify(happening.type, happening.event), options.seed)
        app.add_routes(Messages(self._trouble, chat, self._state).routes())
        app.add_routes(Disorder(self._state, conduits, delivery, chat, eventsub).routes())
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, HOST, options.port)
        await site.start()
        self.url = f"http://{HOST}:{self._runner.addresses[0][1]}"
        delivery.resume()
        self._living = [asyncio.create_task(_sweep(conduits))]
        if options.every_s > 0:
            self._living += [
                asyncio.create_task(self._every(1.0, lambda: self._step(delivery))),
                asyncio.create_task(self._every(0.06, lambda: chat.chatter(self._world.live()))),
                asyncio.create_task(self._every(0.3, lambda: self._gather(delivery))),
            ]
        return self.url

    async def close(self) -> None:
        """Stop, remembering all."""
        for task in self._living:
            task.cancel()
        await asyncio.gather(*self._living, return_exceptions=True)
        if self._delivery is not None:
            await self._delivery.close()
        if self._runner is not None:
            await self._runner.cleanup()
        self._state.write_note("world", self._world.to_json())
        self._state.close()

    async def _every(self, times: float, happen: Callable[[], None]) -> None:
        """Let something happen again and again, at so many times the mean time between happenings."""
        pauses = random.Random(self._options.seed)
        while True:
            await asyncio.sleep(self._options.every_s * times * pauses.uniform(0.4, 1.6))
            try:
                happen()
            except Exception as error:
                _log.error("step failed", error=repr(error))

    def _step(self, delivery: Delivery) -> None:
        for happening in self._world.step(timestamp()):
            delivery.notify(happening.type, happening.event)
        self._state.write_note("world", self._world.to_json())

    def _gather(self, delivery: Delivery) -> None:
        for happening in self._community.step(self._world.live(), datetime.now(UTC)):
            delivery.notify(happening.type, happening.event)


async def _sweep(conduits: Conduits) -> None:
    while True:
        conduits.end_abandoned(time.time())
        await asyncio.sleep(SWEEP_S)


async def _welcome(request: web.Request) -> web.Response:
    return web.Response(
        text="This is gstreamer's simulation of Twitch: its streamers and viewers are made up.\n"
        "It stands in for id.twitch.tv (/oauth2) and the Helix API (/helix) while no Twitch client id is set.\n"
    )
