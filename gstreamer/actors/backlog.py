"""What lies below a streamer's ring, read back from Kafka: the same records dropped, the same events made.

Invariant: what it gives is what the streamer published of that range, since a verdict depends on two windows of
the log before a record and on nothing else (docs/adr/0030), and it reads those first.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple, Protocol

from gstreamer.core.dedup import FILL_WINDOWS, SLACK_MS, Dedup, Verdict
from gstreamer.core.encoding import UnusableRecordError, encode
from gstreamer.core.errors import GStreamerError, UnavailableError
from gstreamer.core.events import Event
from gstreamer.core.history import History
from gstreamer.core.ports import Log, LogAdmin, LogReader
from gstreamer.core.records import Record
from gstreamer.core.topics import Place

MAX_AT_ONCE = 4
READ_S = 3.5
"""Shorter than the deadline of a join, so that its caller hears of a gap rather than of nothing."""


class Logs(NamedTuple):
    """
    Kafka, as a host uses it.

    Attributes:
        reader: Reads the topics of all its streamers.
        admin: Knows topics, ends and times.
        dead_letters: Where unusable records go.
        open_reader: A reader for one short reading, closed after it.
    """

    reader: LogReader
    admin: LogAdmin
    dead_letters: Log
    open_reader: Callable[[], LogReader]


class Reading(Protocol):
    """Whose log it is."""

    id: str
    place: Place
    epoch: str


class Bounds(Protocol):
    """How it is deduped, and how much may be read back."""

    @property
    def window_ms(self) -> int:
        """The dedupe window."""

    @property
    def backlog_bytes(self) -> int:
        """Most bytes of events."""


class Found(NamedTuple):
    """The events of ``(after, to]``; ``after`` is later than what was asked for if the log begins later."""

    after: int
    to: int
    events: tuple[Event, ...]


class Backlogs:
    """
    Reads logs back, some at a time.

    Args:
        logs: Kafka.
        max_at_once: How many readings may be under way; each has a consumer of its own.
    """

    def __init__(self, logs: Logs, max_at_once: int = MAX_AT_ONCE) -> None:
        self._logs = logs
        self._max_at_once = max_at_once
        self._under_way = 0

    async def read(self, log: Reading, after: int, to: int, bounds: Bounds) -> Found | None:
        """
        The events of ``(after, to]``; None if they are more than may be read, or took too long.

        Raises:
            UnavailableError: Kafka does not answer, or too many readings are under way.
        """
        if self._under_way >= self._max_at_once:
            raise UnavailableError(f"{self._under_way} logs are already being read back")
        self._under_way += 1
        try:
            return await _read_back(self._logs, log, after, to, bounds)
        finally:
            self._under_way -= 1


async def _read_back(logs: Logs, log: Reading, after: int, to: int, bounds: Bounds) -> Found | None:
    low, _ = await logs.admin.watermarks(*log.place)
    after = max(after, low - 1)
    if after >= to:
        return Found(to, to, ())
    reader = logs.open_reader()
    try:
        async with asyncio.timeout(READ_S):
            first = await _Until(reader, log.place, after + 1, to).records()
            if not first:
                return Found(after, to, ())
            begin_ms = first[0].time_ms - FILL_WINDOWS * bounds.window_ms - SLACK_MS
            begin = max(low, min(after + 1, await logs.admin.offset_at(*log.place, max(0, begin_ms))))
            taken = _Events(log, Dedup(None if begin == 0 else begin_ms, bounds.window_ms), after, bounds)
            await _Until(reader, log.place, begin, to, taken.take).records()
    except TimeoutError:
        return None
    finally:
        await reader.close()
    return taken.found(to)


class _Until:
    """The records of one range as they come; without a taker the first ones are kept, and end it."""

    def __init__(
        self,
        reader: LogReader,
        place: Place,
        begin: int,
        to: int,
        taker: Callable[[list[Record]], bool] | None = None,
    ) -> None:
        self._reader = reader
        self._place = place
        self._begin = begin
        self._to = to
        self._kept: list[Record] = []
        self._taker = self._keep if taker is None else taker
        self._done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def records(self) -> list[Record]:
        """What was kept, once the range is at its end or its taker has enough."""
        await self._reader.assign(*self._place, self._begin, self._take, self._fail)
        try:
            await self._done
        finally:
            await self._reader.unassign(*self._place)
        return self._kept

    def _keep(self, records: list[Record]) -> bool:
        self._kept += records
        return False

    def _take(self, records: list[Record]) -> None:
        if not self._done.done():
            wants_more = self._taker([record for record in records if record.offset <= self._to])
            if records[-1].offset >= self._to or not wants_more:
                self._done.set_result(None)

    def _fail(self, error: GStreamerError) -> None:
        if not self._done.done():
            self._done.set_exception(error if isinstance(error, UnavailableError) else UnavailableError(str(error)))


class _Events:
    """The events after ``after``, within the bound; the dedupe sees what lies before them as well."""

    def __init__(self, log: Reading, dedup: Dedup, after: int, bounds: Bounds) -> None:
        self._log = log
        self._epoch = log.epoch
        self._dedup = dedup
        self._after = after
        self._history = History(bounds.backlog_bytes, after + 1)

    def take(self, records: list[Record]) -> bool:
        """Take more; whether more is wanted."""
        for record in records:
            verdict = self._dedup.take(record)
            if record.offset <= self._after:
                continue
            if verdict is Verdict.FILLS:  # record time stepped back by more than the slack
                self._history.skip(record.offset)
            elif verdict is Verdict.NEW:
                self._admit(record)
        return self._history.complete_from == self._after + 1

    def found(self, to: int) -> Found | None:
        """All of it, or None if the bound was passed."""
        if self._history.complete_from > self._after + 1:
            return None
        return Found(self._after, to, self._history.since(self._after))

    def _admit(self, record: Record) -> None:
        try:
            self._history.append(encode(record, self._log.id, self._epoch).event)
        except UnusableRecordError:
            return  # the streamer itself has sent it to the dead letters
