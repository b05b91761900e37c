"""The store writer by its name, as health asks it."""

from __future__ import annotations

from typing import Any

from gstreamer.actors.handles import Actor


class StoreWriterHandle(Actor):
    """The store writer."""

    async def observe(self) -> dict[str, Any]:
        """How it stands."""
        return await self.call(lambda actor: actor.observe.remote())
