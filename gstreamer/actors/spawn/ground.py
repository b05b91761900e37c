"""What every actor stands on in its own process: settings, log, metrics, peers, Kafka.

Settings are read here, so that no secret is an actor's argument, and a restart finds everything again.
"""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, NamedTuple

from gstreamer import log, settings
from gstreamer.actors.handles import NAMESPACE, Handles
from gstreamer.core.errors import ConfigurationError
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.consumer import Reader
from gstreamer.kafka.producer import Producer
from gstreamer.metrics import Metrics

MAX_CONCURRENCY = 10_000
"""Each attend of a peer holds one call for as long as both live, and calls of viewers' joins come on top."""

WS = "ws"
REST = "rest"
SLOT = "socket_slot"


class Ground(NamedTuple):
    """What every actor stands on in its process."""

    settings: settings.Settings
    bootstrap: str
    handles: Handles
    metrics: Metrics
    incarnation: str
    work: set[asyncio.Task[None]]

    def admin(self) -> Admin:
        """A client that asks Kafka about topics."""
        return Admin(self.bootstrap, self.settings.kafka.extra)

    def producer(self) -> Producer:
        """A client that writes to Kafka; it connects when it first writes."""
        return Producer(self.bootstrap, self.settings.kafka.extra)

    def reader(self) -> Reader:
        """A client that reads from Kafka."""
        return Reader(self.bootstrap, self.settings.kafka.extra)


def ground() -> Ground:
    """
    Read this process's settings, and start its log and metrics; called on its event loop.

    Raises:
        ConfigurationError: If a setting is wrong or missing.
    """
    read = settings.load()
    log.configure(read.log.level)
    if read.kafka.bootstrap_servers is None:
        raise ConfigurationError("kafka.bootstrap_servers is not set: actors need a Kafka")
    metrics = Metrics()
    work = {asyncio.get_running_loop().create_task(metrics.run(), name="metrics")}
    return Ground(read, read.kafka.bootstrap_servers, Handles(), metrics, secrets.token_hex(4), work)


def actor_options(name: str, resources: dict[str, float]) -> dict[str, Any]:
    """How Ray runs every actor of ours: found by its name, made again when it dies, light on what it is not using."""
    return {
        "name": name,
        "namespace": NAMESPACE,
        "lifetime": "detached",
        "get_if_exists": True,
        "max_restarts": -1,
        "max_concurrency": MAX_CONCURRENCY,
        "num_cpus": 0,
        "resources": resources,
    }
