"""Records that are no events, on their way to the dead-letter topic: beside the live way, never in it."""

from __future__ import annotations

import asyncio
from collections import deque

from gstreamer.core.encoding import dead_letter
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import Counting, Log
from gstreamer.core.records import Record
from gstreamer.log import get

MAX_WAITING = 1_000
TRIES = 5
RETRY_S = 1.0

_log = get("streamers")


class DeadLetters:
    """
    Sends unusable records to the dead letters, one after the other.

    Args:
        log: Kafka.
        metrics: Counts them by reason; ``overflow`` and ``unsent`` are those that were only counted.
        part: Who meets them, for the metric.
    """

    def __init__(self, log: Log, metrics: Counting, part: str = "streamers") -> None:
        self._part = part
        self._log = log
        self._metrics = metrics
        self._waiting: deque[tuple[Record, str]] = deque()
        self._wake = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="dead letters")

    def put(self, record: Record, reason: str) -> None:
        """Send this record, in its turn."""
        self._metrics.count("gstreamer_records_dead", 1, self._part, reason)
        if len(self._waiting) >= MAX_WAITING:
            self._metrics.count("gstreamer_records_dead", 1, self._part, "overflow")
            return
        self._waiting.append((record, reason))
        self._wake.set()

    def stop(self) -> None:
        """Send no more. What waits is not lost: it lies in its topic, and its next owner comes across it."""
        self._task.cancel()

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                record, reason = self._waiting.popleft()
                try:
                    await self._send(record, reason)
                except Exception:
                    _log.exception("a dead letter failed", topic=record.topic, offset=record.offset)

    async def _send(self, record: Record, reason: str) -> None:
        for left in range(TRIES - 1, -1, -1):
            try:
                await self._log.send(dead_letter(record, reason))
            except UnavailableError as error:
                if left == 0:
                    self._metrics.count("gstreamer_records_dead", 1, self._part, "unsent")
                    _log.error(
                        "a dead letter was not sent", topic=record.topic, offset=record.offset, reason=str(error)
                    )
                else:
                    await asyncio.sleep(RETRY_S)
            else:
                _log.warning("a record is unusable", topic=record.topic, offset=record.offset, reason=reason)
                return
