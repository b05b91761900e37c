"""The ``webhooks`` application of Serve: each replica has a producer of its own and shares nothing.

It has no ``check_health``: a replica that cannot reach Kafka says so in ``health`` and answers 503, since a new
replica would not reach it either.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from ray import serve

from gstreamer import log, settings
from gstreamer.core.errors import ConfigurationError
from gstreamer.deployments.eventsub import Receive, Rules, Scope, Send, Webhooks
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.producer import Producer
from gstreamer.metrics import Metrics

REPLICAS = 2
"""Two take no more than one (docs/adr/0021), but a crash or an upgrade of one leaves the other."""

MAX_ONGOING = 1_000
RESOURCES = {"rest": 1.0}


class Replica:
    """One replica: reads the settings of its process, writes to Kafka."""

    def __init__(self) -> None:
        config = settings.load()
        log.configure(config.log.level)
        self._metrics = Metrics()
        bootstrap = config.kafka.bootstrap_servers
        if bootstrap is None:
            raise ConfigurationError("kafka.bootstrap_servers is not set; set it, or start by `gstreamer up`")
        self._log = Producer(bootstrap, config.kafka.extra)
        self._admin = Admin(bootstrap, config.kafka.extra)
        self._app = Webhooks(rules(config), self._log, self._admin, self._metrics)

    def __serve_build_asgi_app__(self) -> Any:
        """Serve: the application of this replica, after its constructor."""
        return _Lived(self._app, self._running)

    async def health(self) -> dict[str, tuple[str, str]]:
        """State and reason of ``clock`` and ``kafka``, as this replica sees them."""
        return await self._app.health()

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        flushing = asyncio.create_task(self._metrics.run())
        await self._log.start()
        try:
            yield
        finally:
            flushing.cancel()
            await self._log.close()
            await self._admin.close()


class _Lived:
    """An ASGI application with a lifespan: Serve begins it before the first request and ends it after the last."""

    def __init__(self, app: Webhooks, running: Callable[[], AbstractAsyncContextManager[None]]) -> None:
        self._app = app
        self._running = running

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        await receive()
        async with self._running():
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})


def rules(config: settings.Settings) -> Rules:
    """
    What the settings say to the application.

    Raises:
        ConfigurationError: If there is no webhook secret.
    """
    current, previous = config.twitch.webhook_secret, config.twitch.webhook_secret_previous
    if current is None:
        raise ConfigurationError("twitch.webhook_secret is not set; Twitch signs webhooks with it")
    secrets = [secret.get_secret_value().encode() for secret in (current, previous) if secret is not None]
    return Rules(tuple(secrets), config.kafka.topic_prefix)


def application(replicas: int = REPLICAS, resources: Mapping[str, float] | None = None) -> serve.Application:
    """
    The application, for a Serve config file or ``serve.run``.

    Args:
        replicas: How many replicas.
        resources: Custom Ray resources that each takes; one unit of ``rest`` if not given.
    """
    deployment: Any = serve.deployment(
        serve.ingress()(Replica),
        name="webhooks",
        num_replicas=replicas,
        max_ongoing_requests=MAX_ONGOING,
        ray_actor_options={"num_cpus": 0, "resources": dict(RESOURCES if resources is None else resources)},
    )
    bound: serve.Application = deployment.bind()
    return bound
