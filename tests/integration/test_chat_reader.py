"""Chats are read at (the double of) Twitch with the account of one who watches, handed over, and begun again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import pytest

from gstreamer.actors.chat_reader import ChatReader
from gstreamer.actors.chat_seat import TYPES, Ports
from gstreamer.core.errors import GrantEndedError, UnavailableError
from gstreamer.core.records import Outgoing
from gstreamer.twitch.http import Application
from gstreamer.twitch.sockets import SocketHelix, SocketSession
from tests.fake_log import Counts
from tests.helix import person
from tests.twitch import Place, Uncounted, double

TESTER, OTHER = "1000001", "1000002"
ANN, BEN = "2000001", "2000002"
READ = frozenset({"user:read:chat"})

_T = TypeVar("_T")


class Kafka:
    """Keeps what is written; refuses while it is down."""

    def __init__(self) -> None:
        self.sent: list[Outgoing] = []
        self.down = False

    async def send(self, record: Outgoing, timeout_s: float = 2.0) -> int:
        if self.down:
            raise UnavailableError("kafka is down")
        self.sent.append(record)
        return len(self.sent)

    def texts(self) -> list[str]:
        """What was said, each message once."""
        events = [json.loads(one.value)["event"] for one in self.sent]
        said = {event["message_id"]: event["message"]["text"] for event in events if "message" in event}
        return list(said.values())

    def types(self) -> list[str]:
        return [dict(one.headers)["type"].decode() for one in self.sent]


class World:
    """A chat reader at a double, with people who have granted."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.kafka = Kafka()
        self.tokens: dict[str, str] = {}
        self.granted_scopes: dict[str, frozenset[str]] = {}
        url = place.url
        application = Application("test-client", "test-secret", f"{url}/oauth2", f"{url}/helix")
        self.twitch = SocketHelix(application, Uncounted())
        ports = Ports(
            self.twitch,
            lambda: SocketSession(url.replace("http", "ws") + "/ws"),
            self,
            self.kafka,
            Counts(),
            "gs.streamer.",
        )
        self.reader = ChatReader(ports, self)

    async def use(self, user_id: str, call: Callable[[str], Awaitable[_T]]) -> _T:
        if user_id not in self.tokens:
            raise GrantEndedError(401, "the grant is dead")
        return await call(self.tokens[user_id])

    async def granted(self, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        return {one: self.granted_scopes[one] for one in user_ids if one in self.granted_scopes}

    async def grant(self, user_id: str, login: str) -> None:
        helix = await person(self.place, login, *READ)
        self.tokens[user_id] = helix.headers["Authorization"].removeprefix("Bearer ")
        self.granted_scopes[user_id] = READ

    async def watch(self, **chats: tuple[str, ...]) -> None:
        await self.reader.watching(
            "connection:a:0", "i", {name.removeprefix("s"): who for name, who in chats.items()}
        )

    async def say(self, text: str, broadcaster: str = TESTER) -> str:
        told = await self.place.order("chat", broadcaster_id=broadcaster, user_id=OTHER, text=text)
        return str(told["message_id"])

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(20):
            while not condition():
                await asyncio.sleep(0.01)

    async def until_read_by(self, user_id: str, count: int = len(TYPES)) -> None:
        async with asyncio.timeout(20):
            while True:
                held = [one for one in await self.active() if one["condition"]["user_id"] == user_id]
                if len(held) == count and (count == 0 or await self.reader.reading()):
                    return
                await asyncio.sleep(0.01)

    async def active(self) -> list[dict[str, Any]]:
        return [one for one in (await self.place.state())["subscriptions"] if one["status"] == "enabled"]


@asynccontextmanager
async def living() -> AsyncIterator[World]:
    async with double() as place:
        world = World(place)
        task = asyncio.create_task(world.reader.run())
        try:
            yield world
        finally:
            task.cancel()
            await world.reader.close()
            await world.twitch.close()


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with living() as found:
        await found.grant(ANN, "viewer_0001")
        await found.grant(BEN, "viewer_0002")
        yield found


async def test_one_of_those_who_watch_reads_for_all(world: World) -> None:
    await world.watch(s1000001=(ANN, BEN))
    await world.until_read_by(ANN)

    message_id = await world.say("hello Kappa")
    await world.place.order("chat", act="delete", broadcaster_id=TESTER, message_id=message_id)
    await world.until(lambda: len(world.kafka.sent) == 2)

    assert len(await world.active()) == len(TYPES)
    assert world.kafka.types() == ["channel.chat.message", "channel.chat.message_delete"]
    record = world.kafka.sent[0]
    assert (record.topic, record.key) == (f"gs.streamer.{TESTER}", TESTER.encode())
    assert {"message-id", "subscription-id", "version", "twitch-timestamp", "received-ms"} <= dict(
        record.headers
    ).keys()
    assert repr(world.reader) == "chat readers=1 streamers=1"
    assert ANN not in json.dumps(await world.reader.observe())


async def test_the_reader_leaves_and_the_next_one_reads_on_without_a_hole(world: World) -> None:
    await world.watch(s1000001=(ANN, BEN))
    await world.until_read_by(ANN)
    spoken = 0

    async def talk() -> None:
        nonlocal spoken
        while True:
            await world.say(f"line {spoken}")
            spoken += 1

    talking = asyncio.create_task(talk())
    await world.watch(s1000001=(BEN,))
    await world.until_read_by(BEN)
    await world.until_read_by(ANN, 0)
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)
    last = spoken
    await world.until(lambda: len(world.kafka.texts()) >= last)

    assert world.kafka.texts()[:last] == [f"line {number}" for number in range(last)]


