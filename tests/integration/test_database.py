"""A database is brought forward once, or refused; one that does not answer is unavailable, in words."""

from __future__ import annotations

import asyncio
import datetime as dt
import threading
from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, text
from sqlmodel import SQLModel

from gstreamer.core.errors import ConfigurationError, UnavailableError
from gstreamer.store import engine, event_models, partitions
from gstreamer.store.accounts import Accounts
from gstreamer.store.engine import DRIVER, Database
from gstreamer.store.migrate import migrate
from gstreamer.store.shard import Shard
from tests.databases import fresh_database


@pytest.fixture
def own_dsn(postgres_dsn: str) -> Iterator[str]:
    with fresh_database(postgres_dsn) as dsn:
        yield dsn


@pytest.fixture
async def database(own_dsn: str) -> AsyncIterator[Database]:
    migrate(own_dsn)
    database = Database(own_dsn)
    yield database
    await database.close()


# Migrations


async def partitioned(dsn: str) -> None:
    """Partitions as the writer makes them."""
    shard = Shard(dsn)
    await partitions.ensure(shard, "month", dt.datetime(2026, 11, 25, tzinfo=dt.UTC))
    await shard.close()


def test_models_and_migrations_make_the_same_schema_and_partitions_are_not_in_it(own_dsn: str) -> None:
    assert "events" in event_models.SQLModel.metadata.tables
    migrate(own_dsn)
    asyncio.run(partitioned(own_dsn))
    sync = create_engine(DRIVER, creator=lambda: psycopg.connect(own_dsn))

    with sync.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), SQLModel.metadata)
    sync.dispose()

    assert differences == []


def test_migrating_again_changes_nothing(own_dsn: str) -> None:
    assert migrate(own_dsn) == migrate(own_dsn)


def test_starts_at_the_same_time_migrate_once(own_dsn: str) -> None:
    found: list[object] = []

    def start() -> None:
        try:
            found.append(migrate(own_dsn))
        except Exception as error:
            found.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert found == [migrate(own_dsn)] * 4


def test_a_database_of_a_newer_schema_is_refused_and_left_alone(own_dsn: str) -> None:
    migrate(own_dsn)
    with psycopg.connect(own_dsn) as connection:
        connection.execute("update alembic_version set version_num = '9999'")

    with pytest.raises(ConfigurationError, match=r"has schema 9999, which is newer than this gstreamer's \d+: run"):
        migrate(own_dsn)

    with psycopg.connect(own_dsn) as connection:
        assert connection.execute("select version_num from alembic_version").fetchone() == ("9999",)


def test_a_dsn_that_is_none_is_refused_without_repeating_it() -> None:
    with pytest.raises(ConfigurationError) as refused:
        migrate("postgresql://u:secret@[::1/x")

    assert "secret" not in str(refused.value)


def test_migrating_where_nothing_listens_says_where() -> None:
    with pytest.raises(UnavailableError, match=r"postgres at 127\.0\.0\.1:1/x does not answer"):
        migrate("postgresql://u:secret@127.0.0.1:1/x")


# The engine


async def test_a_postgres_that_does_not_answer_is_unavailable() -> None:
    database = Database("postgresql://u:secret@127.0.0.1:1/x")

    with pytest.raises(UnavailableError) as refused:
        await database.now()
    await database.close()

    assert "secret" not in str(refused.value) + repr(database)


async def test_a_schema_that_is_not_there_is_unavailable(own_dsn: str) -> None:
    database = Database(own_dsn)

    with pytest.raises(UnavailableError, match="schema is not migrated"):
        await Accounts(database).sessions("1")
    await database.close()


async def test_a_connection_that_postgres_cut_is_replaced(database: Database, own_dsn: str) -> None:
    await database.now()
    with psycopg.connect(own_dsn, autocommit=True) as other:
        here = "datname = current_database() and pid <> pg_backend_pid()"
        other.execute(f"select pg_terminate_backend(pid) from pg_stat_activity where {here}")

    await database.now()


async def test_a_statement_that_takes_too_long_is_given_up(database: Database) -> None:
    with pytest.raises(UnavailableError, match=r"did not answer within 0\.1 s"):
        async with database.transaction(timeout_s=0.1) as connection:
            await connection.execute(text("select pg_sleep(60)"))

    await database.now()


async def test_nothing_is_prepared_on_the_server(database: Database) -> None:
    async with database.transaction() as connection:
        for _ in range(10):
            await connection.execute(text("select 1"))
        prepared = (await connection.execute(text("select count(*) from pg_prepared_statements"))).scalar_one()

    assert prepared == 0


async def test_a_burst_waits_for_its_turn(own_dsn: str) -> None:
    narrow = Database(own_dsn, pool_size=1)

    async def use() -> None:
        async with narrow.once() as connection:
            await connection.execute(text("select pg_sleep(0.08)"))

    await asyncio.gather(*(use() for _ in range(100)))  # longer than a connection is waited for

    await narrow.close()


async def test_a_turn_that_does_not_come_is_told(own_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "WAIT_S", 0.05)
    narrow = Database(own_dsn, pool_size=1)
    async with narrow.once(), narrow.once():
        with pytest.raises(UnavailableError, match="postgres is busy"):
            async with narrow.once():
                pass

    await narrow.close()
