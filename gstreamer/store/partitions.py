"""The partitions of the table events: made ahead of time, attached without making anybody wait.

A partition is made as a table of its own that already promises what it holds, and attached then; nobody who reads
or writes waits for that (STORE.md 2). There is no default partition: with one, nothing could be detached any more
while somebody reads. Whoever holds the advisory lock makes them; the others find them made. Rows that came when their
partition was not there are folded into it as soon as it is.
"""

from __future__ import annotations

import datetime as dt
import re

from psycopg import sql

from gstreamer.core.partitioning import Interval, Partition, missing
from gstreamer.store.shard import Connection, Shard

AHEAD = 2
"""Intervals after the present one: a writer that is away for a whole one still finds its partition."""
LATEST_PAST = dt.timedelta(days=8)
"""Kafka keeps a streamer's records for 7 days: what is older does not come any more."""
LOCK_ID = 0x67737073
"""Any number, as long as every gstreamer locks the same one."""
MAKE_S = 30.0

_BOUND = re.compile(r"FOR VALUES FROM \('([^']+)'\) TO \('([^']+)'\)")

_LIST = """
select pg_get_expr(c.relpartbound, c.oid)
from pg_inherits i join pg_class c on c.oid = i.inhrelid
where i.inhparent = 'events'::regclass and not i.inhdetachpending
"""


_FOLD = """
with late as (
    delete from event_late using unnest(%s::timestamptz[], %s::timestamptz[]) as held(begins, ends)
    where time >= begins and time < ends returning event_late.*
)
insert into events select * from late on conflict do nothing
"""


async def existing(connection: Connection) -> tuple[Partition, ...]:
    """The partitions that are attached, oldest first."""
    await connection.execute("set local time zone 'UTC'")
    rows = await (await connection.execute(_LIST)).fetchall()
    found = [_BOUND.fullmatch(bound) for (bound,) in rows]
    return tuple(sorted(Partition(_utc(one[1]), _utc(one[2])) for one in found if one is not None))


async def ensure(shard: Shard, interval: Interval, now: dt.datetime) -> tuple[Partition, ...]:
    """
    See that every time which may still be written has its partition, late rows in it; all that there are then.

    Raises:
        UnavailableError: Postgres does not answer.
    """
    async with shard.transaction(MAKE_S) as connection:
        await connection.execute("select pg_advisory_xact_lock(%s)", (LOCK_ID,))
        there = await existing(connection)
        made = missing(interval, now - LATEST_PAST, AHEAD, now, there)
        for one in made:
            await _make(connection, one)
        held = tuple(sorted((*there, *made)))
        await connection.execute(_FOLD, ([one.begin for one in held], [one.end for one in held]))
        return held


async def _make(connection: Connection, one: Partition) -> None:
    names = {
        "table": sql.Identifier("parts", one.name),
        "check": sql.Identifier(f"{one.name}_time"),
        "begin": sql.Literal(one.begin.isoformat()),
        "end": sql.Literal(one.end.isoformat()),
    }
    for statement in (
        "create table {table} (like events including all)",
        "alter table {table} add constraint {check} check (time >= {begin} and time < {end})",
        "alter table events attach partition {table} for values from ({begin}) to ({end})",
        "alter table {table} drop constraint {check}",
    ):
        await connection.execute(sql.SQL(statement).format(**names))


def _utc(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).astimezone(dt.UTC)
