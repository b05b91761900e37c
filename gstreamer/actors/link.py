"""A connection actor as a host sees it: what it joined, what waits for it, and the one call in flight to it.

Invariant: a link belongs to one incarnation of the actor. When a call to it fails, nobody knows what arrived, so
the link ends as a whole: its joins are forgotten and its pending ``attend`` calls fail, by which the actor learns
that it has to join again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

from gstreamer.core.batching import Outbox
from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Batch
from gstreamer.core.ports import ConnectionPeer
from gstreamer.log import get

DELIVER_S = 10.0

_log = get("streamers")


class Post(Protocol):
    """The host: in whose name batches go, and who is told what became of them."""

    name: str
    incarnation: str

    def batched(self, batches: tuple[Batch, ...]) -> None:
        """These go out now."""

    def refused(self, link: Link, streamer_ids: tuple[str, ...]) -> None:
        """The joins of these streamers are gone."""

    def lost(self, link: Link, reason: str) -> None:
        """The link is over."""


class Link:
    """
    One incarnation of a connection actor (or of placement, which only attends).

    Args:
        name: Its actor name.
        incarnation: Its incarnation.
        peer: Looks it up, at the first batch.
        post: The host.
        outbox_bytes: What may wait for it.
    """

    def __init__(
        self, name: str, incarnation: str, peer: Callable[[str], ConnectionPeer], post: Post, outbox_bytes: int
    ) -> None:
        self.name = name
        self.incarnation = incarnation
        self.outbox = Outbox(outbox_bytes)
        self._peer = peer
        self._post = post
        self._wake = asyncio.Event()
        self._attending: asyncio.Future[None] | None = None
        self._task = asyncio.get_running_loop().create_task(self._run(), name=f"link to {name}")

    @property
    def is_attended(self) -> bool:
        """Whether its actor would learn at once that this link is over."""
        return self._attending is not None and not self._attending.done()

    def wake(self) -> None:
        """Something may wait in the outbox."""
        self._wake.set()

    async def attend(self) -> None:
        """
        Return only when the same actor attends again (it has given the earlier call up).

        Raises:
            UnavailableError: The link is over.
        """
        if self._attending is not None and not self._attending.done():
            self._attending.set_result(None)
        self._attending = asyncio.get_running_loop().create_future()
        await self._attending

    def end(self, reason: str) -> None:
        """Send no more, and tell who attends."""
        self._task.cancel()
        if self._attending is not None and not self._attending.done():
            self._attending.set_exception(UnavailableError(reason))

    async def _run(self) -> None:
        try:
            while True:
                await self._wake.wait()
                self._wake.clear()
                while batches := self.outbox.take():
                    await self._deliver(batches)
        except (UnavailableError, TimeoutError) as error:
            self._post.lost(self, str(error) or f"no answer within {DELIVER_S:g} s")
        except Exception as error:
            _log.exception("delivering to a connection actor failed", connection=self.name)
            self._post.lost(self, str(error))

    async def _deliver(self, batches: tuple[Batch, ...]) -> None:
        self._post.batched(batches)
        async with asyncio.timeout(DELIVER_S):
            unwanted = await self._peer(self.name).deliver(self._post.name, self._post.incarnation, batches)
        if unwanted:
            self.outbox.refuse(unwanted)
            self._post.refused(self, tuple(one for one in unwanted if one not in self.outbox))
