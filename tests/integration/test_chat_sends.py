"""A message to a chat is let through once by its key, and no faster than Twitch allows, on any replica."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from gstreamer.store.accounts import Person
from gstreamer.store.chat_sends import ChatSends, Earlier, Message, Wait
from gstreamer.store.engine import Database
from gstreamer.store.grants import Grants
from gstreamer.store.secrets import Keyring
from tests.api import KEY

NOW = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)
MESSAGE = Message("2000001", "a key", "700001", b"hash")


@pytest.fixture
async def database(accounts_dsn: str) -> AsyncIterator[Database]:
    found = Database(accounts_dsn)
    await Grants(found, Keyring((KEY,), bytes)).know(Person("2000001", "viewer_0001", "V", ""), NOW)
    yield found
    await found.close()


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


async def test_a_key_that_is_used_again_finds_what_was_answered(database: Database) -> None:
    sends = ChatSends(database)
    assert await sends.begin(MESSAGE, NOW) is None
    assert await sends.begin(MESSAGE, NOW) == Earlier(True, None)

    await sends.answered(MESSAGE, {"message_id": "m"})

    assert await sends.begin(MESSAGE, later(60)) == Earlier(True, {"message_id": "m"})
    assert await sends.begin(MESSAGE._replace(body_hash=b"other"), later(60)) == Earlier(False, {"message_id": "m"})


async def test_a_message_that_was_not_sent_may_go_under_its_key(database: Database) -> None:
    sends = ChatSends(database)
    await sends.begin(MESSAGE, NOW)
    await sends.unsent(MESSAGE)

    assert await sends.begin(MESSAGE._replace(body_hash=b"other"), later(2)) == Earlier(False, None)
    assert await sends.begin(MESSAGE, later(2)) is None
    assert await sends.begin(MESSAGE, later(2)) == Earlier(True, None)


async def test_many_at_once_over_two_replicas_let_one_through(accounts_dsn: str, database: Database) -> None:
    other = Database(accounts_dsn)
    replicas = (ChatSends(database), ChatSends(other))

    same = await asyncio.gather(*(replicas[n % 2].begin(MESSAGE, NOW) for n in range(8)))
    await other.close()

    assert same.count(None) == 1
    assert same.count(Earlier(True, None)) == 7


async def test_the_limits_count_over_replicas(accounts_dsn: str, database: Database) -> None:
    other = Database(accounts_dsn)
    replicas = (ChatSends(database), ChatSends(other))

    let = await asyncio.gather(
        *(replicas[n % 2].begin(MESSAGE._replace(key=str(n), streamer_id=str(n)), NOW) for n in range(24))
    )
    await other.close()

    assert let.count(None) == 20
    assert let.count(Wait(30.0)) == 4
    assert await replicas[0].begin(MESSAGE, later(30)) is None
    assert await replicas[0].begin(MESSAGE._replace(key="next"), later(30.25)) == Wait(0.75)


async def test_old_messages_are_forgotten(database: Database) -> None:
    sends = ChatSends(database)
    await sends.begin(MESSAGE, NOW)

    await sends.forget(NOW)
    assert await sends.begin(MESSAGE, later(60)) == Earlier(True, None)
    await sends.forget(later(1))

    assert await sends.begin(MESSAGE, later(60)) is None
