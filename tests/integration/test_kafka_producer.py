"""What the producer confirms is in Kafka's log, in its place, with its headers."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator

import pytest
from confluent_kafka import Consumer, TopicPartition

from gstreamer.core.errors import RejectedError, UnavailableError
from gstreamer.core.records import Outgoing
from gstreamer.core.topics import TopicSpec, own_topics, streamer_topic_config
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.producer import Producer


@pytest.fixture
async def admin(kafka_servers: str) -> AsyncIterator[Admin]:
    asked = Admin(kafka_servers)
    yield asked
    await asked.close()


@pytest.fixture
async def producer(kafka_servers: str) -> AsyncIterator[Producer]:
    log = Producer(kafka_servers)
    await log.start()
    yield log
    await log.close()


@pytest.fixture
async def topic(admin: Admin) -> str:
    name = f"gs.test.{uuid.uuid4().hex}"
    await admin.ensure([TopicSpec(name, streamer_topic_config())], 1)
    return name


def stored(servers: str, topic: str, count: int) -> list[tuple[int, bytes, list[tuple[str, bytes]]]]:
    """The first ``count`` records of a topic."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "test", "enable.auto.commit": False})
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[tuple[int, bytes, list[tuple[str, bytes]]]] = []
    until = time.monotonic() + 20
    while len(found) < count and time.monotonic() < until:
        found += [(m.offset(), m.value(), m.headers() or []) for m in consumer.consume(count, 0.2)]
    consumer.close()
    return found


async def test_each_offset_is_where_the_record_is(kafka_servers: str, producer: Producer, topic: str) -> None:
    values = [b"%d" % n for n in range(500)]

    offsets = await asyncio.gather(
        *(producer.send(Outgoing(topic, 0, b"k", value, (("n", value),)), 20) for value in values)
    )

    assert sorted(offsets) == list(range(500))
    expected = {offset: (value, [("n", value)]) for offset, value in zip(offsets, values, strict=True)}
    found = await asyncio.to_thread(stored, kafka_servers, topic, 500)
    assert {offset: (value, headers) for offset, value, headers in found} == expected


async def test_one_after_the_other_is_the_order_of_the_log(producer: Producer, topic: str) -> None:
    assert [await producer.send(Outgoing(topic, 0, None, b"x", ())) for _ in range(20)] == list(range(20))


async def test_a_topic_that_is_not_there_is_unavailable(producer: Producer) -> None:
    with pytest.raises(UnavailableError, match="Unknown topic or partition"):
        await producer.send(Outgoing(f"gs.test.{uuid.uuid4().hex}", 0, None, b"x", ()), timeout_s=10)


async def test_a_record_above_its_topics_limit_is_rejected(producer: Producer, admin: Admin) -> None:
    name = f"gs.test.{uuid.uuid4().hex}"
    await admin.ensure([TopicSpec(name, {"max.message.bytes": "1000"})], 1)

    with pytest.raises(RejectedError, match="larger than its topic takes"):
        await producer.send(Outgoing(name, 0, None, b"x" * 2_000, ()), timeout_s=10)


async def test_without_kafka_sending_fails_in_time() -> None:
    log = Producer("127.0.0.1:9")

    with pytest.raises(UnavailableError, match=r"did not confirm a record within 0.2 s"):
        await log.send(Outgoing("any", 0, None, b"x", ()), timeout_s=0.2)

    await log.close()


async def test_making_a_topic_again_leaves_it_alone(admin: Admin, producer: Producer, topic: str) -> None:
    await producer.send(Outgoing(topic, 0, None, b"x", ()))
    before = await admin.topic_id(topic)

    await admin.ensure([TopicSpec(topic, {}), *own_topics()], 1)

    assert await admin.topic_id(topic) == before
    assert await admin.watermarks(topic, 0) == (0, 1)


async def test_ids_have_the_form_of_a_position(admin: Admin) -> None:
    names = [f"gs.test.{uuid.uuid4().hex}" for _ in range(60)]
    await admin.ensure([TopicSpec(name, {}) for name in names], 1)

    ids = await asyncio.gather(*(admin.topic_id(name) for name in names))

    assert len(set(ids)) == 60
    assert all(found is not None and len(found) == 22 and not set(found) & set("+/=") for found in ids)
    await admin.delete(names)


async def test_a_topic_that_is_not_there_has_no_id(admin: Admin) -> None:
    name = f"gs.test.{uuid.uuid4().hex}"
    assert await admin.topic_id(name) is None

    await admin.ensure([TopicSpec(name, {})], 1)
    first = await admin.topic_id(name)
    await admin.delete([name, "gs.test.never-was"])

    assert first is not None
    async with asyncio.timeout(10):
        while await admin.topic_id(name) is not None:
            await asyncio.sleep(0.01)
    with pytest.raises(UnavailableError):
        await admin.watermarks(name, 0)


async def test_an_offset_is_found_by_record_time(admin: Admin, producer: Producer, topic: str) -> None:
    for _ in range(3):
        await producer.send(Outgoing(topic, 0, None, b"x", ()))

    assert await admin.offset_at(topic, 0, 0) == 0
    assert await admin.offset_at(topic, 0, 4_102_444_800_000) == 3


async def test_a_topic_that_kafka_will_not_make_says_why(admin: Admin) -> None:
    with pytest.raises(UnavailableError, match=r"kafka did not make topic gs.test.odd: .*"):
        await admin.ensure([TopicSpec("gs.test.odd", {"no.such.config": "1"})], 1)


async def test_a_closed_admin_is_unavailable(kafka_servers: str) -> None:
    asked = Admin(kafka_servers)
    await asked.close()

    with pytest.raises(UnavailableError, match="closed"):
        await asked.topic_id("any")
