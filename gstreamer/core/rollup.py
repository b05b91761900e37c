"""What a streamer's days were like: events by type, the most viewers, and how long a stream ran; pure, in UTC.

Invariant: however a log is cut into batches, the sums are the same: what a batch adds depends on its rows and on the
stream that ran before them, and on nothing else. A stream's time is added when it ends; one that runs is added by the
reader, up to now.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import orjson

from gstreamer.core.fold import OFFLINE, ONLINE, VIEWERS
from gstreamer.core.stored import Row

OWN = "gs."
"""How the types of what gstreamer itself writes down begin; nobody counts those."""
SILENT = dt.timedelta(minutes=10)
"""A stream that was not seen for so long has ended unseen: viewers are counted each minute while one runs."""

LONGEST = dt.timedelta(hours=48)
"""Twitch ends a stream after so long; one that says it began earlier is not believed."""
MOST_VIEWERS = 2**31 - 1

_SECOND = dt.timedelta(seconds=1)


class Running(NamedTuple):
    """
    A stream that runs.

    Attributes:
        stream_id: Twitch's id of it; empty where no event told it.
        since: When it began, as far as is known.
        seen: The last time something said that it runs.
    """

    stream_id: str
    since: dt.datetime
    seen: dt.datetime

    def until(self, now: dt.datetime) -> dt.datetime:
        """Up to when it has run for sure: now, or the last sign of it if that is too long ago."""
        return now if now - self.seen <= SILENT else self.seen


class Day(NamedTuple):
    """A streamer's day."""

    streamer_id: str
    day: dt.date


class Increments(NamedTuple):
    """
    What some rows add.

    Attributes:
        events: How many of each type.
        peaks: The most viewers; what is there already may be more.
        live_s: Seconds that streams ran.
        streams: What runs afterwards, of the streamers where that may have changed.
    """

    events: Mapping[tuple[Day, str], int]
    peaks: Mapping[Day, int]
    live_s: Mapping[Day, int]
    streams: Mapping[str, Running | None]


def touched(rows: Iterable[Row]) -> frozenset[str]:
    """The streamers whose stream these rows say something of."""
    return frozenset(row.streamer_id for row in rows if row.type in (ONLINE, OFFLINE, VIEWERS))


def increments(rows: Iterable[Row], streams: Mapping[str, Running | None]) -> Increments:
    """
    What rows add.

    Args:
        rows: In the order of each streamer's log.
        streams: What ran before them, of those who are ``touched``.
    """
    events: Counter[tuple[Day, str]] = Counter()
    peaks: dict[Day, int] = {}
    live_s: Counter[Day] = Counter()
    now = dict(streams)
    for row in rows:
        day = Day(row.streamer_id, row.time.astimezone(dt.UTC).date())
        if not row.type.startswith(OWN):
            events[day, row.type] += 1
        if row.type not in (ONLINE, OFFLINE, VIEWERS):
            continue
        data = _data_of(row)
        if row.type == VIEWERS and isinstance(count := data.get("viewer_count"), int):
            peaks[day] = min(MOST_VIEWERS, max(peaks.get(day, 0), count))
        ended, now[row.streamer_id] = _step(now.get(row.streamer_id), row, data)
        if ended is not None:
            for date, seconds in by_day(*ended):
                live_s[Day(row.streamer_id, date)] += seconds
    return Increments(events, peaks, live_s, now)


def by_day(begin: dt.datetime, end: dt.datetime) -> Iterator[tuple[dt.date, int]]:
    """Each UTC day between two times, with the whole seconds of it that lie between them."""
    begin, end = (at.astimezone(dt.UTC).replace(microsecond=0) for at in (begin, end))
    while begin < end:
        midnight = dt.datetime.combine(begin.date() + dt.timedelta(days=1), dt.time(), dt.UTC)
        upto = min(end, midnight)
        yield begin.date(), (upto - begin) // _SECOND
        begin = upto


def _step(
    running: Running | None, row: Row, data: Mapping[str, Any]
) -> tuple[tuple[dt.datetime, dt.datetime] | None, Running | None]:
    """From when to when a stream ran that has ended by this row, and what runs after it."""
    if row.type == OFFLINE:
        return (None if running is None else (running.since, max(row.time, running.since))), None
    stream_id = str(data.get("id") or "")
    if running is not None and (not stream_id or running.stream_id in ("", stream_id)):
        return None, running._replace(stream_id=running.stream_id or stream_id, seen=max(row.time, running.seen))
    since = row.time
    if row.type == ONLINE:
        since = min(row.time, max(_time_of(data.get("started_at")) or row.time, row.time - LONGEST))
    ended = None
    if running is not None:
        # Its end was not told: it ran at least as long as it was seen, and not into the next one.
        since = max(since, running.since)
        ended = (running.since, min(running.seen, since))
    return ended, Running(stream_id, since, row.time)


def _data_of(row: Row) -> Mapping[str, Any]:
    data = orjson.loads(row.event).get("data")
    return data if isinstance(data, dict) else {}


def _time_of(text: object) -> dt.datetime | None:
    try:
        at = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo is not None else None
