"""Ends of sessions: told to every connection actor through Kafka first, then forgotten in the database.

In this order, since a session whose end was not written would keep its sockets; one that is written and not yet
forgotten is ended again by the next try.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from gstreamer.core.ports import Log
from gstreamer.core.records import Outgoing
from gstreamer.core.topics import SESSIONS
from gstreamer.store.accounts import Accounts

ENDED: Final = "ended"
GRANT_REVOKED: Final = "grant_revoked"
"""Why a session ended: what connection actors tell its sockets."""


class Endings:
    """
    Ends sessions.

    Args:
        log: Where ends are written for connection actors.
        accounts: Where sessions are.
    """

    def __init__(self, log: Log, accounts: Accounts) -> None:
        self._log = log
        self._accounts = accounts

    async def end(self, session_ids: Sequence[str], reason: str) -> None:
        """
        End these sessions; their sockets close at once.

        Raises:
            UnavailableError: Kafka or Postgres does not answer; some may not have ended.
        """
        if not session_ids:
            return
        records = (Outgoing(SESSIONS, 0, one.encode(), reason.encode(), ()) for one in session_ids)
        await asyncio.gather(*(self._log.send(record) for record in records))
        await self._accounts.remove_sessions(session_ids)

    async def end_all(self, user_id: str, reason: str) -> None:
        """
        End every session of a person.

        Raises:
            UnavailableError: Kafka or Postgres does not answer; some may not have ended.
        """
        await self.end(await self._accounts.session_ids(user_id), reason)
