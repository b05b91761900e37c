"""People, their browser sessions and preferences; every time is the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import col

from gstreamer.core.sessions import Lifetime
from gstreamer.store.engine import Database
from gstreamer.store.models import OK, REVOKED, TWITCH, Grant, Preferences, Session, UsedState, User

LISTED_SESSIONS = 100


class Person(NamedTuple):
    """A Twitch account: of a person who signs in, or of a streamer."""

    id: str
    login: str
    display_name: str
    avatar_url: str


class NewSession(NamedTuple):
    """A session to be: its public id, the hash of its cookie's value, the browser's name."""

    id: str
    value_hash: bytes
    user_agent: str


class SignedIn(NamedTuple):
    """
    Who a session's cookie stands for.

    Attributes:
        person: The account.
        session_id: The session's public id.
        created_at: When it was made.
        last_seen_at: When it was used last, to the minute.
        scopes: What the person's grant covers.
        grant: ``ok`` or ``revoked``.
    """

    person: Person
    session_id: str
    created_at: datetime
    last_seen_at: datetime
    scopes: tuple[str, ...]
    grant: str


class ListedSession(NamedTuple):
    """One of a person's sessions."""

    id: str
    created_at: datetime
    last_seen_at: datetime
    user_agent: str


class Accounts:
    """
    The tables users, sessions, preferences and used_states.

    Args:
        database: Where they are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def use_state(self, state_id: str, expires_at: datetime, now: datetime) -> bool:
        """Whether a sign-in's state comes back for the first time; it never will again."""
        async with self._database.transaction() as connection:
            await connection.execute(delete(UsedState).where(col(UsedState.expires_at) <= now))
            made = insert(UsedState).values(id=state_id, expires_at=expires_at).on_conflict_do_nothing()
            return (await connection.execute(made.returning(col(UsedState.id)))).one_or_none() is not None

    async def add_session(self, user_id: str, session: NewSession, now: datetime) -> None:
        """Keep a new session of a known person."""
        row = {**session._asdict(), "user_id": user_id, "created_at": now, "last_seen_at": now}
        async with self._database.once() as connection:
            await connection.execute(insert(Session).values(row))

    async def renew_session(self, session_id: str, value_hash: bytes, now: datetime) -> bool:
        """
        Whether a session is there; then it counts from now, and its cookie has another value.

        Sockets know the session by its public id and live on; who had the old value has nothing.
        """
        mine = update(Session).where(col(Session.id) == session_id)
        changed = mine.values(value_hash=value_hash, created_at=now, last_seen_at=now).returning(col(Session.id))
        async with self._database.once() as connection:
            return (await connection.execute(changed)).one_or_none() is not None

    async def signed_in(self, value_hash: bytes) -> SignedIn | None:
        """Who has the session with that cookie, ended by its age or not; None if there is none."""
        query = (
            select(
                col(User.id), col(User.login), col(User.display_name), col(User.avatar_url),
                col(Session.id), col(Session.created_at), col(Session.last_seen_at),
                col(Grant.scopes), col(Grant.status),
            )
            .join_from(Session, User, col(User.id) == col(Session.user_id))
            .outerjoin(Grant, (col(Grant.user_id) == col(User.id)) & (col(Grant.provider) == TWITCH))
            .where(col(Session.value_hash) == value_hash)
        )  # fmt: skip
        async with self._database.once() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        user_id, login, name, avatar, session_id, created_at, last_seen_at, scopes, status = row
        granted = tuple(scopes or ()) if status == OK else ()
        person = Person(user_id, login, name, avatar)
        return SignedIn(person, session_id, created_at, last_seen_at, granted, status or REVOKED)

    async def touch(self, session_ids: Sequence[str], now: datetime) -> None:
        """Write down that sessions are used; ids that are not there are fine."""
        older = col(Session.id).in_(session_ids) & (col(Session.last_seen_at) < now)
        async with self._database.once() as connection:
            await connection.execute(update(Session).where(older).values(last_seen_at=now))

    async def sessions(self, user_id: str) -> tuple[ListedSession, ...]:
        """A person's sessions, the last used first."""
        query = (
            select(col(Session.id), col(Session.created_at), col(Session.last_seen_at), col(Session.user_agent))
            .where(col(Session.user_id) == user_id)
            .order_by(col(Session.last_seen_at).desc(), col(Session.id))
            .limit(LISTED_SESSIONS)
        )
        async with self._database.once() as connection:
            return tuple(ListedSession(*row) for row in await connection.execute(query))

    async def session_ids(self, user_id: str) -> tuple[str, ...]:
        """The ids of all of a person's sessions."""
        query = select(col(Session.id)).where(col(Session.user_id) == user_id)
        async with self._database.once() as connection:
            return tuple((await connection.scalars(query)).all())

    async def over(self, now: datetime, lifetime: Lifetime, limit: int = 1_000) -> tuple[str, ...]:
        """Ids of sessions that have ended by their age or by not being used."""
        idle = col(Session.last_seen_at) <= now - timedelta(seconds=lifetime.idle_s)
        old = col(Session.created_at) <= now - timedelta(seconds=lifetime.absolute_s)
        async with self._database.once() as connection:
            found = await connection.scalars(select(col(Session.id)).where(idle | old).limit(limit))
            return tuple(found.all())

    async def of_dead_grants(self, limit: int = 1_000) -> tuple[str, ...]:
        """Ids of sessions whose person's grant is dead."""
        query = (
            select(col(Session.id))
            .join_from(Session, Grant, col(Grant.user_id) == col(Session.user_id))
            .where((col(Grant.provider) == TWITCH) & (col(Grant.status) == REVOKED))
            .limit(limit)
        )
        async with self._database.once() as connection:
            return tuple((await connection.scalars(query)).all())

    async def remove_sessions(self, session_ids: Sequence[str]) -> None:
        """Forget sessions; ids that are not there are fine."""
        async with self._database.once() as connection:
            await connection.execute(delete(Session).where(col(Session.id).in_(session_ids)))

    async def remove(self, user_id: str) -> None:
        """Forget a person with everything of theirs."""
        async with self._database.once() as connection:
            await connection.execute(delete(User).where(col(User.id) == user_id))

    async def preferences(self, user_id: str) -> dict[str, Any]:
        """What the page keeps for a person; empty if nothing yet."""
        async with self._database.once() as connection:
            query = select(col(Preferences.value)).where(col(Preferences.user_id) == user_id)
            found: dict[str, Any] | None = (await connection.execute(query)).scalar_one_or_none()
            return {} if found is None else found

    async def set_preferences(self, user_id: str, value: dict[str, Any], now: datetime) -> None:
        """Keep that for a person, in place of what was kept."""
        row = {"value": value, "updated_at": now}
        statement = insert(Preferences).values(user_id=user_id, **row)
        async with self._database.once() as connection:
            await connection.execute(statement.on_conflict_do_update(index_elements=["user_id"], set_=row))
