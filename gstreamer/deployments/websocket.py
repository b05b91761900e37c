"""WebSocket on the Serve port (``GET /ws``): replicas that relay to connection actors (``relay``)."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import Mapping
from typing import Any

from ray import serve
from starlette.types import Receive, Scope, Send

from gstreamer import log, settings
from gstreamer.actors.handles import Handles
from gstreamer.actors.snapshots import SnapshotFollower
from gstreamer.core import relay
from gstreamer.core.auth import derive_key
from gstreamer.core.errors import ConfigurationError
from gstreamer.deployments.relay import Relay, RelayOptions
from gstreamer.metrics import Metrics

REPLICAS = 1
MAX_ONGOING = 20_000
"""A socket is one request for as long as it lives."""
RESOURCES = {"ws": 1.0}


class Replica:
    """One replica: reads the settings of its process, follows placement."""

    def __init__(self) -> None:
        config = settings.load()
        log.configure(config.log.level)
        self._metrics = Metrics()
        self._follower = SnapshotFollower(Handles().placement())
        self._app = Relay(relay_options(config), lambda: self._follower.snapshot, _wall_ms)
        self._tasks: list[asyncio.Task[None]] = []

    def __serve_build_asgi_app__(self) -> Any:
        """Serve: the application of this replica, after its constructor."""

        # A function, since Serve's lifespan takes a bound method for an application of ASGI 2.
        async def app(scope: Scope, receive: Receive, send: Send) -> None:
            await self._asgi(scope, receive, send)

        return app

    async def _asgi(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        else:
            await self._app(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """Serve runs this beside the requests, from before the first until after the last."""
        await receive()
        self._tasks = [asyncio.create_task(self._follower.run()), asyncio.create_task(self._metrics.run())]
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for task in self._tasks:
            task.cancel()
        await send({"type": "lifespan.shutdown.complete"})


def relay_options(config: settings.Settings) -> RelayOptions:
    """
    What the settings say to a relay.

    Raises:
        ConfigurationError: There is no session secret, or the certificate cannot be read.
    """
    if config.session.secret is None:
        raise ConfigurationError("session.secret is not set; it signs tickets")
    secret = config.session.secret.get_secret_value()
    tls = None
    if config.ws.tls_cert is not None:
        try:
            tls = ssl.create_default_context(cafile=str(config.ws.tls_cert))
        except OSError as error:
            raise ConfigurationError(f"ws.tls_cert cannot be used: {error}") from None
        # Actors are reached by address; that they hold the certificate's key is what is checked.
        tls.check_hostname = False
    return RelayOptions(derive_key(secret), derive_key(secret, relay.PURPOSE), config.http.trusted_proxies, tls)


def application(args: Mapping[str, Any]) -> serve.Application:
    """
    The Serve application for the route prefix ``/ws``.

    Args:
        args: ``replicas`` (1), and ``resources`` that each takes ({"ws": 1}).
    """
    deployment: Any = serve.deployment(
        serve.ingress()(Replica),
        name="websocket",
        num_replicas=int(args.get("replicas", REPLICAS)),
        max_ongoing_requests=MAX_ONGOING,
        ray_actor_options={"num_cpus": 0, "resources": dict(args.get("resources", RESOURCES))},
    )
    bound: serve.Application = deployment.bind()
    return bound


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
