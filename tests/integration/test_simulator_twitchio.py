"""Twitch's double is judged by code that is not ours: TwitchIO signs in, lists, subscribes and receives.

It is as PyPI ships it; the constants that hold addresses are set. It fails on each field that is missing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import twitchio
from twitchio import eventsub
from twitchio.authentication import OAuth
from twitchio.eventsub import websockets
from twitchio.http import Route
from twitchio.models.eventsub_ import create_event_instance

from gstreamer.simulator import cast
from gstreamer.simulator.community import Community
from tests.foreign import ID, NORA, NORA_LOGIN, OTHER, SECRET, TESTER, WAIT_S, Rig, foreign_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with foreign_rig(tmp_path) as running:
        yield running


@pytest.fixture
def pointed(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    """The double, with TwitchIO's addresses set to it."""
    monkeypatch.setattr(Route, "BASE", rig.helix)
    monkeypatch.setattr(Route, "ID_BASE", f"{rig.url}/")
    monkeypatch.setattr(websockets, "WSS", rig.socket)
    return rig


class Listener(twitchio.Client):
    """Keeps what it is told."""

    def __init__(self, **options: Any) -> None:
        super().__init__(client_id=ID, client_secret=SECRET, **options)
        self.heard: asyncio.Queue[Any] = asyncio.Queue()

    async def event_message(self, payload: twitchio.ChatMessage) -> None:
        self.heard.put_nowait(payload)

    async def event_message_delete(self, payload: twitchio.ChatMessageDelete) -> None:
        self.heard.put_nowait(payload)

    async def event_chat_notification(self, payload: twitchio.ChatNotification) -> None:
        self.heard.put_nowait(payload)

    async def event_subscription_revoked(self, payload: twitchio.SubscriptionRevoked) -> None:
        self.heard.put_nowait(payload)

    async def next(self) -> Any:
        return await asyncio.wait_for(self.heard.get(), WAIT_S)


async def granted(rig: Rig, client: twitchio.Client, *scopes: str) -> None:
    """Nora signs in and the client has her tokens."""
    oauth = OAuth(
        client_id=ID,
        client_secret=SECRET,
        redirect_uri="http://localhost:8000/callback",
        scopes=twitchio.Scopes(scopes),
    )
    back = urlsplit(await rig.agree(oauth.get_authorization_url(state="a state").url))
    answer = {name: values[0] for name, values in parse_qs(back.query).items()}
    assert answer["state"] == "a state"
    pair = await oauth.user_access_token(answer["code"])
    assert sorted(pair.scope) == sorted(scopes)
    added = await client.add_token(pair.access_token, pair.refresh_token)
    assert (added.user_id, added.login) == (NORA, NORA_LOGIN)
    await oauth.close()


async def test_twitchio_signs_in_lists_and_refreshes(pointed: Rig) -> None:
    async with Listener() as client:
        await client.login(load_tokens=False, save_tokens=False)
        await granted(pointed, client, "user:read:follows")

        people = await client.fetch_users(ids=[TESTER], logins=["mossymaren"])
        live = [one async for one in client.fetch_streams(first=5)]
        await pointed.order("expire", user_id=NORA)
        nora = client.create_partialuser(NORA)
        followed = [one async for one in (await nora.fetch_followed_channels()).followed]

        assert {one.name for one in people} == {"tester_001", "mossymaren"}
        assert len(live) > 5
        assert len(followed) == 8


async def test_twitchio_reads_chat_over_a_websocket(pointed: Rig) -> None:
    async with Listener() as client:
        await client.login(load_tokens=False, save_tokens=False)
        await granted(pointed, client, "user:read:chat")
        condition = {"broadcaster_user_id": TESTER, "user_id": NORA}

        await client.subscribe_websocket(eventsub.ChatMessageSubscription(**condition), token_for=NORA)
        await client.subscribe_websocket(eventsub.ChatMessageDeleteSubscription(**condition), token_for=NORA)
        order = await pointed.order("chat", broadcaster_id=TESTER, user_id=OTHER, text="hello LUL")
        said = await client.next()
        await pointed.order("chat", act="delete", broadcaster_id=TESTER, message_id=order["message_id"])
        removed = await client.next()
        mine = [one async for one in (await client.fetch_eventsub_subscriptions(token_for=NORA)).subscriptions]
        await pointed.order("disconnect", user_id=NORA)
        ended = [await client.next() for _ in range(2)]

        assert (said.id, said.text, said.chatter.id) == (order["message_id"], "hello LUL", OTHER)
        assert [one.type for one in said.fragments] == ["text", "emote"]
        assert removed.message_id == said.id
        assert [one.status for one in mine] == ["enabled", "enabled"]
        assert {one.reason.value for one in ended} == {"authorization_revoked"}


class Conduit(twitchio.AutoClient):
    """Keeps which streams start."""

    def __init__(self, **options: Any) -> None:
        super().__init__(client_id=ID, client_secret=SECRET, **options)
        self.heard: asyncio.Queue[Any] = asyncio.Queue()

    async def event_stream_online(self, payload: twitchio.StreamOnline) -> None:
        self.heard.put_nowait(payload)


async def test_twitchio_receives_through_a_conduit(pointed: Rig) -> None:
    wanted = [eventsub.StreamOnlineSubscription(broadcaster_user_id=one) for one in (TESTER, OTHER)]
    async with Conduit(subscriptions=wanted) as client:
        await client.login(load_tokens=False, save_tokens=False)

        for one in (TESTER, OTHER):
            await pointed.order("happen", act="start", user_id=one)
        told = [await asyncio.wait_for(client.heard.get(), WAIT_S) for _ in wanted]
        made = await client.fetch_conduits()
        shards = [one async for one in made[0].fetch_shards()]
        held = [one async for one in (await client.fetch_eventsub_subscriptions()).subscriptions]

        assert {one.broadcaster.id for one in told} == {TESTER, OTHER}
        assert made[0].shard_count == 2
        assert [one.status for one in shards] == ["enabled", "enabled"]
        assert [(one.status, one.transport.method) for one in held] == [("enabled", "conduit")] * 2


@pytest.mark.parametrize("seed", range(3))
def test_twitchio_knows_what_happens_around_streams(seed: int) -> None:
    community, now = Community(seed), datetime.now(UTC)
    happened = [one for _ in range(300) for one in community.step(cast.STREAMERS[:2], now)]

    read = {
        event_type: create_event_instance(event_type, {"event": event, "subscription": {}})
        for event_type, event in happened
    }

    assert len(read) == 16
    assert all(one.broadcaster.id in {person.id for person in cast.STREAMERS[:2]} for one in read.values())


async def test_twitchio_reads_each_notice_of_a_chat(pointed: Rig) -> None:
    async with Listener() as client:
        await client.login(load_tokens=False, save_tokens=False)
        await granted(pointed, client, "user:read:chat")
        condition = {"broadcaster_user_id": TESTER, "user_id": NORA}
        await client.subscribe_websocket(eventsub.ChatNotificationSubscription(**condition), token_for=NORA)

        for kind in ("sub", "resub", "sub_gift", "community_sub_gift", "raid", "announcement"):
            await pointed.order("chat", act="notice", notice=kind, broadcaster_id=TESTER, user_id=OTHER)
            told = await client.next()

            assert told.notice_type == kind
            assert getattr(told, kind) is not None
