"""Reading partitions by explicit offsets: a thread for each consumer, records handed to the event loop.

Rules, measured (docs/adr/0031): one thread owns a consumer, since calls of others wait behind its ``poll``; it
polls for at most 50 ms, which bounds how long a command waits; a consumer has at most 100 partitions, since each
Fetch lists them all; no consumer group, so nothing rebalances. An offset that the log does not hold is reported,
never replaced by another.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from gstreamer.core.errors import ConfigurationError, GStreamerError, UnavailableError, UnrecoverablePositionError
from gstreamer.core.records import Record
from gstreamer.log import get

PARTITIONS_PER_CONSUMER = 100
POLL_S = 0.05
CHUNK = 500
AHEAD_RECORDS = 4_000
AHEAD_BYTES = 4 * 2**20
"""How much a consumer hands to the event loop before the loop has taken it; then it does not poll."""
ASK_S = 3.0
COMMAND_S = 8.0

Place = tuple[str, int]
Sink = Callable[[list[Record]], None]
Failed = Callable[[GStreamerError], None]

_log = get("kafka")

_RETRIED = frozenset(
    {
        KafkaError._PARTITION_EOF,
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._RESOLVE,
        KafkaError._TIMED_OUT,
        KafkaError._MAX_POLL_EXCEEDED,
    }
)
"""Errors that librdkafka goes on after by itself."""


class _Assignment:
    """One partition's reading; another assignment of the same partition is another object."""

    __slots__ = ("failed", "offset", "place", "sink")

    def __init__(self, place: Place, offset: int, sink: Sink, failed: Failed | None) -> None:
        self.place = place
        self.offset = offset
        self.sink = sink
        self.failed = failed


class Reader:
    """
    Reads many partitions with few consumers; ``core.ports.LogReader``.

    Used on one event loop, whose thread calls the sinks. When the loop falls behind, the consumers stop polling
    and librdkafka stops fetching: what waits in memory is bounded.

    Args:
        bootstrap: Kafka's ``host:port,...``.
        extra: librdkafka properties of the operator's.
        per_consumer: Most partitions of one consumer.
    """

    def __init__(
        self, bootstrap: str, extra: Mapping[str, str] | None = None, per_consumer: int = PARTITIONS_PER_CONSUMER
    ) -> None:
        self._config: dict[str, Any] = {
            # Of all partitions of a consumer together. When it is full, fetching pauses, by default for a whole
            # second each time: a takeover of a hot log then reads 2 MB/s.
            "queued.max.messages.kbytes": 8_192,
            "fetch.queue.backoff.ms": 10,
            "fetch.wait.max.ms": 100,
            "reconnect.backoff.max.ms": 1_000,
            "log_level": 2,  # what fails is raised or told; 20 lines a second besides help nobody
            **(extra or {}),
            "bootstrap.servers": bootstrap,
            # librdkafka wants a group id even of a client that joins no group.
            "group.id": "gstreamer",
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            "auto.offset.reset": "error",
            "allow.auto.create.topics": False,
        }
        self._per_consumer = per_consumer
        self._lanes: list[_Lane] = []
        self._where: dict[Place, _Lane] = {}

    async def assign(self, topic: str, partition: int, offset: int, sink: Sink, failed: Failed | None = None) -> None:
        """
        See ``core.ports.LogReader.assign``.

        Raises:
            UnavailableError: Kafka does not answer, or has no such topic.
            ConfigurationError: librdkafka refuses a property.
        """
        place = (topic, partition)
        lane = self._where.get(place) or self._lane_with_room()
        self._where[place] = lane
        await lane.assign(_Assignment(place, offset, sink, failed))

    async def unassign(self, topic: str, partition: int) -> None:
        """See ``core.ports.LogReader.unassign``."""
        lane = self._where.pop((topic, partition), None)
        if lane is not None:
            await lane.unassign((topic, partition))

    async def pause(self, topic: str, partition: int) -> None:
        """Fetch nothing of this partition until it is resumed; what is on its way still comes."""
        lane = self._where.get((topic, partition))
        if lane is not None:
            await lane.run(lambda consumer: consumer.pause([TopicPartition(topic, partition)]))

    async def resume(self, topic: str, partition: int) -> None:
        """Go on after a pause, with the next record."""
        lane = self._where.get((topic, partition))
        if lane is not None:
            await lane.run(lambda consumer: consumer.resume([TopicPartition(topic, partition)]))

    async def close(self) -> None:
        """See ``core.ports.LogReader.close``."""
        lanes, self._lanes = self._lanes, []
        self._where.clear()
        await asyncio.gather(*(lane.close() for lane in lanes))

    def _lane_with_room(self) -> _Lane:
        for lane in self._lanes:
            if sum(where is lane for where in self._where.values()) < self._per_consumer:
                return lane
        lane = _Lane(self._config, asyncio.get_running_loop())
        self._lanes.append(lane)
        return lane


