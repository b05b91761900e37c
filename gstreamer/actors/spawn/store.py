"""The store writer in its process: it loads what it writes with, and nothing of Twitch or of accounts."""

from __future__ import annotations

import asyncio

import ray

from gstreamer.actors.backlog import Logs
from gstreamer.actors.spawn.ground import REST, actor_options, ground
from gstreamer.actors.store_writer import Config, Ports, StoreWriter
from gstreamer.core.ids import STORE_WRITER
from gstreamer.store import partitions
from gstreamer.store.events import EventStore
from gstreamer.store.shard import Shard


class StoreWriterActor(StoreWriter):
    """The store writer in its process."""

    def __init__(self) -> None:
        self._ground = on = ground()
        shard, admin = Shard(on.settings.store.urls[0].get_secret_value()), on.admin()
        ports = Ports(
            Logs(on.reader(), admin, on.producer(), on.reader),
            admin.names,
            EventStore(shard),
            lambda interval, now: partitions.ensure(shard, interval, now),
            on.metrics,
        )
        super().__init__(Config(on.settings.kafka.topic_prefix, on.settings.store.interval), ports)
        on.work.add(asyncio.get_running_loop().create_task(self.run(), name="store writer"))


def ensure_writer() -> None:
    """See that the store writer exists."""
    ray.remote(StoreWriterActor).options(**actor_options(STORE_WRITER, {REST: 1})).remote()
