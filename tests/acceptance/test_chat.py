"""Chat on a whole install: one account reads for all who watch and hands over, and what is removed is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import psutil

from tests.chaos import load
from tests.client import Viewer
from tests.install import Install
from tests.journey import Person

STREAMER, KILLED_STREAMER, OPEN_STREAMER, CUT_STREAMER = "1000941", "1000942", "1000943", "1000944"
CHATTER = "1000949"
PAUSE_S = 0.05
TYPES_OF_A_CHAT = 6
MESSAGE = "channel.chat.message"


class Twitch:
    """The double, as somebody at Twitch sees it."""

    def __init__(self, install: Install, http: aiohttp.ClientSession) -> None:
        self._url = install.double_url
        self._http = http

    async def order(self, what: str, **body: Any) -> dict[str, Any]:
        async with self._http.post(f"{self._url}/simulator/{what}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return dict(await answer.json())

    async def readers(self, streamer_id: str) -> list[str]:
        """The accounts that read this chat, one entry for each subscription."""
        async with self._http.get(f"{self._url}/simulator/state") as answer:
            held = (await answer.json())["subscriptions"]
        return sorted(
            one["condition"]["user_id"]
            for one in held
            if one["status"] == "enabled"
            and one["transport"]["method"] == "websocket"
            and one["condition"].get("broadcaster_user_id") == streamer_id
        )

    async def session(self, streamer_id: str) -> str:
        """The session that this chat is read by, once it is read whole."""
        async with asyncio.timeout(60):
            while True:
                async with self._http.get(f"{self._url}/simulator/state") as answer:
                    held = (await answer.json())["subscriptions"]
                by = [
                    one["transport"]["session_id"]
                    for one in held
                    if one["status"] == "enabled"
                    and one["transport"]["method"] == "websocket"
                    and one["condition"].get("broadcaster_user_id") == streamer_id
                ]
                if len(by) == TYPES_OF_A_CHAT and len(set(by)) == 1:
                    return str(by[0])
                await asyncio.sleep(0.05)

    async def until_read(self, streamer_id: str, by: str | None = None) -> str:
        """Wait until exactly one account reads this chat; who."""
        async with asyncio.timeout(60):
            while True:
                found = await self.readers(streamer_id)
                if len(found) == TYPES_OF_A_CHAT and len(set(found)) == 1 and by in (None, found[0]):
                    return found[0]
                await asyncio.sleep(0.05)

    async def say(self, streamer_id: str, text: str) -> str:
        told = await self.order("chat", broadcaster_id=streamer_id, user_id=CHATTER, text=text)
        return str(told["message_id"])


@asynccontextmanager
async def watching(install: Install, login: str, streamer_id: str) -> AsyncIterator[tuple[str, Viewer]]:
    """Somebody who may read chats and watches this one: their id, and their socket."""
    async with Person(install.url) as person:
        await person.sign_in(login, scope="chat")
        _, me = await person.call("GET", "/api/me")
        async with person.viewer() as viewer:
            assert (await viewer.subscribe(streamer_id))["type"] == "subscribed"
            yield me["id"], viewer


@asynccontextmanager
async def talking(twitch: Twitch, streamer_id: str) -> AsyncIterator[list[str]]:
    """About twenty lines a second are said there; those that have been said."""
    lines: list[str] = []

    async def talk() -> None:
        while True:
            await twitch.say(streamer_id, f"line {len(lines)}")
            lines.append(f"line {len(lines)}")
            await asyncio.sleep(PAUSE_S)

    task = asyncio.create_task(talk())
    try:
        yield lines
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def said(viewer: Viewer, streamer_id: str) -> list[str]:
    """What was said there, as the viewer saw it."""
    return [
        event["data"]["message"]["text"] for event in viewer.events.get(streamer_id, ()) if event["type"] == MESSAGE
    ]


async def test_one_reads_for_both_and_hands_over_without_a_hole(install: Install) -> None:
    async with AsyncExitStack() as stack:
        twitch = Twitch(install, await stack.enter_async_context(aiohttp.ClientSession()))
        first = AsyncExitStack()
        ann_id, ann = await first.enter_async_context(watching(install, "viewer_0941", STREAMER))
        reader = await twitch.until_read(STREAMER)
        ben_id, ben = await stack.enter_async_context(watching(install, "viewer_0942", STREAMER))
        assert reader == ann_id

        async with talking(twitch, STREAMER) as lines:
            await ann.until(lambda: len(said(ann, STREAMER)) >= 20)
            seen_by_ann = said(ann, STREAMER)
            await first.aclose()
            await twitch.until_read(STREAMER, by=ben_id)
            after = len(lines) + 20
            await ben.until(lambda: len(said(ben, STREAMER)) >= after)
        await ben.until(lambda: len(said(ben, STREAMER)) >= len(lines))

        assert seen_by_ann == [f"line {number}" for number in range(len(seen_by_ann))]
        heard = said(ben, STREAMER)
        assert heard == lines[len(lines) - len(heard) :]
        assert lines.index(heard[0]) <= 20
        assert ben.gaps == []


async def test_a_socket_that_twitch_moves_loses_no_line_and_one_that_is_cut_doubles_none(install: Install) -> None:
    async with (
        aiohttp.ClientSession() as http,
        watching(install, "viewer_0948", CUT_STREAMER) as (_, viewer),
    ):
        twitch = Twitch(install, http)
        session_id = await twitch.session(CUT_STREAMER)
        async with talking(twitch, CUT_STREAMER) as lines:
            await viewer.until(lambda: len(said(viewer, CUT_STREAMER)) >= 10)
            await twitch.order("sockets", act="reconnect", session_id=session_id)
            # Beyond the time in which the old socket is still heard.
            await viewer.until(lambda: len(said(viewer, CUT_STREAMER)) >= 80)
            heard = said(viewer, CUT_STREAMER)

            await twitch.order("sockets", act="close", session_id=session_id, code=0)
            while await twitch.session(CUT_STREAMER) == session_id:
                await asyncio.sleep(0.05)
            again = len(lines) + 1
            await viewer.until(lambda: f"line {again + 20}" in said(viewer, CUT_STREAMER))

        assert heard == [f"line {number}" for number in range(len(heard))]
        numbers = [int(line.removeprefix("line ")) for line in said(viewer, CUT_STREAMER)]
        assert numbers == sorted(set(numbers))
        assert set(range(again, again + 20)) <= set(numbers)


async def test_what_a_moderator_removes_is_told_to_both(install: Install) -> None:
    async with (
        aiohttp.ClientSession() as http,
        watching(install, "viewer_0943", STREAMER) as (_, ann),
        watching(install, "viewer_0944", STREAMER) as (_, ben),
    ):
        twitch = Twitch(install, http)
        await twitch.until_read(STREAMER)
        message_id = await twitch.say(STREAMER, "something that does not stay")
        await twitch.order("chat", act="delete", broadcaster_id=STREAMER, message_id=message_id)

        for viewer in (ann, ben):
            await viewer.until(lambda: _removed(viewer) == [message_id])  # noqa: B023 - awaited at once


async def test_the_api_says_where_the_chat_is(install: Install) -> None:
    async with aiohttp.ClientSession() as http, Person(install.url) as other:
        await other.sign_in("viewer_0946")
        _, before = await other.call("GET", f"/api/streamers/{OPEN_STREAMER}")
        async with watching(install, "viewer_0945", OPEN_STREAMER):
            await Twitch(install, http).until_read(OPEN_STREAMER)
            async with asyncio.timeout(30):
                while True:
                    _, meanwhile = await other.call("GET", f"/api/streamers/{OPEN_STREAMER}")
                    if meanwhile["chat"]["mode"] == "native":
                        break
                    await asyncio.sleep(0.1)

    assert before["chat"]["mode"] == "embed"
    assert "allow" in before["chat"]["reason"]


async def test_a_reader_that_is_killed_comes_back_and_doubles_nothing(install: Install) -> None:
    async with (
        aiohttp.ClientSession() as http,
        watching(install, "viewer_0947", KILLED_STREAMER) as (user_id, viewer),
    ):
        twitch = Twitch(install, http)
        await twitch.until_read(KILLED_STREAMER)
        await twitch.say(KILLED_STREAMER, "before")
        await viewer.until(lambda: said(viewer, KILLED_STREAMER) == ["before"])

        load.processes(psutil.Process(install.process.pid), "ray::ChatReader")[0].kill()
        async with asyncio.timeout(60):
            while await twitch.readers(KILLED_STREAMER):
                await asyncio.sleep(0.05)
        await twitch.until_read(KILLED_STREAMER, by=user_id)
        await twitch.say(KILLED_STREAMER, "after")

        await viewer.until(lambda: said(viewer, KILLED_STREAMER) == ["before", "after"])


def _removed(viewer: Viewer) -> list[str]:
    return [
        event["data"]["message_id"]
        for event in viewer.events.get(STREAMER, ())
        if event["type"] == "channel.chat.message_delete"
    ]
