"""The rollup of days in Postgres: written with the rows that it counts, read as a few rows a day.

Invariant: it is written in the transaction of its rows and of the log's next offset, so each row counts exactly once,
whatever dies.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import orjson

from gstreamer.core.rollup import Running, by_day, increments, touched
from gstreamer.core.stored import Row
from gstreamer.store.shard import Connection, Shard

READ_S = 2.0

_STREAMS = "select streamer_id, stream_id, since, seen from streams where streamer_id = any(%s)"
_EVENTS = """
insert into daily_events as old (streamer_id, day, type, n)
select streamer_id, day, type, n
from jsonb_to_recordset(%s::jsonb) as new(streamer_id text, day date, type text, n bigint)
order by streamer_id, day, type
on conflict (streamer_id, day, type) do update set n = old.n + excluded.n
"""
_LIVE = """
insert into daily_live as old (streamer_id, day, peak_viewers, live_s)
select streamer_id, day, peak_viewers, live_s
from jsonb_to_recordset(%s::jsonb) as new(streamer_id text, day date, peak_viewers integer, live_s integer)
order by streamer_id, day
on conflict (streamer_id, day) do update
    set peak_viewers = greatest(old.peak_viewers, excluded.peak_viewers), live_s = old.live_s + excluded.live_s
"""
_RUNNING = """
insert into streams (streamer_id, stream_id, since, seen)
select streamer_id, stream_id, since, seen
from jsonb_to_recordset(%s::jsonb) as new(streamer_id text, stream_id text, since timestamptz, seen timestamptz)
on conflict (streamer_id) do update
    set stream_id = excluded.stream_id, since = excluded.since, seen = excluded.seen
"""
_ENDED = "delete from streams where streamer_id = any(%s)"
_COUNTS = "select day, type, n from daily_events where streamer_id = %s and day between %s and %s order by day, type"
_DAYS = "select day, peak_viewers, live_s from daily_live where streamer_id = %s and day between %s and %s"


class Stats(NamedTuple):
    """A streamer's day: events by type, the most viewers that were counted, and for how many seconds a stream ran."""

    day: dt.date
    events: dict[str, int]
    peak_viewers: int
    live_s: int


async def add(connection: Connection, rows: Sequence[Row]) -> None:
    """Count rows; to be called in the transaction that stores them."""
    streamer_ids = list(touched(rows))
    streams = await _running(connection, streamer_ids) if streamer_ids else {}
    found = increments(rows, streams)
    await connection.execute(
        _EVENTS,
        (_records({**day._asdict(), "type": kind, "n": n} for (day, kind), n in found.events.items()),),
    )
    days = found.peaks.keys() | found.live_s.keys()
    if days:
        live = (
            {**day._asdict(), "peak_viewers": found.peaks.get(day, 0), "live_s": found.live_s.get(day, 0)}
            for day in days
        )
        await connection.execute(_LIVE, (_records(live),))
    running = {one: stream for one, stream in found.streams.items() if stream is not None}
    if running:
        told = ({"streamer_id": one, **stream._asdict()} for one, stream in running.items())
        await connection.execute(_RUNNING, (_records(told),))
    if ended := [one for one in found.streams if one not in running]:
        await connection.execute(_ENDED, (ended,))


class Rollup:
    """
    The days of one shard's streamers, as readers see them.

    Args:
        shard: Where they are.
    """

    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    async def days(self, streamer_id: str, first: dt.date, last: dt.date, now: dt.datetime) -> list[Stats]:
        """
        Each day of a range on which anything happened, oldest first; a stream that runs counts up to now.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        asked = (streamer_id, first, last)
        async with self._shard.once(READ_S) as connection:
            counts = await (await connection.execute(_COUNTS, asked)).fetchall()
            live = await (await connection.execute(_DAYS, asked)).fetchall()
            running = (await _running(connection, [streamer_id])).get(streamer_id)
        found: dict[dt.date, Stats] = {}
        for day, kind, n in counts:
            found.setdefault(day, Stats(day, {}, 0, 0)).events[kind] = n
        for day, peak_viewers, live_s in live:
            one = found.get(day, Stats(day, {}, 0, 0))
            found[day] = one._replace(peak_viewers=peak_viewers, live_s=live_s)
        if running is not None:
            for day, seconds in by_day(running.since, running.until(now)):
                if first <= day <= last:
                    one = found.get(day, Stats(day, {}, 0, 0))
                    found[day] = one._replace(live_s=one.live_s + seconds)
        return [found[day] for day in sorted(found)]


async def _running(connection: Connection, streamer_ids: Sequence[str]) -> dict[str, Running | None]:
    rows = await (await connection.execute(_STREAMS, (list(streamer_ids),))).fetchall()
    return {streamer_id: Running(*stream) for streamer_id, *stream in rows}


def _records(records: Iterable[dict[str, object]]) -> str:
    return orjson.dumps(list(records)).decode()
