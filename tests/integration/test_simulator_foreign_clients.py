"""Twitch's double is judged by code that is not ours: twitchAPI and TwitchIO sign in, list, subscribe and receive.

Both are as PyPI ships them. What is set are addresses: twitchAPI takes them as arguments, except that its webhook
demands https of its callback, so that one is set afterwards; TwitchIO has them as constants.
"""

from __future__ import annotations

import asyncio
import contextlib
import html
import queue
import re
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import twitchio
from twitchAPI.eventsub.webhook import EventSubWebhook
from twitchAPI.eventsub.websocket import EventSubWebsocket
from twitchAPI.helper import first
from twitchAPI.oauth import UserAuthenticator, refresh_access_token, revoke_token, validate_token
from twitchAPI.twitch import Twitch
from twitchAPI.type import AuthScope, AuthType, EventSubSubscriptionConflict, EventSubSubscriptionError
from twitchio import eventsub
from twitchio.authentication import OAuth
from twitchio.eventsub import websockets
from twitchio.http import Route
from twitchio.models.eventsub_ import create_event_instance

from gstreamer.embedded.ports import free_port
from gstreamer.simulator import cast
from gstreamer.simulator.community import Community

ID, SECRET = "test-client", "test-secret"
NORA, NORA_LOGIN = "710001", "noranightowl"
TESTER, OTHER = "1000001", "1000002"
WAIT_S = 30


