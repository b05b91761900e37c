"""People's grants at Twitch: tokens encrypted, each bound to its row.

A refresh happens under the row's lock, so that a person's tokens are renewed by one process at a time, and the new
pair is stored before anybody uses it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import Select, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlmodel import col

from gstreamer.store.accounts import Person
from gstreamer.store.engine import Database
from gstreamer.store.models import OK, REVOKED, TWITCH, Grant, User
from gstreamer.store.secrets import Keyring, Sealed

LOCKED_S = 30.0
"""How long a grant may be locked: a call to Twitch with its tries happens meanwhile."""

_NEVER = datetime.min.replace(tzinfo=UTC)


class Tokens(NamedTuple):
    """A person's tokens at Twitch; kept out of ``repr``."""

    access: str
    refresh: str
    scopes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"Tokens({', '.join(self.scopes)})"


class LockedGrant:
    """
    A grant whose row is locked until the surrounding transaction ends.

    Attributes:
        alive: Whether there is one, and it has not ended.
        renewed_at: When it was given, renewed or ended last.
    """

    def __init__(self, connection: AsyncConnection, keyring: Keyring, user_id: str, row: Any) -> None:
        self._connection = connection
        self._keyring = keyring
        self._user_id = user_id
        self._row = row
        self.alive: bool = row is not None and row.status == OK
        self.renewed_at: datetime = _NEVER if row is None else row.updated_at

    def tokens(self) -> Tokens | None:
        """
        Its tokens, or None if there is no live grant.

        Raises:
            ConfigurationError: The keyring cannot open them.
        """
        return _opened(self._keyring, self._user_id, self._row)

    async def renew(self, tokens: Tokens, check_at: datetime, now: datetime) -> None:
        """Store the tokens that replace these."""
        await self._write(
            status=OK, check_at=check_at, updated_at=now, **_sealed(self._keyring, self._user_id, tokens)
        )

    async def good_until(self, check_at: datetime) -> None:
        """Write down when the grant is to be checked next."""
        await self._write(check_at=check_at)

    async def end(self, now: datetime) -> None:
        """Write down that the grant is dead; its tokens are forgotten."""
        nothing = _sealed(self._keyring, self._user_id, Tokens("", "", ()))
        await self._write(status=REVOKED, updated_at=now, **nothing)

    async def _write(self, **values: Any) -> None:
        mine = (col(Grant.user_id) == self._user_id) & (col(Grant.provider) == TWITCH)
        await self._connection.execute(update(Grant).where(mine).values(**values))


class Grants:
    """
    The table grants, and the person that a grant makes known.

    Args:
        database: Where it is.
        keyring: What encrypts it.
    """

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def put(self, person: Person, tokens: Tokens, check_at: datetime, now: datetime) -> None:
        """Keep a person who has just granted these tokens."""
        grant = {
            "status": OK,
            "check_at": check_at,
            "updated_at": now,
            **_sealed(self._keyring, person.id, tokens),
        }
        granted = insert(Grant).values(user_id=person.id, provider=TWITCH, **grant)
        async with self._database.transaction() as connection:
            await connection.execute(_known(person, now))
            await connection.execute(
                granted.on_conflict_do_update(index_elements=["user_id", "provider"], set_=grant)
            )

    async def know(self, person: Person, now: datetime) -> None:
        """Keep a person's profile; their grant stays as it is."""
        async with self._database.once() as connection:
            await connection.execute(_known(person, now))

    async def tokens(self, user_id: str) -> Tokens | None:
        """
        A person's tokens, or None if there is no live grant.

        Raises:
            UnavailableError: Postgres does not answer.
            ConfigurationError: The keyring cannot open them.
        """
        async with self._database.once() as connection:
            row = (await connection.execute(_row(user_id))).one_or_none()
        return _opened(self._keyring, user_id, row)

    @asynccontextmanager
    async def locked(self, user_id: str) -> AsyncIterator[LockedGrant]:
        """
        A person's grant, locked; what is written to it holds once the block ends.

        Raises:
            UnavailableError: Postgres does not answer, or the grant was locked for too long.
        """
        async with self._database.transaction(LOCKED_S) as connection:
            row = (await connection.execute(_row(user_id).with_for_update())).one_or_none()
            yield LockedGrant(connection, self._keyring, user_id, row)

    async def make_due(self, user_id: str, now: datetime) -> None:
        """Have a person's grant checked now; one that is dead or not there is fine."""
        mine = (col(Grant.user_id) == user_id) & (col(Grant.provider) == TWITCH) & (col(Grant.status) == OK)
        later = mine & (col(Grant.check_at) > now)
        async with self._database.once() as connection:
            await connection.execute(update(Grant).where(later).values(check_at=now))

    async def claim_due(self, now: datetime, until: datetime, limit: int) -> tuple[str, ...]:
        """People whose grants are to be checked now; they are due again at ``until`` if nobody reports."""
        due = (
            select(col(Grant.user_id), col(Grant.provider))
            .where((col(Grant.status) == OK) & (col(Grant.check_at) <= now))
            .order_by(col(Grant.check_at))
            .limit(limit)
            .with_for_update(skip_locked=True)
            .cte("due")
        )
        claim = (
            update(Grant)
            .where((col(Grant.user_id) == due.c.user_id) & (col(Grant.provider) == due.c.provider))
            .values(check_at=until)
            .returning(col(Grant.user_id))
        )
        async with self._database.once() as connection:
            return tuple(row[0] for row in await connection.execute(claim))


def _opened(keyring: Keyring, user_id: str, row: Any) -> Tokens | None:
    if row is None or row.status != OK:
        return None
    sealed = Sealed(row.key_id, row.nonce, row.ciphertext)
    access, refresh = json.loads(keyring.open(row_name(user_id, TWITCH), sealed))
    return Tokens(access, refresh, tuple(row.scopes))


def _known(person: Person, now: datetime) -> Insert:
    profile = {"login": person.login, "display_name": person.display_name, "avatar_url": person.avatar_url}
    known = insert(User).values(id=person.id, created_at=now, updated_at=now, **profile)
    return known.on_conflict_do_update(index_elements=["id"], set_={**profile, "updated_at": now})


def _row(user_id: str) -> Select[str, bytes, bytes, list[str], str, datetime]:
    return select(
        col(Grant.key_id), col(Grant.nonce), col(Grant.ciphertext), col(Grant.scopes), col(Grant.status),
        col(Grant.updated_at),
    ).where((col(Grant.user_id) == user_id) & (col(Grant.provider) == TWITCH))  # fmt: skip


def row_name(user_id: str, provider: str) -> tuple[str, ...]:
    """What the associated data of a grant's ciphertext names."""
    return ("grants", user_id, provider)


def _sealed(keyring: Keyring, user_id: str, tokens: Tokens) -> dict[str, Any]:
    secret = json.dumps([tokens.access, tokens.refresh]).encode()
    return {**keyring.seal(row_name(user_id, TWITCH), secret)._asdict(), "scopes": list(tokens.scopes)}
