"""The whole way on one machine: signed POST to a viewer's socket, stage by stage, at 20 notifications a second."""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

import aiohttp
from confluent_kafka import Consumer, TopicPartition

from tests.client import Viewer
from tests.install import Install, running
from tests.journey import Notification, Person, poster

STREAMER = "1000900"
RATE, WARM_UP, EVENTS = 20.0, 100, 600


class Way(NamedTuple):
    """When one event was where, Unix milliseconds."""

    posted: float
    answered: float
    arrived: float


async def ways(install: Install) -> dict[str, Way]:
    """Post to a viewer of one streamer, by message id; the first events only warm the parts up."""
    arrived: dict[str, float] = {}

    class Watch(Viewer):
        def _record(self, url: str, message: dict[str, object]) -> None:
            now = time.time() * 1000
            super()._record(url, message)
            if message["type"] == "events":
                for event in message["events"]:  # type: ignore[attr-defined]
                    arrived[event["id"]] = now

    sent: dict[str, tuple[float, float]] = {}
    async with Person(install.url) as person, aiohttp.ClientSession() as http:
        await person.sign_in()
        post = poster(http, install.url, install.secret("webhook-secret"))

        async def one(number: int) -> None:
            notification = Notification(STREAMER, title=f"number {number}", category_id="1", category_name="x")
            posted = time.time() * 1000
            assert await post(notification) == 204
            if number >= WARM_UP:
                sent[notification.message_id] = (posted, time.time() * 1000)

        async with Watch(person.ticket) as viewer, asyncio.TaskGroup() as tasks:
            await viewer.subscribe(STREAMER)
            begun = time.monotonic()
            for number in range(WARM_UP + EVENTS):
                tasks.create_task(one(number))
                await asyncio.sleep(max(0.0, begun + (number + 1) / RATE - time.monotonic()))
            await viewer.until(lambda: len(viewer.events[STREAMER]) == WARM_UP + EVENTS)
    return {message_id: Way(*times, arrived[message_id]) for message_id, times in sent.items()}


def stamps(install: Install, prefix: str = "gs.streamer.") -> dict[str, tuple[int, int]]:
    """When each event was received by a replica and appended by Kafka, by message id, from its record."""
    consumer = Consumer({"bootstrap.servers": install.kafka_servers, "group.id": "benchmark"})
    try:
        place = TopicPartition(prefix + STREAMER, 0, 0)
        _, high = consumer.get_watermark_offsets(place)
        consumer.assign([place])
        found: dict[str, tuple[int, int]] = {}
        while len(found) < high:
            for message in consumer.consume(1000, 1.0):
                headers = dict(message.headers() or [])
                appended = message.timestamp()[1]
                found[headers["message-id"].decode()] = (int(headers["received-ms"]), appended)
        return found
    finally:
        consumer.close()


def quantiles(name: str, values: Sequence[float]) -> dict[str, float]:
    """p50 and p99 of a stage, milliseconds."""
    cuts = statistics.quantiles(values, n=100)
    return {f"{name}_p50_ms": round(cuts[49], 2), f"{name}_p99_ms": round(cuts[98], 2)}


def main() -> None:
    """Print one JSON line."""
    with running(environment={"GSTREAMER_LOG__LEVEL": "WARNING"}) as install:
        walked = asyncio.run(ways(install))
        stages = stamps(install)
    figures: dict[str, object] = {"events": len(walked), "rate_per_s": RATE}
    figures |= quantiles("post_to_socket", [way.arrived - way.posted for way in walked.values()])
    figures |= quantiles("post_to_answer", [way.answered - way.posted for way in walked.values()])
    figures |= quantiles("post_to_received", [stages[name][0] - way.posted for name, way in walked.items()])
    figures |= quantiles("received_to_appended", [stages[name][1] - stages[name][0] for name in walked])
    figures |= quantiles("appended_to_socket", [way.arrived - stages[name][1] for name, way in walked.items()])
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
