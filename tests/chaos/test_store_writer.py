"""However often the writer and the database are killed, each acknowledged event is stored once, as hosts told it."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psycopg
import pytest

from gstreamer.core.records import EVENT_TYPE, EVENT_VERSION, MESSAGE_ID, TWITCH_TIMESTAMP, Outgoing
from gstreamer.embedded.postgres import EmbeddedPostgres
from gstreamer.kafka.producer import Producer
from gstreamer.store.migrate import migrate
from tests import services
from tests.stored import log_of, make, stored

FULL_SIZE = os.environ.get("TESTS_FULL_SIZE") == "1"
EVENTS = 200_000 if FULL_SIZE else 20_000
REPEATED = 0.1
STREAMERS = [str(3_000_500 + number) for number in range(10)]
KILLS, STOPS = 5, 2
AT_ONCE = 500
PATIENCE_S = 600.0 if FULL_SIZE else 180.0
HASHED = (
    "select count(*), coalesce(sum(('x' || left(md5(streamer_id || off || id), 15))::bit(60)::bigint), 0) from events"
)


class Writer:
    """The writer's process, started again each time it is killed."""

    def __init__(self, servers: str, dsn: str) -> None:
        self._argv = [sys.executable, "-m", "tests.writer_process", servers, dsn]
        self.process = subprocess.Popen(self._argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def restart(self) -> None:
        self.stop()
        self.process = subprocess.Popen(self._argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def writing(servers: str, dsn: str) -> Iterator[Writer]:
    writer = Writer(servers, dsn)
    try:
        yield writer
    finally:
        writer.stop()


def outgoing(streamer_id: str, message_id: str, second: int) -> Outgoing:
    headers = {
        MESSAGE_ID: message_id,
        EVENT_TYPE: "channel.raid",
        EVENT_VERSION: "1",
        TWITCH_TIMESTAMP: f"2026-11-24T12:00:{second:02}.000000000Z",
    }
    body = {"subscription": {"type": "channel.raid"}, "event": {"message": message_id, "viewers": second}}
    encoded = tuple((name, text.encode()) for name, text in headers.items())
    return Outgoing(log_of(streamer_id).name, 0, streamer_id.encode(), json.dumps(body).encode(), encoded)


async def publish(servers: str) -> set[str]:
    """Write all events, a tenth of them again later with another timestamp; the ids that Kafka has confirmed."""
    dice = random.Random(6)
    first = [(dice.choice(STREAMERS), f"m{number}") for number in range(EVENTS)]
    queue = [(place, *one) for place, one in enumerate(first)]
    queue += [
        (place + dice.uniform(1, 2_000), *first[place])
        for place in dice.sample(range(EVENTS), int(EVENTS * REPEATED))
    ]
    queue.sort()
    producer = Producer(servers)
    try:
        for begin in range(0, len(queue), AT_ONCE):
            some = queue[begin : begin + AT_ONCE]
            records = (outgoing(one, name, second % 60) for second, (_, one, name) in enumerate(some))
            await asyncio.gather(*(producer.send(record, 30.0) for record in records))
    finally:
        await producer.close()
    return {name for _, name in first}


def rows_of(dsn: str) -> tuple[int, int]:
    """How many rows there are, and an order-free hash of them; nothing while the database is away."""
    with suppress(psycopg.Error), psycopg.connect(dsn, connect_timeout=3) as connection:
        found = connection.execute(HASHED).fetchone()
        assert found is not None
        return found[0], int(found[1])
    return 0, 0


async def until_stored(dsn: str, count: int) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while (await asyncio.to_thread(rows_of, dsn))[0] < count:
            await asyncio.sleep(0.1)


def crash(server: EmbeddedPostgres) -> None:
    """Stop the database as ``pg_ctl stop -m immediate`` does, and start it again."""
    assert server.process is not None
    server.process.send_signal(signal.SIGQUIT)
    server.process.wait()
    server.start()


async def truth(servers: str) -> tuple[set[str], int]:
    """The ids in Kafka, and the hash of what a store must hold: of each id the first offset."""
    total, ids = 0, set[str]()
    for streamer_id in STREAMERS:
        for record in await stored(servers, log_of(streamer_id).name):
            name = record.headers[MESSAGE_ID]
            if name not in ids:
                ids.add(name)
                digest = hashlib.md5(f"{streamer_id}{record.offset}{name}".encode()).hexdigest()
                total += int(digest[:15], 16)
    return ids, total


@pytest.mark.parametrize("seed", [1])
async def test_a_writer_and_a_database_that_are_killed_store_each_event_once(
    seed: int, capsys: pytest.CaptureFixture[str]
) -> None:
    dice = random.Random(seed)
    faults = ["kill"] * KILLS + ["stop"] * STOPS
    dice.shuffle(faults)
    with services.kafka() as broker, services.postgres() as server:
        servers, dsn = broker.bootstrap_servers, server.dsn
        migrate(dsn)
        await make(servers, *map(log_of, STREAMERS))
        publishing = asyncio.create_task(publish(servers))
        with writing(servers, dsn) as writer:
            for number, fault in enumerate(faults):
                await until_stored(dsn, EVENTS * (number + 1) // (len(faults) + 2))
                if fault == "kill":
                    writer.restart()
                else:
                    await asyncio.to_thread(crash, server)
            acknowledged = await publishing
            await until_stored(dsn, EVENTS)
            ids, expected = await truth(servers)
            count, found = rows_of(dsn)
            with psycopg.connect(dsn) as connection:
                rows = {row[0] for row in connection.execute("select id from events").fetchall()}
                late = connection.execute("select count(*) from event_late").fetchone()
                days = connection.execute("select sum(n) from daily_events").fetchone()

    assert acknowledged == ids == rows
    assert (count, found) == (EVENTS, expected)
    assert (late, days) == ((0,), (EVENTS,))
    with capsys.disabled():
        order = ", ".join(f"{len(list(same))} {fault}" for fault, same in itertools.groupby(faults))
        print(f"\n{EVENTS} events, {int(EVENTS * REPEATED)} repeats, writer and database killed ({order}): each once")
