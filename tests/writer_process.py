"""The store writer as a process of its own, without Ray: ``python -m tests.writer_process KAFKA DSN``."""

from __future__ import annotations

import asyncio
import sys

from gstreamer.actors.backlog import Logs
from gstreamer.actors.store_writer import Config, Ports, StoreWriter
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.consumer import Reader
from gstreamer.kafka.producer import Producer
from gstreamer.store import partitions
from gstreamer.store.events import EventStore
from gstreamer.store.shard import Shard
from tests.socket_rig import Counts
from tests.stored import PREFIX


async def main(servers: str, dsn: str) -> None:
    """Write until killed, or until another one has taken over."""
    shard, admin = Shard(dsn), Admin(servers)
    ports = Ports(
        Logs(Reader(servers), admin, Producer(servers), lambda: Reader(servers)),
        admin.names,
        EventStore(shard),
        lambda interval, now: partitions.ensure(shard, interval, now),
        Counts(),
    )
    await StoreWriter(Config(PREFIX, "month"), ports).run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
