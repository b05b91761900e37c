"""A chat that cannot be read here is said to be so for as long as that holds; a slow seat holds up no other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from gstreamer.actors.chat_reader import OPENED_S, SCOPES_S, ChatReader
from gstreamer.actors.chat_seat import TYPES, ChatSeat, Ports
from gstreamer.core.catalogue import CHAT_GRANT
from gstreamer.core.chat_leases import BLOCKED_S, PUT_OFF_S, Seat
from gstreamer.core.errors import (
    GrantEndedError,
    GStreamerError,
    MissingScopeError,
    RefusedError,
    RejectedError,
    TooManyAlikeError,
    UnavailableError,
)
from gstreamer.core.eventsub_socket import Heard, Welcomed
from gstreamer.core.records import Outgoing
from gstreamer.twitch.sockets import Ears
from tests.fake_log import Counts

ANN, BEN = "2000001", "2000002"
CHAT, OTHER = "1000001", "1000002"
READ = frozenset({"user:read:chat"})

_T = TypeVar("_T")


class Twitch:
    """Twitch's subscriptions and sessions, people's grants, and Kafka; each refuses what it is told to."""

    def __init__(self) -> None:
        self.made: dict[str, tuple[str, str, str]] = {}
        self.refusals: list[GStreamerError] = []
        self.allowed = len(TYPES)
        self.slow: set[str] = set()
        self.ears: Ears | None = None
        self.sent: list[Outgoing] = []
        self.too_large: set[bytes] = set()
        self.scopes: dict[str, frozenset[str]] = {ANN: READ, BEN: READ}

    async def subscribe(
        self, event_type: str, version: str, condition: dict[str, str], session_id: str, token: str, user_id: str
    ) -> str:
        if user_id in self.slow:
            await asyncio.Event().wait()
        if self.refusals and len(self.made) >= self.allowed:
            raise self.refusals.pop(0)
        subscription_id = f"{user_id}-{condition['broadcaster_user_id']}-{event_type}"
        self.made[subscription_id] = (condition["broadcaster_user_id"], user_id, event_type)
        return subscription_id

    async def unsubscribe(self, subscription_id: str, token: str, user_id: str) -> None:
        del self.made[subscription_id]

    async def run(self, ears: Ears) -> str:
        self.ears = ears
        ears.welcomed(Welcomed("session", True))
        await asyncio.Event().wait()
        return "cut"

    async def use(self, user_id: str, call: Callable[[str], Awaitable[_T]]) -> _T:
        return await call("a token")

    async def granted(self, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        return {one: self.scopes[one] for one in user_ids if one in self.scopes}

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        if record.key in self.too_large:
            raise RejectedError("a record is too large")
        self.sent.append(record)
        return len(self.sent)

    def ports(self) -> Ports:
        return Ports(self, lambda: self, self, self, Counts(), "gs.streamer.")

    def read_by(self, user_id: str) -> set[str]:
        return {streamer for streamer, reader, _ in self.made.values() if reader == user_id}


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0)


@asynccontextmanager
async def seated(twitch: Twitch) -> AsyncIterator[tuple[ChatSeat, list[tuple[str, str, float]]]]:
    """ANN's seat with a session, and the refusals that it tells."""
    refused: list[tuple[str, str, float]] = []
    seat = ChatSeat(Seat(ANN, 0), twitch.ports(), lambda: None, lambda *told: refused.append(told))
    seat.wanted = frozenset({CHAT})
    await until(lambda: seat.is_ready)
    try:
        yield seat, refused
    finally:
        await seat.close()


@pytest.mark.parametrize(
    ("error", "streamer", "seconds"),
    [
        (MissingScopeError(403, "subscription missing proper authorization"), CHAT, BLOCKED_S),
        (RefusedError(400, "invalid condition"), CHAT, BLOCKED_S),
        (TooManyAlikeError(429, "number of websocket transports limit exceeded"), CHAT, PUT_OFF_S),
        (GrantEndedError(401, "invalid access token"), "", BLOCKED_S),
    ],
)
async def test_a_refusal_says_for_how_long_it_holds(error: RefusedError, streamer: str, seconds: float) -> None:
    twitch = Twitch()
    twitch.refusals.append(error)
    twitch.allowed = 2
    async with seated(twitch) as (seat, refused):
        await seat.begin(CHAT)

        assert refused == [(streamer, str(error), seconds)]
        assert not seat.reads(CHAT)
        assert bool(twitch.made) == (not streamer)


@pytest.mark.parametrize(
    "error",
    [
        RefusedError(400, "websocket transport session does not exist or has already disconnected"),
        UnavailableError("twitch does not answer"),
    ],
)
async def test_an_outage_or_a_session_that_has_just_ended_is_no_refusal(error: GStreamerError) -> None:
    twitch = Twitch()
    twitch.refusals.append(error)
    twitch.allowed = 0
    async with seated(twitch) as (seat, refused):
        await seat.begin(CHAT)
        assert not seat.reads(CHAT)
        await seat.begin(CHAT)

        assert seat.reads(CHAT)
        assert refused == []


async def test_what_kafka_will_never_take_is_left_out_and_the_rest_is_written() -> None:
    twitch = Twitch()
    async with seated(twitch):
        twitch.too_large.add(OTHER.encode())
        assert twitch.ears is not None

        await twitch.ears.heard([heard("1", CHAT), heard("2", OTHER), heard("3", CHAT)])

        ids = [dict(one.headers)["message-id"] for one in twitch.sent]
        assert list(dict.fromkeys(ids)) == [b"1", b"3"]


async def test_a_seat_whose_subscriptions_take_long_holds_up_no_other() -> None:
    twitch = Twitch()
    twitch.slow.add(ANN)
    reader = ChatReader(twitch.ports(), twitch)
    task = asyncio.create_task(reader.run())

    await reader.watching("connection:a:0", "i", {CHAT: (ANN,)})
    await until(lambda: "readers=1" in repr(reader))
    await reader.watching("connection:a:0", "i", {CHAT: (ANN,), OTHER: (BEN,)})
    await until(lambda: len(twitch.made) == len(TYPES))

    assert twitch.read_by(BEN) == {OTHER}
    assert await reader.reading() == {OTHER}
    task.cancel()
    await reader.close()
    assert twitch.read_by(ANN) == set()


async def test_a_chat_that_its_streamer_opens_is_read_on_until_it_comes_by_that_grant() -> None:
    twitch, now_s = Twitch(), [0.0]
    reader = ChatReader(twitch.ports(), twitch, lambda: now_s[0])
    await reader.watching("connection:a:0", "i", {CHAT: (ANN,)})
    await turn_until(reader, lambda: twitch.read_by(ANN) == {CHAT} and bool(reader._reading()))

    twitch.scopes[CHAT] = frozenset(CHAT_GRANT)
    for now_s[0] in (SCOPES_S, SCOPES_S + OPENED_S - 1):
        await reader.watching("connection:a:0", "i", {CHAT: (ANN,)})
        await reader.turn()
        assert await reader.reading() == {CHAT}

    now_s[0] = SCOPES_S + OPENED_S
    await turn_until(reader, lambda: twitch.made == {})
    await reader.close()


async def turn_until(reader: ChatReader, condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await reader.turn()
            await asyncio.sleep(0)


def heard(message_id: str, streamer_id: str) -> Heard:
    """A notification of that streamer's chat."""
    subscription: dict[str, Any] = {"type": TYPES[0], "condition": {"broadcaster_user_id": streamer_id}}
    return Heard(message_id, "2026-11-25T12:00:00Z", subscription, {"message_id": message_id})
