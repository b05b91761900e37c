"""On a real Kafka: each event once and in order, through repeats, a change of hosts, and from any position."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import AsyncIterator, Callable

import pytest
from confluent_kafka import Producer as RawProducer

from gstreamer.actors.backlog import Logs
from gstreamer.actors.streamer_host import HostOptions, StreamerHost, wall_ms
from gstreamer.core.dedup import WINDOW_MS, Dedup, Verdict
from gstreamer.core.encoding import encode
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Event
from gstreamer.core.ids import Position
from gstreamer.core.ports import Owner
from gstreamer.core.records import EVENT_TYPE, EVENT_VERSION, MESSAGE_ID, TWITCH_TIMESTAMP, Record
from gstreamer.core.topics import DEAD_LETTERS, TopicSpec, streamer_topic_config
from gstreamer.kafka.admin import Admin
from gstreamer.kafka.consumer import Reader
from gstreamer.kafka.producer import Producer
from tests.fake_log import Counts
from tests.followers import Follower, until
from tests.records import AT, STREAMER


class Install:
    """Hosts on a real Kafka, with a topic prefix of their own."""

    def __init__(self, servers: str) -> None:
        self.servers = servers
        self.prefix = f"t{uuid.uuid4().hex[:8]}."
        self.topic = self.prefix + STREAMER
        self.admin = Admin(servers)
        self.dead_letters = Producer(servers)
        self.raw = RawProducer({"bootstrap.servers": servers, "linger.ms": 1})
        self.hosts: list[StreamerHost] = []
        self.followers: dict[str, Follower] = {}

    async def make(self, config: dict[str, str]) -> None:
        await self.admin.ensure([TopicSpec(self.topic, config), TopicSpec(DEAD_LETTERS, {})], 1)

    async def run(self, **options: int | Callable[[], int]) -> StreamerHost:
        number = len(self.hosts) + 1
        host = StreamerHost(
            f"streamers:n:{number}",
            "n",
            f"h{number}",
            Logs(Reader(self.servers), self.admin, self.dead_letters, lambda: Reader(self.servers)),
            self.followers.__getitem__,
            Counts(),
            HostOptions(self.prefix, 2 * 2**20, **options),  # type: ignore[arg-type]
        )
        self.hosts.append(host)
        await host.assign((Owner(STREAMER, host.name, number),))
        return host

    def follower(self, name: str) -> Follower:
        self.followers[name] = Follower(lambda: self.hosts[-1], name, "c1")
        return self.followers[name]

    def write(self, message_id: str, n: int, time_ms: int = 0, value: bytes | None = None) -> None:
        headers = {MESSAGE_ID: message_id, EVENT_TYPE: "channel.cheer", EVENT_VERSION: "1", TWITCH_TIMESTAMP: AT}
        body = json.dumps({"event": {"n": n}}).encode() if value is None else value
        self.raw.produce(self.topic, body, STREAMER.encode(), 0, timestamp=time_ms, headers=list(headers.items()))
        self.raw.poll(0)

    async def read(self, topic: str, count: int) -> list[Record]:
        """The first records of a topic, read past everything that is tested."""
        reader, records = Reader(self.servers), list[Record]()
        try:
            await reader.assign(topic, 0, 0, records.extend)
            await until(lambda: len(records) >= count, 30)
        finally:
            await reader.close()
        return records

    async def expected(self, count: int, window_ms: int = WINDOW_MS) -> list[Event]:
        """The events of the whole log, by one reader that has seen all of it."""
        dedup = Dedup(None, window_ms)
        epoch = str(await self.admin.topic_id(self.topic))[:8]
        records = await self.read(self.topic, count)
        return [encode(one, STREAMER, epoch).event for one in records if dedup.take(one) is Verdict.NEW]

    async def close(self) -> None:
        for follower in self.followers.values():
            await follower.stop()
        for host in self.hosts:
            await host.stop()
        await self.dead_letters.close()
        await self.admin.close()


@pytest.fixture
async def install(kafka_servers: str) -> AsyncIterator[Install]:
    one = Install(kafka_servers)
    yield one
    await one.close()


def _repeated_and_shuffled(count: int, seed: int) -> list[int]:
    """The numbers up to ``count``, every tenth twice, each moved by up to 20 places."""
    roll = random.Random(seed)
    numbers = [n for one in range(count) for n in ((one, one) if one % 10 == 0 else (one,))]
    return [n for _, n in sorted(enumerate(numbers), key=lambda pair: pair[0] + roll.uniform(0, 20))]


@pytest.mark.parametrize("old_host_lives_on", [False, True])
async def test_two_thousand_events_through_a_change_of_hosts(install: Install, old_host_lives_on: bool) -> None:
    await install.make(streamer_topic_config())
    first = await install.run()
    followers = [install.follower("connection:n:0"), install.follower("connection:n:1")]
    for follower in followers:
        follower.begin()
        await follower.join(STREAMER)
    numbers = _repeated_and_shuffled(2_000, seed=7)

    for n in numbers[:1_100]:
        install.write(f"id-{n}", n)
    await until(lambda: all(len(follower.events[STREAMER]) > 200 for follower in followers))
    second = await install.run()
    if old_host_lives_on:
        for follower in followers:
            await follower.moved((Owner(STREAMER, second.name, 2),))
    else:
        await first.stop()
    for n in numbers[1_100:]:
        install.write(f"id-{n}", n)
    assert install.raw.flush(20) == 0
    await until(lambda: all(one.covered[STREAMER].offset == len(numbers) - 1 for one in followers), 60)

    expected = await install.expected(len(numbers))
    assert len(expected) == 2_000
    for follower in followers:
        assert follower.events[STREAMER] == expected
        assert follower.generation[STREAMER] == 2
        assert follower.gaps == []
        assert follower.most_in_flight <= (2 if old_host_lives_on else 1), "one call of each host"


async def test_a_log_of_many_windows_is_the_same_from_every_position(install: Install) -> None:
    await install.make({"message.timestamp.type": "CreateTime", "retention.ms": "-1"})
    window_ms, count, roll = 10_000, 1_200, random.Random(3)
    start_ms = wall_ms() - count * 100
    for n in range(count):
        # Repeats from well inside the window to well outside of it.
        number = max(0, n - roll.randrange(1, 220)) if n % 3 == 0 else n
        install.write(f"id-{number}", number, start_ms + n * 100)
    assert install.raw.flush(20) == 0
    expected = await install.expected(count, window_ms)

    host = await install.run(window_ms=window_ms, now_ms=lambda: start_ms + count * 100)
    epoch = expected[0].encoded.split(b'"position":"')[1].split(b":")[0].decode()
    for after in (-1, 0, 1, 99, 500, 898, 1_000, 1_100, 1_199):
        joined = await host.since(STREAMER, Position(epoch, after))

        assert joined.complete
        assert (joined.batch.after, joined.batch.to) == (after, count - 1)
        assert list(joined.batch.events) == [event for event in expected if event.offset > after]
    described = (await host.describe())["streamers"][STREAMER]
    assert described["consumed"] == 300, "three windows were read, not the whole log"


async def test_a_corrupt_record_lies_in_the_dead_letters_and_the_next_one_comes(install: Install) -> None:
    await install.make(streamer_topic_config())
    await install.run()
    follower = install.follower("connection:n:0")
    await follower.join(STREAMER)

    install.write("bad", 0, value=b"\xff\x00")
    install.write("good", 1)
    install.raw.flush(20)
    await until(lambda: follower.covered[STREAMER].offset == 1)

    assert follower.numbers(STREAMER) == [1]
    letter = (await install.read(DEAD_LETTERS, 1))[-1]
    assert (letter.key, letter.value) == (f"{install.topic}/0/0".encode(), b"\xff\x00")
    assert letter.headers["reason"] == "not_json"
    assert letter.headers[MESSAGE_ID] == "bad"


async def test_a_topic_made_anew_goes_on_in_a_new_epoch(install: Install) -> None:
    await install.make(streamer_topic_config())
    await install.run(watch_s=1)
    follower = install.follower("connection:n:0")
    await follower.join(STREAMER)
    install.write("a", 0)
    install.write("b", 1)
    install.raw.flush(20)
    await until(lambda: follower.covered[STREAMER].offset == 1)
    old = follower.covered[STREAMER].epoch

    await install.admin.delete([install.topic])
    await _made_anew(install)
    fresh = RawProducer({"bootstrap.servers": install.servers})
    install.raw = fresh
    install.write("c", 2)
    assert fresh.flush(20) == 0
    await until(lambda: follower.covered[STREAMER].epoch != old and follower.events[STREAMER], 30)

    assert follower.numbers(STREAMER) == [2]
    assert follower.gaps == [STREAMER]


async def _made_anew(install: Install) -> None:
    """Make the topic, which may still be on its way out."""
    before = await install.admin.topic_id(install.topic)
    while before is not None:
        before = await install.admin.topic_id(install.topic)
    await install.make(streamer_topic_config())


async def test_a_streamer_is_joined_before_its_topic_exists(install: Install) -> None:
    host = await install.run()
    follower = install.follower("connection:n:0")
    with pytest.raises(UnavailableError, match="streamer 1001 still reads its log"):
        await host.since(STREAMER, Position("any", 0))

    await install.make(streamer_topic_config())
    install.write("a", 0)
    install.raw.flush(20)
    await until(lambda: host._streamers[STREAMER].is_ready, 30)
    await follower.join(STREAMER, Position("any", 0))

    assert follower.gaps == [STREAMER]
    await until(lambda: follower.events[STREAMER])
