"""Pages of a streamer's stored events, by position, both ways; JSON goes through as it is.

Rule: a page starts from a mark (every few hundred rows have one), which tells the time at which a position lies, so
that only the partitions that can hold the page are looked at. Rows are in order of ``(time, epoch, off)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gstreamer.core.errors import BadPositionError
from gstreamer.core.ids import Position
from gstreamer.store.shard import Connection, Shard

PAGE_S = 2.0
"""A page that takes longer is given up: a connection is worth more than an answer nobody waits for."""

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
select epoch, off, event::text from events
where streamer_id = %(streamer)s
    and (%(all)s or type = any(%(exact)s) or type like any(%(begins)s))
order by time desc, epoch desc, off desc limit %(limit)s
"""
_OLDER = """
select epoch, off, event::text from events
where streamer_id = %(streamer)s and time <= coalesce(%(time)s, 'infinity'::timestamptz)
    and ((epoch = %(epoch)s and off < %(off)s) or epoch = any(%(earlier)s))
    and (%(all)s or type = any(%(exact)s) or type like any(%(begins)s))
order by time desc, epoch desc, off desc limit %(limit)s
"""
_NEWER = """
select epoch, off, event::text from events
where streamer_id = %(streamer)s and time >= coalesce(%(time)s, '-infinity'::timestamptz)
    and ((epoch = %(epoch)s and off > %(off)s) or epoch = any(%(later)s))
    and (%(all)s or type = any(%(exact)s) or type like any(%(begins)s))
order by time, epoch, off limit %(limit)s
"""


class Types(NamedTuple):
    """Which types are wanted: by their whole name, or by how they begin; neither: all."""

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

    async def newest(self, streamer_id: str, types: Types, limit: int) -> list[Stored]:
        """
        The newest events, newest first.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        async with self._shard.once(PAGE_S) as connection:
            return await _page(connection, _NEWEST, _asked(streamer_id, types, limit))

    async def before(self, streamer_id: str, position: Position, types: Types, limit: int) -> list[Stored]:
        """
        The events before a position, newest first.

        Raises:
            BadPositionError: No log of this streamer has that epoch.
            UnavailableError: Postgres does not answer.
        """
        async with self._shard.once(PAGE_S) as connection:
            asked = _asked(streamer_id, types, limit) | await _around(connection, streamer_id, position)
            return await _page(connection, _OLDER, asked | {"time": await _time(connection, _MARK_AFTER, asked)})

    async def after(self, streamer_id: str, position: Position, types: Types, limit: int) -> list[Stored]:
        """
        The events after a position, oldest first.

        Raises:
            BadPositionError: No log of this streamer has that epoch.
            UnavailableError: Postgres does not answer.
        """
        async with self._shard.once(PAGE_S) as connection:
            asked = _asked(streamer_id, types, limit) | await _around(connection, streamer_id, position)
            return await _page(connection, _NEWER, asked | {"time": await _time(connection, _MARK_BEFORE, asked)})


def _asked(streamer_id: str, types: Types, limit: int) -> dict[str, object]:
    return {
        "streamer": streamer_id,
        "all": not types.exact and not types.begins,
        "exact": list(types.exact),
        "begins": [_escaped(begin) + "%" for begin in types.begins],
        "limit": limit,
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


async def _page(connection: Connection, statement: str, asked: dict[str, object]) -> list[Stored]:
    rows = await (await connection.execute(statement, asked)).fetchall()
    return [Stored(Position(epoch, off), event) for epoch, off, event in rows]


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
