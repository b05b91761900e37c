"""What actors tell the api: connection actors of sessions, the subscriptions actor of who is polled.

Actors that do not answer are left out, and what was known of them last stays in use.
"""

from __future__ import annotations

import asyncio

from gstreamer.actors.handles import Handles
from gstreamer.core.errors import UnavailableError
from gstreamer.deployments.api.ports import Snapshots


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
