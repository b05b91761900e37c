"""An inbox goes on where it was committed, so a record is acted on at least once and seldom twice."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

import pytest

from gstreamer.core.errors import UnavailableError
from gstreamer.core.records import Outgoing, Record
from gstreamer.core.topics import TopicSpec
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.inbox import Inbox
from gstreamer.kafka.producer import Producer


@pytest.fixture
async def topics(kafka_servers: str) -> AsyncIterator[tuple[str, str]]:
    names = (f"gs.test.{uuid.uuid4().hex}", f"gs.test.{uuid.uuid4().hex}")
    admin, producer = Admin(kafka_servers), Producer(kafka_servers)
    await producer.start()
    await admin.ensure([TopicSpec(name, {}) for name in names], 1)
    for name in names:
        for number in range(3):
            await producer.send(Outgoing(name, 0, b"11", str(number).encode(), (("type", b"t"),)), 10)
    yield names
    await producer.close()
    await admin.close()


async def read(inbox: Inbox, count: int) -> list[Record]:
    found: list[Record] = []
    while len(found) < count:
        found += await inbox.read(5.0)
    return found


async def test_it_reads_all_topics_from_their_beginning(kafka_servers: str, topics: tuple[str, str]) -> None:
    inbox = Inbox(kafka_servers, None, uuid.uuid4().hex, topics)

    found = await read(inbox, 6)

    await inbox.close()
    assert {name: [one.value for one in found if one.topic == name] for name in topics} == {
        name: [b"0", b"1", b"2"] for name in topics
    }
    assert (found[0].key, found[0].headers["type"]) == (b"11", "t")


async def test_a_restart_goes_on_after_what_was_committed(kafka_servers: str, topics: tuple[str, str]) -> None:
    group = uuid.uuid4().hex
    first = Inbox(kafka_servers, None, group, topics)
    found = await read(first, 6)
    await first.commit([one for one in found if one.topic == topics[0] and one.offset < 2])
    await first.close()

    second = Inbox(kafka_servers, None, group, topics)
    again = await read(second, 4)

    await second.close()
    assert sorted((one.topic, one.offset) for one in again) == sorted(
        [(topics[0], 2), (topics[1], 0), (topics[1], 1), (topics[1], 2)]
    )


async def test_without_mail_it_waits_and_returns(kafka_servers: str, topics: tuple[str, str]) -> None:
    inbox = Inbox(kafka_servers, None, uuid.uuid4().hex, topics)
    await read(inbox, 6)

    assert await inbox.read(0.05) == []

    await inbox.close()


async def test_without_kafka_it_is_unavailable() -> None:
    inbox = Inbox("127.0.0.1:9", {"socket.timeout.ms": "500"}, "nobody", ["gs.control"])

    with pytest.raises(UnavailableError, match="kafka does not answer"):
        await inbox.read(0.1)

    await inbox.close()
