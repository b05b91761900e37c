"""The store: rows a second from Kafka, and a page of 50 from a young and from an old store.

``make bench-store`` writes docs/benchmarks-store.md from the run. Events are 1 kB; streamers are chosen by a steep
distribution, as in life: the largest has a tenth of the rows.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import psycopg

from gstreamer.core.partitioning import Interval, missing
from gstreamer.core.records import EVENT_TYPE, EVENT_VERSION, MESSAGE_ID, TWITCH_TIMESTAMP, Outgoing
from gstreamer.kafka.producer import Producer
from gstreamer.store import partitions
from gstreamer.store.history import Asked, History
from gstreamer.store.migrate import migrate
from gstreamer.store.shard import Shard
from tests import services
from tests.chaos.test_store_writer import writing
from tests.databases import fresh_database
from tests.stored import log_of, make

WRITTEN, TOPICS = 200_000, 20
OLD, YOUNG, PEOPLE = 5_000_000, 50_000, 10_000
PAGES = 2_000
PAD = "x" * 800
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)
PAGE = Path(__file__).parents[2] / "docs" / "benchmarks-store.md"
ROWS = """
insert into events
select 's' || floor(%(people)s * random() ^ 4)::int,
    %(begin)s::timestamptz + n * (%(end)s::timestamptz - %(begin)s::timestamptz) / %(count)s,
    'E', n, 'm' || n, 'channel.chat.message', jsonb_build_object('n', n, 'pad', repeat('x', 800)), null, 0, 0
from generate_series(0, %(count)s - 1) as n
"""


async def written(servers: str, dsn: str) -> dict[str, float]:
    """Rows a second, from a log that is full to a table that is."""
    streamers = [str(3_000_900 + number) for number in range(TOPICS)]
    await make(servers, *map(log_of, streamers))
    producer = Producer(servers)
    for begin in range(0, WRITTEN, 1_000):
        numbers = range(begin, begin + 1_000)
        await asyncio.gather(*(producer.send(outgoing(streamers[n % TOPICS], n), 30.0) for n in numbers))
    await producer.close()
    with writing(servers, dsn):
        first_s, first, count = 0.0, 0, 0
        while count < WRITTEN:
            await asyncio.sleep(0.05)
            with psycopg.connect(dsn) as connection:
                found = connection.execute("select coalesce(sum(next_offset), 0) from epochs").fetchone()
            count = int(found[0]) if found is not None else 0
            if count and not first:
                first_s, first = time.monotonic(), count
        took_s = time.monotonic() - first_s
    return {"written_rows": WRITTEN - first, "written_rows_per_s": round((WRITTEN - first) / took_s)}


def outgoing(streamer_id: str, number: int) -> Outgoing:
    """A record of about 1 kB."""
    headers = {
        MESSAGE_ID: f"m{number}",
        EVENT_TYPE: "channel.raid",
        EVENT_VERSION: "1",
        TWITCH_TIMESTAMP: "2026-11-24T12:00:00.000000000Z",
    }
    body = {"subscription": {"type": "channel.raid"}, "event": {"n": number, "pad": PAD}}
    encoded = tuple((name, text.encode()) for name, text in headers.items())
    return Outgoing(log_of(streamer_id).name, 0, streamer_id.encode(), json.dumps(body).encode(), encoded)


async def paged(dsn: str, count: int, interval: Interval, ahead: int) -> list[float]:
    """Seconds of each of many pages of 50, of streamers as they are watched, from so many rows over a year."""
    begin = NOW - dt.timedelta(days=360)
    shard, dice = Shard(dsn), random.Random(5)
    try:
        async with shard.transaction(3_600) as connection:
            for one in missing(interval, begin, ahead, NOW, ()):
                await partitions._make(connection, one)
            await connection.execute(ROWS, {"people": PEOPLE, "begin": begin, "end": NOW, "count": count})
        with psycopg.connect(dsn, autocommit=True) as plain:
            plain.execute("vacuum analyze events")
        history, took = History(shard), []
        for _ in range(PAGES):
            asked = Asked(f"s{int(PEOPLE * dice.random() ** 4)}", 50)
            begun = time.perf_counter()
            await history.newest(asked)
            took.append(time.perf_counter() - begun)
        return took
    finally:
        await shard.close()


def quantiles(name: str, took: Sequence[float]) -> dict[str, float]:
    """Median and 99th percentile, milliseconds."""
    cuts = statistics.quantiles(took[PAGES // 10 :], n=100)
    return {f"{name}_p50_ms": round(cuts[49] * 1_000, 2), f"{name}_p99_ms": round(cuts[98] * 1_000, 2)}


def measure() -> dict[str, float]:
    """All figures; it takes some minutes and 15 GB of disk."""
    with services.kafka() as broker, services.postgres() as server, fresh_database(server.dsn) as dsn:
        migrate(dsn)
        figures = asyncio.run(written(broker.bootstrap_servers, dsn))
    cases: tuple[tuple[str, int, Interval], ...] = (
        ("page_50k_months", YOUNG, "month"),
        ("page_5m_months", OLD, "month"),
        ("page_5m_weeks", OLD, "week"),
    )
    for name, count, interval in cases:
        with services.postgres() as server:
            migrate(server.dsn)
            figures |= quantiles(name, asyncio.run(paged(server.dsn, count, interval, 1)))
        print(f"{name} done", file=sys.stderr, flush=True)
    figures["p50_5m_to_50k"] = round(figures["page_5m_months_p50_ms"] / figures["page_50k_months_p50_ms"], 2)
    return figures


def main() -> None:
    """Print the figures, and write the page if that is asked for."""
    figures = measure()
    print(json.dumps(figures))
    if "--write" in sys.argv:
        rows = "\n".join(f"| `{name}` | {value:,} |" for name, value in figures.items())
        PAGE.write_text(
            "# The store, measured\n\nMade by `make bench-store`; figures of one run compare, those of two runs on a "
            f"shared machine do not. {os.cpu_count()} cores for client, Kafka and PostgreSQL together.\n\n"
            f"| figure | value |\n|---|---|\n{rows}\n{EXPLAINED}",
            encoding="utf-8",
        )


EXPLAINED = """
`written_rows_per_s`: 200,000 events of 1 kB that lie in 20 topics, from the first rows in PostgreSQL to the last,
through dedupe, encoding, COPY, the rows' partitions and the days' counts. `page_*`: the newest 50 of a streamer,
2,000 times, the larger streamers more often; 50 thousand or 5 million rows over a year, in 13 months or 53 weeks.
"""


if __name__ == "__main__":
    main()
