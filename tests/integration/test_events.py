"""Events go into Postgres once, by one writer at a time, and come out page by page in one order."""

from __future__ import annotations

import asyncio
import datetime as dt
import random
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest

from gstreamer.core.errors import (
    BadPositionError,
    FencedError,
    NoPartitionError,
    UnavailableError,
    UnstorableError,
)
from gstreamer.core.events import Role
from gstreamer.core.ids import Position
from gstreamer.core.stored import Batch, Log, Row
from gstreamer.store import partitions
from gstreamer.store.events import EventStore
from gstreamer.store.history import Asked, History
from gstreamer.store.migrate import migrate
from gstreamer.store.shard import Shard
from tests.databases import fresh_database

NOW = dt.datetime(2026, 11, 25, 12, tzinfo=dt.UTC)


@pytest.fixture
def own_dsn(postgres_dsn: str) -> Iterator[str]:
    with fresh_database(postgres_dsn) as dsn:
        migrate(dsn)
        yield dsn


@pytest.fixture
async def shard(own_dsn: str) -> AsyncIterator[Shard]:
    shard = Shard(own_dsn)
    yield shard
    await shard.close()


def row(
    off: int,
    at: dt.datetime,
    epoch: str = "A",
    type: str = "channel.update",  # noqa: A002
    streamer_id: str = "1",
) -> Row:
    event = f'{{"position": "{epoch}:{off}", "data": {{"title": "a \\u00e4 \\" b"}}}}'
    return Row(streamer_id, at, epoch, off, f"m{epoch}{off}", type, event.encode())


def batch(*rows: Row, place: int = 0) -> Batch:
    last = rows[-1]
    log = Log(last.epoch, place, last.off + 1, last.time)
    return Batch(rows, {last.streamer_id: log}, [one for one in rows if one.off % 10 == 0])


async def stored(shard: Shard) -> list[int]:
    async with shard.once() as connection:
        rows = await (await connection.execute("select off from events order by time, off")).fetchall()
    return [off for (off,) in rows]


# Partitions


async def test_partitions_are_there_ahead_and_made_once(shard: Shard) -> None:
    made = await asyncio.gather(*(partitions.ensure(shard, "week", NOW) for _ in range(4)))

    assert made[0] == made[1] == made[2] == made[3]
    assert made[0][-1].end == dt.datetime(2026, 12, 14, tzinfo=dt.UTC)
    async with shard.transaction() as connection:
        assert await partitions.existing(connection) == made[0]


async def test_nobody_who_reads_makes_a_new_partition_wait(shard: Shard) -> None:
    await partitions.ensure(shard, "day", NOW)

    async with shard.transaction() as reader:
        await reader.execute("select * from events")
        made = await partitions.ensure(shard, "day", NOW + dt.timedelta(days=5))

    assert made[-1].end == dt.datetime(2026, 12, 3, tzinfo=dt.UTC)


async def test_another_interval_begins_where_the_last_partition_ends(shard: Shard) -> None:
    before = await partitions.ensure(shard, "week", NOW)

    after = await partitions.ensure(shard, "month", NOW)

    assert set(before) < set(after)
    assert all(one.end == other.begin for one, other in pairwise(after))


# Writing


async def test_rows_and_the_next_offset_are_written_together(shard: Shard) -> None:
    there = await partitions.ensure(shard, "month", NOW)
    store = EventStore(shard)
    await store.take_over()

    await store.write(batch(row(0, NOW), row(3, NOW)), there)

    assert await stored(shard) == [0, 3]
    assert await store.logs(["1", "2"]) == {"1": Log("A", 0, 4, NOW)}


async def test_a_writer_that_was_replaced_writes_nothing(shard: Shard) -> None:
    there = await partitions.ensure(shard, "month", NOW)
    old, new = EventStore(shard), EventStore(shard)
    await old.take_over()
    await old.write(batch(row(0, NOW)), there)
    await new.take_over()

    with pytest.raises(FencedError):
        await old.write(batch(row(1, NOW)), there)

    await new.write(batch(row(2, NOW)), there)
    assert await stored(shard) == [0, 2]


