"""The store writer stores each event once, whatever is away for a while, and stops when another has taken over."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import pytest

from gstreamer.actors import store_writer
from gstreamer.actors.backlog import Logs
from gstreamer.actors.store_writer import Clock, Config, Ports, StoreWriter
from gstreamer.core.errors import FencedError, NoPartitionError, UnavailableError, UnstorableError
from gstreamer.core.partitioning import Interval, Partition, partition_of
from gstreamer.core.stored import Batch, Log, Row
from tests.fake_log import Counts, FakeLog
from tests.followers import until
from tests.records import STREAMER, TOPIC, record


class FakeStore:
    """A shard in memory, which takes a batch whole or not at all."""

    def __init__(self) -> None:
        self.rows: list[Row] = []
        self.held: dict[str, Log] = {}
        self.generation = 0
        self.down = False
        self.failures: list[Exception] = []
        self.batches = 0
        self.made = 0

    async def partitions(self, interval: Interval, now: dt.datetime) -> tuple[Partition, ...]:
        self.made += 1
        return (partition_of(interval, now),)

    async def take_over(self) -> None:
        self._check()
        self.generation += 1

    async def logs(self, streamer_ids: Collection[str]) -> dict[str, Log]:
        self._check()
        return {one: self.held[one] for one in streamer_ids if one in self.held}

    async def write(self, batch: Batch, partitions: Collection[Partition]) -> None:
        self._check()
        if self.failures:
            raise self.failures.pop(0)
        assert partitions
        self.batches += 1
        self.rows += batch.rows
        self.held |= batch.logs

    def _check(self) -> None:
        if self.down:
            raise UnavailableError("postgres is down")


class Rig:
    """A writer on a log and a store in memory."""

    def __init__(self) -> None:
        self.log = FakeLog()
        self.log.make(TOPIC)
        self.store = FakeStore()
        self.counts = Counts()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[StoreWriter]:
        async def names() -> Collection[str]:
            return [*self.log.logs, "gs.control", "gs.streamer.x"]

        async def sleep(seconds: float) -> None:
            await asyncio.sleep(0)

        reader = self.log.reader()
        logs = Logs(reader, self.log, self.log, self.log.reader)
        ports = Ports(logs, names, self.store, self.store.partitions, self.counts)
        writer = StoreWriter(Config("gs.streamer.", "week"), ports, Clock(sleep=sleep))
        task = asyncio.create_task(writer.run())
        try:
            yield writer
        finally:
            task.cancel()
            await writer.close()

    def stored(self) -> list[int]:
        return [row.off for row in self.store.rows]


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(store_writer, "FLUSH_S", 0.01)
    monkeypatch.setattr(store_writer, "DISCOVER_S", 0.01)
    return Rig()


async def test_what_is_there_and_what_comes_is_stored_with_its_next_offset(rig: Rig) -> None:
    rig.log.append(record(0), record(1, message_id="m0"), record(2))
    async with rig.running() as writer:
        await until(lambda: rig.stored() == [0, 2])
        rig.log.append(record(3))
        await until(lambda: rig.stored() == [0, 2, 3])

        assert rig.store.held[STREAMER].next_offset == 4
        assert (await writer.observe())["state"] == "ok"
        assert repr(writer) == "store_writer n=1"


async def test_the_next_writer_goes_on_where_the_last_one_ended(rig: Rig) -> None:
    rig.log.append(record(0), record(1))
    async with rig.running():
        await until(lambda: rig.stored() == [0, 1])
    rig.log.append(record(2), record(3, message_id="m1"), record(4))

    async with rig.running():
        await until(lambda: rig.stored() == [0, 1, 2, 4])


async def test_a_database_that_is_away_is_waited_for(rig: Rig) -> None:
    async with rig.running() as writer:
        await until(lambda: len(writer._books) == 1)
        rig.store.down = True
        rig.log.append(record(0))
        await until(lambda: "postgres is down" in writer._reason)
        rig.log.append(record(1))
        rig.store.down = False

        await until(lambda: rig.stored() == [0, 1])
        assert (await writer.observe())["state"] == "ok"


async def test_what_does_not_fit_into_memory_is_read_again_later(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_writer, "MOST_ROWS", 3)
    async with rig.running() as writer:
        await until(lambda: len(writer._books) == 1)
        rig.store.down = True
        rig.log.append(record(0))
        await until(lambda: "postgres is down" in writer._reason)
        rig.log.append(*(record(offset) for offset in range(1, 10)))
        await until(lambda: not writer._books)
        assert writer._rows == []
        rig.store.down = False

        await until(lambda: rig.stored() == list(range(10)))


async def test_a_writer_that_was_replaced_stops(rig: Rig) -> None:
    rig.log.append(record(0))
    async with rig.running() as writer:
        await until(lambda: rig.stored() == [0])
        rig.store.failures = [FencedError("another writer has taken over")]
        rig.log.append(record(1))
        await until(lambda: writer._state == "down")
        rig.log.append(record(2))

        assert (await writer.observe())["logs"] == 0
    assert rig.stored() == [0]
    assert rig.store.generation == 1


async def test_a_partition_that_went_away_is_looked_for(rig: Rig) -> None:
    rig.store.failures = [NoPartitionError("a partition is no longer there")]
    rig.log.append(record(0))
    async with rig.running():
        await until(lambda: rig.stored() == [0])

    assert rig.store.made == 2


async def test_an_unexpected_failure_is_survived(rig: Rig) -> None:
    rig.store.failures = [RuntimeError("what")]
    rig.log.append(record(0))
    async with rig.running():
        await until(lambda: rig.stored() == [0])

    assert rig.store.generation == 2


async def test_a_record_that_is_no_event_goes_to_the_dead_letters_and_stops_nobody(rig: Rig) -> None:
    rig.log.append(record(0, value=b"no json"), record(1))
    async with rig.running():
        await until(lambda: rig.stored() == [1])
        await until(lambda: len(rig.log.sent) == 1)

    assert rig.log.sent[0].key == f"{TOPIC}/0/0".encode()
    assert rig.counts.counts["gstreamer_records_dead", "store_writer", "not_json"] == 1


async def test_a_log_made_anew_is_the_streamers_next_one(rig: Rig) -> None:
    rig.log.append(record(0))
    async with rig.running():
        await until(lambda: rig.stored() == [0])
    rig.log.make(TOPIC, "another-id")
    rig.log.append(record(0))

    async with rig.running():
        await until(lambda: rig.stored() == [0, 0])

    assert [row.epoch for row in rig.store.rows] == ["epoch-01", "another-"]
    assert rig.store.held[STREAMER].place == 1


async def test_records_that_kafka_has_dropped_are_a_gap_that_is_told(rig: Rig) -> None:
    rig.log.append(*(record(offset) for offset in range(5)))
    rig.store.held[STREAMER] = Log("epoch-01", 0, 2, dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    rig.log.low[TOPIC] = 4
    async with rig.running():
        await until(lambda: rig.stored() == [4])

    assert rig.counts.counts["gstreamer_store_gaps", "head"] == 1


async def test_a_log_that_ends_before_what_is_stored_is_left_alone(rig: Rig) -> None:
    rig.log.append(record(0))
    rig.store.held[STREAMER] = Log("epoch-01", 0, 7, dt.datetime(1970, 1, 1, tzinfo=dt.UTC))
    async with rig.running():
        await until(lambda: ("gstreamer_store_gaps", "tail") in rig.counts.counts)

    assert rig.stored() == []


async def test_kafka_that_is_away_is_asked_again(rig: Rig) -> None:
    rig.log.append(record(0))
    rig.log.down = True
    async with rig.running():
        await until(lambda: rig.store.made > 0)
        rig.log.down = False
        await until(lambda: rig.stored() == [0])


async def test_a_reading_that_ends_is_begun_anew(rig: Rig) -> None:
    rig.log.append(record(0))
    async with rig.running():
        await until(lambda: rig.stored() == [0])
        _, _, failed = rig.log.readers[0].places.pop(TOPIC)
        assert failed is not None
        failed(UnavailableError("the topic is away"))
        rig.log.append(record(1))

        await until(lambda: rig.stored() == [0, 1])


async def test_a_row_that_is_never_stored_is_a_dead_letter_and_stops_nobody(rig: Rig) -> None:
    rig.store.failures = [UnstorableError(frozenset({(STREAMER, 1)}))]
    rig.log.append(record(0), record(1), record(2))
    async with rig.running():
        await until(lambda: rig.stored() == [0, 2])
        await until(lambda: len(rig.log.sent) == 1)

    assert rig.store.held[STREAMER].next_offset == 3
    assert rig.log.sent[0].key == f"{TOPIC}/0/1".encode()
    assert rig.counts.counts["gstreamer_records_dead", "store_writer", "not_storable"] == 1
