"""What Kafka holds, and the topics that a test needs."""

from __future__ import annotations

import asyncio

from gstreamer.core.errors import UnavailableError
from gstreamer.core.records import Record
from gstreamer.core.topics import TopicSpec, streamer_topic, streamer_topic_config
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.consumer import Reader

PREFIX = "gs.streamer."


def log_of(streamer_id: str) -> TopicSpec:
    """The topic of a streamer."""
    return TopicSpec(streamer_topic(PREFIX, streamer_id).topic, streamer_topic_config())


async def make(servers: str, *specs: TopicSpec) -> None:
    """See that these topics exist."""
    admin = Admin(servers)
    await admin.ensure(specs, 1)
    await admin.close()


async def stored(servers: str, topic: str) -> list[Record]:
    """Everything that a topic holds."""
    admin, reader = Admin(servers), Reader(servers)
    low, high = await _watermarks(admin, topic)
    found: list[Record] = []
    arrived = asyncio.Event()

    def take(records: list[Record]) -> None:
        found.extend(records)
        if found[-1].offset >= high - 1:
            arrived.set()

    await reader.assign(topic, 0, low, take)
    if high > low:
        await asyncio.wait_for(arrived.wait(), 20)
    await reader.close()
    await admin.close()
    return found


async def _watermarks(admin: Admin, topic: str) -> tuple[int, int]:
    """The first offset of a topic and the one after its last; a new topic may have no leader for a moment."""
    async with asyncio.timeout(20):
        while True:
            try:
                return await admin.watermarks(topic, 0)
            except UnavailableError:
                continue