async def test_a_takeover_waits_for_the_batch_that_is_under_way(shard: Shard) -> None:
    there = await partitions.ensure(shard, "month", NOW)
    old, new = EventStore(shard), EventStore(shard)
    await old.take_over()
    async with shard.transaction() as connection:
        await old._fence(connection)
        takeover = asyncio.create_task(new.take_over())
        async with shard.once() as other:
            while (
                await (
                    await other.execute("select 1 from pg_stat_activity where wait_event_type = 'Lock'")
                ).fetchone()
                is None
            ):
                await asyncio.sleep(0.01)
        assert not takeover.done()
    await takeover

    with pytest.raises(FencedError):
        await old.write(batch(row(0, NOW)), there)


async def test_a_row_that_no_partition_holds_is_kept_beside_them(shard: Shard) -> None:
    there = await partitions.ensure(shard, "day", NOW)
    store = EventStore(shard)
    await store.take_over()
    long_ago = NOW - dt.timedelta(days=400)

    await store.write(batch(row(0, long_ago), row(1, NOW)), there)

    assert await stored(shard) == [1]
    async with shard.once() as connection:
        late = await (await connection.execute("select off, time from event_late")).fetchall()
    assert late == [(0, long_ago)]
    history, asked = History(shard), Asked("1", 10)
    assert [one.position.offset for one in await history.newest(asked)] == [1, 0]
    assert [one.position.offset for one in await history.before(asked, Position("A", 1))] == [0]
    assert [one.position.offset for one in await history.after(asked, Position("A", -1))] == [0, 1]
    assert [one.position.offset for one in await history.newest(Asked("1", 1))] == [1]


async def test_late_rows_are_folded_in_once_their_partition_is_there(shard: Shard) -> None:
    store = EventStore(shard)
    await store.take_over()
    late, later = NOW - dt.timedelta(days=3), NOW - dt.timedelta(days=400)
    await store.write(batch(row(0, later), row(1, late), row(2, NOW)), ())
    assert await stored(shard) == []

    await partitions.ensure(shard, "day", NOW)

    assert await stored(shard) == [1, 2]
    async with shard.once() as connection:
        left = await (await connection.execute("select off from event_late")).fetchall()
    assert left == [(0,)]
    assert [one.position.offset for one in await History(shard).newest(Asked("1", 10))] == [2, 1, 0]


async def test_a_partition_that_went_away_is_told_and_nothing_is_written(shard: Shard) -> None:
    there = await partitions.ensure(shard, "day", NOW)
    store = EventStore(shard)
    await store.take_over()
    async with shard.once() as connection:
        await connection.execute("alter table events detach partition parts.events_20261125_20261126")

    with pytest.raises(NoPartitionError):
        await store.write(batch(row(0, NOW - dt.timedelta(days=1)), row(1, NOW)), there)

    assert await stored(shard) == []
    assert await store.logs(["1"]) == {}


async def test_rows_that_postgres_takes_under_no_circumstances_are_named(shard: Shard) -> None:
    there = await partitions.ensure(shard, "month", NOW)
    store = EventStore(shard)
    await store.take_over()
    huge = row(1, NOW)._replace(event=b'{"data": {"bits": 1e999999}}')
    rows = [row(0, NOW), huge, row(2, NOW)._replace(id="a\0b"), row(3, NOW)._replace(cut=b"{")]

    with pytest.raises(UnstorableError) as refused:
        await store.write(batch(*rows, row(4, NOW)), there)

    assert refused.value.places == {("1", 1), ("1", 2), ("1", 3)}
    assert await stored(shard) == []
    await store.write(batch(row(0, NOW), row(4, NOW)), there)
    assert await stored(shard) == [0, 4]


async def test_a_database_that_is_away_is_unavailable() -> None:
    shard = Shard("postgresql://nobody:secret@127.0.0.1:1/none")

    with pytest.raises(UnavailableError) as error:
        await EventStore(shard).take_over()

    assert "127.0.0.1:1" in str(error.value)
    assert "secret" not in str(error.value)
    await shard.close()