class _Lane:
    """A consumer and the thread that owns it. ``_current`` belongs to the event loop, the rest to the thread."""

    def __init__(self, config: dict[str, Any], loop: asyncio.AbstractEventLoop) -> None:
        try:
            consumer = Consumer(config)
        except KafkaException as error:
            raise ConfigurationError(f"kafka.extra: {error.args[0].str()}") from None
        self._loop = loop
        self._current: dict[Place, _Assignment] = {}
        self._assigned: dict[Place, _Assignment] = {}
        self._commands: deque[tuple[Future[None], Callable[[Consumer], object]]] = deque()
        self._closing = False
        # Handed to the loop, and taken by it: each has one writer, so no lock is needed to compare them.
        self._given = [0, 0]
        self._taken = [0, 0]
        self._thread = threading.Thread(target=self._main, args=(consumer,), name="kafka-reader", daemon=True)
        self._thread.start()

    async def assign(self, assignment: _Assignment) -> None:
        self._current[assignment.place] = assignment
        try:
            await self.run(lambda consumer: self._assign(consumer, assignment))
        except GStreamerError:
            if self._current.get(assignment.place) is assignment:
                del self._current[assignment.place]
            raise

    async def unassign(self, place: Place) -> None:
        self._current.pop(place, None)
        await self.run(lambda consumer: self._unassign(consumer, place))

    async def run(self, command: Callable[[Consumer], object]) -> None:
        """Have the thread do something with its consumer between two polls."""
        done: Future[None] = Future()
        self._commands.append((done, command))
        if not self._thread.is_alive():
            raise UnavailableError("the reader is closed")
        try:
            await asyncio.wait_for(asyncio.wrap_future(done), COMMAND_S)
        except TimeoutError:
            raise UnavailableError(f"kafka did not answer within {COMMAND_S:g} s") from None

    async def close(self) -> None:
        self._current.clear()
        self._closing = True
        await asyncio.to_thread(self._thread.join)

    # What follows runs on the thread.

    def _main(self, consumer: Consumer) -> None:
        try:
            while not self._closing:
                try:
                    self._turn(consumer)
                except Exception:
                    _log.exception("reading from kafka failed")
                    threading.Event().wait(POLL_S)
        finally:
            consumer.close()
            while self._commands:
                self._commands.popleft()[0].set_exception(UnavailableError("the reader is closed"))

    def _turn(self, consumer: Consumer) -> None:
        while self._commands:
            _obey(consumer, *self._commands.popleft())
        if self._is_ahead():
            # The loop's own progress ends this; an event to wait for would have to be set at each callback.
            threading.Event().wait(0.002)
            return
        first = consumer.poll(POLL_S)
        if first is not None:
            self._hand_over([first, *consumer.consume(CHUNK, 0)], consumer)

    def _is_ahead(self) -> bool:
        records, size = (given - taken for given, taken in zip(self._given, self._taken, strict=True))
        return records > AHEAD_RECORDS or size > AHEAD_BYTES

    def _assign(self, consumer: Consumer, assignment: _Assignment) -> None:
        topic, partition = assignment.place
        # A topic that is new to the client would start after up to a second; asking for it first makes it known.
        found = consumer.list_topics(topic, timeout=ASK_S).topics[topic]
        if found.error is not None or partition not in found.partitions:
            raise UnavailableError(f"kafka has no topic {topic}, or not partition {partition} of it")
        self._unassign(consumer, assignment.place)
        consumer.incremental_assign([TopicPartition(topic, partition, assignment.offset)])
        self._assigned[assignment.place] = assignment

    def _unassign(self, consumer: Consumer, place: Place) -> None:
        if self._assigned.pop(place, None) is not None:
            consumer.incremental_unassign([TopicPartition(*place)])

    def _hand_over(self, messages: list[Any], consumer: Consumer) -> None:
        chunks: dict[Place, list[Record]] = {}
        size = 0
        for message in messages:
            if message.error() is not None:
                self._report(message, consumer)
                continue
            record = record_of(message)
            size += len(record.value)
            chunks.setdefault((record.topic, record.partition), []).append(record)
        count = sum(map(len, chunks.values()))
        if count == 0:
            return
        self._given[0] += count
        self._given[1] += size
        work = [(self._assigned[place], records) for place, records in chunks.items() if place in self._assigned]
        self._call(self._give, work, count, size)

    def _report(self, message: Any, consumer: Consumer) -> None:
        error = message.error()
        if error.code() in _RETRIED:
            return
        place = (message.topic(), message.partition())
        assignment = self._assigned.get(place)
        if assignment is None:
            _log.warning("kafka reports an error", reason=error.str())
            return
        failure: GStreamerError = UnavailableError(f"{place[0]}: {error.str()}")
        if error.code() == KafkaError._AUTO_OFFSET_RESET:
            low, _ = consumer.get_watermark_offsets(TopicPartition(*place), timeout=ASK_S)
            failure = UnrecoverablePositionError(max(assignment.offset, message.offset()), low)
        self._unassign(consumer, place)
        self._call(self._fail, assignment, failure)

    def _call(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:  # the loop has been closed, so nobody wants records any more
            self._closing = True

    # And this on the event loop again.

    def _give(self, work: list[tuple[_Assignment, list[Record]]], count: int, size: int) -> None:
        self._taken[0] += count
        self._taken[1] += size
        for assignment, records in work:
            # What was fetched for an assignment that has been replaced since is dropped here.
            if self._current.get(assignment.place) is not assignment:
                continue
            try:
                assignment.sink(records)
            except Exception:
                _log.exception("a reader of a partition failed", topic=assignment.place[0])
                self._fail(assignment, UnavailableError(f"{assignment.place[0]}: its reader failed"))

    def _fail(self, assignment: _Assignment, failure: GStreamerError) -> None:
        if self._current.get(assignment.place) is assignment:
            del self._current[assignment.place]
            if assignment.failed is None:
                _log.error("reading a partition ended", topic=assignment.place[0], reason=str(failure))
            else:
                assignment.failed(failure)


def _obey(consumer: Consumer, done: Future[None], command: Callable[[Consumer], object]) -> None:
    if not done.set_running_or_notify_cancel():
        return
    try:
        command(consumer)
    except GStreamerError as error:
        done.set_exception(error)
    except KafkaException as error:
        done.set_exception(UnavailableError(str(error.args[0])))
    else:
        done.set_result(None)


def record_of(message: Any) -> Record:  # confluent's stubs call every field optional
    """The record that a message of librdkafka is."""
    headers = {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value or ""
        for name, value in message.headers() or ()
    }
    return Record(
        message.topic(),
        message.partition(),
        message.offset(),
        message.timestamp()[1],
        message.key(),
        message.value() or b"",
        headers,
    )
