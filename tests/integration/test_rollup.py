"""Days are counted with their rows, once, and read as a range; the api bounds what may be asked."""

from __future__ import annotations

import datetime as dt
import itertools
import json
from typing import Any

import pytest

from gstreamer.core.errors import FencedError
from gstreamer.core.stored import Batch, Log, Row
from gstreamer.store import partitions
from gstreamer.store.events import EventStore
from gstreamer.store.rollup import Rollup, Stats
from gstreamer.store.shard import Shard
from tests.api import Install

IDS = map(str, itertools.count(3_000_001))
"""A streamer of its own for each test: they share a database."""
NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


def row(streamer_id: str, off: int, minutes: int, event_type: str, **data: Any) -> Row:
    event = json.dumps({"type": event_type, "data": data}).encode()
    return Row(streamer_id, NOW + dt.timedelta(minutes=minutes), "E", off, f"m{off}", event_type, event)


async def write(store: EventStore, shard: Shard, *rows: Row) -> None:
    log = Log("E", 0, rows[-1].off + 1, rows[-1].time)
    await store.write(Batch(rows, {rows[-1].streamer_id: log}, ()), await partitions.ensure(shard, "month", NOW))


async def stored(api: Install) -> tuple[Shard, str]:
    """Two days of a streamer: a stream over midnight, a raid, and one that still runs."""
    shard: Shard = api.parts.history._shard
    one = next(IDS)
    store = EventStore(shard)
    await store.take_over()
    await write(
        store, shard, row(one, 0, 0, "stream.online", id="s1"), row(one, 1, 1, "gs.viewers", id="s1", viewer_count=40)
    )
    await write(store, shard, row(one, 2, 2, "channel.raid"), row(one, 3, 3, "gs.viewers", id="s1", viewer_count=30))
    await write(store, shard, row(one, 4, 780, "stream.offline"), row(one, 5, 800, "stream.online", id="s2"))
    return shard, one


async def test_days_are_counted_with_their_rows(api: Install) -> None:
    shard, one = await stored(api)
    rollup = Rollup(shard)
    first, last = NOW.date(), NOW.date() + dt.timedelta(days=1)

    found = await rollup.days(one, first, last, NOW + dt.timedelta(minutes=805))

    assert found == [
        Stats(first, {"channel.raid": 1, "stream.online": 1}, 40, 12 * 3_600),
        Stats(last, {"stream.offline": 1, "stream.online": 1}, 0, 3_600 + 300),
    ]
    assert await rollup.days(one, last, last, NOW + dt.timedelta(days=9)) == [found[1]._replace(live_s=3_600)]
    assert await rollup.days("2", first, last, NOW) == []


async def test_a_writer_that_was_replaced_counts_nothing(api: Install) -> None:
    shard, one = await stored(api)
    fenced, newer = EventStore(shard), EventStore(shard)
    await fenced.take_over()
    await newer.take_over()

    with pytest.raises(FencedError):
        await write(fenced, shard, row(one, 6, 810, "channel.raid"))

    found = await Rollup(shard).days(one, NOW.date(), NOW.date() + dt.timedelta(days=1), NOW)
    assert sum(day.events.get("channel.raid", 0) for day in found) == 1


async def test_the_api_tells_days_in_a_range(api: Install) -> None:
    _, one = await stored(api)
    browser = await api.signed_in("viewer_0002")

    answer = await browser.get(f"/api/streamers/{one}/stats?from=2026-11-25&to=2026-11-25")

    assert answer.status == 200, answer.text
    assert answer.json() == {
        "days": [
            {
                "date": "2026-11-25",
                "events": {"channel.raid": 1, "stream.online": 1},
                "peak_viewers": 40,
                "live_s": 12 * 3_600,
            }
        ]
    }


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=yesterday", "from: "),
        ("from=2026-11-25&to=2026-11-24", "a range begins before it ends"),
        ("from=2020-01-01&to=2026-11-24", "at most 366 days at a time"),
    ],
)
async def test_a_range_that_cannot_be_is_a_problem(api: Install, query: str, words: str) -> None:
    browser = await api.signed_in("viewer_0002")

    answer = await browser.get(f"/api/streamers/{next(IDS)}/stats?{query}")

    assert answer.status == 422
    assert words in answer.json()["detail"]


async def test_a_streamer_that_cannot_be_is_not_found(api: Install) -> None:
    browser = await api.signed_in("viewer_0002")

    assert (await browser.get("/api/streamers/nobody/stats")).status == 404
    assert (await browser.get(f"/api/streamers/{next(IDS)}/stats")).json() == {"days": []}
