"""Events into Postgres: rows and how far each log has come, in one transaction, by one writer at a time.

Invariants: a row is there if and only if its log's next offset lies behind it, so a writer that dies has written
whole batches or nothing; a writer whose generation is no longer the newest writes nothing at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping

import orjson
from psycopg.types.json import Jsonb

from gstreamer.core.errors import FencedError, NoPartitionError, UnavailableError, UnstorableError
from gstreamer.core.partitioning import Partition
from gstreamer.core.stored import Batch, Log, Row
from gstreamer.store import rollup
from gstreamer.store.shard import Connection, Shard, StatementError

WRITE_S = 30.0
DATA_EXCEPTION = "22"
"""How the states of values begin that Postgres refuses."""
UNSENT = "?"
"""The driver itself refuses a value."""
CHECK_VIOLATION = "23514"
"""What Postgres says where no partition takes a row."""

_STAGE = """
create temp table if not exists stage (
    streamer_id text, time timestamptz, epoch text, off bigint, id text, type text, event jsonb, cut jsonb,
    audience smallint, whole smallint
) on commit delete rows
"""
_COPY = "copy stage from stdin (format binary)"
_TYPES = ("text", "timestamptz", "text", "int8", "text", "text", "jsonb", "jsonb", "int2", "int2")
_TRIED = "select %s::text, %s::text, %s::bigint, %s::text, %s::text, %s::jsonb, %s::jsonb"
_IN_PARTITIONS = (
    "insert into events select * from stage where time >= %(begin)s and time < %(end)s on conflict do nothing"
)
_LATE = """
insert into event_late select * from stage where time < %(begin)s or time >= %(end)s on conflict do nothing
"""
_LOGS = """
insert into epochs (streamer_id, epoch, place, next_offset, last_time)
select streamer_id, epoch, place, next_offset, last_time
from jsonb_to_recordset(%s::jsonb)
    as new(streamer_id text, epoch text, place integer, next_offset bigint, last_time timestamptz)
on conflict (streamer_id, epoch) do update set next_offset = excluded.next_offset, last_time = excluded.last_time
"""
_MARKS = """
insert into marks (streamer_id, epoch, off, time)
select streamer_id, epoch, off, time
from jsonb_to_recordset(%s::jsonb) as new(streamer_id text, epoch text, off bigint, time timestamptz)
on conflict do nothing
"""


class EventStore:
    """
    The events of one shard, as their writer sees them.

    Args:
        shard: Where they are.
        slot: Which writer of the shard this is.
    """

    def __init__(self, shard: Shard, slot: int = 0) -> None:
        self._shard = shard
        self._slot = slot
        self._generation = 0

    async def take_over(self) -> None:
        """
        Become the only writer of this slot: whoever was it before can write no more once this has returned.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        statement = """
            insert into writers (slot, generation) values (%s, 1)
            on conflict (slot) do update set generation = writers.generation + 1
            returning generation
        """
        async with self._shard.once(WRITE_S) as connection:
            row = await (await connection.execute(statement, (self._slot,))).fetchone()
        if row is None:
            raise UnavailableError("postgres did not give a generation")
        self._generation = row[0]

    async def logs(self, streamer_ids: Collection[str]) -> dict[str, Log]:
        """
        How far the newest log of each of these streamers is stored; nothing of those of whom nothing is.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        statement = """
            select distinct on (streamer_id) streamer_id, epoch, place, next_offset, last_time
            from epochs where streamer_id = any(%s) order by streamer_id, place desc
        """
        async with self._shard.once() as connection:
            rows = await (await connection.execute(statement, (list(streamer_ids),))).fetchall()
        return {streamer_id: Log(*log) for streamer_id, *log in rows}

    async def write(self, batch: Batch, partitions: Collection[Partition]) -> None:
        """
        Store a batch, all of it or nothing; rows that no partition holds go to ``event_late``.

        Args:
            batch: What is stored.
            partitions: Those that are attached, one behind the other.

        Raises:
            FencedError: Another writer has taken over.
            NoPartitionError: A partition is no longer there.
            UnstorableError: Postgres takes some of the rows under no circumstances.
            UnavailableError: Postgres does not answer.
        """
        span = _span(partitions)
        try:
            async with self._shard.transaction(WRITE_S) as connection:
                await self._fence(connection)
                if batch.rows:
                    await _stage(connection, batch.rows)
                    await connection.execute(_IN_PARTITIONS, span)
                    await connection.execute(_LATE, span)
                    await rollup.add(connection, batch.rows)
                await connection.execute(_LOGS, (_records(_log_record(*item) for item in batch.logs.items()),))
                if batch.marks:
                    await connection.execute(_MARKS, (_records(map(_mark_record, batch.marks)),))
        except StatementError as error:
            if error.state == CHECK_VIOLATION:
                raise NoPartitionError("a partition is no longer there") from None
            if error.state.startswith(DATA_EXCEPTION) or error.state == UNSENT:
                places = await self._unstorable(batch.rows)
                if places:
                    raise UnstorableError(places) from None
            raise

    async def _fence(self, connection: Connection) -> None:
        # Shared, so that a takeover waits for the batch that is under way and no batch begins behind its back.
        statement = "select 1 from writers where slot = %s and generation = %s for share"
        if await (await connection.execute(statement, (self._slot, self._generation))).fetchone() is None:
            raise FencedError("another writer has taken over")

    async def _unstorable(self, rows: Iterable[Row]) -> frozenset[tuple[str, int]]:
        """Streamer and offset of the rows whose values Postgres refuses, each tried by itself."""
        found = set()
        for row in rows:
            try:
                async with self._shard.once() as connection:
                    await connection.execute(_TRIED, (*row[:1], *row[2:6], row.event.decode(), _text(row.cut)))
            except StatementError:
                found.add((row.streamer_id, row.off))
        return frozenset(found)


async def _stage(connection: Connection, rows: Iterable[Row]) -> None:
    await connection.execute(_STAGE)
    async with connection.cursor() as cursor, cursor.copy(_COPY) as copy:
        copy.set_types(_TYPES)
        for row in rows:
            cut = None if row.cut is None else Jsonb(row.cut, _as_it_is)
            roles = int(row.audience), int(row.whole)
            await copy.write_row((*row[:6], Jsonb(row.event, _as_it_is), cut, *roles))


def _text(encoded: bytes | None) -> str | None:
    return None if encoded is None else encoded.decode()


def _as_it_is(encoded: bytes) -> bytes:
    return encoded


def _span(partitions: Collection[Partition]) -> dict[str, dt.datetime]:
    if not partitions:
        return {"begin": dt.datetime.max.replace(tzinfo=dt.UTC), "end": dt.datetime.max.replace(tzinfo=dt.UTC)}
    return {"begin": min(one.begin for one in partitions), "end": max(one.end for one in partitions)}


def _log_record(streamer_id: str, log: Log) -> dict[str, object]:
    return {"streamer_id": streamer_id, **log._asdict()}


def _mark_record(row: Row) -> dict[str, object]:
    return {"streamer_id": row.streamer_id, "epoch": row.epoch, "off": row.off, "time": row.time}


def _records(records: Iterable[Mapping[str, object]]) -> str:
    return orjson.dumps(list(records)).decode()
