"""A streamer: an actor whose mailbox is its Kafka topic, and whose one owner at a time has the highest generation.

It decides nothing by itself: which records count is core.dedup's verdict, what viewers get is core.encoding's, what
is held is core.history's. Invariant: what it published since it became ready covers its log without a hole; where
that ends (its log was cut or made anew), it says ``restarted``, and whoever follows it joins again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from gstreamer.actors.backlog import Backlogs, Logs
from gstreamer.core.dedup import WINDOW_MS, Dedup, Verdict
from gstreamer.core.encoding import UnusableRecordError, encode
from gstreamer.core.errors import GStreamerError, UnavailableError
from gstreamer.core.events import Batch, Event, Joined
from gstreamer.core.fold import UNKNOWN, StreamerState, fold
from gstreamer.core.history import History
from gstreamer.core.ids import Position, epoch_of_topic
from gstreamer.core.ports import Owner
from gstreamer.core.records import Record
from gstreamer.core.topics import Place
from gstreamer.log import get

REPLAY_WINDOWS = 3
"""How far back a new owner reads: two windows fill the dedupe, the third enters the ring (docs/adr/0030)."""
RETRY_S = (0.2, 0.5, 1.0, 2.0, 5.0)

_log = get("streamers")


class StreamerOptions(NamedTuple):
    """
    What a streamer is built by.

    Attributes:
        history_bytes: Size of its ring.
        window_ms: The dedupe window.
        wait_s: How long a join waits for a log that is still being read.
        backlog_bytes: Most that is read back from Kafka below the ring for one join.
        now_ms: The wall clock; it only chooses where reading begins.
    """

    history_bytes: int
    now_ms: Callable[[], int]
    window_ms: int = WINDOW_MS
    wait_s: float = 3.0
    backlog_bytes: int = 4 * 2**20


class Outlet(Protocol):
    """Who takes what a streamer finds in its log (the host)."""

    def publish(self, streamer: Streamer, events: list[Event]) -> None:
        """The streamer's log is covered up to ``streamer.covered``, with these events in what is new."""

    def restarted(self, streamer: Streamer) -> None:
        """What it published before does not go on; it must be joined anew."""

    def bury(self, record: Record, reason: str) -> None:
        """This record is no event."""

    def count(self, consumed: int, duplicate: int) -> None:
        """So many records were read, and so many of them were dropped as duplicates."""


