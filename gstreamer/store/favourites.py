"""People's favourite streamers, in the order that they gave them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gstreamer.core.errors import RejectedError
from gstreamer.store.accounts import Person
from gstreamer.store.engine import Database
from gstreamer.store.models import Favourite, Streamer, User


class TooManyFavouritesError(RejectedError):
    """A person would have more favourites than one socket can subscribe to."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit

    def __str__(self) -> str:
        return f"at most {self.limit} favourites; remove some first"


class UnknownFavouriteError(RejectedError):
    """An order names a streamer that is no favourite (any more)."""

    def __init__(self, streamer_id: str) -> None:
        super().__init__(streamer_id)
        self.streamer_id = streamer_id

    def __str__(self) -> str:
        return f"{self.streamer_id} is not a favourite"


class ListedFavourite(NamedTuple):
    """A favourite, with the streamer as Twitch told it last."""

    streamer: Person
    added_at: datetime


class Favourites:
    """
    The tables favourites and streamers.

    Args:
        database: Where they are.
        limit: Most favourites of one person.
    """

    def __init__(self, database: Database, limit: int) -> None:
        self._database = database
        self.limit = limit

    async def of(self, user_id: str) -> tuple[ListedFavourite, ...]:
        """A person's favourites, in order."""
        query = (
            select(
                col(Streamer.id), col(Streamer.login), col(Streamer.display_name), col(Streamer.avatar_url),
                col(Favourite.added_at),
            )
            .join_from(Favourite, Streamer, col(Streamer.id) == col(Favourite.streamer_id))
            .where(col(Favourite.user_id) == user_id)
            .order_by(col(Favourite.place), col(Favourite.streamer_id))
        )  # fmt: skip
        async with self._database.once() as connection:
            rows = (await connection.execute(query)).all()
        return tuple(ListedFavourite(Person(id_, login, name, avatar), at) for id_, login, name, avatar, at in rows)

    async def known(self, streamer_ids: Sequence[str]) -> dict[str, Person]:
        """Those of these streamers that somebody has favoured, as Twitch told them then."""
        columns = select(
            col(Streamer.id), col(Streamer.login), col(Streamer.display_name), col(Streamer.avatar_url)
        ).where(col(Streamer.id).in_(streamer_ids))
        async with self._database.once() as connection:
            rows = (await connection.execute(columns)).all()
        return {id_: Person(id_, login, name, avatar) for id_, login, name, avatar in rows}

    async def has(self, user_id: str, streamer_id: str) -> bool:
        """Whether a streamer is a person's favourite."""
        mine = (col(Favourite.user_id) == user_id) & (col(Favourite.streamer_id) == streamer_id)
        async with self._database.once() as connection:
            return (await connection.execute(select(col(Favourite.place)).where(mine))).one_or_none() is not None

    async def add(self, user_id: str, streamers: Sequence[Person], now: datetime) -> int:
        """
        Put streamers behind a person's favourites and return how many are new; the others keep their places.

        Raises:
            TooManyFavouritesError: They would be too many; none was added.
        """
        if not streamers:
            return 0
        async with self._database.transaction() as connection:
            await _lock(connection, user_id)
            await _keep(connection, streamers, now)
            mine = select(col(Favourite.streamer_id), col(Favourite.place)).where(col(Favourite.user_id) == user_id)
            places = {row[0]: row[1] for row in await connection.execute(mine)}
            new = [streamer.id for streamer in streamers if streamer.id not in places]
            if len(places) + len(new) > self.limit:
                raise TooManyFavouritesError(self.limit)
            first = max(places.values(), default=-1) + 1
            rows = [
                {"user_id": user_id, "streamer_id": one, "place": first + number, "added_at": now}
                for number, one in enumerate(new)
            ]
            if rows:
                await connection.execute(insert(Favourite).values(rows))
            return len(rows)

    async def remove(self, user_id: str, streamer_id: str) -> bool:
        """Whether a streamer was a person's favourite; it is not any more."""
        mine = (col(Favourite.user_id) == user_id) & (col(Favourite.streamer_id) == streamer_id)
        async with self._database.once() as connection:
            return (await connection.execute(delete(Favourite).where(mine))).rowcount == 1

    async def order(self, user_id: str, streamer_ids: Sequence[str]) -> None:
        """
        Put a person's favourites in this order; those that are not named follow in the order they had.

        Raises:
            UnknownFavouriteError: One is not a favourite; nothing changed.
        """
        async with self._database.transaction() as connection:
            await _lock(connection, user_id)
            query = (
                select(col(Favourite.streamer_id))
                .where(col(Favourite.user_id) == user_id)
                .order_by(col(Favourite.place), col(Favourite.streamer_id))
            )
            had = [row[0] for row in await connection.execute(query)]
            for one in streamer_ids:
                if one not in had:
                    raise UnknownFavouriteError(one)
            named = set(streamer_ids)
            wanted = [*streamer_ids, *(one for one in had if one not in named)]
            if wanted:
                places = func.array_position(wanted, col(Favourite.streamer_id))
                await connection.execute(
                    update(Favourite).where(col(Favourite.user_id) == user_id).values(place=places)
                )

    async def favoured(self) -> frozenset[str]:
        """Every streamer that somebody favours."""
        async with self._database.once() as connection:
            found = await connection.execute(select(col(Favourite.streamer_id)).distinct())
            return frozenset(row[0] for row in found)


async def _lock(connection: AsyncConnection, user_id: str) -> None:
    """Let one change of a person's favourites follow the other."""
    await connection.execute(select(col(User.id)).where(col(User.id) == user_id).with_for_update())


async def _keep(connection: AsyncConnection, streamers: Iterable[Person], now: datetime) -> None:
    # Sorted, so that two that keep the same streamers lock them in one order.
    rows = [
        {**streamer._asdict(), "updated_at": now} for streamer in sorted({one.id: one for one in streamers}.values())
    ]
    statement = insert(Streamer).values(rows)
    told = {name: statement.excluded[name] for name in ("login", "display_name", "avatar_url", "updated_at")}
    await connection.execute(statement.on_conflict_do_update(index_elements=["id"], set_=told))
