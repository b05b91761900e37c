"""Writes every streamer's log into the store: each event once, whatever dies, and never in the way of the live path.

Guarantees: rows and next offsets are stored in one transaction, so a writer that is killed goes on exactly where the
last batch ended; a second writer fences the first. While the database is away nothing is read beyond what fits into
memory, and nothing is lost: it lies in Kafka. A record that is no event goes to the dead letters.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any, NamedTuple, Protocol

from gstreamer.actors.backlog import Logs
from gstreamer.actors.dead_letters import DeadLetters
from gstreamer.core import backoff
from gstreamer.core.errors import (
    FencedError,
    GStreamerError,
    NoPartitionError,
    UnavailableError,
    UnstorableError,
)
from gstreamer.core.ids import epoch_of_topic
from gstreamer.core.partitioning import Interval, Partition, reaches_ahead
from gstreamer.core.ports import Counting
from gstreamer.core.records import EVENT_TYPE, MESSAGE_ID, Record
from gstreamer.core.stored import Batch, Book, Log, Row, begin_ms, first_log, milliseconds, next_log
from gstreamer.core.topics import Place, streamer_of_topic, streamer_topic
from gstreamer.log import get

FLUSH_ROWS = 1_000
FLUSH_S = 0.2
MOST_ROWS = 20_000
MOST_BYTES = 32 * 2**20
"""What may wait in memory; beyond it the logs are let go, and read again from where they are stored."""
DISCOVER_S = 5.0
PARTITIONS_S = 3_600.0
AT_ONCE = 20
BASE_S, CAP_S = 0.25, 5.0
UNSTORABLE = "not_storable"

_log = get("store_writer")


class Store(Protocol):
    """The shard that is written (``store.events``)."""

    async def take_over(self) -> None:
        """Become its only writer."""

    async def logs(self, streamer_ids: Collection[str]) -> dict[str, Log]:
        """How far the newest log of each of these is stored."""

    async def write(self, batch: Batch, partitions: Collection[Partition]) -> None:
        """Store a batch, all of it or nothing."""


class Ports(NamedTuple):
    """
    Whom the writer works with.

    Attributes:
        logs: Kafka.
        topics: The names of all topics.
        store: Where events go.
        partitions: Sees that partitions are there up to some time ahead, and tells which there are.
        metrics: Where it is counted.
    """

    logs: Logs
    topics: Callable[[], Awaitable[Collection[str]]]
    store: Store
    partitions: Callable[[Interval, dt.datetime], Awaitable[tuple[Partition, ...]]]
    metrics: Counting


class Config(NamedTuple):
    """What is set: how streamers' topics begin, and how much time a partition holds."""

    topic_prefix: str
    interval: Interval