async def test_nobody_who_did_not_allow_it_reads(world: World) -> None:
    world.granted_scopes[ANN] = frozenset()
    await world.watch(s1000001=(ANN,), s1000002=(BEN,))
    await world.until_read_by(BEN)

    assert await world.reader.reading() == {OTHER}


async def test_a_chat_that_comes_by_its_streamers_grant_needs_no_reader(world: World) -> None:
    world.granted_scopes[TESTER] = frozenset({"channel:bot", "user:bot", "user:read:chat"})
    await world.watch(s1000001=(ANN,), s1000002=(ANN,))
    await world.until_read_by(ANN)

    assert await world.reader.reading() == {OTHER}


async def test_a_move_that_twitch_asks_for_loses_nothing(world: World) -> None:
    await world.watch(s1000001=(ANN,))
    await world.until_read_by(ANN)

    await world.say("before")
    await world.place.order("sockets", act="reconnect")
    for number in range(20):
        await world.say(f"line {number}")
    await world.until(lambda: len(world.kafka.texts()) == 21)

    assert world.kafka.texts() == ["before", *(f"line {number}" for number in range(20))]
    assert len(world.kafka.sent) == 21


@pytest.mark.parametrize("code", [0, 4000, 4005])
async def test_a_socket_that_is_closed_is_opened_again_and_nothing_is_doubled(world: World, code: int) -> None:
    await world.watch(s1000001=(ANN,))
    await world.until_read_by(ANN)
    await world.say("before")
    await world.until(lambda: len(world.kafka.sent) == 1)

    await world.place.order("sockets", act="close", code=code)
    await world.until(lambda: not world.reader._reading())
    await world.until_read_by(ANN)
    await world.say("after")
    await world.until(lambda: len(world.kafka.sent) == 2)

    assert world.kafka.texts() == ["before", "after"]


async def test_a_grant_that_is_taken_back_hands_over(world: World) -> None:
    await world.watch(s1000001=(ANN, BEN))
    await world.until_read_by(ANN)

    await world.place.order("disconnect", user_id=ANN)
    await world.until_read_by(BEN)
    await world.say("on")

    await world.until(lambda: world.kafka.texts() == ["on"])


async def test_a_reader_who_is_banned_hands_over(world: World) -> None:
    await world.watch(s1000001=(ANN, BEN))
    await world.until_read_by(ANN)
    message = next(one for one in await world.active() if one["type"] == "channel.chat.message")

    await world.place.order("revoke", subscription_id=message["id"], status="chat_user_banned")

    await world.until_read_by(BEN)
    assert (await world.reader.observe())["blocked"] == 1


async def test_kafka_that_is_away_is_waited_for_and_the_order_is_kept(world: World) -> None:
    await world.watch(s1000001=(ANN,))
    await world.until_read_by(ANN)
    world.kafka.down = True
    for number in range(5):
        await world.say(f"line {number}")

    world.kafka.down = False
    await world.until(lambda: len(world.kafka.texts()) == 5)

    assert [json.loads(one.value)["event"]["message"]["text"] for one in world.kafka.sent] == [
        f"line {number}" for number in range(5)
    ]


async def test_what_nobody_watches_is_read_no_more(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gstreamer.actors.chat_reader.LINGER_S", 0.0)
    await world.watch(s1000001=(ANN,))
    await world.until_read_by(ANN)

    await world.watch()
    await world.until_read_by(ANN, 0)
    await world.until(lambda: repr(world.reader) == "chat readers=0 streamers=0")


async def test_a_twitch_that_does_not_answer_is_tried_again() -> None:
    async with living() as world:
        await world.grant(ANN, "viewer_0001")
        await world.place.order("faults", outage_s=0.5)
        await world.watch(s1000001=(ANN,))

        await world.until_read_by(ANN)
