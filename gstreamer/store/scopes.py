"""What people have granted us, without the tokens: which scopes each live grant has."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import ARRAY, Text, any_, literal, select
from sqlmodel import col

from gstreamer.store.engine import Database
from gstreamer.store.models import OK, TWITCH, Grant


class Scopes:
    """The scopes of grants."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def granted(self, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        """
        The scopes of those of these people who have a live grant with any.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        # One array, for a statement has at most 65,535 parameters, and whoever watches a chat may be asked about.
        asked = literal(list(user_ids), ARRAY(Text))
        theirs = (col(Grant.user_id) == any_(asked)) & (col(Grant.provider) == TWITCH)
        query = select(col(Grant.user_id), col(Grant.scopes)).where(theirs & (col(Grant.status) == OK))
        async with self._database.once() as connection:
            rows = await connection.execute(query)
            return {user_id: frozenset(scopes) for user_id, scopes in rows if scopes}