class Rig:
    """A double in a process of its own, since twitchAPI blocks the loop while its socket's thread starts."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._session = session

    @property
    def oauth(self) -> str:
        return f"{self.url}/oauth2/"

    @property
    def helix(self) -> str:
        return f"{self.url}/helix/"

    @property
    def socket(self) -> str:
        return self.url.replace("http", "ws", 1) + "/ws"

    async def order(self, what: str, **body: Any) -> dict[str, Any]:
        async with self._session.post(f"{self.url}/simulator/{what}", json=body) as answer:
            assert answer.status in (200, 202), await answer.text()
            return dict(await answer.json())

    async def agree(self, url: str) -> str:
        """Open the page where one picks whom to be, as a browser does, and pick Nora; where that leads."""
        async with self._session.get(url) as page:
            assert page.status == 200, await page.text()
            link = re.search(rf'data-login="{NORA_LOGIN}" href="([^"]+)"', await page.text())
        assert link is not None
        return html.unescape(link[1])

    async def visit(self, url: str) -> None:
        """Agree, and go where that leads."""
        async with self._session.get(await self.agree(url)) as answer:
            assert answer.status == 200


@pytest.fixture
async def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    monkeypatch.setenv("GSTREAMER_TWITCH__CLIENT_ID", ID)
    monkeypatch.setenv("GSTREAMER_TWITCH__CLIENT_SECRET", SECRET)
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gstreamer.simulator", "--every", "0"),
        stdout=asyncio.subprocess.PIPE,
        cwd=tmp_path,
    )
    try:
        assert program.stdout is not None
        async with asyncio.timeout(60):
            ready = (await program.stdout.readline()).decode().split()
        async with aiohttp.ClientSession() as session:
            yield Rig(ready[1], session)
    finally:
        program.terminate()
        await program.wait()


class Heard(queue.SimpleQueue[Any]):
    """What callbacks are given, from whatever thread."""

    async def listen(self, told: Any) -> None:
        self.put(told)

    async def next(self) -> Any:
        return await asyncio.to_thread(self.get, timeout=WAIT_S)


# twitchAPI


async def application(rig: Rig) -> Twitch:
    return await Twitch(ID, SECRET, base_url=rig.helix, auth_base_url=rig.oauth)


async def signed_in(rig: Rig, twitch: Twitch, *scopes: AuthScope) -> tuple[str, str]:
    port = free_port()
    flow = UserAuthenticator(
        twitch,
        list(scopes),
        url=f"http://localhost:{port}",
        host="127.0.0.1",
        port=port,
        auth_base_url=rig.oauth,
    )
    visit = asyncio.create_task
    visits = []

    async def browse(url: str) -> None:
        visits.append(visit(rig.visit(url)))

    async with asyncio.timeout(WAIT_S):
        pair = await flow.authenticate(use_browser=False, auth_url_callback=browse)
        await asyncio.gather(*visits)
    assert pair is not None
    await twitch.set_user_authentication(pair[0], list(scopes), pair[1])
    return pair


async def test_twitchapi_signs_in_refreshes_and_revokes(rig: Rig) -> None:
    twitch = await application(rig)
    access, refresh = await signed_in(rig, twitch, AuthScope.USER_READ_CHAT)

    me = await first(twitch.get_users())
    valid = await validate_token(access, auth_base_url=rig.oauth)
    await rig.order("expire", user_id=NORA)
    again = await first(twitch.get_users())
    renewed, _ = await refresh_access_token(refresh, ID, SECRET, auth_base_url=rig.oauth)
    revoked = await revoke_token(ID, renewed, auth_base_url=rig.oauth)
    ended = await validate_token(renewed, auth_base_url=rig.oauth)

    assert me is not None
    assert again is not None
    assert (me.id, again.login) == (NORA, NORA_LOGIN)
    assert (valid["user_id"], valid["scopes"], valid["client_id"]) == (NORA, [AuthScope.USER_READ_CHAT], ID)
    assert revoked
    assert ended["status"] == 401
    await twitch.close()


async def test_twitchapi_lists_users_streams_and_channels(rig: Rig) -> None:
    twitch = await application(rig)

    people = [one async for one in twitch.get_users(user_ids=[TESTER], logins=["mossymaren"])]
    live = [one async for one in twitch.get_streams(first=5)]
    channel = await twitch.get_channel_information(TESTER)
    found = [one async for one in twitch.search_channels("mossy")]

    assert {one.login for one in people} == {"tester_001", "mossymaren"}
    assert len(live) > 5
    assert all(one.user_id and one.started_at and one.type == "live" for one in live)
    assert channel[0].broadcaster_login == "tester_001"
    assert [one.broadcaster_login for one in found] == ["mossymaren"]
    await twitch.close()


async def test_twitchapi_subscribes_by_webhook_and_receives(rig: Rig) -> None:
    twitch = await application(rig)
    port = free_port()
    heard, revoked = Heard(), Heard()
    webhook = EventSubWebhook(
        "https://localhost", port, twitch, host_binding="127.0.0.1", revocation_handler=revoked.listen
    )
    webhook.callback_url = f"http://localhost:{port}"
    await asyncio.to_thread(webhook.start)

    made = await webhook.listen_stream_online(TESTER, heard.listen)
    await webhook.listen_channel_raid(heard.listen, to_broadcaster_user_id=TESTER)
    with pytest.raises(EventSubSubscriptionConflict, match="subscription already exists"):
        await webhook.listen_stream_online(TESTER, heard.listen)
    with pytest.raises(EventSubSubscriptionError, match="missing proper authorization"):
        await webhook.listen_channel_cheer(TESTER, heard.listen)
    listed = await twitch.get_eventsub_subscriptions()
    await rig.order("happen", act="start", user_id=TESTER)
    online = await heard.next()
    await rig.order("happen", act="raid", user_id=OTHER, target_id=TESTER)
    raid = await heard.next()
    await rig.order("revoke", subscription_id=made, status="user_removed")
    ended = await revoked.next()

    assert [one.status for one in listed.data] == ["enabled", "enabled"]
    assert (listed.total, listed.total_cost, listed.max_total_cost) == (2, 2, 10_000)
    assert (online.event.broadcaster_user_login, online.event.type) == ("tester_001", "live")
    assert (online.subscription.id, online.metadata.subscription_type) == (made, "stream.online")
    assert raid.event.from_broadcaster_user_id == OTHER
    assert ended["subscription"]["status"] == "user_removed"
    await webhook.unsubscribe_all_known()
    left = await twitch.get_eventsub_subscriptions()
    assert [one.status for one in left.data] == ["user_removed"]
    # It cleans its server up from another loop than the server's, which aiohttp refuses once somebody has called.
    with contextlib.suppress(RuntimeError):
        await webhook.stop()
    await twitch.close()


async def test_twitchapi_reads_chat_over_a_websocket_that_moves(rig: Rig) -> None:
    twitch = await application(rig)
    await signed_in(rig, twitch, AuthScope.USER_READ_CHAT)
    heard = Heard()
    socket = EventSubWebsocket(twitch, connection_url=rig.socket, subscription_url=rig.helix)
    await asyncio.to_thread(socket.start)

    await socket.listen_channel_chat_message(TESTER, NORA, heard.listen)
    await rig.order("chat", broadcaster_id=TESTER, user_id=OTHER, text="hello @tester_001 Kappa Cheer100", bits=100)
    said = (await heard.next()).event
    session = socket.active_session
    await rig.order("sockets", act="reconnect")
    async with asyncio.timeout(WAIT_S):
        while socket.active_session is session:
            await asyncio.sleep(0.01)
    await rig.order("chat", broadcaster_id=TESTER, user_id=OTHER, text="again", reply_to=said.message_id)
    answer = (await heard.next()).event
    mine = await twitch.get_eventsub_subscriptions(target_token=AuthType.USER)

    assert (said.chatter_user_id, said.cheer.bits) == (OTHER, 100)
    assert [one.type for one in said.message.fragments] == ["text", "mention", "text", "emote", "text", "cheermote"]
    assert answer.reply.parent_message_id == said.message_id
    assert [one.status for one in mine.data] == ["enabled"]
    await asyncio.to_thread(asyncio.run, socket.stop())
    await twitch.close()


# TwitchIO


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
