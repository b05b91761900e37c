"""Emotes and badges as the page needs them: kept for a while, and shown as they were while Twitch is away.

Everybody's are asked for once an hour, a streamer's own every ten minutes. Many who ask at once cause one call.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from gstreamer import log
from gstreamer.core.errors import RefusedError, UnavailableError
from gstreamer.deployments.api import shapes
from gstreamer.twitch.chat import BadgeSet, Emotes

OWN_S = 600.0
GLOBAL_S = 3_600.0
RETRY_S = 30.0
"""So long what is old is shown, after Twitch did not answer, before it is asked again."""

KEPT = 500
"""Streamers whose sets are kept; those that were not asked for the longest go first."""

_T = TypeVar("_T")


class Chat(Protocol):
    """Twitch's chats (``twitch.chat``)."""

    async def emotes(self, streamer_id: str) -> Emotes:
        """A streamer's emotes, or everybody's."""

    async def badges(self, streamer_id: str) -> tuple[BadgeSet, ...]:
        """A streamer's badges, or everybody's."""


class Kept(Generic[_T]):
    """
    Answers by streamer, the empty id being everybody's.

    Args:
        ask: Asks Twitch.
        clock: Monotonic seconds.
    """

    def __init__(self, ask: Callable[[str], Awaitable[_T]], clock: Callable[[], float]) -> None:
        self._ask = ask
        self._clock = clock
        self._entries: OrderedDict[str, tuple[float, _T]] = OrderedDict()
        self._asking: dict[str, asyncio.Task[_T]] = {}
        self._log = log.get("api")

    async def get(self, streamer_id: str) -> _T:
        """
        The answer for a streamer.

        Raises:
            UnavailableError: Twitch does not answer, and has not yet.
        """
        entry = self._entries.get(streamer_id)
        if entry is not None:
            self._entries.move_to_end(streamer_id)
            if self._clock() < entry[0]:
                return entry[1]
        task = self._asking.get(streamer_id)
        if task is None:
            task = self._asking[streamer_id] = asyncio.create_task(self._renew(streamer_id))
            task.add_done_callback(lambda done: self._landed(streamer_id, done))
        # Shielded, for others may wait for the same answer.
        return await asyncio.shield(task)

    async def _renew(self, streamer_id: str) -> _T:
        try:
            value = await self._ask(streamer_id)
        except (UnavailableError, RefusedError) as error:
            entry = self._entries.get(streamer_id)
            if entry is None:
                raise
            self._log.warning("shown as it was", streamer_id=streamer_id, reason=str(error))
            value, lasts_s = entry[1], RETRY_S
        else:
            lasts_s = OWN_S if streamer_id else GLOBAL_S
        self._entries[streamer_id] = (self._clock() + lasts_s, value)
        while len(self._entries) > KEPT:
            self._entries.popitem(last=False)
        return value

    def _landed(self, streamer_id: str, task: asyncio.Task[_T]) -> None:
        del self._asking[streamer_id]
        if not task.cancelled():
            # Whoever asked may have gone away; an error that nobody takes is no news to the event loop.
            task.exception()


class Assets:
    """
    The emotes and badges of streamers' chats.

    Args:
        chat: Twitch.
        clock: Monotonic seconds.
    """

    def __init__(self, chat: Chat, clock: Callable[[], float] = time.monotonic) -> None:
        self._emotes = Kept(chat.emotes, clock)
        self._badges = Kept(chat.badges, clock)

    async def emotes(self, streamer_id: str) -> shapes.Emotes:
        """
        The emotes that work in a streamer's chat, the streamer's own first.

        Raises:
            UnavailableError: Twitch does not answer, and has not yet.
        """
        own, everybodys = await asyncio.gather(self._emotes.get(streamer_id), self._emotes.get(""))
        return shapes.Emotes(
            template=own.template or everybodys.template,
            emotes=[
                shapes.Emote(
                    id=one.id,
                    name=one.name,
                    formats=list(one.format),
                    scales=list(one.scale),
                    themes=list(one.theme_mode),
                )
                for one in (*own.emotes, *everybodys.emotes)
            ],
        )

    async def badges(self, streamer_id: str) -> shapes.Badges:
        """
        The badges of a streamer's chat; the streamer's own stand in place of everybody's.

        Raises:
            UnavailableError: Twitch does not answer, and has not yet.
        """
        own, everybodys = await asyncio.gather(self._badges.get(streamer_id), self._badges.get(""))
        found = {(one.set_id, version.id): version for one in (*everybodys, *own) for version in one.versions}
        return shapes.Badges(
            badges=[
                shapes.Badge(
                    set_id=set_id,
                    id=badge_id,
                    title=badge.title,
                    url_1x=badge.image_url_1x,
                    url_2x=badge.image_url_2x,
                    url_4x=badge.image_url_4x,
                )
                for (set_id, badge_id), badge in found.items()
            ]
        )
