"""A streamer by its id, as a virtual actor is addressed: whoever runs it, and wherever it has moved."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

from gstreamer.core.errors import UnavailableError
from gstreamer.core.events import Joined
from gstreamer.core.ids import Position
from gstreamer.core.ports import NotOwnerError, Owner

if TYPE_CHECKING:
    from gstreamer.actors.handles import Handles, HostHandle

_T = TypeVar("_T")


class StreamerHandle:
    """A streamer by its id, wherever it lives: placement says which host runs it."""

    def __init__(self, streamer_id: str, handles: Handles) -> None:
        self.streamer_id = streamer_id
        self._handles = handles
        self._owner: Owner | None = None

    def __repr__(self) -> str:
        return f"handle(streamer {self.streamer_id})"

    async def owner(self) -> Owner:
        """
        Who runs it, as placement said last.

        Raises:
            UnavailableError: If placement does not answer, or has no host for it.
        """
        if self._owner is None:
            self._owner = await self._handles.placement().locate(self.streamer_id)
        return self._owner

    async def join(self, connection: str, incarnation: str, after: Position | None) -> Joined:
        """
        Have its batches sent to that connection actor from now on; what lies after ``after``.

        Raises:
            UnavailableError: If it is run by nobody at the moment.
        """
        return await self._ask(lambda host: host.join(connection, incarnation, self.streamer_id, after))

    async def leave(self, connection: str, incarnation: str) -> None:
        """Have its batches sent there no more."""
        await self._ask(lambda host: host.leave(connection, incarnation, self.streamer_id))

    async def since(self, after: Position) -> Joined:
        """
        What its history ring holds after ``after``.

        Raises:
            UnavailableError: If it is run by nobody at the moment.
        """
        return await self._ask(lambda host: host.since(self.streamer_id, after))

    async def _ask(self, request: Callable[[HostHandle], Awaitable[_T]]) -> _T:
        try:
            return await self._ask_owner(request)
        except NotOwnerError:
            # It has moved since placement said so, or is just being moved: once more, with what placement says now.
            return await self._ask_owner(request)

    async def _ask_owner(self, request: Callable[[HostHandle], Awaitable[_T]]) -> _T:
        owner = await self.owner()
        try:
            return await request(self._handles.host(owner.host))
        except UnavailableError:
            self._owner = None
            raise
