"""Twitch's double is judged by code that is not ours: twitchAPI signs in, lists, subscribes and receives.

It is as PyPI ships it; addresses are its arguments. Its webhook demands https of its callback at first, so that one
is set afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from twitchAPI.eventsub.webhook import EventSubWebhook
from twitchAPI.eventsub.websocket import EventSubWebsocket
from twitchAPI.helper import first
from twitchAPI.oauth import UserAuthenticator, refresh_access_token, revoke_token, validate_token
from twitchAPI.twitch import Twitch
from twitchAPI.type import AuthScope, AuthType, EventSubSubscriptionConflict, EventSubSubscriptionError

from gstreamer.embedded.ports import free_port
from tests.foreign import ID, NORA, NORA_LOGIN, OTHER, SECRET, TESTER, WAIT_S, Rig, foreign_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    async with foreign_rig(tmp_path) as running:
        yield running


class Heard(queue.SimpleQueue[Any]):
    """What callbacks are given, from whatever thread."""

    async def listen(self, told: Any) -> None:
        self.put(told)

    async def next(self) -> Any:
        return await asyncio.to_thread(self.get, timeout=WAIT_S)


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


@asynccontextmanager
async def started(client: EventSubWebhook | EventSubWebsocket) -> AsyncIterator[None]:
    """Whatever happens, its thread ends: it would keep the tests' process alive."""
    await asyncio.to_thread(client.start)
    try:
        yield
    finally:
        # The webhook cleans its server up from another loop than the server's, which aiohttp refuses once somebody
        # has called; its thread ends all the same.
        with contextlib.suppress(RuntimeError):
            await asyncio.to_thread(asyncio.run, client.stop())


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
    async with started(webhook):
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
    await twitch.close()


async def test_twitchapi_reads_chat_over_a_websocket_that_moves(rig: Rig) -> None:
    twitch = await application(rig)
    await signed_in(rig, twitch, AuthScope.USER_READ_CHAT, AuthScope.USER_WRITE_CHAT)
    heard = Heard()
    socket = EventSubWebsocket(twitch, connection_url=rig.socket, subscription_url=rig.helix)
    async with started(socket):
        await socket.listen_channel_chat_message(TESTER, NORA, heard.listen)
        await rig.order(
            "chat", broadcaster_id=TESTER, user_id=OTHER, text="hello @tester_001 Kappa Cheer100", bits=100
        )
        said = (await heard.next()).event
        session = socket.active_session
        await rig.order("sockets", act="reconnect")
        async with asyncio.timeout(WAIT_S):
            while socket.active_session is session:
                await asyncio.sleep(0.01)
        await rig.order("chat", broadcaster_id=TESTER, user_id=OTHER, text="again", reply_to=said.message_id)
        answer = (await heard.next()).event
        sent = await twitch.send_chat_message(TESTER, NORA, "and I")
        own = (await heard.next()).event
        mine = await twitch.get_eventsub_subscriptions(target_token=AuthType.USER)

        assert (said.chatter_user_id, said.cheer.bits) == (OTHER, 100)
        assert [one.type for one in said.message.fragments] == [
            "text",
            "mention",
            "text",
            "emote",
            "text",
            "cheermote",
        ]
        assert answer.reply.parent_message_id == said.message_id
        assert (sent.is_sent, own.message_id, own.message.text) == (True, sent.message_id, "and I")
        assert [one.status for one in mine.data] == ["enabled"]
    await twitch.close()
