"""The keys of people's grants can be changed while everything runs, and a change that was broken off goes on."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from gstreamer.cli.doctor import examine
from gstreamer.cli.grants import new_key, rotated
from gstreamer.core.errors import ConfigurationError
from gstreamer.settings import Settings, load
from gstreamer.store import rotation
from gstreamer.store.accounts import Person
from gstreamer.store.engine import Database
from gstreamer.store.grants import Grants, Tokens
from gstreamer.store.rotation import Rotation
from gstreamer.store.secrets import Keyring

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
OLD, NEW = new_key("old"), new_key("new")
PEOPLE = 450


def tokens(number: int) -> Tokens:
    return Tokens(f"access-{number}", f"refresh-{number}", ("user:read:chat",))


def grants(database: Database, *keys: str) -> Grants:
    return Grants(database, Keyring(keys, os.urandom))


def tree(dsn: str, *keys: str) -> Settings:
    return load({"GSTREAMER_STORE__URLS": dsn, "GSTREAMER_STORE__KEYS": ",".join(keys)}, Path("none.toml"))


async def secrets_line(settings: Settings) -> str:
    return next(str(one) for one in await examine(settings) if one.part == "secrets")


@pytest.fixture
async def database(accounts_dsn: str) -> AsyncIterator[Database]:
    database = Database(accounts_dsn)
    held = grants(database, OLD)
    for number in range(PEOPLE):
        await held.put(Person(f"{number:04}", "x", "X", ""), tokens(number), NOW, NOW)
    yield database
    await database.close()


async def assert_all_read(database: Database, *keys: str) -> None:
    held = grants(database, *keys)
    for number in range(0, PEOPLE, 50):
        assert await held.tokens(f"{number:04}") == tokens(number)


async def test_every_grant_comes_under_the_new_key_and_is_the_same(database: Database, accounts_dsn: str) -> None:
    told: list[str] = []
    assert "grants still under key old: 450; run `gstreamer grants rotate`" in await secrets_line(
        tree(accounts_dsn, NEW, OLD)
    )

    assert await rotated(tree(accounts_dsn, NEW, OLD), told.append)

    assert told == [
        "200 of 450 grants are under key new",
        "400 of 450 grants are under key new",
        "450 of 450 grants are under key new",
        "all 450 grants are under key new: other keys may leave store.keys",
    ]
    await assert_all_read(database, NEW)
    assert "grants" not in await secrets_line(tree(accounts_dsn, NEW))


async def test_what_was_broken_off_goes_on_and_twice_at_once_is_fine(database: Database, accounts_dsn: str) -> None:
    keyring = Keyring((NEW, OLD), os.urandom)
    async for _ in Rotation(database, keyring).run():
        break
    assert await Rotation(database, keyring).by_key() == {"new": rotation.BATCH, "old": PEOPLE - rotation.BATCH}

    both = await asyncio.gather(*(rotated(tree(accounts_dsn, NEW, OLD), lambda line: None) for _ in range(2)))

    assert both == [True, True]
    await assert_all_read(database, NEW)


async def test_a_grant_that_is_being_refreshed_is_waited_for(database: Database, accounts_dsn: str) -> None:
    running = grants(database, OLD)
    told: list[str] = []
    passed = asyncio.Event()

    def tell(line: str) -> None:
        told.append(line)
        if line.startswith("449 "):
            passed.set()

    async with running.locked("0007") as grant:
        rotating = asyncio.create_task(rotated(tree(accounts_dsn, NEW, OLD), tell))
        await asyncio.wait_for(passed.wait(), 30)
        await grant.renew(tokens(7_000), NOW, NOW)

    assert await rotating
    assert await grants(database, NEW).tokens("0007") == tokens(7_000)


async def test_a_lost_key_is_named_and_keeps_the_others_from_nothing(database: Database, accounts_dsn: str) -> None:
    async with database.transaction() as connection:
        await connection.execute(text("update grants set key_id = 'lost' where user_id = '0003'"))
    told: list[str] = []

    assert not await rotated(tree(accounts_dsn, NEW, OLD), told.append)

    assert told[-1] == "1 cannot be opened: grants are under key lost, which store.keys lacks: add it back"
    assert await Rotation(database, Keyring((NEW,), os.urandom)).by_key() == {"lost": 1, "new": PEOPLE - 1}
    line = await secrets_line(tree(accounts_dsn, NEW))
    assert line.startswith("wrong") and "under key lost, which store.keys lacks" in line


async def test_what_is_still_written_with_the_old_key_is_told(database: Database, accounts_dsn: str) -> None:
    await rotated(tree(accounts_dsn, NEW, OLD), lambda line: None)

    await grants(database, OLD).put(Person("0000-late", "x", "X", ""), tokens(0), NOW, NOW)

    assert "grants still under key old: 1;" in await secrets_line(tree(accounts_dsn, NEW, OLD))


def test_a_new_key_is_one_that_the_keyring_takes() -> None:
    assert Keyring((new_key("k7"),), os.urandom).current == "k7"
    for name in ("", "a|b", "a,b"):
        with pytest.raises(ConfigurationError):
            new_key(name)


async def test_without_a_database_the_command_says_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match="start it, name its --data-dir, or set a Postgres"):
        await rotated(load({}, Path("none.toml")), print)
