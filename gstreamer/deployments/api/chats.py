"""Where a streamer's chat is to be had: here, where somebody's grant lets it be read, else in Twitch's own page."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from typing import Protocol

from gstreamer import log
from gstreamer.core.catalogue import CHAT_GRANT
from gstreamer.core.errors import UnavailableError
from gstreamer.core.shown import Chat, chat_of
from gstreamer.core.signin import READ_CHAT

READING_S = 2.0


class Scopes(Protocol):
    """What people have granted (``store.scopes``)."""

    async def granted(self, user_ids: Collection[str]) -> Mapping[str, frozenset[str]]:
        """The scopes of those who have a live grant with any."""


class Reading(Protocol):
    """The chat reader (``core.ports.ChatPeer``), as far as it is asked here."""

    async def reading(self) -> frozenset[str]:
        """The streamers whose chats are read now."""


class Chats:
    """
    Says where chats are.

    Args:
        scopes: What people have granted.
        reader: The chat reader.
        clock: Monotonic seconds.
    """

    def __init__(self, scopes: Scopes, reader: Reading, clock: Callable[[], float] = time.monotonic) -> None:
        self._scopes = scopes
        self._reader = reader
        self._clock = clock
        self._reading: frozenset[str] = frozenset()
        self._read_at_s = float("-inf")

    async def of(self, streamer_ids: Collection[str], viewer_scopes: Collection[str]) -> dict[str, Chat]:
        """
        The chat of each of these streamers, for a viewer with these scopes.

        Raises:
            UnavailableError: Postgres does not answer.
        """
        granted = await self._scopes.granted(streamer_ids) if streamer_ids else {}
        reading = await self._read()
        may_read = READ_CHAT in viewer_scopes
        return {
            one: chat_of(
                opted_in=granted.get(one, frozenset()) >= CHAT_GRANT, is_read=one in reading, may_read=may_read
            )
            for one in streamer_ids
        }

    async def _read(self) -> frozenset[str]:
        now_s = self._clock()
        if now_s >= self._read_at_s + READING_S:
            self._read_at_s = now_s
            try:
                self._reading = await self._reader.reading()
            except UnavailableError as error:
                log.get("api").warning("the chat reader does not answer", reason=str(error))
        return self._reading