class Clock(NamedTuple):
    """The writer's time and pauses, replaceable in tests."""

    monotonic: Callable[[], float] = time.monotonic
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC)
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class StoreWriter:
    """
    The store writer, a plain class.

    Args:
        config: What is set.
        ports: Whom it works with.
        clock: Its time.
    """

    def __init__(self, config: Config, ports: Ports, clock: Clock | None = None) -> None:
        self._config = config
        self._ports = ports
        self._clock = clock or Clock()
        self._dead = DeadLetters(ports.logs.dead_letters, ports.metrics, "store_writer")
        self._books: dict[str, Book] = {}
        self._rows: list[Row] = []
        self._marks: list[Row] = []
        self._moved: set[str] = set()
        self._bytes = 0
        self._more = asyncio.Event()
        self._partitions: tuple[Partition, ...] = ()
        self._partitions_at_s = float("-inf")
        self._discovered_at_s = float("-inf")
        self._state, self._reason = "ok", "it begins"
        self._written = 0

    def __repr__(self) -> str:
        return f"store_writer n={len(self._books)}"

    async def observe(self) -> dict[str, Any]:
        """How it stands, for health and operators."""
        return {
            "state": self._state,
            "reason": self._reason,
            "logs": len(self._books),
            "waiting": len(self._rows),
            "written": self._written,
            "partitions": len(self._partitions),
        }

    async def run(self) -> None:
        """Write until cancelled, or until another writer has taken over."""
        failures = 0
        while True:
            try:
                await self._let_go()
                await self._ports.store.take_over()
                failures = 0
                await self._write_on()
            except FencedError as error:
                self._tell("down", str(error))
                await self._let_go()
                return
            except GStreamerError as error:
                self._tell("degraded", str(error))
            except Exception as error:
                _log.exception("the store writer failed")
                self._tell("degraded", f"unexpected {type(error).__name__}")
            failures += 1
            await self._clock.sleep(backoff.delay_s(failures, 1.0, BASE_S, CAP_S))

    async def close(self) -> None:
        """Read nothing more."""
        self._dead.stop()
        await self._let_go()

    # Writing.

    async def _write_on(self) -> None:
        while True:
            now_s = self._clock.monotonic()
            if now_s >= self._partitions_at_s + PARTITIONS_S:
                await self._see_to_partitions()
            if now_s >= self._discovered_at_s + DISCOVER_S:
                await self._discover()
                self._discovered_at_s = self._clock.monotonic()
            await self._gather()
            await self._flush()

    async def _gather(self) -> None:
        """Return once there is a batch, or what there is has waited long enough."""
        ends_s = self._clock.monotonic() + FLUSH_S
        while len(self._rows) < FLUSH_ROWS and (left_s := ends_s - self._clock.monotonic()) > 0:
            self._more.clear()
            try:
                async with asyncio.timeout(left_s):
                    await self._more.wait()
            except TimeoutError:
                return

    async def _flush(self) -> None:
        if not self._moved:
            self._tell("ok", "it writes")
            return
        rows, marks, moved = self._rows, self._marks, self._moved
        logs = {one: self._books[one].log for one in moved if one in self._books}
        self._rows, self._marks, self._moved, self._bytes = [], [], set(), 0
        await self._store(Batch(rows, logs, marks))
        self._written += len(rows)
        self._ports.metrics.count("gstreamer_store_rows", len(rows))
        self._tell("ok", "it writes")

    async def _store(self, batch: Batch) -> None:
        failures = 0
        while True:
            try:
                return await self._ports.store.write(batch, self._partitions)
            except UnstorableError as error:
                batch = self._without(batch, error.places)
                continue
            except NoPartitionError:
                await self._see_to_partitions()
            except UnavailableError as error:
                self._tell("degraded", str(error))
            failures += 1
            if self._is_full():
                raise UnavailableError(f"{self._reason}; what waits is let go, and read again from Kafka later")
            await self._clock.sleep(backoff.delay_s(failures, 1.0, BASE_S, CAP_S))

    def _without(self, batch: Batch, places: Collection[tuple[str, int]]) -> Batch:
        """The batch without rows that are never stored: one of them must not stop the others."""
        for row in batch.rows:
            if (row.streamer_id, row.off) in places:
                self._dead.put(self._record_of(row), UNSTORABLE)
        return batch._replace(rows=[row for row in batch.rows if (row.streamer_id, row.off) not in places])

    def _record_of(self, row: Row) -> Record:
        topic, partition = streamer_topic(self._config.topic_prefix, row.streamer_id)
        headers = {MESSAGE_ID: row.id, EVENT_TYPE: row.type}
        key = row.streamer_id.encode()
        return Record(topic, partition, row.off, milliseconds(row.time), key, row.event, headers)

    async def _see_to_partitions(self) -> None:
        now = self._clock.now()
        self._partitions = await self._ports.partitions(self._config.interval, now)
        self._partitions_at_s = self._clock.monotonic()
        ahead = reaches_ahead(now, self._config.interval, self._partitions)
        self._ports.metrics.gauge("gstreamer_store_partitions_ahead", ahead)

    # Reading.

    async def _discover(self) -> None:
        """Begin with the logs that are not read yet."""
        names = await self._ports.topics()
        found = {streamer_of_topic(self._config.topic_prefix, name) for name in names} - {None}
        new = sorted(one for one in found if one is not None and one not in self._books)
        stored = await self._ports.store.logs(new) if new else {}
        for start in range(0, len(new), AT_ONCE):
            some = new[start : start + AT_ONCE]
            await asyncio.gather(*(self._begin(one, stored.get(one)) for one in some))

    async def _begin(self, streamer_id: str, stored: Log | None) -> None:
        try:
            await self._read(streamer_id, stored)
        except UnavailableError as error:
            _log.warning("a log cannot be read; it is tried again", streamer_id=streamer_id, reason=str(error))

    async def _read(self, streamer_id: str, stored: Log | None) -> None:
        place = streamer_topic(self._config.topic_prefix, streamer_id)
        admin = self._ports.logs.admin
        topic_id = await admin.topic_id(place.topic)
        if topic_id is None:
            return
        epoch = epoch_of_topic(topic_id)
        log = stored or first_log(epoch)
        if log.epoch != epoch:
            log = next_log(log, epoch)
        low, high = await admin.watermarks(*place)
        if log.next_offset > high:
            self._ports.metrics.count("gstreamer_store_gaps", 1, "tail")
            _log.error("a log ends before what is stored of it", streamer_id=streamer_id, offset=log.next_offset)
            return
        if log.next_offset < low:
            self._ports.metrics.count("gstreamer_store_gaps", 1, "head")
            _log.error("a log begins after what is stored of it", streamer_id=streamer_id, offset=log.next_offset)
            log = log._replace(next_offset=low)
        from_ms = begin_ms(log)
        begin = low if from_ms is None else max(low, min(log.next_offset, await admin.offset_at(*place, from_ms)))
        book = self._books[streamer_id] = Book(streamer_id, log, None if begin == 0 else from_ms)
        await self._assign(book, place, begin)

    async def _assign(self, book: Book, place: Place, begin: int) -> None:
        def take(records: list[Record]) -> None:
            if self._books.get(book.streamer_id) is book:
                self._take(book, records)

        def failed(error: GStreamerError) -> None:
            if self._books.get(book.streamer_id) is book:
                _log.warning("reading a log ended", streamer_id=book.streamer_id, reason=str(error))
                self._forget(book)

        try:
            await self._ports.logs.reader.assign(*place, begin, take, failed)
        except UnavailableError:
            self._forget(book)
            raise

    def _take(self, book: Book, records: list[Record]) -> None:
        taken = book.take(records)
        for record, reason in taken.dead:
            self._dead.put(record, reason)
        self._rows += taken.rows
        self._marks += taken.marks
        self._bytes += sum(len(row.event) for row in taken.rows)
        self._moved.add(book.streamer_id)
        self._ports.metrics.count("gstreamer_records_consumed", len(records), "store_writer")
        self._more.set()

    def _is_full(self) -> bool:
        return len(self._rows) > MOST_ROWS or self._bytes > MOST_BYTES

    def _forget(self, book: Book) -> None:
        """This log is begun anew at the next look, from where it is stored; what waits of it comes again then."""
        del self._books[book.streamer_id]
        self._rows = [row for row in self._rows if row.streamer_id != book.streamer_id]
        self._marks = [row for row in self._marks if row.streamer_id != book.streamer_id]
        self._discovered_at_s = self._clock.monotonic()

    async def _let_go(self) -> None:
        """Read nothing any more, and forget what waits: Kafka has it."""
        books, self._books = self._books, {}
        self._rows, self._marks, self._moved, self._bytes = [], [], set(), 0
        self._discovered_at_s = float("-inf")
        await asyncio.gather(*(self._unassign(one) for one in books))

    async def _unassign(self, streamer_id: str) -> None:
        try:
            await self._ports.logs.reader.unassign(*streamer_topic(self._config.topic_prefix, streamer_id))
        except UnavailableError as error:
            _log.warning("unassigning failed", streamer_id=streamer_id, reason=str(error))

    def _tell(self, state: str, reason: str) -> None:
        if state != self._state:
            _log.info("state changed", state=state, reason=reason)
        self._state, self._reason = state, reason
