"""A record counts as written when Kafka says so; whatever else happens, the caller learns it in time."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from gstreamer.core.errors import ConfigurationError, RejectedError, UnavailableError
from gstreamer.core.records import Outgoing
from gstreamer.kafka.producer import MAX_RECORD_BYTES, Producer, size_of

RECORD = Outgoing("topic", 0, b"key", b"value", (("name", b"text"),))


class Message:
    def __init__(self, offset: int) -> None:
        self._offset = offset

    def offset(self) -> int:
        return self._offset


class Client:
    """librdkafka's client as far as the producer uses it: callbacks run inside ``poll``."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.config = config
        self.produced: list[dict[str, Any]] = []
        self.refuse: Exception | None = None
        self.answer: Callable[[int], tuple[KafkaError | None, Message | None]] | None = lambda n: (None, Message(n))
        self.waiting: queue.Queue[Callable[[], None]] = queue.Queue()
        self.purged = threading.Event()

    def produce(self, topic: str, **fields: Any) -> None:
        if self.refuse is not None:
            raise self.refuse
        self.produced.append({"topic": topic, **fields})
        if self.answer is not None:
            error, message = self.answer(len(self.produced) - 1)
            self.waiting.put(lambda: fields["on_delivery"](error, message))

    def poll(self, timeout: float) -> int:
        try:
            self.waiting.get(timeout=0.005)()
        except queue.Empty:
            return 0
        return 1

    def flush(self, timeout: float) -> int:
        while not self.waiting.empty():
            self.poll(timeout)
        return 0

    def purge(self) -> None:
        self.purged.set()

    def list_topics(self, timeout: float) -> None:
        if self.refuse is not None:
            raise self.refuse


@asynccontextmanager
async def producer() -> AsyncIterator[tuple[Producer, list[Client]]]:
    made: list[Client] = []

    def make(config: dict[str, Any]) -> Client:
        made.append(Client(config))
        return made[-1]

    running = Producer("127.0.0.1:9", {"client.id": "mine", "acks": "0"}, make)
    try:
        yield running, made
    finally:
        await running.close()


async def test_a_confirmed_record_has_its_offset() -> None:
    async with producer() as (log, (client,)):
        assert [await log.send(RECORD) for _ in range(3)] == [0, 1, 2]

        sent = client.produced[0]
        assert (sent["topic"], sent["partition"], sent["key"], sent["value"], sent["headers"]) == (
            "topic",
            0,
            b"key",
            b"value",
            [("name", b"text")],
        )


async def test_an_operators_property_counts_unless_it_weakens_durability() -> None:
    async with producer() as (_, (client,)):
        assert client.config["client.id"] == "mine"
        assert (client.config["acks"], client.config["enable.idempotence"]) == ("all", True)
        assert client.config["max.in.flight.requests.per.connection"] == 1


async def test_a_record_without_a_report_is_unavailable_in_time() -> None:
    async with producer() as (log, (client,)):
        client.answer = None

        with pytest.raises(UnavailableError, match=r"kafka did not confirm a record within 0.01 s"):
            await log.send(RECORD, timeout_s=0.01)


async def test_a_report_after_the_caller_gave_up_is_no_trouble() -> None:
    async with producer() as (log, (client,)):
        client.answer = None
        with pytest.raises(UnavailableError):
            await log.send(RECORD, timeout_s=0.01)
        late = client.produced[0]["on_delivery"]
        client.answer = lambda n: (None, Message(n))
        client.waiting.put(lambda: late(None, Message(0)))

        assert await log.send(RECORD) == 1


async def test_a_full_queue_is_unavailable_at_once() -> None:
    async with producer() as (log, (client,)):
        client.refuse = BufferError("Local: Queue full")

        with pytest.raises(UnavailableError, match="kafka takes no records: too many wait already"):
            await log.send(RECORD)


async def test_a_refusal_of_kafka_is_unavailable_with_its_words() -> None:
    async with producer() as (log, (client,)):
        client.answer = lambda n: (KafkaError(KafkaError.NOT_ENOUGH_REPLICAS), None)

        with pytest.raises(
            UnavailableError, match="kafka did not take a record: Broker: Not enough in-sync replicas"
        ):
            await log.send(RECORD)


async def test_a_record_above_the_limit_is_rejected_before_kafka_sees_it() -> None:
    async with producer() as (log, (client,)):
        with pytest.raises(RejectedError, match=f"a record of {MAX_RECORD_BYTES + 1} bytes is above"):
            await log.send(RECORD._replace(key=None, headers=(), value=b"x" * (MAX_RECORD_BYTES + 1)))

        assert client.produced == []


@pytest.mark.parametrize("late", [True, False])
async def test_a_record_above_its_topics_limit_is_rejected(late: bool) -> None:
    async with producer() as (log, (client,)):
        error = KafkaError(KafkaError.MSG_SIZE_TOO_LARGE)
        if late:
            client.answer = lambda n: (error, None)
        else:
            client.refuse = KafkaException(error)

        with pytest.raises(RejectedError, match="the record is larger than its topic takes"):
            await log.send(RECORD)


async def test_a_fatal_error_ends_the_client_not_the_producer() -> None:
    async with producer() as (log, made):
        await log.send(RECORD)
        first = made[0]
        fatal = KafkaError(KafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER, "sequence", True)
        first.waiting.put(lambda: first.config["error_cb"](fatal))
        await asyncio.to_thread(first.purged.wait, 5)

        assert await log.send(RECORD) == 0
        assert len(made) == 2


async def test_an_absent_kafka_is_no_reason_not_to_start() -> None:
    async with producer() as (log, (client,)):
        client.refuse = KafkaException(KafkaError(KafkaError._TRANSPORT))

        await log.start()


async def test_brokers_that_go_and_come_leave_the_producer_usable() -> None:
    async with producer() as (log, (client,)):
        await log.start()
        for _ in range(2):
            client.waiting.put(lambda: client.config["error_cb"](KafkaError(KafkaError._ALL_BROKERS_DOWN)))

        assert await log.send(RECORD) == 0


async def test_a_callback_that_fails_does_not_end_the_thread() -> None:
    async with producer() as (log, (client,)):
        await log.start()

        def fail() -> None:
            raise ValueError("inside librdkafka")

        client.waiting.put(fail)

        assert await log.send(RECORD) == 0


async def test_a_closed_producer_is_unavailable() -> None:
    async with producer() as (log, _):
        await log.close()

        with pytest.raises(UnavailableError, match="the producer is closed"):
            await log.send(RECORD)


def test_a_property_that_librdkafka_refuses_names_the_setting() -> None:
    with pytest.raises(ConfigurationError, match=r'kafka.extra: No such configuration property: "no.such.thing"'):
        Producer("127.0.0.1:9", {"no.such.thing": "1"})


def test_the_size_of_a_record_counts_all_of_it() -> None:
    assert size_of(RECORD) == len("key" + "value" + "name" + "text")
    assert size_of(RECORD._replace(key=None)) == len("value" + "name" + "text")
