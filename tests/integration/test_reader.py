"""The reader gives every record of what is assigned, from the offset that was asked for, and says when it cannot."""

from __future__ import annotations

import asyncio
import threading
import uuid
from collections.abc import AsyncIterator

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from gstreamer.core.errors import ConfigurationError, GStreamerError, UnavailableError, UnrecoverablePositionError
from gstreamer.core.records import Record
from gstreamer.kafka.consumer import AHEAD_RECORDS, CHUNK, Reader
from tests.followers import until


class Broker:
    """Real topics with records in them."""

    def __init__(self, servers: str) -> None:
        self._admin = AdminClient({"bootstrap.servers": servers})
        self._producer = Producer({"bootstrap.servers": servers, "linger.ms": 1})

    def topic(self, partitions: int = 1) -> str:
        name = f"test.{uuid.uuid4().hex}"
        self.make(name, partitions)
        return name

    def make(self, topic: str, partitions: int = 1) -> None:
        """Make a topic, waiting for one of that name to be gone."""
        while True:
            try:
                self._admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result(20)
                return
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    raise

    def write(
        self, topic: str, *values: bytes, partition: int = 0, headers: list[tuple[str, bytes]] | None = None
    ) -> None:
        for value in values:
            self._producer.produce(topic, value, b"key", partition, headers=headers or [])
        assert self._producer.flush(20) == 0

    def delete_until(self, topic: str, offset: int) -> None:
        (future,) = self._admin.delete_records([TopicPartition(topic, 0, offset)]).values()
        future.result(20)

    def delete(self, topic: str) -> None:
        self._admin.delete_topics([topic])[topic].result(20)


@pytest.fixture
def broker(kafka_servers: str) -> Broker:
    return Broker(kafka_servers)


@pytest.fixture
async def reader(kafka_servers: str) -> AsyncIterator[Reader]:
    one = Reader(kafka_servers)
    yield one
    await one.close()


