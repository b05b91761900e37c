"""How many records one host takes a second: deduped, encoded once, held, batched; and what a dedupe key costs.

Run: ``python -m tests.benchmarks.streamers``. Kafka and Ray are left out, so the figure is the host's own work on one
core: a chat-like record of 1.2 kB, a tenth repeated, 20 streamers, two connection actors that take everything.
"""

from __future__ import annotations

import asyncio
import json
import platform
import time
import tracemalloc

from gstreamer.actors.backlog import Logs
from gstreamer.actors.streamer_host import HostOptions, StreamerHost
from gstreamer.core.dedup import Dedup
from gstreamer.core.events import Batch
from gstreamer.core.ports import ConnectionView, Owner
from gstreamer.core.records import Record
from gstreamer.log import configure
from tests.fake_log import Counts, FakeLog
from tests.followers import until
from tests.records import record

STREAMERS = 20
RECORDS = 100_000
CHUNK = 500
KEYS = 100_000


class Taker:
    """A connection actor that takes everything."""

    def __init__(self) -> None:
        self.events = 0
        self.calls = 0

    async def attend(self, caller: str, incarnation: str) -> None:
        await asyncio.Event().wait()

    async def deliver(self, host: str, incarnation: str, batches: tuple[Batch, ...]) -> tuple[str, ...]:
        self.calls += 1
        self.events += sum(len(batch.events) for batch in batches)
        return ()

    async def moved(self, owners: tuple[Owner, ...]) -> None: ...

    async def observe(self) -> ConnectionView:
        return ConnectionView("", "", "", 0, "", 0, 0, True)

    async def stop(self) -> None: ...


def chat(streamer_id: str, offset: int, number: int) -> Record:
    """A chat message; ``number`` makes it one of a kind."""
    message_id = f"5d9f2208-5dc5-4a5f-a2c3-{number:012}"
    event = {
        "broadcaster_user_id": streamer_id,
        "chatter_user_id": str(number),
        "message_id": f"cc106a89-1814-919d-454c-{number:012}",
        "message": {"text": "hello " * 20, "fragments": [{"type": "text", "text": "hello " * 20, "emote": None}]},
        "badges": [{"set_id": "moderator", "id": "1", "info": ""}] * 3,
        "color": "#00FF7F",
        "pad": "x" * 400,
    }
    topic = f"gs.streamer.{streamer_id}"
    return record(offset, "channel.chat.message", event, message_id=message_id, time_ms=number, topic=topic)


async def throughput() -> dict[str, float]:
    """Records a second through one host, and what it handed on."""
    log, takers = FakeLog(), {"connection:b:0": Taker(), "connection:b:1": Taker()}
    ids = [str(1_000 + n) for n in range(STREAMERS)]
    logs = Logs(log.reader(), log, log, log.reader)
    host = StreamerHost(
        "streamers:b:0", "b", "i", logs, takers.__getitem__, Counts(), HostOptions("gs.streamer.", 2 * 2**20)
    )
    for streamer_id in ids:
        log.make(f"gs.streamer.{streamer_id}")
    await host.assign(tuple(Owner(one, host.name, 1) for one in ids))
    for streamer_id in ids:
        for name in takers:
            await host.join(name, "c", streamer_id, None)
    reader = log.readers[0]
    chunks = _chunks(ids)

    began = time.process_time()
    for chunk in chunks:
        reader.places[chunk[0].topic][1](chunk)
        await asyncio.sleep(0)
    distinct = sum(len({one.headers["message-id"] for one in chunk}) for chunk in chunks)
    await until(lambda: all(taker.events == distinct for taker in takers.values()))
    cpu_s = time.process_time() - began
    calls = sum(taker.calls for taker in takers.values())
    await host.stop()
    return {
        "records_per_s": round(RECORDS / cpu_s),
        "us_per_record": round(cpu_s / RECORDS * 1e6, 2),
        "events_delivered": 2 * distinct,
        "events_per_call": round(2 * distinct / calls, 1),
    }


def _chunks(ids: list[str]) -> list[list[Record]]:
    """Chunks as the reader gives them, streamers in turn; every tenth record repeats the one before."""
    chunks, number = [], 0
    heads = dict.fromkeys(ids, 0)
    for n in range(RECORDS // CHUNK):
        streamer_id, chunk = ids[n % STREAMERS], []
        for place in range(CHUNK):
            number += place % 10 != 9
            chunk.append(chat(streamer_id, heads[streamer_id], number))
            heads[streamer_id] += 1
        chunks.append(chunk)
    return chunks


def bytes_per_key() -> float:
    """Memory of a message id in the dedupe window."""
    tracemalloc.start()
    dedup = Dedup(None)
    before, _ = tracemalloc.get_traced_memory()
    for n in range(KEYS):
        dedup.take(record(n, message_id=f"5d9f2208-5dc5-4a5f-a2c3-{n:012}", time_ms=n * 5, value=b""))
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return round((after - before) / KEYS, 1)


def us_per_record(pairing: bool) -> float:
    """What the verdict takes on an update of 0.5 kB; pairing: every second one is the other subscription's copy."""
    event = {"title": "hello " * 20, "category_name": "Chess", "content_classification_labels": ["Gambling"]}
    records = []
    for n in range(KEYS):
        said = json.dumps({"subscription": {"id": "x" * 36, "pad": "x" * 150}, "event": {"n": n // 2, **event}})
        headers = {"message-id": f"5d9f2208-5dc5-4a5f-a2c3-{n:012}", "type": "channel.update"}
        if pairing:
            headers["subscription-id"] = f"s{n % 2}"
        records.append(record(n, time_ms=n * 5, value=said.encode(), headers=headers))
    dedup = Dedup(None)
    began = time.process_time()
    for one in records:
        dedup.take(one)
    return round((time.process_time() - began) / KEYS * 1e6, 2)


def main() -> None:
    """Print one JSON line."""
    configure("WARNING")
    figures = {
        "benchmark": "streamers",
        "python": platform.python_version(),
        "machine": platform.machine(),
        **asyncio.run(throughput()),
        "dedupe_bytes_per_key": bytes_per_key(),
        "dedupe_us_per_record": us_per_record(pairing=False),
        "dedupe_us_per_record_that_pairs": us_per_record(pairing=True),
    }
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
