"""Topics that one reader works off: each record is committed once it has been acted on, so none is lost.

The position is kept by Kafka under a group id, but nobody joins a group: partitions are assigned by hand, so
nothing rebalances. Two readers at once both act, which their acts must bear.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from gstreamer.core.errors import UnavailableError
from gstreamer.core.records import Record
from gstreamer.kafka.consumer import record_of

ASK_S = 5.0
CHUNK = 100

_T = TypeVar("_T")
_PASSING = frozenset(
    {KafkaError._TRANSPORT, KafkaError._ALL_BROKERS_DOWN, KafkaError._RESOLVE, KafkaError._TIMED_OUT}
)


class Inbox:
    """
    A reader of one-partition topics with positions kept by Kafka.

    Args:
        bootstrap: Kafka's ``host:port,...``.
        extra: librdkafka properties of the operator's.
        group: Under which name positions are kept.
        topics: What is read.
    """

    def __init__(self, bootstrap: str, extra: Mapping[str, str] | None, group: str, topics: Iterable[str]) -> None:
        self._config = {
            "queued.max.messages.kbytes": 1_024,
            "reconnect.backoff.max.ms": 1_000,
            **(extra or {}),
            "bootstrap.servers": bootstrap,
            "group.id": group,
            "enable.auto.commit": False,
            "enable.auto.offset.store": False,
            # No position yet, or one that retention has passed: what is still there has not been acted on.
            "auto.offset.reset": "earliest",
            "allow.auto.create.topics": False,
            "log_level": 2,
        }
        self._places = [TopicPartition(topic, 0) for topic in topics]
        self._consumer: Consumer | None = None
        self._one_at_a_time = asyncio.Lock()

    async def read(self, wait_s: float) -> list[Record]:
        """
        The next records, of all topics, as they lie; none if none comes within ``wait_s``.

        Raises:
            UnavailableError: Kafka does not answer.
        """
        return await self._run(lambda: self._read(wait_s))

    async def commit(self, records: Iterable[Record]) -> None:
        """
        Remember that these records, and all before them, have been acted on.

        Raises:
            UnavailableError: Kafka does not answer; the records will come again after a restart.
        """
        furthest: dict[tuple[str, int], int] = {}
        for record in records:
            place = (record.topic, record.partition)
            furthest[place] = max(furthest.get(place, 0), record.offset + 1)
        if furthest:
            await self._run(lambda: self._commit(furthest))

    async def close(self) -> None:
        """Stop reading."""
        async with self._one_at_a_time:
            consumer, self._consumer = self._consumer, None
            if consumer is not None:
                await asyncio.to_thread(consumer.close)

    async def _run(self, work: Callable[[], _T]) -> _T:
        async with self._one_at_a_time:
            try:
                return await asyncio.to_thread(work)
            except KafkaException as error:
                raise UnavailableError(f"kafka does not answer: {error.args[0].str()}") from None

    def _read(self, wait_s: float) -> list[Record]:
        if self._consumer is None:
            consumer = Consumer(self._config, logger=None)
            try:
                consumer.assign(consumer.committed(self._places, timeout=ASK_S))
            except KafkaException:
                consumer.close()
                raise
            self._consumer = consumer
        records = []
        for message in self._consumer.consume(CHUNK, wait_s):
            error = message.error()
            if error is None:
                records.append(record_of(message))
            elif error.code() not in _PASSING and error.code() != KafkaError._PARTITION_EOF and not records:
                raise KafkaException(error)
        return records

    def _commit(self, furthest: Mapping[tuple[str, int], int]) -> None:
        if self._consumer is None:
            return
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in furthest.items()]
        self._consumer.commit(offsets=offsets, asynchronous=False)
