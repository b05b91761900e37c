"""A running api for each test, on a database of its own and a double of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest

from gstreamer.store.migrate import migrate
from tests.api import Install, install
from tests.databases import fresh_database
from tests.twitch import Place, double


@pytest.fixture(scope="session")
def migrated_dsn(postgres_dsn: str) -> Iterator[str]:
    """The DSN of a migrated database."""
    with fresh_database(postgres_dsn) as dsn:
        migrate(dsn)
        yield dsn


@pytest.fixture
def accounts_dsn(migrated_dsn: str) -> str:
    """The DSN of a migrated database without rows."""
    with psycopg.connect(migrated_dsn) as connection:
        connection.execute("truncate users, streamers, used_states cascade")
    return migrated_dsn


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    """A running double of Twitch."""
    async with double() as running:
        yield running


@pytest.fixture
async def api(accounts_dsn: str, place: Place, tmp_path: Path) -> AsyncIterator[Install]:
    """A running api as on a laptop: plain http, on localhost."""
    async with install(accounts_dsn, place, tmp_path) as running:
        yield running
