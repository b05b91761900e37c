"""A session that has ended is known before sockets are taken, and heard of from then on."""

from __future__ import annotations

import asyncio

import pytest

from gstreamer.core.errors import UnavailableError
from gstreamer.core.records import Record
from gstreamer.core.topics import SESSIONS
from gstreamer.kafka import sessions
from gstreamer.kafka.sessions import EndedSessions
from tests.fake_log import FakeLog


def ended(offset: int, session_id: str | None, reason: str = "ended") -> Record:
    key = None if session_id is None else session_id.encode()
    return Record(SESSIONS, 0, offset, 0, key, reason.encode(), {})


def topic(*session_ids: str | None) -> FakeLog:
    log = FakeLog()
    log.make(SESSIONS)
    log.append(*(ended(offset, session_id) for offset, session_id in enumerate(session_ids)))
    return log


async def test_everything_before_is_known_when_follow_returns() -> None:
    log = topic(*(f"s{number}" for number in range(30)))
    followed = EndedSessions(log.reader(), log)
    told: list[tuple[str, str]] = []

    await followed.follow(lambda session_id, reason: told.append((session_id, reason)))

    assert all(followed.ended(f"s{number}") for number in range(30))
    assert not followed.ended("s30")
    assert len(told) == 30


async def test_an_empty_topic_is_read_at_once() -> None:
    log = topic()

    await EndedSessions(log.reader(), log).follow(lambda session_id, reason: None)


async def test_each_end_is_told_once_with_its_reason() -> None:
    log = topic("a")
    followed = EndedSessions(log.reader(), log)
    told: list[tuple[str, str]] = []
    await followed.follow(lambda session_id, reason: told.append((session_id, reason)))

    log.append(ended(1, "b", "grant_revoked"), ended(2, "a"), ended(3, None))

    assert told == [("a", "ended"), ("b", "grant_revoked")]


async def test_a_log_that_cannot_be_read_is_said() -> None:
    log = topic("a")
    log.down = True

    with pytest.raises(UnavailableError, match="kafka is down"):
        await EndedSessions(log.reader(), log).follow(lambda session_id, reason: None)


async def test_a_log_that_is_not_read_to_its_end_in_time_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "CAUGHT_UP_S", 0.01)
    log = topic("a")
    reader = log.reader()
    assign = reader.assign

    async def stuck(*arguments: object) -> None:
        await assign(*arguments)  # type: ignore[arg-type]
        reader.stuck.add(SESSIONS)

    reader.assign = stuck  # type: ignore[method-assign, assignment]

    with pytest.raises(UnavailableError, match=r"gs\.sessions was not read to its end within 0.01 s"):
        await EndedSessions(reader, log).follow(lambda session_id, reason: None)


async def test_a_reader_that_fails_is_lost_and_follows_again() -> None:
    log = topic("a")
    reader = log.reader()
    followed = EndedSessions(reader, log)
    await followed.follow(lambda session_id, reason: None)
    losing = asyncio.create_task(followed.lost())
    await asyncio.sleep(0)
    assert not losing.done()

    failed = reader.places[SESSIONS][2]
    assert failed is not None
    failed(UnavailableError("topic is gone"))
    await losing
    log.append(ended(1, "b"))
    told: list[str] = []
    await followed.follow(lambda session_id, reason: told.append(session_id))

    assert followed.ended("a")
    assert followed.ended("b")


async def test_a_reader_that_fails_on_the_way_is_said() -> None:
    log = topic("a")
    reader = log.reader()
    assign = reader.assign

    async def compacted(*arguments: object) -> None:
        log.low[SESSIONS] = 1  # the record went between the question and the reading
        await assign(*arguments)  # type: ignore[arg-type]

    reader.assign = compacted  # type: ignore[method-assign, assignment]

    with pytest.raises(UnavailableError, match=r"gs\.sessions cannot be read"):
        await EndedSessions(reader, log).follow(lambda session_id, reason: None)