class Sink:
    """What a reading gave."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.failures: list[GStreamerError] = []
        self.threads: set[int] = set()

    def take(self, records: list[Record]) -> None:
        self.records += records
        self.threads.add(threading.get_ident())

    @property
    def offsets(self) -> list[int]:
        return [record.offset for record in self.records]

    @property
    def values(self) -> list[bytes]:
        return [record.value for record in self.records]


async def test_records_come_from_the_offset_on_with_everything_that_was_written(
    broker: Broker, reader: Reader
) -> None:
    topic, sink = broker.topic(), Sink()
    broker.write(topic, b"0", b"1")
    broker.write(topic, b"2", headers=[("message-id", b"m"), ("odd", b"\xff"), ("odd", b"last")])

    await reader.assign(topic, 0, 1, sink.take)
    await until(lambda: len(sink.records) == 2)
    broker.write(topic, b"3")
    await until(lambda: len(sink.records) == 3)

    assert sink.offsets == [1, 2, 3]
    record = sink.records[1]
    assert (record.topic, record.partition, record.key, record.value) == (topic, 0, b"key", b"2")
    assert record.headers == {"message-id": "m", "odd": "last"}
    assert record.time_ms > 1_700_000_000_000
    assert sink.threads == {threading.get_ident()}, "the event loop's thread"


async def test_many_partitions_are_read_by_few_consumers_which_all_end_at_close(
    kafka_servers: str, broker: Broker
) -> None:
    topic = broker.topic(partitions=25)
    sinks = {partition: Sink() for partition in range(25)}
    reader = Reader(kafka_servers, per_consumer=10)
    try:
        for partition, sink in sinks.items():
            await reader.assign(topic, partition, 0, sink.take)
        assert sum(thread.name == "kafka-reader" for thread in threading.enumerate()) == 3

        for partition in sinks:
            broker.write(topic, str(partition).encode(), partition=partition)

        await until(lambda: all(sink.values == [str(n).encode()] for n, sink in sinks.items()))
    finally:
        await reader.close()
    assert all(thread.name != "kafka-reader" for thread in threading.enumerate())


async def test_assigning_again_goes_on_at_the_new_offset(broker: Broker, reader: Reader) -> None:
    topic, first, second = broker.topic(), Sink(), Sink()
    broker.write(topic, *[b"x"] * 5_000)
    await reader.assign(topic, 0, 0, first.take)
    await until(lambda: first.records)

    await reader.assign(topic, 0, 4_998, second.take)
    seen = len(first.records)
    await until(lambda: len(second.records) == 2)

    assert second.offsets == [4_998, 4_999]
    assert len(first.records) == seen, "nothing comes for a reading that was replaced"


async def test_after_unassigning_nothing_comes(broker: Broker, reader: Reader) -> None:
    topic, other, sink, others = broker.topic(), broker.topic(), Sink(), Sink()
    await reader.assign(topic, 0, 0, sink.take)
    await reader.assign(other, 0, 0, others.take)

    await reader.unassign(topic, 0)
    await reader.unassign(topic, 0)
    broker.write(topic, b"unread")
    broker.write(other, b"read")
    await until(lambda: others.values == [b"read"])

    assert sink.records == []


async def test_an_offset_that_is_gone_is_told_with_what_is_held(broker: Broker, reader: Reader) -> None:
    topic, sink = broker.topic(), Sink()
    broker.write(topic, *[b"x"] * 10)
    broker.delete_until(topic, 7)

    await reader.assign(topic, 0, 3, sink.take, sink.failures.append)
    await until(lambda: sink.failures)

    (failure,) = sink.failures
    assert isinstance(failure, UnrecoverablePositionError)
    assert (failure.wanted, failure.oldest) == (3, 7)
    assert sink.records == []


async def test_an_offset_beyond_the_end_is_told_too(broker: Broker, reader: Reader) -> None:
    topic, sink = broker.topic(), Sink()

    await reader.assign(topic, 0, 12, sink.take, sink.failures.append)
    await until(lambda: sink.failures)

    assert str(sink.failures[0]) == "wanted offset 12, oldest kept is 0"


async def test_a_topic_that_does_not_exist_is_refused_at_once(reader: Reader) -> None:
    with pytest.raises(UnavailableError, match=r"kafka has no topic test\.missing"):
        await reader.assign("test.missing", 0, 0, Sink().take)


async def test_a_partition_that_does_not_exist_is_refused_at_once(broker: Broker, reader: Reader) -> None:
    with pytest.raises(UnavailableError, match="not partition 3 of it"):
        await reader.assign(broker.topic(), 3, 0, Sink().take)


async def test_a_broker_that_does_not_answer_is_an_unavailable_error() -> None:
    reader = Reader("127.0.0.1:1")
    try:
        with pytest.raises(UnavailableError):
            await reader.assign("any", 0, 0, Sink().take)
    finally:
        await reader.close()


async def test_a_property_that_librdkafka_refuses_is_a_setting_that_is_wrong(kafka_servers: str) -> None:
    with pytest.raises(ConfigurationError, match=r'kafka.extra: No such configuration property: "no.such"'):
        await Reader(kafka_servers, {"no.such": "1"}).assign("any", 0, 0, Sink().take)


async def test_a_loop_that_falls_behind_bounds_what_is_read_ahead(broker: Broker, reader: Reader) -> None:
    topic, sink = broker.topic(), Sink()
    count = AHEAD_RECORDS * 3
    broker.write(topic, *[b"x" * 100] * count)
    await reader.assign(topic, 0, 0, sink.take)
    lane = reader._lanes[0]

    # Waiting without asyncio holds the event loop up, until the reader has run into its bound.
    for _ in range(2_000):
        if lane._is_ahead():
            break
        threading.Event().wait(0.01)
    ahead = lane._given[0] - lane._taken[0]
    await until(lambda: len(sink.records) == count, 30)

    assert AHEAD_RECORDS < ahead <= AHEAD_RECORDS + CHUNK + 1
    assert sink.offsets == list(range(count))


async def test_pausing_holds_and_resuming_goes_on_without_a_hole(broker: Broker, reader: Reader) -> None:
    topic, other, sink, others = broker.topic(), broker.topic(), Sink(), Sink()
    await reader.assign(topic, 0, 0, sink.take)
    await reader.assign(other, 0, 0, others.take)
    broker.write(topic, b"0")
    await until(lambda: sink.offsets == [0])

    await reader.pause(topic, 0)
    broker.write(topic, b"1")
    broker.write(other, b"x")
    await until(lambda: others.records)
    assert sink.offsets == [0]
    await reader.resume(topic, 0)
    await until(lambda: sink.offsets == [0, 1])


async def test_a_sink_that_raises_ends_its_own_reading_only(broker: Broker, reader: Reader) -> None:
    topic, other, sink, others = broker.topic(), broker.topic(), Sink(), Sink()

    def broken(records: list[Record]) -> None:
        raise ValueError("a bug")

    await reader.assign(topic, 0, 0, broken, sink.failures.append)
    await reader.assign(other, 0, 0, others.take)
    broker.write(topic, b"x")
    broker.write(other, b"y")

    await until(lambda: others.records and sink.failures)
    assert str(sink.failures[0]) == f"{topic}: its reader failed"


async def test_a_topic_that_was_made_anew_is_told(broker: Broker, reader: Reader) -> None:
    topic, sink = broker.topic(), Sink()
    await reader.assign(topic, 0, 0, sink.take, sink.failures.append)
    broker.write(topic, b"x", b"y", b"z")
    await until(lambda: len(sink.records) == 3)

    broker.delete(topic)
    broker.make(topic)

    await until(lambda: sink.failures, 30)
    assert str(sink.failures[0]) == "wanted offset 3, oldest kept is 0"


async def test_a_closed_reader_says_so(kafka_servers: str, broker: Broker) -> None:
    reader, topic = Reader(kafka_servers), broker.topic()
    await reader.assign(topic, 0, 0, Sink().take)
    waiting = asyncio.gather(*(reader.assign(topic, 0, 0, Sink().take) for _ in range(3)), return_exceptions=True)
    await asyncio.sleep(0)

    await reader.close()

    assert all(one is None or str(one) == "the reader is closed" for one in await waiting)
