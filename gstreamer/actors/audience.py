"""Who watches which chat here, told to the chat reader: at each change, when it is new, and again and again.

Invariant: only accounts that may read chats are named, a few for each chat: one of them is enough to read it for all.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import islice

from gstreamer.actors.viewer import Viewer
from gstreamer.core.backoff import delay_s
from gstreamer.core.errors import UnavailableError
from gstreamer.core.hub import Hub
from gstreamer.core.ports import ChatPeer
from gstreamer.log import get

CHAT_MESSAGE = "channel.chat.message"
NAMED = 20
"""Accounts that are told of a chat: whoever leaves is followed by another of them."""
TELL_S = 30.0
COALESCE_S = 0.2
ATTEND_S = 1.0
BASE_S, CAP_S = 0.5, 10.0

_log = get("connection")


class Audience:
    """
    The audience of a connection actor.

    Args:
        name: The connection actor's name.
        incarnation: This process of it.
        hub: Who is subscribed to what.
        chat: The chat reader.
    """

    def __init__(self, name: str, incarnation: str, hub: Hub[Viewer], chat: ChatPeer) -> None:
        self._name = name
        self._incarnation = incarnation
        self._hub = hub
        self._chat = chat
        self._changed = asyncio.Event()

    def changed(self, viewer: Viewer) -> None:
        """A viewer watches something else; of those who may not read chats nobody need hear."""
        if viewer.reads_chat:
            self._changed.set()

    def chats(self) -> dict[str, tuple[str, ...]]:
        """The chats that are watched, each with some of the accounts that may read it."""
        found = {streamer_id: self._readers(streamer_id) for streamer_id in self._hub.streamers()}
        return {streamer_id: users for streamer_id, users in found.items() if users}

    async def run(self) -> None:
        """Tell, until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._tell(), name="tell the chat reader")
            group.create_task(self._attend(), name="attend the chat reader")

    async def _attend(self) -> None:
        """Learn when the chat reader dies: the one after it knows of nothing."""
        while True:
            try:
                await self._chat.attend(self._name, self._incarnation)
            except UnavailableError:
                self._changed.set()
            await asyncio.sleep(ATTEND_S)

    async def _tell(self) -> None:
        attempt = 0
        told: dict[str, tuple[str, ...]] = {}
        while True:
            try:
                async with asyncio.timeout(TELL_S):
                    await self._changed.wait()
                    await asyncio.sleep(COALESCE_S)
            except TimeoutError:
                pass
            self._changed.clear()
            chats = self.chats()
            if not chats and not told:
                continue
            try:
                await self._chat.watching(self._name, self._incarnation, chats)
                attempt, told = 0, chats
            except UnavailableError as error:
                attempt += 1
                if attempt == 1:
                    _log.warning("the chat reader cannot be told what is watched", reason=str(error))
                self._changed.set()
                await asyncio.sleep(delay_s(attempt, 1.0, BASE_S, CAP_S))

    def _readers(self, streamer_id: str) -> tuple[str, ...]:
        return tuple(sorted(islice(dict.fromkeys(self._able(streamer_id)), NAMED)))

    def _able(self, streamer_id: str) -> Iterator[str]:
        for viewer in self._hub.subscribers(streamer_id):
            wanted = self._hub.subscriptions(viewer).get(streamer_id)
            if viewer.reads_chat and viewer.user_id and wanted is not None and wanted.wants(CHAT_MESSAGE):
                yield viewer.user_id
