"""One Postgres of the event store, by psycopg alone: rows go in by COPY and come out as text, past any model.

Nothing is prepared on the server: after five executions a generic plan would sort all of a streamer's rows for one
page (STORE.md 3). Errors are translated; parameters never reach their text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from gstreamer.core.errors import GStreamerError, UnavailableError
from gstreamer.store.engine import CONNECT_S, place_of

STATEMENT_S = 5.0
CONNECTIONS = 4

Connection = psycopg.AsyncConnection[Any]


class StatementError(GStreamerError):
    """
    Postgres refused a statement.

    Args:
        state: Its SQLSTATE.
    """

    def __init__(self, state: str) -> None:
        super().__init__(f"postgres refused a statement ({state})")
        self.state = state


class Shard:
    """
    Connections to one Postgres; it connects when it is first used.

    Args:
        dsn: As libpq takes it.
        connections: How many at most.
    """

    def __init__(self, dsn: str, connections: int = CONNECTIONS) -> None:
        self._dsn = dsn
        self._pool: AsyncConnectionPool[Connection] = AsyncConnectionPool(
            dsn,
            kwargs={"autocommit": True, "prepare_threshold": None, "connect_timeout": CONNECT_S},
            min_size=0,
            max_size=connections,
            timeout=CONNECT_S,
            reconnect_timeout=CONNECT_S,
            check=AsyncConnectionPool.check_connection,
            open=False,
        )
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Shard({place_of(self._dsn)})"

    async def close(self) -> None:
        """Close every connection."""
        await self._pool.close()

    @asynccontextmanager
    async def once(self, timeout_s: float = STATEMENT_S) -> AsyncIterator[Connection]:
        """
        A connection on which each statement commits by itself.

        Raises:
            StatementError: Postgres refuses a statement.
            UnavailableError: Postgres does not answer in time.
        """
        async with self._opening:
            if self._pool.closed:
                await self._pool.open()
        try:
            async with asyncio.timeout(timeout_s) as limit, self._pool.connection() as connection:
                yield connection
        except TimeoutError:
            if not limit.expired():
                raise
            raise UnavailableError(
                f"postgres at {place_of(self._dsn)} did not answer within {timeout_s:g} s"
            ) from None
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            state = getattr(error, "sqlstate", None) or "no connection"
            raise UnavailableError(f"postgres at {place_of(self._dsn)} does not answer ({state})") from None
        except psycopg.errors.UndefinedTable:
            raise UnavailableError("postgres lacks a table: the schema is not migrated yet") from None
        except psycopg.Error as error:
            raise StatementError(error.sqlstate or "?") from None

    @asynccontextmanager
    async def transaction(self, timeout_s: float = STATEMENT_S) -> AsyncIterator[Connection]:
        """
        A connection whose statements commit together at the end, or not at all.

        Raises:
            StatementError: Postgres refuses a statement.
            UnavailableError: Postgres does not answer in time.
        """
        async with self.once(timeout_s) as connection, connection.transaction():
            yield connection
