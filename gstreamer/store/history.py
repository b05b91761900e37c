"""Pages of a streamer's stored events, by position, both ways; JSON goes through as it is.

Rule: a page starts from a mark (every few hundred rows have one), which tells the time at which a position lies, so
that only the partitions that can hold the page are looked at. Rows are in order of ``(time, epoch, off)``. What lies
beside the partitions is part of every page, in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import LiteralString, NamedTuple

from psycopg import sql

from gstreamer.core.errors import BadPositionError
from gstreamer.core.events import Role
from gstreamer.core.ids import Position
from gstreamer.store.shard import Connection, Shard

PAGE_S = 2.0
"""A page that takes longer is given up: a connection is worth more than an answer nobody waits for."""

TABLES = (sql.Identifier("events"), sql.Identifier("event_late"))

_EPOCHS = "select epoch from epochs where streamer_id = %s order by place"
_MARK_AFTER = """
select time from marks where streamer_id = %(streamer)s and (
    (epoch = %(epoch)s and off > %(off)s) or epoch = any(%(later)s)
) order by time limit 1
"""
_MARK_BEFORE = """
select time from marks where streamer_id = %(streamer)s and (
    (epoch = %(epoch)s and off <= %(off)s) or epoch = any(%(earlier)s)
) order by time desc limit 1
"""
_NEWEST = """
select time, epoch, off, (case when %(role)s >= whole then event else cut end)::text from {table}
where streamer_id = %(streamer)s and audience <= %(role)s
    and (%(all)s or type = any(%(exact)s) or type like any(%(begins)s))
order by time desc, epoch desc, off desc limit %(limit)s
"""
_OLDER = """
select time, epoch, off, (case when %(role)s >= whole then event else cut end)::text from {table}
where streamer_id = %(streamer)s and audience <= %(role)s and time <= coalesce(%(time)s, 'infinity'::timestamptz)
    and ((epoch = %(epoch)s and off < %(off)s) or epoch = any(%(earlier)s))
    and (%(all)s or type = any(%(exact)s) or type like any(%(begins)s))
order by time desc, epoch desc, off desc limit %(limit)s
"""
_NEWER = """
select time, epoch, off, (case when %(role)s >= whole then event else cut end)::text from {table}
where streamer_id = %(streamer)s and audience <= %(role)s and time >= coalesce(%(time)s, '-infinity'::timestamptz)
    and ((epoch = %(epoch)s and off > %(off)s) or epoch = any(%(later)s))
    and (%(all)s or type = any(%(exact)s) or type like any(%(begins)s))
order by time, epoch, off limit %(limit)s
"""


class Asked(NamedTuple):
    """
    What is asked for.

    Attributes:
        streamer_id: Whose events.
        limit: How many at most.
        role: Who asks: what that role may not see is not in the page.
        exact: Types by their whole name, and
        begins: by how they begin; neither: all.
    """

    streamer_id: str
    limit: int
    role: Role = Role.VIEWER
    exact: Sequence[str] = ()
    begins: Sequence[str] = ()


class Stored(NamedTuple):
    """A stored event: where it lies, and the client's JSON of it."""

    position: Position
    event: str


class History:
    """
    The events of one shard, as readers see them.

    Args:
        shard: Where they are.
    """

    def __init__(self, shard: Shard) -> None:
        self._shard = shard

    async def newest(self, asked: Asked) -> list[Stored]:
        """
        The newest events, newest first.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        async with self._shard.once(PAGE_S) as connection:
            return await _page(connection, _NEWEST, _named(asked), newest_first=True)

    async def before(self, asked: Asked, position: Position) -> list[Stored]:
        """
        The events before a position, newest first.

        Raises:
            BadPositionError: No log of this streamer has that epoch.
            UnavailableError: Postgres does not answer.
        """
        async with self._shard.once(PAGE_S) as connection:
            named = _named(asked) | await _around(connection, asked.streamer_id, position)
            named |= {"time": await _time(connection, _MARK_AFTER, named)}
            return await _page(connection, _OLDER, named, newest_first=True)

    async def after(self, asked: Asked, position: Position) -> list[Stored]:
        """
        The events after a position, oldest first.

        Raises:
            BadPositionError: No log of this streamer has that epoch.
            UnavailableError: Postgres does not answer.
        """
        async with self._shard.once(PAGE_S) as connection:
            named = _named(asked) | await _around(connection, asked.streamer_id, position)
            named |= {"time": await _time(connection, _MARK_BEFORE, named)}
            return await _page(connection, _NEWER, named, newest_first=False)


def _named(asked: Asked) -> dict[str, object]:
    return {
        "streamer": asked.streamer_id,
        "role": int(asked.role),
        "all": not asked.exact and not asked.begins,
        "exact": list(asked.exact),
        "begins": [_escaped(begin) + "%" for begin in asked.begins],
        "limit": asked.limit,
    }


async def _around(connection: Connection, streamer_id: str, position: Position) -> dict[str, object]:
    """The position, and the epochs before and after its own."""
    rows = await (await connection.execute(_EPOCHS, (streamer_id,))).fetchall()
    epochs = [epoch for (epoch,) in rows]
    if position.epoch not in epochs:
        raise BadPositionError("the position is of a log that this streamer does not have")
    place = epochs.index(position.epoch)
    return {
        "epoch": position.epoch,
        "off": position.offset,
        "earlier": epochs[:place],
        "later": epochs[place + 1 :],
    }


async def _time(connection: Connection, statement: str, asked: dict[str, object]) -> object:
    row = await (await connection.execute(statement, asked)).fetchone()
    return None if row is None else row[0]


async def _page(
    connection: Connection, statement: LiteralString, asked: Mapping[str, object], *, newest_first: bool
) -> list[Stored]:
    rows = []
    for table in TABLES:
        rows += await (await connection.execute(sql.SQL(statement).format(table=table), asked)).fetchall()
    # Each table's rows are in order; those of both are few more than a page.
    rows.sort(key=lambda row: row[:3], reverse=newest_first)
    limit = asked["limit"]
    assert isinstance(limit, int)
    return [Stored(Position(epoch, off), event) for _, epoch, off, event in rows[:limit]]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
