"""A streamer's log on its way into the store: the same records dropped as for viewers, the same events made.

Invariants: within a streamer no row is earlier than the one before it, whatever the broker's clock did, and a new log
begins later than the old one ended; so ``(time, off)`` orders rows as positions do. What is taken twice is not given
twice: a record below ``next_offset`` only fills the dedupe.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from gstreamer.core.dedup import FILL_WINDOWS, SLACK_MS, WINDOW_MS, Dedup, Verdict
from gstreamer.core.encoding import UnusableRecordError, encode
from gstreamer.core.events import Role, Terms
from gstreamer.core.records import Record

MARK_EVERY = 250
"""Rows between two marks: a page reads no more than so many rows beside its own."""

_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")

_TICK = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Row(NamedTuple):
    """
    An event as it is stored.

    Attributes:
        streamer_id: Whose it is.
        time: When Kafka appended it, or a little later: never earlier than the row before it.
        epoch: Which log it is from.
        off: Its offset there.
        id: Twitch's message id.
        type: Its type.
        event: The client's JSON of it, whole.
        cut: Its form for those who may see it but not all of it; None if there are none.
        audience: The least role that sees it at all.
        whole: The least role that sees all of it.
    """

    streamer_id: str
    time: dt.datetime
    epoch: str
    off: int
    id: str
    type: str
    event: bytes
    cut: bytes | None = None
    audience: Role = Role.VIEWER
    whole: Role = Role.VIEWER


class Log(NamedTuple):
    """
    How far a streamer's log is stored.

    Attributes:
        epoch: Which log.
        place: Its number among the streamer's logs, from 0.
        next_offset: The first offset that is not stored.
        last_time: Time of the newest row; where there is none, no row may be earlier.
    """

    epoch: str
    place: int
    next_offset: int
    last_time: dt.datetime


class Batch(NamedTuple):
    """What is stored at once: rows, how far that brings each log, and the rows that are marked, to be found by."""

    rows: Sequence[Row]
    logs: Mapping[str, Log]
    marks: Sequence[Row]


class Taken(NamedTuple):
    """What some records came to: rows, those of them that are marked, and records that are no events, with why."""

    rows: list[Row]
    marks: list[Row]
    dead: list[tuple[Record, str]]


def first_log(epoch: str) -> Log:
    """The log of a streamer of whom nothing is stored."""
    return Log(epoch, 0, 0, _EPOCH)


def next_log(before: Log, epoch: str) -> Log:
    """The log that follows a streamer's last one, which was made anew."""
    return Log(epoch, before.place + 1, 0, before.last_time + _TICK)


def begin_ms(log: Log) -> int | None:
    """From which record time on a log is read, so that dedupe is sure of what follows; None: from its start."""
    if log.next_offset == 0:
        return None
    return max(0, milliseconds(log.last_time) - FILL_WINDOWS * WINDOW_MS - 2 * SLACK_MS)


def milliseconds(time: dt.datetime) -> int:
    """Unix milliseconds of a time."""
    return (time - _EPOCH) // dt.timedelta(milliseconds=1)


class Book:
    """
    One log on its way.

    Args:
        streamer_id: Whose it is.
        log: How far it is stored.
        read_from_ms: From which record time on it is read; None if from its start.
    """

    def __init__(self, streamer_id: str, log: Log, read_from_ms: int | None) -> None:
        self.streamer_id = streamer_id
        self.log = log
        self._dedup = Dedup(read_from_ms)
        self._unmarked = MARK_EVERY

    def take(self, records: Sequence[Record]) -> Taken:
        """The rows of the log's next records."""
        taken = Taken([], [], [])
        for record in records:
            verdict = self._dedup.take(record)
            if record.offset < self.log.next_offset:
                continue
            # A record whose verdict is not sure is kept: a row too many can be seen, one too few cannot.
            if verdict is not Verdict.REPEATS:
                self._admit(record, taken)
            self.log = self.log._replace(next_offset=record.offset + 1)
        return taken

    def _admit(self, record: Record, taken: Taken) -> None:
        try:
            event = encode(record, self.streamer_id, self.log.epoch).event
        except UnusableRecordError as error:
            taken.dead.append((record, error.reason))
            return
        time = max(_EPOCH + dt.timedelta(milliseconds=record.time_ms), self.log.last_time)
        terms = event.terms or Terms()
        row = Row(
            self.streamer_id,
            time,
            self.log.epoch,
            record.offset,
            event.message_id,
            event.type,
            _storable(event.encoded),
            _storable(terms.cut) if terms.cut else None,
            terms.audience,
            terms.whole,
        )
        taken.rows.append(row)
        self.log = self.log._replace(last_time=time)
        self._unmarked += 1
        if self._unmarked > MARK_EVERY:
            taken.marks.append(row)
            self._unmarked = 1


def _storable(encoded: bytes) -> bytes:
    """The same JSON without the one character that Postgres keeps nowhere: NUL becomes U+FFFD."""
    return _NUL.sub(rb"\1\\ufffd", encoded) if b"\\u0000" in encoded else encoded
