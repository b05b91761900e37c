"""How many signed webhooks a second Serve takes into Kafka, and what one costs; prints a JSON line for each load.

Run: ``python -m tests.benchmarks.webhooks [replicas]``. Real Kafka, real Serve with HAProxy, bodies of 700 bytes, 20
streamers. The senders run on the same machine, so the rate is that of both; the processor time is told apart.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
import uuid

import aiohttp
import psutil

from gstreamer.core.topics import own_topics
from gstreamer.deployments.eventsub import WRITE_S
from tests import eventsub, services
from tests.serving import Serving, serving
from tests.stored import log_of, make

STREAMERS = [str(3_000_500 + number) for number in range(20)]
WARM_UP_S, MEASURE_S = 10.0, 10.0
IN_FLIGHT = (1, 16, 64)
PADDING = "x" * 300


class Senders:
    """So many senders, each with one request under way."""

    def __init__(self, http: aiohttp.ClientSession, url: str, in_flight: int) -> None:
        self._http, self._url, self._in_flight = http, url, in_flight
        self.took_s: list[float] = []
        self.refused = 0

    async def run(self, seconds: float) -> None:
        """Send for so long."""
        until = time.monotonic() + seconds
        await asyncio.gather(*(self._send(number, until) for number in range(self._in_flight)))

    async def _send(self, number: int, until: float) -> None:
        streamer_id = STREAMERS[number % len(STREAMERS)]
        body = eventsub.notification(streamer_id, "channel.chat.message", event={"message": PADDING})
        while (begun := time.monotonic()) < until:
            at = eventsub.timestamp(time.time_ns() // 1_000_000)
            headers = eventsub.headers(body, at, message_id=str(uuid.uuid4()))
            async with self._http.post(self._url, data=body, headers=headers) as answer:
                await answer.read()
                self.refused += answer.status != 204
            self.took_s.append(time.monotonic() - begun)


def cpu_s(pids: list[int]) -> float:
    """Processor time of these processes so far."""
    times = [psutil.Process(pid).cpu_times() for pid in pids]
    return sum(spent.user + spent.system for spent in times)


def proxy(served: Serving) -> list[int]:
    """HAProxy's processes."""
    return [
        child.pid
        for child in psutil.Process(served.process.pid).children(recursive=True)
        if "haproxy" in child.name()
    ]


async def measured(served: Serving, in_flight: int, seconds: float) -> dict[str, float]:
    """One load's figures."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        senders, pids = Senders(http, served.url, in_flight), [served.replicas, proxy(served), [psutil.Process().pid]]
        begun, before = time.monotonic(), [cpu_s(one) for one in pids]
        await senders.run(seconds)
        spent = [cpu_s(one) - first for one, first in zip(pids, before, strict=True)]
        count, took = len(senders.took_s), sorted(senders.took_s)
        return {
            "in_flight": in_flight,
            "posts_per_s": round(count / (time.monotonic() - begun)),
            "p50_ms": round(took[count // 2] * 1_000, 2),
            "p99_ms": round(took[count * 99 // 100] * 1_000, 2),
            "refused": senders.refused,
            "replica_cpu_us_per_post": round(spent[0] / count * 1e6),
            "haproxy_cpu_us_per_post": round(spent[1] / count * 1e6),
            "sender_cpu_us_per_post": round(spent[2] / count * 1e6),
        }


async def run(replicas: int) -> None:
    """Print a JSON line for each load."""
    with services.kafka() as broker:
        await make(broker.bootstrap_servers, *own_topics(), *map(log_of, STREAMERS))
        with serving(broker.bootstrap_servers, replicas) as served:
            # Kafka's JVM is slow for its first seconds.
            await measured(served, 16, WARM_UP_S)
            for in_flight in IN_FLIGHT:
                figures = await measured(served, in_flight, MEASURE_S)
                print(json.dumps({"replicas": replicas, "write_limit_s": WRITE_S, **figures}), flush=True)


def main() -> None:
    """Measure with the replicas that are named, or 2."""
    asyncio.run(run(int(sys.argv[1]) if len(sys.argv) > 1 else 2))


if __name__ == "__main__":
    main()
