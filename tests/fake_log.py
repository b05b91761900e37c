"""Kafka in memory, for tests of what reads it: topics, ends, times, readers, and what goes wrong on order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from gstreamer.core.errors import GStreamerError, UnavailableError, UnrecoverablePositionError
from gstreamer.core.records import Outgoing, Record

Sink = Callable[[list[Record]], None]
Failed = Callable[[GStreamerError], None]


class FakeLog:
    """
    Topics of one partition; ``core.ports.LogAdmin`` and ``Log``, and ``reader()`` gives a ``LogReader``.

    Attributes:
        logs: Records by topic.
        low: First offset that is held, by topic (0 unless set).
        ids: Topic ids.
        sent: What was written by ``send``.
        down: Whether everything raises UnavailableError.
        answers: While it is not set, ``watermarks`` does not answer.
    """

    def __init__(self) -> None:
        self.logs: dict[str, list[Record]] = {}
        self.low: dict[str, int] = {}
        self.ids: dict[str, str] = {}
        self.sent: list[Outgoing] = []
        self.down = False
        self.answers = asyncio.Event()
        self.answers.set()
        self.readers: list[FakeReader] = []

    def make(self, topic: str, topic_id: str = "epoch-01-and-more") -> None:
        """Make a topic, or make it anew."""
        self.logs[topic], self.ids[topic] = [], topic_id
        self.low.pop(topic, None)

    def append(self, *records: Record) -> None:
        """Append records, whose offsets are the next ones, and give them to whoever reads."""
        for record in records:
            log = self.logs[record.topic]
            assert record.offset == len(log)
            log.append(record)
        for reader in self.readers:
            reader.pump()

    def reader(self) -> FakeReader:
        """A reader of these topics."""
        self.readers.append(FakeReader(self))
        return self.readers[-1]

    async def topic_id(self, topic: str) -> str | None:
        self._check()
        return self.ids.get(topic)

    async def watermarks(self, topic: str, partition: int) -> tuple[int, int]:
        self._check()
        await self.answers.wait()
        return self.low.get(topic, 0), len(self.logs[topic])

    async def offset_at(self, topic: str, partition: int, time_ms: int) -> int:
        self._check()
        log = self.logs[topic]
        return next((record.offset for record in log if record.time_ms >= time_ms), len(log))

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        self._check()
        self.sent.append(record)
        return len(self.sent) - 1

    def _check(self) -> None:
        if self.down:
            raise UnavailableError("kafka is down")


class FakeReader:
    """A reader; ``stuck`` makes it give nothing until it is assigned again."""

    def __init__(self, log: FakeLog) -> None:
        self._log = log
        self.places: dict[str, tuple[int, Sink, Failed | None]] = {}
        self.assigned: list[tuple[str, int]] = []
        self.stuck: set[str] = set()
        self.closed = False

    async def assign(self, topic: str, partition: int, offset: int, sink: Sink, failed: Failed | None = None) -> None:
        if self._log.down or topic not in self._log.logs:
            raise UnavailableError(f"kafka has no topic {topic}")
        self.assigned.append((topic, offset))
        self.stuck.discard(topic)
        self.places[topic] = (offset, sink, failed)
        asyncio.get_running_loop().call_soon(self.pump)

    async def unassign(self, topic: str, partition: int) -> None:
        self.places.pop(topic, None)

    async def close(self) -> None:
        self.closed = True
        self.places.clear()

    def pump(self) -> None:
        """Give what is there, in chunks of at most seven records."""
        for topic in list(self.places):
            while topic in self.places and topic not in self.stuck:
                offset, sink, failed = self.places[topic]
                low, log = self._log.low.get(topic, 0), self._log.logs[topic]
                if not low <= offset <= len(log):
                    del self.places[topic]
                    if failed is not None:
                        failed(UnrecoverablePositionError(offset, low))
                    break
                chunk = log[offset : offset + 7]
                if not chunk:
                    break
                self.places[topic] = (offset + len(chunk), sink, failed)
                sink(chunk)


class Counts:
    """Counts in memory; ``core.ports.Counting``."""

    def __init__(self) -> None:
        self.counts: dict[tuple[str, ...], float] = {}
        self.gauges: dict[str, float] = {}
        self.observed: dict[str, list[float]] = {}

    def count(self, name: str, n: float = 1, *labels: str) -> None:
        self.counts[(name, *labels)] = self.counts.get((name, *labels), 0) + n

    def gauge(self, name: str, value: float, *labels: str) -> None:
        self.gauges[name] = value

    def observe(self, name: str, value: float, *labels: str) -> None:
        self.observed.setdefault(name, []).append(value)
