"""Connections to one Postgres: a pool, errors translated, each statement bounded in time.

Nothing is prepared on the server (``prepare_threshold=None``): a generic plan costs seconds on partitioned tables,
and poolers between us and Postgres do not keep prepared statements. Parameters never reach an error's text.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from typing import Any

import psycopg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from gstreamer.core.errors import ConfigurationError, GStreamerError, UnavailableError

CONNECT_S = 3
STATEMENT_S = 5.0
WAIT_S = 10.0
"""How long a burst waits for a connection, first come first served; a statement's own time begins after that."""
POOL_SIZE = 5
DRIVER = "postgresql+psycopg://"


class Database:
    """
    One Postgres.

    Args:
        dsn: As libpq takes it, ``postgresql://...`` or ``host=... dbname=...``.
        pool_size: Connections that are kept.
    """

    def __init__(self, dsn: str, pool_size: int = POOL_SIZE) -> None:
        self._dsn = dsn
        self._engine = create_async_engine(
            DRIVER,
            async_creator=self._connect,
            pool_size=pool_size,
            max_overflow=pool_size,
            pool_timeout=CONNECT_S,
            pool_pre_ping=True,
            hide_parameters=True,
        )
        self._turns = asyncio.Semaphore(2 * pool_size)

    def __repr__(self) -> str:
        return f"Database({place_of(self._dsn)})"

    def once(self) -> AbstractAsyncContextManager[AsyncConnection]:
        """
        A connection on which each statement commits by itself: for one statement.

        Raises:
            UnavailableError: Postgres does not answer in time.
        """
        return self._use(autocommit=True, timeout_s=STATEMENT_S)

    def transaction(self, timeout_s: float = STATEMENT_S) -> AbstractAsyncContextManager[AsyncConnection]:
        """
        A connection whose statements commit together at the end, or not at all.

        Raises:
            UnavailableError: Postgres does not answer in time.
        """
        return self._use(autocommit=False, timeout_s=timeout_s)

    async def now(self) -> datetime:
        """
        The database's clock, which also proves that it answers.

        Raises:
            UnavailableError: It does not.
        """
        async with self.once() as connection:
            found: datetime = (await connection.execute(text("select clock_timestamp()"))).scalar_one()
            return found

    async def close(self) -> None:
        """Close every connection."""
        await self._engine.dispose()

    async def _connect(self) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(self._dsn, prepare_threshold=None, connect_timeout=CONNECT_S)

    @asynccontextmanager
    async def _use(self, *, autocommit: bool, timeout_s: float) -> AsyncIterator[AsyncConnection]:
        engine = self._engine.execution_options(isolation_level="AUTOCOMMIT") if autocommit else self._engine
        await self._turn()
        try:
            async with asyncio.timeout(timeout_s) as limit, engine.begin() as connection:
                yield connection
        except TimeoutError:
            if not limit.expired():
                raise
            raise UnavailableError(f"postgres did not answer within {timeout_s} s") from None
        except DBAPIError as error:
            raise _translated(error) from None
        except (PoolTimeoutError, psycopg.OperationalError):
            raise UnavailableError("postgres does not answer") from None
        finally:
            self._turns.release()

    async def _turn(self) -> None:
        """Wait until it is this caller's turn to have a connection."""
        try:
            async with asyncio.timeout(WAIT_S):
                await self._turns.acquire()
        except TimeoutError:
            raise UnavailableError(f"postgres is busy: no connection within {WAIT_S:g} s") from None


def place_of(dsn: str) -> str:
    """Where a DSN leads, without its password."""
    try:
        known = psycopg.conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        return "?"
    return f"{known.get('host', 'local')}:{known.get('port', 5432)}/{known.get('dbname', '')}"


def check_dsn(dsn: str) -> str:
    """
    The DSN, if libpq can read it.

    Raises:
        ConfigurationError: It cannot; the text does not repeat it.
    """
    try:
        psycopg.conninfo.conninfo_to_dict(dsn)
    except psycopg.ProgrammingError:
        raise ConfigurationError(
            "store.urls: one is not a postgres dsn (postgresql://user:password@host/db)"
        ) from None
    return dsn


def _translated(error: DBAPIError) -> GStreamerError:
    state = getattr(error.orig, "sqlstate", None)
    if error.connection_invalidated or isinstance(error, OperationalError | InterfaceError):
        return UnavailableError(f"postgres does not answer ({state or 'connection lost'})")
    if state == "42P01":
        return UnavailableError("postgres lacks a table: the schema is not migrated yet")
    return GStreamerError(f"postgres refused a statement ({state})")