class Streamer:
    """
    One streamer, run by this host with one generation.

    Args:
        owner: Its id, and the generation it is run by.
        place: Its topic and partition.
        logs: Kafka.
        backlogs: Reads back what lies below its ring.
        options: Sizes and bounds.
        outlet: Who takes its events.
    """

    def __init__(
        self,
        owner: Owner,
        place: Place,
        logs: Logs,
        backlogs: Backlogs,
        options: StreamerOptions,
        outlet: Outlet,
    ) -> None:
        self.id = owner.streamer_id
        self.generation = owner.generation
        self.place = place
        self.epoch = ""
        self.state: StreamerState = UNKNOWN
        self.appended_ms = 0
        self._logs = logs
        self._backlogs = backlogs
        self._options = options
        self._outlet = outlet
        self._history = History(options.history_bytes, 0)
        self._dedup = Dedup(None, options.window_ms)
        self._head = 0  # where the log ended when the reading began
        self._seen_head = 0
        self._at_ms: int | None = None
        self._ready = asyncio.Event()
        self._over = asyncio.Event()
        self._waiting: list[tuple[int, asyncio.Event]] = []
        self._suspect = -2
        self._consumed = 0
        self._task = asyncio.get_running_loop().create_task(self._run(), name=repr(self))

    def __repr__(self) -> str:
        return f"streamer:{self.id}"

    @property
    def covered(self) -> int:
        """The last offset of its log that it has taken."""
        return self._history.covered

    @property
    def is_ready(self) -> bool:
        """Whether it has read its log up to where that ended when it began."""
        return self._ready.is_set()

    @property
    def memory_bytes(self) -> tuple[int, int]:
        """What its ring holds, and what its dedupe windows do."""
        return self._history.size_bytes, self._dedup.size_bytes

    def observe(self) -> dict[str, Any]:
        """How it stands, for operators."""
        ring, dedupe = self.memory_bytes
        return {
            "generation": self.generation,
            "ready": self.is_ready,
            "epoch": self.epoch,
            "offset": self.covered,
            "complete_from": self._history.complete_from,
            "lag": max(0, self._seen_head - 1 - self.covered),
            "consumed": self._consumed,
            "history_bytes": ring,
            "dedupe_bytes": dedupe,
        }

    def end(self) -> None:
        """Begin nothing anew; for a host that closes its reader."""
        self._task.cancel()

    async def stop(self) -> None:
        """Read no more. Its place may be assigned anew before this has returned."""
        self.end()
        try:
            await self._logs.reader.unassign(*self.place)
        except UnavailableError as error:
            _log.warning("unassigning failed", streamer_id=self.id, reason=str(error))

    async def since(self, after: Position | None) -> Joined:
        """
        What lies after ``after``: from the ring or, below it, from Kafka.

        The caller goes on before anything else runs, so nothing is published between this answer and its join.

        Raises:
            UnavailableError: It is still reading its log, or has not come as far as ``after``.
        """
        await self._wait(self._ready, "still reads its log")
        if after is None:
            return self._answer(self.covered, True)
        if after.epoch == self.epoch and after.offset > self.covered:
            await self._reach(after.offset)
        history = self._history
        if after.epoch != self.epoch or after.offset > history.covered:
            return self._answer(history.complete_from - 1, False)
        if after.offset + 1 >= history.complete_from:
            return self._answer(after.offset, True)
        found = await self._backlogs.read(self, after.offset, history.covered, self._options)
        if history is not self._history or self._over.is_set():
            raise UnavailableError(f"streamer {self.id} reads its log anew")
        if found is None or found.to + 1 < history.complete_from:
            return self._answer(history.complete_from - 1, False)
        events = (*found.events, *history.since(found.to))
        return Joined(self._batch(found.after, events), found.after == after.offset)

    async def check(self) -> None:
        """
        See that it comes on: a log that grows while nothing is read is assigned again; one that shrank, or was made
        anew with as many records, is read anew.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        covered = self.covered
        if not self.epoch or self._over.is_set():
            return
        topic_id = await self._logs.admin.topic_id(self.place.topic)
        _, high = await self._logs.admin.watermarks(*self.place)
        if topic_id is None or self._over.is_set():
            return
        self._seen_head = high
        if epoch_of_topic(topic_id) != self.epoch:
            self._restart("its topic was made anew")
        elif covered != self.covered:
            return
        elif high <= covered:
            self._restart("its log ends before what was read of it")
        elif high - 1 > covered and self._suspect == covered:
            _log.warning("reading stands still, so it is assigned again", streamer_id=self.id, offset=covered)
            await self._assign(covered + 1)
        self._suspect = covered

    async def _run(self) -> None:
        """Read its log until cancelled; what ends the reading begins it anew."""
        tries = 0
        while True:
            try:
                await self._begin()
                tries = 0
                await self._over.wait()
            except UnavailableError as error:
                if tries == 0:
                    _log.warning("a streamer's log cannot be read", streamer_id=self.id, reason=str(error))
            except Exception:
                _log.exception("a streamer failed", streamer_id=self.id)
            await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)])
            tries += 1

    async def _begin(self) -> None:
        admin, window = self._logs.admin, self._options.window_ms
        topic_id = await admin.topic_id(self.place.topic)
        if topic_id is None:
            raise UnavailableError(f"there is no topic {self.place.topic}")
        low, high = await admin.watermarks(*self.place)
        now_ms = self._options.now_ms() if self._at_ms is None else self._at_ms
        begin_ms = now_ms - REPLAY_WINDOWS * window
        begin = max(low, min(high, await admin.offset_at(*self.place, max(0, begin_ms))))
        self._at_ms = None
        self._over.clear()
        self._dedup = Dedup(None if begin == 0 else begin_ms, window)
        self._history = History(self._options.history_bytes, begin)
        self._head = self._seen_head = high
        self._suspect = -2
        self.epoch = epoch_of_topic(topic_id)
        self.state = UNKNOWN._replace(position=self._position())
        await self._assign(begin)
        _log.info(
            "a streamer reads its log", streamer_id=self.id, generation=self.generation, offset=begin, head=high
        )
        self._advance()

    async def _assign(self, offset: int) -> None:
        dedup = self._dedup

        def take(records: list[Record]) -> None:
            # Of a reading that has been begun anew nothing counts: it would leave a hole.
            if dedup is self._dedup and not self._over.is_set():
                self._take(records)

        def failed(error: GStreamerError) -> None:
            if dedup is self._dedup and not self._over.is_set():
                self._restart(str(error))

        await self._logs.reader.assign(*self.place, offset, take, failed)

    def _take(self, records: list[Record]) -> None:
        events: list[Event] = []
        duplicate = 0
        for record in records:
            if record.offset <= self._history.covered:
                continue  # assigned again, and read twice
            verdict = self._dedup.take(record)
            if verdict is Verdict.NEW:
                self._admit(record, events)
            elif verdict is Verdict.REPEATS:
                duplicate += 1
                self._history.cover(record.offset)
            elif record.offset < self._head:
                self._history.skip(record.offset)
            else:
                # Our clock is ahead of the broker's by more than a window, so too little was read to be sure.
                self._at_ms = record.time_ms
                self._restart("its record time is far behind our clock")
                return
        self._consumed += len(records)
        self.appended_ms = records[-1].time_ms
        self.state = self.state._replace(position=self._position())
        self._outlet.count(len(records), duplicate)
        self._outlet.publish(self, events)
        self._advance()

    def _admit(self, record: Record, events: list[Event]) -> None:
        try:
            event, data = encode(record, self.id, self.epoch)
        except UnusableRecordError as error:
            self._history.cover(record.offset)
            self._outlet.bury(record, error.reason)
            return
        self._history.append(event)
        self.state = fold(self.state, event.type, data, str(Position(self.epoch, event.offset)), record.time_ms)
        events.append(event)

    def _advance(self) -> None:
        """Wake those who wait for what is covered now."""
        if self._history.covered >= self._head - 1:
            self._ready.set()
        if self._waiting:
            for offset, reached in self._waiting:
                if offset <= self._history.covered:
                    reached.set()
            self._waiting = [(offset, reached) for offset, reached in self._waiting if not reached.is_set()]

    def _restart(self, reason: str) -> None:
        _log.warning("a streamer's log is read anew", streamer_id=self.id, reason=reason)
        self._ready.clear()
        self._over.set()
        self._outlet.restarted(self)

    async def _reach(self, offset: int) -> None:
        """Wait until ``offset`` is covered, if the log holds it: another owner may have been further."""
        _, high = await self._logs.admin.watermarks(*self.place)
        if offset >= high:
            return
        reached = asyncio.Event()
        self._waiting.append((offset, reached))
        self._advance()
        await self._wait(reached, f"has not come to offset {offset}")

    async def _wait(self, event: asyncio.Event, otherwise: str) -> None:
        try:
            async with asyncio.timeout(self._options.wait_s):
                await event.wait()
        except TimeoutError:
            raise UnavailableError(f"streamer {self.id} {otherwise}") from None

    def _answer(self, after: int, complete: bool) -> Joined:
        return Joined(self._batch(after, self._history.since(after)), complete)

    def _batch(self, after: int, events: tuple[Event, ...]) -> Batch:
        return Batch(self.id, self.generation, self.epoch, after, self._history.covered, events)

    def _position(self) -> str:
        return str(Position(self.epoch, self._history.covered))
