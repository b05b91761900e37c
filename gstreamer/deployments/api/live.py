"""What actors tell the api: connection actors of sessions, the subscriptions actor of who is polled.

Actors that do not answer are left out, and what was known of them last stays in use.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from gstreamer.actors.handles import Handles
from gstreamer.core.errors import UnavailableError
from gstreamer.core.ports import SubscriptionsPeer
from gstreamer.deployments.api.ports import Snapshots

POLLED_S = 10.0


class Connections:
    """
    The connection actors of placement's snapshot.

    Args:
        handles: The actors.
        snapshots: Which connection actors there are.
    """

    def __init__(self, handles: Handles, snapshots: Snapshots) -> None:
        self._handles = handles
        self._snapshots = snapshots

    async def sessions(self) -> frozenset[str]:
        """The sessions that have an open socket at an actor that answers."""
        snapshot = self._snapshots.snapshot
        names = () if snapshot is None else (view.name for view in snapshot.connections)
        return frozenset().union(*await asyncio.gather(*map(self._ask, names)))

    async def _ask(self, name: str) -> frozenset[str]:
        try:
            return await self._handles.connection(name).sessions()
        except UnavailableError:
            return frozenset()


class Polled:
    """
    The streamers that are polled, as the subscriptions actor said last; no request waits for it.

    Args:
        subscriptions: Whom to ask.
        sleep: How to wait between two questions.
    """

    def __init__(
        self, subscriptions: SubscriptionsPeer, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._subscriptions = subscriptions
        self._sleep = sleep
        self.streamers = frozenset[str]()

    async def run(self) -> None:
        """Ask until cancelled."""
        while True:
            with contextlib.suppress(UnavailableError):  # health tells that it is away
                self.streamers = await self._subscriptions.polled()
            await self._sleep(POLLED_S)
