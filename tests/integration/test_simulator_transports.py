"""The double's conduits and WebSockets are Twitch's: shards, sessions, limits, grants, and how each of them ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from tests.helix import Helix, app, person, welcomed
from tests.twitch import QUIET, SECRET, Callback, Place, callback, double

TESTER, OTHER = "1000001", "1000002"
READER = "2000001"
CHAT = ("channel.chat.message", {"broadcaster_user_id": TESTER, "user_id": READER})


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    async with double() as running:
        yield running


@pytest.fixture
async def to() -> AsyncIterator[Callback]:
    async with callback() as kept:
        yield kept


async def say(place: Place, number: int, broadcaster: str = TESTER) -> None:
    event = {"broadcaster_user_id": broadcaster, "chatter_user_id": OTHER, "message_id": f"chat-{number}"}
    await place.order("emit", events=[{"type": "channel.chat.message", "event": event}])


# Conduits


async def conduit(place: Place, to: Callback, shards: int = 1) -> tuple[Helix, str]:
    helix = await app(place)
    status, body = await helix("POST", "conduits", {"shard_count": shards})
    assert status == 200
    made = body["data"][0]["id"]
    transport = {"method": "webhook", "callback": to.url, "secret": SECRET}
    wishes = [{"id": str(number), "transport": transport} for number in range(shards)]
    status, body = await helix("PATCH", "conduits/shards", {"conduit_id": made, "shards": wishes})
    assert status == 202
    assert [one["status"] for one in body["data"]] == ["webhook_callback_verification_pending"] * shards
    await enabled(helix, made, shards)
    return helix, made


async def enabled(helix: Helix, conduit_id: str, shards: int) -> None:
    async with asyncio.timeout(10):
        while True:
            _, body = await helix("GET", "conduits/shards", conduit_id=conduit_id, status="enabled")
            if len(body["data"]) == shards:
                return
            await asyncio.sleep(0.01)


async def test_events_go_through_a_conduits_shard(place: Place, to: Callback) -> None:
    helix, made = await conduit(place, to, shards=2)
    status, body = await helix.subscribe(
        "stream.online", {"broadcaster_user_id": TESTER}, method="conduit", conduit_id=made
    )
    assert (status, body["data"][0]["status"]) == (202, "enabled")

    await place.order("happen", act="start", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 1)

    _, told = to.notifications[0]
    assert told["subscription"]["transport"] == {"method": "conduit", "conduit_id": made}
    _, listed = await helix("GET", "subscriptions", conduit_id=made)
    assert listed["total"] == 1


async def test_of_two_shards_the_other_one_takes_over_and_of_none_events_are_lost(place: Place, to: Callback) -> None:
    helix, made = await conduit(place, to, shards=2)
    await helix.subscribe("stream.online", {"broadcaster_user_id": TESTER}, method="conduit", conduit_id=made)

    await place.order("shard", conduit_id=made, shard_id="0", status="notification_failures_exceeded")
    await place.order("happen", act="start", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 1)
    await place.order("shard", conduit_id=made, shard_id="1", status="notification_failures_exceeded")
    await place.order("happen", act="end", user_id=TESTER)
    await place.order("happen", act="start", user_id=TESTER)

    async with asyncio.timeout(10):
        while (await place.state())["lost"] < 1:
            await asyncio.sleep(0.01)
    assert len(to.notifications) == 1


async def test_a_shard_that_fails_too_often_is_disabled_and_that_is_told(place: Place, to: Callback) -> None:
    helix, made = await conduit(place, to)
    await helix.subscribe("stream.online", {"broadcaster_user_id": TESTER}, method="conduit", conduit_id=made)
    async with callback() as control:
        await helix.subscribe(
            "conduit.shard.disabled",
            {"client_id": "test-client"},
            method="webhook",
            callback=control.url,
            secret=SECRET,
        )
        async with asyncio.timeout(10):
            while not any(
                one["type"] == "conduit.shard.disabled" and one["status"] == "enabled"
                for one in (await place.state())["subscriptions"]
            ):
                await asyncio.sleep(0.01)
        to.refuse = 1_000
        for _ in range(5):
            await place.order("happen", act="start", user_id=TESTER)
            await place.order("happen", act="end", user_id=TESTER)

        await control.until(lambda: len(control.notifications) == 1)

    event = control.notifications[0][1]["event"]
    assert (event["conduit_id"], event["shard_id"]) == (made, "0")
    assert event["status"] == "notification_failures_exceeded"
    _, body = await helix("GET", "subscriptions", type="stream.online")
    assert body["data"][0]["status"] == "enabled"


async def test_conduits_have_bounds_and_say_what_is_wrong_with_a_shard(place: Place, to: Callback) -> None:
    helix, made = await conduit(place, to)
    for _ in range(4):
        assert (await helix("POST", "conduits", {"shard_count": 1}))[0] == 200

    assert (await helix("POST", "conduits", {"shard_count": 1}))[0] == 429
    assert (await helix("POST", "conduits", {"shard_count": 20_001}))[0] == 400
    wishes = [
        {"id": "0", "transport": {"method": "webhook", "callback": to.url, "secret": SECRET}},
        {"id": "7", "transport": {"method": "webhook", "callback": to.url, "secret": SECRET}},
    ]
    status, body = await helix("PATCH", "conduits/shards", {"conduit_id": made, "shards": wishes})
    assert (status, len(body["data"]), [one["id"] for one in body["errors"]]) == (202, 1, ["7"])


async def test_a_conduit_that_is_deleted_ends_what_went_through_it(place: Place, to: Callback) -> None:
    helix, made = await conduit(place, to)
    await helix.subscribe("stream.online", {"broadcaster_user_id": TESTER}, method="conduit", conduit_id=made)

    assert (await helix("DELETE", "conduits", id=made))[0] == 204

    _, body = await helix("GET", "subscriptions")
    assert [one["status"] for one in body["data"]] == ["conduit_deleted"]


# WebSockets


async def test_chat_is_read_over_a_websocket_with_a_persons_token(place: Place) -> None:
    reader = await person(place, "viewer_0001", "user:read:chat")
    socket, session = await welcomed(place)

    status, body = await reader.subscribe(*CHAT, method="websocket", session_id=session)
    await say(place, 1)

    told = await socket.receive_json(timeout=10)
    assert (status, body["data"][0]["cost"], body["max_total_cost"]) == (202, 0, 10)
    assert told["metadata"]["subscription_type"] == "channel.chat.message"
    assert told["payload"]["event"]["message_id"] == "chat-1"
    _, listed = await reader("GET", "subscriptions")
    assert [one["status"] for one in listed["data"]] == ["enabled"]
    assert (await (await app(place))("GET", "subscriptions"))[1]["total"] == 0
    await socket.close()


@pytest.mark.parametrize("scopes", [(), ("user:write:chat",)])
async def test_chat_needs_the_readers_scope(place: Place, scopes: tuple[str, ...]) -> None:
    reader = await person(place, "viewer_0001", *scopes)
    socket, session = await welcomed(place)

    assert (await reader.subscribe(*CHAT, method="websocket", session_id=session))[0] == 403
    await socket.close()


async def test_a_reconnect_carries_the_subscriptions_over(place: Place) -> None:
    reader = await person(place, "viewer_0001", "user:read:chat")
    old, session = await welcomed(place)
    await reader.subscribe(*CHAT, method="websocket", session_id=session)

    await place.order("sockets", act="reconnect")
    asked = await old.receive_json(timeout=10)
    new, again = await welcomed(place, asked["payload"]["session"]["reconnect_url"])
    await say(place, 1)

    assert again == session
    assert (await new.receive_json(timeout=10))["payload"]["event"]["message_id"] == "chat-1"
    await old.close()
    _, listed = await reader("GET", "subscriptions")
    assert [one["status"] for one in listed["data"]] == ["enabled"]
    await new.close()


async def test_whoever_speaks_is_closed_and_loses_the_subscriptions(place: Place) -> None:
    reader = await person(place, "viewer_0001", "user:read:chat")
    socket, session = await welcomed(place)
    await reader.subscribe(*CHAT, method="websocket", session_id=session)

    await socket.send_str("hello")

    assert (await socket.receive(timeout=10)).data == 4001
    _, listed = await reader("GET", "subscriptions")
    assert [one["status"] for one in listed["data"]] == ["websocket_received_inbound_traffic"]


async def test_a_socket_that_is_cut_loses_its_subscriptions(place: Place) -> None:
    reader = await person(place, "viewer_0001", "user:read:chat")
    socket, session = await welcomed(place)
    await reader.subscribe(*CHAT, method="websocket", session_id=session)

    await place.order("sockets", act="close", code=0)

    assert (await socket.receive(timeout=10)).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
    _, listed = await reader("GET", "subscriptions")
    assert [one["status"] for one in listed["data"]] == ["websocket_disconnected"]


async def test_an_account_is_in_a_hundred_chats_at_most(place: Place) -> None:
    reader = await person(place, "viewer_0001", "user:read:chat")
    socket, session = await welcomed(place)
    found = []
    for number in range(101):
        condition = {"broadcaster_user_id": str(1_000_000 + number), "user_id": READER}
        found.append((await reader.subscribe(CHAT[0], condition, method="websocket", session_id=session))[0])

    assert found == [202] * 100 + [403]
    await socket.close()


async def test_a_revocation_comes_over_the_socket(place: Place) -> None:
    reader = await person(place, "viewer_0001", "user:read:chat")
    socket, session = await welcomed(place)
    await reader.subscribe(*CHAT, method="websocket", session_id=session)

    await place.order("disconnect", user_id=READER)

    told = await socket.receive_json(timeout=10)
    assert told["metadata"]["message_type"] == "revocation"
    assert told["payload"]["subscription"]["status"] == "authorization_revoked"
    await socket.close()


# Grants


async def test_what_needs_the_streamers_grant_is_refused_without_and_free_with_it(place: Place, to: Callback) -> None:
    helix = await app(place)
    where = {"method": "webhook", "callback": to.url, "secret": SECRET}
    condition = {"broadcaster_user_id": TESTER}

    assert (await helix.subscribe("channel.cheer", condition, **where))[0] == 403
    assert (await helix.subscribe("stream.online", condition, **where))[1]["data"][0]["cost"] == 1
    await person(place, "tester_001", "bits:read")

    status, body = await helix.subscribe("channel.cheer", condition, **where)
    assert (status, body["data"][0]["cost"]) == (202, 0)
    assert (await helix.subscribe("stream.offline", condition, **where))[1]["data"][0]["cost"] == 0


async def test_chat_by_webhook_needs_the_reader_and_the_channel(place: Place, to: Callback) -> None:
    helix = await app(place)
    where = {"method": "webhook", "callback": to.url, "secret": SECRET}
    await person(place, "viewer_0001", "user:read:chat", "user:bot")

    assert (await helix.subscribe(*CHAT, **where))[0] == 403
    await person(place, "tester_001", "channel:bot")

    assert (await helix.subscribe(*CHAT, **where))[0] == 202


async def test_a_grant_that_is_taken_back_ends_what_needed_it(place: Place, to: Callback) -> None:
    helix = await app(place)
    where = {"method": "webhook", "callback": to.url, "secret": SECRET}
    await person(place, "tester_001", "bits:read")
    await place.subscribe(to, "channel.cheer", TESTER)
    await place.subscribe(to, "stream.online", TESTER)
    await helix.subscribe("user.authorization.revoke", {"client_id": "test-client"}, **where)
    async with asyncio.timeout(10):
        while any(one["status"] != "enabled" for one in (await place.state())["subscriptions"]):
            await asyncio.sleep(0.01)

    await place.order("disconnect", user_id=TESTER)
    await to.until(lambda: len(to.notifications) == 1 and len(to.revocations) == 1)

    assert to.revocations[0]["type"] == "channel.cheer"
    assert to.notifications[0][1]["event"]["user_id"] == TESTER


# Chat


async def reading(place: Place, *types: str) -> aiohttp.ClientWebSocketResponse:
    reader = await person(place, "viewer_0001", "user:read:chat")
    socket, session = await welcomed(place)
    for event_type in types:
        status, _ = await reader.subscribe(event_type, CHAT[1], method="websocket", session_id=session)
        assert status == 202
    return socket


async def told(socket: aiohttp.ClientWebSocketResponse) -> tuple[str, dict[str, Any]]:
    message = await socket.receive_json(timeout=10)
    return message["metadata"]["subscription_type"], message["payload"]["event"]


async def test_what_is_said_and_removed_is_told_as_twitch_does(place: Place) -> None:
    socket = await reading(
        place, "channel.chat.message", "channel.chat.message_delete", "channel.chat.clear_user_messages"
    )

    first = await place.order(
        "chat", broadcaster_id=TESTER, user_id=OTHER, text="hello @tester_001 Kappa Cheer100", bits=100
    )
    await place.order("chat", broadcaster_id=TESTER, user_id=TESTER, text="hi", reply_to=first["message_id"])
    await place.order("chat", act="delete", broadcaster_id=TESTER, message_id=first["message_id"])
    await place.order("chat", act="clear_user", broadcaster_id=TESTER, user_id=OTHER)

    _, said = await told(socket)
    assert said["message_id"] == first["message_id"]
    assert [one["type"] for one in said["message"]["fragments"]] == [
        "text",
        "mention",
        "text",
        "emote",
        "text",
        "cheermote",
    ]
    assert "".join(one["text"] for one in said["message"]["fragments"]) == said["message"]["text"]
    assert said["cheer"] == {"bits": 100}
    _, answer = await told(socket)
    assert answer["reply"]["parent_message_id"] == first["message_id"]
    assert answer["badges"][0]["set_id"] == "broadcaster"
    assert [(await told(socket))[0] for _ in range(2)] == [
        "channel.chat.message_delete",
        "channel.chat.clear_user_messages",
    ]
    await socket.close()


async def test_the_chats_of_those_who_are_live_are_busy_and_testers_are_quiet() -> None:
    async with double(QUIET._replace(every_s=0.05)) as place:
        live = (await place.state())["live"]
        reader = await person(place, "viewer_0001", "user:read:chat")
        socket, session = await welcomed(place)
        for streamer in (*live, TESTER):
            condition = {"broadcaster_user_id": streamer, "user_id": READER}
            await reader.subscribe("channel.chat.message", condition, method="websocket", session_id=session)

        heard = {(await told(socket))[1]["broadcaster_user_id"] for _ in range(20)}

        assert heard
        assert TESTER not in heard
        await socket.close()
