"""Grants that an older key seals are sealed anew with the key that writes; the rows themselves say how far it is.

So it can be broken off and begun again, twice at once too. A row is locked while it changes, as for a refresh.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import NamedTuple

from sqlalchemy import func, select, update
from sqlmodel import col

from gstreamer.core.errors import ConfigurationError
from gstreamer.store.engine import Database
from gstreamer.store.grants import LOCKED_S, row_name
from gstreamer.store.models import Grant
from gstreamer.store.secrets import Keyring, Sealed

BATCH = 200


class Turn(NamedTuple):
    """
    What one step has done.

    Attributes:
        sealed: Grants that it has sealed anew.
        refused: Grants that it could not open.
        last: The last person it has looked at.
    """

    sealed: int
    refused: int
    last: str


class Rotation:
    """
    Brings grants under the first key.

    Args:
        database: Where they are.
        keyring: Opens them, and seals them anew.
    """

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def by_key(self) -> dict[str, int]:
        """
        How many grants each key seals.

        Raises:
            UnavailableError: Postgres does not answer, or has no such table yet.
        """
        query = select(col(Grant.key_id), func.count()).group_by(col(Grant.key_id)).order_by(col(Grant.key_id))
        async with self._database.once() as connection:
            return {key: int(count) for key, count in await connection.execute(query)}

    async def run(self) -> AsyncIterator[Turn]:
        """
        Seal every grant anew that another key seals; gives each step as it is done.

        Rows that somebody refreshes at that moment are passed over at first, and waited for at the end.

        Raises:
            UnavailableError: Postgres does not answer; what is done stays done.
        """
        for patient in (False, True):
            last = ""
            while turn := await self._turn(last, patient=patient):
                yield turn if patient else turn._replace(refused=0)
                last = turn.last

    async def _turn(self, after: str, *, patient: bool) -> Turn | None:
        old = (
            select(
                col(Grant.user_id), col(Grant.provider), col(Grant.key_id), col(Grant.nonce), col(Grant.ciphertext)
            )
            .where((col(Grant.key_id) != self._keyring.current) & (col(Grant.user_id) > after))
            .order_by(col(Grant.user_id))
            .limit(1 if patient else BATCH)
            .with_for_update(skip_locked=not patient)
        )
        async with self._database.transaction(LOCKED_S) as connection:
            rows = (await connection.execute(old)).all()
            sealed = 0
            for user_id, provider, key_id, nonce, ciphertext in rows:
                name = row_name(user_id, provider)
                try:
                    secret = self._keyring.open(name, Sealed(key_id, nonce, ciphertext))
                except ConfigurationError:
                    continue
                mine = (col(Grant.user_id) == user_id) & (col(Grant.provider) == provider)
                new = self._keyring.seal(name, secret)._asdict()
                await connection.execute(update(Grant).where(mine).values(**new))
                sealed += 1
        return Turn(sealed, len(rows) - sealed, rows[-1][0]) if rows else None