# Pages


async def filled(shard: Shard, seed: int) -> list[Row]:
    """Two logs of one streamer over several partitions, with holes and equal times, beside another streamer."""
    roll = random.Random(seed)
    there = await partitions.ensure(shard, "day", NOW)
    store = EventStore(shard)
    await store.take_over()
    rows: list[Row] = []
    at = NOW - dt.timedelta(days=3)
    for place, epoch in enumerate(("B", "A")):
        at += dt.timedelta(microseconds=1)
        off = 0
        some = []
        for _ in range(120):
            off += roll.choice((1, 1, 1, 4))
            at += dt.timedelta(minutes=roll.choice((0, 0, 7, 50)))
            some.append(row(off, at, epoch, roll.choice(("channel.update", "channel.raid", "stream.online"))))
        await store.write(batch(*some, place=place), there)
        rows += some
    await store.write(batch(row(0, NOW, "C", streamer_id="2")), there)
    return rows


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("limit", [1, 7, 500])
async def test_pages_both_ways_are_the_whole_book_once(shard: Shard, seed: int, limit: int) -> None:
    truth = [Position(one.epoch, one.off) for one in await filled(shard, seed)]
    history = History(shard)

    back = [one.position for one in await history.newest(Asked("1", limit))]
    while len(back) < len(truth):
        back += [one.position for one in await history.before(Asked("1", limit), back[-1])]
    forth: list[Position] = []
    at = Position("B", -1)
    while page := await history.after(Asked("1", limit), at):
        forth += [one.position for one in page]
        at = forth[-1]

    assert back == truth[::-1]
    assert forth == truth
    assert await history.before(Asked("1", limit), truth[0]) == []


async def test_a_position_without_a_row_of_its_own_is_good(shard: Shard) -> None:
    truth = [Position(one.epoch, one.off) for one in await filled(shard, 1)]
    history = History(shard)

    for position in (Position("B", 30), Position("B", 10_000), Position("A", 0), Position("A", 10_000)):
        older = [one.position for one in await history.before(Asked("1", 500), position)]
        newer = [one.position for one in await history.after(Asked("1", 500), position)]

        assert [*older[::-1], *newer] == [one for one in truth if one != position]
        assert position not in newer


async def test_types_are_asked_for_by_name_and_by_beginning(shard: Shard) -> None:
    rows = await filled(shard, 2)
    history = History(shard)

    raids = await history.newest(Asked("1", 500, exact=["channel.raid"]))
    channel = await history.newest(Asked("1", 500, begins=["channel."]))
    none = await history.newest(Asked("1", 500, begins=["channel_"]))

    assert len(raids) == sum(one.type == "channel.raid" for one in rows)
    assert len(channel) == sum(one.type != "stream.online" for one in rows)
    assert none == []


async def test_an_epoch_that_the_streamer_never_had_is_a_bad_position(shard: Shard) -> None:
    await filled(shard, 3)

    with pytest.raises(BadPositionError):
        await History(shard).before(Asked("1", 10), Position("C", 5))


async def test_json_comes_out_as_text(shard: Shard) -> None:
    await filled(shard, 4)

    (found,) = await History(shard).newest(Asked("2", 10))

    assert found.event == '{"data": {"title": "a ä \\" b"}, "position": "C:0"}'


async def test_a_page_holds_what_its_reader_may_see(shard: Shard) -> None:
    there = await partitions.ensure(shard, "month", NOW)
    store = EventStore(shard)
    await store.take_over()
    cut = row(0, NOW)._replace(cut=b'{"cut": true}', whole=Role.MODERATOR)
    hidden = row(1, NOW)._replace(audience=Role.MODERATOR, whole=Role.MODERATOR)
    await store.write(batch(cut, hidden), there)

    viewers = await History(shard).newest(Asked("1", 10))
    moderators = await History(shard).newest(Asked("1", 10, Role.MODERATOR))

    assert [one.event for one in viewers] == ['{"cut": true}']
    assert [one.position.offset for one in moderators] == [1, 0]
    assert "title" in moderators[1].event
