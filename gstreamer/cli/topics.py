"""`gstreamer topics`: which topics there are and what each holds."""

from __future__ import annotations

import asyncio

from gstreamer.core import topics
from gstreamer.core.errors import ConfigurationError
from gstreamer.kafka.admin import Admin
from gstreamer.settings import Settings

_PURPOSES = {
    topics.UNROUTED: "events of streamers without a topic",
    topics.CONTROL: "events without a streamer, revocations",
    topics.DEAD_LETTERS: "records that could not be used",
    topics.PLACEMENT_LOG: "placement's decisions",
    topics.SESSIONS: "ended sessions",
}
_AT_ONCE = 50


async def listed(tree: Settings) -> list[str]:
    """
    A line for each topic of ours: name, first offset held, next offset, what for.

    Raises:
        ConfigurationError: No Kafka is set.
        UnavailableError: Kafka does not answer.
    """
    if tree.kafka.bootstrap_servers is None:
        raise ConfigurationError("gstreamer does not run here: start it, name its --data-dir, or set a Kafka")
    admin = Admin(tree.kafka.bootstrap_servers, tree.kafka.extra)
    try:
        names = [name for name in await admin.names() if purpose(tree.kafka.topic_prefix, name)]
        gate = asyncio.Semaphore(_AT_ONCE)

        async def measured(name: str) -> tuple[int, int]:
            async with gate:
                return await admin.watermarks(name, 0)

        marks = await asyncio.gather(*map(measured, names))
    finally:
        await admin.close()
    width = max((len(name) for name in names), default=5)
    lines = [f"{'topic':<{width}}  {'first':>10}  {'next':>10}"]
    for name, (low, high) in zip(names, marks, strict=True):
        lines.append(f"{name:<{width}}  {low:>10}  {high:>10}  {purpose(tree.kafka.topic_prefix, name)}")
    return lines


def purpose(prefix: str, name: str) -> str:
    """What a topic is for; empty if it is none of ours."""
    streamer_id = topics.streamer_of_topic(prefix, name)
    return _PURPOSES.get(name, "") or (f"log of streamer {streamer_id}" if streamer_id else "")
